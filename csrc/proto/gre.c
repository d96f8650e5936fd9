/* SPDX-License-Identifier: MIT
 *
 * GRE (RFC 2784, 2890 and 1701) and the enhanced GRE that carries PPP (RFC
 * 2637, version 1).  Behind the first four bytes stand those parts that their
 * flags announce, always in the same order.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/ethertype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { IP_PROTO_GRE = 47, PORT_GRE = 4754, GRE_FIXED = 4, ROUTE_FIXED = 4 };
enum { TYPE_ERSPAN = 0x88be, TYPE_ERSPAN_III = 0x22eb };

/* flags: the first two bytes */
enum {
  CHECKSUM = 0x8000,
  ROUTING = 0x4000,
  KEY = 0x2000,
  SEQUENCE = 0x1000,
  ACK = 0x0080, /* version 1 alone */
  VERSION = 0x0007
};

static bool has_ack(unsigned flags) {
  return (flags & ACK) != 0 && (flags & VERSION) == 1;
}

/* Where the part of a flag starts; of ROUTING, where all others end. */
static size_t offset_of(unsigned flags, unsigned part) {
  size_t offset = GRE_FIXED;
  if (part == CHECKSUM) return offset;
  if (flags & (CHECKSUM | ROUTING)) offset += 4;
  if (part == KEY) return offset;
  if (flags & KEY) offset += 4;
  if (part == SEQUENCE) return offset;
  if (flags & SEQUENCE) offset += 4;
  if (part == ACK) return offset;
  return has_ack(flags) ? offset + 4 : offset;
}

/* Take a source route entry: family, offset and length, then so many bytes.  One without any ends
 * the list. */
static const uint8_t *take_route(struct tap_cursor *c) {
  const uint8_t *h = tap_take(c, ROUTE_FIXED);
  return h == NULL || tap_take(c, h[3]) == NULL ? NULL : h;
}

static bool skip_routes(struct tap_cursor *c) {
  const uint8_t *h;
  do
    h = take_route(c);
  while (h != NULL && h[3] != 0);
  return h != NULL;
}

/* The type of what follows; mirrored frames without a sequence number have no header. */
static unsigned carried(unsigned flags, unsigned type) {
  if (type != TYPE_ERSPAN && type != TYPE_ERSPAN_III) return type;
  if (type == TYPE_ERSPAN && (flags & SEQUENCE) == 0) return TAP_ETHERTYPE_ERSPAN_PLAIN;
  return TAP_ETHERTYPE_ERSPAN;
}

/* Version 1 acknowledges with headers that nothing follows. */
static enum tap_verdict gre_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  unsigned flags, type;
  if (tap_left(c) < GRE_FIXED) return TAP_TRUNCATED;
  flags = tap_be16(h);
  type = tap_be16(h + 2);
  if (tap_take(c, offset_of(flags, ROUTING)) == NULL) return TAP_TRUNCATED;
  if ((flags & ROUTING) != 0 && !skip_routes(c)) return TAP_TRUNCATED;
  if ((flags & SEQUENCE) == 0 && tap_left(c) == 0 && !out->cut) return TAP_LAST;
  return tap_tunnel_follow(out, carried(flags, type));
}

/* The flags, which must have one of 'wanted'. */
static bool flags_of(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned wanted, unsigned *flags) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 0, 2) : NULL;
  if (at == NULL) return false;
  *flags = tap_be16(at);
  return (*flags & wanted) != 0;
}

static bool read_reserved(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 1, 1) : NULL;
  if (at == NULL) return false;
  return tap_give_number(out, TAP_UINT, at[0] >> 3 & ((at[0] & VERSION) == 1 ? 15 : 31));
}

static bool read_ack_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  unsigned flags;
  if (!flags_of(p, layer, nth, VERSION, &flags) || (flags & VERSION) != 1) return false;
  return tap_give_number(out, TAP_FLAG, (flags & ACK) != 0);
}

static bool read_checksum(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  unsigned flags;
  if (!flags_of(p, layer, nth, CHECKSUM | ROUTING, &flags)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset_of(flags, CHECKSUM), 2), 2);
}

static bool read_offset(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  unsigned flags;
  if (!flags_of(p, layer, nth, CHECKSUM | ROUTING, &flags)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset_of(flags, CHECKSUM) + 2, 2),
                       2);
}

/* 'n' bytes of the key in a header of a version; the key of version 1 has two halves. */
static const uint8_t *key_at(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, bool enhanced, size_t offset, size_t n) {
  unsigned flags;
  if (!flags_of(p, layer, nth, KEY, &flags)) return NULL;
  if (((flags & VERSION) == 1) != enhanced) return NULL;
  return tap_header_at(p, layer, offset_of(flags, KEY) + offset, n);
}

static bool read_key(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key_at(p, layer, nth, false, 0, 4), 4);
}

