/* SPDX-License-Identifier: MIT
 *
 * Ethernet in IP (RFC 3378): two bytes, of which only the version counts.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { IP_PROTO_ETHERIP = 97 };

static enum tap_verdict etherip_parse(struct tap_cursor *c, struct tap_step *out) {
  if (tap_take(c, 2) == NULL) return TAP_TRUNCATED;
  return tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED);
}

static const struct tap_field fields[] = {
  TAP_PLACE("etherip.ver", "Version", TAP_UINT, 0, 4),
  TAP_PLACE("etherip.reserved", "Reserved", TAP_UINT, 4, 12, .flags = TAP_HEX),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_ETHERIP } };

const struct tap_protocol tap_etherip_protocol = {
  .name = "etherip",
  .title = "Ethernet over IP",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = etherip_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
