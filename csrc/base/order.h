/* SPDX-License-Identifier: MIT
 *
 * Numbers in the byte order of the machine that wrote them.  A file says once
 * which one that was: 'swapped' means not this machine's.
 */
#ifndef TAP_BASE_ORDER_H
#define TAP_BASE_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t tap_load16(const uint8_t *p, bool swapped) {
  uint16_t n;
  memcpy(&n, p, 2);
  return swapped ? __builtin_bswap16(n) : n;
}

static inline uint32_t tap_load32(const uint8_t *p, bool swapped) {
  uint32_t n;
  memcpy(&n, p, 4);
  return swapped ? __builtin_bswap32(n) : n;
}

static inline uint64_t tap_load64(const uint8_t *p, bool swapped) {
  uint64_t n;
  memcpy(&n, p, 8);
  return swapped ? __builtin_bswap64(n) : n;
}

#endif
