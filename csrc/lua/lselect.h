/* SPDX-License-Identifier: MIT
 *
 * What a script selects packets by: a filter object, a capture's filter, the
 * 'where' of something that it feeds.  It is an expression and not yet a
 * compiled filter, since a source may deliver packets of several link types:
 * it is compiled for each one that is met, and the last one is at hand.  Or it
 * is a program, which stands for itself whatever the packets are.
 */
#ifndef TAP_LUA_LSELECT_H
#define TAP_LUA_LSELECT_H

#include "filter/filter.h"
#include "lua/lapi.h"
#include "lua/lsets.h"

#define TAPL_SELECT "moontap.filter"

struct tapL_compiled {
  uint16_t linktype;
  struct tap_filter *filter;
};

/* A userdata.  Its text and its sets are user values. */
struct tapL_select {
  const char *text; /* NULL: a program, or closed */
  struct tap_insn *insns;
  size_t count;
  struct tap_filter_options options; /* but for the link type */
  struct tap_named_sets sets;
  struct tapL_compiled *compiled;
  size_t compiled_count;
  unsigned changes;             /* of the registry, when they were compiled */
  enum tap_level level;         /* the deepest that one of them needs */
  unsigned asks;                /* what tap_filter_asks says of them together */
  uint32_t linktype;            /* 'now' is for packets of this one; TAPL_NO_LINKTYPE: for none */
  const struct tap_filter *now; /* NULL: run the program */
  bool always;                  /* it accepts whatever comes */
  unsigned serial;              /* tells the ones of a capture apart; 0: of none */
};

enum { TAPL_NO_LINKTYPE = 1 << 16 };
enum { TAPL_SELECT_TEXT = 1, TAPL_SELECT_SETS, TAPL_SELECT_VALUES = TAPL_SELECT_SETS };

/* Make one of what stands at 'index' (a text, a program as text or as a list of instructions, a
 * filter object) and compile it for 'linktype' (TAP_LINKTYPE_NONE: for those that are met).
 * 'sets' is the index of what tapL_pushsets left there; an object has its own.  NULL is misuse,
 * and raises.  Pushes it; or returns NULL and pushes nil, the message, and where and what. */
struct tapL_select *tapL_pushselect(lua_State *L, int index, int sets,
                                    const struct tap_filter_options *options, uint16_t linktype);

/* The same where it is no error that the world makes: raises the message. */
struct tapL_select *tapL_checkselect(lua_State *L, int index, int sets,
                                     const struct tap_filter_options *options, uint16_t linktype);

/* Have it compiled for a link type, and anew where the registry has changed since: what a filter
 * asks first rests on who leads to whom.  False with 'e', whose message is empty when memory was out. */
bool tapL_select_prepare(struct tapL_select *s, uint16_t linktype, struct tap_filter_error *e);

/* Where the registry has changed, compile it anew for all link types that it was compiled for.  As
 * above. */
bool tapL_select_renew(struct tapL_select *s, struct tap_filter_error *e);

/* What was compiled first, which is all of it where packets are of one link type; NULL: it is a
 * program. */
static inline const struct tap_filter *tapL_select_first(const struct tapL_select *s) {
  return s->compiled_count > 0 ? s->compiled[0].filter : NULL;
}

/* Turn to packets of a link type that it was prepared for; false where it was not. */
bool tapL_select_turn(struct tapL_select *s, uint16_t linktype);

/* Add what runs where and why, for the link type that it was prepared for first. */
void tapL_select_explain(const struct tapL_select *s, luaL_Buffer *b);

/* Add its warnings to the list on top, each once. */
void tapL_select_warnings(lua_State *L, const struct tapL_select *s);

/* Forget all of it; it accepts nothing any more. */
void tapL_select_close(struct tapL_select *s);

/* Does the packet pass?  It must be decoded as deep as 'level' says, where that is more than its
 * frame. */
static inline bool tapL_select_accepts(struct tapL_select *s, const struct tap_packet *p) {
  if (p->frame->linktype != s->linktype && !tapL_select_turn(s, p->frame->linktype)) return false;
  if (s->now != NULL) return tap_filter_match(s->now, p);
  return tap_program_run(&(struct tap_program){ s->insns, s->count }, p->frame) != 0;
}

#endif
