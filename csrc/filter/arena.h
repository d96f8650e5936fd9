/* SPDX-License-Identifier: MIT
 *
 * Memory that lives as long as one compilation: taken in pieces, given back
 * all at once.  Running out is remembered: from then on every request gets
 * NULL, and who drives the passes asks once at the end of each.
 */
#ifndef TAP_FILTER_ARENA_H
#define TAP_FILTER_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct tap_arena_block;

struct tap_arena {
  struct tap_arena_block *blocks; /* the newest first */
  size_t used, room;              /* of the newest */
  bool failed;
};

/* 'size' zeroed bytes, aligned for anything; NULL when memory is out. */
void *tap_arena_take(struct tap_arena *a, size_t size);

/* A copy of 'n' bytes with a zero byte behind; NULL when memory is out. */
char *tap_arena_copy(struct tap_arena *a, const char *text, size_t n);

void tap_arena_free(struct tap_arena *a);

#endif
