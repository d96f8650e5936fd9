/* SPDX-License-Identifier: MIT
 *
 * Text under construction in a caller's buffer.  What does not fit is cut,
 * and 'cut' says so; the text always ends in a zero byte.  Pure: no locale,
 * no allocation.
 */
#ifndef TAP_BASE_TEXT_H
#define TAP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Invariant: at < end, *at == 0. */
struct tap_text {
  char *at, *end;
  bool cut;
};

void tap_text_begin(struct tap_text *t, char *buffer, size_t size); /* size >= 1 */
void tap_text_put(struct tap_text *t, const char *s);
void tap_text_put_bytes(struct tap_text *t, const char *s, size_t n);
void tap_text_put_char(struct tap_text *t, char c);
void tap_text_put_uint(struct tap_text *t, uint64_t n);
void tap_text_put_int(struct tap_text *t, int64_t n);
void tap_text_put_padded(struct tap_text *t, uint64_t n, int digits);   /* zeros in front */
void tap_text_put_hex(struct tap_text *t, uint64_t n, int digits);      /* lower case, no 0x */
void tap_text_put_dump(struct tap_text *t, const uint8_t *p, size_t n); /* "0a1b2c" */
void tap_text_put_ipv4(struct tap_text *t, const uint8_t p[4]);
void tap_text_put_ipv6(struct tap_text *t, const uint8_t p[16]); /* RFC 5952 */
void tap_text_put_mac(struct tap_text *t, const uint8_t p[6]);
void tap_text_put_seconds(struct tap_text *t, int64_t ns); /* seconds, nine decimals */
void tap_text_put_rfc3339(struct tap_text *t, int64_t ns); /* UTC, nine decimals, "Z" */

/* Put what was written since 'start' between quotes where RFC 4180 wants them: where it holds a
 * comma, a quote or a line's end. */
void tap_text_quote(struct tap_text *t, char *start);

/* Text with tab, newline, return, backslash and other control bytes escaped. */
void tap_text_put_escaped(struct tap_text *t, const uint8_t *p, size_t n);

#endif
