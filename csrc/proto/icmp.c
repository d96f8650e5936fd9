/* SPDX-License-Identifier: MIT
 *
 * ICMP (RFC 792, 950, 1191, 1256, 4884, 8335): the header of eight bytes, and
 * what some types add to it.  Errors quote the packet that they are about: the
 * walk goes on with it.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum {
  ECHO_REPLY = 0,
  UNREACHABLE = 3,
  SOURCE_QUENCH = 4,
  REDIRECT = 5,
  ECHO_REQUEST = 8,
  ROUTERS = 9,
  TIME_EXCEEDED = 11,
  PARAMETER = 12,
  TIME_REQUEST = 13,
  TIME_REPLY = 14,
  INFORMATION_REQUEST = 15,
  INFORMATION_REPLY = 16,
  MASK_REQUEST = 17,
  MASK_REPLY = 18,
  EXTENDED_REQUEST = 42,
  EXTENDED_REPLY = 43
};
enum { ICMP_HEADER = 8, CODE_TOO_BIG = 4, IP_PROTO_ICMP = 1 };

/* Sets of types, one bit a type; no field needs a type over 63. */
#define TYPE(type) (UINT64_C(1) << (type))

static const uint64_t times = TYPE(TIME_REQUEST) | TYPE(TIME_REPLY);
static const uint64_t masks = TYPE(MASK_REQUEST) | TYPE(MASK_REPLY);
static const uint64_t numbered = TYPE(ECHO_REPLY) | TYPE(ECHO_REQUEST) | TYPE(TIME_REQUEST) |
                                 TYPE(TIME_REPLY) | TYPE(INFORMATION_REQUEST) |
                                 TYPE(INFORMATION_REPLY) | TYPE(MASK_REQUEST) | TYPE(MASK_REPLY);
static const uint64_t sized = TYPE(UNREACHABLE) | TYPE(TIME_EXCEEDED) | TYPE(PARAMETER);
static const uint64_t errors = TYPE(UNREACHABLE) | TYPE(TIME_EXCEEDED) | TYPE(PARAMETER) |
                               TYPE(SOURCE_QUENCH) | TYPE(REDIRECT);
static const uint64_t extended = TYPE(EXTENDED_REQUEST) | TYPE(EXTENDED_REPLY);

/* Bytes that belong to the header beyond the first eight. */
static unsigned more_header(unsigned type) {
  switch (type) {
  case TIME_REQUEST:
  case TIME_REPLY: return 12;
  case MASK_REQUEST:
  case MASK_REPLY: return 4;
  default: return 0;
  }
}

static enum tap_verdict icmp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, ICMP_HEADER);
  if (h == NULL || tap_take(c, more_header(h[0])) == NULL) return TAP_TRUNCATED;
  if (h[0] > 63 || !(errors >> h[0] & 1) || tap_left(c) == 0) return TAP_LAST;
  out->table = TAP_BY_ETHERTYPE;
  out->key = TAP_ETHERTYPE_IP;
  return TAP_PAYLOAD;
}

/* 'n' bytes at 'offset', if the message's type is in 'types'. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         uint64_t types, size_t offset, size_t n) {
  const uint8_t *type = tap_header_at(p, layer, 0, 1);
  if (nth > 0 || type == NULL || type[0] > 63 || !(types >> type[0] & 1)) return NULL;
  return tap_header_at(p, layer, offset, n);
}

static bool read_ident(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, numbered | extended, 4, 2), 2);
}

static bool read_seq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, numbered, 6, 2), 2);
}

/* Hosts of the other byte order wrote these without turning them round. */
static bool give_swapped(struct tap_value *out, const uint8_t *two) {
  return two != NULL && tap_give_number(out, TAP_UINT, (unsigned)two[1] << 8 | two[0]);
}

static bool read_ident_le(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_swapped(out, at(p, layer, nth, numbered | extended, 4, 2));
}

static bool read_seq_le(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_swapped(out, at(p, layer, nth, numbered, 6, 2));
}

static bool read_mtu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, TYPE(UNREACHABLE), 0, ICMP_HEADER);
  if (h == NULL || h[1] != CODE_TOO_BIG) return false;
  return tap_give_number(out, TAP_UINT, tap_be16(h + 6));
}

/* RFC 4884: length of the quoted packet in words; 0 in messages without extensions. */
static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, sized, 0, ICMP_HEADER);
  if (h == NULL || h[5] == 0 || (h[0] == UNREACHABLE && h[1] == CODE_TOO_BIG)) return false;
  return tap_give_number(out, TAP_UINT, h[5]);
}

static bool read_pointer(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, TYPE(PARAMETER), 4, 1), 1);
}

static bool read_gateway(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV4, at(p, layer, nth, TYPE(REDIRECT), 4, 4), 4);
}

static bool read_originate(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, times, 8, 4), 4);
}

static bool read_receive(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, times, 12, 4), 4);
}

static bool read_transmit(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, times, 16, 4), 4);
}

static bool read_mask(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV4, at(p, layer, nth, masks, 8, 4), 4);
}

