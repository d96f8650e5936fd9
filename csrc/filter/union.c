/* SPDX-License-Identifier: MIT
 *
 * What several filters together need of the kernel.  Each keeps the graph of
 * what it asks there; here they are joined into one, so that what they have in
 * common is tested once.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/compiled.h"
#include "filter/optimise.h"

/* Fewer bytes than this no packet has that is accepted from here on. */
static uint32_t need_of(const struct tap_graph *g, const struct tap_node *n, const uint32_t *need) {
  uint32_t reach = tap_val_reach(g, n->value), t = need[n->t], f = need[n->f];
  if (!n->cell && g->values[n->value].kind == VALUE_LEN) {
    const struct tap_range *r = tap_set_ranges(g, n->set);
    if (r->low > t) t = r->low;
  }
  if (f < t) t = f;
  return reach > t ? reach : t;
}

/* Is the node a guard before a load whose failing means the same as the way around it? */
static bool is_idle(const struct tap_graph *g, const struct tap_node *n, const uint32_t *need) {
  const struct tap_val *v = &g->values[n->value];
  const struct tap_range *r = tap_set_ranges(g, n->set);
  uint32_t load = g->nodes[n->t].value;
  if (n->cell || n->t < NODE_FIRST || g->sets[n->set].count != 1) return false;
  if (v->kind == VALUE_LEN)
    return r->high == UINT32_MAX && tap_val_reach(g, load) >= r->low && need[n->f] >= r->low;
  if (v->kind != VALUE_COMPARE || v->op != '>' || r->high != 0) return false;
  if (g->values[v->b].kind != VALUE_LEN || g->values[load].kind != VALUE_LOAD) return false;
  if (n->f != NODE_REJECT && (n->f < NODE_FIRST || g->nodes[n->f].value != load)) return false;
  return g->values[v->a].kind == VALUE_OP && g->values[v->a].op == '+' &&
         g->values[v->a].a == g->values[load].a &&
         g->values[g->values[v->a].b].kind == VALUE_CONST &&
         g->values[g->values[v->a].b].k == g->values[load].k + g->values[load].size;
}

/* Is the length known to be what the node asks for? */
static bool is_long_enough(const struct tap_graph *g, const struct tap_node *n, uint32_t least) {
  const struct tap_range *r = tap_set_ranges(g, n->set);
  return !n->cell && g->values[n->value].kind == VALUE_LEN && g->sets[n->set].count == 1 &&
         r->high == UINT32_MAX && r->low <= least;
}

static uint32_t trim_node(struct tap_graph *g, uint32_t i, const uint32_t *now,
                          const uint32_t *least, const uint32_t *need) {
  const struct tap_node n = g->nodes[i];
  if (is_long_enough(g, &n, least[i]) || is_idle(g, &n, need)) return now[n.t];
  if (n.cell) return tap_node_store(g, n.cell - 1u, n.value, now[n.t]);
  return tap_node_test(g, n.value, n.set, now[n.t], now[n.f]);
}

/* The graph without guards that guard nothing. */
static uint32_t trim(struct tap_graph *g, uint32_t root) {
  uint32_t *least = calloc(root + 2, sizeof *least), *need = calloc(root + 2, sizeof *need);
  uint32_t *now = calloc(root + 2, sizeof *now), out = root;
  if (least == NULL || need == NULL || now == NULL) {
    g->failed = true;
  } else {
    tap_graph_least(g, root, least);
    need[NODE_REJECT] = UINT32_MAX;
    now[NODE_ACCEPT] = NODE_ACCEPT;
    for (uint32_t i = NODE_FIRST; i <= root; i++) {
      if (least[i] == UINT32_MAX) continue;
      need[i] = need_of(g, &g->nodes[i], need);
      now[i] = trim_node(g, i, now, least, need);
    }
    out = now[root];
  }
  free(least);
  free(need);
  free(now);
  return out;
}

