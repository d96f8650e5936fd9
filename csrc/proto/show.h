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
void tap_show_tree(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
void tap_show_json(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);
void tap_show_hex(struct tap_text *t, const struct tap_packet *p);

#endif
