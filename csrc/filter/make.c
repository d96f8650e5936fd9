/* SPDX-License-Identifier: MIT
 *
 * From a graph that the kernel's machine can ask to a program that the kernel
 * takes: large sets shared, instructions emitted, and each program verified.
 */
#include <stdlib.h>

#include "filter/compiled.h"
#include "filter/emit.h"

enum { SNAPLEN = 262144 };

static bool verified(struct tap_insn *insns, size_t count) {
  struct tap_err ignored;
  return tap_program_verify(&(struct tap_program){ insns, count }, &ignored) == 0;
}

/* A path that reads a cell that it did not write gets it written. */
bool tap_make_program(struct tap_graph *g, uint32_t root, const struct tap_filter_options *o,
                      unsigned cells, struct tap_program *out, const char **reason) {
  struct tap_emit_options options = { .accept = o->snaplen != 0 ? o->snaplen : (uint32_t)SNAPLEN,
                                      .cells = cells,
                                      .reload = o->plain };
  const char *why = NULL;
  size_t count = 0;
  struct tap_insn *insns;
  if (!o->plain) root = tap_share_sets(g, root, &options.cells);
  insns = tap_emit(g, root, &options, &count, &why);
  if (insns != NULL && !verified(insns, count)) {
    free(insns);
    options.clear_cells = true;
    insns = tap_emit(g, root, &options, &count, &why);
  }
  if (insns != NULL && !verified(insns, count)) {
    free(insns);
    insns = NULL;
    why = "the kernel would not take its program";
  }
  if (why != NULL && reason != NULL) *reason = why;
  *out = (struct tap_program){ insns, insns != NULL ? count : 0 };
  return insns != NULL;
}
