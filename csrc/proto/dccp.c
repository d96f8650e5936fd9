/* SPDX-License-Identifier: MIT
 *
 * DCCP (RFC 4340): a generic header of twelve bytes, or sixteen with long
 * sequence numbers, and behind it what each type has.  The data offset counts
 * all of it, options included.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/read.h"

enum { IP_PROTO_DCCP = 33, HEADER_SHORT = 12, HEADER_LONG = 16 };
enum { REQUEST = 0, RESPONSE = 1, DATA = 2, RESET = 7, RESERVED = 10 };

static bool is_long(const uint8_t *h) {
  return (h[8] & 1) != 0;
}

static unsigned type_of(const uint8_t *h) {
  return h[8] >> 1 & 15;
}

static enum tap_verdict dccp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  size_t least;
  (void)out;
  if (tap_left(c) < HEADER_SHORT) return TAP_TRUNCATED;
  least = is_long(h) ? HEADER_LONG : HEADER_SHORT;
  if (h[4] * (size_t)4 < least) {
    tap_take(c, HEADER_SHORT);
    return TAP_MALFORMED;
  }
  return tap_take(c, h[4] * (size_t)4) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, nth * 2, 2), 2);
}

static bool read_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 9) : NULL;
  if (h == NULL) return false;
  if (!is_long(h)) return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 9, 3), 3);
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 10, 6), 6);
}

/* Only what opens a connection and plain data acknowledge nothing. */
static bool read_ack(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 9) : NULL;
  if (h == NULL || type_of(h) == REQUEST || type_of(h) == DATA || type_of(h) >= RESERVED)
    return false;
  if (!is_long(h)) return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 13, 3), 3);
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 18, 6), 6);
}

static bool read_service(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 9) : NULL;
  if (h == NULL || !is_long(h) || type_of(h) > RESPONSE) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, type_of(h) == REQUEST ? 16 : 24, 4),
                       4);
}

static bool read_reset(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 9) : NULL;
  if (h == NULL || !is_long(h) || type_of(h) != RESET) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 24, 1), 1);
}

static const struct tap_name type_names[] = {
  { REQUEST, "Request" }, { RESPONSE, "Response" }, { DATA, "Data" }, { 3, "Ack" },
  { 4, "DataAck" },       { 5, "CloseReq" },        { 6, "Close" },   { RESET, "Reset" },
  { 8, "Sync" },          { 9, "SyncAck" },         { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("dccp.srcport", "Source Port", TAP_UINT, 0, 16),
  TAP_PLACE("dccp.dstport", "Destination Port", TAP_UINT, 16, 16),
  TAP_READ("dccp.port", "Source or Destination Port", TAP_UINT, read_port,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_PLACE("dccp.data_offset", "Data Offset", TAP_UINT, 32, 8, .unit = "4 bytes"),
  TAP_PLACE("dccp.ccval", "Congestion Control Value", TAP_UINT, 40, 4),
  TAP_PLACE("dccp.cscov", "Checksum Coverage", TAP_UINT, 44, 4),
  TAP_PLACE("dccp.checksum", "Checksum", TAP_UINT, 48, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("dccp.checksum.status", tap_csum_dccp),
  TAP_PLACE("dccp.type", "Type", TAP_UINT, 67, 4, .names = type_names),
  TAP_PLACE("dccp.x", "Long sequence numbers", TAP_FLAG, 71, 1),
  TAP_READ("dccp.seq_raw", "Sequence Number", TAP_UINT, read_sequence),
  TAP_READ("dccp.ack_raw", "Acknowledgement Number", TAP_UINT, read_ack),
  TAP_READ("dccp.service_code", "Service Code", TAP_UINT, read_service),
  TAP_READ("dccp.reset_code", "Reset Code", TAP_UINT, read_reset),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_DCCP } };

const struct tap_protocol tap_dccp_protocol = {
  .name = "dccp",
  .title = "Datagram Congestion Control Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = dccp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .ports = { .bytes = 2, .src = 0, .dst = 2 },
};
