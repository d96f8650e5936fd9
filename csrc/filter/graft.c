/* SPDX-License-Identifier: MIT
 *
 * Copying what can be reached of one graph into another, where its verdicts
 * become ways on.  A load that fails ends a program, whatever stands behind
 * it; where others have their turn after a graph that rejects, its loads get
 * guards, tests of the packet's length that lead on where a load would fail.
 * That length is what was captured too wherever the kernel asks.
 */
#include <linux/filter.h>
#include <stdlib.h>

#include "filter/compiled.h"

enum { LAST_BYTE = 0x7fffffff }; /* no load reaches further */

struct graft {
  struct tap_graph *to;
  const struct tap_graph *from;
  uint32_t *value; /* in 'to', of each in 'from'; VALUE_NONE: not copied yet */
  uint32_t *set, *node;
  uint32_t *least; /* bytes that are surely there before each node of 'from' */
  uint32_t f;      /* where it goes on when it rejects */
};

static bool is_metadata(const struct tap_val *v) {
  return v->a == VALUE_NONE && v->k >= (uint32_t)SKF_AD_OFF;
}

uint32_t tap_val_reach(const struct tap_graph *g, uint32_t value) {
  const struct tap_val *v = &g->values[value];
  uint32_t a, b;
  switch (v->kind) {
  case VALUE_IHL: return v->k + 1;
  case VALUE_LOAD:
    if (is_metadata(v)) return 0;
    a = v->a == VALUE_NONE ? 0 : tap_val_reach(g, v->a);
    return a > v->k + v->size ? a : v->k + v->size;
  case VALUE_OP:
  case VALUE_COMPARE:
    a = tap_val_reach(g, v->a);
    b = tap_val_reach(g, v->b);
    return a > b ? a : b;
  case VALUE_NEGATE: return tap_val_reach(g, v->a);
  default: return 0;
  }
}

static uint32_t copy_value(struct graft *w, uint32_t value);

static uint32_t make_value(struct graft *w, const struct tap_val *v) {
  struct tap_graph *g = w->to;
  switch (v->kind) {
  case VALUE_NONE: return VALUE_NONE;
  case VALUE_CONST: return tap_val_const(g, v->k);
  case VALUE_LEN: return tap_val_len(g);
  case VALUE_LOAD:
    if (is_metadata(v)) return tap_val_aux(g, v->k);
    return tap_val_load(g, copy_value(w, v->a), v->k, v->size);
  case VALUE_IHL: return tap_val_ihl(g, v->k);
  case VALUE_CELL: return tap_val_cell(g, v->k);
  case VALUE_OP: return tap_val_op(g, v->op, copy_value(w, v->a), copy_value(w, v->b));
  case VALUE_NEGATE: return tap_val_negate(g, copy_value(w, v->a));
  case VALUE_COMPARE: return tap_val_compare(g, v->op, copy_value(w, v->a), copy_value(w, v->b));
  case VALUE_MEMBER6: return tap_val_member6(g, copy_value(w, v->a), v->k);
  default: return tap_val_outside(g, v->kind, v->k);
  }
}

static uint32_t copy_value(struct graft *w, uint32_t value) {
  if (w->value[value] == VALUE_NONE) w->value[value] = make_value(w, &w->from->values[value]);
  return w->value[value];
}

static uint32_t copy_set(struct graft *w, uint32_t set) {
  if (w->set[set] != SET_EMPTY) return w->set[set];
  tap_set_begin(w->to);
  for (uint32_t i = 0; i < w->from->sets[set].count; i++)
    tap_set_add(w->to, tap_set_ranges(w->from, set)[i].low, tap_set_ranges(w->from, set)[i].high);
  return w->set[set] = tap_set_end(w->to);
}

/* 'node' where the value is at least 'low' and at most 'high'. */
static uint32_t within(struct graft *w, uint32_t value, uint32_t low, uint32_t high,
                       uint32_t node) {
  return tap_node_test(w->to, value, tap_set_range(w->to, low, high), node, w->f);
}

static uint32_t guard(struct graft *w, uint32_t value, uint32_t least, uint32_t node);

