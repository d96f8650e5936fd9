/* SPDX-License-Identifier: MIT
 *
 * The table of link types (numbers: tcpdump.org/linktypes.html).  Some have a
 * second number, which is the one that BSD systems gave them.
 */
#include "filter/link.h"

#include <stddef.h>

#define ROW(number_, kind_, type_, payload_, network_, plain_, mac_, name_)                        \
  {                                                                                                \
    .number = number_, .kind = kind_, .type = type_, .payload = payload_, .network = network_,     \
    .plain = plain_, .mac = mac_, .name = name_                                                    \
  }

static const struct tap_link rows[] = {
  ROW(1, LINK_ETHERNET, 12, 14, 0, 3, 0, "Ethernet"),
  ROW(113, LINK_SLL, 14, 16, 0, 0, LINK_NO_MAC, "Linux cooked v1"),
  ROW(276, LINK_SLL2, 0, 20, 0, 0, LINK_NO_MAC, "Linux cooked v2"),
  ROW(101, LINK_RAW, 0, 0, 0, 0, LINK_NO_MAC, "raw IP"),
  ROW(12, LINK_RAW, 0, 0, 0, 0, LINK_NO_MAC, "raw IP"),
  ROW(14, LINK_RAW, 0, 0, 0, 0, LINK_NO_MAC, "raw IP"),
  ROW(228, LINK_IPV4, 0, 0, 0, 0, LINK_NO_MAC, "raw IPv4"),
  ROW(229, LINK_IPV6, 0, 0, 0, 0, LINK_NO_MAC, "raw IPv6"),
  ROW(0, LINK_NULL, 0, 4, 0, 0, LINK_NO_MAC, "BSD loopback"),
  ROW(108, LINK_LOOP, 0, 4, 0, 0, LINK_NO_MAC, "OpenBSD loopback"),
  ROW(9, LINK_PPP, 2, 4, 0, 0, LINK_NO_MAC, "PPP"),
  ROW(50, LINK_PPP, 2, 4, 0, 0, LINK_NO_MAC, "PPP over serial"),
  ROW(51, LINK_PPP, 6, 8, 0, 0, LINK_NO_MAC, "PPP over Ethernet"),
  ROW(166, LINK_PPP, 2, 4, 0, 0, LINK_NO_MAC, "PPP with direction"),
  ROW(104, LINK_HDLC, 2, 4, 0, 0, LINK_NO_MAC, "Cisco HDLC"),
  ROW(105, LINK_WLAN, 0, 0, 8, 3, LINK_NO_MAC, "802.11"),
  ROW(127, LINK_RADIOTAP, 0, 0, 8, 3, LINK_NO_MAC, "802.11 with radiotap"),
  ROW(192, LINK_PPI, 0, 0, 8, 3, LINK_NO_MAC, "per-packet information"),
  ROW(10, LINK_LLC, 13, 13, 8, 3, 1, "FDDI"),
  ROW(6, LINK_LLC, 14, 14, 8, 3, 2, "token ring"),
  ROW(8, LINK_RAW, 0, 16, 0, 0, LINK_NO_MAC, "SLIP"),
  ROW(7, LINK_ARCNET, 2, 6, 0, 0, LINK_NO_MAC, "ARCNET"),
  ROW(129, LINK_ARCNET, 4, 8, 0, 0, LINK_NO_MAC, "Linux ARCNET"),
  ROW(107, LINK_FRELAY, 2, 0, 0, 0, LINK_NO_MAC, "frame relay"),
  ROW(123, LINK_SUNATM, 4, 4, 8, 3, LINK_NO_MAC, "SunATM"),
  ROW(137, LINK_JUNIPER, 4, 4, 0, 10, LINK_NO_MAC, "Juniper ATM"),
};

static const struct tap_link other =
    ROW(0xffff, LINK_OTHER, 0, 0, 0, 0, LINK_NO_MAC, "this link type");

/* Behind PPPoE's header: the protocol's number comes first. */
static const struct tap_link pppoe = ROW(9, LINK_PPP, 0, 2, 0, 0, LINK_NO_MAC, "PPP");

const struct tap_link *tap_link_find(uint16_t number) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].number == number) return &rows[i];
  return &other;
}

const struct tap_link *tap_link_pppoe(void) {
  return &pppoe;
}
