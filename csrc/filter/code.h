/* SPDX-License-Identifier: MIT
 *
 * How a value gets into a register: straight-line instructions, and what the
 * registers hold after them.
 */
#ifndef TAP_FILTER_CODE_H
#define TAP_FILTER_CODE_H

#include "filter/graph.h"
#include "filter/program.h"

struct tap_code {
  const struct tap_graph *g;
  struct tap_insn *insns;
  size_t count, room;
  uint32_t a, x;      /* the values that A and X hold; VALUE_NONE: not known */
  unsigned temporary; /* the lowest cell that arithmetic uses now */
  unsigned cells;     /* those below belong to stores */
  const char *fault;  /* why it cannot be said, or NULL */
};

void tap_code_add(struct tap_code *c, unsigned code, uint32_t k);
void tap_code_load_a(struct tap_code *c, uint32_t value);
void tap_code_load_x(struct tap_code *c, uint32_t value);
void tap_code_store(struct tap_code *c, unsigned cell, uint32_t value);

/* Both operands of an operation or comparison: 'a' in A, 'b' in X. */
void tap_code_load_both(struct tap_code *c, uint32_t a, uint32_t b);

#endif
