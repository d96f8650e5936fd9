/* SPDX-License-Identifier: MIT
 *
 * IPv6's extension headers (RFC 8200) and the Authentication Header (RFC
 * 4302), each a layer of its own.  They are found by the same numbers as
 * transport protocols, so IPv4 may carry them too.
 */
#include "proto/builtin.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { NEXT_HOPOPTS = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_AH = 51, NEXT_DSTOPTS = 60 };
enum { ROUTING_SOURCE = 0, ROUTING_HOME = 2, ROUTING_SEGMENTS = 4 };
enum { AH_ICV = 12 };

/* The shape that most of them share: who is next, and the length in units of eight bytes
 * without the first eight. */
static enum tap_verdict sized_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 8);
  if (h == NULL || tap_take(c, h[1] * 8u) == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = h[0];
  return TAP_PAYLOAD;
}

static enum tap_verdict fragment_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 8);
  if (h == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = h[0];
  return (tap_be16(h + 2) & 0xfff8) != 0 ? TAP_LAST : TAP_PAYLOAD;
}

/* Its length counts units of four bytes, without the first eight. */
static enum tap_verdict ah_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, AH_ICV);
  if (h == NULL) return TAP_TRUNCATED;
  if (h[1] == 0) return TAP_MALFORMED;
  if (tap_take(c, (h[1] - 1u) * 4) == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = h[0];
  return TAP_PAYLOAD;
}

static bool read_len_oct(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 1, 1) : NULL;
  return at != NULL && tap_give_number(out, TAP_UINT, (at[0] + 1u) * 8);
}

/* 'n' bytes at 'offset' of a Routing header of type 'type'. */
static const uint8_t *routing_at(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned type, size_t offset, size_t n) {
  const uint8_t *at = tap_header_at(p, layer, 2, 1);
  return at != NULL && at[0] == type ? tap_header_at(p, layer, offset, n) : NULL;
}

static bool read_source_addr(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  const uint8_t *at = routing_at(p, layer, ROUTING_SOURCE, 8 + (size_t)nth * 16, 16);
  return tap_give_bytes(out, TAP_IPV6, at, 16);
}

static bool read_home_address(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *at = nth == 0 ? routing_at(p, layer, ROUTING_HOME, 8, 16) : NULL;
  return tap_give_bytes(out, TAP_IPV6, at, 16);
}

static bool read_last_entry(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *at = nth == 0 ? routing_at(p, layer, ROUTING_SEGMENTS, 4, 1) : NULL;
  return tap_give_load(out, TAP_UINT, at, 1);
}

static bool read_srh_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *at = nth == 0 ? routing_at(p, layer, ROUTING_SEGMENTS, 5, 1) : NULL;
  return tap_give_load(out, TAP_UINT, at, 1);
}

static bool read_srh_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = nth == 0 ? routing_at(p, layer, ROUTING_SEGMENTS, 6, 2) : NULL;
  return tap_give_bytes(out, TAP_BYTES, at, 2);
}

static bool read_srh_addr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *last = routing_at(p, layer, ROUTING_SEGMENTS, 4, 1);
  if (last == NULL || nth > last[0]) return false;
  return tap_give_bytes(out, TAP_IPV6, tap_header_at(p, layer, 8 + (size_t)nth * 16, 16), 16);
}

static bool read_icv(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, AH_ICV);
  return nth == 0 && tap_give_rest(out, TAP_BYTES, &c);
}

static const struct tap_name routing_names[] = {
  { ROUTING_SOURCE, "Source Route" },
  { ROUTING_HOME, "Mobile IP" },
  { 3, "RPL Source Route" },
  { ROUTING_SEGMENTS, "Segment Routing" },
  { 5, "CRH-16" },
  { 6, "CRH-32" },
  { 0, NULL },
};

