/* SPDX-License-Identifier: MIT
 *
 * The parsers of the five headers that nearly every packet has.  They stand
 * here and not in their protocols' files so that the walk has them in line,
 * with the window in registers: a call by pointer for each layer would double
 * the cost of a packet.
 */
#ifndef TAP_PROTO_FREQUENT_H
#define TAP_PROTO_FREQUENT_H

#include "proto/ethertype.h"
#include "proto/protocol.h"

enum { TAP_ETH_HEADER = 14, TAP_ETH_TYPE = 12 };
enum { TAP_IP_HEADER = 20, TAP_IP_LEN = 2, TAP_IP_FRAGMENT = 6, TAP_IP_PROTO = 9 };
/* The first byte of an IPv4 header: version 4, and a length of 5 to 15 words. */
enum { TAP_IP_FIRST_MIN = 0x45, TAP_IP_FIRST_MAX = 0x4f };
enum { TAP_IPV6_HEADER = 40, TAP_IPV6_LEN = 4, TAP_IPV6_NEXT = 6 };
enum { TAP_TCP_HEADER = 20, TAP_TCP_OFFSET = 12 };
enum { TAP_UDP_HEADER = 8, TAP_UDP_LEN = 4 };

/* IEEE 802.3 */
static inline enum tap_verdict tap_eth_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, TAP_ETH_HEADER);
  if (h == NULL) return TAP_TRUNCATED;
  return tap_ethertype_follow(c, out, tap_be16(h + TAP_ETH_TYPE));
}

/* Leave the 'n' bytes of the header that can be believed. */
static inline enum tap_verdict tap_malformed_behind(struct tap_cursor *c, const uint8_t *h,
                                                    size_t n) {
  c->at = h + n;
  return TAP_MALFORMED;
}

/* RFC 791.  A total length of 0 is what a host sees of a packet that its network card will cut
 * into segments: it means "to the end". */
static inline enum tap_verdict tap_ip_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  size_t header, total;
  if (tap_left(c) < TAP_IP_HEADER) return TAP_TRUNCATED;
  if (h[0] < TAP_IP_FIRST_MIN || h[0] > TAP_IP_FIRST_MAX) return tap_malformed_behind(c, h, 1);
  header = (h[0] & 0x0fu) * 4;
  total = tap_be16(h + TAP_IP_LEN);
  if (total >= header)
    tap_narrow(c, total);
  else if (total != 0)
    return tap_malformed_behind(c, h, TAP_IP_LEN + 2);
  if (tap_take(c, header) == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = h[TAP_IP_PROTO];
  if (total == header || (tap_be16(h + TAP_IP_FRAGMENT) & 0x1fff) != 0) return TAP_LAST;
  return TAP_PAYLOAD;
}

/* RFC 8200.  A payload length of 0 is a jumbogram's, or means the same as IPv4's 0. */
static inline enum tap_verdict tap_ipv6_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, TAP_IPV6_HEADER);
  unsigned length;
  if (h == NULL) return TAP_TRUNCATED;
  if (h[0] >> 4 != 6) return tap_malformed_behind(c, h, 1);
  length = tap_be16(h + TAP_IPV6_LEN);
  if (length != 0) tap_narrow(c, length);
  out->table = TAP_BY_IP_PROTO;
  out->key = h[TAP_IPV6_NEXT];
  return TAP_PAYLOAD;
}

/* Both transports begin with the ports: source, then destination. */
static inline void tap_follow_ports(struct tap_step *out, enum tap_table table, const uint8_t *h) {
  out->table = (uint8_t)table;
  out->key = tap_be16(h + 2);
  out->or_key = tap_be16(h);
}

/* RFC 9293 */
static inline enum tap_verdict tap_tcp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  size_t header;
  if (tap_left(c) < TAP_TCP_HEADER) return TAP_TRUNCATED;
  header = (h[TAP_TCP_OFFSET] & 0xf0u) / 4;
  if (header < TAP_TCP_HEADER) return tap_malformed_behind(c, h, TAP_TCP_HEADER);
  if (tap_take(c, header) == NULL) return TAP_TRUNCATED;
  tap_follow_ports(out, TAP_BY_TCP_PORT, h);
  return TAP_PAYLOAD;
}

/* RFC 768.  A length of 0 is a jumbogram's (RFC 2675), or means the same as IPv4's 0. */
static inline enum tap_verdict tap_udp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, TAP_UDP_HEADER);
  unsigned length;
  if (h == NULL) return TAP_TRUNCATED;
  length = tap_be16(h + TAP_UDP_LEN);
  if (length >= TAP_UDP_HEADER)
    tap_narrow(c, length - TAP_UDP_HEADER);
  else if (length != 0)
    return TAP_MALFORMED;
  tap_follow_ports(out, TAP_BY_UDP_PORT, h);
  return TAP_PAYLOAD;
}

#endif
