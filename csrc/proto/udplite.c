/* SPDX-License-Identifier: MIT
 *
 * UDP-Lite (RFC 3828): UDP, but for a number of bytes that the checksum
 * covers where the length stood; the length is that of the packet.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/frequent.h"
#include "proto/read.h"

enum { IP_PROTO_UDPLITE = 136 };

static enum tap_verdict udplite_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, TAP_UDP_HEADER);
  if (h == NULL) return TAP_TRUNCATED;
  tap_follow_ports(out, TAP_BY_UDP_PORT, h);
  return TAP_PAYLOAD;
}

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, nth * 2, 2), 2);
}

/* tshark calls these udp.*; a name has one protocol here. */
static const struct tap_field fields[] = {
  TAP_PLACE("udplite.srcport", "Source Port", TAP_UINT, 0, 16),
  TAP_PLACE("udplite.dstport", "Destination Port", TAP_UINT, 16, 16),
  TAP_READ("udplite.port", "Source or Destination Port", TAP_UINT, read_port,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_PLACE("udplite.checksum_coverage", "Checksum Coverage", TAP_UINT, 32, 16, .unit = "bytes"),
  TAP_PLACE("udplite.checksum", "Checksum", TAP_UINT, 48, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("udplite.checksum.status", tap_csum_udplite),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_UDPLITE } };

const struct tap_protocol tap_udplite_protocol = {
  .name = "udplite",
  .title = "Lightweight User Datagram Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = udplite_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_UDP_PORT,
  .ports = { .bytes = 2, .src = 0, .dst = 2 },
};
