/* SPDX-License-Identifier: MIT
 *
 * A layer that ends before the captured bytes do was ended by a length field,
 * and ended there on the wire too.  One that ends with them may have been cut
 * with the frame: then the length field of the IP header around it tells.
 */
#include "proto/wire.h"

#include "proto/builtin.h"
#include "proto/read.h"

/* What the layer's own length field says, 'limit' where it says nothing. */
static uint32_t declared_end(const struct tap_packet *p, const struct tap_layer *layer,
                             uint32_t limit) {
  const uint8_t *at;
  uint32_t end = limit;
  if (layer->protocol == TAP_PROTO_IP && (at = tap_header_at(p, layer, 2, 2)) != NULL)
    end = tap_be16(at) == 0 ? limit : layer->start + tap_be16(at);
  if (layer->protocol == TAP_PROTO_IPV6 && (at = tap_header_at(p, layer, 4, 2)) != NULL)
    end = tap_be16(at) == 0 ? limit : layer->start + 40 + tap_be16(at);
  return end < limit ? end : limit;
}

uint32_t tap_wire_end(const struct tap_packet *p, const struct tap_layer *layer) {
  uint32_t end = p->frame->len;
  if (layer->end < p->frame->caplen || end <= p->frame->caplen) return layer->end;
  for (const struct tap_layer *l = p->layer; l <= layer; l++)
    end = declared_end(p, l, end);
  return end;
}
