/* SPDX-License-Identifier: MIT
 *
 * ICMPv6 (RFC 4443, 8335) with neighbour discovery (RFC 4861) and multicast
 * listener discovery (RFC 2710, 3810).  The header is what each message of a
 * type has; options of neighbour discovery (icmpv6opt.c) are its payload.  So
 * is the packet that an error quotes, with which the walk goes on.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/ethertype.h"
#include "proto/icmpv6opt.h"
#include "proto/read.h"

enum {
  UNREACHABLE = 1,
  TOO_BIG = 2,
  TIME_EXCEEDED = 3,
  PARAMETER = 4,
  ECHO_REQUEST = 128,
  ECHO_REPLY = 129,
  LISTENER_QUERY = 130,
  LISTENER_REPORT = 131,
  LISTENER_DONE = 132,
  ROUTER_SOLICITATION = 133,
  ROUTER_ADVERTISEMENT = 134,
  NEIGHBOUR_SOLICITATION = 135,
  NEIGHBOUR_ADVERTISEMENT = 136,
  REDIRECT = 137,
  LISTENER_REPORT_V2 = 143,
  EXTENDED_REQUEST = 160,
  EXTENDED_REPLY = 161
};
enum { ICMPV6_HEADER = 8, QUERY_V2_MIN = 28, IP_PROTO_ICMPV6 = 58 };

/* Bytes that belong to the header beyond the first eight. */
static unsigned more_header(unsigned type) {
  switch (type) {
  case ROUTER_ADVERTISEMENT: return 8;
  case LISTENER_QUERY:
  case LISTENER_REPORT:
  case LISTENER_DONE:
  case NEIGHBOUR_SOLICITATION:
  case NEIGHBOUR_ADVERTISEMENT: return 16;
  case REDIRECT: return 32;
  default: return 0;
  }
}

static enum tap_verdict icmpv6_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, ICMPV6_HEADER);
  if (h == NULL || tap_take(c, more_header(h[0])) == NULL) return TAP_TRUNCATED;
  if (h[0] < UNREACHABLE || h[0] > PARAMETER || tap_left(c) == 0) return TAP_LAST;
  out->table = TAP_BY_ETHERTYPE;
  out->key = TAP_ETHERTYPE_IPV6;
  return TAP_PAYLOAD;
}

/* 'n' bytes at 'offset', if the message's type is 'first' to 'last'. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned first, unsigned last, size_t offset, size_t n) {
  const uint8_t *type = tap_header_at(p, layer, 0, 1);
  if (nth > 0 || type == NULL || type[0] < first || type[0] > last) return NULL;
  return tap_header_at(p, layer, offset, n);
}

/* RFC 4884: length of the quoted packet in units of 8; 0 in messages without extensions. */
static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, UNREACHABLE, TIME_EXCEEDED, 0, 5);
  if (h == NULL || h[0] == TOO_BIG || h[4] == 0) return false;
  return tap_give_number(out, TAP_UINT, h[4]);
}

static bool read_mtu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, TOO_BIG, TOO_BIG, 4, 4), 4);
}

static bool read_pointer(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, PARAMETER, PARAMETER, 4, 4), 4);
}

static bool read_identifier(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *id = at(p, layer, nth, ECHO_REQUEST, ECHO_REPLY, 4, 2);
  if (id == NULL) id = at(p, layer, nth, EXTENDED_REQUEST, EXTENDED_REPLY, 4, 2);
  return tap_give_load(out, TAP_UINT, id, 2);
}

static bool read_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, ECHO_REQUEST, ECHO_REPLY, 6, 2), 2);
}

/* 'n' bytes at 'offset' of a router advertisement. */
static const uint8_t *router(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, size_t offset, size_t n) {
  return at(p, layer, nth, ROUTER_ADVERTISEMENT, ROUTER_ADVERTISEMENT, offset, n);
}

static bool read_hop_limit(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, router(p, layer, nth, 4, 1), 1);
}

static bool read_ra_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, router(p, layer, nth, 5, 1), 1);
}

static bool read_managed(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *flags = router(p, layer, nth, 5, 1);
  return flags != NULL && tap_give_number(out, TAP_FLAG, flags[0] >> 7);
}

static bool read_other(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *flags = router(p, layer, nth, 5, 1);
  return flags != NULL && tap_give_number(out, TAP_FLAG, flags[0] >> 6 & 1);
}

static bool read_preference(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *flags = router(p, layer, nth, 5, 1);
  return flags != NULL && tap_give_number(out, TAP_UINT, flags[0] >> 3 & 3);
}

static bool read_lifetime(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, router(p, layer, nth, 6, 2), 2);
}

