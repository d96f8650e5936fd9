/* SPDX-License-Identifier: MIT
 *
 * A cache of 256 slots, found by the string's address.  Lua interns short
 * strings, so one address is one name as long as the string lives: each
 * slot's string is anchored in a table, and leaves it with the slot.
 * A miss looks the name up in the registry; the cache is never needed
 * for the answer to be right.
 */
#include "lua/lname.h"

#include <string.h>

#include "lua/lvalue.h"

struct tapL_names *tapL_newnames(lua_State *L) {
  struct tapL_names *names = lua_newuserdatauv(L, sizeof *names, 0);
  memset(names, 0, sizeof *names);
  return names;
}

void tapL_forgetnames(struct tapL_names *names) {
  if (names != NULL) memset(names, 0, sizeof *names);
}

/* The outermost layer has a view; of another one its presence is told. */
static uint8_t meaning_of(const struct tap_ref *ref) {
  if (ref->field == NULL)
    return ref->form == TAP_FORM_VALUE && ref->nth == 0 ? TAPL_LAYER : TAPL_FIELD;
  return ref->field->read_self != NULL ? TAPL_ASKED : TAPL_FIELD;
}

/* After a packet methods come first, then the registry. */
static void mean_of_packet(lua_State *L, int index, struct tapL_name *out) {
  lua_pushvalue(L, index);
  if (lua_rawget(L, lua_upvalueindex(TAPL_METHODS)) != LUA_TNIL) {
    out->meaning = TAPL_METHOD;
  } else if (strcmp(lua_tostring(L, index), "fault") == 0) {
    out->meaning = TAPL_FAULT;
  } else {
    tapL_checkref(L, index, &out->ref);
    out->meaning = meaning_of(&out->ref);
  }
  lua_pop(L, 1);
}

static void mean_of_layer(lua_State *L, int index, unsigned protocol, struct tapL_name *out) {
  const struct tap_protocol *layer = tap_registry_at(tapL_context(L)->registry, protocol);
  lua_pushfstring(L, "%s.%s", layer->name, lua_tostring(L, index));
  tapL_checkref(L, lua_gettop(L), &out->ref);
  out->meaning = TAPL_FIELD;
  lua_pop(L, 1);
}

const struct tapL_name *tapL_learnname(lua_State *L, struct tapL_name *slot, int index,
                                       unsigned protocol) {
  struct tapL_name found = { .string = lua_topointer(L, index), .protocol = (uint16_t)protocol };
  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "a field's name must be a string, not %s", luaL_typename(L, index));
  if (protocol == TAP_ANY_PROTOCOL)
    mean_of_packet(L, index, &found);
  else
    mean_of_layer(L, index, protocol, &found);
  lua_pushvalue(L, index);
  lua_rawseti(L, lua_upvalueindex(TAPL_ANCHORS), 1 + (slot - tapL_context(L)->names->slot));
  *slot = found;
  return slot;
}
