/* SPDX-License-Identifier: MIT
 *
 * Where one character of UTF-8 ends and whether it is one.  Bytes come from
 * strangers: overlong forms, surrogates and what is over U+10FFFF are invalid
 * (RFC 3629).
 */
#ifndef TAP_BASE_UTF8_H
#define TAP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many of the 'n' (>= 1) bytes at 'p' make one character.  Where they make none, *valid is
 * false and the answer is the longest beginning of a character that is there, at least one
 * byte: what one U+FFFD stands for. */
size_t tap_utf8_step(const uint8_t *p, size_t n, bool *valid);

#endif
