/* SPDX-License-Identifier: MIT
 *
 * What the tree of a filter is lowered to, before it becomes a graph: tests
 * of values joined by and, or, not, in the order in which they are made.
 * Every function takes NULL (no memory) and passes it on.
 */
#ifndef TAP_FILTER_FORMULA_H
#define TAP_FILTER_FORMULA_H

#include "filter/arena.h"
#include "filter/graph.h"

enum tap_formula_kind {
  FORMULA_TRUE,
  FORMULA_FALSE,
  FORMULA_TEST,
  FORMULA_AND,
  FORMULA_OR,
  FORMULA_NOT,
  FORMULA_STORE,
  FORMULA_CHOOSE
};

struct tap_formula {
  uint8_t kind, cell;
  bool outside;        /* something in it cannot run in the kernel */
  bool fixed;          /* something in it must stay in its place */
  uint32_t value, set; /* of a test; a store has the value alone, and is true */
  struct tap_formula *a, *b;
};

struct tap_formula *tap_formula_constant(struct tap_arena *arena, bool is_true);
struct tap_formula *tap_formula_test(struct tap_arena *arena, uint32_t value, uint32_t set);
struct tap_formula *tap_formula_store(struct tap_arena *arena, unsigned cell, uint32_t value);
struct tap_formula *tap_formula_and(struct tap_arena *arena, struct tap_formula *a,
                                    struct tap_formula *b);
struct tap_formula *tap_formula_or(struct tap_arena *arena, struct tap_formula *a,
                                   struct tap_formula *b);
struct tap_formula *tap_formula_not(struct tap_arena *arena, struct tap_formula *a);

/* If the test holds 'a', else 'b'. */
struct tap_formula *tap_formula_choose(struct tap_arena *arena, uint32_t value, uint32_t set,
                                       struct tap_formula *a, struct tap_formula *b);

/* The node that decides 'f', going to 't' or to 'otherwise'. */
uint32_t tap_formula_build(struct tap_graph *g, const struct tap_formula *f, uint32_t t,
                           uint32_t otherwise);

#endif
