/* SPDX-License-Identifier: MIT
 *
 * Filters as objects: core.filter(text, linktype, options) makes one, a
 * selection (lselect.h) that is compiled for one link type.  A text of
 * instructions, as tcpdump -dd and -ddd print them, a list of them or another
 * filter object, compiled anew, makes one too.
 */
#include <string.h>

#include "lua/lask.h"
#include "lua/lselect.h"
#include "proto/decode.h"

enum { ARG_TEXT = 1, ARG_LINKTYPE, ARG_OPTIONS, ARG_SETS };

static struct tapL_select *check_expression(lua_State *L) {
  return luaL_checkudata(L, 1, TAPL_SELECT);
}

/* What was compiled when the object was made; NULL: it is a program.  Raises when closed. */
static const struct tap_filter *check_filter(lua_State *L, const struct tapL_select *x) {
  if (x->insns == NULL && x->compiled_count == 0) luaL_error(L, "filter is closed");
  return x->insns == NULL ? x->compiled[0].filter : NULL;
}

static int expression_close(lua_State *L) {
  tapL_select_close(check_expression(L));
  return 0;
}

static void read_options(lua_State *L, struct tap_filter_options *o) {
  if (!lua_istable(L, ARG_OPTIONS)) return;
  o->snaplen = (uint32_t)tapL_optinteger(L, ARG_OPTIONS, "snaplen", 0);
  o->netmask = (uint32_t)tapL_optinteger(L, ARG_OPTIONS, "netmask", o->netmask);
  o->live = tapL_optboolean(L, ARG_OPTIONS, "live", 0);
  o->cooked = tapL_optboolean(L, ARG_OPTIONS, "cooked", 0);
  o->swapped = tapL_optboolean(L, ARG_OPTIONS, "swapped", 0);
  o->plain = tapL_optboolean(L, ARG_OPTIONS, "plain", 0);
}

/* Push the sets of the options. */
static void push_sets(lua_State *L) {
  if (lua_istable(L, ARG_OPTIONS))
    lua_getfield(L, ARG_OPTIONS, "sets");
  else
    lua_pushnil(L);
  tapL_pushsets(L, ARG_SETS);
  lua_replace(L, ARG_SETS);
}

static int core_filter(lua_State *L) {
  lua_Integer linktype = luaL_optinteger(L, ARG_LINKTYPE, TAP_LINKTYPE_ETHERNET);
  struct tap_filter_options o = { .netmask = TAP_NETMASK_UNKNOWN };
  struct tapL_select *x;
  luaL_argcheck(L, linktype >= 0 && linktype < TAP_LINKTYPE_NONE, ARG_LINKTYPE, "no link type");
  if (!lua_istable(L, ARG_TEXT) && luaL_testudata(L, ARG_TEXT, TAPL_SELECT) == NULL)
    luaL_checkstring(L, ARG_TEXT);
  lua_settop(L, ARG_OPTIONS);
  read_options(L, &o);
  push_sets(L);
  x = tapL_pushselect(L, ARG_TEXT, ARG_SETS, &o, (uint16_t)linktype);
  return x != NULL ? 1 : 3;
}

/* The filter's program of one kind; NULL where it has none. */
static const struct tap_program *program_of(lua_State *L, const struct tapL_select *x,
                                            struct tap_program *raw, const char *which) {
  const struct tap_filter *f = check_filter(L, x);
  *raw = (struct tap_program){ x->insns, x->count };
  if (f == NULL) return raw;
  if (strcmp(which, "file") == 0) return tap_filter_file(f);
  if (strcmp(which, "kernel") == 0) return tap_filter_kernel(f);
  luaL_error(L, "a filter has a 'kernel' and a 'file' program, no '%s'", which);
  return NULL;
}

/* Protocols may have changed since it was compiled. */
static void renew(lua_State *L, struct tapL_select *x) {
  struct tap_filter_error e;
  check_filter(L, x);
  if (!tapL_select_renew(x, &e)) luaL_error(L, "%s", e.set ? e.message : "not enough memory");
}

/* x:matches(bytes, {len =, vlan_tci =, vlan_tpid =}); Lua checks the table. */
static int expression_matches(lua_State *L) {
  struct tapL_select *x = check_expression(L);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  struct tap_frame frame = { .data = (const uint8_t *)bytes,
                             .caplen = (uint32_t)n,
                             .len = (uint32_t)n,
                             .linktype = (uint16_t)x->linktype };
  struct tap_packet p;
  luaL_argcheck(L, n <= UINT32_MAX, 2, "too long");
  if (lua_istable(L, 3)) {
    lua_Integer tci = tapL_optinteger(L, 3, "vlan_tci", -1);
    frame.len = (uint32_t)tapL_optinteger(L, 3, "len", (lua_Integer)n);
    frame.vlan_tpid = (uint16_t)tapL_optinteger(L, 3, "vlan_tpid", 0x8100);
    if (tci >= 0) frame.flags = TAP_FRAME_TAG_LIFTED;
    frame.vlan_tci = (uint16_t)(tci >= 0 ? tci : 0);
  }
  renew(L, x);
  tap_decode(tapL_context(L)->registry, &frame, x->level, &p);
  p.number = 1;
  lua_pushboolean(L, tapL_select_accepts(x, &p));
  tapL_checkask(L, tapL_context(L));
  return 1;
}

