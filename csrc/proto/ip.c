/* SPDX-License-Identifier: MIT
 *
 * IPv4 (RFC 791).  A total length of 0 is what a host sees of a packet that
 * its network card will cut into segments: it means "to the end".  The first
 * fragment is decoded as if it were whole; the others carry data.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/frequent.h"
#include "proto/ipopt.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"
#include "proto/wire.h"

enum { IP_HEADER = 20, IP_LEN = 2, IP_FRAGMENT = 6, IP_PROTO = 9, IP_SRC = 12, IP_DST = 16 };
enum { LLC_SAP_IP = 0x06, PPP_IP = 0x0021, NLPID_IP = 0xcc, IP_PROTO_IPIP = 4 };

static bool read_hdr_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 0, 1) : NULL;
  return at != NULL && tap_give_number(out, TAP_UINT, (at[0] & 0x0fu) * 4);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, IP_LEN, 2) : NULL;
  if (at == NULL) return false;
  if (tap_be16(at) != 0) return tap_give_number(out, TAP_UINT, tap_be16(at));
  return tap_give_number(out, TAP_UINT, tap_wire_end(p, layer) - layer->start);
}

static bool read_addr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_bytes(out, TAP_IPV4, tap_header_at(p, layer, nth == 0 ? IP_SRC : IP_DST, 4), 4);
}

static const struct tap_field fields[] = {
  TAP_PLACE("ip.version", "Version", TAP_UINT, 0, 4),
  TAP_READ("ip.hdr_len", "Header Length", TAP_UINT, read_hdr_len, .bit = 4, .bits = 4,
           .unit = "bytes"),
  TAP_PLACE("ip.dsfield", "Differentiated Services Field", TAP_UINT, 8, 8, .flags = TAP_HEX),
  TAP_PLACE("ip.dsfield.dscp", "Differentiated Services Codepoint", TAP_UINT, 8, 6,
            .names = tap_dscp_names),
  TAP_PLACE("ip.dsfield.ecn", "Explicit Congestion Notification", TAP_UINT, 14, 2,
            .names = tap_ecn_names),
  TAP_READ("ip.len", "Total Length", TAP_UINT, read_len, .bit = 16, .bits = 16, .unit = "bytes"),
  TAP_PLACE("ip.id", "Identification", TAP_UINT, 32, 16, .flags = TAP_HEX),
  TAP_PLACE("ip.flags", "Flags", TAP_UINT, 48, 3, .flags = TAP_HEX),
  TAP_PLACE("ip.flags.rb", "Reserved bit", TAP_FLAG, 48, 1),
  TAP_PLACE("ip.flags.df", "Don't fragment", TAP_FLAG, 49, 1),
  TAP_PLACE("ip.flags.mf", "More fragments", TAP_FLAG, 50, 1),
  TAP_PLACE("ip.frag_offset", "Fragment Offset", TAP_UINT, 51, 13, .unit = "8 bytes"),
  TAP_PLACE("ip.ttl", "Time to Live", TAP_UINT, 64, 8),
  TAP_PLACE("ip.proto", "Protocol", TAP_UINT, 72, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ip.checksum", "Header Checksum", TAP_UINT, 80, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("ip.checksum.status", tap_csum_ip),
  TAP_PLACE("ip.src", "Source Address", TAP_IPV4, 96, 32),
  TAP_PLACE("ip.dst", "Destination Address", TAP_IPV4, 128, 32),
  TAP_READ("ip.addr", "Source or Destination Address", TAP_IPV4, read_addr,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ip.opt.type", "Option", TAP_UINT, tap_ipopt_type, .flags = TAP_REPEATS,
           .names = tap_ipopt_names),
  TAP_READ("ip.opt.type.copy", "Option is copied to fragments", TAP_FLAG, tap_ipopt_type_copy,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ip.opt.type.class", "Option Class", TAP_UINT, tap_ipopt_type_class,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ip.opt.type.number", "Option Number", TAP_UINT, tap_ipopt_type_number,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ip.opt.len", "Option Length", TAP_UINT, tap_ipopt_len, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("ip.opt.ptr", "Pointer", TAP_UINT, tap_ipopt_ptr, .flags = TAP_REPEATS),
  TAP_READ("ip.opt.ra", "Router Alert", TAP_UINT, tap_ipopt_ra),
  TAP_READ("ip.opt.sid", "Stream Identifier", TAP_UINT, tap_ipopt_sid),
  TAP_READ("ip.opt.mtu", "MTU", TAP_UINT, tap_ipopt_mtu, .unit = "bytes"),
  TAP_READ("ip.opt.overflow", "Overflow", TAP_UINT, tap_ipopt_overflow),
  TAP_READ("ip.opt.flag", "Flag", TAP_UINT, tap_ipopt_flag, .flags = TAP_HEX),
  TAP_READ("ip.opt.time_stamp", "Time stamp", TAP_UINT, tap_ipopt_time_stamp, .flags = TAP_REPEATS,
           .unit = "ms"),
  TAP_READ("ip.opt.time_stamp_addr", "Time stamp's host", TAP_IPV4, tap_ipopt_time_stamp_addr,
           .flags = TAP_REPEATS),
  TAP_READ("ip.rec_rt", "Recorded Route", TAP_IPV4, tap_ipopt_rec_rt, .flags = TAP_REPEATS),
  TAP_READ("ip.empty_rt", "Empty Route", TAP_IPV4, tap_ipopt_empty_rt, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_IP },
  { TAP_BY_LLC, LLC_SAP_IP },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_IPV4 },
  { TAP_BY_PPP, PPP_IP },
  { TAP_BY_NLPID, NLPID_IP },
  { TAP_BY_IP_PROTO, IP_PROTO_IPIP },
};

const struct tap_protocol tap_ip_protocol = {
  .name = "ip",
  .title = "Internet Protocol Version 4",
  .level = TAP_LEVEL_NETWORK,
  .parse = tap_ip_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_IP_PROTO,
  .addresses = { .bytes = 4, .src = IP_SRC, .dst = IP_DST },
};
