/* SPDX-License-Identifier: MIT
 *
 * Sets of numbers: ranges in order that do not touch, interned by contents.
 */
#include <string.h>

#include "filter/intern.h"

/* A range is two words. */
static uint32_t hash_set(const struct tap_graph *g, uint32_t number) {
  const struct tap_set_row *s = &g->sets[number];
  uint32_t hash = 1;
  for (uint32_t i = 0; i < s->count; i++) {
    const struct tap_range *r = &g->ranges[s->first + i];
    const uint32_t words[] = { r->low, r->high };
    hash = tap_intern_hash(words, 2, hash);
  }
  return hash;
}

static bool same_set(const struct tap_graph *g, uint32_t a, uint32_t b) {
  const struct tap_set_row *x = &g->sets[a], *y = &g->sets[b];
  return x->count == y->count && x->count > 0 &&
         memcmp(g->ranges + x->first, g->ranges + y->first, x->count * sizeof *g->ranges) == 0;
}

void tap_set_begin(struct tap_graph *g) {
  g->scratch_count = 0;
}

void tap_set_add(struct tap_graph *g, uint32_t low, uint32_t high) {
  void *array = g->scratch;
  if (low > high) return;
  if (!tap_grow(&array, &g->scratch_room, g->scratch_count, sizeof *g->scratch)) {
    g->failed = true;
    return;
  }
  g->scratch = array;
  g->scratch[g->scratch_count++] = (struct tap_range){ low, high };
}

static int by_low(const void *a, const void *b) {
  const struct tap_range *x = a, *y = b;
  return x->low < y->low ? -1 : x->low > y->low;
}

/* Sort what was added, and join what touches. */
static void normalise(struct tap_graph *g) {
  struct tap_range *r = g->scratch;
  size_t n = 0;
  bool sorted = true;
  for (size_t i = 1; i < g->scratch_count; i++)
    sorted = sorted && r[i - 1].low <= r[i].low;
  if (!sorted) qsort(r, g->scratch_count, sizeof *r, by_low);
  for (size_t i = 0; i < g->scratch_count; i++) {
    if (n > 0 && (r[n - 1].high == UINT32_MAX || r[i].low <= r[n - 1].high + 1)) {
      if (r[i].high > r[n - 1].high) r[n - 1].high = r[i].high;
      continue;
    }
    r[n++] = r[i];
  }
  g->scratch_count = n;
}

static bool copy_ranges(struct tap_graph *g) {
  void *array = g->sets;
  struct tap_range *ranges;
  while (g->range_count + g->scratch_count + 1 > g->range_room) {
    g->range_room = g->range_room == 0 ? 64 : 2 * g->range_room;
    ranges = realloc(g->ranges, g->range_room * sizeof *ranges);
    if (ranges == NULL) return false;
    g->ranges = ranges;
  }
  if (!tap_grow(&array, &g->set_room, g->set_count, sizeof *g->sets)) return false;
  g->sets = array;
  if (g->scratch_count > 0)
    memcpy(g->ranges + g->range_count, g->scratch, g->scratch_count * sizeof *g->ranges);
  g->sets[g->set_count] =
      (struct tap_set_row){ (uint32_t)g->range_count, (uint32_t)g->scratch_count };
  return true;
}

uint32_t tap_set_end(struct tap_graph *g) {
  uint32_t number = (uint32_t)g->set_count;
  size_t at;
  normalise(g);
  if (!copy_ranges(g) || !tap_index_grow(g, &g->set_index, &g->set_slots, g->set_count, hash_set)) {
    g->failed = true;
    return SET_EMPTY;
  }
  /* An index holds numbers from 1 on, so that 0 can mean a free slot. */
  if (g->scratch_count == 0 && number > SET_EMPTY) return SET_EMPTY;
  for (at = hash_set(g, number) & (g->set_slots - 1); g->set_index[at] != 0;
       at = (at + 1) & (g->set_slots - 1))
    if (same_set(g, g->set_index[at], number)) return g->set_index[at];
  g->set_index[at] = number;
  g->set_count++;
  g->range_count += g->scratch_count;
  return number;
}

uint32_t tap_set_range(struct tap_graph *g, uint32_t low, uint32_t high) {
  tap_set_begin(g);
  tap_set_add(g, low, high);
  return tap_set_end(g);
}

bool tap_set_has(const struct tap_graph *g, uint32_t set, uint32_t number) {
  const struct tap_range *r = tap_set_ranges(g, set);
  size_t low = 0, high = g->sets[set].count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (number < r[middle].low)
      high = middle;
    else if (number > r[middle].high)
      low = middle + 1;
    else
      return true;
  }
  return false;
}

uint32_t tap_set_intersect(struct tap_graph *g, uint32_t a, uint32_t b) {
  size_t i = 0, j = 0;
  if (a == SET_FULL || a == b) return b;
  if (b == SET_FULL) return a;
  tap_set_begin(g);
  while (i < g->sets[a].count && j < g->sets[b].count) {
    struct tap_range x = tap_set_ranges(g, a)[i], y = tap_set_ranges(g, b)[j];
    tap_set_add(g, x.low > y.low ? x.low : y.low, x.high < y.high ? x.high : y.high);
    if (x.high < y.high)
      i++;
    else
      j++;
  }
  return tap_set_end(g);
}

uint32_t tap_set_unite(struct tap_graph *g, uint32_t a, uint32_t b) {
  if (a == b || a == SET_FULL) return a;
  if (b == SET_FULL) return b;
  tap_set_begin(g);
  for (size_t i = 0; i < g->sets[a].count; i++)
    tap_set_add(g, tap_set_ranges(g, a)[i].low, tap_set_ranges(g, a)[i].high);
  for (size_t i = 0; i < g->sets[b].count; i++)
    tap_set_add(g, tap_set_ranges(g, b)[i].low, tap_set_ranges(g, b)[i].high);
  return tap_set_end(g);
}

uint32_t tap_set_without(struct tap_graph *g, uint32_t a, uint32_t b) {
  size_t j = 0;
  tap_set_begin(g);
  for (size_t i = 0; i < g->sets[a].count; i++) {
    struct tap_range r = tap_set_ranges(g, a)[i];
    bool left = true;
    while (j < g->sets[b].count && tap_set_ranges(g, b)[j].high < r.low)
      j++;
    for (size_t k = j; left && k < g->sets[b].count; k++) {
      struct tap_range hole = tap_set_ranges(g, b)[k];
      if (hole.low > r.high) break;
      if (hole.low > r.low) tap_set_add(g, r.low, hole.low - 1);
      left = hole.high < r.high;
      if (left) r.low = hole.high + 1;
    }
    if (left) tap_set_add(g, r.low, r.high);
  }
  return tap_set_end(g);
}
