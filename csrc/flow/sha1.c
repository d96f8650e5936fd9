/* SPDX-License-Identifier: MIT
 *
 * One block is enough for the messages that there are, so there is no state
 * between blocks.
 */
#include "flow/sha1.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"

enum { BLOCK = 64, ROUNDS = 80 };

static uint32_t rotate(uint32_t word, unsigned by) {
  return word << by | word >> (32 - by);
}

static void put_be32(uint8_t *out, uint32_t word) {
  out[0] = (uint8_t)(word >> 24);
  out[1] = (uint8_t)(word >> 16);
  out[2] = (uint8_t)(word >> 8);
  out[3] = (uint8_t)word;
}

/* The message, a set bit, zeros, and the length in bits (6.1.1 and 5.1.1). */
static void schedule(const uint8_t *message, size_t size, uint32_t word[ROUNDS]) {
  uint8_t block[BLOCK] = { 0 };
  memcpy(block, message, size);
  block[size] = 0x80;
  put_be32(block + BLOCK - 4, (uint32_t)size * 8);
  for (unsigned i = 0; i < 16; i++)
    word[i] = tap_be32(block + 4 * i);
  for (unsigned i = 16; i < ROUNDS; i++)
    word[i] = rotate(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
}

/* The function and the constant of a round (4.1.1 and 4.2.1). */
static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d) {
  switch (round / 20) {
  case 0: return ((b & c) | (~b & d)) + 0x5a827999u;
  case 1: return (b ^ c ^ d) + 0x6ed9eba1u;
  case 2: return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
  default: return (b ^ c ^ d) + 0xca62c1d6u;
  }
}

void tap_sha1(const uint8_t *message, size_t size, uint8_t out[TAP_SHA1_BYTES]) {
  static const uint32_t start[5] = { 0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u,
                                     0xc3d2e1f0u };
  uint32_t word[ROUNDS], h[5];
  assert(size <= TAP_SHA1_SHORT);
  memcpy(h, start, sizeof h);
  schedule(message, size, word);
  for (unsigned i = 0; i < ROUNDS; i++) {
    uint32_t next = rotate(h[0], 5) + mix(i, h[1], h[2], h[3]) + h[4] + word[i];
    h[4] = h[3];
    h[3] = h[2];
    h[2] = rotate(h[1], 30);
    h[1] = h[0];
    h[0] = next;
  }
  for (unsigned i = 0; i < 5; i++)
    put_be32(out + 4 * i, start[i] + h[i]);
}
