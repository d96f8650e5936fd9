/* SPDX-License-Identifier: MIT
 *
 * Spreading the bits of a word, for whoever needs the low ones of a key that
 * strangers choose.
 */
#ifndef TAP_BASE_HASH_H
#define TAP_BASE_HASH_H

#include <stdint.h>

/* The finaliser of splitmix64. */
static inline uint64_t tap_mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

#endif
