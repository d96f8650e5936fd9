/* SPDX-License-Identifier: MIT
 *
 * Values that are not pushed in line, and values that come from Lua.
 */
#include "lua/lvalue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proto/form.h"
#include "proto/value.h"

enum { TEXT_BUFFER = 4096 };

void tapL_pushplain(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  tapL_pushinline(L, x, v);
}

void tapL_pushshaped(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                     const struct tap_value *v) {
  if (ref->form == TAP_FORM_ID)
    lua_pushinteger(L, (lua_Integer)tapL_idof(L, x, v));
  else if (ref->form == TAP_FORM_PREFIX)
    tapL_pushaddress(L, x->addresses, v, ref->range);
  else
    tapL_pushinline(L, x, v);
}

/* Bytes and text of any length as the text of columns. */
static void write_text(struct tap_text *text, const void *what) {
  tap_value_put(text, NULL, what);
}

static void push_value(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                       struct tap_value *v) {
  if (ref->form == TAP_FORM_VALUE) {
    tapL_pushinline(L, x, v);
  } else if (ref->form == TAP_FORM_TEXT && (v->type == TAP_BYTES || v->type == TAP_STRING)) {
    tapL_pushgrown(L, TEXT_BUFFER, write_text, v);
  } else {
    tap_form_shape(ref, v);
    tapL_pushshaped(L, x, ref, v);
  }
}

bool tapL_pushsearched(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                       const struct tap_packet *p) {
  struct tap_value v;
  if (!tap_ref_search(ref, p, &v)) return false;
  push_value(L, x, ref, &v);
  return true;
}

int tapL_pushfields(lua_State *L, struct tapL_context *x, const struct tap_ref *refs, int count,
                    const struct tap_packet *p) {
  const struct tap_ref *end = refs + count, *stop = tapL_pushrange(L, x, refs, end, p);
  if (stop == end) return count;
  lua_pop(L, (int)(stop - refs));
  return 0;
}

void tapL_checkref(lua_State *L, int index, struct tap_ref *out) {
  struct tap_err e;
  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "a field's name must be a string, not %s", luaL_typename(L, index));
  if (tap_registry_find(tapL_context(L)->registry, lua_tostring(L, index), out, &e) != 0)
    luaL_error(L, "%s", e.what);
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

static bool to_eui64(const char *text, struct tap_value *out) {
  unsigned part[8];
  char rest;
  out->bytes = out->made;
  out->size = 8;
  if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x:%2x:%2x%c", &part[0], &part[1], &part[2], &part[3],
             &part[4], &part[5], &part[6], &part[7], &rest) != 8)
    return false;
  for (int i = 0; i < 8; i++)
    out->made[i] = (uint8_t)part[i];
  return true;
}

static bool to_float(lua_State *L, int index, struct tap_value *out) {
  int is_number;
  double d = lua_tonumberx(L, index, &is_number);
  memcpy(&out->number, &d, sizeof d);
  return is_number != 0;
}

static bool to_address(const char *text, struct tap_value *out) {
  uint8_t *buffer = out->made;
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

/* "192.0.2.0/24": the address alone says which one it is. */
static bool to_prefix(const char *text, const struct tap_ref *ref, struct tap_value *out) {
  char address[INET6_ADDRSTRLEN + 1];
  size_t n = strcspn(text, "/");
  if (n >= sizeof address) return false;
  memcpy(address, text, n);
  address[n] = '\0';
  if (!to_address(address, out)) return false;
  tap_form_shape(ref, out);
  return true;
}

static bool to_bytes(lua_State *L, int index, enum tap_type type, struct tap_value *out) {
  size_t size;
  out->type = (uint8_t)type;
  out->bytes = (const uint8_t *)lua_tolstring(L, index, &size);
  out->size = (uint32_t)size;
  return true;
}

static bool is_address(unsigned type) {
  return type == TAP_IPV4 || type == TAP_IPV6 || type == TAP_MAC;
}

static bool to_plain(lua_State *L, int index, const struct tap_ref *ref, struct tap_value *out) {
  out->type = ref->field == NULL ? TAP_FLAG : ref->field->type;
  if (tap_type_is_number(out->type)) {
    if (!to_number(L, index, out)) return false;
    tap_form_apply(ref, out);
    return true;
  }
  if (out->type == TAP_FLOAT) return to_float(L, index, out);
  if (lua_type(L, index) != LUA_TSTRING) return false;
  if (out->type == TAP_EUI64) return to_eui64(lua_tostring(L, index), out);
  if (is_address(out->type)) return to_prefix(lua_tostring(L, index), ref, out);
  return to_bytes(L, index, (enum tap_type)out->type, out);
}

bool tapL_tovalue(lua_State *L, int index, const struct tap_ref *ref, struct tap_value *out) {
  bool is_text = lua_type(L, index) == LUA_TSTRING;
  switch ((enum tap_form)ref->form) {
  case TAP_FORM_ID: return tapL_toid(L, index, out);
  case TAP_FORM_RAW: return is_text && to_bytes(L, index, TAP_BYTES, out);
  case TAP_FORM_TEXT:
    if (ref->field == NULL || !is_address(ref->field->type))
      return is_text && to_bytes(L, index, TAP_STRING, out);
    break;
  default: break;
  }
  return to_plain(L, index, ref, out);
}
