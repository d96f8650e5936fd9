/* SPDX-License-Identifier: MIT
 *
 * A ring of requests in order of their coming, and a chain through those of
 * each bucket, the latest first.  A place in the ring is used again after all
 * others: what a chain leads to is the bucket's own as long as it is younger
 * than the whole ring, and older than the link that led there.
 */
#include "stats/pairs.h"

#include <stdlib.h>

/* Requests of one bucket that are looked at: a flood of one key must not make each slow. */
enum { STEPS_MAX = 512 };

struct request {
  struct tap_pair_key key;
  int64_t asked_ns, answered_ns;
  uint64_t before; /* 1 + the number of the bucket's request before this one; 0: none */
  bool answered;
};

struct tap_pairs {
  size_t room;    /* a power of two */
  uint64_t count; /* requests so far: the next one's number */
  int64_t timeout_ns;
  struct tap_pair_counts counts;
  struct request *ring; /* 'room' of them; number n is at n modulo room */
  uint64_t *buckets;    /* 1 + the number of the latest */
};

struct tap_pairs *tap_pairs_new(size_t limit, int64_t timeout_ns) {
  struct tap_pairs *t = calloc(1, sizeof *t);
  if (t == NULL) return NULL;
  t->room = 1;
  while (t->room < limit)
    t->room *= 2;
  t->timeout_ns = timeout_ns;
  t->ring = calloc(t->room, sizeof *t->ring);
  t->buckets = calloc(t->room, sizeof *t->buckets);
  if (t->ring != NULL && t->buckets != NULL) return t;
  tap_pairs_free(t);
  return NULL;
}

void tap_pairs_free(struct tap_pairs *t) {
  if (t == NULL) return;
  free(t->ring);
  free(t->buckets);
  free(t);
}

static uint64_t mix(const uint64_t *words, size_t count, uint64_t h) {
  for (size_t i = 0; i < count; i++) {
    h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return (h ^ h >> 32) * 0xbf58476d1ce4e5b9u;
}

struct tap_pair_key tap_pair_key(const uint64_t *words, size_t count) {
  return (struct tap_pair_key){ mix(words, count, 0x243f6a8885a308d3u),
                                mix(words, count, 0x13198a2e03707344u) };
}

static uint64_t *bucket_of(const struct tap_pairs *t, struct tap_pair_key key) {
  return &t->buckets[key.a >> 7 & (t->room - 1)];
}

/* The request that 'link' (1 + its number) leads to; NULL where its place has another one now. */
static struct request *follow(const struct tap_pairs *t, uint64_t link) {
  if (link == 0 || t->count - (link - 1) > t->room) return NULL;
  return &t->ring[(link - 1) & (t->room - 1)];
}

/* The latest of the key's requests that 'is_it' holds for. */
typedef bool question(const struct tap_pairs *t, const struct request *r, int64_t ts_ns);

static struct request *find(const struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns,
                            question *is_it) {
  struct request *r = follow(t, *bucket_of(t, key));
  for (unsigned steps = 0; r != NULL && steps < STEPS_MAX; steps++, r = follow(t, r->before))
    if (r->key.a == key.a && r->key.b == key.b && is_it(t, r, ts_ns)) return r;
  return NULL;
}

static bool was_asked(const struct tap_pairs *t, const struct request *r, int64_t ts_ns) {
  (void)t;
  return r->asked_ns == ts_ns;
}

static bool was_answered(const struct tap_pairs *t, const struct request *r, int64_t ts_ns) {
  (void)t;
  return r->answered && r->answered_ns == ts_ns;
}

static bool is_waiting(const struct tap_pairs *t, const struct request *r, int64_t ts_ns) {
  return !r->answered && r->asked_ns <= ts_ns && ts_ns - r->asked_ns <= t->timeout_ns;
}

void tap_pairs_request(struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns) {
  struct request *r = &t->ring[t->count & (t->room - 1)];
  uint64_t *bucket = bucket_of(t, key);
  if (find(t, key, ts_ns, was_asked) != NULL) return;
  if (t->count >= t->room && !r->answered && ts_ns - r->asked_ns <= t->timeout_ns)
    t->counts.evicted++;
  *r = (struct request){ .key = key, .asked_ns = ts_ns, .before = *bucket };
  *bucket = ++t->count;
  t->counts.requests++;
}

void tap_pairs_reply(struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns) {
  struct request *r;
  if (find(t, key, ts_ns, was_answered) != NULL) return;
  r = find(t, key, ts_ns, is_waiting);
  if (r == NULL) {
    t->counts.unasked++;
    return;
  }
  r->answered = true;
  r->answered_ns = ts_ns;
  t->counts.matched++;
}

bool tap_pairs_time(const struct tap_pairs *t, struct tap_pair_key key, int64_t ts_ns,
                    int64_t *out) {
  const struct request *r = find(t, key, ts_ns, was_answered);
  if (r == NULL) return false;
  *out = r->answered_ns - r->asked_ns;
  return true;
}

struct tap_pair_counts tap_pairs_counts(const struct tap_pairs *t) {
  return t->counts;
}
