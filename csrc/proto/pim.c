/* SPDX-License-Identifier: MIT
 *
 * PIM, version 2 (RFC 7761): the header of four bytes that all messages have.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/read.h"

enum { IP_PROTO_PIM = 103, PIM_HEADER = 4 };

static enum tap_verdict pim_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, PIM_HEADER) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

static const struct tap_name type_names[] = {
  { 0, "Hello" },         { 1, "Register" },  { 2, "Register-Stop" },
  { 3, "Join/Prune" },    { 4, "Bootstrap" }, { 5, "Assert" },
  { 6, "Graft" },         { 7, "Graft-Ack" }, { 8, "Candidate RP Advertisement" },
  { 9, "State Refresh" }, { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("pim.version", "Version", TAP_UINT, 0, 4),
  TAP_PLACE("pim.type", "Type", TAP_UINT, 4, 4, .names = type_names),
  TAP_PLACE("pim.cksum", "Checksum", TAP_UINT, 16, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("pim.cksum.status", tap_csum_pim),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_PIM } };

const struct tap_protocol tap_pim_protocol = {
  .name = "pim",
  .title = "Protocol Independent Multicast",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = pim_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
