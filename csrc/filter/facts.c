/* SPDX-License-Identifier: MIT
 *
 * What is known needs no test.  One walk from the root: along each edge go the
 * sets in which values must lie there, and an edge that leads to a test whose
 * answer they give is led on to where that test would go.  Where edges meet,
 * what is known is what any of them allows.  A table of facts is bounded and
 * so is each set in it; to know less is always right.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/optimise.h"

enum { FACTS_MAX = 32, RANGES_MAX = 16 };

struct fact {
  uint32_t value, set;
};

/* In order of values. */
struct facts {
  uint32_t count;
  struct fact fact[FACTS_MAX];
};

struct walk {
  struct tap_graph *g;
  struct facts **at; /* what is known before each node; NULL: not reached yet */
  struct tap_arena arena;
};

static uint32_t position(const struct facts *s, uint32_t value) {
  uint32_t i = 0;
  while (i < s->count && s->fact[i].value < value)
    i++;
  return i;
}

static void forget(struct facts *s, uint32_t i) {
  s->count--;
  memmove(&s->fact[i], &s->fact[i + 1], (s->count - i) * sizeof s->fact[0]);
}

static void learn(struct walk *w, struct facts *s, uint32_t value, uint32_t set) {
  uint32_t i = position(s, value);
  bool there = i < s->count && s->fact[i].value == value;
  if (w->g->sets[set].count > RANGES_MAX) return;
  if (!there) {
    if (s->count == FACTS_MAX) return;
    memmove(&s->fact[i + 1], &s->fact[i], (s->count - i) * sizeof s->fact[0]);
    s->count++;
  }
  s->fact[i] = (struct fact){ value, set };
}

/* The set in which a value lies. */
static uint32_t known(struct walk *w, const struct facts *s, uint32_t value) {
  uint32_t i = position(s, value);
  if (i < s->count && s->fact[i].value == value) return s->fact[i].set;
  return tap_set_range(w->g, 0, w->g->values[value].most);
}

/* The one number that a value must be, if it is known. */
static bool evaluate(struct walk *w, const struct facts *s, uint32_t value, uint32_t *out) {
  const struct tap_val v = w->g->values[value];
  uint32_t i = position(s, value), a, b;
  if (v.kind == VALUE_CONST) {
    *out = v.k;
    return true;
  }
  if (i < s->count && s->fact[i].value == value) {
    const struct tap_range *r = tap_set_ranges(w->g, s->fact[i].set);
    *out = r->low;
    return w->g->sets[s->fact[i].set].count == 1 && r->low == r->high;
  }
  return v.kind == VALUE_OP && evaluate(w, s, v.a, &a) && evaluate(w, s, v.b, &b) &&
         tap_val_fold(v.op, a, b, out);
}

/* How the numbers of one range lie to a set: 1 inside, 0 outside, -1 some of both. */
static int inside(const struct tap_graph *g, uint32_t set, struct tap_range r) {
  const struct tap_range *s = tap_set_ranges(g, set);
  size_t low = 0, high = g->sets[set].count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (s[middle].high < r.low)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == g->sets[set].count || s[low].low > r.high) return 0;
  return s[low].low <= r.low && s[low].high >= r.high ? 1 : -1;
}

/* The answer of a test, 1 or 0, or -1 where it is not known. */
static int answer(struct walk *w, const struct facts *s, const struct tap_node *n) {
  const struct tap_graph *g = w->g;
  uint32_t number, set, i = position(s, n->value);
  int all;
  if (i == s->count || s->fact[i].value != n->value) {
    if (!evaluate(w, s, n->value, &number)) return -1;
    return tap_set_has(g, n->set, number);
  }
  set = s->fact[i].set;
  if (g->sets[set].count == 0) return -1;
  all = inside(g, n->set, tap_set_ranges(g, set)[0]);
  for (uint32_t r = 1; r < g->sets[set].count && all >= 0; r++)
    if (inside(g, n->set, tap_set_ranges(g, set)[r]) != all) all = -1;
  return all;
}

