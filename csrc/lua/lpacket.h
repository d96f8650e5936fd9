/* SPDX-License-Identifier: MIT
 *
 * The packet object.  A handle points at the packet at hand or at nothing,
 * never at memory of a ring by itself: who lends a packet out aims the handle
 * before the call and clears it after.  An owned packet (copy, tap.packet)
 * carries its bytes and is valid for ever.
 */
#ifndef TAP_LUA_LPACKET_H
#define TAP_LUA_LPACKET_H

#include "lua/lapi.h"
#include "proto/packet.h"

struct tapL_packet {
  struct tapL_context *context;
  const void *magic;         /* tells a handle from other userdata without a table look-up */
  struct tap_packet *packet; /* NULL: the callback has returned */
  struct tap_frame *frame;   /* packet's frame, where a tag may be put back */
};

/* Push a handle that is aimed at nothing. */
struct tapL_packet *tapL_newpacket(lua_State *L);

/* The handle at 'index', aimed at a packet; raises where it is neither. */
struct tapL_packet *tapL_checkpacket(lua_State *L, int index);

/* The same for who looks at its bytes: a tag that the kernel lifted out is put back first, so that
 * offsets are those of the wire from the first look on. */
struct tapL_packet *tapL_checkwhole(lua_State *L, int index);

/* Raise the one error that tells a stale handle. */
int tapL_stalepacket(lua_State *L);

/* Push an owned packet that begins with a protocol's header. */
void tapL_pushheader(lua_State *L, const char *bytes, size_t size, unsigned protocol);

/* llayer.c: push the view of the handle's outermost layer of 'protocol', or nil. */
void tapL_pushlayer(lua_State *L, int handle, unsigned protocol);

/* llayer.c: make its class; the table that anchors names is at 'anchors'. */
void tapL_newlayerclass(lua_State *L, int anchors);

/* lbytes.c: the methods that read bytes (u8, u16le, bytes, payload). */
extern const luaL_Reg tapL_byte_methods[];

#endif