/* A load behind another value: that must be there, small enough, and leave room. */
static uint32_t guard_behind(struct graft *w, const struct tap_val *v, uint32_t least,
                             uint32_t node) {
  struct tap_graph *g = w->to;
  uint32_t base = copy_value(w, v->a), size = v->k + v->size, end;
  if (size > LAST_BYTE) return w->f;
  end = tap_val_op(g, '+', base, tap_val_const(g, size));
  node = within(w, tap_val_compare(g, '>', end, tap_val_len(g)), 0, 0, node);
  if (g->values[base].most > LAST_BYTE - size) node = within(w, base, 0, LAST_BYTE - size, node);
  return guard(w, v->a, least, node);
}

/* 'node', which needs the value of 'from', or where that cannot be had, what comes next. */
static uint32_t guard(struct graft *w, uint32_t value, uint32_t least, uint32_t node) {
  const struct tap_val *v = &w->from->values[value];
  uint32_t reach = tap_val_reach(w->from, value);
  switch (v->kind) {
  case VALUE_IHL:
    return reach > least ? within(w, tap_val_len(w->to), reach, UINT32_MAX, node) : node;
  case VALUE_LOAD:
    if (v->a != VALUE_NONE) return guard_behind(w, v, least, node);
    return reach > least ? within(w, tap_val_len(w->to), reach, UINT32_MAX, node) : node;
  case VALUE_OP:
    if ((v->op == '/' || v->op == '%') && w->from->values[v->b].kind != VALUE_CONST)
      node = within(w, copy_value(w, v->b), 1, UINT32_MAX, node);
    return guard(w, v->a, least, guard(w, v->b, least, node));
  case VALUE_COMPARE: return guard(w, v->a, least, guard(w, v->b, least, node));
  case VALUE_NEGATE: return guard(w, v->a, least, node);
  default: return node;
  }
}

static void arrive(uint32_t *least, uint32_t node, uint32_t length) {
  if (length < least[node]) least[node] = length;
}

void tap_graph_least(const struct tap_graph *g, uint32_t root, uint32_t *least) {
  for (uint32_t i = 0; i < root; i++)
    least[i] = UINT32_MAX;
  least[root] = 0;
  for (uint32_t i = root; i >= NODE_FIRST; i--) {
    const struct tap_node *n = &g->nodes[i];
    uint32_t t = tap_val_reach(g, n->value), f;
    if (least[i] == UINT32_MAX) continue;
    if (t < least[i]) t = least[i];
    f = t;
    if (!n->cell && g->values[n->value].kind == VALUE_LEN && g->sets[n->set].count == 1) {
      const struct tap_range *r = tap_set_ranges(g, n->set);
      if (r->low > t) t = r->low;
      if (r->low == 0 && r->high >= f && r->high < UINT32_MAX) f = r->high + 1;
    }
    arrive(least, n->t, t);
    arrive(least, n->f, f);
  }
}

static uint32_t copy_node(struct graft *w, uint32_t i, bool guarded) {
  const struct tap_node *n = &w->from->nodes[i];
  uint32_t value = copy_value(w, n->value), node;
  if (n->cell)
    node = tap_node_store(w->to, n->cell - 1u, value, w->node[n->t]);
  else
    node = tap_node_test(w->to, value, copy_set(w, n->set), w->node[n->t], w->node[n->f]);
  return guarded ? guard(w, n->value, w->least[i], node) : node;
}

uint32_t tap_graft(struct tap_graph *to, const struct tap_graph *from, uint32_t root, uint32_t t,
                   uint32_t f, bool guarded) {
  struct graft w = { .to = to, .from = from, .f = f };
  uint32_t out = f;
  w.value = calloc(from->value_count + 1, sizeof *w.value);
  w.set = calloc(from->set_count + 1, sizeof *w.set);
  w.node = calloc(root + 2, sizeof *w.node);
  w.least = calloc(root + 2, sizeof *w.least);
  if (w.value == NULL || w.set == NULL || w.node == NULL || w.least == NULL) {
    to->failed = true;
  } else {
    tap_graph_least(from, root, w.least);
    w.node[NODE_REJECT] = f;
    w.node[NODE_ACCEPT] = t;
    for (uint32_t i = NODE_FIRST; i <= root; i++)
      if (w.least[i] != UINT32_MAX) w.node[i] = copy_node(&w, i, guarded);
    out = w.node[root];
  }
  free(w.value);
  free(w.set);
  free(w.node);
  free(w.least);
  return out;
}
