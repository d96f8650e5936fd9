/* SPDX-License-Identifier: MIT
 *
 * The list of built-in protocols.  A new protocol is one file, one name in
 * builtin.h and one line here.
 */
#include "proto/builtin.h"

const struct tap_protocol *const tap_builtin_protocols[] = {
  [TAP_PROTO_ETH] = &tap_eth_protocol,
  [TAP_PROTO_LLC] = &tap_llc_protocol,
  [TAP_PROTO_VLAN] = &tap_vlan_protocol,
  [TAP_PROTO_8021AD] = &tap_ieee8021ad_protocol,
  [TAP_PROTO_RAW] = &tap_raw_protocol,
  [TAP_PROTO_ARP] = &tap_arp_protocol,
  [TAP_PROTO_IP] = &tap_ip_protocol,
  [TAP_PROTO_IPV6] = &tap_ipv6_protocol,
  [TAP_PROTO_HOPOPTS] = &tap_hopopts_protocol,
  [TAP_PROTO_ROUTING] = &tap_routing_protocol,
  [TAP_PROTO_FRAGHDR] = &tap_fraghdr_protocol,
  [TAP_PROTO_DSTOPTS] = &tap_dstopts_protocol,
  [TAP_PROTO_AH] = &tap_ah_protocol,
  [TAP_PROTO_TCP] = &tap_tcp_protocol,
  [TAP_PROTO_UDP] = &tap_udp_protocol,
  [TAP_PROTO_ICMP] = &tap_icmp_protocol,
  [TAP_PROTO_ICMPV6] = &tap_icmpv6_protocol,
  [TAP_PROTO_NULL] = &tap_null_protocol,
  [TAP_PROTO_SLL] = &tap_sll_protocol,
  [TAP_PROTO_PPP] = &tap_ppp_protocol,
  [TAP_PROTO_PPPOED] = &tap_pppoed_protocol,
  [TAP_PROTO_PPPOES] = &tap_pppoes_protocol,
  [TAP_PROTO_CHDLC] = &tap_chdlc_protocol,
  [TAP_PROTO_SLARP] = &tap_slarp_protocol,
  [TAP_PROTO_FR] = &tap_fr_protocol,
  [TAP_PROTO_NFLOG] = &tap_nflog_protocol,
  [TAP_PROTO_MPLS] = &tap_mpls_protocol,
  [TAP_PROTO_PWETHHEURISTIC] = &tap_pwethheuristic_protocol,
  [TAP_PROTO_PWETHCW] = &tap_pwethcw_protocol,
  [TAP_PROTO_PWETHNOCW] = &tap_pwethnocw_protocol,
  [TAP_PROTO_PWACH] = &tap_pwach_protocol,
  [TAP_PROTO_GRE] = &tap_gre_protocol,
  [TAP_PROTO_ERSPAN] = &tap_erspan_protocol,
  [TAP_PROTO_ETHERIP] = &tap_etherip_protocol,
  [TAP_PROTO_VXLAN] = &tap_vxlan_protocol,
  [TAP_PROTO_GENEVE] = &tap_geneve_protocol,
  [TAP_PROTO_GTP] = &tap_gtp_protocol,
  [TAP_PROTO_L2TP] = &tap_l2tp_protocol,
  [TAP_PROTO_ESP] = &tap_esp_protocol,
  [TAP_PROTO_UDPENCAP] = &tap_udpencap_protocol,
  [TAP_PROTO_RADIOTAP] = &tap_radiotap_protocol,
  [TAP_PROTO_WLAN] = &tap_wlan_protocol,
  [TAP_PROTO_STP] = &tap_stp_protocol,
  [TAP_PROTO_CDP] = &tap_cdp_protocol,
  [TAP_PROTO_LLDP] = &tap_lldp_protocol,
  [TAP_PROTO_SLOW] = &tap_slow_protocol,
  [TAP_PROTO_LACP] = &tap_lacp_protocol,
  [TAP_PROTO_EAPOL] = &tap_eapol_protocol,
  [TAP_PROTO_IGMP] = &tap_igmp_protocol,
  [TAP_PROTO_SCTP] = &tap_sctp_protocol,
  [TAP_PROTO_DCCP] = &tap_dccp_protocol,
  [TAP_PROTO_UDPLITE] = &tap_udplite_protocol,
  [TAP_PROTO_OSPF] = &tap_ospf_protocol,
  [TAP_PROTO_VRRP] = &tap_vrrp_protocol,
  [TAP_PROTO_PIM] = &tap_pim_protocol,
};

_Static_assert(sizeof tap_builtin_protocols / sizeof tap_builtin_protocols[0] == TAP_PROTO_BUILTINS,
               "each name in builtin.h has its protocol here");

const unsigned tap_builtin_protocol_count = TAP_PROTO_BUILTINS;
