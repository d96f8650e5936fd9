/* SPDX-License-Identifier: MIT
 *
 * Reckoning times of pcapng.  The usual case (a power of ten down to the
 * nanosecond, seconds to add that fit) is one product and one sum; everything
 * else goes the long way, by seconds and a fraction.
 */
#include "pcap/clock.h"

enum { NS_DIGITS = 9, BINARY = 0x80 };

static const int64_t ns_per_s = 1000000000;

/* 10^n, 0 where that is over 64 bits. */
static uint64_t power_of_ten(unsigned n) {
  uint64_t power = 1;
  for (; n > 0 && power != 0; n--)
    if (__builtin_mul_overflow(power, 10, &power)) power = 0;
  return power;
}

void tap_pcap_clock_init(struct tap_pcap_clock *clock, uint8_t resolution, int64_t offset_s) {
  const int64_t offset_max = INT64_MAX / ns_per_s / 4;
  *clock = (struct tap_pcap_clock){ .resolution = resolution, .offset_s = offset_s };
  if (resolution > NS_DIGITS || offset_s > offset_max || offset_s < -offset_max) return;
  clock->tick_ns = power_of_ten(NS_DIGITS - resolution);
  clock->tick_max = (uint64_t)INT64_MAX / 2 / clock->tick_ns;
  clock->offset_ns = offset_s * ns_per_s;
}

/* Ticks of 2^-n seconds. */
static uint64_t binary_seconds(unsigned n, uint64_t ticks, uint64_t *ns) {
  uint64_t seconds = n < 64 ? ticks >> n : 0;
  uint64_t rest = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : ticks;
  *ns = (uint64_t)((unsigned __int128)rest * (uint64_t)ns_per_s >> n);
  return seconds;
}

/* Ticks of 10^-n seconds. */
static uint64_t decimal_seconds(unsigned n, uint64_t ticks, uint64_t *ns) {
  uint64_t second = power_of_ten(n), rest = second == 0 ? ticks : ticks % second;
  uint64_t part = n > NS_DIGITS ? power_of_ten(n - NS_DIGITS) : 1;
  *ns = n <= NS_DIGITS ? rest * power_of_ten(NS_DIGITS - n) : part == 0 ? 0 : rest / part;
  return second == 0 ? 0 : ticks / second;
}

int64_t tap_pcap_clock_reckon(const struct tap_pcap_clock *clock, uint64_t ticks) {
  const unsigned n = clock->resolution & ~(unsigned)BINARY;
  uint64_t fraction;
  uint64_t seconds = clock->resolution & BINARY ? binary_seconds(n, ticks, &fraction)
                                                : decimal_seconds(n, ticks, &fraction);
  int64_t sum, ns;
  if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, clock->offset_s, &sum))
    return INT64_MAX;
  if (__builtin_mul_overflow(sum, ns_per_s, &ns) ||
      __builtin_add_overflow(ns, (int64_t)fraction, &ns))
    return sum < 0 ? INT64_MIN : INT64_MAX;
  return ns;
}
