/* SPDX-License-Identifier: MIT
 *
 * From a graph to instructions of the classic machine.
 */
#ifndef TAP_FILTER_EMIT_H
#define TAP_FILTER_EMIT_H

#include "filter/graph.h"
#include "filter/program.h"

struct tap_emit_options {
  uint32_t accept;  /* what the program returns */
  unsigned cells;   /* scratch cells that stores use */
  bool clear_cells; /* write them all first: a path may read one that it did not write */
  bool reload;      /* never take a value from a register: plain code */
};

/* Instructions in an array to be freed, or NULL with the reason: too many instructions, too deep
 * arithmetic, or no memory. */
struct tap_insn *tap_emit(struct tap_graph *g, uint32_t root,
                          const struct tap_emit_options *options, size_t *count,
                          const char **reason);

#endif
