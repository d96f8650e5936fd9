/* SPDX-License-Identifier: MIT
 *
 * Large sets that are asked at several places with the same ways on become
 * one: each way stores where the number lies in scratch cells and goes to a
 * test that is there once.  The loads themselves stay where they were, in
 * their order; only their offsets are computed sooner.
 */
#include <stdlib.h>

#include "filter/compiled.h"
#include "filter/optimise.h"

enum { LARGE = 16, HEADS_MAX = 64 };

/* One or two tests of the same set, the second where the first one fails. */
struct head {
  uint32_t node, set, t, f;
  uint32_t value[2];
  uint32_t length; /* of 'value' */
  uint32_t mates;  /* heads like this one */
  uint32_t common; /* the first of them, as an index of heads */
  uint32_t shared; /* the node that it became, or 0 */
};

struct share {
  struct tap_graph *g;
  struct head head[HEADS_MAX];
  uint32_t count, cell;
};

static bool is_large(const struct tap_graph *g, uint32_t node) {
  const struct tap_node *n = &g->nodes[node];
  const struct tap_val *v = &g->values[n->value];
  return node >= NODE_FIRST && !n->cell && g->sets[n->set].count >= LARGE &&
         v->kind == VALUE_LOAD && v->k < 0x7fffffff && v->cells == 0;
}

static struct head head_of(const struct tap_graph *g, uint32_t node) {
  const struct tap_node *n = &g->nodes[node], *second = &g->nodes[n->f];
  struct head h = {
    .node = node, .set = n->set, .t = n->t, .f = n->f, .value = { n->value, 0 }, .length = 1
  };
  if (is_large(g, n->f) && second->set == n->set && second->t == n->t) {
    h.value[1] = second->value;
    h.length = 2;
    h.f = second->f;
  }
  return h;
}

static bool alike(const struct tap_graph *g, const struct head *a, const struct head *b) {
  return a->set == b->set && a->t == b->t && a->f == b->f && a->length == b->length &&
         g->values[a->value[0]].size == g->values[b->value[0]].size;
}

/* Is the node the second one of a head that was found? */
static bool is_second(const struct share *s, uint32_t node) {
  for (uint32_t i = 0; i < s->count; i++)
    if (s->head[i].length == 2 && s->g->nodes[s->head[i].node].f == node) return true;
  return false;
}

static void find_heads(struct share *s, uint32_t root, const uint8_t *reached) {
  for (uint32_t i = root; i >= NODE_FIRST && s->count < HEADS_MAX; i--) {
    struct head h;
    if (!reached[i] || !is_large(s->g, i) || is_second(s, i)) continue;
    h = head_of(s->g, i);
    h.common = s->count;
    for (uint32_t j = 0; j < s->count && h.common == s->count; j++)
      if (alike(s->g, &h, &s->head[j])) h.common = s->head[j].common;
    s->head[s->count++] = h;
    s->head[h.common].mates++;
  }
}

/* Where a load's bytes lie, as a value. */
static uint32_t offset_of(struct tap_graph *g, uint32_t load) {
  const struct tap_val v = g->values[load];
  uint32_t k = tap_val_const(g, v.k);
  return v.a == VALUE_NONE ? k : tap_val_op(g, '+', v.a, k);
}

static uint32_t load_at(struct share *s, uint32_t i, unsigned size) {
  return tap_val_load(s->g, tap_val_cell(s->g, s->cell + i), 0, size);
}

static uint32_t make_common(struct share *s, const struct head *h, const uint32_t *now) {
  uint32_t node = now[h->f];
  unsigned size = s->g->values[h->value[0]].size;
  for (uint32_t i = h->length; i-- > 0;)
    node = tap_node_test(s->g, load_at(s, i, size), h->set, now[h->t], node);
  return node;
}

/* The node that stands for a head, or 0 where it shares nothing. */
static uint32_t share_head(struct share *s, uint32_t node, const uint32_t *now) {
  for (uint32_t i = 0; i < s->count; i++) {
    const struct head *h = &s->head[i];
    struct head *first = &s->head[h->common];
    uint32_t out;
    if (h->node != node || first->mates < 2) continue;
    if (first->shared == 0) first->shared = make_common(s, first, now);
    out = first->shared;
    for (uint32_t j = h->length; j-- > 0;)
      out = tap_node_store(s->g, s->cell + j, offset_of(s->g, h->value[j]), out);
    return out;
  }
  return 0;
}

static uint32_t rebuild(struct share *s, uint32_t root, const uint8_t *reached, uint32_t *now) {
  now[NODE_ACCEPT] = NODE_ACCEPT;
  for (uint32_t i = NODE_FIRST; i <= root; i++) {
    const struct tap_node n = s->g->nodes[i];
    if (!reached[i]) continue;
    now[i] = share_head(s, i, now);
    if (now[i] != 0) continue;
    now[i] = n.cell ? tap_node_store(s->g, n.cell - 1u, n.value, now[n.t])
                    : tap_node_test(s->g, n.value, n.set, now[n.t], now[n.f]);
  }
  return now[root];
}

uint32_t tap_share_sets(struct tap_graph *g, uint32_t root, unsigned *cells) {
  struct share *s = calloc(1, sizeof *s);
  uint8_t *reached = tap_graph_reached(g, root);
  uint32_t *now = calloc(root + 2, sizeof *now), out = root;
  bool worth = false;
  if (s == NULL || reached == NULL || now == NULL) {
    g->failed = true;
  } else {
    s->g = g;
    s->cell = *cells;
    find_heads(s, root, reached);
    for (uint32_t i = 0; i < s->count; i++)
      worth = worth || s->head[i].mates > 1;
    if (worth) {
      out = rebuild(s, root, reached, now);
      *cells += 2;
    }
  }
  free(s);
  free(reached);
  free(now);
  return out;
}
