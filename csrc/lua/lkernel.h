/* SPDX-License-Identifier: MIT
 *
 * What of a capture's filter, and of what its hooks want, runs in the kernel.
 * Invariant: the kernel lets through whatever the filter accepts and, where a
 * pass feeds nothing but hooks with a 'where', whatever one of these accepts.
 */
#ifndef TAP_LUA_LKERNEL_H
#define TAP_LUA_LKERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tapL_capture;
struct tapL_handler;

/* What the program in the kernel was made of, to see when another one is due. */
struct tapL_wish {
  unsigned filter, loop; /* their serials; 0: none */
  int handlers, counters;
  unsigned changes; /* of the registry */
  bool looped;      /* there is a loop, though it may want every packet */
  bool joins;       /* what the hooks want goes there, too */
};

struct tapL_kernel {
  struct tapL_wish wish;
  bool filters;       /* the filter's program runs there, or a narrower one that has it */
  bool joined;        /* a narrower one: at least one 'where' holds, too */
  bool exact;         /* nothing of the filter is left to be tested here */
  size_t count;       /* of instructions; 0: it lets all through */
  struct tap_err why; /* sys: the kernel refused the filter's program, for this reason */
};

/* Put in what can run there.  A pass with a limit of packets ('counted') counts those that no hook
 * wants as well, flows are made of them too, and fields that count frames count them, so that nothing is left out for the hooks' sake
 * then.  A program that the kernel
 * refuses runs here.  0, or -1 and 'e' where it takes not even an empty one. */
int tapL_kernel_set(struct tapL_capture *c, const struct tapL_handler *loop, bool counted,
                    struct tap_err *e);

/* Where the filter runs, as info() says it: "kernel", "kernel, checked here", "here", "here:
 * because ..."; in 'buffer'.  NULL: there is none. */
const char *tapL_kernel_place(const struct tapL_capture *c, char *buffer, size_t size);

#endif
