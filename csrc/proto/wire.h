/* SPDX-License-Identifier: MIT
 *
 * Lengths as they were on the wire, for frames of which only a part was
 * captured: a layer's end is where the captured bytes end, the headers know
 * where it ended before the cut.
 */
#ifndef TAP_PROTO_WIRE_H
#define TAP_PROTO_WIRE_H

#include "proto/packet.h"

/* Offset in the frame where the layer's payload ended on the wire. */
uint32_t tap_wire_end(const struct tap_packet *p, const struct tap_layer *layer);

#endif
