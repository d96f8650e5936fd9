/* SPDX-License-Identifier: MIT
 *
 * What a name means after a packet (p.tcp_dstport, p.tcp, p.fault) or after a
 * layer's view (p.tcp.dstport).  Looked up once, then found by the address of
 * the interned string.
 */
#ifndef TAP_LUA_LNAME_H
#define TAP_LUA_LNAME_H

#include <stddef.h>
#include <stdint.h>

#include "lua/lapi.h"

/* TAPL_ASKED is a field that reads itself: a function of the script may do it, and by that change
 * what is in the cache. */
enum tapL_meaning { TAPL_FIELD, TAPL_ASKED, TAPL_LAYER, TAPL_METHOD, TAPL_FAULT };

struct tapL_name {
  const void *string; /* address of the interned name; anchored while it stands here */
  uint16_t protocol;  /* of the view; TAP_ANY_PROTOCOL: after a packet */
  uint8_t meaning;    /* enum tapL_meaning */
  struct tap_ref ref; /* of TAPL_FIELD, TAPL_LAYER */
};

/* How the functions of a class find names: upvalues behind the module's own. */
enum { TAPL_METHODS = TAPL_UPVALUES + 1, TAPL_ANCHORS = TAPL_UPVALUES + 2 };

/* Push an empty cache. */
struct tapL_names *tapL_newnames(lua_State *L);

enum { TAPL_NAME_SLOTS = 256 };

struct tapL_names {
  struct tapL_name slot[TAPL_NAME_SLOTS];
};

/* Empty it: names may mean something else from now on. */
void tapL_forgetnames(struct tapL_names *names);

/* Look the name at 'index' up and keep it in 'slot'. */
const struct tapL_name *tapL_learnname(lua_State *L, struct tapL_name *slot, int index,
                                       unsigned protocol);

/* The meaning of the string at 'index'; raises where it has none. */
static inline const struct tapL_name *tapL_name(lua_State *L, struct tapL_context *x, int index,
                                                unsigned protocol) {
  const void *string = lua_topointer(L, index); /* of other values too, but none is in a slot */
  uintptr_t address = (uintptr_t)string ^ (uintptr_t)protocol << 9;
  struct tapL_name *slot =
      &x->names->slot[((address >> 3) ^ (address >> 11)) & (TAPL_NAME_SLOTS - 1)];
  if (__builtin_expect(slot->string == string && slot->protocol == protocol && string != NULL, 1))
    return slot;
  return tapL_learnname(L, slot, index, protocol);
}

#endif
