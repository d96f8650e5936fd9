/* SPDX-License-Identifier: MIT
 *
 * Values of fields on their way into Lua.  Addresses become text through a
 * cache, so that reading the same ones again makes no garbage.
 */
#ifndef TAP_LUA_LVALUE_H
#define TAP_LUA_LVALUE_H

#include <stdbool.h>

#include "lua/laddress.h"
#include "lua/lapi.h"

/* Look up the field that the string at 'index' names; raises, saying which is nearest.  The
 * string's forms are those that Lua can be given. */
void tapL_checkref(lua_State *L, int index, struct tap_ref *out);

/* Push a value that has its form already (a part of a table's key).  'x' is the context of the
 * running function, which callers on the hot path have at hand. */
void tapL_pushshaped(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                     const struct tap_value *v);

/* Push a value by its type alone. */
void tapL_pushplain(lua_State *L, struct tapL_context *x, const struct tap_value *v);

/* lid.c: the dense number of a value, and the value of the number at 'index', false where it is
 * none. */
uint64_t tapL_idof(lua_State *L, struct tapL_context *x, const struct tap_value *v);
bool tapL_toid(lua_State *L, int index, struct tap_value *out);

/* tapL_pushfield where no short way leads to the value. */
bool tapL_pushsearched(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                       const struct tap_packet *p);

/* tapL_pushplain in line: where the type is a constant, one way is left. */
static inline __attribute__((always_inline)) void
tapL_pushinline(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  if (v->type < TAP_FLAG) /* the other kinds of numbers */
    lua_pushinteger(L, (lua_Integer)v->number);
  else if (v->type == TAP_FLAG)
    lua_pushboolean(L, v->number != 0);
  else if (v->type == TAP_BYTES || v->type == TAP_STRING)
    lua_pushlstring(L, (const char *)v->bytes, v->size);
  else if (v->type == TAP_FLOAT)
    lua_pushnumber(L, tap_value_double(v));
  else
    tapL_pushaddress(L, x->addresses, v, 0);
}

/* Read the field and push it.  False, and nothing pushed, where the packet does not have it. */
static inline __attribute__((always_inline)) bool tapL_pushfield(lua_State *L,
                                                                 struct tapL_context *x,
                                                                 const struct tap_ref *ref,
                                                                 const struct tap_packet *p) {
  struct tap_value v;
  enum tap_fetched fetched = tap_ref_fetch(ref, p, &v);
  if (fetched == TAP_ELSEWHERE) return tapL_pushsearched(L, x, ref, p);
  if (fetched == TAP_ABSENT) return false;
  tapL_pushinline(L, x, &v);
  return true;
}

/* Push the fields from 'ref' to 'end', nil for optional ones that are absent.  Returns 'end', or
 * where a required one is absent: those before it are pushed then. */
static inline __attribute__((always_inline)) const struct tap_ref *
tapL_pushrange(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
               const struct tap_ref *end, const struct tap_packet *p) {
  for (; ref < end; ref++) {
    if (tapL_pushfield(L, x, ref, p)) continue;
    if (!ref->optional) break;
    lua_pushnil(L);
  }
  return ref;
}

/* Push all of a list.  Returns how many; 0, and nothing pushed, where a required one is absent. */
int tapL_pushfields(lua_State *L, struct tapL_context *x, const struct tap_ref *refs, int count,
                    const struct tap_packet *p);

/* Read the Lua value at 'index' as a value of 'ref' in its form, to find keys with.  False where
 * it can be none.  Bytes may point into the Lua string. */
bool tapL_tovalue(lua_State *L, int index, const struct tap_ref *ref, struct tap_value *out);

#endif
