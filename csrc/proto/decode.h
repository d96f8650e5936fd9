/* SPDX-License-Identifier: MIT
 *
 * The walk over a frame's headers: one protocol after the other, as deep as
 * somebody asked for.  It never fails: what decoded stays, 'fault' says the rest.
 */
#ifndef TAP_PROTO_DECODE_H
#define TAP_PROTO_DECODE_H

#include "proto/packet.h"
#include "proto/registry.h"

/* Decode 'frame' into 'out' down to 'level'.  out->number is left to the caller. */
void tap_decode(const struct tap_registry *r, const struct tap_frame *frame, enum tap_level level,
                struct tap_packet *out);

/* The same for a batch, with the bytes of frames ahead fetched meanwhile. */
void tap_decode_batch(const struct tap_registry *r, const struct tap_frame *frames, unsigned n,
                      enum tap_level level, struct tap_packet *out);

/* Decode a frame that begins with the header of a protocol, whatever its link type, in full. */
void tap_decode_from(const struct tap_registry *r, const struct tap_frame *frame, unsigned protocol,
                     struct tap_packet *out);

#endif
