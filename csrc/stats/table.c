/* SPDX-License-Identifier: MIT
 *
 * The table's growing.  All arrays double, and a new row commits only after all
 * of them have room, so a table that runs out of memory stays as it was.
 * Slots keep the hash: growing reads no keys, and a search reads a row's key
 * only when it is nearly sure to be the right one.
 */
#include "stats/table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64, FIRST_ROWS = 48, FIRST_WORDS = 256 };

void tap_table_init(struct tap_rows *t, unsigned counters, size_t limit, uint64_t seed) {
  *t = (struct tap_rows){ .counters = counters, .limit = limit, .seed = seed };
}

void tap_table_free(struct tap_rows *t) {
  free(t->words);
  free(t->rows);
  free(t->slots);
  *t = (struct tap_rows){ 0 };
}

static bool grow_slots(struct tap_rows *t) {
  size_t room = t->slots_room > 0 ? t->slots_room * 2 : FIRST_SLOTS;
  struct tap_slot *slots = calloc(room, sizeof *slots);
  if (slots == NULL) return false;
  for (size_t i = 0; i < t->slots_room; i++) {
    size_t at = t->slots[i].hash;
    if (t->slots[i].place == 0) continue;
    while (slots[at & (room - 1)].place != 0)
      at++;
    slots[at & (room - 1)] = t->slots[i];
  }
  free(t->slots);
  t->slots = slots;
  t->slots_room = room;
  return true;
}

static bool grow_rows(struct tap_rows *t) {
  size_t room = t->rows_room > 0 ? t->rows_room * 2 : FIRST_ROWS;
  uint32_t *rows = room <= SIZE_MAX / sizeof *rows ? realloc(t->rows, room * sizeof *rows) : NULL;
  if (rows == NULL) return false;
  t->rows = rows;
  t->rows_room = room;
  return true;
}

static bool grow_words(struct tap_rows *t, size_t needed) {
  size_t room = t->words_room > 0 ? t->words_room : FIRST_WORDS;
  uint64_t *words;
  while (room < needed)
    room *= 2;
  if (needed >= UINT32_MAX || room > SIZE_MAX / sizeof *words) return false;
  words = realloc(t->words, room * sizeof *words);
  if (words == NULL) return false;
  t->words = words;
  t->words_room = room;
  return true;
}

static bool make_room(struct tap_rows *t, size_t words) {
  if (t->rows_used == t->limit) return false;
  if (t->rows_used >= t->slots_room / 4 * 3 && !grow_slots(t)) return false;
  if (t->rows_used == t->rows_room && !grow_rows(t)) return false;
  return t->words_used + words <= t->words_room || grow_words(t, t->words_used + words);
}

uint64_t *tap_table_add(struct tap_rows *t, const uint64_t *key, size_t words, uint32_t hash) {
  size_t at = t->words_used;
  uint64_t *row;
  if (!make_room(t, t->counters + words)) return NULL;
  row = t->words + at;
  memset(row, 0, t->counters * sizeof *row);
  memcpy(row + t->counters, key, words * sizeof *row);
  *tap_table_slot(t, key, words, hash) = (struct tap_slot){ hash, (uint32_t)at + 1 };
  t->rows[t->rows_used++] = (uint32_t)at;
  t->words_used += t->counters + words;
  return row;
}

/* Rows begin in the order of their numbers. */
static size_t row_at(const struct tap_rows *t, uint32_t place) {
  size_t low = 0, high = t->rows_used - 1;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (t->rows[middle] < place)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

long tap_table_find(const struct tap_rows *t, const uint64_t *key, size_t words) {
  const struct tap_slot *slot;
  if (t->slots == NULL) return -1;
  slot = tap_table_slot(t, key, words, tap_table_hash(t, key, words));
  return slot->place == 0 ? -1 : (long)row_at(t, slot->place - 1);
}