static bool read_num_addrs(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, TYPE(ROUTERS), 4, 1), 1);
}

static bool read_entry_size(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, TYPE(ROUTERS), 5, 1), 1);
}

static bool read_lifetime(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, TYPE(ROUTERS), 6, 2), 2);
}

/* Entry 'nth' of a router advertisement: an address and how much it is preferred. */
static const uint8_t *router(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth) {
  const uint8_t *h = at(p, layer, 0, TYPE(ROUTERS), 0, ICMP_HEADER), *entry;
  struct tap_cursor c = tap_payload_window(p, layer);
  if (h == NULL || nth >= h[4] || h[5] != 2) return NULL;
  do
    entry = tap_take(&c, 8);
  while (entry != NULL && nth-- > 0);
  return entry;
}

static bool read_router(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV4, router(p, layer, nth), 4);
}

static bool read_preference(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *entry = router(p, layer, nth);
  if (entry == NULL) return false;
  return tap_give_number(out, TAP_INT, (uint64_t)(int64_t)(int32_t)tap_be32(entry + 4));
}

static const struct tap_name type_names[] = {
  { ECHO_REPLY, "Echo reply" },
  { UNREACHABLE, "Destination unreachable" },
  { SOURCE_QUENCH, "Source quench" },
  { REDIRECT, "Redirect" },
  { ECHO_REQUEST, "Echo request" },
  { ROUTERS, "Router advertisement" },
  { 10, "Router solicitation" },
  { TIME_EXCEEDED, "Time exceeded" },
  { PARAMETER, "Parameter problem" },
  { TIME_REQUEST, "Timestamp request" },
  { TIME_REPLY, "Timestamp reply" },
  { INFORMATION_REQUEST, "Information request" },
  { INFORMATION_REPLY, "Information reply" },
  { MASK_REQUEST, "Address mask request" },
  { MASK_REPLY, "Address mask reply" },
  { 30, "Traceroute" },
  { 40, "Photuris" },
  { EXTENDED_REQUEST, "Extended echo request" },
  { EXTENDED_REPLY, "Extended echo reply" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("icmp.type", "Type", TAP_UINT, 0, 8, .names = type_names),
  TAP_PLACE("icmp.code", "Code", TAP_UINT, 8, 8),
  TAP_PLACE("icmp.checksum", "Checksum", TAP_UINT, 16, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("icmp.checksum.status", tap_csum_icmp),
  TAP_READ("icmp.ident", "Identifier", TAP_UINT, read_ident, .bit = 32, .bits = 16),
  TAP_READ("icmp.ident_le", "Identifier (little-endian)", TAP_UINT, read_ident_le, .bit = 32,
           .bits = 16, .flags = TAP_HIDDEN),
  TAP_READ("icmp.seq", "Sequence Number", TAP_UINT, read_seq, .bit = 48, .bits = 16),
  TAP_READ("icmp.seq_le", "Sequence Number (little-endian)", TAP_UINT, read_seq_le, .bit = 48,
           .bits = 16, .flags = TAP_HIDDEN),
  TAP_READ("icmp.mtu", "MTU of next hop", TAP_UINT, read_mtu, .bit = 48, .bits = 16,
           .unit = "bytes"),
  TAP_READ("icmp.length", "Length of the quoted packet", TAP_UINT, read_length, .bit = 40,
           .bits = 8, .unit = "4 bytes"),
  TAP_READ("icmp.pointer", "Pointer", TAP_UINT, read_pointer, .bit = 32, .bits = 8),
  TAP_READ("icmp.redir_gw", "Gateway Address", TAP_IPV4, read_gateway, .bit = 32, .bits = 32),
  TAP_READ("icmp.originate_timestamp", "Originate Timestamp", TAP_UINT, read_originate, .bit = 64,
           .bits = 32, .unit = "ms"),
  TAP_READ("icmp.receive_timestamp", "Receive Timestamp", TAP_UINT, read_receive, .bit = 96,
           .bits = 32, .unit = "ms"),
  TAP_READ("icmp.transmit_timestamp", "Transmit Timestamp", TAP_UINT, read_transmit, .bit = 128,
           .bits = 32, .unit = "ms"),
  TAP_READ("icmp.address_mask", "Address Mask", TAP_IPV4, read_mask, .bit = 64, .bits = 32),
  TAP_READ("icmp.num_addrs", "Number of addresses", TAP_UINT, read_num_addrs, .bit = 32, .bits = 8),
  TAP_READ("icmp.addr_entry_size", "Address entry size", TAP_UINT, read_entry_size, .bit = 40,
           .bits = 8, .unit = "4 bytes"),
  TAP_READ("icmp.lifetime", "Lifetime", TAP_UINT, read_lifetime, .bit = 48, .bits = 16,
           .unit = "s"),
  TAP_READ("icmp.router_address", "Router address", TAP_IPV4, read_router, .flags = TAP_REPEATS),
  TAP_READ("icmp.pref_level", "Preference level", TAP_INT, read_preference, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_ICMP } };

const struct tap_protocol tap_icmp_protocol = {
  .name = "icmp",
  .title = "Internet Control Message Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = icmp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
