/* SPDX-License-Identifier: MIT
 *
 * Tests in their simplest form: masks that leave the high bits, shifts and
 * additions of constants are undone on the set, so that a network is a range
 * of addresses and all tests of one load can be seen together.
 */
#include "filter/lex.h"
#include "filter/optimise.h"

#include <stdlib.h>

/* A value and a set on the way to their simplest form. */
struct test {
  uint32_t value, set;
};

static bool is_constant(const struct tap_graph *g, uint32_t value) {
  return g->values[value].kind == VALUE_CONST;
}

/* The bits that numbers up to 'most' can have. */
static uint32_t width_of(uint32_t most) {
  most |= most >> 1;
  most |= most >> 2;
  most |= most >> 4;
  most |= most >> 8;
  return most | most >> 16;
}

/* x & mask, where the mask leaves all bits from some bit on: x lies in wider ranges. */
static bool undo_mask(struct tap_graph *g, struct test *t, uint32_t x, uint32_t mask) {
  uint32_t width = width_of(g->values[x].most), low, old = t->set;
  mask &= width;
  low = width & ~mask;
  if (mask == 0 || (low & (low + 1)) != 0) return false;
  tap_set_begin(g);
  for (uint32_t i = 0; i < g->sets[old].count; i++) {
    struct tap_range r = tap_set_ranges(g, old)[i];
    uint64_t first = ((uint64_t)r.low + low) & ~(uint64_t)low;
    if (r.high > width) r.high = width;
    if (first <= (r.high & ~low)) tap_set_add(g, (uint32_t)first, r.high | low);
  }
  t->set = tap_set_end(g);
  t->value = x;
  return true;
}

static bool undo_shift(struct tap_graph *g, struct test *t, uint32_t x, uint32_t bits) {
  uint32_t old = t->set, low = (UINT32_C(1) << bits) - 1;
  tap_set_begin(g);
  for (uint32_t i = 0; i < g->sets[old].count; i++) {
    struct tap_range r = tap_set_ranges(g, old)[i];
    if (r.high > UINT32_MAX >> bits) r.high = UINT32_MAX >> bits;
    if (r.low <= r.high) tap_set_add(g, r.low << bits, r.high << bits | low);
  }
  t->set = tap_set_end(g);
  t->value = x;
  return true;
}

/* x + k, in 32 bits: a range may wrap around. */
static bool undo_addition(struct tap_graph *g, struct test *t, uint32_t x, uint32_t k) {
  uint32_t old = t->set;
  tap_set_begin(g);
  for (uint32_t i = 0; i < g->sets[old].count; i++) {
    struct tap_range r = tap_set_ranges(g, old)[i];
    uint32_t low = r.low - k, high = r.high - k;
    if (low <= high) {
      tap_set_add(g, low, high);
    } else {
      tap_set_add(g, low, UINT32_MAX);
      tap_set_add(g, 0, high);
    }
  }
  t->set = tap_set_end(g);
  t->value = x;
  return true;
}

/* One step towards the simplest form; false where there is none. */
static bool undo(struct tap_graph *g, struct test *t) {
  struct tap_val v = g->values[t->value];
  uint32_t k;
  if (v.kind != VALUE_OP || !is_constant(g, v.b)) return false;
  k = g->values[v.b].k;
  switch (v.op) {
  case '&': return undo_mask(g, t, v.a, k);
  case S_SHR: return k < 32 && undo_shift(g, t, v.a, k);
  case '+': return undo_addition(g, t, v.a, k);
  case '-': return undo_addition(g, t, v.a, 0 - k);
  default: return false;
  }
}

/* The part of a set that the value can reach. */
static uint32_t reachable(struct tap_graph *g, const struct test *t) {
  uint32_t most = g->values[t->value].most;
  const struct tap_set_row *s = &g->sets[t->set];
  if (most == UINT32_MAX || s->count == 0) return t->set;
  if (tap_set_ranges(g, t->set)[s->count - 1].high <= most) return t->set;
  return tap_set_intersect(g, t->set, tap_set_range(g, 0, most));
}

static bool holds_all(const struct tap_graph *g, const struct test *t) {
  const struct tap_range *r = tap_set_ranges(g, t->set);
  return g->sets[t->set].count == 1 && r->low == 0 && r->high >= g->values[t->value].most;
}

uint32_t tap_node_simple(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t,
                         uint32_t f) {
  struct test test = { value, set };
  struct tap_val v;
  while (undo(g, &test))
    continue;
  v = g->values[test.value];
  if (t == f && v.cells == 0) return t; /* a load at a varying place stays, as in libpcap */
  if (v.kind == VALUE_CONST) return tap_set_has(g, test.set, v.k) ? t : f;
  if (v.kind == VALUE_OP && v.op == '&' && is_constant(g, v.b) && g->values[v.b].k == 0)
    return tap_set_has(g, test.set, 0) ? t : f;
  if (v.kind == VALUE_COMPARE && v.a == v.b) return tap_set_has(g, test.set, v.op != '>') ? t : f;
  test.set = reachable(g, &test);
  if (test.set == SET_EMPTY) return f;
  if (holds_all(g, &test)) return t;
  return tap_node_test(g, test.value, test.set, t, f);
}

uint8_t *tap_graph_reached(struct tap_graph *g, uint32_t root) {
  uint8_t *reached = calloc(g->node_count, 1);
  if (reached == NULL) {
    g->failed = true;
    return NULL;
  }
  reached[root] = 1;
  for (uint32_t i = root; i >= NODE_FIRST; i--)
    if (reached[i]) reached[g->nodes[i].t] = reached[g->nodes[i].f] = 1;
  return reached;
}

uint32_t tap_normalise(struct tap_graph *g, uint32_t root) {
  uint8_t *reached = tap_graph_reached(g, root);
  uint32_t *now = malloc((root + 2) * sizeof *now), out = root;
  if (reached == NULL || now == NULL) {
    g->failed = true;
  } else {
    now[NODE_REJECT] = NODE_REJECT;
    now[NODE_ACCEPT] = NODE_ACCEPT;
    for (uint32_t i = NODE_FIRST; i <= root; i++) {
      const struct tap_node n = g->nodes[i];
      if (!reached[i]) continue;
      now[i] = n.cell ? tap_node_store(g, n.cell - 1u, n.value, now[n.t])
                      : tap_node_simple(g, n.value, n.set, now[n.t], now[n.f]);
    }
    out = now[root];
  }
  free(reached);
  free(now);
  return out;
}
