/* SPDX-License-Identifier: MIT
 *
 * Words about ICMP (RFC 792 and later).  Errors quote the packet that they
 * are about: its destination, protocol and port are told.
 */
#include "proto/line.h"

enum { IP_HEADER = 20, TCP = 6, UDP = 17 };

/* What an error quotes: an IPv4 header, and the ports behind it. */
struct quote {
  const uint8_t *ip, *dst_port;
};

static struct quote take_quote(struct tap_cursor c) {
  struct quote q = { .ip = tap_take(&c, IP_HEADER) };
  unsigned header = q.ip == NULL ? 0 : (q.ip[0] & 15u) * 4;
  if (header < IP_HEADER || tap_take(&c, header - IP_HEADER + 2) == NULL) return q;
  q.dst_port = tap_take(&c, 2);
  return q;
}

static void put_port(struct tap_line *l, const struct quote *q) {
  tap_text_put_ipv4(l->t, q->ip + 16);
  if (q->ip[9] == TCP)
    tap_text_put(l->t, " tcp");
  else if (q->ip[9] == UDP)
    tap_text_put(l->t, " udp");
  else
    tap_line_put_number(l, " protocol ", q->ip[9]);
  tap_line_put_number(l, " port ", tap_be16(q->dst_port));
  tap_text_put(l->t, " unreachable");
}

/* Words before and after the address that cannot be reached, by code. */
static const struct {
  const char *before, *after;
} unreachable[] = {
  { "net ", "" },
  { "host ", "" },
  { "", NULL }, /* with a protocol's number */
  { "", NULL }, /* with a port's number */
  { "", " - need to frag" },
  { "", " - source route failed" },
  { "net ", " - unknown" },
  { "host ", " - unknown" },
  { "", " - source host isolated" },
  { "net ", " - admin prohibited" },
  { "host ", " - admin prohibited" },
  { "net ", " - tos prohibited" },
  { "host ", " - tos prohibited" },
  { "host ", " - admin prohibited filter" },
  { "host ", " - host precedence violation" },
  { "host ", " - precedence cutoff" },
};

enum { CODES = sizeof unreachable / sizeof unreachable[0] };
enum { CODE_PROTOCOL = 2, CODE_PORT = 3, CODE_TOO_BIG = 4 };

static void put_unreachable(struct tap_line *l, const uint8_t *h, const struct quote *q) {
  unsigned code = h[1];
  if (code == CODE_PORT) {
    put_port(l, q);
    return;
  }
  if (code < CODES) tap_text_put(l->t, unreachable[code].before);
  tap_text_put_ipv4(l->t, q->ip + 16);
  if (code == CODE_PROTOCOL) tap_line_put_number(l, " protocol ", q->ip[9]);
  tap_text_put(l->t, " unreachable");
  if (code < CODES && unreachable[code].after != NULL) tap_text_put(l->t, unreachable[code].after);
  if (code >= CODES) tap_line_put_number(l, " - #", code);
  if (code == CODE_TOO_BIG && tap_be16(h + 6) != 0) { /* RFC 1191 */
    tap_line_put_number(l, " (mtu ", tap_be16(h + 6));
    tap_text_put_char(l->t, ')');
  }
}

static void put_redirect(struct tap_line *l, const uint8_t *h, const struct quote *q) {
  static const char *const kinds[] = { "redirect ", "redirect ", "redirect-tos ", "redirect-tos " };
  if (h[1] < 4) {
    tap_text_put(l->t, kinds[h[1]]);
  } else {
    tap_line_put_number(l, "redirect-#", h[1]);
    tap_text_put_char(l->t, ' ');
  }
  tap_text_put_ipv4(l->t, q->ip + 16);
  tap_text_put(l->t, " to ");
  if (h[1] < 4) tap_text_put(l->t, h[1] % 2 == 0 ? "net " : "host ");
  tap_text_put_ipv4(l->t, h + 4);
}

