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

struct tap_table {
  uint64_t seed;
  uint64_t *words;
  uint32_t *rows;
  struct tap_slot *slots;
  size_t words_used, words_room, rows_used, rows_room;
  size_t slots_room; /* 0 or a power of two */
  size_t limit;      /* of rows */
  unsigned counters; /* in each row */
};

void tap_table_init(struct tap_table *t, unsigned counters, size_t limit, uint64_t seed);
void tap_table_free(struct tap_table *t);

/* The counters of the row with this key, which is made where there is none: counters 0.  NULL
 * when the table is at its limit or memory is out.  Valid until the next call. */
uint64_t *tap_table_put(struct tap_table *t, const uint64_t *key, size_t words);

/* The number of the row with this key, or -1. */
long tap_table_find(const struct tap_table *t, const uint64_t *key, size_t words);

/* Counters of row 'row', and behind them its key. */
static inline const uint64_t *tap_table_row(const struct tap_table *t, size_t row) {
  return t->words + t->rows[row];
}

#endif
