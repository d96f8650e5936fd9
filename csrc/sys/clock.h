/* SPDX-License-Identifier: MIT
 *
 * The two clocks, in nanoseconds: real time, which frames of a live source
 * are stamped with and which may step, and monotonic time for deadlines.
 */
#ifndef TAP_SYS_CLOCK_H
#define TAP_SYS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t tap_clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t tap_clock_real_ns(void) {
  return tap_clock_ns(CLOCK_REALTIME);
}

static inline int64_t tap_clock_monotonic_ns(void) {
  return tap_clock_ns(CLOCK_MONOTONIC);
}

/* A point of time so long after another; the last one that there is where that is too late. */
static inline int64_t tap_clock_after(int64_t ns, int64_t span_ns) {
  int64_t sum;
  return __builtin_add_overflow(ns, span_ns, &sum) ? INT64_MAX : sum;
}

#endif
