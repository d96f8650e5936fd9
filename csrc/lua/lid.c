/* SPDX-License-Identifier: MIT
 *
 * Numbers of values (name:id).  One table for each Lua state, made when the
 * first number is asked for: 10.0.0.1 has one number, whether it is a source
 * or a destination.
 */
#include "lua/lvalue.h"

#include "stats/intern.h"

enum { IDS_MAX = 1 << 20 };

static struct tap_intern *ids_of(lua_State *L, struct tapL_context *x) {
  if (x->ids != NULL) return x->ids;
  x->ids = tap_intern_new(IDS_MAX, tapL_freshseed());
  if (x->ids == NULL) luaL_error(L, "not enough memory");
  return x->ids;
}

uint64_t tapL_idof(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  return tap_intern_id(ids_of(L, x), v);
}

bool tapL_toid(lua_State *L, int index, struct tap_value *out) {
  struct tapL_context *x = tapL_context(L);
  int is_integer;
  lua_Integer id = lua_tointegerx(L, index, &is_integer);
  return is_integer && tap_intern_value(ids_of(L, x), (uint64_t)id, out);
}

/* core.id_value(id): the value that has this number, or nil */
static int id_value(lua_State *L) {
  struct tap_value v;
  luaL_checkinteger(L, 1);
  if (tapL_toid(L, 1, &v))
    tapL_pushplain(L, tapL_context(L), &v);
  else
    lua_pushnil(L);
  return 1;
}

static void set_count(lua_State *L, const char *name, uint64_t n) {
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

/* core.ids() */
static int count_ids(lua_State *L) {
  const struct tap_intern *ids = ids_of(L, tapL_context(L));
  lua_createtable(L, 0, 3);
  set_count(L, "held", tap_intern_held(ids));
  set_count(L, "limit", tap_intern_limit(ids));
  set_count(L, "refused", tap_intern_refused(ids));
  return 1;
}

static const luaL_Reg functions[] = {
  { "id_value", id_value },
  { "ids", count_ids },
  { NULL, NULL },
};

void tapL_open_id(lua_State *L) {
  tapL_setfuncs(L, functions);
}
