/* SPDX-License-Identifier: MIT
 *
 * A packet's bytes by offset: p:u16(offset, base).  The base is a protocol's
 * name (where its header starts), "payload" (what follows the last header
 * that was decoded) or nothing (the frame).  What lies behind the captured
 * bytes reads as nil.
 */
#include <string.h>

#include "base/cursor.h"
#include "lua/lpacket.h"
#include "proto/field.h"

static struct tap_cursor window(const struct tap_packet *p, uint32_t start, uint32_t end) {
  uint32_t caplen = p->frame->caplen;
  if (end > caplen) end = caplen;
  if (start > end) start = end;
  return (struct tap_cursor){ p->frame->data + start, p->frame->data + end };
}

static struct tap_cursor payload(const struct tap_packet *p) {
  const struct tap_layer *last;
  if (p->count == 0) return window(p, 0, UINT32_MAX);
  last = &p->layer[p->count - 1];
  return window(p, last->start + last->header, last->end);
}

/* The window that the base at 'index' names; false where the packet has no such layer. */
static bool find_base(lua_State *L, int index, struct tapL_packet *h, struct tap_cursor *out) {
  const char *base = luaL_optstring(L, index, NULL);
  const struct tap_layer *layer;
  unsigned protocol;
  if (base == NULL) {
    *out = window(h->packet, 0, UINT32_MAX);
    return true;
  }
  if (strcmp(base, "payload") == 0) {
    *out = payload(h->packet);
    return true;
  }
  protocol = tap_registry_protocol(tapL_context(L)->registry, base);
  if (protocol == TAP_NO_PROTOCOL)
    luaL_argerror(L, index, lua_pushfstring(L, "no protocol '%s'", base));
  layer = tap_packet_layer(h->packet, protocol, 0);
  if (layer == NULL) return false;
  *out = window(h->packet, layer->start, layer->end);
  return true;
}

/* The bytes at the offset (argument 2) from the base (argument 3), or NULL. */
static const uint8_t *bytes_at(lua_State *L, size_t size) {
  struct tapL_packet *h = tapL_checkwhole(L, 1);
  lua_Integer offset = luaL_optinteger(L, 2, 0);
  struct tap_cursor c;
  luaL_argcheck(L, offset >= 0, 2, "an offset cannot be negative");
  if (!find_base(L, 3, h, &c)) return NULL;
  if ((size_t)offset > tap_left(&c)) return NULL;
  tap_take(&c, (size_t)offset);
  return tap_take(&c, size);
}

static uint64_t load_le(const uint8_t *p, unsigned size) {
  uint64_t n = 0;
  while (size-- > 0)
    n = n << 8 | p[size];
  return n;
}

static int push_number(lua_State *L, unsigned size, bool little, bool is_signed) {
  const uint8_t *p = bytes_at(L, size);
  unsigned unused = 64 - 8 * size;
  uint64_t n;
  if (p == NULL) {
    lua_pushnil(L);
    return 1;
  }
  n = little ? load_le(p, size) : tap_load_be(p, size);
  if (is_signed) n = (uint64_t)((int64_t)(n << unused) >> unused);
  lua_pushinteger(L, (lua_Integer)n);
  return 1;
}

static int packet_u8(lua_State *L) {
  return push_number(L, 1, false, false);
}
static int packet_u16(lua_State *L) {
  return push_number(L, 2, false, false);
}
static int packet_u32(lua_State *L) {
  return push_number(L, 4, false, false);
}
static int packet_u64(lua_State *L) {
  return push_number(L, 8, false, false);
}
static int packet_i8(lua_State *L) {
  return push_number(L, 1, false, true);
}
static int packet_i16(lua_State *L) {
  return push_number(L, 2, false, true);
}
static int packet_i32(lua_State *L) {
  return push_number(L, 4, false, true);
}
static int packet_i64(lua_State *L) {
  return push_number(L, 8, false, true);
}
static int packet_u16le(lua_State *L) {
  return push_number(L, 2, true, false);
}
static int packet_u32le(lua_State *L) {
  return push_number(L, 4, true, false);
}
static int packet_u64le(lua_State *L) {
  return push_number(L, 8, true, false);
}
static int packet_i16le(lua_State *L) {
  return push_number(L, 2, true, true);
}
static int packet_i32le(lua_State *L) {
  return push_number(L, 4, true, true);
}
static int packet_i64le(lua_State *L) {
  return push_number(L, 8, true, true);
}

/* p:bytes(offset, n, base): n bytes, or all up to the base's end; nil where they are not there. */
static int packet_bytes(lua_State *L) {
  struct tapL_packet *h = tapL_checkwhole(L, 1);
  lua_Integer offset = luaL_optinteger(L, 2, 0), n;
  struct tap_cursor c;
  luaL_argcheck(L, offset >= 0, 2, "an offset cannot be negative");
  if (!find_base(L, 4, h, &c) || (size_t)offset > tap_left(&c)) {
    lua_pushnil(L);
    return 1;
  }
  tap_take(&c, (size_t)offset);
  n = luaL_optinteger(L, 3, (lua_Integer)tap_left(&c));
  luaL_argcheck(L, n >= 0, 3, "a length cannot be negative");
  if ((size_t)n > tap_left(&c))
    lua_pushnil(L);
  else
    lua_pushlstring(L, (const char *)c.at, (size_t)n);
  return 1;
}

static int packet_payload(lua_State *L) {
  struct tap_cursor c = payload(tapL_checkwhole(L, 1)->packet);
  lua_pushlstring(L, (const char *)c.at, tap_left(&c));
  return 1;
}

const luaL_Reg tapL_byte_methods[] = {
  { "bytes", packet_bytes },
  { "i16", packet_i16 },
  { "i16le", packet_i16le },
  { "i32", packet_i32 },
  { "i32le", packet_i32le },
  { "i64", packet_i64 },
  { "i64le", packet_i64le },
  { "i8", packet_i8 },
  { "payload", packet_payload },
  { "u16", packet_u16 },
  { "u16le", packet_u16le },
  { "u32", packet_u32 },
  { "u32le", packet_u32le },
  { "u64", packet_u64 },
  { "u64le", packet_u64le },
  { "u8", packet_u8 },
  { NULL, NULL },
};
