/* SPDX-License-Identifier: MIT
 *
 * A filter as a decision graph.  A node asks whether a value lies in a set of
 * numbers and says where to go in both cases, or writes a scratch cell.
 * Values, sets and nodes are interned: what is equal has one number, so common
 * tails merge by themselves.  Invariant: a node leads to nodes with smaller
 * numbers only, so that walking down the numbers visits parents first.
 */
#ifndef TAP_FILTER_GRAPH_H
#define TAP_FILTER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/arena.h"

enum tap_value_kind {
  VALUE_NONE,
  VALUE_CONST,   /* k */
  VALUE_LEN,     /* the packet's length on the wire */
  VALUE_LOAD,    /* 'size' bytes at k, plus the value 'a' if there is one */
  VALUE_IHL,     /* four times the low half of the byte at k */
  VALUE_CELL,    /* scratch cell k */
  VALUE_OP,      /* a op b */
  VALUE_NEGATE,  /* of a */
  VALUE_COMPARE, /* 1 where a op b holds, else 0; op is '=', '>' or S_GE */
  VALUE_FIELD,   /* 1 where comparison k of decoded fields holds */
  VALUE_CHAIN,   /* 1 where chain of headers k holds the protocol */
  VALUE_MEMBER6  /* 1 where the IPv6 address that list k is about is on it */
};

struct tap_val {
  uint8_t kind, size, op;
  uint16_t cells; /* which scratch cells it depends on */
  uint32_t a, b, k;
  uint32_t most; /* no value is greater */
};

struct tap_range {
  uint32_t low, high; /* both belong to it */
};

/* Ranges in order, not touching. */
struct tap_set_row {
  uint32_t first, count; /* in graph's ranges */
};

enum { NODE_REJECT, NODE_ACCEPT, NODE_FIRST }; /* numbers of nodes */
enum { SET_EMPTY, SET_FULL };                  /* numbers of sets */

struct tap_node {
  uint32_t value;
  uint32_t set;  /* of a test */
  uint32_t t, f; /* where to go; of a store both are the same */
  uint8_t cell;  /* of a store: 1 + its number; 0 for a test */
};

struct tap_graph {
  struct tap_val *values;
  struct tap_range *ranges;
  struct tap_set_row *sets;
  struct tap_node *nodes;
  size_t value_count, value_room, range_count, range_room, set_count, set_room;
  size_t node_count, node_room;
  uint32_t *value_index, *set_index, *node_index; /* open addressing; 0 is free */
  size_t value_slots, set_slots, node_slots;
  struct tap_range *scratch; /* a set under construction */
  size_t scratch_count, scratch_room;
  bool failed; /* memory was out: what was answered since is of no use */
};

bool tap_graph_init(struct tap_graph *g);
void tap_graph_free(struct tap_graph *g);

/* Values.  'plain' operations fold nothing away but constants. */
uint32_t tap_val_const(struct tap_graph *g, uint32_t k);
uint32_t tap_val_len(struct tap_graph *g);
uint32_t tap_val_load(struct tap_graph *g, uint32_t base, uint64_t k, unsigned size);
uint32_t tap_val_aux(struct tap_graph *g, uint32_t k); /* metadata: k from SKF_AD_OFF up */
uint32_t tap_val_ihl(struct tap_graph *g, uint32_t k);
uint32_t tap_val_cell(struct tap_graph *g, uint32_t cell);
uint32_t tap_val_op(struct tap_graph *g, uint8_t op, uint32_t a, uint32_t b);
uint32_t tap_val_negate(struct tap_graph *g, uint32_t a);
uint32_t tap_val_compare(struct tap_graph *g, uint8_t op, uint32_t a, uint32_t b);
uint32_t tap_val_outside(struct tap_graph *g, unsigned kind, uint32_t k);
uint32_t tap_val_member6(struct tap_graph *g, uint32_t base, uint32_t list);

/* What 'op' makes of two numbers; false where it divides by 0. */
bool tap_val_fold(uint8_t op, uint32_t a, uint32_t b, uint32_t *out);

/* Sets.  Build one by adding ranges in any order between begin and end. */
void tap_set_begin(struct tap_graph *g);
void tap_set_add(struct tap_graph *g, uint32_t low, uint32_t high);
uint32_t tap_set_end(struct tap_graph *g);
uint32_t tap_set_range(struct tap_graph *g, uint32_t low, uint32_t high);
bool tap_set_has(const struct tap_graph *g, uint32_t set, uint32_t number);
uint32_t tap_set_intersect(struct tap_graph *g, uint32_t a, uint32_t b);
uint32_t tap_set_unite(struct tap_graph *g, uint32_t a, uint32_t b);
uint32_t tap_set_without(struct tap_graph *g, uint32_t a, uint32_t b);

/* Nodes. */
uint32_t tap_node_test(struct tap_graph *g, uint32_t value, uint32_t set, uint32_t t, uint32_t f);
uint32_t tap_node_store(struct tap_graph *g, unsigned cell, uint32_t value, uint32_t next);

static inline const struct tap_range *tap_set_ranges(const struct tap_graph *g, uint32_t set) {
  return g->ranges + g->sets[set].first;
}

#endif
