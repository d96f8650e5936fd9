/* SPDX-License-Identifier: MIT
 *
 * What the three tables of a graph share: arrays that double and an index
 * from contents to numbers by open addressing.
 */
#ifndef TAP_FILTER_INTERN_H
#define TAP_FILTER_INTERN_H

#include <stdlib.h>

#include "filter/graph.h"

/* The hash of 'n' words, seeded by the table that asks. */
static inline uint32_t tap_intern_hash(const uint32_t *words, size_t n, uint32_t seed) {
  uint64_t h = seed + 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < n; i++) {
    h = (h ^ words[i]) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return (uint32_t)h;
}

/* Make room for one more in an array of 'count'; false when memory is out. */
static inline bool tap_grow(void **array, size_t *room, size_t count, size_t size) {
  size_t more = *room == 0 ? 64 : 2 * *room;
  void *grown;
  if (count < *room) return true;
  grown = realloc(*array, more * size);
  if (grown == NULL) return false;
  *array = grown;
  *room = more;
  return true;
}

typedef uint32_t tap_hasher(const struct tap_graph *g, uint32_t number);

/* Room for one more in an index that holds 'count' numbers. */
static inline bool tap_index_grow(struct tap_graph *g, uint32_t **index, size_t *slots,
                                  size_t count, tap_hasher *hash) {
  size_t more = *slots == 0 ? 256 : 2 * *slots;
  uint32_t *grown;
  if (2 * (count + 1) <= *slots) return true;
  grown = calloc(more, sizeof *grown);
  if (grown == NULL) return false;
  for (size_t i = 0; i < *slots; i++) {
    size_t at;
    if ((*index)[i] == 0) continue;
    for (at = hash(g, (*index)[i]) & (more - 1); grown[at] != 0; at = (at + 1) & (more - 1))
      continue;
    grown[at] = (*index)[i];
  }
  free(*index);
  *index = grown;
  *slots = more;
  return true;
}

#endif