/* How far into the packet a filter's loads go; those behind others go furthest. */
static uint32_t reach_of(const struct tap_filter *f) {
  uint32_t most = 0;
  for (uint32_t i = NODE_FIRST; i <= f->asked_root; i++) {
    uint32_t value = f->asked.nodes[i].value, reach = tap_val_reach(&f->asked, value);
    const struct tap_val *v = &f->asked.values[value];
    if (v->kind == VALUE_LOAD && v->a != VALUE_NONE) return UINT32_MAX;
    if (reach > most) most = reach;
  }
  return most;
}

struct turn {
  const struct tap_filter *filter;
  uint32_t reach;
  size_t i;
};

static int by_reach(const void *a, const void *b) {
  const struct turn *x = a, *y = b;
  if (x->reach != y->reach) return x->reach < y->reach ? -1 : 1;
  return x->i < y->i ? -1 : 1;
}

/* A filter's own cells begin empty, whoever used them before it. */
static uint32_t clear_cells(struct tap_graph *g, const struct tap_filter *f, uint32_t node) {
  for (unsigned i = f->cells; i-- > 0;)
    node = tap_node_store(g, i, tap_val_const(g, 0), node);
  return node;
}

/* "any of them": who looks least far comes first, so that fewest loads need guards. */
static uint32_t join_any(struct tap_graph *g, const struct tap_filter *const *any, size_t count) {
  struct turn *turns = calloc(count, sizeof *turns);
  uint32_t root = NODE_REJECT;
  if (turns == NULL) {
    g->failed = true;
    return NODE_ACCEPT;
  }
  for (size_t i = 0; i < count; i++)
    turns[i] = (struct turn){ any[i], reach_of(any[i]), i };
  qsort(turns, count, sizeof *turns, by_reach);
  for (size_t i = count; i-- > 0;) {
    const struct tap_filter *f = turns[i].filter;
    root = tap_graft(g, &f->asked, f->asked_root, NODE_ACCEPT, root, i + 1 < count);
    root = clear_cells(g, f, root);
  }
  free(turns);
  return root;
}

static bool says(const struct tap_filter *f) {
  return f != NULL && f->kernel.insns != NULL;
}

static uint32_t join(struct tap_graph *g, const struct tap_filter *all,
                     const struct tap_filter *const *any, size_t count, unsigned *cells) {
  uint32_t root = NODE_ACCEPT;
  bool all_say = count > 0;
  for (size_t i = 0; i < count; i++) {
    all_say = all_say && says(any[i]);
    if (any[i]->cells > *cells) *cells = any[i]->cells;
  }
  if (all_say) root = join_any(g, any, count);
  if (says(all)) {
    root = tap_graft(g, &all->asked, all->asked_root, root, NODE_REJECT, false);
    if (all->cells > *cells) *cells = all->cells;
  }
  root = tap_optimise(g, root);
  return tap_optimise(g, trim(g, root));
}

static struct tap_insn *copy_of(const struct tap_program *p) {
  struct tap_insn *out = p->insns != NULL ? malloc(p->count * sizeof *out) : NULL;
  if (out != NULL) memcpy(out, p->insns, p->count * sizeof *out);
  return out;
}

struct tap_insn *tap_filter_union(const struct tap_filter *all, const struct tap_filter *const *any,
                                  size_t count, size_t *n) {
  struct tap_graph g;
  struct tap_program out = { NULL, 0 };
  const struct tap_filter *one = all != NULL ? all : count > 0 ? any[0] : NULL;
  unsigned cells = 0;
  uint32_t root = NODE_ACCEPT;
  *n = 0;
  if (one == NULL) return NULL;
  if (tap_graph_init(&g)) {
    root = join(&g, all, any, count, &cells);
    if (root != NODE_ACCEPT && !g.failed &&
        !tap_make_program(&g, root, &one->options, cells, &out, NULL))
      tap_make_program(&g, tap_optimise(&g, tap_split_kernel(&g, root, TAP_SET_SMALL, NULL)),
                       &one->options, cells, &out, NULL);
  }
  tap_graph_free(&g);
  *n = out.count;
  if (out.insns != NULL) return (struct tap_insn *)(uintptr_t)out.insns;
  if (root == NODE_ACCEPT || !says(all)) return NULL;
  *n = all->kernel.count;
  return copy_of(&all->kernel);
}
