/* SPDX-License-Identifier: MIT
 *
 * Words about IPv4, IPv6 and its extension headers: who sends to whom, and
 * what is inside where nothing more was decoded.  They also say where the
 * packet ended on the wire, which inner headers take their lengths from.
 */
#include "proto/line.h"

#include "proto/builtin.h"
#include "proto/numbers.h"

enum { IP_HEADER = 20, IPV6_HEADER = 40, FRAGMENT_HEADER = 8, AH_FIXED = 12 };
enum { MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff, NO_NEXT_HEADER = 59 };

/* A payload that no protocol took: "GRE, length 88", or tcpdump's "ip-proto-253 20". */
static void put_proto(struct tap_line *l, unsigned proto, uint32_t payload) {
  struct tap_field names = { .names = tap_ip_proto_names };
  const char *name = tap_field_value_name(&names, proto);
  if (!tap_line_last(l) || l->p->fault != TAP_PAYLOAD) return;
  if (proto == NO_NEXT_HEADER) {
    tap_text_put(l->t, "no next header");
  } else if (name != NULL && proto < 253) {
    tap_text_put(l->t, name);
    tap_line_put_length(l, tap_line_length(l, payload));
  } else {
    tap_line_put_number(l, "ip-proto-", proto);
    tap_text_put_char(l->t, ' ');
    tap_text_put_uint(l->t, tap_line_length(l, payload));
  }
}

/* The packet says that it reaches to 'end', the frame may be shorter. */
static void put_missing(struct tap_line *l, uint32_t end, const char *name) {
  if (end > l->end) {
    tap_text_put(l->t, name);
    tap_line_put_number(l, " - ", end - l->end);
    tap_text_put(l->t, " bytes missing! ");
  }
  l->end = end;
}

/* Is the header one that the rest can rely on?  Says so if not. */
static bool ip_sound(struct tap_line *l, unsigned version, unsigned header, unsigned total) {
  if (version != 4) {
    tap_text_put_uint(l->t, version);
    tap_line_invalid(l);
  } else if (header < IP_HEADER) {
    tap_line_put_number(l, " bad-hlen ", header);
    l->over = true;
  } else if (total != 0 && total < header) {
    tap_line_put_number(l, " bad-len ", total);
    l->over = true;
  }
  return !l->over;
}

/* A later fragment: which protocol it is a piece of is all that it says. */
static void put_fragment(struct tap_line *l, unsigned proto) {
  tap_line_put_number(l, "ip-proto-", proto);
  l->over = true;
}

void tap_line_ip(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, IP_HEADER);
  unsigned header, total, place;
  tap_line_put_kind(l, "IP");
  if (h == NULL) {
    tap_line_cut(l, "ip");
    return;
  }
  header = (h[0] & 15u) * 4;
  total = tap_be16(h + 2);
  place = tap_be16(h + 6);
  if (!ip_sound(l, h[0] >> 4, header, total)) return;
  tap_line_gap(l);
  if (total != 0) put_missing(l, layer->start + total, "truncated-ip"); /* 0: to the end */
  if (tap_take(&c, header - IP_HEADER) == NULL) {
    tap_line_cut(l, "ip");
    return;
  }
  l->fragment = (place & MORE_FRAGMENTS) != 0;
  tap_line_put_ends(l, layer);
  if ((place & OFFSET_MASK) != 0)
    put_fragment(l, h[9]);
  else
    put_proto(l, h[9], layer->start + header);
}

void tap_line_ipv6(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, IPV6_HEADER);
  uint32_t payload = layer->start + IPV6_HEADER;
  if (h == NULL) {
    tap_line_cut(l, "ip6");
    return;
  }
  tap_line_put_kind(l, "IP6 ");
  if (h[0] >> 4 != 6) {
    tap_line_put_number(l, "version error: ", h[0] >> 4);
    tap_text_put(l->t, " != 6");
    l->over = true;
    return;
  }
  if (tap_be16(h + 4) != 0) put_missing(l, payload + tap_be16(h + 4), "truncated-ip6");
  tap_line_put_ends(l, layer);
  put_proto(l, h[6], payload);
}

void tap_line_ipv6_options(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 2);
  bool hop = layer->protocol == TAP_PROTO_HOPOPTS;
  if (h == NULL || tap_take(&c, h[1] * 8u + 6) == NULL) {
    tap_line_cut(l, hop ? "hbhopt" : "dstopt");
    return;
  }
  tap_text_put(l->t, hop ? "HBH " : "DSTOPT ");
  put_proto(l, h[0], layer->start + h[1] * 8u + 8);
}

void tap_line_ipv6_fragment(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, FRAGMENT_HEADER);
  uint32_t payload = layer->start + FRAGMENT_HEADER;
  if (h == NULL) {
    tap_line_cut(l, "frag6");
    return;
  }
  tap_line_put_number(l, "frag (", tap_be16(h + 2) & 0xfff8u);
  tap_text_put_char(l->t, '|');
  tap_text_put_uint(l->t, tap_line_length(l, payload));
  tap_text_put(l->t, ") ");
  l->fragment = (h[3] & 1) != 0;
  if ((tap_be16(h + 2) & 0xfff8u) != 0)
    l->over = true;
  else
    put_proto(l, h[0], payload);
}

/* The addresses of a routing header of type 0, 2 or 4 stand behind eight bytes. */
static void put_hops(struct tap_line *l, struct tap_cursor *c) {
  const uint8_t *hop;
  for (unsigned i = 0; (hop = tap_take(c, 16)) != NULL; i++) {
    tap_line_put_number(l, ", [", i);
    tap_text_put_char(l->t, ']');
    tap_text_put_ipv6(l->t, hop);
  }
}

void tap_line_ipv6_routing(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL || tap_left(&c) < h[1] * 8u) {
    tap_line_cut(l, "rt6");
    return;
  }
  tap_narrow(&c, h[1] * 8u);
  tap_line_put_number(l, "RT6 (len=", h[1]);
  tap_line_put_number(l, ", type=", h[2]);
  if (h[2] == 0) tap_text_put(l->t, " [Deprecated]"); /* RFC 5095 */
  tap_line_put_number(l, ", segleft=", h[3]);
  if (h[2] == 0 || h[2] == 2 || h[2] == 4) put_hops(l, &c);
  tap_text_put(l->t, ") ");
  put_proto(l, h[0], layer->start + h[1] * 8u + 8);
}

void tap_line_ah(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, AH_FIXED);
  uint32_t header = h == NULL ? 0 : h[1] * 4u + 8;
  if (h == NULL || header < AH_FIXED || tap_left(&c) < header - AH_FIXED) {
    tap_line_cut(l, "ah");
    return;
  }
  tap_text_put(l->t, "AH(spi=0x");
  tap_text_put_hex(l->t, tap_be32(h + 4), 8);
  tap_text_put(l->t, ",seq=0x");
  tap_text_put_hex(l->t, tap_be32(h + 8), 0);
  tap_text_put(l->t, ",icv=0x");
  tap_text_put_dump(l->t, c.at, header - AH_FIXED);
  tap_text_put(l->t, "): ");
  put_proto(l, h[0], layer->start + header);
}
