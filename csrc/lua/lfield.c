/* SPDX-License-Identifier: MIT
 *
 * The registry as Lua sees it: core.fields() lists its rows, core.nearest()
 * is its "did you mean" for any list of words.
 */
#include "lua/lapi.h"

#include "proto/value.h"

enum { WORDS_MAX = 1024 };

static const char *type_name(const struct tap_field *field) {
  static const char *const names[] = {
    [TAP_UINT] = "integer",  [TAP_INT] = "integer", [TAP_TIME] = "time",
    [TAP_SPAN] = "duration", [TAP_FLAG] = "flag",   [TAP_IPV4] = "address",
    [TAP_IPV6] = "address",  [TAP_MAC] = "address", [TAP_EUI64] = "address",
    [TAP_BYTES] = "bytes",   [TAP_STRING] = "text", [TAP_FLOAT] = "number",
  };
  return field == NULL ? "presence" : names[field->type];
}

static void set_string(lua_State *L, const char *key, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void set_values(lua_State *L, const struct tap_name *names) {
  lua_newtable(L);
  for (; names->name != NULL; names++) {
    lua_pushstring(L, names->name);
    lua_rawseti(L, -2, (lua_Integer)names->value);
  }
  lua_setfield(L, -2, "values");
}

static void push_description(lua_State *L, const struct tap_registry *r,
                             const struct tap_ref *ref) {
  const struct tap_field *field = ref->field;
  const struct tap_protocol *protocol =
      ref->protocol == TAP_ANY_PROTOCOL ? NULL : tap_registry_at(r, ref->protocol);
  lua_createtable(L, 0, 7);
  set_string(L, "name", field == NULL ? protocol->name : field->name);
  set_string(L, "label", field == NULL ? protocol->title : field->label);
  set_string(L, "type", type_name(field));
  if (protocol != NULL) set_string(L, "protocol", protocol->name);
  if (field == NULL) return;
  if (field->unit != NULL) set_string(L, "unit", field->unit);
  if (field->names != NULL) set_values(L, field->names);
  lua_pushboolean(L, (field->flags & TAP_REPEATS) != 0);
  lua_setfield(L, -2, "repeats");
}

static int list_fields(lua_State *L) {
  const struct tap_registry *registry = tapL_context(L)->registry;
  struct tap_ref ref;
  lua_newtable(L);
  for (size_t i = 0; tap_registry_field(registry, i, &ref); i++) {
    push_description(L, registry, &ref);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* core.nearest(word, list) */
static int nearest(lua_State *L) {
  const char *word = luaL_checkstring(L, 1), *names[WORDS_MAX];
  lua_Integer count = (luaL_checktype(L, 2, LUA_TTABLE), luaL_len(L, 2));
  luaL_argcheck(L, count >= 0 && count <= WORDS_MAX, 2, "not a number of words that fits");
  for (int i = 0; i < count; i++) {
    lua_geti(L, 2, i + 1);
    names[i] = luaL_checkstring(L, -1);
    lua_pop(L, 1); /* the list keeps it */
  }
  lua_pushstring(L, tap_nearest(word, names, (size_t)count));
  return 1;
}

static const luaL_Reg functions[] = {
  { "fields", list_fields },
  { "nearest", nearest },
  { NULL, NULL },
};

void tapL_open_field(lua_State *L) {
  tapL_setfuncs(L, functions);
}
