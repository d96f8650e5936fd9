/* SPDX-License-Identifier: MIT
 *
 * The two bytes that Cisco's framing (HDLC, frame relay) ends in: EtherTypes,
 * but for a few numbers that mean something else there.
 */
#ifndef TAP_PROTO_CISCO_H
#define TAP_PROTO_CISCO_H

#include "proto/ethertype.h"
#include "proto/protocol.h"

/* Keys of TAP_BY_CISCO. */
enum { TAP_CISCO_PVST = 0x010b, TAP_CISCO_CDP = 0x2000, TAP_CISCO_SLARP = 0x8035 };

/* Tell the walk what follows 'type'. */
static inline enum tap_verdict tap_cisco_follow(struct tap_step *out, unsigned type) {
  bool own = type == TAP_CISCO_CDP || type == TAP_CISCO_SLARP;
  out->table = own ? TAP_BY_CISCO : TAP_BY_ETHERTYPE;
  out->key = (uint16_t)type;
  return type >= TAP_ETHERTYPE_MIN ? TAP_PAYLOAD : TAP_LAST;
}

#endif
