/* SPDX-License-Identifier: MIT
 *
 * A hash table from keys of some 64-bit words to rows of counters.  Rows keep
 * the order in which their keys came and are numbered in it from 0.
 *
 * Memory is three arrays: 'words' has the rows one after the other, each its
 * counters and then its key; 'rows' says where each begins; 'slots' is the
 * index, by open addressing.  Invariant: at most three of four slots are used,
 * so that a search ends.
 *
 * No key may be the beginning of another one (aggregate.c makes them so):
 * then the table needs no lengths, and comparing two keys stops in the shorter.
 */
#ifndef TAP_STATS_TABLE_H
#define TAP_STATS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_slot {
  uint32_t hash;
  uint32_t place; /* where the row begins in 'words', + 1; 0: free */
};

struct tap_rows {
  uint64_t seed;
  uint64_t *words;
  uint32_t *rows;
  struct tap_slot *slots;
  size_t words_used, words_room, rows_used, rows_room;
  size_t slots_room; /* 0 or a power of two */
  size_t limit;      /* of rows */
  unsigned counters; /* in each row */
};

void tap_table_init(struct tap_rows *t, unsigned counters, size_t limit, uint64_t seed);
void tap_table_free(struct tap_rows *t);

/* A product folds what is high into what is low, where indexes are taken from. */
static inline uint32_t tap_table_hash(const struct tap_rows *t, const uint64_t *key, size_t words) {
  uint64_t h = t->seed;
  for (const uint64_t *end = key + words; key < end; key++) {
    h = (h ^ *key) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  return (uint32_t)(h * 0xbf58476d1ce4e5b9u >> 32);
}

/* The slot of the key, or the free one where it would go.  There must be slots. */
static inline struct tap_slot *tap_table_slot(const struct tap_rows *t, const uint64_t *key,
                                              size_t words, uint32_t hash) {
  for (size_t i = hash;; i++) {
    struct tap_slot *slot = &t->slots[i & (t->slots_room - 1)];
    const uint64_t *row_key;
    size_t same = 0;
    if (slot->place == 0) return slot;
    if (slot->hash != hash) continue;
    row_key = t->words + slot->place - 1 + t->counters;
    while (same < words && row_key[same] == key[same])
      same++;
    if (same == words) return slot;
  }
}

/* Make a row for a key that has none.  Returns its counters, as put() does. */
uint64_t *tap_table_add(struct tap_rows *t, const uint64_t *key, size_t words, uint32_t hash);

/* The counters of the row with this key, which is made where there is none: counters 0.  NULL
 * when the table is at its limit or memory is out.  Valid until the next call. */
static inline uint64_t *tap_table_put(struct tap_rows *t, const uint64_t *key, size_t words) {
  uint32_t hash = tap_table_hash(t, key, words);
  const struct tap_slot *slot = t->slots == NULL ? NULL : tap_table_slot(t, key, words, hash);
  if (slot == NULL || slot->place == 0) return tap_table_add(t, key, words, hash);
  return t->words + slot->place - 1;
}

/* The number of the row with this key, or -1. */
long tap_table_find(const struct tap_rows *t, const uint64_t *key, size_t words);

/* Counters of row 'row', and behind them its key. */
static inline const uint64_t *tap_table_row(const struct tap_rows *t, size_t row) {
  return t->words + t->rows[row];
}

#endif
