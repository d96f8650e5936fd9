/* SPDX-License-Identifier: MIT
 *
 * Filters for sockets that give frames without their link header, to which a
 * cooked header is added later: the kernel must ask its metadata instead.
 */
#include <linux/filter.h>
#include <stdlib.h>

#include "filter/compiled.h"
#include "filter/optimise.h"

/* What a load from the cooked header is to the kernel; VALUE_NONE where it has no such thing. */
static uint32_t metadata_of(struct tap_graph *g, const struct tap_link *link, uint32_t k,
                            unsigned size) {
  static const struct {
    uint8_t kind, k, size;
    uint8_t what;
  } rows[] = {
    { LINK_SLL, 0, 2, SKF_AD_PKTTYPE },   { LINK_SLL, 14, 2, SKF_AD_PROTOCOL },
    { LINK_SLL2, 0, 2, SKF_AD_PROTOCOL }, { LINK_SLL2, 4, 4, SKF_AD_IFINDEX },
    { LINK_SLL2, 10, 1, SKF_AD_PKTTYPE },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].kind == link->kind && rows[i].k == k && rows[i].size == size)
      return tap_val_aux(g, (uint32_t)SKF_AD_OFF + rows[i].what);
  return VALUE_NONE;
}

/* The value in the kernel's terms; VALUE_NONE where there is none. */
static uint32_t rewrite(struct tap_graph *g, const struct tap_link *link, uint32_t value) {
  const struct tap_val v = g->values[value];
  uint32_t a, b;
  switch (v.kind) {
  case VALUE_LOAD:
    if (v.k >= (uint32_t)SKF_AD_OFF) return value;
    if (v.a == VALUE_NONE) {
      if (v.k < link->payload) return metadata_of(g, link, v.k, v.size);
      return tap_val_load(g, VALUE_NONE, v.k - link->payload, v.size);
    }
    a = v.k < link->payload ? (uint32_t)VALUE_NONE : rewrite(g, link, v.a);
    return a == VALUE_NONE ? a : tap_val_load(g, a, v.k - link->payload, v.size);
  case VALUE_IHL:
    return v.k < link->payload ? (uint32_t)VALUE_NONE : tap_val_ihl(g, v.k - link->payload);
  case VALUE_OP:
  case VALUE_COMPARE:
    a = rewrite(g, link, v.a);
    b = rewrite(g, link, v.b);
    if (a == VALUE_NONE || b == VALUE_NONE) return VALUE_NONE;
    return v.kind == VALUE_OP ? tap_val_op(g, v.op, a, b) : tap_val_compare(g, v.op, a, b);
  case VALUE_NEGATE: a = rewrite(g, link, v.a); return a == VALUE_NONE ? a : tap_val_negate(g, a);
  case VALUE_LEN: /* the socket's length has no cooked header in it */
    return tap_val_op(g, '+', value, tap_val_const(g, link->payload));
  default: return value;
  }
}

bool tap_cooked(struct tap_graph *g, uint32_t root, const struct tap_link *link, uint32_t *out) {
  uint8_t *reached = tap_graph_reached(g, root);
  uint32_t *now = calloc(root + 2, sizeof *now);
  bool done = reached != NULL && now != NULL;
  if (done) now[NODE_ACCEPT] = NODE_ACCEPT;
  for (uint32_t i = NODE_FIRST; done && i <= root; i++) {
    const struct tap_node n = g->nodes[i];
    uint32_t value;
    if (!reached[i]) continue;
    value = rewrite(g, link, n.value);
    done = value != VALUE_NONE && !n.cell;
    if (done) now[i] = tap_node_test(g, value, n.set, now[n.t], now[n.f]);
  }
  if (done) *out = now[root];
  free(reached);
  free(now);
  return done;
}
