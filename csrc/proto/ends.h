/* SPDX-License-Identifier: MIT
 *
 * The ends of a packet, in line: the addresses of its outermost network
 * header, the ports of its outermost transport.  They lie where that layer's
 * protocol says, and are absent where there is no such layer or its header is
 * cut before them.
 */
#ifndef TAP_PROTO_ENDS_H
#define TAP_PROTO_ENDS_H

#include "base/cursor.h"
#include "proto/packet.h"
#include "proto/value.h"
#include "proto/walk.h"

static inline bool tap_ends_address(const struct tap_packet *p, bool source,
                                    struct tap_value *out) {
  const struct tap_layer *layer;
  const struct tap_ends *ends;
  unsigned at;
  if (p->network == TAP_NO_LAYER) return false;
  layer = &p->layer[p->network];
  ends = &p->walk->walkers[layer->protocol].ends;
  at = source ? ends->src : ends->dst;
  if (at + ends->bytes > layer->header) return false;
  out->type = ends->bytes == 4 ? TAP_IPV4 : TAP_IPV6;
  out->bytes = p->frame->data + layer->start + at;
  out->size = ends->bytes;
  return true;
}

static inline bool tap_ends_port(const struct tap_packet *p, bool source, struct tap_value *out) {
  const struct tap_layer *layer;
  const struct tap_ends *ends;
  int at;
  if (p->transport == TAP_NO_LAYER) return false;
  layer = &p->layer[p->transport];
  ends = &p->walk->walkers[layer->protocol].ends;
  at = source ? ends->src : ends->dst;
  if (at > layer->header - 2) return false;
  out->type = TAP_UINT;
  out->number = tap_be16(p->frame->data + layer->start + at);
  return true;
}

#endif
