/* SPDX-License-Identifier: MIT
 *
 * Link types as filters know them: where each says what follows, where the
 * next header begins, and what may be asked of it.
 */
#ifndef TAP_FILTER_LINK_H
#define TAP_FILTER_LINK_H

#include <stdbool.h>
#include <stdint.h>

enum tap_link_kind {
  LINK_OTHER, /* nothing is known: only ether[...] and len can be asked */
  LINK_ETHERNET,
  LINK_LLC, /* FDDI, token ring: addresses, then LLC */
  LINK_SLL,
  LINK_SLL2,
  LINK_RAW, /* the first four bits tell IPv4 from IPv6 */
  LINK_IPV4,
  LINK_IPV6,
  LINK_NULL,
  LINK_LOOP,
  LINK_PPP,
  LINK_HDLC,
  LINK_ARCNET,
  LINK_FRELAY,
  LINK_SUNATM,
  LINK_JUNIPER,
  LINK_WLAN,
  LINK_RADIOTAP,
  LINK_PPI
};

enum { LINK_NO_MAC = 0xff };

struct tap_link {
  uint16_t number; /* LINKTYPE_ */
  uint8_t kind;
  uint8_t type, payload;  /* offsets: what follows, and where it begins */
  uint8_t network, plain; /* from there to the network header, with and without SNAP */
  uint8_t mac;            /* offset of the destination's address, the source's is 6 behind */
  const char *name;
};

/* Never NULL: what is not known has LINK_OTHER. */
const struct tap_link *tap_link_find(uint16_t number);

/* The link that begins behind a PPPoE header. */
const struct tap_link *tap_link_pppoe(void);

static inline bool tap_link_is_wlan(const struct tap_link *link) {
  return link->kind >= LINK_WLAN;
}

#endif
