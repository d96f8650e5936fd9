/* SPDX-License-Identifier: MIT
 *
 * Blocks in a list; a request larger than a block gets a block of its own.
 * Nothing is ever moved, so addresses stay good until the end.
 */
#include "filter/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384, ALIGN = 16 };

struct tap_arena_block {
  struct tap_arena_block *next;
  size_t size; /* keeps the bytes behind aligned */
};

_Static_assert(sizeof(struct tap_arena_block) % ALIGN == 0, "bytes follow the header");

static bool add_block(struct tap_arena *a, size_t size) {
  struct tap_arena_block *block;
  if (size < BLOCK) size = BLOCK;
  block = calloc(1, sizeof *block + size);
  if (block == NULL) {
    a->failed = true;
    return false;
  }
  block->next = a->blocks;
  block->size = size;
  a->blocks = block;
  a->used = 0;
  a->room = size;
  return true;
}

void *tap_arena_take(struct tap_arena *a, size_t size) {
  char *at;
  size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  if (a->failed) return NULL;
  if (size > a->room - a->used && !add_block(a, size)) return NULL;
  at = (char *)(a->blocks + 1) + a->used;
  a->used += size;
  return at;
}

char *tap_arena_copy(struct tap_arena *a, const char *text, size_t n) {
  char *copy = tap_arena_take(a, n + 1);
  if (copy != NULL) memcpy(copy, text, n);
  return copy;
}

void tap_arena_free(struct tap_arena *a) {
  struct tap_arena_block *block = a->blocks, *next;
  *a = (struct tap_arena){ 0 };
  for (; block != NULL; block = next) {
    next = block->next;
    free(block);
  }
}
