/* SPDX-License-Identifier: MIT
 *
 * Formulas and how they become nodes: 'not' swaps the two ways out, 'and'
 * builds its right side first, so that the left side can lead to it.
 */
#include "filter/formula.h"

static struct tap_formula *make(struct tap_arena *arena, unsigned kind) {
  struct tap_formula *f = tap_arena_take(arena, sizeof *f);
  if (f != NULL) f->kind = (uint8_t)kind;
  return f;
}

struct tap_formula *tap_formula_constant(struct tap_arena *arena, bool is_true) {
  return make(arena, is_true ? FORMULA_TRUE : FORMULA_FALSE);
}

struct tap_formula *tap_formula_test(struct tap_arena *arena, uint32_t value, uint32_t set) {
  struct tap_formula *f = make(arena, FORMULA_TEST);
  if (f == NULL) return NULL;
  f->value = value;
  f->set = set;
  return f;
}

struct tap_formula *tap_formula_store(struct tap_arena *arena, unsigned cell, uint32_t value) {
  struct tap_formula *f = make(arena, FORMULA_STORE);
  if (f == NULL) return NULL;
  f->cell = (uint8_t)cell;
  f->fixed = true;
  f->value = value;
  return f;
}

/* What the kernel can decide comes before what it cannot: then it decides more. */
static struct tap_formula *join(struct tap_arena *arena, unsigned kind, struct tap_formula *a,
                                struct tap_formula *b) {
  struct tap_formula *f;
  bool swap;
  if (a == NULL || b == NULL || (f = make(arena, kind)) == NULL) return NULL;
  swap = a->outside && !b->outside && !a->fixed && !b->fixed;
  f->a = swap ? b : a;
  f->b = swap ? a : b;
  f->outside = a->outside || b->outside;
  f->fixed = a->fixed || b->fixed;
  return f;
}

struct tap_formula *tap_formula_and(struct tap_arena *arena, struct tap_formula *a,
                                    struct tap_formula *b) {
  if (a != NULL && b != NULL && a->kind == FORMULA_TRUE) return b;
  if (a != NULL && b != NULL && b->kind == FORMULA_TRUE) return a;
  return join(arena, FORMULA_AND, a, b);
}

struct tap_formula *tap_formula_or(struct tap_arena *arena, struct tap_formula *a,
                                   struct tap_formula *b) {
  if (a != NULL && b != NULL && a->kind == FORMULA_FALSE) return b;
  if (a != NULL && b != NULL && b->kind == FORMULA_FALSE) return a;
  return join(arena, FORMULA_OR, a, b);
}

struct tap_formula *tap_formula_not(struct tap_arena *arena, struct tap_formula *a) {
  struct tap_formula *f = a == NULL ? NULL : make(arena, FORMULA_NOT);
  if (f == NULL) return NULL;
  f->a = a;
  f->outside = a->outside;
  f->fixed = a->fixed;
  return f;
}

struct tap_formula *tap_formula_choose(struct tap_arena *arena, uint32_t value, uint32_t set,
                                       struct tap_formula *a, struct tap_formula *b) {
  struct tap_formula *f = join(arena, FORMULA_CHOOSE, a, b);
  if (f == NULL) return NULL;
  f->a = a;
  f->b = b;
  f->value = value;
  f->set = set;
  return f;
}

/* Loops down the left side, where chains of many terms are deep; the right side's depth is that
 * of parentheses. */
uint32_t tap_formula_build(struct tap_graph *g, const struct tap_formula *f, uint32_t t,
                           uint32_t otherwise) {
  for (;;) {
    uint32_t swap = t;
    switch (f->kind) {
    case FORMULA_TRUE: return t;
    case FORMULA_FALSE: return otherwise;
    case FORMULA_TEST: return tap_node_test(g, f->value, f->set, t, otherwise);
    case FORMULA_CHOOSE:
      swap = tap_formula_build(g, f->b, t, otherwise);
      t = tap_formula_build(g, f->a, t, otherwise);
      return tap_node_test(g, f->value, f->set, t, swap);
    case FORMULA_STORE: return tap_node_store(g, f->cell, f->value, t);
    case FORMULA_AND: t = tap_formula_build(g, f->b, t, otherwise); break;
    case FORMULA_OR: otherwise = tap_formula_build(g, f->b, t, otherwise); break;
    default: t = otherwise; otherwise = swap;
    }
    f = f->a;
  }
}
