/* SPDX-License-Identifier: MIT
 *
 * How an interface of a pcapng file counts time: ticks of so much since the
 * epoch, and seconds to add to that.  What 64 bits of nanoseconds cannot hold
 * becomes the nearest time that they can.
 */
#ifndef TAP_PCAP_CLOCK_H
#define TAP_PCAP_CLOCK_H

#include <stdint.h>

struct tap_pcap_clock {
  uint64_t tick_ns;   /* nanoseconds of a tick; 0: less than one, or a fraction */
  uint64_t tick_max;  /* ticks up to here are reckoned without care */
  int64_t offset_ns;  /* for those */
  int64_t offset_s;   /* for the others */
  uint8_t resolution; /* as the file says it: 10^-n, or 2^-n with the highest bit set */
};

void tap_pcap_clock_init(struct tap_pcap_clock *clock, uint8_t resolution, int64_t offset_s);

/* tap_pcap_clock_ns for all that is not usual. */
int64_t tap_pcap_clock_reckon(const struct tap_pcap_clock *clock, uint64_t ticks);

static inline int64_t tap_pcap_clock_ns(const struct tap_pcap_clock *clock, uint64_t ticks) {
  if (ticks > clock->tick_max) return tap_pcap_clock_reckon(clock, ticks);
  return (int64_t)(ticks * clock->tick_ns) + clock->offset_ns;
}

#endif