static void put_time_exceeded(struct tap_line *l, unsigned code) {
  if (code == 0)
    tap_text_put(l->t, "time exceeded in-transit");
  else if (code == 1)
    tap_text_put(l->t, "ip reassembly time exceeded");
  else
    tap_line_put_number(l, "time exceeded-#", code);
}

static void put_problem(struct tap_line *l, const uint8_t *h) {
  if (h[1] == 0)
    tap_line_put_number(l, "parameter problem - octet ", h[4]);
  else
    tap_line_put_number(l, "parameter problem - code ", h[1]);
}

/* Milliseconds since midnight. */
static void put_clock(struct tap_line *l, const char *word, uint32_t ms) {
  tap_text_put(l->t, word);
  tap_text_put_padded(l->t, ms / 3600000, 2);
  tap_text_put_char(l->t, ':');
  tap_text_put_padded(l->t, ms / 60000 % 60, 2);
  tap_text_put_char(l->t, ':');
  tap_text_put_padded(l->t, ms / 1000 % 60, 2);
  tap_text_put_char(l->t, '.');
  tap_text_put_padded(l->t, ms % 1000, 3);
}

static void put_id(struct tap_line *l, const char *word, const uint8_t *h, const char *between) {
  tap_line_put_number(l, word, tap_be16(h + 4));
  tap_line_put_number(l, between, tap_be16(h + 6));
}

/* A message that quotes a packet; false where the quote is cut short. */
static bool put_error(struct tap_line *l, const uint8_t *h, struct tap_cursor c) {
  struct quote q = take_quote(c);
  if (q.ip == NULL || (h[0] == 3 && h[1] == CODE_PORT && q.dst_port == NULL)) return false;
  switch (h[0]) {
  case 3: put_unreachable(l, h, &q); break;
  case 5: put_redirect(l, h, &q); break;
  default: put_time_exceeded(l, h[1]);
  }
  return true;
}

/* A message with times or a mask behind its eight bytes; false where they are cut short. */
static bool put_with_data(struct tap_line *l, const uint8_t *h, struct tap_cursor c) {
  const uint8_t *data = tap_take(&c, h[0] == 18 ? 4 : 12);
  if (data == NULL) return false;
  if (h[0] == 18) {
    tap_text_put(l->t, "address mask is 0x");
    tap_text_put_hex(l->t, tap_be32(data), 8);
    return true;
  }
  put_id(l, "time stamp reply id ", h, " seq ");
  put_clock(l, ": org ", tap_be32(data));
  put_clock(l, ", recv ", tap_be32(data + 4));
  put_clock(l, ", xmit ", tap_be32(data + 8));
  return true;
}

static bool put_message(struct tap_line *l, const uint8_t *h, struct tap_cursor c) {
  switch (h[0]) {
  case 0: put_id(l, "echo reply, id ", h, ", seq "); return true;
  case 3:
  case 5:
  case 11: return put_error(l, h, c);
  case 4: tap_text_put(l->t, "source quench"); return true;
  case 8: put_id(l, "echo request, id ", h, ", seq "); return true;
  case 9: tap_text_put(l->t, "router advertisement"); return true;
  case 10: tap_text_put(l->t, "router solicitation"); return true;
  case 12: put_problem(l, h); return true;
  case 13: put_id(l, "time stamp query id ", h, " seq "); return true;
  case 14:
  case 18: return put_with_data(l, h, c);
  case 15: tap_text_put(l->t, "information request"); return true;
  case 16: tap_text_put(l->t, "information reply"); return true;
  case 17: tap_text_put(l->t, "address mask request"); return true;
  default: tap_line_put_number(l, "type-#", h[0]); return true;
  }
}

void tap_line_icmp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "icmp");
    return;
  }
  tap_text_put(l->t, "ICMP ");
  if (put_message(l, h, c))
    tap_line_put_length(l, tap_line_length(l, layer->start));
  else
    tap_line_cut(l, "icmp");
}
