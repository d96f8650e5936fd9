/* SPDX-License-Identifier: MIT
 *
 * What a compiled filter holds; known to the files that make it and run it.
 */
#ifndef TAP_FILTER_COMPILED_H
#define TAP_FILTER_COMPILED_H

#include "filter/compare.h"
#include "filter/filter.h"
#include "filter/fused.h"
#include "filter/lower.h"

struct tap_filter {
  char *text;
  struct tap_arena arena; /* tree, tokens, warnings */
  const struct tap_ast *ast;
  struct tap_filter_options options;
  struct tap_graph graph;
  uint32_t root;                   /* over whole frames, all in it */
  uint32_t live_root;              /* the same for frames whose outermost tag was lifted out */
  struct tap_program file, kernel; /* insns NULL: there is none */
  struct tap_graph asked;          /* what the kernel's program asks, if there is one */
  uint32_t asked_root;
  const char *reason; /* why the kernel's program is not all or not there */
  bool exact;
  unsigned asks; /* see tap_filter_asks */
  enum tap_level level;
  unsigned cells;
  struct tap_comparison **comparisons;
  size_t comparison_count;
  struct tap_chain *chains;
  size_t chain_count;
  struct tap_list6 *lists; /* the array is the filter's own */
  struct tap_fused *fused, *fused_live;
  const char **warnings;
  size_t warning_count;
};

/* Sets with more ranges are the first to go where a program is too large. */
enum { TAP_SET_SMALL = 256 };

/* make.c: the verified program of a graph; false with the reason, where one is wanted. */
bool tap_make_program(struct tap_graph *g, uint32_t root, const struct tap_filter_options *o,
                      unsigned cells, struct tap_program *out, const char **reason);

/* graft.c: copy what 'root' of 'from' reaches.  Its verdicts become 't' and 'f'; 'guarded': so do
 * loads that fail. */
uint32_t tap_graft(struct tap_graph *to, const struct tap_graph *from, uint32_t root, uint32_t t,
                   uint32_t f, bool guarded);

/* How many bytes a packet has at least where the value could be computed. */
uint32_t tap_val_reach(const struct tap_graph *g, uint32_t value);

/* Fill in how many bytes are surely there before each node up to root; UINT32_MAX: not reached. */
void tap_graph_least(const struct tap_graph *g, uint32_t root, uint32_t *least);

/* split.c: a root that accepts whatever 'root' accepts and asks nothing but what the kernel
 * knows, and of no set with more than 'most' ranges. */
uint32_t tap_split_kernel(struct tap_graph *g, uint32_t root, uint32_t most,
                          struct tap_comparison *const *comparisons);

/* Does anything that can be reached ask what the kernel does not know? */
bool tap_split_needed(struct tap_graph *g, uint32_t root);

/* share.c: the same graph with large sets there once; '*cells' are in use before and after. */
uint32_t tap_share_sets(struct tap_graph *g, uint32_t root, unsigned *cells);

/* cooked.c: the same graph with loads from a cooked header made loads of metadata, for sockets
 * whose frames begin behind it.  False where one of them cannot be said so. */
bool tap_cooked(struct tap_graph *g, uint32_t root, const struct tap_link *link, uint32_t *out);

/* warn.c: fill f->warnings. */
void tap_filter_warn(struct tap_filter *f);

#endif
