/* SPDX-License-Identifier: MIT
 *
 * Tests of one value that go to the same place become one test of a set.  In
 * a chain of tests that all lead to one place when they hold, the order of the
 * values' first tests stays, so that no load comes earlier than it did.
 */
#include <stdlib.h>

#include "filter/optimise.h"

enum { GROUPS_MAX = 24 };

struct chain {
  uint32_t t, f; /* where it goes when a test holds, and when none does */
  uint32_t value[GROUPS_MAX];
  uint32_t count;
};

/* Follow the chain that begins with 'node'.  Calls add() for each test. */
static uint32_t chain_end(const struct tap_graph *g, uint32_t node, struct chain *c) {
  uint32_t t = g->nodes[node].t;
  c->count = 0;
  c->t = t;
  for (;;) {
    const struct tap_node *n = &g->nodes[node];
    uint32_t i = 0;
    while (i < c->count && c->value[i] != n->value)
      i++;
    if (i == GROUPS_MAX) break;
    if (i == c->count) c->value[c->count++] = n->value;
    node = n->f;
    n = &g->nodes[node];
    if (node < NODE_FIRST || n->cell || n->t != t) break;
  }
  c->f = node;
  return node;
}

/* The union of all sets with which the chain tests a value. */
static uint32_t gather(struct tap_graph *g, uint32_t node, const struct chain *c, uint32_t value) {
  uint32_t single = SET_EMPTY, sets = 0;
  tap_set_begin(g);
  for (; node != c->f; node = g->nodes[node].f) {
    uint32_t set = g->nodes[node].set;
    if (g->nodes[node].value != value) continue;
    single = set;
    sets++;
    for (uint32_t i = 0; i < g->sets[set].count; i++)
      tap_set_add(g, tap_set_ranges(g, set)[i].low, tap_set_ranges(g, set)[i].high);
  }
  return sets == 1 ? single : tap_set_end(g);
}

static uint32_t join(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f);

/* A test whose way out 't' is a test of the same value that shares the other way out. */
static bool absorb_true(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f,
                        uint32_t *out) {
  const struct tap_node n = g->nodes[t];
  if (t < NODE_FIRST || n.cell || n.value != value) return false;
  if (n.f == f)
    *out = join(g, value, tap_set_intersect(g, set, n.set), n.t, f);
  else if (n.t == f)
    *out = join(g, value, tap_set_without(g, set, n.set), n.f, f);
  else
    return false;
  return true;
}

static bool absorb_false(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f,
                         uint32_t *out) {
  const struct tap_node n = g->nodes[f];
  if (f < NODE_FIRST || n.cell || n.value != value) return false;
  if (n.t == t)
    *out = join(g, value, tap_set_unite(g, set, n.set), t, n.f);
  else if (n.f == t)
    *out = join(g, value, tap_set_without(g, n.set, set), n.t, t);
  else
    return false;
  return true;
}

static uint32_t join(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f) {
  uint32_t out;
  if (absorb_true(g, value, set, t, f, &out) || absorb_false(g, value, set, t, f, &out)) return out;
  return tap_node_simple(g, value, set, t, f);
}

static uint32_t rebuild_chain(struct tap_graph *g, uint32_t node, const uint32_t *now) {
  struct chain c;
  uint32_t f;
  chain_end(g, node, &c);
  f = now[c.f];
  for (uint32_t i = c.count; i-- > 0;)
    f = join(g, c.value[i], gather(g, node, &c, c.value[i]), now[c.t], f);
  return f;
}

/* Heads are the nodes that something other than the chain before them leads to. */
static void find_heads(const struct tap_graph *g, uint32_t root, uint8_t *head) {
  struct chain c;
  head[root] = 1;
  for (uint32_t i = root; i >= NODE_FIRST; i--) {
    if (!head[i]) continue;
    if (g->nodes[i].cell) {
      head[g->nodes[i].t] = 1;
      continue;
    }
    chain_end(g, i, &c);
    head[c.t] = head[c.f] = 1;
  }
}

uint32_t tap_group(struct tap_graph *g, uint32_t root) {
  uint8_t *head = calloc(root + 2, 1);
  uint32_t *now = calloc(root + 2, sizeof *now), out = root;
  if (head == NULL || now == NULL) {
    g->failed = true;
  } else {
    find_heads(g, root, head);
    now[NODE_ACCEPT] = NODE_ACCEPT;
    for (uint32_t i = NODE_FIRST; i <= root; i++) {
      if (!head[i]) continue;
      now[i] = g->nodes[i].cell
                   ? tap_node_store(g, g->nodes[i].cell - 1u, g->nodes[i].value, now[g->nodes[i].t])
                   : rebuild_chain(g, i, now);
    }
    out = now[root];
  }
  free(head);
  free(now);
  return out;
}

uint32_t tap_optimise(struct tap_graph *g, uint32_t root) {
  root = tap_normalise(g, root);
  for (int round = 0; round < 2 && !g->failed; round++) {
    root = tap_apply_facts(g, root);
    root = tap_group(g, root);
  }
  return root;
}
