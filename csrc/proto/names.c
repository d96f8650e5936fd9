/* SPDX-License-Identifier: MIT
 *
 * An open hash table that is never more than half full.
 */
#include "proto/names.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

/* Dots and underscores are one: p.tcp_dstport is p["tcp.dstport"]. */
static char flat(char c) {
  return c == '.' ? '_' : c;
}

static uint32_t name_hash(const char *name) {
  uint32_t h = 0x811c9dc5u;
  for (; *name != '\0'; name++)
    h = (h ^ (uint8_t)flat(*name)) * 0x01000193u;
  return h;
}

bool tap_names_same(const char *a, const char *b) {
  while (*a != '\0' && flat(*a) == flat(*b))
    a++, b++;
  return *a == *b;
}

/* The slot that holds 'name', or the free one where it belongs. */
static uint32_t *slot_of(const struct tap_names *n, const char *name) {
  size_t i = name_hash(name) & (n->index_size - 1);
  while (n->index[i] != 0 && !tap_names_same(n->names[n->index[i] - 1], name))
    i = (i + 1) & (n->index_size - 1);
  return &n->index[i];
}

static void fill_index(struct tap_names *n) {
  memset(n->index, 0, n->index_size * sizeof *n->index);
  for (size_t i = 0; i < n->count; i++)
    *slot_of(n, n->names[i]) = (uint32_t)i + 1;
}

static bool grow(struct tap_names *n) {
  size_t size = n->size == 0 ? FIRST_SIZE : 2 * n->size;
  struct tap_ref *refs = realloc(n->refs, size * sizeof *refs);
  const char **names;
  uint32_t *index;
  if (refs == NULL) return false;
  n->refs = refs;
  if ((names = realloc(n->names, size * sizeof *names)) == NULL) return false;
  n->names = names;
  if ((index = realloc(n->index, 2 * size * sizeof *index)) == NULL) return false;
  n->index = index;
  n->index_size = 2 * size;
  n->size = size;
  fill_index(n);
  return true;
}

int tap_names_add(struct tap_names *n, const char *name, const struct tap_ref *ref,
                  struct tap_err *e) {
  uint32_t *slot;
  if (n->count == n->size && !grow(n)) return tap_fail(e, 0, "register '%s': out of memory", name);
  slot = slot_of(n, name);
  if (*slot != 0)
    return tap_fail(e, 0, "register '%s': '%s' is there already", name, n->names[*slot - 1]);
  n->names[n->count] = name;
  n->refs[n->count] = *ref;
  *slot = (uint32_t)++n->count;
  return 0;
}

const struct tap_ref *tap_names_find(const struct tap_names *n, const char *name) {
  uint32_t found = n->count == 0 ? 0 : *slot_of(n, name);
  return found == 0 ? NULL : &n->refs[found - 1];
}

const char *tap_names_spelt(const struct tap_names *n, const struct tap_ref *found) {
  return n->names[found - n->refs];
}

void tap_names_forget(struct tap_names *n, unsigned protocol) {
  size_t kept = 0;
  for (size_t i = 0; i < n->count; i++) {
    if (n->refs[i].protocol == protocol) continue;
    n->refs[kept] = n->refs[i];
    n->names[kept++] = n->names[i];
  }
  n->count = kept;
  fill_index(n);
}

void tap_names_free(struct tap_names *n) {
  free(n->refs);
  free(n->names);
  free(n->index);
}