static bool read_reachable(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, router(p, layer, nth, 8, 4), 4);
}

static bool read_retrans(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, router(p, layer, nth, 12, 4), 4);
}

/* The 16 bytes of address that messages 'first' to 'last' have at 'offset'. */
static bool give_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned first, unsigned last, size_t offset, struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV6, at(p, layer, nth, first, last, offset, 16), 16);
}

static bool read_ns_target(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_address(p, layer, nth, NEIGHBOUR_SOLICITATION, NEIGHBOUR_SOLICITATION, 8, out);
}

static bool read_na_target(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_address(p, layer, nth, NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_ADVERTISEMENT, 8, out);
}

static bool read_rd_target(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_address(p, layer, nth, REDIRECT, REDIRECT, 8, out);
}

static bool read_rd_destination(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return give_address(p, layer, nth, REDIRECT, REDIRECT, 24, out);
}

static bool read_group(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_address(p, layer, nth, LISTENER_QUERY, LISTENER_DONE, 8, out);
}

/* The flags of a neighbour advertisement. */
static const uint8_t *advertised(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth) {
  return at(p, layer, nth, NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_ADVERTISEMENT, 4, 4);
}

static bool read_na_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, advertised(p, layer, nth), 4);
}

static bool read_na_router(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *flags = advertised(p, layer, nth);
  return flags != NULL && tap_give_number(out, TAP_FLAG, flags[0] >> 7);
}

static bool read_na_solicited(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *flags = advertised(p, layer, nth);
  return flags != NULL && tap_give_number(out, TAP_FLAG, flags[0] >> 6 & 1);
}

static bool read_na_override(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  const uint8_t *flags = advertised(p, layer, nth);
  return flags != NULL && tap_give_number(out, TAP_FLAG, flags[0] >> 5 & 1);
}

/* RFC 3810, section 8.1: a query's version is told by its length alone. */
static bool is_query_v2(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *type = tap_header_at(p, layer, 0, 1);
  return type[0] == LISTENER_QUERY && layer->end - layer->start >= QUERY_V2_MIN;
}

static bool read_delay(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *delay = at(p, layer, nth, LISTENER_QUERY, LISTENER_DONE, 4, 2);
  return delay != NULL && !is_query_v2(p, layer) && tap_give_load(out, TAP_UINT, delay, 2);
}

static bool read_delay_code(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *code = at(p, layer, nth, LISTENER_QUERY, LISTENER_QUERY, 4, 2);
  return code != NULL && is_query_v2(p, layer) && tap_give_load(out, TAP_UINT, code, 2);
}

static bool read_records(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT,
                       at(p, layer, nth, LISTENER_REPORT_V2, LISTENER_REPORT_V2, 6, 2), 2);
}

/* Record 'nth' of a version 2 report: 20 bytes, its sources and other data follow. */
static const uint8_t *record(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth) {
  struct tap_cursor c = tap_payload_window(p, layer);
  const uint8_t *r;
  if (at(p, layer, 0, LISTENER_REPORT_V2, LISTENER_REPORT_V2, 0, 8) == NULL) return NULL;
  while ((r = tap_take(&c, 20)) != NULL && nth-- > 0)
    if (tap_take(&c, tap_be16(r + 2) * 16u + r[1] * 4u) == NULL) return NULL;
  return r;
}

static bool read_record_type(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, record(p, layer, nth), 1);
}

static bool read_record_sources(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  const uint8_t *r = record(p, layer, nth);
  return r != NULL && tap_give_number(out, TAP_UINT, tap_be16(r + 2));
}

static bool read_record_group(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *r = record(p, layer, nth);
  return r != NULL && tap_give_bytes(out, TAP_IPV6, r + 4, 16);
}

