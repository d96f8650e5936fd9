/* SPDX-License-Identifier: MIT
 *
 * Numbers, addresses and times as text, written for speed: every packet that
 * is printed passes here many times, so nothing goes through printf.  Each
 * verb makes its piece in a small array of its own and hands it to the one
 * place that knows the buffer's end.
 */
#include "base/text.h"

#include <string.h>

#include "base/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

enum { UINT_DIGITS = 20, HEX_DIGITS = 16, NS_PER_S = 1000000000, S_PER_DAY = 86400 };

void tap_text_begin(struct tap_text *t, char *buffer, size_t size) {
  t->at = buffer;
  t->end = buffer + size;
  t->cut = false;
  *t->at = '\0';
}

void tap_text_put_bytes(struct tap_text *t, const char *s, size_t n) {
  size_t room = (size_t)(t->end - t->at) - 1;
  if (n > room) {
    n = room;
    t->cut = true;
  }
  memcpy(t->at, s, n);
  t->at += n;
  *t->at = '\0';
}

void tap_text_put(struct tap_text *t, const char *s) {
  tap_text_put_bytes(t, s, strlen(s));
}

void tap_text_put_char(struct tap_text *t, char c) {
  tap_text_put_bytes(t, &c, 1);
}

/* Write 'n' in decimal so that it ends before 'end'; returns its first digit. */
static char *decimal(char *end, uint64_t n) {
  for (; n >= 100; n /= 100) {
    end -= 2;
    memcpy(end, &two_digits[n % 100 * 2], 2);
  }
  if (n < 10) {
    *--end = (char)('0' + n);
    return end;
  }
  end -= 2;
  memcpy(end, &two_digits[n * 2], 2);
  return end;
}

void tap_text_put_uint(struct tap_text *t, uint64_t n) {
  char digits[UINT_DIGITS], *end = digits + sizeof digits;
  char *at = decimal(end, n);
  tap_text_put_bytes(t, at, (size_t)(end - at));
}

