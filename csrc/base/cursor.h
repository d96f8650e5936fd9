/* SPDX-License-Identifier: MIT
 *
 * A window on untrusted bytes, and the only way to them: parsers and field
 * readers take what they need through it and see NULL where the bytes end.
 * Numbers on the wire are big-endian (network order) unless a name says so.
 */
#ifndef TAP_BASE_CURSOR_H
#define TAP_BASE_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Invariant: at <= end, always. */
struct tap_cursor {
  const uint8_t *at, *end;
};

static inline size_t tap_left(const struct tap_cursor *c) {
  return (size_t)(c->end - c->at);
}

/* Step over 'n' bytes and return their start; NULL (and no move) if short. */
static inline const uint8_t *tap_take(struct tap_cursor *c, size_t n) {
  const uint8_t *p = c->at;
  if (n > tap_left(c)) return NULL;
  c->at += n;
  return p;
}

/* Leave at most 'n' bytes in the window: what lies behind is padding. */
static inline void tap_narrow(struct tap_cursor *c, size_t n) {
  if (tap_left(c) > n) c->end = c->at + n;
}

static inline uint16_t tap_be16(const uint8_t *p) {
  return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t tap_be32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Little-endian, as some link headers are. */
static inline uint16_t tap_le16(const uint8_t *p) {
  return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t tap_le32(const uint8_t *p) {
  return (uint32_t)tap_le16(p + 2) << 16 | tap_le16(p);
}

static inline uint64_t tap_le64(const uint8_t *p) {
  return (uint64_t)tap_le32(p + 4) << 32 | tap_le32(p);
}

#endif
