/* SPDX-License-Identifier: MIT
 *
 * The key of a row: values of fields, made one run of bytes, so that equal
 * values have equal bytes.  Its parts follow one another, each a tag byte that
 * has the type in its lower half, and then
 *
 *   a number         its bytes, least significant first, without the zeros at
 *                    the end (the tag's upper half counts them)
 *   an address       its bytes
 *   bytes or text    a byte with the length and the bytes, cut where the key is full
 *   an absent field  nothing
 *
 * and zeros up to a whole word.  A part tells where it ends, so no key is the
 * beginning of another one.
 */
#ifndef TAP_STATS_KEY_H
#define TAP_STATS_KEY_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/value.h"
#include "stats/aggregate.h"

enum {
  TAP_KEY_ABSENT = 0x0f, /* a tag */
  TAP_KEY_PART = 17,     /* bytes of the longest part that is not of type bytes or text */
};

_Static_assert(TAP_KEYS_MAX *TAP_KEY_PART <= TAP_KEY_BYTES_MAX, "every part has its room");
_Static_assert(TAP_KEY_BYTES_MAX - 2 <= UINT8_MAX, "a length fits into its byte");

/* A key under construction.  Each put is told where its part goes and returns where the next one
 * does; both a number and the end may touch the eight bytes behind. */
struct tap_key {
  uint64_t words[TAP_KEY_BYTES_MAX / 8 + 2];
};

static inline uint8_t *tap_key_begin(struct tap_key *key) {
  return (uint8_t *)key->words;
}

/* Returns the key's length in words. */
static inline size_t tap_key_end(struct tap_key *key, uint8_t *at) {
  memset(at, 0, 8);
  return ((size_t)(at - (uint8_t *)key->words) + 7) / 8;
}

static inline uint8_t *tap_key_put_absent(uint8_t *at) {
  *at = TAP_KEY_ABSENT;
  return at + 1;
}

/* How many bytes a number takes: at least one. */
static inline unsigned tap_key_number_size(uint64_t number) {
  return (unsigned)(71 - __builtin_clzll(number | 1)) / 8;
}

static inline uint8_t *tap_key_put_number(uint8_t *at, unsigned type, uint64_t number) {
  unsigned bytes = tap_key_number_size(number);
  uint64_t low_first = htole64(number);
  *at = (uint8_t)(type | bytes << 4);
  memcpy(at + 1, &low_first, 8);
  return at + 1 + bytes;
}

/* The sizes are constants where this is inlined. */
static inline uint8_t *tap_key_put_address(uint8_t *at, const struct tap_value *v, size_t size) {
  *at = v->type;
  memcpy(at + 1, v->bytes, size);
  return at + 1 + size;
}

/* As many of the bytes as leave room for the 'later' parts. */
uint8_t *tap_key_put_bytes(struct tap_key *key, uint8_t *at, const struct tap_value *v,
                           unsigned later);

static inline uint8_t *tap_key_put(struct tap_key *key, uint8_t *at, const struct tap_value *v,
                                   unsigned later) {
  switch (v->type) {
  case TAP_IPV4: return tap_key_put_address(at, v, 4);
  case TAP_IPV6: return tap_key_put_address(at, v, 16);
  case TAP_MAC: return tap_key_put_address(at, v, 6);
  case TAP_EUI64: return tap_key_put_address(at, v, 8);
  case TAP_BYTES:
  case TAP_STRING: return tap_key_put_bytes(key, at, v, later);
  default: return tap_key_put_number(at, v->type, v->number);
  }
}

/* The whole key in one word, where it is of one part that fits into it: the same bytes that put
 * and end would make. */
static inline bool tap_key_word(const struct tap_value *v, uint64_t *out) {
  uint32_t address;
  unsigned bytes;
  if (v->type == TAP_IPV4) {
    memcpy(&address, v->bytes, 4);
    *out = htole64(TAP_IPV4 | (uint64_t)le32toh(address) << 8);
    return true;
  }
  if (!tap_type_is_number(v->type) || v->number >> 56 != 0) return false;
  bytes = tap_key_number_size(v->number);
  *out = htole64(v->type | bytes << 4 | v->number << 8);
  return true;
}

/* Read the part at '*at' and move on to the next one.  False when it is absent. */
bool tap_key_part(const uint8_t **at, struct tap_value *out);

#endif
