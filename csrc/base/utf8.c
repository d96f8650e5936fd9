/* SPDX-License-Identifier: MIT
 *
 * The table of well-formed byte sequences (Unicode, table 3-7) as one
 * question: how many bytes follow the first one, and between which bounds the
 * second one lies; all later ones lie between 0x80 and 0xbf.
 */
#include "base/utf8.h"

struct sequence {
  uint8_t more;      /* bytes after the first one */
  uint8_t low, high; /* bounds of the second byte */
};

static struct sequence sequence_of(uint8_t first) {
  if (first < 0x80) return (struct sequence){ 0, 0, 0 };
  if (first < 0xc2) return (struct sequence){ 0, 1, 0 }; /* never first: empty bounds */
  if (first < 0xe0) return (struct sequence){ 1, 0x80, 0xbf };
  if (first == 0xe0) return (struct sequence){ 2, 0xa0, 0xbf }; /* no overlong forms */
  if (first == 0xed) return (struct sequence){ 2, 0x80, 0x9f }; /* no surrogates */
  if (first < 0xf0) return (struct sequence){ 2, 0x80, 0xbf };
  if (first == 0xf0) return (struct sequence){ 3, 0x90, 0xbf };
  if (first < 0xf4) return (struct sequence){ 3, 0x80, 0xbf };
  if (first == 0xf4) return (struct sequence){ 3, 0x80, 0x8f }; /* not over U+10FFFF */
  return (struct sequence){ 0, 1, 0 };
}

size_t tap_utf8_step(const uint8_t *p, size_t n, bool *valid) {
  struct sequence s = sequence_of(p[0]);
  size_t at = 1;
  *valid = s.low <= s.high;
  for (; at <= s.more; at++) {
    if (at == n || p[at] < s.low || p[at] > s.high) {
      *valid = false;
      break;
    }
    s.low = 0x80;
    s.high = 0xbf;
  }
  return at;
}
