/* SPDX-License-Identifier: MIT
 *
 * What most packets are, known at once: Ethernet, IPv4 without options and not
 * a later fragment, TCP or UDP, all headers whole.  Their layers lie at places
 * that are constants, so nothing is walked.  Each test here is one that the
 * parsers of frequent.h make too: what fails one of them is left to those.
 */
#ifndef TAP_PROTO_USUAL_H
#define TAP_PROTO_USUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/frequent.h"
#include "proto/packet.h"
#include "proto/walk.h"

enum {
  TAP_USUAL_TCP = 6, /* numbers in the IP header */
  TAP_USUAL_UDP = 17,
  TAP_USUAL_IP = TAP_ETH_HEADER,
  TAP_USUAL_TRANSPORT = TAP_USUAL_IP + TAP_IP_HEADER,
  TAP_USUAL_MIN = TAP_USUAL_TRANSPORT + TAP_UDP_HEADER, /* the shortest of them */
  TAP_USUAL_START = TAP_ETHERTYPE_IP << 8 | TAP_IP_FIRST_MIN,
};

/* Do the numbers lead where the usual packet's do?  Bindings may be changed. */
static inline bool tap_usual_bound(const struct tap_walk *walk) {
  return tap_walk_bound(walk, TAP_BY_ETHERTYPE, TAP_ETHERTYPE_IP) == TAP_PROTO_IP &&
         tap_walk_bound(walk, TAP_BY_IP_PROTO, TAP_USUAL_TCP) == TAP_PROTO_TCP &&
         tap_walk_bound(walk, TAP_BY_IP_PROTO, TAP_USUAL_UDP) == TAP_PROTO_UDP;
}

/* A transport's header as its parser would find it. */
struct tap_usual {
  uint32_t protocol, size, end;
};

/* False: not this one, or not whole. */
static inline bool tap_usual_udp(const uint8_t *h, uint32_t end, struct tap_usual *out) {
  uint32_t length = tap_be16(h + TAP_USUAL_TRANSPORT + TAP_UDP_LEN);
  if (length < TAP_UDP_HEADER) return false;
  if (TAP_USUAL_TRANSPORT + length < end) end = TAP_USUAL_TRANSPORT + length;
  *out = (struct tap_usual){ TAP_PROTO_UDP, TAP_UDP_HEADER, end };
  return true;
}

static inline bool tap_usual_tcp(const uint8_t *h, uint32_t end, struct tap_usual *out) {
  uint32_t room = end - TAP_USUAL_TRANSPORT, size;
  if (room < TAP_TCP_HEADER) return false;
  size = (h[TAP_USUAL_TRANSPORT + TAP_TCP_OFFSET] & 0xf0u) / 4;
  *out = (struct tap_usual){ TAP_PROTO_TCP, size, end };
  return size >= TAP_TCP_HEADER && size <= room;
}

static inline void tap_usual_note(struct tap_packet *out, const struct tap_frame *frame,
                                  uint32_t ip_end, const struct tap_usual *u) {
  out->layer[0] = (struct tap_layer){ TAP_PROTO_ETH, TAP_ETH_HEADER, 0, frame->caplen };
  out->layer[1] = (struct tap_layer){ TAP_PROTO_IP, TAP_IP_HEADER, TAP_USUAL_IP, ip_end };
  out->layer[2] =
      (struct tap_layer){ (uint16_t)u->protocol, (uint16_t)u->size, TAP_USUAL_TRANSPORT, u->end };
  out->count = 3;
  out->fault = TAP_PAYLOAD;
  out->network = 1;
  out->transport = 2;
}

/* Decode an Ethernet frame that is usual, to its transport.  The number of the protocol that
 * follows, if any is wanted, is put in '*next'.  False: it is not usual, and nothing was done. */
static inline __attribute__((always_inline)) bool
tap_usual_decode(const struct tap_walk *walk, const struct tap_frame *frame, unsigned level,
                 struct tap_packet *out, unsigned *next) {
  const uint8_t *h = frame->data;
  struct tap_usual u;
  struct tap_step step = { 0 };
  uint32_t total, end;
  if (frame->caplen < TAP_USUAL_MIN || !walk->is_usual) return false;
  if (tap_be32(h + TAP_ETH_TYPE) >> 8 != TAP_USUAL_START) return false;
  if ((tap_be16(h + TAP_USUAL_IP + TAP_IP_FRAGMENT) & 0x1fff) != 0) return false;
  total = tap_be16(h + TAP_USUAL_IP + TAP_IP_LEN);
  if (total < TAP_IP_HEADER + TAP_UDP_HEADER) return false;
  end = TAP_USUAL_IP + total < frame->caplen ? TAP_USUAL_IP + total : frame->caplen;
  switch (h[TAP_USUAL_IP + TAP_IP_PROTO]) {
  case TAP_USUAL_UDP:
    if (!tap_usual_udp(h, end, &u)) return false;
    break;
  case TAP_USUAL_TCP:
    if (!tap_usual_tcp(h, end, &u)) return false;
    break;
  default: return false;
  }
  tap_usual_note(out, frame, end, &u);
  *next = TAP_NONE_NEXT;
  if (level < walk->over_ports) return true;
  tap_follow_ports(&step, u.protocol == TAP_PROTO_UDP ? TAP_BY_UDP_PORT : TAP_BY_TCP_PORT,
                   h + TAP_USUAL_TRANSPORT);
  *next = tap_walk_next(walk, &step);
  return true;
}

#endif
