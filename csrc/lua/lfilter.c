/* SPDX-License-Identifier: MIT
 *
 * Filter programs from Lua: a list of instructions {code, jt, jf, k}, as
 * tcpdump -ddd numbers them.
 */
#include "lua/lcapture.h"

static lua_Integer part(lua_State *L, int insn, int i, lua_Integer most) {
  int is_integer;
  lua_Integer n;
  lua_geti(L, insn, i);
  n = lua_tointegerx(L, -1, &is_integer);
  if (!is_integer || n < 0 || n > most)
    luaL_error(L, "filter: an instruction is {code, jt, jf, k}, and number %d of one is %s", i,
               is_integer ? "out of range" : luaL_typename(L, -1));
  lua_pop(L, 1);
  return n;
}

static struct tap_insn read_insn(lua_State *L, int program, int i) {
  struct tap_insn insn;
  int at = lua_gettop(L) + 1;
  if (lua_geti(L, program, i) != LUA_TTABLE)
    luaL_error(L, "filter: instruction %d must be a table, not %s", i - 1, luaL_typename(L, -1));
  insn.code = (uint16_t)part(L, at, 1, UINT16_MAX);
  insn.jt = (uint8_t)part(L, at, 2, UINT8_MAX);
  insn.jf = (uint8_t)part(L, at, 3, UINT8_MAX);
  insn.k = (uint32_t)part(L, at, 4, UINT32_MAX);
  lua_pop(L, 1);
  return insn;
}

struct tap_program tapL_checkprogram(lua_State *L, int index) {
  struct tap_insn *insns;
  lua_Integer count;
  if (!lua_istable(L, index)) luaL_error(L, "filter: a list of instructions expected");
  count = luaL_len(L, index);
  if (count < 1 || count > TAP_PROGRAM_MAX)
    luaL_error(L, "filter: a program has 1 to %d instructions", TAP_PROGRAM_MAX);
  insns = lua_newuserdatauv(L, (size_t)count * sizeof *insns, 0);
  for (int i = 0; i < count; i++)
    insns[i] = read_insn(L, index, i + 1);
  return (struct tap_program){ insns, (size_t)count };
}
