/* SPDX-License-Identifier: MIT
 *
 * What of a filter can run in the kernel.  Where the graph asks what the
 * kernel does not know, the kernel's graph takes the way that cannot reject
 * wrongly: where one way is to reject, the other one, else it accepts.  Both
 * ways cannot simply be tried one after the other: a load on the first one may
 * lie beyond a short packet and reject it there.
 */
#include <stdlib.h>

#include "filter/comparison.h"
#include "filter/compiled.h"
#include "filter/optimise.h"

static bool is_outside(const struct tap_graph *g, const struct tap_node *n, uint32_t most) {
  unsigned kind = g->values[n->value].kind;
  if (n->cell) return false;
  return kind == VALUE_FIELD || kind == VALUE_CHAIN || kind == VALUE_MEMBER6 ||
         g->sets[n->set].count > most;
}

bool tap_split_needed(struct tap_graph *g, uint32_t root) {
  uint8_t *reached = tap_graph_reached(g, root);
  bool needed = false;
  for (uint32_t i = NODE_FIRST; reached != NULL && i <= root; i++)
    needed = needed || (reached[i] && is_outside(g, &g->nodes[i], UINT32_MAX));
  free(reached);
  return needed;
}

/* Where the kernel goes from a node whose question it cannot answer.  Where "no" rejects, a test
 * that holds whenever the answer is "yes" may stand for it: that it rejects a packet that is too
 * short for it is right too. */
static uint32_t without(struct tap_graph *g, const struct tap_node *n, uint32_t t, uint32_t f,
                        struct tap_comparison *const *comparisons) {
  const struct tap_val *v = &g->values[n->value];
  if (t == f) return t;
  if (f == NODE_REJECT && v->kind == VALUE_FIELD && comparisons[v->k]->prefilter != NULL)
    return tap_formula_build(g, comparisons[v->k]->prefilter, t, f);
  if (f == NODE_REJECT) return t;
  return t == NODE_REJECT ? f : (uint32_t)NODE_ACCEPT;
}

uint32_t tap_split_kernel(struct tap_graph *g, uint32_t root, uint32_t most,
                          struct tap_comparison *const *comparisons) {
  uint8_t *reached = tap_graph_reached(g, root);
  uint32_t *now = calloc(root + 2, sizeof *now), out = NODE_ACCEPT;
  if (reached == NULL || now == NULL) {
    g->failed = true;
  } else {
    now[NODE_ACCEPT] = NODE_ACCEPT;
    for (uint32_t i = NODE_FIRST; i <= root; i++) {
      const struct tap_node n = g->nodes[i];
      if (!reached[i]) continue;
      if (is_outside(g, &n, most))
        now[i] = without(g, &n, now[n.t], now[n.f], comparisons);
      else if (n.cell)
        now[i] = tap_node_store(g, n.cell - 1u, n.value, now[n.t]);
      else
        now[i] = tap_node_test(g, n.value, n.set, now[n.t], now[n.f]);
    }
    out = now[root];
  }
  free(reached);
  free(now);
  return out;
}