static bool read_payload_length(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key_at(p, layer, nth, true, 0, 2), 2);
}

static bool read_call(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key_at(p, layer, nth, true, 2, 2), 2);
}

static bool read_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  unsigned flags;
  if (!flags_of(p, layer, nth, SEQUENCE, &flags)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset_of(flags, SEQUENCE), 4), 4);
}

static bool read_ack(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned flags;
  if (!flags_of(p, layer, nth, ACK, &flags) || !has_ack(flags)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset_of(flags, ACK), 4), 4);
}

/* Source route entry 'nth', the last and empty one included. */
static const uint8_t *route(const struct tap_packet *p, const struct tap_layer *layer,
                            unsigned nth) {
  unsigned flags;
  struct tap_cursor c;
  const uint8_t *h;
  if (!flags_of(p, layer, 0, ROUTING, &flags)) return NULL;
  c = tap_header_window(p, layer, offset_of(flags, ROUTING));
  while ((h = take_route(&c)) != NULL && nth > 0 && h[3] != 0)
    nth--;
  return nth == 0 ? h : NULL;
}

static bool read_family(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, route(p, layer, nth), 2);
}

static bool read_route_offset(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *h = route(p, layer, nth);
  return h != NULL && tap_give_number(out, TAP_UINT, h[2]);
}

static bool read_route_length(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *h = route(p, layer, nth);
  return h != NULL && tap_give_number(out, TAP_UINT, h[3]);
}

static bool read_route(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *h = route(p, layer, nth);
  return h != NULL && h[3] > 0 && tap_give_bytes(out, TAP_BYTES, h + ROUTE_FIXED, h[3]);
}

static const struct tap_field fields[] = {
  TAP_PLACE("gre.flags_and_version", "Flags and Version", TAP_UINT, 0, 16, .flags = TAP_HEX),
  TAP_PLACE("gre.flags.checksum", "Checksum Bit", TAP_FLAG, 0, 1),
  TAP_PLACE("gre.flags.routing", "Routing Bit", TAP_FLAG, 1, 1),
  TAP_PLACE("gre.flags.key", "Key Bit", TAP_FLAG, 2, 1),
  TAP_PLACE("gre.flags.sequence_number", "Sequence Number Bit", TAP_FLAG, 3, 1),
  TAP_PLACE("gre.flags.strict_source_route", "Strict Source Route Bit", TAP_FLAG, 4, 1),
  TAP_PLACE("gre.flags.recursion_control", "Recursion control", TAP_UINT, 5, 3),
  TAP_READ("gre.flags.ack", "Acknowledgment Bit", TAP_FLAG, read_ack_flag, .bit = 8, .bits = 1),
  TAP_READ("gre.flags.reserved", "Reserved", TAP_UINT, read_reserved, .bit = 8, .bits = 5),
  TAP_PLACE("gre.flags.version", "Version", TAP_UINT, 13, 3),
  TAP_PLACE("gre.proto", "Protocol Type", TAP_UINT, 16, 16, .flags = TAP_HEX,
            .names = tap_ethertype_names),
  TAP_READ("gre.checksum", "Checksum", TAP_UINT, read_checksum, .bit = 32, .bits = 16,
           .flags = TAP_HEX),
  TAP_CSUM_ROW("gre.checksum.status", tap_csum_gre),
  TAP_READ("gre.offset", "Offset", TAP_UINT, read_offset, .bit = 48, .bits = 16),
  TAP_READ("gre.key", "Key", TAP_UINT, read_key, .bits = 32, .flags = TAP_HEX),
  TAP_READ("gre.key.payload_length", "Payload Length", TAP_UINT, read_payload_length,
           .unit = "bytes"),
  TAP_READ("gre.key.call_id", "Call ID", TAP_UINT, read_call),
  TAP_READ("gre.sequence_number", "Sequence Number", TAP_UINT, read_sequence),
  TAP_READ("gre.ack_number", "Acknowledgment Number", TAP_UINT, read_ack),
  TAP_READ("gre.routing.address_family", "Address Family", TAP_UINT, read_family,
           .flags = TAP_REPEATS),
  TAP_READ("gre.routing.sre_offset", "Route Offset", TAP_UINT, read_route_offset,
           .flags = TAP_REPEATS),
  TAP_READ("gre.routing.src_length", "Route Length", TAP_UINT, read_route_length,
           .flags = TAP_REPEATS, .unit = "bytes"),
  TAP_READ("gre.routing.information", "Route", TAP_BYTES, read_route, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_IP_PROTO, IP_PROTO_GRE }, { TAP_BY_UDP_PORT, PORT_GRE }, /* RFC 8086 */
};

const struct tap_protocol tap_gre_protocol = {
  .name = "gre",
  .title = "Generic Routing Encapsulation",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = gre_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
