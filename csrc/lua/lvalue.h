/* SPDX-License-Identifier: MIT
 *
 * Values of fields on their way into Lua.  Addresses become text through a
 * cache, so that reading the same ones again makes no garbage.
 */
#ifndef TAP_LUA_LVALUE_H
#define TAP_LUA_LVALUE_H

#include <stdbool.h>

#include "lua/lapi.h"

/* Push an empty cache. */
struct tapL_addresses *tapL_newaddresses(lua_State *L);

/* Look up the field that the string at 'index' names; raises, saying which is nearest.  The
 * string's forms are those that Lua can be given. */
void tapL_checkref(lua_State *L, int index, struct tap_ref *out);

/* Push a value as 'ref' wants it: integer, boolean, text or bytes; it may be changed on the way.
 * 'x' is the context of the running function, which callers on the hot path have at hand. */
void tapL_pushvalue(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                    struct tap_value *v);

/* The same for one that has its form already (a part of a table's key). */
void tapL_pushshaped(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                     const struct tap_value *v);

/* Push a value by its type alone. */
void tapL_pushplain(lua_State *L, struct tapL_context *x, const struct tap_value *v);

/* lid.c: the dense number of a value, and the value of the number at 'index', false where it is
 * none. */
uint64_t tapL_idof(lua_State *L, struct tapL_context *x, const struct tap_value *v);
bool tapL_toid(lua_State *L, int index, struct tap_value *out);

/* Read the field and push it.  False, and nothing pushed, where the packet does not have it.  In
 * line by force: a value's room is more stack than compilers do that for. */
static inline __attribute__((always_inline)) bool tapL_pushfield(lua_State *L,
                                                                 struct tapL_context *x,
                                                                 const struct tap_ref *ref,
                                                                 const struct tap_packet *p) {
  struct tap_value v;
  if (!tap_ref_read(ref, p, &v)) return false;
  tapL_pushvalue(L, x, ref, &v);
  return true;
}

/* Push all of a list, nil for optional ones that are absent.  Returns how many; 0, and nothing
 * pushed, where a required one is absent. */
int tapL_pushfields(lua_State *L, struct tapL_context *x, const struct tap_ref *refs, int count,
                    const struct tap_packet *p);

/* Read the Lua value at 'index' as a value of 'ref' in its form, to find keys with.  False where
 * it can be none.  Bytes may point into the Lua string. */
bool tapL_tovalue(lua_State *L, int index, const struct tap_ref *ref, struct tap_value *out);

#endif
