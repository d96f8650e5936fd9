/* SPDX-License-Identifier: MIT
 *
 * A decoded packet: a frame and the layers found in it, outermost first.  A
 * layer is only where a header lies; values are read from the bytes when
 * somebody asks (field.h).  It borrows the frame and owns nothing.
 */
#ifndef TAP_PROTO_PACKET_H
#define TAP_PROTO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"

enum { TAP_LAYERS_MAX = 24, TAP_NO_LAYER = 0xff };

/* Where the layer of a lifted tag starts: at the type behind it, where no other layer does. */
enum { TAP_LIFTED_START = 12 };

struct tap_layer {
  uint16_t protocol; /* its number in the registry */
  uint16_t header;   /* bytes of the header that are here; 0 for a tag that the kernel lifted */
  uint32_t start;    /* offset of the header in the frame */
  uint32_t end;      /* offset where the payload ends (padding left out) */
};

/* When the frames of a pass came, as far as it has got: a batch of them, and what came before. */
struct tap_times {
  const struct tap_frame *frames; /* the batch */
  int64_t first_ns, before_ns;    /* the first frame of the pass, the last one before the batch */
};

struct tap_walk;
struct tap_flow;

struct tap_packet {
  const struct tap_frame *frame;
  struct tap_flow *flow;         /* its conversation, where the pass tracks them; or NULL */
  const struct tap_walk *walk;   /* that found the layers */
  const struct tap_times *times; /* NULL: of no pass.  Set by who makes the packet; decoding a
                                     batch leaves it alone */
  uint64_t number;               /* 1 is the first frame of the pass */
  uint8_t count;                 /* of layers */
  uint8_t fault;                 /* enum tap_verdict: TAP_PAYLOAD where all is well, and the
                             faulty layer is the last one */
  uint8_t network;               /* index of the outermost layer with addresses, or TAP_NO_LAYER */
  uint8_t transport;             /* index of the outermost layer with ports, or TAP_NO_LAYER */
  uint8_t flow_way;              /* direction within its flow: 0 is that of who began */
  struct tap_layer layer[TAP_LAYERS_MAX];
};

struct tap_value;

/* Read occurrence 'nth' (0 is the first) of a field within one layer; false where there is
 * none.  'layer' is NULL for fields of the frame and of no single protocol (src, dport). */
typedef bool tap_reader(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out);

/* The outermost layer of a protocol from layer 'from' on, or NULL. */
static inline const struct tap_layer *tap_packet_layer(const struct tap_packet *p,
                                                       unsigned protocol, unsigned from) {
  for (unsigned i = from; i < p->count; i++)
    if (p->layer[i].protocol == protocol) return &p->layer[i];
  return NULL;
}

/* Is this the layer of a VLAN tag that the kernel lifted out of the bytes? */
static inline bool tap_layer_lifted(const struct tap_packet *p, const struct tap_layer *layer) {
  return (p->frame->flags & TAP_FRAME_TAG_LIFTED) != 0 && layer == &p->layer[1] &&
         layer->header == 0 && layer->start == TAP_LIFTED_START;
}

/* Put a VLAN tag that the kernel lifted back into the bytes, so that they read as they were
 * on the wire; offsets of layers follow.  Nothing happens where no tag was lifted, or where the
 * frame was cut before the tag's place. */
void tap_packet_restore_tag(struct tap_packet *p, struct tap_frame *frame);

/* What is wrong with a packet, in words ("tcp: truncated at byte 44"), or NULL.  The text is
 * put in 'buffer'. */
struct tap_registry;
const char *tap_packet_fault(const struct tap_packet *p, const struct tap_registry *r, char *buffer,
                             unsigned size);

#endif
