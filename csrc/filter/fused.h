/* SPDX-License-Identifier: MIT
 *
 * The graph of a filter made ready to run in user space: one operation a
 * node, each with its load, its comparison and both ways on.  What a program
 * of the kernel's machine cannot ask, comparisons of decoded fields and chains
 * of headers, is asked here too.
 */
#ifndef TAP_FILTER_FUSED_H
#define TAP_FILTER_FUSED_H

#include "base/frame.h"
#include "filter/graph.h"
#include "proto/packet.h"

struct tap_fused;
struct tap_chain;
struct tap_list6;
struct tap_comparison;

/* What the operations refer to by number; must outlive the code. */
struct tap_fused_context {
  struct tap_comparison *const *comparisons;
  const struct tap_chain *chains;
  const struct tap_list6 *lists;
};

/* NULL when memory is out. */
struct tap_fused *tap_fused_new(struct tap_graph *g, uint32_t root,
                                const struct tap_fused_context *context);
void tap_fused_free(struct tap_fused *f);

/* As tap_fused_run(); without a machine it tells where the operations of each code run. */
bool tap_machine_run(const struct tap_fused *fused, const struct tap_frame *frame,
                     const struct tap_packet *packet, const void *const **labels);

/* Does it accept?  'p' may be NULL where no comparison of fields is asked. */
static inline bool tap_fused_run(const struct tap_fused *f, const struct tap_frame *frame,
                                 const struct tap_packet *p) {
  return tap_machine_run(f, frame, p, NULL);
}

#endif
