/* SPDX-License-Identifier: MIT
 *
 * Passes over a graph.  Each keeps the verdict on every packet whose loads
 * all succeed.  They delete loads and never move one to a path that did not
 * have it, so that on a cut packet a graph may accept after them where it
 * rejected before, and never the other way round.
 */
#ifndef TAP_FILTER_OPTIMISE_H
#define TAP_FILTER_OPTIMISE_H

#include "filter/graph.h"

/* All passes in their order; returns the new root. */
uint32_t tap_optimise(struct tap_graph *g, uint32_t root);

/* The single passes. */
uint32_t tap_normalise(struct tap_graph *g, uint32_t root);   /* tests in their simplest form */
uint32_t tap_apply_facts(struct tap_graph *g, uint32_t root); /* what is known needs no test */
uint32_t tap_group(struct tap_graph *g, uint32_t root);       /* tests of one value become one */

/* A test in its simplest form; may be one of the nodes it leads to. */
uint32_t tap_node_simple(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f);

/* Which nodes can be reached, as one byte each; NULL (and g->failed) when memory is out. */
uint8_t *tap_graph_reached(struct tap_graph *g, uint32_t root);

#endif
