/* SPDX-License-Identifier: MIT
 *
 * One hash for tables of the core: bytes in, 32 bits out.  It is seeded per
 * table, since keys come from strangers' packets.
 */
#ifndef TAP_BASE_HASH_H
#define TAP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Spread the bits of one 64-bit word (the finaliser of splitmix64). */
static inline uint64_t tap_mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static inline uint32_t tap_hash(const void *bytes, size_t n, uint64_t seed) {
  const uint8_t *p = bytes;
  uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u), word;
  for (; n >= 8; n -= 8, p += 8) {
    memcpy(&word, p, 8);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  if (n > 0) {
    word = 0;
    memcpy(&word, p, n);
    h ^= word;
  }
  return (uint32_t)(tap_mix(h) >> 16);
}

#endif
