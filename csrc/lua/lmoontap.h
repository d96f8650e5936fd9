/* SPDX-License-Identifier: MIT
 *
 * The door from Lua: require "moontap.core" calls this.
 */
#ifndef TAP_LUA_LMOONTAP_H
#define TAP_LUA_LMOONTAP_H

#include <lua.h>

int luaopen_moontap_core(lua_State *L);

#endif
