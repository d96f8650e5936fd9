/* SPDX-License-Identifier: MIT
 *
 * Words about ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and multicast
 * listeners (RFC 2710, 3810).
 */
#include "proto/line.h"

enum { IPV6_HEADER = 40, FIXED = 8, TCP = 6, UDP = 17 };
enum { UNREACHABLE = 1, TOO_BIG, TIME_EXCEEDED, PROBLEM };
enum { ECHO_REQUEST = 128, ECHO_REPLY, MLD_QUERY, MLD_REPORT, MLD_DONE };
enum { SOLICIT_ROUTER = 133, ADVERTISE_ROUTER, SOLICIT_NEIGHBOR, ADVERTISE_NEIGHBOR, REDIRECT };
enum { MLD2_REPORT = 143 };

static void put_address(struct tap_line *l, const char *word, const uint8_t *address) {
  tap_text_put(l->t, word);
  tap_text_put_ipv6(l->t, address);
}

/* Does a header of the same shape (next header, length) as hop-by-hop options follow? */
static bool is_extension(unsigned next) {
  return next == 0 || next == 43 || next == 60;
}

/* The destination port of the quoted packet, behind its extension headers; NULL where it is cut
 * or has none.  'next' is its transport protocol. */
static const uint8_t *quoted_port(struct tap_cursor c, unsigned *next) {
  while (is_extension(*next) || *next == 44) {
    const uint8_t *h = tap_take(&c, 8);
    if (h == NULL || (*next != 44 && tap_take(&c, h[1] * 8u) == NULL)) return NULL;
    *next = h[0];
  }
  if ((*next != TCP && *next != UDP) || tap_take(&c, 2) == NULL) return NULL;
  return tap_take(&c, 2);
}

static bool put_port(struct tap_line *l, const uint8_t *ip, struct tap_cursor c) {
  unsigned next = ip[6];
  const uint8_t *port = quoted_port(c, &next);
  if (port == NULL) return false;
  put_address(l, ", unreachable port, ", ip + 24);
  tap_line_put_number(l, next == TCP ? " tcp port " : " udp port ", tap_be16(port));
  return true;
}

static bool put_unreachable(struct tap_line *l, unsigned code, struct tap_cursor c) {
  const uint8_t *ip = tap_take(&c, IPV6_HEADER);
  tap_text_put(l->t, "destination unreachable");
  if (code > 4) {
    tap_line_put_number(l, ", unknown unreach code (", code);
    tap_text_put_char(l->t, ')');
    return true;
  }
  if (ip == NULL) return false;
  switch (code) {
  case 0: put_address(l, ", unreachable route ", ip + 24); return true;
  case 1: put_address(l, ", unreachable prohibited ", ip + 24); return true;
  case 2:
    put_address(l, ", beyond scope ", ip + 24);
    put_address(l, ", source address ", ip + 8);
    return true;
  case 3: put_address(l, ", unreachable address ", ip + 24); return true;
  default: return put_port(l, ip, c);
  }
}

static bool put_time_exceeded(struct tap_line *l, unsigned code, struct tap_cursor c) {
  const uint8_t *ip = tap_take(&c, IPV6_HEADER);
  tap_text_put(l->t, "time exceeded in-transit");
  if (ip == NULL) return false;
  if (code == 0) {
    put_address(l, " for ", ip + 24);
  } else if (code == 1) {
    tap_text_put(l->t, " (reassembly)");
  } else {
    tap_line_put_number(l, ", unknown code (", code);
    tap_text_put_char(l->t, ')');
  }
  return true;
}

static void put_problem(struct tap_line *l, unsigned code, uint32_t pointer) {
  static const char *const kinds[] = { "erroneous", "next header", "option",
                                       "incomplete header chain" };
  tap_text_put(l->t, "parameter problem, ");
  if (code < 4) {
    tap_text_put(l->t, kinds[code]);
    tap_line_put_number(l, " - octet ", pointer);
  } else {
    tap_line_put_number(l, "code-#", code);
  }
}

static bool put_redirect(struct tap_line *l, struct tap_cursor c) {
  const uint8_t *target = tap_take(&c, 16), *destination = tap_take(&c, 16);
  tap_text_put(l->t, "redirect");
  if (target == NULL || destination == NULL) return false;
  put_address(l, ", ", destination);
  put_address(l, " to ", target);
  return true;
}

static bool put_target(struct tap_line *l, const char *words, const char *word,
                       struct tap_cursor c) {
  const uint8_t *target = tap_take(&c, 16);
  tap_text_put(l->t, words);
  if (target == NULL) return false;
  put_address(l, word, target);
  return true;
}

