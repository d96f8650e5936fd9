/* SPDX-License-Identifier: MIT
 *
 * The one list of what is built in.  A registry registers these protocols
 * first and in this order, so that a built-in protocol's number is its place
 * in the list: the few readers that must look around a layer (for the address
 * before a port, the length before a segment) know it by these names.
 */
#ifndef TAP_PROTO_BUILTIN_H
#define TAP_PROTO_BUILTIN_H

#include <stdbool.h>

#include "proto/field.h"
#include "proto/packet.h"
#include "proto/protocol.h"

enum tap_builtin {
  TAP_PROTO_ETH,
  TAP_PROTO_LLC,
  TAP_PROTO_VLAN,
  TAP_PROTO_8021AD,
  TAP_PROTO_RAW,
  TAP_PROTO_ARP,
  TAP_PROTO_IP,
  TAP_PROTO_IPV6,
  TAP_PROTO_HOPOPTS, /* the extension headers of IPv6: from here ... */
  TAP_PROTO_ROUTING,
  TAP_PROTO_FRAGHDR,
  TAP_PROTO_DSTOPTS,
  TAP_PROTO_AH, /* ... to here */
  TAP_PROTO_TCP,
  TAP_PROTO_UDP,
  TAP_PROTO_ICMP,
  TAP_PROTO_ICMPV6,
  TAP_PROTO_NULL,
  TAP_PROTO_SLL,
  TAP_PROTO_PPP,
  TAP_PROTO_PPPOED,
  TAP_PROTO_PPPOES,
  TAP_PROTO_CHDLC,
  TAP_PROTO_SLARP,
  TAP_PROTO_FR,
  TAP_PROTO_NFLOG,
  TAP_PROTO_MPLS,
  TAP_PROTO_PWETHHEURISTIC,
  TAP_PROTO_PWETHCW,
  TAP_PROTO_PWETHNOCW,
  TAP_PROTO_PWACH,
  TAP_PROTO_GRE,
  TAP_PROTO_ERSPAN,
  TAP_PROTO_ETHERIP,
  TAP_PROTO_VXLAN,
  TAP_PROTO_GENEVE,
  TAP_PROTO_GTP,
  TAP_PROTO_L2TP,
  TAP_PROTO_ESP,
  TAP_PROTO_UDPENCAP,
  TAP_PROTO_RADIOTAP,
  TAP_PROTO_WLAN,
  TAP_PROTO_STP,
  TAP_PROTO_CDP,
  TAP_PROTO_LLDP,
  TAP_PROTO_SLOW,
  TAP_PROTO_LACP,
  TAP_PROTO_EAPOL,
  TAP_PROTO_IGMP,
  TAP_PROTO_SCTP,
  TAP_PROTO_DCCP,
  TAP_PROTO_UDPLITE,
  TAP_PROTO_OSPF,
  TAP_PROTO_VRRP,
  TAP_PROTO_PIM,
  TAP_PROTO_BUILTINS
};

static inline bool tap_is_ipv6_extension(unsigned protocol) {
  return protocol >= TAP_PROTO_HOPOPTS && protocol <= TAP_PROTO_AH;
}

/* Do messages of this protocol quote the packet that they complain of? */
static inline bool tap_quotes(unsigned protocol) {
  return protocol == TAP_PROTO_ICMP || protocol == TAP_PROTO_ICMPV6;
}

/* Is this layer part of a packet that an error message quotes?  It says nothing of this packet's
 * own ends, and may be cut short. */
static inline bool tap_layer_quoted(const struct tap_packet *p, const struct tap_layer *layer) {
  for (const struct tap_layer *l = p->layer; l < layer; l++)
    if (tap_quotes(l->protocol)) return true;
  return false;
}

extern const struct tap_protocol tap_eth_protocol, tap_llc_protocol;
extern const struct tap_protocol tap_vlan_protocol, tap_ieee8021ad_protocol;
extern const struct tap_protocol tap_raw_protocol, tap_arp_protocol;
extern const struct tap_protocol tap_ip_protocol, tap_ipv6_protocol;
extern const struct tap_protocol tap_hopopts_protocol, tap_routing_protocol;
extern const struct tap_protocol tap_fraghdr_protocol, tap_dstopts_protocol, tap_ah_protocol;
extern const struct tap_protocol tap_tcp_protocol, tap_udp_protocol;
extern const struct tap_protocol tap_icmp_protocol, tap_icmpv6_protocol;
extern const struct tap_protocol tap_null_protocol, tap_sll_protocol, tap_ppp_protocol;
extern const struct tap_protocol tap_pppoed_protocol, tap_pppoes_protocol;
extern const struct tap_protocol tap_chdlc_protocol, tap_slarp_protocol, tap_fr_protocol;
extern const struct tap_protocol tap_mpls_protocol;
extern const struct tap_protocol tap_pwethheuristic_protocol;
extern const struct tap_protocol tap_pwethcw_protocol;
extern const struct tap_protocol tap_pwethnocw_protocol;
extern const struct tap_protocol tap_pwach_protocol;
extern const struct tap_protocol tap_gre_protocol;
extern const struct tap_protocol tap_erspan_protocol;
extern const struct tap_protocol tap_etherip_protocol;
extern const struct tap_protocol tap_vxlan_protocol;
extern const struct tap_protocol tap_geneve_protocol;
extern const struct tap_protocol tap_gtp_protocol;
extern const struct tap_protocol tap_l2tp_protocol;
extern const struct tap_protocol tap_esp_protocol;
extern const struct tap_protocol tap_udpencap_protocol;
extern const struct tap_protocol tap_nflog_protocol, tap_radiotap_protocol, tap_wlan_protocol;
extern const struct tap_protocol tap_stp_protocol, tap_cdp_protocol, tap_lldp_protocol;
extern const struct tap_protocol tap_slow_protocol, tap_lacp_protocol, tap_eapol_protocol;
extern const struct tap_protocol tap_igmp_protocol;
extern const struct tap_protocol tap_sctp_protocol;
extern const struct tap_protocol tap_dccp_protocol;
extern const struct tap_protocol tap_udplite_protocol;
extern const struct tap_protocol tap_ospf_protocol;
extern const struct tap_protocol tap_vrrp_protocol;
extern const struct tap_protocol tap_pim_protocol;

extern const struct tap_protocol *const tap_builtin_protocols[];
extern const unsigned tap_builtin_protocol_count;

/* Fields of no single layer: of the frame, those that any family has, and of both PPPoE's. */
extern const struct tap_field tap_frame_fields[], tap_family_fields[], tap_pppoe_fields[];

#endif
