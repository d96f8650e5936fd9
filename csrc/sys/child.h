/* SPDX-License-Identifier: MIT
 *
 * A program that works on one end of a pipe for us: it packs or unpacks.
 */
#ifndef TAP_SYS_CHILD_H
#define TAP_SYS_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct tap_child {
  pid_t pid;  /* 0: none */
  int errors; /* what it says on standard error */
  const char *name;
};

/* A pipe clear of the standard descriptors.  0, or -1 and errno. */
int tap_child_pipe(int ends[2]);

/* Start 'words' (ends with NULL) with these as standard input and output, which stay open here
 * too.  0, or -1: "run gzip". */
int tap_child_start(struct tap_child *c, const char *const *words, int in, int out,
                    struct tap_err *e);

/* Start a program that writes the 'n' bytes at 'head' (no more than a page, which a pipe has room
 * for) and then all that comes from 'in' to 'out'. */
int tap_child_feed(struct tap_child *c, const uint8_t *head, size_t n, int in, int out,
                   struct tap_err *e);

/* Run 'words', a program that ends at once, with standard error for its output. 0, or -1. */
int tap_child_leave(const char *const *words, struct tap_err *e);

/* It has nothing more to do: wait for its end. 0, or -1 and what it said: "step: gzip: ...". */
int tap_child_finish(struct tap_child *c, const char *step, struct tap_err *e);

/* End it at once. */
void tap_child_kill(struct tap_child *c);

#endif