static const struct tap_field hopopts_fields[] = {
  TAP_PLACE("ipv6.hopopts.nxt", "Next Header", TAP_UINT, 0, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ipv6.hopopts.len", "Length", TAP_UINT, 8, 8),
  TAP_READ("ipv6.hopopts.len_oct", "Length in bytes", TAP_UINT, read_len_oct, .bit = 8, .bits = 8,
           .unit = "bytes"),
  { 0 },
};

static const struct tap_field dstopts_fields[] = {
  TAP_PLACE("ipv6.dstopts.nxt", "Next Header", TAP_UINT, 0, 8, .flags = TAP_REPEATS,
            .names = tap_ip_proto_names),
  TAP_PLACE("ipv6.dstopts.len", "Length", TAP_UINT, 8, 8, .flags = TAP_REPEATS),
  TAP_READ("ipv6.dstopts.len_oct", "Length in bytes", TAP_UINT, read_len_oct, .bit = 8, .bits = 8,
           .flags = TAP_REPEATS, .unit = "bytes"),
  { 0 },
};

static const struct tap_field routing_fields[] = {
  TAP_PLACE("ipv6.routing.nxt", "Next Header", TAP_UINT, 0, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ipv6.routing.len", "Length", TAP_UINT, 8, 8),
  TAP_READ("ipv6.routing.len_oct", "Length in bytes", TAP_UINT, read_len_oct, .bit = 8, .bits = 8,
           .unit = "bytes"),
  TAP_PLACE("ipv6.routing.type", "Type", TAP_UINT, 16, 8, .names = routing_names),
  TAP_PLACE("ipv6.routing.segleft", "Segments Left", TAP_UINT, 24, 8),
  TAP_READ("ipv6.routing.src.addr", "Address", TAP_IPV6, read_source_addr, .flags = TAP_REPEATS),
  TAP_READ("ipv6.routing.mipv6.home_address", "Home Address", TAP_IPV6, read_home_address,
           .bit = 64, .bits = 128),
  TAP_READ("ipv6.routing.srh.last_entry", "Last Entry", TAP_UINT, read_last_entry, .bit = 32,
           .bits = 8),
  TAP_READ("ipv6.routing.srh.flags", "Flags", TAP_UINT, read_srh_flags, .bit = 40, .bits = 8,
           .flags = TAP_HEX),
  TAP_READ("ipv6.routing.srh.tag", "Tag", TAP_BYTES, read_srh_tag, .bit = 48, .bits = 16),
  TAP_READ("ipv6.routing.srh.addr", "Address", TAP_IPV6, read_srh_addr, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_field fragment_fields[] = {
  TAP_PLACE("ipv6.fraghdr.nxt", "Next Header", TAP_UINT, 0, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ipv6.fraghdr.reserved_octet", "Reserved octet", TAP_UINT, 8, 8, .flags = TAP_HEX),
  TAP_PLACE("ipv6.fraghdr.offset", "Offset", TAP_UINT, 16, 13, .unit = "8 bytes"),
  TAP_PLACE("ipv6.fraghdr.reserved_bits", "Reserved bits", TAP_UINT, 29, 2),
  TAP_PLACE("ipv6.fraghdr.more", "More Fragments", TAP_FLAG, 31, 1),
  TAP_PLACE("ipv6.fraghdr.ident", "Identification", TAP_UINT, 32, 32, .flags = TAP_HEX),
  { 0 },
};

static const struct tap_field ah_fields[] = {
  TAP_PLACE("ah.next_header", "Next Header", TAP_UINT, 0, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ah.length", "Length", TAP_UINT, 8, 8),
  TAP_PLACE("ah.reserved", "Reserved", TAP_BYTES, 16, 16),
  TAP_PLACE("ah.spi", "Security Parameters Index", TAP_UINT, 32, 32, .flags = TAP_HEX),
  TAP_PLACE("ah.sequence", "Sequence", TAP_UINT, 64, 32),
  TAP_READ("ah.icv", "Integrity Check Value", TAP_BYTES, read_icv),
  { 0 },
};

static const struct tap_binding hopopts_bindings[] = { { TAP_BY_IP_PROTO, NEXT_HOPOPTS } };
static const struct tap_binding dstopts_bindings[] = { { TAP_BY_IP_PROTO, NEXT_DSTOPTS } };
static const struct tap_binding routing_bindings[] = { { TAP_BY_IP_PROTO, NEXT_ROUTING } };
static const struct tap_binding fragment_bindings[] = { { TAP_BY_IP_PROTO, NEXT_FRAGMENT } };
static const struct tap_binding ah_bindings[] = { { TAP_BY_IP_PROTO, NEXT_AH } };

const struct tap_protocol tap_hopopts_protocol = {
  .name = "ipv6.hopopts",
  .title = "IPv6 Hop-by-Hop Options",
  .level = TAP_LEVEL_NETWORK,
  .parse = sized_parse,
  .fields = hopopts_fields,
  .bindings = hopopts_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO,
};

const struct tap_protocol tap_dstopts_protocol = {
  .name = "ipv6.dstopts",
  .title = "IPv6 Destination Options",
  .level = TAP_LEVEL_NETWORK,
  .parse = sized_parse,
  .fields = dstopts_fields,
  .bindings = dstopts_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO,
};

const struct tap_protocol tap_routing_protocol = {
  .name = "ipv6.routing",
  .title = "IPv6 Routing Header",
  .level = TAP_LEVEL_NETWORK,
  .parse = sized_parse,
  .fields = routing_fields,
  .bindings = routing_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO,
};

const struct tap_protocol tap_fraghdr_protocol = {
  .name = "ipv6.fraghdr",
  .title = "IPv6 Fragment Header",
  .level = TAP_LEVEL_NETWORK,
  .parse = fragment_parse,
  .fields = fragment_fields,
  .bindings = fragment_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO,
};

const struct tap_protocol tap_ah_protocol = {
  .name = "ah",
  .title = "Authentication Header",
  .level = TAP_LEVEL_NETWORK,
  .parse = ah_parse,
  .fields = ah_fields,
  .bindings = ah_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO,
};
