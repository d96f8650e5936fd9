/* SPDX-License-Identifier: MIT
 *
 * Addresses from text, in every shape that pcap-filter knows: IPv4 with parts
 * left out at the end, IPv6 (RFC 4291), and hardware addresses written with
 * colons, dashes, dots or nothing.
 */
#include <string.h>

#include "filter/lex.h"

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool tap_lex_ipv4(const char *text, size_t n, uint32_t *out, uint8_t *bits) {
  uint32_t whole = 0, part = 0;
  unsigned digits = 0, parts = 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && text[i] >= '0' && text[i] <= '9' && digits < 9) {
      part = part * 10 + (uint32_t)(text[i] - '0');
      digits++;
      continue;
    }
    if ((i < n && text[i] != '.') || digits == 0 || part > 255 || parts == 4) return false;
    whole = whole << 8 | part;
    parts++;
    part = digits = 0;
  }
  *out = whole;
  *bits = (uint8_t)(parts * 8);
  return true;
}

/* One group of up to four hex digits at '*at'; false where there is none. */
static bool take_group(const char **at, const char *end, unsigned *out) {
  unsigned digits = 0;
  *out = 0;
  for (; *at < end && hex_value(**at) >= 0; ++*at, digits++)
    *out = *out << 4 | (unsigned)hex_value(**at);
  return digits >= 1 && digits <= 4;
}

/* Groups as they are read, and where "::" stood among them. */
struct groups {
  uint8_t bytes[16];
  unsigned count; /* of bytes */
  int gap;        /* count at "::", or -1 */
};

static bool put_tail(struct groups *g, const char *at, const char *end) {
  uint32_t v4;
  uint8_t bits;
  if (g->count > 12 || !tap_lex_ipv4(at, (size_t)(end - at), &v4, &bits) || bits != 32)
    return false;
  for (int shift = 24; shift >= 0; shift -= 8)
    g->bytes[g->count++] = (uint8_t)(v4 >> shift);
  return true;
}

static bool read_groups(const char *at, const char *end, struct groups *g) {
  unsigned group;
  if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
    g->gap = 0;
    at += 2;
  }
  while (at < end) {
    const char *start = at;
    if (!take_group(&at, end, &group)) return false;
    if (at < end && *at == '.') return put_tail(g, start, end);
    if (g->count > 14) return false;
    g->bytes[g->count++] = (uint8_t)(group >> 8);
    g->bytes[g->count++] = (uint8_t)group;
    if (at == end) return true;
    if (*at++ != ':' || at == end) return false;
    if (*at != ':') continue;
    if (g->gap >= 0) return false;
    g->gap = (int)g->count;
    at++;
  }
  return g->gap >= 0;
}

bool tap_lex_ipv6(const char *text, size_t n, uint8_t out[16]) {
  struct groups g = { .gap = -1 };
  unsigned head, tail;
  if (n < 2 || !read_groups(text, text + n, &g)) return false;
  if (g.gap < 0 ? g.count != 16 : g.count > 14) return false;
  head = g.gap < 0 ? 16 : (unsigned)g.gap;
  tail = g.count - (head < g.count ? head : g.count);
  memset(out, 0, 16);
  memcpy(out, g.bytes, head < g.count ? head : g.count);
  memcpy(out + 16 - tail, g.bytes + g.count - tail, tail);
  return true;
}

/* Six groups of one or two digits with 'mark' between them. */
static bool read_marked(const char *at, const char *end, char mark, uint8_t out[6]) {
  for (int i = 0; i < 6; i++) {
    const char *start = at;
    unsigned group;
    if (!take_group(&at, end, &group) || at - start > 2) return false;
    out[i] = (uint8_t)group;
    if (i < 5 && (at == end || *at++ != mark)) return false;
  }
  return at == end;
}

/* Three groups of four digits with dots, or twelve digits. */
static bool read_digits(const char *at, const char *end, uint8_t out[6]) {
  bool dotted = end - at == 14;
  if (!dotted && end - at != 12) return false;
  for (int i = 0; i < 6; i++, at += 2) {
    if (dotted && i > 0 && i % 2 == 0 && *at++ != '.') return false;
    if (hex_value(at[0]) < 0 || hex_value(at[1]) < 0) return false;
    out[i] = (uint8_t)(hex_value(at[0]) << 4 | hex_value(at[1]));
  }
  return true;
}

bool tap_lex_mac(const char *text, size_t n, uint8_t out[6]) {
  const char *end = text + n;
  return read_marked(text, end, ':', out) || read_marked(text, end, '-', out) ||
         read_marked(text, end, '.', out) || read_digits(text, end, out);
}
