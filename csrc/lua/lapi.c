/* SPDX-License-Identifier: MIT */
#include "lua/lapi.h"

#include <string.h>
#include <sys/random.h>

int tapL_closedstate(lua_State *L) {
  return luaL_error(L, "moontap used after the Lua state was closed");
}

void tapL_pushclosure(lua_State *L, lua_CFunction f, int extra) {
  for (int i = 1; i <= TAPL_UPVALUES; i++) {
    lua_pushvalue(L, lua_upvalueindex(i));
    if (extra > 0) lua_insert(L, -1 - extra);
  }
  lua_pushcclosure(L, f, TAPL_UPVALUES + extra);
}

void tapL_setfuncs(lua_State *L, const luaL_Reg *functions) {
  for (int i = 1; i <= TAPL_UPVALUES; i++)
    lua_pushvalue(L, lua_upvalueindex(i));
  luaL_setfuncs(L, functions, TAPL_UPVALUES);
}

void tapL_newclass(lua_State *L, const char *name, const luaL_Reg *metamethods,
                   const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  if (metamethods != NULL) tapL_setfuncs(L, metamethods);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable"); /* scripts cannot fetch it */
  lua_newtable(L);
  if (methods != NULL) tapL_setfuncs(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_remove(L, -2);
}

int tapL_pushgrown(lua_State *L, size_t size, tapL_writer *write, const void *what) {
  for (;; size *= 4) {
    struct tap_text text;
    luaL_Buffer buffer;
    char *start = luaL_buffinitsize(L, &buffer, size);
    tap_text_begin(&text, start, size);
    write(&text, what);
    luaL_pushresultsize(&buffer, text.cut ? 0 : (size_t)(text.at - start));
    if (!text.cut) return 1;
    lua_pop(L, 1);
  }
}

void tapL_pushmessage(lua_State *L, const char *subject, const struct tap_err *e) {
  lua_pushfstring(L, "%s: cannot %s%s%s", subject, e->what, e->sys ? ": " : "",
                  e->sys ? strerror(e->sys) : "");
}

int tapL_fail(lua_State *L, const char *subject, const struct tap_err *e) {
  luaL_pushfail(L);
  tapL_pushmessage(L, subject, e);
  lua_pushinteger(L, e->sys);
  return 3;
}

uint64_t tapL_freshseed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
    seed = (uint64_t)(uintptr_t)&seed;
  return seed;
}

lua_Integer tapL_optinteger(lua_State *L, int index, const char *key, lua_Integer otherwise) {
  int given;
  lua_Integer n;
  if (lua_getfield(L, index, key) == LUA_TNIL) {
    lua_pop(L, 1);
    return otherwise;
  }
  n = lua_tointegerx(L, -1, &given);
  if (!given) luaL_error(L, "option '%s' must be an integer, not %s", key, luaL_typename(L, -1));
  lua_pop(L, 1);
  return n;
}

int tapL_optboolean(lua_State *L, int index, const char *key, int otherwise) {
  int value = lua_getfield(L, index, key) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}
