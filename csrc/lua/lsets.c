/* SPDX-License-Identifier: MIT
 *
 * The strings stay Lua's: a list in the user value of the sets keeps every one
 * of them, and the arrays that point to them, so that a compiler reads plain
 * memory and asks no Lua.
 */
#include "lua/lsets.h"

#include <lauxlib.h>
#include <string.h>

struct named_set {
  const char *name;
  const char **member;
  size_t count;
};

struct tapL_sets {
  struct named_set *set;
  size_t count;
};

static const struct named_set *find_set(const void *context, const char *name) {
  const struct tapL_sets *sets = context;
  for (size_t i = 0; sets != NULL && i < sets->count; i++)
    if (strcmp(sets->set[i].name, name) == 0) return &sets->set[i];
  return NULL;
}

static bool set_known(void *context, const char *name) {
  return find_set(context, name) != NULL;
}

static const char *set_member(void *context, const char *name, size_t i) {
  const struct named_set *s = find_set(context, name);
  return s != NULL && i < s->count ? s->member[i] : NULL;
}

struct tap_named_sets tapL_namedsets(const struct tapL_sets *sets) {
  return (struct tap_named_sets){ (void *)(uintptr_t)sets, set_known, set_member };
}

/* The string on top, which the compiler reads up to a zero byte. */
static const char *check_text(lua_State *L) {
  size_t n;
  const char *text = lua_tolstring(L, -1, &n);
  if (strlen(text) != n) luaL_error(L, "filter: option 'sets' has a zero byte in '%s'", text);
  return text;
}

/* The members of the list on top, as text; the array and new strings are kept in the table at
 * 'anchor'. */
static void read_members(lua_State *L, int anchor, struct named_set *s) {
  int list = lua_gettop(L);
  lua_Integer n = luaL_len(L, list);
  if (n < 0 || n > INT32_MAX)
    luaL_error(L, "filter: set '%s' is no list: its length is %I", s->name, (LUAI_UACINT)n);
  s->member = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(const char *), 0);
  luaL_ref(L, anchor);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_geti(L, list, i) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "filter: a member of set '%s' must be text or a number, not %s", s->name,
                 luaL_typename(L, -1));
    s->member[i - 1] = check_text(L);
    luaL_ref(L, anchor);
  }
  s->count = (size_t)n;
}

static size_t count_pairs(lua_State *L, int table) {
  size_t n = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    n++;
  return n;
}

static void read_sets(lua_State *L, int table, int anchor, struct tapL_sets *out) {
  out->set = lua_newuserdatauv(L, (count_pairs(L, table) + 1) * sizeof *out->set, 0);
  luaL_ref(L, anchor);
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
    struct named_set *s = &out->set[out->count];
    if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1))
      luaL_error(L, "filter: option 'sets' has names and lists");
    lua_pushvalue(L, -2);
    s->name = check_text(L);
    luaL_ref(L, anchor);
    read_members(L, anchor, s);
    out->count++;
  }
}

const struct tapL_sets *tapL_pushsets(lua_State *L, int index) {
  struct tapL_sets *sets;
  index = lua_absindex(L, index);
  sets = lua_newuserdatauv(L, sizeof *sets, 1);
  *sets = (struct tapL_sets){ NULL, 0 };
  if (lua_isnoneornil(L, index)) return sets;
  luaL_checktype(L, index, LUA_TTABLE);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, -3, 1);
  read_sets(L, index, lua_gettop(L), sets);
  lua_pop(L, 1);
  return sets;
}
