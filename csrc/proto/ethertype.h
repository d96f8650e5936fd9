/* SPDX-License-Identifier: MIT
 *
 * The two bytes that end an Ethernet header, a VLAN tag and a SNAP header:
 * from 0x600 on they name a protocol, up to 1500 they are the length of an
 * IEEE 802.3 frame, whose payload starts with an LLC header.
 */
#ifndef TAP_PROTO_ETHERTYPE_H
#define TAP_PROTO_ETHERTYPE_H

#include <stdbool.h>

#include "proto/protocol.h"

enum {
  TAP_ETHERTYPE_IP = 0x0800,
  TAP_ETHERTYPE_ARP = 0x0806,
  TAP_ETHERTYPE_RARP = 0x8035,
  TAP_ETHERTYPE_SLOW = 0x8809,
  TAP_ETHERTYPE_EAPOL = 0x888e,
  TAP_ETHERTYPE_LLDP = 0x88cc,
  TAP_ETHERTYPE_VLAN = 0x8100,
  TAP_ETHERTYPE_IPV6 = 0x86dd,
  TAP_ETHERTYPE_8021AD = 0x88a8,
  TAP_ETHERTYPE_QINQ = 0x9100, /* before IEEE 802.1ad gave a number */

  /* what tunnels carry, whose headers use the same numbers */
  TAP_ETHERTYPE_BRIDGED = 0x6558, /* a whole Ethernet frame */
  TAP_ETHERTYPE_PPP = 0x880b,
  TAP_ETHERTYPE_MPLS = 0x8847,
  TAP_ETHERTYPE_MPLS_MULTICAST = 0x8848,

  /* No numbers of the wire: LLC, where the two bytes are a length, and what only GRE carries by
   * numbers that Ethernet has for something else. */
  TAP_ETHERTYPE_LLC = 4,
  TAP_ETHERTYPE_ERSPAN_PLAIN, /* the ERSPAN that has no header of its own */
  TAP_ETHERTYPE_ERSPAN
};

enum { TAP_ETHERTYPE_MIN = 0x600, TAP_8023_LENGTH_MAX = 1500 };

/* Tell the walk what follows the two bytes 'type', and cut the padding of a short 802.3 frame.
 * Novell's raw frames (they start with 0xffff where LLC would be) and the numbers between
 * length and type lead nowhere. */
static inline enum tap_verdict tap_ethertype_follow(struct tap_cursor *c, struct tap_step *out,
                                                    unsigned type) {
  out->table = TAP_BY_ETHERTYPE;
  out->key = (uint16_t)type;
  if (type >= TAP_ETHERTYPE_MIN) return TAP_PAYLOAD;
  if (type == 0 || type > TAP_8023_LENGTH_MAX) return TAP_LAST;
  tap_narrow(c, type);
  if (tap_left(c) >= 2 && tap_be16(c->at) == 0xffff) return TAP_LAST;
  out->key = TAP_ETHERTYPE_LLC;
  return TAP_PAYLOAD;
}

/* Tell the walk that an IP packet follows, of the version that its first bits say; nothing follows
 * where they say another. */
static inline enum tap_verdict tap_ip_follow(const struct tap_cursor *c, struct tap_step *out) {
  unsigned version = tap_left(c) > 0 ? c->at[0] >> 4 : 0;
  if (version != 4 && version != 6) return TAP_LAST;
  out->table = TAP_BY_ETHERTYPE;
  out->key = version == 4 ? TAP_ETHERTYPE_IP : TAP_ETHERTYPE_IPV6;
  return TAP_PAYLOAD;
}

/* Tell the walk what a tunnel carries, by the number of an Ethernet type. */
static inline enum tap_verdict tap_tunnel_follow(struct tap_step *out, unsigned type) {
  out->table = TAP_BY_ETHERTYPE;
  out->key = (uint16_t)type;
  return TAP_PAYLOAD;
}

#endif
