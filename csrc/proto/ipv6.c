/* SPDX-License-Identifier: MIT
 *
 * IPv6 (RFC 8200), the fixed header.  Each extension header is a layer of its
 * own (ipv6ext.c); the options in them are named ipv6.opt.* whichever header
 * they lie in, so their rows are here.  A payload length of 0 means "to the
 * end": a jumbogram, or a packet that the network card will cut into segments.
 */
#include "proto/builtin.h"
#include "proto/frequent.h"
#include "proto/ipv6opt.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { IPV6_HEADER = 40, IPV6_LEN = 4, IPV6_NEXT = 6, IPV6_SRC = 8, IPV6_DST = 24 };
enum { PPP_IPV6 = 0x0057, NLPID_IPV6 = 0x8e, IP_PROTO_IPV6 = 41 };

static bool read_addr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  size_t offset = nth == 0 ? IPV6_SRC : IPV6_DST;
  if (nth > 1) return false;
  return tap_give_bytes(out, TAP_IPV6, tap_header_at(p, layer, offset, 16), 16);
}

static const struct tap_field fields[] = {
  TAP_PLACE("ipv6.version", "Version", TAP_UINT, 0, 4),
  TAP_PLACE("ipv6.tclass", "Traffic Class", TAP_UINT, 4, 8, .flags = TAP_HEX32),
  TAP_PLACE("ipv6.tclass.dscp", "Differentiated Services Codepoint", TAP_UINT, 4, 6,
            .names = tap_dscp_names),
  TAP_PLACE("ipv6.tclass.ecn", "Explicit Congestion Notification", TAP_UINT, 10, 2,
            .names = tap_ecn_names),
  TAP_PLACE("ipv6.flow", "Flow Label", TAP_UINT, 12, 20, .flags = TAP_HEX),
  TAP_PLACE("ipv6.plen", "Payload Length", TAP_UINT, 32, 16, .unit = "bytes"),
  TAP_PLACE("ipv6.nxt", "Next Header", TAP_UINT, 48, 8, .names = tap_ip_proto_names),
  TAP_PLACE("ipv6.hlim", "Hop Limit", TAP_UINT, 56, 8),
  TAP_PLACE("ipv6.src", "Source Address", TAP_IPV6, 64, 128),
  TAP_PLACE("ipv6.dst", "Destination Address", TAP_IPV6, 192, 128),
  TAP_READ("ipv6.addr", "Source or Destination Address", TAP_IPV6, read_addr,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ipv6.opt.type", "Option", TAP_UINT, tap_ipv6opt_type, .flags = TAP_HEX | TAP_REPEATS,
           .names = tap_ipv6opt_names),
  TAP_READ("ipv6.opt.type.action", "Action where option is unknown", TAP_UINT, tap_ipv6opt_action,
           .flags = TAP_REPEATS | TAP_HIDDEN, .names = tap_ipv6opt_action_names),
  TAP_READ("ipv6.opt.type.change", "Option may change on the way", TAP_FLAG, tap_ipv6opt_change,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ipv6.opt.length", "Option Length", TAP_UINT, tap_ipv6opt_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("ipv6.opt.padn", "Padding", TAP_BYTES, tap_ipv6opt_padn,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("ipv6.opt.router_alert", "Router Alert", TAP_UINT, tap_ipv6opt_router_alert,
           .names = tap_ipv6opt_alert_names),
  TAP_READ("ipv6.opt.tel", "Tunnel Encapsulation Limit", TAP_UINT, tap_ipv6opt_tel),
  TAP_READ("ipv6.opt.jumbo", "Jumbo Payload Length", TAP_UINT, tap_ipv6opt_jumbo, .unit = "bytes"),
  TAP_READ("ipv6.opt.mipv6.home_address", "Home Address", TAP_IPV6, tap_ipv6opt_home_address),
  TAP_READ("ipv6.opt.experimental", "Experimental Option", TAP_BYTES, tap_ipv6opt_experimental),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_IPV6 },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_IPV6 },
  { TAP_BY_PPP, PPP_IPV6 },
  { TAP_BY_NLPID, NLPID_IPV6 },
  { TAP_BY_IP_PROTO, IP_PROTO_IPV6 },
};

const struct tap_protocol tap_ipv6_protocol = {
  .name = "ipv6",
  .title = "Internet Protocol Version 6",
  .level = TAP_LEVEL_NETWORK,
  .parse = tap_ipv6_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_IP_PROTO,
  .addresses = { .bytes = 16, .src = IPV6_SRC, .dst = IPV6_DST },
};