/* Where an edge to 'node' really leads. */
static uint32_t lead(struct walk *w, const struct facts *s, uint32_t node) {
  while (node >= NODE_FIRST) {
    const struct tap_node *n = &w->g->nodes[node];
    int is = n->cell ? -1 : answer(w, s, n);
    if (n->cell == 0 && n->t == n->f && w->g->values[n->value].cells == 0) is = 1;
    if (is < 0) return node;
    node = is ? n->t : n->f;
  }
  return node;
}

/* Keep in 'to' what both allow. */
static void meet(struct walk *w, struct facts *to, const struct facts *from) {
  uint32_t j = 0;
  for (uint32_t i = 0; i < to->count;) {
    while (j < from->count && from->fact[j].value < to->fact[i].value)
      j++;
    if (j == from->count || from->fact[j].value != to->fact[i].value) {
      forget(to, i);
      continue;
    }
    to->fact[i].set = tap_set_unite(w->g, to->fact[i].set, from->fact[j].set);
    if (w->g->sets[to->fact[i].set].count > RANGES_MAX)
      forget(to, i);
    else
      i++;
  }
}

static void arrive(struct walk *w, uint32_t node, const struct facts *s) {
  size_t size = offsetof(struct facts, fact) + s->count * sizeof s->fact[0];
  if (node < NODE_FIRST) return;
  if (w->at[node] != NULL) {
    meet(w, w->at[node], s);
    return;
  }
  w->at[node] = tap_arena_take(&w->arena, size);
  if (w->at[node] != NULL) memcpy(w->at[node], s, size);
}

static void copy(struct facts *to, const struct facts *from) {
  memcpy(to, from, offsetof(struct facts, fact) + from->count * sizeof from->fact[0]);
}

static void visit_store(struct walk *w, uint32_t node) {
  struct tap_node *n = &w->g->nodes[node];
  struct facts s;
  uint32_t to;
  copy(&s, w->at[node]);
  for (uint32_t i = 0; i < s.count;)
    if (w->g->values[s.fact[i].value].cells >> (n->cell - 1) & 1)
      forget(&s, i);
    else
      i++;
  to = lead(w, &s, n->t);
  n->t = n->f = to;
  arrive(w, to, &s);
}

static void visit_test(struct walk *w, uint32_t node) {
  struct tap_node n = w->g->nodes[node];
  uint32_t before = known(w, w->at[node], n.value);
  struct facts s;
  copy(&s, w->at[node]);
  if (w->g->sets[n.set].count <= RANGES_MAX)
    learn(w, &s, n.value, tap_set_intersect(w->g, before, n.set));
  n.t = lead(w, &s, n.t);
  arrive(w, n.t, &s);
  copy(&s, w->at[node]);
  if (w->g->sets[n.set].count <= RANGES_MAX)
    learn(w, &s, n.value, tap_set_without(w->g, before, n.set));
  n.f = lead(w, &s, n.f);
  arrive(w, n.f, &s);
  w->g->nodes[node].t = n.t;
  w->g->nodes[node].f = n.f;
}

/* The index of nodes no longer fits their contents: the next pass makes new ones. */
uint32_t tap_apply_facts(struct tap_graph *g, uint32_t root) {
  struct walk w = { .g = g, .at = calloc(root + 1, sizeof *w.at) };
  const struct facts none = { .count = 0 };
  if (w.at == NULL) {
    g->failed = true;
    return root;
  }
  arrive(&w, root, &none);
  for (uint32_t i = root; i >= NODE_FIRST && !w.arena.failed; i--) {
    if (w.at[i] == NULL) continue;
    if (g->nodes[i].cell)
      visit_store(&w, i);
    else
      visit_test(&w, i);
  }
  g->failed = g->failed || w.arena.failed;
  tap_arena_free(&w.arena);
  free(w.at);
  if (g->node_index != NULL) memset(g->node_index, 0, g->node_slots * sizeof *g->node_index);
  return root;
}