static int expression_explain(lua_State *L) {
  const struct tapL_select *x = check_expression(L);
  luaL_Buffer b;
  check_filter(L, x);
  luaL_buffinit(L, &b);
  tapL_select_explain(x, &b);
  luaL_pushresult(&b);
  return 1;
}

/* x:dump("text" | "c" | "numbers", "kernel" | "file"); nil and why where there is no program. */
static int expression_dump(lua_State *L) {
  static const char *const forms[] = { "text", "c", "numbers", NULL };
  struct tapL_select *x = check_expression(L);
  enum tap_dump form = (enum tap_dump)luaL_checkoption(L, 2, "text", forms);
  struct tap_program raw;
  const struct tap_program *p = program_of(L, x, &raw, luaL_optstring(L, 3, "kernel"));
  luaL_Buffer b;
  size_t n;
  if (p == NULL) {
    luaL_pushfail(L);
    lua_pushfstring(L, "filter has no program, because %s",
                    tap_filter_reason(x->compiled[0].filter));
    return 2;
  }
  n = tap_program_dump(p, form, NULL, 0);
  tap_program_dump(p, form, luaL_buffinitsize(L, &b, n + 1), n + 1);
  luaL_pushresultsize(&b, n);
  return 1;
}

static void push_insn(lua_State *L, const struct tap_insn *insn) {
  const lua_Integer parts[] = { insn->code, insn->jt, insn->jf, insn->k };
  lua_createtable(L, 4, 0);
  for (int i = 0; i < 4; i++) {
    lua_pushinteger(L, parts[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* x:code("kernel" | "file"): the list of instructions, or nil and why. */
static int expression_code(lua_State *L) {
  struct tapL_select *x = check_expression(L);
  struct tap_program raw;
  const struct tap_program *p = program_of(L, x, &raw, luaL_optstring(L, 2, "kernel"));
  if (p == NULL) {
    luaL_pushfail(L);
    lua_pushfstring(L, "filter has no program, because %s",
                    tap_filter_reason(x->compiled[0].filter));
    return 2;
  }
  lua_createtable(L, (int)p->count, 0);
  for (size_t i = 0; i < p->count; i++) {
    push_insn(L, &p->insns[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int expression_warnings(lua_State *L) {
  const struct tapL_select *x = check_expression(L);
  lua_newtable(L);
  tapL_select_warnings(L, x);
  return 1;
}

static int expression_exact(lua_State *L) {
  const struct tapL_select *x = check_expression(L);
  const struct tap_filter *f = check_filter(L, x);
  lua_pushboolean(L, f == NULL || tap_filter_exact(f));
  return 1;
}

/* "always", "never" or "sometimes" */
static int expression_verdict(lua_State *L) {
  const struct tap_filter *f = check_filter(L, check_expression(L));
  const char *verdict = "sometimes";
  if (f != NULL && tap_filter_always(f)) verdict = "always";
  if (f != NULL && tap_filter_never(f)) verdict = "never";
  lua_pushstring(L, verdict);
  return 1;
}

/* The text that it was made of. */
static int expression_tostring(lua_State *L) {
  const struct tapL_select *x = check_expression(L);
  if (x->insns != NULL)
    lua_pushfstring(L, "filter (%I instructions)", (lua_Integer)x->count);
  else
    lua_pushstring(L, x->text != NULL ? x->text : "filter (closed)");
  return 1;
}

static const luaL_Reg methods[] = {
  { "close", expression_close },
  { "code", expression_code },
  { "dump", expression_dump },
  { "exact", expression_exact },
  { "explain", expression_explain },
  { "matches_raw", expression_matches },
  { "verdict", expression_verdict },
  { "warnings", expression_warnings },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", expression_close },
  { "__gc", expression_close },
  { "__tostring", expression_tostring },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "filter", core_filter },
  { NULL, NULL },
};

void tapL_open_expression(lua_State *L) {
  tapL_newclass(L, TAPL_SELECT, metamethods, methods);
  lua_setfield(L, -2, "filter_methods");
  tapL_setfuncs(L, functions);
}