static const struct tap_name type_names[] = {
  { UNREACHABLE, "Destination unreachable" },
  { TOO_BIG, "Packet too big" },
  { TIME_EXCEEDED, "Time exceeded" },
  { PARAMETER, "Parameter problem" },
  { ECHO_REQUEST, "Echo request" },
  { ECHO_REPLY, "Echo reply" },
  { LISTENER_QUERY, "Multicast listener query" },
  { LISTENER_REPORT, "Multicast listener report" },
  { LISTENER_DONE, "Multicast listener done" },
  { ROUTER_SOLICITATION, "Router solicitation" },
  { ROUTER_ADVERTISEMENT, "Router advertisement" },
  { NEIGHBOUR_SOLICITATION, "Neighbor solicitation" },
  { NEIGHBOUR_ADVERTISEMENT, "Neighbor advertisement" },
  { REDIRECT, "Redirect" },
  { 138, "Router renumbering" },
  { 139, "Node information query" },
  { 140, "Node information response" },
  { 141, "Inverse neighbor discovery solicitation" },
  { 142, "Inverse neighbor discovery advertisement" },
  { LISTENER_REPORT_V2, "Multicast listener report v2" },
  { 144, "Home agent address discovery request" },
  { 145, "Home agent address discovery reply" },
  { 146, "Mobile prefix solicitation" },
  { 147, "Mobile prefix advertisement" },
  { 148, "Certification path solicitation" },
  { 149, "Certification path advertisement" },
  { 151, "Multicast router advertisement" },
  { 152, "Multicast router solicitation" },
  { 153, "Multicast router termination" },
  { 155, "RPL control" },
  { EXTENDED_REQUEST, "Extended echo request" },
  { EXTENDED_REPLY, "Extended echo reply" },
  { 0, NULL },
};

/* RFC 4191, section 2.1 */
static const struct tap_name preference_names[] = {
  { 0, "Medium" }, { 1, "High" }, { 2, "Reserved" }, { 3, "Low" }, { 0, NULL },
};

