/* SPDX-License-Identifier: MIT
 *
 * The table of words, in the order of their bytes, so that it can be searched
 * by halves.  Numbers are those of RFC 792, RFC 4443 and the RFCs after them.
 */
#include "filter/words.h"

#include <stdlib.h>
#include <string.h>

#include "proto/registry.h"

static const struct tap_word_row rows[] = {
  { "aarp", W_AARP, 0 },
  { "action", W_PF, 0 },
  { "addr1", W_ADDR1, 0 },
  { "addr2", W_ADDR2, 0 },
  { "addr3", W_ADDR3, 0 },
  { "addr4", W_ADDR4, 0 },
  { "address1", W_ADDR1, 0 },
  { "address2", W_ADDR2, 0 },
  { "address3", W_ADDR3, 0 },
  { "address4", W_ADDR4, 0 },
  { "ah", W_AH, 0 },
  { "and", W_AND, 0 },
  { "arp", W_ARP, 0 },
  { "atalk", W_ATALK, 0 },
  { "bcc", W_ATM, 0 },
  { "broadcast", W_BROADCAST, 0 },
  { "byte", W_BYTE, 0 },
  { "carp", W_CARP, 0 },
  { "clnp", W_CLNP, 0 },
  { "connectmsg", W_ATM, 0 },
  { "csnp", W_CSNP, 0 },
  { "decnet", W_DECNET, 0 },
  { "dir", W_DIR, 0 },
  { "direction", W_DIR, 0 },
  { "dpc", W_SS7, 0 },
  { "dst", W_DST, 0 },
  { "es-is", W_ESIS, 0 },
  { "esis", W_ESIS, 0 },
  { "esp", W_ESP, 0 },
  { "ether", W_LINK, 0 },
  { "fddi", W_LINK, 0 },
  { "fisu", W_SS7, 0 },
  { "gateway", W_GATEWAY, 0 },
  { "geneve", W_GENEVE, 0 },
  { "greater", W_GREATER, 0 },
  { "hdpc", W_SS7, 0 },
  { "hfisu", W_SS7, 0 },
  { "hlssu", W_SS7, 0 },
  { "hmsu", W_SS7, 0 },
  { "hopc", W_SS7, 0 },
  { "host", W_HOST, 0 },
  { "hsio", W_SS7, 0 },
  { "hsls", W_SS7, 0 },
  { "icmp", W_ICMP, 0 },
  { "icmp-echo", W_NUMBER, 8 },
  { "icmp-echoreply", W_NUMBER, 0 },
  { "icmp-ireq", W_NUMBER, 15 },
  { "icmp-ireqreply", W_NUMBER, 16 },
  { "icmp-maskreply", W_NUMBER, 18 },
  { "icmp-maskreq", W_NUMBER, 17 },
  { "icmp-paramprob", W_NUMBER, 12 },
  { "icmp-redirect", W_NUMBER, 5 },
  { "icmp-routeradvert", W_NUMBER, 9 },
  { "icmp-routersolicit", W_NUMBER, 10 },
  { "icmp-sourcequench", W_NUMBER, 4 },
  { "icmp-timxceed", W_NUMBER, 11 },
  { "icmp-tstamp", W_NUMBER, 13 },
  { "icmp-tstampreply", W_NUMBER, 14 },
  { "icmp-unreach", W_NUMBER, 3 },
  { "icmp6", W_ICMP6, 0 },
  { "icmp6-certpathadvert", W_NUMBER, 149 },
  { "icmp6-certpathsolicit", W_NUMBER, 148 },
  { "icmp6-destinationunreach", W_NUMBER, 1 },
  { "icmp6-echo", W_NUMBER, 128 },
  { "icmp6-echoreply", W_NUMBER, 129 },
  { "icmp6-homeagentdiscoveryreply", W_NUMBER, 145 },
  { "icmp6-homeagentdiscoveryrequest", W_NUMBER, 144 },
  { "icmp6-ineighbordiscoveryadvert", W_NUMBER, 142 },
  { "icmp6-ineighbordiscoverysolicit", W_NUMBER, 141 },
  { "icmp6-mobileprefixadvert", W_NUMBER, 147 },
  { "icmp6-mobileprefixsolicit", W_NUMBER, 146 },
  { "icmp6-multicastlistenerdone", W_NUMBER, 132 },
  { "icmp6-multicastlistenerquery", W_NUMBER, 130 },
  { "icmp6-multicastlistenerreportv1", W_NUMBER, 131 },
  { "icmp6-multicastlistenerreportv2", W_NUMBER, 143 },
  { "icmp6-multicastrouteradvert", W_NUMBER, 151 },
  { "icmp6-multicastroutersolicit", W_NUMBER, 152 },
  { "icmp6-multicastrouterterm", W_NUMBER, 153 },
  { "icmp6-neighboradvert", W_NUMBER, 136 },
  { "icmp6-neighborsolicit", W_NUMBER, 135 },
  { "icmp6-nodeinformationquery", W_NUMBER, 139 },
  { "icmp6-nodeinformationresponse", W_NUMBER, 140 },
  { "icmp6-packettoobig", W_NUMBER, 2 },
  { "icmp6-parameterproblem", W_NUMBER, 4 },
  { "icmp6-redirect", W_NUMBER, 137 },
  { "icmp6-routeradvert", W_NUMBER, 134 },
  { "icmp6-routerrenum", W_NUMBER, 138 },
  { "icmp6-routersolicit", W_NUMBER, 133 },
  { "icmp6-timeexceeded", W_NUMBER, 3 },
  { "icmp6code", W_NUMBER, 1 },
  { "icmp6type", W_NUMBER, 0 },
  { "icmpcode", W_NUMBER, 1 },
  { "icmptype", W_NUMBER, 0 },
  { "ifindex", W_IFINDEX, 0 },
  { "ifname", W_PF, 0 },
  { "igmp", W_IGMP, 0 },
  { "igrp", W_IGRP, 0 },
  { "iih", W_IIH, 0 },
  { "ilmic", W_ATM, 0 },
  { "inbound", W_INBOUND, 0 },
  { "ip", W_IP, 0 },
  { "ip6", W_IP6, 0 },
  { "ipx", W_IPX, 0 },
  { "is-is", W_ISIS, 0 },
  { "isis", W_ISIS, 0 },
  { "iso", W_ISO, 0 },
  { "l1", W_L1, 0 },
  { "l2", W_L2, 0 },
  { "lane", W_ATM, 0 },
  { "lat", W_LAT, 0 },
  { "len", W_LEN, 0 },
  { "length", W_LEN, 0 },
  { "less", W_LESS, 0 },
  { "link", W_LINK, 0 },
  { "llc", W_LLC, 0 },
  { "lsp", W_LSP, 0 },
  { "lssu", W_SS7, 0 },
  { "lsu", W_SS7, 0 },
  { "mask", W_MASK, 0 },
  { "metac", W_ATM, 0 },
  { "metaconnect", W_ATM, 0 },
  { "mopdl", W_MOPDL, 0 },
  { "moprc", W_MOPRC, 0 },
  { "mpls", W_MPLS, 0 },
  { "msu", W_SS7, 0 },
  { "multicast", W_MULTICAST, 0 },
  { "net", W_NET, 0 },
  { "netbeui", W_NETBEUI, 0 },
  { "not", W_NOT, 0 },
  { "oam", W_ATM, 0 },
  { "oamf4", W_ATM, 0 },
  { "oamf4ec", W_ATM, 0 },
  { "oamf4sc", W_ATM, 0 },
  { "on", W_PF, 0 },
  { "opc", W_SS7, 0 },
  { "or", W_OR, 0 },
  { "outbound", W_OUTBOUND, 0 },
  { "pim", W_PIM, 0 },
  { "port", W_PORT, 0 },
  { "portrange", W_PORTRANGE, 0 },
  { "ppp", W_LINK, 0 },
  { "pppoed", W_PPPOED, 0 },
  { "pppoes", W_PPPOES, 0 },
  { "proto", W_PROTO, 0 },
  { "protochain", W_PROTOCHAIN, 0 },
  { "psnp", W_PSNP, 0 },
  { "ra", W_RA, 0 },
  { "radio", W_RADIO, 0 },
  { "rarp", W_RARP, 0 },
  { "reason", W_PF, 0 },
  { "rnr", W_RNR, 0 },
  { "rset", W_PF, 0 },
  { "rulenum", W_PF, 0 },
  { "ruleset", W_PF, 0 },
  { "sc", W_ATM, 0 },
  { "sca", W_SCA, 0 },
  { "sctp", W_SCTP, 0 },
  { "sio", W_SS7, 0 },
  { "slip", W_LINK, 0 },
  { "sls", W_SS7, 0 },
  { "snp", W_SNP, 0 },
  { "src", W_SRC, 0 },
  { "srnr", W_PF, 0 },
  { "stp", W_STP, 0 },
  { "subrulenum", W_PF, 0 },
  { "subtype", W_SUBTYPE, 0 },
  { "ta", W_TA, 0 },
  { "tcp", W_TCP, 0 },
  { "tcp-ack", W_NUMBER, 0x10 },
  { "tcp-cwr", W_NUMBER, 0x80 },
  { "tcp-ece", W_NUMBER, 0x40 },
  { "tcp-fin", W_NUMBER, 0x1 },
  { "tcp-push", W_NUMBER, 0x8 },
  { "tcp-rst", W_NUMBER, 0x4 },
  { "tcp-syn", W_NUMBER, 0x2 },
  { "tcp-urg", W_NUMBER, 0x20 },
  { "tcpflags", W_NUMBER, 13 },
  { "tr", W_LINK, 0 },
  { "type", W_TYPE, 0 },
  { "udp", W_UDP, 0 },
  { "vci", W_VCI, 0 },
  { "vlan", W_VLAN, 0 },
  { "vpi", W_VPI, 0 },
  { "vrrp", W_VRRP, 0 },
  { "vxlan", W_VXLAN, 0 },
  { "wlan", W_LINK, 0 },
};

enum { ROWS = sizeof rows / sizeof rows[0], SHORT_WORD = 5 };

struct wanted {
  const char *text;
  size_t n;
};

static int compare(const void *key, const void *row) {
  const struct wanted *w = key;
  const char *text = ((const struct tap_word_row *)row)->text;
  int order = strncmp(w->text, text, w->n);
  return order != 0 ? order : -(text[w->n] != '\0');
}

const struct tap_word_row *tap_word_find(const char *text, size_t n) {
  struct wanted wanted = { text, n };
  return bsearch(&wanted, rows, ROWS, sizeof rows[0], compare);
}

const char *tap_word_text(unsigned word) {
  if (word == W_LINK) return "ether"; /* of all its names */
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].word == word) return rows[i].text;
  return "?";
}

const char *tap_word_nearest(const char *text) {
  const char *names[ROWS], *near;
  for (size_t i = 0; i < ROWS; i++)
    names[i] = rows[i].text;
  near = tap_nearest(text, names, ROWS);
  /* Of short words too many are near: then the first letter must be right. */
  return near != NULL && ((near[0] | 0x20) == (text[0] | 0x20) || strlen(text) >= SHORT_WORD)
             ? near
             : NULL;
}
