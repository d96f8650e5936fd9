/* SPDX-License-Identifier: MIT
 *
 * Embedded modules go into package.preload as functions that compile their text
 * when they are first required.  Each knows its module by number, not address.
 */
#include "host/modules.h"

#include <lauxlib.h>
#include <string.h>

/* Called by require(name, ...): what the module's text returns. */
static int load_module(lua_State *L) {
  const struct host_module *m = &host_modules[lua_tointeger(L, lua_upvalueindex(1))];
  const char *path = luaL_gsub(L, m->name, ".", "/");
  const char *form = strchr(m->name, '.') != NULL ? "@%s.lua" : "@%s/init.lua";
  const char *chunk = lua_pushfstring(L, form, path);
  if (luaL_loadbufferx(L, m->text, m->size, chunk, "t") != LUA_OK) return lua_error(L);
  lua_pushvalue(L, 1);
  lua_pushstring(L, chunk + 1);
  lua_call(L, 2, 1);
  return 1;
}

void host_modules_preload(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (int i = 0; host_modules[i].name != NULL; i++) {
    lua_pushinteger(L, i);
    lua_pushcclosure(L, load_module, 1);
    lua_setfield(L, -2, host_modules[i].name);
  }
  lua_pop(L, 1);
}
