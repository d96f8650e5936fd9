/* SPDX-License-Identifier: MIT
 *
 * A packet as text for people and programs: one line in the manner of
 * tcpdump, a tree, JSON, a hex dump.  All of it comes from the rows of the
 * registry, but for the line, which each protocol's word order decides.
 */
#ifndef TAP_PROTO_SHOW_H
#define TAP_PROTO_SHOW_H

#include "base/text.h"
#include "proto/packet.h"
#include "proto/registry.h"

void tap_show_line(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
/* The line with the words of its link headers, as with tcpdump -e. */
void tap_show_link(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
void tap_show_tree(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
void tap_show_json(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
void tap_show_hex(struct tap_text *t, const struct tap_packet *p);

/* The captured bytes from 'start' on, as tcpdump's -x, -X and -A show them. */
enum tap_bytes { TAP_BYTES_HEX, TAP_BYTES_BOTH, TAP_BYTES_ASCII };
void tap_show_bytes(struct tap_text *t, const struct tap_packet *p, uint32_t start,
                    enum tap_bytes form);

/* Where the packet's link headers end, tags included. */
uint32_t tap_link_end(const struct tap_registry *r, const struct tap_packet *p);

#endif
