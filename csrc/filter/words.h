/* SPDX-License-Identifier: MIT
 *
 * The words of the filter language: keywords, and names that stand for
 * numbers (tcp-syn, icmp-echo).  All are lower case; all else is a name.
 */
#ifndef TAP_FILTER_WORDS_H
#define TAP_FILTER_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum tap_word {
  W_NONE, /* no word of the language */
  W_NUMBER,
  W_AND,
  W_OR,
  W_NOT,
  W_SRC,
  W_DST,
  W_ADDR1,
  W_ADDR2,
  W_ADDR3,
  W_ADDR4,
  W_RA,
  W_TA,
  W_HOST,
  W_NET,
  W_PORT,
  W_PORTRANGE,
  W_PROTO,
  W_PROTOCHAIN,
  W_GATEWAY,
  W_MASK,
  W_FIRST_PROTOCOL, /* protocols, which may stand alone or before src, host, [ ... from here */
  W_LINK = W_FIRST_PROTOCOL,
  W_IP,
  W_IP6,
  W_ARP,
  W_RARP,
  W_TCP,
  W_UDP,
  W_SCTP,
  W_ICMP,
  W_ICMP6,
  W_IGMP,
  W_IGRP,
  W_PIM,
  W_VRRP,
  W_CARP,
  W_AH,
  W_ESP,
  W_ATALK,
  W_AARP,
  W_DECNET,
  W_LAT,
  W_SCA,
  W_MOPRC,
  W_MOPDL,
  W_ISO,
  W_ESIS,
  W_ISIS,
  W_CLNP,
  W_L1,
  W_L2,
  W_IIH,
  W_LSP,
  W_SNP,
  W_CSNP,
  W_PSNP,
  W_STP,
  W_IPX,
  W_NETBEUI,
  W_RADIO,
  W_LAST_PROTOCOL = W_RADIO, /* ... to here */
  W_LEN,
  W_LESS,
  W_GREATER,
  W_BYTE,
  W_BROADCAST,
  W_MULTICAST,
  W_INBOUND,
  W_OUTBOUND,
  W_IFINDEX,
  W_VLAN,
  W_MPLS,
  W_PPPOED,
  W_PPPOES,
  W_GENEVE,
  W_VXLAN,
  W_LLC,
  W_TYPE,
  W_SUBTYPE,
  W_DIR,
  W_VPI,
  W_VCI,
  W_ATM, /* what else is said of ATM alone ... */
  W_SS7, /* ... of SS7 ... */
  W_PF,  /* ... and of OpenBSD's packet filter log */
  W_RNR  /* of that log too, and a type of LLC frames */
};

struct tap_word_row {
  const char *text;
  uint8_t word;
  uint32_t number; /* of W_NUMBER */
};

/* The row of a word that is 'n' bytes long, or NULL. */
const struct tap_word_row *tap_word_find(const char *text, size_t n);

/* How a keyword is written; for messages. */
const char *tap_word_text(unsigned word);

/* The keyword that is most like 'text', or NULL. */
const char *tap_word_nearest(const char *text);

static inline int tap_word_is_protocol(unsigned word) {
  return word >= W_FIRST_PROTOCOL && word <= W_LAST_PROTOCOL;
}

#endif
