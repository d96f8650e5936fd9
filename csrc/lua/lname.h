/* SPDX-License-Identifier: MIT
 *
 * What a name means after a packet (p.tcp_dstport, p.tcp, p.fault) or after a
 * layer's view (p.tcp.dstport).  Looked up once, then found by the address of
 * the interned string.
 */
#ifndef TAP_LUA_LNAME_H
#define TAP_LUA_LNAME_H

#include "lua/lapi.h"

enum tapL_meaning { TAPL_FIELD, TAPL_LAYER, TAPL_METHOD, TAPL_FAULT };

struct tapL_name {
  const void *string; /* address of the interned name; anchored while it stands here */
  uint16_t protocol;  /* of the view; TAP_ANY_PROTOCOL: after a packet */
  uint8_t meaning;    /* enum tapL_meaning */
  struct tap_ref ref; /* of TAPL_FIELD, TAPL_LAYER */
};

/* How the functions of a class find names: upvalues behind the module's own. */
enum { TAPL_METHODS = TAPL_UPVALUES + 1, TAPL_ANCHORS = TAPL_UPVALUES + 2 };

struct tapL_names *tapL_names_new(void);

/* The meaning of the string at 'index'; raises where it has none. */
const struct tapL_name *tapL_name(lua_State *L, struct tapL_context *x, int index,
                                  unsigned protocol);

#endif
