/* SPDX-License-Identifier: MIT
 *
 * The address cache has 4096 sets of two: the first address of a set stays,
 * each further one takes the second entry.  The texts themselves are Lua strings in the table that every function
 * of the module has as an upvalue, at the entry's number.
 */
#include "lua/lvalue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proto/value.h"

enum { SET_BITS = 12, SETS = 1 << SET_BITS, WAYS = 2, FORMAT_BUFFER = 4096 };

struct address {
  uint64_t low, high;
  uint32_t size; /* 0: a free entry */
};

struct tapL_addresses {
  struct address set[SETS][WAYS];
};

struct tapL_addresses *tapL_newaddresses(lua_State *L) {
  struct tapL_addresses *addresses = lua_newuserdatauv(L, sizeof *addresses, 0);
  memset(addresses, 0, sizeof *addresses);
  return addresses;
}

static struct address address_of(const uint8_t *bytes, uint32_t size) {
  struct address a = { 0, 0, size };
  if (size == 4) {
    uint32_t low;
    memcpy(&low, bytes, 4);
    a.low = low;
  } else if (size == 16) {
    memcpy(&a.low, bytes, 8);
    memcpy(&a.high, bytes + 8, 8);
  } else {
    memcpy(&a.low, bytes, size < 8 ? size : 8);
  }
  return a;
}

static bool same_address(const struct address *a, const struct address *b) {
  return a->low == b->low && a->high == b->high && a->size == b->size;
}

static void push_formatted(lua_State *L, const struct tap_value *v) {
  char buffer[64];
  struct tap_text text;
  tap_text_begin(&text, buffer, sizeof buffer);
  tap_value_put(&text, NULL, v);
  lua_pushlstring(L, buffer, (size_t)(text.at - buffer));
}

/* Push the text of an address that has no entry, and give it one.  Its text is set first: that may
 * raise, and then the entry still means the text that it had. */
static __attribute__((noinline)) void learn_address(lua_State *L, struct address *set,
                                                    unsigned first, struct address wanted,
                                                    const struct tap_value *v) {
  unsigned way = set[0].size == 0 ? 0 : 1;
  push_formatted(L, v);
  lua_pushvalue(L, -1);
  lua_rawseti(L, lua_upvalueindex(TAPL_TEXTS), first + way);
  set[way] = wanted;
}

/* A product's upper bits depend on all of the address.  Who collides is only formatted again. */
static inline unsigned set_number(const struct address *a) {
  return (unsigned)((a->low ^ a->high * 31) * 0x9e3779b97f4a7c15u >> (64 - SET_BITS));
}

static void push_address(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  const struct address wanted = address_of(v->bytes, v->size);
  unsigned number = set_number(&wanted);
  unsigned first = number * WAYS + 1;
  struct address *set = x->addresses->set[number];
  if (same_address(&set[0], &wanted))
    lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), first);
  else if (same_address(&set[1], &wanted))
    lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), first + 1);
  else
    learn_address(L, set, first, wanted, v);
}

static void push_text(lua_State *L, const struct tap_ref *ref, const struct tap_value *v) {
  char buffer[FORMAT_BUFFER];
  struct tap_text text;
  const char *name =
      tap_type_is_number(v->type) ? tap_field_value_name(ref->field, v->number) : NULL;
  tap_text_begin(&text, buffer, sizeof buffer);
  if (name != NULL)
    tap_text_put(&text, name);
  else
    tap_value_put(&text, ref->field, v);
  lua_pushlstring(L, buffer, (size_t)(text.at - buffer));
}

/* The bytes of a number as they stand on the wire. */
static void push_number_bytes(lua_State *L, const struct tap_ref *ref, uint64_t n) {
  char bytes[8];
  size_t size = tap_ref_width(ref);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (char)(n >> 8 * (size - 1 - i));
  lua_pushlstring(L, bytes, size);
}

static void push_form(lua_State *L, const struct tap_ref *ref, const struct tap_value *v) {
  if (ref->form == TAP_FORM_TEXT)
    push_text(L, ref, v);
  else if (tap_type_is_number(v->type))
    push_number_bytes(L, ref, v->number);
  else
    lua_pushlstring(L, (const char *)v->bytes, v->size);
}

static inline void push_value(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                              const struct tap_value *v) {
  if (ref->form != TAP_FORM_VALUE)
    push_form(L, ref, v);
  else if (v->type == TAP_UINT || v->type == TAP_INT || v->type == TAP_TIME)
    lua_pushinteger(L, (lua_Integer)v->number);
  else if (v->type == TAP_FLAG)
    lua_pushboolean(L, v->number != 0);
  else if (v->type == TAP_BYTES || v->type == TAP_STRING)
    lua_pushlstring(L, (const char *)v->bytes, v->size);
  else
    push_address(L, x, v);
}

void tapL_pushvalue(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                    const struct tap_value *v) {
  push_value(L, x, ref, v);
}

int tapL_pushfields(lua_State *L, struct tapL_context *x, const struct tap_ref *refs, int count,
                    const struct tap_packet *p) {
  struct tap_value v;
  for (int i = 0; i < count; i++) {
    if (tap_ref_read(&refs[i], p, &v)) {
      push_value(L, x, &refs[i], &v);
      continue;
    }
    if (!refs[i].optional) {
      lua_pop(L, i);
      return 0;
    }
    lua_pushnil(L);
  }
  return count;
}

void tapL_checkref(lua_State *L, int index, struct tap_ref *out) {
  struct tap_err e;
  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "a field's name must be a string, not %s", luaL_typename(L, index));
  if (tap_registry_find(tapL_context(L)->registry, lua_tostring(L, index), out, &e) != 0)
    luaL_error(L, "%s", e.what);
  if (out->form == TAP_FORM_ID)
    luaL_error(L, "'%s': the form ':id' is not part of this version", lua_tostring(L, index));
}

static bool to_mac(const char *text, uint8_t *buffer) {
  unsigned part[6];
  char rest;
  if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &part[0], &part[1], &part[2], &part[3], &part[4],
             &part[5], &rest) != 6)
    return false;
  for (int i = 0; i < 6; i++)
    buffer[i] = (uint8_t)part[i];
  return true;
}

static bool to_address(const char *text, uint8_t *buffer, struct tap_value *out) {
  out->bytes = buffer;
  if (inet_pton(AF_INET, text, buffer) == 1) {
    out->type = TAP_IPV4;
    out->size = 4;
  } else if (inet_pton(AF_INET6, text, buffer) == 1) {
    out->type = TAP_IPV6;
    out->size = 16;
  } else {
    out->type = TAP_MAC;
    out->size = 6;
    return to_mac(text, buffer);
  }
  return true;
}

static bool to_number(lua_State *L, int index, struct tap_value *out) {
  int is_integer;
  if (lua_isboolean(L, index)) {
    out->number = (uint64_t)lua_toboolean(L, index);
    return true;
  }
  out->number = (uint64_t)lua_tointegerx(L, index, &is_integer);
  return is_integer != 0;
}

bool tapL_tovalue(lua_State *L, int index, const struct tap_ref *ref, uint8_t *buffer,
                  struct tap_value *out) {
  size_t size;
  out->type = ref->field == NULL ? TAP_FLAG : ref->field->type;
  if (tap_type_is_number(out->type)) return to_number(L, index, out);
  if (lua_type(L, index) != LUA_TSTRING) return false;
  if (out->type != TAP_BYTES && out->type != TAP_STRING)
    return to_address(lua_tostring(L, index), buffer, out);
  out->bytes = (const uint8_t *)lua_tolstring(L, index, &size);
  out->size = (uint32_t)size;
  return true;
}