static bool put_listener(struct tap_line *l, const char *words, const uint8_t *h,
                         struct tap_cursor c) {
  const uint8_t *group = tap_take(&c, 16);
  tap_text_put(l->t, words);
  if (group == NULL) return false;
  tap_line_put_number(l, " max resp delay: ", tap_be16(h + 4));
  put_address(l, " addr: ", group);
  return true;
}

/* A query of version 2 is the longer one (RFC 3810, section 8.1). */
static bool put_query(struct tap_line *l, const struct tap_layer *layer, const uint8_t *h,
                      struct tap_cursor c) {
  const uint8_t *group = c.at, *more;
  if (tap_line_length(l, layer->start) < 28)
    return put_listener(l, "multicast listener query", h, c);
  tap_text_put(l->t, "multicast listener query v2");
  more = tap_take(&c, 20);
  if (more == NULL) return false;
  put_address(l, " [gaddr ", group);
  if (tap_be16(more + 18) != 0) {
    tap_line_put_number(l, ", ", tap_be16(more + 18));
    tap_text_put(l->t, " source(s)");
  }
  tap_text_put_char(l->t, ']');
  return true;
}

static void put_echo(struct tap_line *l, const char *words, const uint8_t *h) {
  tap_line_put_number(l, words, tap_be16(h + 4));
  tap_line_put_number(l, ", seq ", tap_be16(h + 6));
}

/* Inverse neighbour discovery (RFC 3122) and mobility (RFC 6275, tcpdump's words). */
static const char *const words_141[] = { "inverse neighbor solicitation",
                                         "inverse neighbor advertisement",
                                         NULL,
                                         "ha discovery request",
                                         "ha discovery reply",
                                         "mobile router solicitation",
                                         "mobile router advertisement" };

static void put_other(struct tap_line *l, const uint8_t *h) {
  unsigned type = h[0];
  const char *words = type >= 141 && type <= 147 ? words_141[type - 141] : NULL;
  if (words == NULL) words = tap_line_name(l, "icmpv6.type", type);
  if (words == NULL) {
    tap_line_put_number(l, "unknown icmp6 type (", type);
    tap_text_put_char(l->t, ')');
    return;
  }
  tap_text_put(l->t, words);
  if (type != 144 && type != 146) return;
  tap_text_put(l->t, ", id 0x");
  tap_text_put_hex(l->t, tap_be16(h + 4), 4);
}

/* The message behind "ICMP6, "; false where its bytes end too early. */
static bool put_message(struct tap_line *l, const struct tap_layer *layer, const uint8_t *h,
                        struct tap_cursor c) {
  switch (h[0]) {
  case UNREACHABLE: return put_unreachable(l, h[1], c);
  case TOO_BIG: tap_line_put_number(l, "packet too big, mtu ", tap_be32(h + 4)); return true;
  case TIME_EXCEEDED: return put_time_exceeded(l, h[1], c);
  case PROBLEM: put_problem(l, h[1], tap_be32(h + 4)); return true;
  case ECHO_REQUEST: put_echo(l, "echo request, id ", h); return true;
  case ECHO_REPLY: put_echo(l, "echo reply, id ", h); return true;
  case MLD_QUERY: return put_query(l, layer, h, c);
  case MLD_REPORT: return put_listener(l, "multicast listener report", h, c);
  case MLD_DONE: return put_listener(l, "multicast listener done", h, c);
  case SOLICIT_ROUTER: tap_text_put(l->t, "router solicitation"); return true;
  case ADVERTISE_ROUTER: tap_text_put(l->t, "router advertisement"); return true;
  case SOLICIT_NEIGHBOR: return put_target(l, "neighbor solicitation", ", who has ", c);
  case ADVERTISE_NEIGHBOR: return put_target(l, "neighbor advertisement", ", tgt is ", c);
  case REDIRECT: return put_redirect(l, c);
  case MLD2_REPORT:
    tap_line_put_number(l, "multicast listener report v2, ", tap_be16(h + 6));
    tap_text_put(l->t, " group record(s)");
    return true;
  default: put_other(l, h); return true;
  }
}

void tap_line_icmpv6(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, FIXED);
  if (h == NULL) {
    tap_line_cut(l, "icmp6");
    return;
  }
  tap_text_put(l->t, "ICMP6, ");
  if (put_message(l, layer, h, c))
    tap_line_put_length(l, tap_line_length(l, layer->start));
  else
    tap_line_cut(l, "icmp6");
}