/* How far a number lies from zero, INT64_MIN included. */
static uint64_t magnitude(int64_t n) {
  return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

void tap_text_put_int(struct tap_text *t, int64_t n) {
  if (n < 0) tap_text_put_char(t, '-');
  tap_text_put_uint(t, magnitude(n));
}

void tap_text_put_padded(struct tap_text *t, uint64_t n, int digits) {
  char text[UINT_DIGITS], *end = text + sizeof text;
  char *at = decimal(end, n);
  while (at > text && end - at < digits)
    *--at = '0';
  tap_text_put_bytes(t, at, (size_t)(end - at));
}

void tap_text_put_hex(struct tap_text *t, uint64_t n, int digits) {
  char text[HEX_DIGITS], *end = text + sizeof text, *at = end;
  for (; n != 0 || at == end; n >>= 4)
    *--at = hex_digits[n & 15];
  while (at > text && end - at < digits)
    *--at = '0';
  tap_text_put_bytes(t, at, (size_t)(end - at));
}

void tap_text_put_dump(struct tap_text *t, const uint8_t *p, size_t n) {
  char pair[2];
  for (size_t i = 0; i < n && !t->cut; i++) {
    pair[0] = hex_digits[p[i] >> 4];
    pair[1] = hex_digits[p[i] & 15];
    tap_text_put_bytes(t, pair, sizeof pair);
  }
}

/* One to three digits, without leading zeros. */
static char *octet(char *at, uint8_t n) {
  if (n >= 100) {
    *at++ = (char)('0' + n / 100);
    memcpy(at, &two_digits[n % 100 * 2], 2);
    return at + 2;
  }
  if (n >= 10) *at++ = (char)('0' + n / 10);
  *at++ = (char)('0' + n % 10);
  return at;
}

static char *ipv4(char *at, const uint8_t *p) {
  for (int i = 0; i < 4; i++) {
    if (i > 0) *at++ = '.';
    at = octet(at, p[i]);
  }
  return at;
}

void tap_text_put_ipv4(struct tap_text *t, const uint8_t p[4]) {
  char text[16];
  tap_text_put_bytes(t, text, (size_t)(ipv4(text, p) - text));
}

/* One group of an IPv6 address: one to four digits. */
static char *group(char *at, unsigned n) {
  if (n >= 0x1000) *at++ = hex_digits[n >> 12];
  if (n >= 0x100) *at++ = hex_digits[n >> 8 & 15];
  if (n >= 0x10) *at++ = hex_digits[n >> 4 & 15];
  *at++ = hex_digits[n & 15];
  return at;
}

struct run {
  int start, length;
};

/* The zeros that "::" stands for: the first of the longest runs of two groups or more. */
static struct run longest_zeros(const unsigned groups[8]) {
  struct run best = { 8, 1 }, now = { 0, 0 };
  for (int i = 0; i < 8; i++) {
    now.length = groups[i] == 0 ? now.length + 1 : 0;
    if (now.length == 1) now.start = i;
    if (now.length > best.length) best = now;
  }
  return best;
}

/* Addresses that carry an IPv4 address are written with it (RFC 5952, section 5): mapped
 * ones, and ::a.b.c.d where 'a' or 'b' is there. */
static bool ends_in_ipv4(const unsigned groups[8], struct run zeros) {
  if (zeros.start != 0) return false;
  return zeros.length == 6 || (zeros.length == 5 && groups[5] == 0xffff);
}

void tap_text_put_ipv6(struct tap_text *t, const uint8_t p[16]) {
  char text[46], *at = text;
  unsigned groups[8];
  struct run zeros;
  int count;
  for (int i = 0; i < 8; i++)
    groups[i] = (unsigned)p[2 * i] << 8 | p[2 * i + 1];
  zeros = longest_zeros(groups);
  count = ends_in_ipv4(groups, zeros) ? 6 : 8;
  for (int i = 0; i < count; i++) {
    if (i == zeros.start) {
      *at++ = ':';
      i += zeros.length - 1;
      if (i == 7) *at++ = ':';
      continue;
    }
    if (i > 0) *at++ = ':';
    at = group(at, groups[i]);
  }
  if (count == 6) {
    *at++ = ':';
    at = ipv4(at, p + 12);
  }
  tap_text_put_bytes(t, text, (size_t)(at - text));
}

void tap_text_put_mac(struct tap_text *t, const uint8_t p[6]) {
  char text[17];
  for (int i = 0; i < 6; i++) {
    if (i > 0) text[3 * i - 1] = ':';
    text[3 * i] = hex_digits[p[i] >> 4];
    text[3 * i + 1] = hex_digits[p[i] & 15];
  }
  tap_text_put_bytes(t, text, sizeof text);
}

void tap_text_put_seconds(struct tap_text *t, int64_t ns) {
  uint64_t n = magnitude(ns);
  if (ns < 0) tap_text_put_char(t, '-');
  tap_text_put_uint(t, n / NS_PER_S);
  tap_text_put_char(t, '.');
  tap_text_put_padded(t, n % NS_PER_S, 9);
}

/* Division that rounds down, also below zero; what is left over is never negative. */
static int64_t divide(int64_t n, int64_t by, uint64_t *left) {
  int64_t rest = n % by;
  *left = (uint64_t)(rest < 0 ? rest + by : rest);
  return n / by - (rest < 0);
}

struct date {
  unsigned year, month, day; /* month and day from 1 */
};

/* The date of a day counted from 1 January 1970; 64 bits of ns lie in the years 1677 to 2262.
 * Years begin in March here, so that a leap day is the last day of its year: a century has
 * 146097/4 days, a year 1461/4, and months follow one another as 153 days each five do. */
static struct date date_of(int64_t day) {
  unsigned rest = (unsigned)(day + 719468); /* days from 1 March of the year 0 */
  unsigned century = (4 * rest + 3) / 146097, year, month;
  rest -= 146097 * century / 4;
  year = (4 * rest + 3) / 1461;
  rest -= 1461 * year / 4;
  month = (5 * rest + 2) / 153;
  rest -= (153 * month + 2) / 5;
  year += 100 * century;
  if (month >= 10) return (struct date){ year + 1, month - 9, rest + 1 };
  return (struct date){ year, month + 3, rest + 1 };
}

static void put_clock(struct tap_text *t, uint64_t second) {
  tap_text_put_padded(t, second / 3600, 2);
  tap_text_put_char(t, ':');
  tap_text_put_padded(t, second / 60 % 60, 2);
  tap_text_put_char(t, ':');
  tap_text_put_padded(t, second % 60, 2);
}

void tap_text_put_rfc3339(struct tap_text *t, int64_t ns) {
  uint64_t second, fraction;
  int64_t day = divide(divide(ns, NS_PER_S, &fraction), S_PER_DAY, &second);
  struct date d = date_of(day);
  tap_text_put_padded(t, d.year, 4);
  tap_text_put_char(t, '-');
  tap_text_put_padded(t, d.month, 2);
  tap_text_put_char(t, '-');
  tap_text_put_padded(t, d.day, 2);
  tap_text_put_char(t, 'T');
  put_clock(t, second);
  tap_text_put_char(t, '.');
  tap_text_put_padded(t, fraction, 9);
  tap_text_put_char(t, 'Z');
}

/* Control bytes, of ASCII and of the second control set (U+0080 to U+009F), can steer a
 * terminal. */
static bool is_control(const uint8_t *p, size_t n) {
  return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

static void put_escape(struct tap_text *t, uint8_t c) {
  switch (c) {
  case '\t': tap_text_put(t, "\\t"); return;
  case '\n': tap_text_put(t, "\\n"); return;
  case '\r': tap_text_put(t, "\\r"); return;
  case '\\': tap_text_put(t, "\\\\"); return;
  default: tap_text_put(t, "\\x"); tap_text_put_hex(t, c, 2);
  }
}

void tap_text_put_escaped(struct tap_text *t, const uint8_t *p, size_t n) {
  bool valid;
  for (size_t i = 0, step; i < n && !t->cut; i += step) {
    step = tap_utf8_step(p + i, n - i, &valid);
    if (valid && !is_control(p + i, step) && p[i] != '\\') {
      tap_text_put_bytes(t, (const char *)(p + i), step);
      continue;
    }
    for (size_t j = 0; j < step; j++)
      put_escape(t, p[i + j]);
  }
}

void tap_text_quote(struct tap_text *t, char *start) {
  size_t quotes = 0, length = (size_t)(t->at - start);
  if (strpbrk(start, ",\"\r\n") == NULL) return;
  for (size_t i = 0; i < length; i++)
    quotes += start[i] == '"';
  if (quotes + 2 >= (size_t)(t->end - t->at)) {
    t->cut = true;
    return;
  }
  char *to = t->at + quotes + 2;
  t->at = to;
  *to = '\0';
  *--to = '"';
  for (const char *from = start + length; from > start;) {
    *--to = *--from;
    if (*from == '"') *--to = '"';
  }
  *--to = '"';
}
