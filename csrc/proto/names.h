/* SPDX-License-Identifier: MIT
 *
 * The names of fields and protocols, in order of registration, and an index
 * to find them by.  Invariant: a name, with dots and underscores held equal,
 * is there once.  Names are borrowed.
 */
#ifndef TAP_PROTO_NAMES_H
#define TAP_PROTO_NAMES_H

#include <stddef.h>

#include "base/err.h"
#include "proto/field.h"

struct tap_names {
  struct tap_ref *refs; /* first occurrence of each, made ready; a protocol's is its presence */
  const char **names;   /* refs[i] is called names[i] */
  size_t count, size;
  uint32_t *index; /* by name, 0: free, else 1 + number */
  size_t index_size;
};

/* 0, or -1 where the name is there or memory is out. */
int tap_names_add(struct tap_names *n, const char *name, const struct tap_ref *ref,
                  struct tap_err *e);

/* What is called 'name', or NULL.  Valid until the next one is added or forgotten. */
const struct tap_ref *tap_names_find(const struct tap_names *n, const char *name);

/* How the name of a reference that was found is written. */
const char *tap_names_spelt(const struct tap_names *n, const struct tap_ref *found);

/* Are two names one? */
bool tap_names_same(const char *a, const char *b);

/* Forget those of a protocol; the others keep their order. */
void tap_names_forget(struct tap_names *n, unsigned protocol);
void tap_names_free(struct tap_names *n);

#endif
