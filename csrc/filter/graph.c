/* SPDX-License-Identifier: MIT
 *
 * Nodes of a graph, and the graph's life.  A node is made after those that it
 * leads to, which is what keeps the numbers in order.
 */
#include <string.h>

#include "filter/intern.h"

static uint32_t hash_node(const struct tap_graph *g, uint32_t number) {
  const struct tap_node *n = &g->nodes[number];
  const uint32_t words[5] = { n->value, n->set, n->t, n->f, n->cell };
  return tap_intern_hash(words, sizeof words / sizeof words[0], 2);
}

static bool same_node(const struct tap_node *a, const struct tap_node *b) {
  return a->value == b->value && a->set == b->set && a->t == b->t && a->f == b->f &&
         a->cell == b->cell;
}

static uint32_t intern(struct tap_graph *g, struct tap_node node) {
  void *array = g->nodes;
  uint32_t number = (uint32_t)g->node_count;
  size_t at;
  bool room = tap_grow(&array, &g->node_room, g->node_count, sizeof node);
  g->nodes = array;
  if (!room || !tap_index_grow(g, &g->node_index, &g->node_slots, g->node_count, hash_node)) {
    g->failed = true;
    return NODE_REJECT;
  }
  g->nodes[number] = node;
  for (at = hash_node(g, number) & (g->node_slots - 1); g->node_index[at] != 0;
       at = (at + 1) & (g->node_slots - 1))
    if (same_node(&g->nodes[g->node_index[at]], &node)) return g->node_index[at];
  g->node_index[at] = number;
  g->node_count++;
  return number;
}

uint32_t tap_node_test(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f) {
  return intern(g, (struct tap_node){ .value = value, .set = set, .t = t, .f = f });
}

uint32_t tap_node_store(struct tap_graph *g, unsigned cell, uint32_t value, uint32_t next) {
  return intern(
      g, (struct tap_node){ .value = value, .t = next, .f = next, .cell = (uint8_t)(cell + 1) });
}

/* The first numbers of each table have fixed meanings. */
bool tap_graph_init(struct tap_graph *g) {
  *g = (struct tap_graph){ 0 };
  g->values = calloc(64, sizeof *g->values);
  g->nodes = calloc(64, sizeof *g->nodes);
  if (g->values == NULL || g->nodes == NULL) return false;
  g->value_room = g->node_room = 64;
  g->value_count = 1;
  g->node_count = NODE_FIRST;
  tap_set_begin(g);
  tap_set_end(g);
  if (g->set_count == 0) g->set_count = 1;
  tap_set_range(g, 0, UINT32_MAX);
  return !g->failed;
}

void tap_graph_free(struct tap_graph *g) {
  free(g->values);
  free(g->ranges);
  free(g->sets);
  free(g->nodes);
  free(g->value_index);
  free(g->set_index);
  free(g->node_index);
  free(g->scratch);
  *g = (struct tap_graph){ 0 };
}
