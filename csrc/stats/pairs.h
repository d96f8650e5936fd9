/* SPDX-License-Identifier: MIT
 *
 * Requests and the replies to them, by key: how long each took.  A table of
 * fixed size: the oldest request goes when a new one needs its room.  Packets
 * may be seen more than once (a copy is decoded anew): the same request or
 * reply changes nothing the second time, and a reply's time can be asked for
 * as long as its request has its room.
 */
#ifndef TAP_STATS_PAIRS_H
#define TAP_STATS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_pairs;

/* A key, told from others by 128 bits. */
struct tap_pair_key {
  uint64_t a, b;
};

struct tap_pair_counts {
  uint64_t requests, matched;
  uint64_t unasked; /* replies to no request that is known, or to one too old */
  uint64_t evicted; /* requests that went without a reply, though one could still have come */
};

/* NULL when memory is out. */
struct tap_pairs *tap_pairs_new(size_t limit, int64_t timeout_ns);
void tap_pairs_free(struct tap_pairs *t);

struct tap_pair_key tap_pair_key(const uint64_t *words, size_t count);

void tap_pairs_request(struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns);

/* The reply is to the latest request that has none. */
void tap_pairs_reply(struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns);

/* How long the reply that came at 'ts_ns' took; false where it is none that is known. */
bool tap_pairs_time(const struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns,
                    int64_t *out);

struct tap_pair_counts tap_pairs_counts(const struct tap_pairs *t);

#endif