static const struct tap_name record_names[] = {
  { 1, "Mode is include" },
  { 2, "Mode is exclude" },
  { 3, "Change to include" },
  { 4, "Change to exclude" },
  { 5, "Allow new sources" },
  { 6, "Block old sources" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("icmpv6.type", "Type", TAP_UINT, 0, 8, .names = type_names),
  TAP_PLACE("icmpv6.code", "Code", TAP_UINT, 8, 8),
  TAP_PLACE("icmpv6.checksum", "Checksum", TAP_UINT, 16, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("icmpv6.checksum.status", tap_csum_icmpv6),
  TAP_READ("icmpv6.length", "Length of the quoted packet", TAP_UINT, read_length, .bit = 32,
           .bits = 8, .unit = "8 bytes"),
  TAP_READ("icmpv6.mtu", "MTU", TAP_UINT, read_mtu, .bit = 32, .bits = 32, .unit = "bytes"),
  TAP_READ("icmpv6.pointer", "Pointer", TAP_UINT, read_pointer, .bit = 32, .bits = 32),
  TAP_READ("icmpv6.echo.identifier", "Identifier", TAP_UINT, read_identifier, .flags = TAP_HEX,
           .bit = 32, .bits = 16),
  TAP_READ("icmpv6.echo.sequence_number", "Sequence", TAP_UINT, read_sequence, .bit = 48,
           .bits = 16),
  TAP_READ("icmpv6.nd.ra.cur_hop_limit", "Hop limit for hosts", TAP_UINT, read_hop_limit, .bit = 32,
           .bits = 8),
  TAP_READ("icmpv6.nd.ra.flag", "Flags", TAP_UINT, read_ra_flags, .flags = TAP_HEX, .bit = 40,
           .bits = 8),
  TAP_READ("icmpv6.nd.ra.flag.m", "Managed address configuration", TAP_FLAG, read_managed,
           .bit = 40, .bits = 1),
  TAP_READ("icmpv6.nd.ra.flag.o", "Other configuration", TAP_FLAG, read_other, .bit = 41,
           .bits = 1),
  TAP_READ("icmpv6.nd.ra.flag.prf", "Default router preference", TAP_UINT, read_preference,
           .bit = 43, .bits = 2, .names = preference_names),
  TAP_READ("icmpv6.nd.ra.router_lifetime", "Router lifetime", TAP_UINT, read_lifetime, .bit = 48,
           .bits = 16, .unit = "s"),
  TAP_READ("icmpv6.nd.ra.reachable_time", "Reachable time", TAP_UINT, read_reachable, .bit = 64,
           .bits = 32, .unit = "ms"),
  TAP_READ("icmpv6.nd.ra.retrans_timer", "Retransmission timer", TAP_UINT, read_retrans, .bit = 96,
           .bits = 32, .unit = "ms"),
  TAP_READ("icmpv6.nd.ns.target_address", "Target Address", TAP_IPV6, read_ns_target, .bit = 64,
           .bits = 128),
  TAP_READ("icmpv6.nd.na.flag", "Flags", TAP_UINT, read_na_flags, .flags = TAP_HEX, .bit = 32,
           .bits = 32),
  TAP_READ("icmpv6.nd.na.flag.r", "Router", TAP_FLAG, read_na_router, .bit = 32, .bits = 1),
  TAP_READ("icmpv6.nd.na.flag.s", "Solicited", TAP_FLAG, read_na_solicited, .bit = 33, .bits = 1),
  TAP_READ("icmpv6.nd.na.flag.o", "Override", TAP_FLAG, read_na_override, .bit = 34, .bits = 1),
  TAP_READ("icmpv6.nd.na.target_address", "Target Address", TAP_IPV6, read_na_target, .bit = 64,
           .bits = 128),
  TAP_READ("icmpv6.nd.rd.target_address", "Target Address", TAP_IPV6, read_rd_target, .bit = 64,
           .bits = 128),
  TAP_READ("icmpv6.rd.na.destination_address", "Destination Address", TAP_IPV6, read_rd_destination,
           .bit = 192, .bits = 128),
  TAP_READ("icmpv6.mld.maximum_response_delay", "Maximum Response Delay", TAP_UINT, read_delay,
           .bit = 32, .bits = 16, .unit = "ms"),
  TAP_READ("icmpv6.mld.maximum_response_code", "Maximum Response Code", TAP_UINT, read_delay_code,
           .bit = 32, .bits = 16),
  TAP_READ("icmpv6.mld.multicast_address", "Multicast Address", TAP_IPV6, read_group, .bit = 64,
           .bits = 128),
  TAP_READ("icmpv6.mldr.nb_mcast_records", "Number of records", TAP_UINT, read_records, .bit = 48,
           .bits = 16),
  TAP_READ("icmpv6.mldr.mar.record_type", "Record Type", TAP_UINT, read_record_type,
           .flags = TAP_REPEATS, .names = record_names),
  TAP_READ("icmpv6.mldr.mar.nb_sources", "Number of Sources", TAP_UINT, read_record_sources,
           .flags = TAP_REPEATS),
  TAP_READ("icmpv6.mldr.mar.multicast_address", "Multicast Address", TAP_IPV6, read_record_group,
           .flags = TAP_REPEATS),
  TAP_READ("icmpv6.opt.type", "Option", TAP_UINT, tap_icmpv6opt_type, .flags = TAP_REPEATS,
           .names = tap_icmpv6opt_names),
  TAP_READ("icmpv6.opt.length", "Option Length", TAP_UINT, tap_icmpv6opt_length,
           .flags = TAP_REPEATS, .unit = "8 bytes"),
  TAP_READ("icmpv6.opt.linkaddr", "Link-layer address", TAP_MAC, tap_icmpv6opt_linkaddr,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("icmpv6.opt.src_linkaddr", "Source link-layer address", TAP_MAC,
           tap_icmpv6opt_src_linkaddr),
  TAP_READ("icmpv6.opt.target_linkaddr", "Target link-layer address", TAP_MAC,
           tap_icmpv6opt_target_linkaddr),
  TAP_READ("icmpv6.opt.prefix", "Prefix", TAP_IPV6, tap_icmpv6opt_prefix, .flags = TAP_REPEATS),
  TAP_READ("icmpv6.opt.prefix.length", "Prefix Length", TAP_UINT, tap_icmpv6opt_prefix_length,
           .flags = TAP_REPEATS),
  TAP_READ("icmpv6.opt.prefix.flag.l", "On-link", TAP_FLAG, tap_icmpv6opt_on_link,
           .flags = TAP_REPEATS),
  TAP_READ("icmpv6.opt.prefix.flag.a", "Autonomous address-configuration", TAP_FLAG,
           tap_icmpv6opt_autonomous, .flags = TAP_REPEATS),
  TAP_READ("icmpv6.opt.prefix.valid_lifetime", "Valid Lifetime", TAP_UINT, tap_icmpv6opt_valid,
           .flags = TAP_REPEATS, .unit = "s"),
  TAP_READ("icmpv6.opt.prefix.preferred_lifetime", "Preferred Lifetime", TAP_UINT,
           tap_icmpv6opt_preferred, .flags = TAP_REPEATS, .unit = "s"),
  TAP_READ("icmpv6.opt.mtu", "MTU", TAP_UINT, tap_icmpv6opt_mtu, .unit = "bytes"),
  TAP_READ("icmpv6.opt.nonce", "Nonce", TAP_BYTES, tap_icmpv6opt_nonce),
  TAP_READ("icmpv6.opt.rdnss.lifetime", "Lifetime of name servers", TAP_UINT,
           tap_icmpv6opt_rdnss_lifetime, .flags = TAP_REPEATS, .unit = "s"),
  TAP_READ("icmpv6.opt.rdnss", "Name server", TAP_IPV6, tap_icmpv6opt_rdnss, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_ICMPV6 } };

const struct tap_protocol tap_icmpv6_protocol = {
  .name = "icmpv6",
  .title = "Internet Control Message Protocol v6",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = icmpv6_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
