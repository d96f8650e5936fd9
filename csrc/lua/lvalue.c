/* SPDX-License-Identifier: MIT
 *
 * The address cache is a hash table of 16384 entries, of which half are ever
 * used: when they are, it begins anew, so it goes with the traffic.  A search
 * ends at a free entry; one that gives up behind 64 takes the place of the
 * entry where it began.  The texts themselves are Lua strings in the table that
 * every function of the module has as an upvalue, at the entry's number.
 */
#include "lua/lvalue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "proto/form.h"
#include "proto/value.h"

enum { ENTRY_BITS = 14, ENTRIES = 1 << ENTRY_BITS, USED_MAX = ENTRIES / 2, SEARCHED = 64 };
enum { TEXT_BUFFER = 4096, SHORT_TEXT = 64 };

struct address {
  uint64_t low, high;
  uint64_t kind; /* its size, and above the low byte the bits of a prefix; 0: a free entry */
};

struct tapL_addresses {
  unsigned used;
  struct address entry[ENTRIES];
};

struct tapL_addresses *tapL_newaddresses(lua_State *L) {
  struct tapL_addresses *addresses = lua_newuserdatauv(L, sizeof *addresses, 0);
  memset(addresses, 0, sizeof *addresses);
  return addresses;
}

static inline struct address address_of(const uint8_t *bytes, uint32_t size, uint64_t bits) {
  struct address a = { 0, 0, size | bits << 8 };
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

static inline bool same_address(const struct address *a, const struct address *b) {
  return a->low == b->low && a->high == b->high && a->kind == b->kind;
}

/* A product's upper bits depend on all of the address. */
static inline unsigned home_of(const struct address *a) {
  return (unsigned)((a->low ^ a->high * 31) * 0x9e3779b97f4a7c15u >> (64 - ENTRY_BITS));
}

static void push_formatted(lua_State *L, const struct tap_ref *ref, const struct tap_value *v) {
  char buffer[SHORT_TEXT];
  struct tap_text text;
  tap_text_begin(&text, buffer, sizeof buffer);
  tap_form_put(&text, ref, v);
  lua_pushlstring(L, buffer, (size_t)(text.at - buffer));
}

/* Push the text of an address that is not at home, and let it have an entry.  Its text is set
 * first: that may raise, and then the entry still means the text that it had. */
static __attribute__((noinline)) void push_strayed(lua_State *L, struct tapL_addresses *addresses,
                                                   unsigned home, struct address wanted,
                                                   const struct tap_ref *ref,
                                                   const struct tap_value *v) {
  unsigned at = home, left = SEARCHED;
  while (left > 0 && addresses->entry[at].kind != 0) {
    if (same_address(&addresses->entry[at], &wanted)) {
      lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), at + 1);
      return;
    }
    at = (at + 1) & (ENTRIES - 1);
    left--;
  }
  if (left == 0) at = home;
  if (addresses->used == USED_MAX) {
    memset(addresses, 0, sizeof *addresses);
    at = home;
  }
  push_formatted(L, ref, v);
  lua_pushvalue(L, -1);
  lua_rawseti(L, lua_upvalueindex(TAPL_TEXTS), at + 1);
  if (addresses->entry[at].kind == 0) addresses->used++;
  addresses->entry[at] = wanted;
}

static inline void push_address(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                                uint64_t bits, const struct tap_value *v) {
  const struct address wanted = address_of(v->bytes, v->size, bits);
  unsigned home = home_of(&wanted);
  if (same_address(&x->addresses->entry[home], &wanted))
    lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), home + 1);
  else
    push_strayed(L, x->addresses, home, wanted, ref, v);
}

/* A value as its type says, whatever field it is of. */
static inline void push_plain(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  static const struct tap_ref no_form = { 0 };
  if (v->type < TAP_FLAG) /* the other kinds of numbers */
    lua_pushinteger(L, (lua_Integer)v->number);
  else if (v->type == TAP_FLAG)
    lua_pushboolean(L, v->number != 0);
  else if (v->type == TAP_BYTES || v->type == TAP_STRING)
    lua_pushlstring(L, (const char *)v->bytes, v->size);
  else if (v->type == TAP_FLOAT)
    lua_pushnumber(L, tap_value_double(v));
  else
    push_address(L, x, &no_form, 0, v);
}

void tapL_pushplain(lua_State *L, struct tapL_context *x, const struct tap_value *v) {
  push_plain(L, x, v);
}

void tapL_pushshaped(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                     const struct tap_value *v) {
  if (ref->form == TAP_FORM_ID)
    lua_pushinteger(L, (lua_Integer)tapL_idof(L, x, v));
  else if (ref->form == TAP_FORM_PREFIX)
    push_address(L, x, ref, ref->range, v);
  else
    push_plain(L, x, v);
}

/* Bytes and text of any length as the text of columns. */
static void write_text(struct tap_text *text, const void *what) {
  tap_value_put(text, NULL, what);
}

static __attribute__((noinline)) void push_form(lua_State *L, struct tapL_context *x,
                                                const struct tap_ref *ref, struct tap_value *v) {
  if (ref->form == TAP_FORM_TEXT && (v->type == TAP_BYTES || v->type == TAP_STRING)) {
    tapL_pushgrown(L, TEXT_BUFFER, write_text, v);
    return;
  }
  tap_form_shape(ref, v);
  tapL_pushshaped(L, x, ref, v);
}

static inline void push_value(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                              struct tap_value *v) {
  if (ref->form != TAP_FORM_VALUE)
    push_form(L, x, ref, v);
  else
    push_plain(L, x, v);
}

void tapL_pushvalue(lua_State *L, struct tapL_context *x, const struct tap_ref *ref,
                    struct tap_value *v) {
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
