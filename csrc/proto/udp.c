/* SPDX-License-Identifier: MIT
 *
 * UDP (RFC 768).  A length of 0 is a jumbogram's (RFC 2675) or that of a
 * packet which the network card will cut: it means "to the end".
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/frequent.h"
#include "proto/read.h"

enum { UDP_HEADER = 8, UDP_SRC = 0, UDP_DST = 2, UDP_LEN = 4 };
enum { IP_PROTO_UDP = 17 };

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, nth == 0 ? UDP_SRC : UDP_DST, 2), 2);
}

static bool read_payload(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = tap_payload_window(p, layer);
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, UDP_LEN, 2) : NULL;
  if (at == NULL || (tap_be16(at) != 0 && tap_be16(at) < UDP_HEADER)) return false;
  return tap_give_rest(out, TAP_BYTES, &c);
}

static const struct tap_field fields[] = {
  TAP_PLACE("udp.srcport", "Source Port", TAP_UINT, 0, 16),
  TAP_PLACE("udp.dstport", "Destination Port", TAP_UINT, 16, 16),
  TAP_READ("udp.port", "Source or Destination Port", TAP_UINT, read_port,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_PLACE("udp.length", "Length", TAP_UINT, 32, 16, .unit = "bytes"),
  TAP_PLACE("udp.checksum", "Checksum", TAP_UINT, 48, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("udp.checksum.status", tap_csum_udp),
  TAP_READ("udp.payload", "Payload", TAP_BYTES, read_payload, .flags = TAP_HIDDEN),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_UDP } };

const struct tap_protocol tap_udp_protocol = {
  .name = "udp",
  .title = "User Datagram Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = tap_udp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_UDP_PORT,
  .ports = { .bytes = 2, .src = UDP_SRC, .dst = UDP_DST },
};
