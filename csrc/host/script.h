/* SPDX-License-Identifier: MIT
 *
 * One run: what the command line named, read and opened while there was power
 * to do so, and then handed to Lua.
 */
#ifndef TAP_HOST_SCRIPT_H
#define TAP_HOST_SCRIPT_H

#include "sys/source.h"

struct host_run {
  char **argv;
  int argc;
  char *text;                /* of the script, allocated; NULL: none */
  const char *subject;       /* what was to be captured from; NULL: nothing */
  struct tap_source *source; /* NULL: it was refused */
  struct tap_err refusal;    /* why */
};

/* Read the text of the script at 'path'.  0 or -1. */
int host_script_read(struct host_run *run, const char *path, struct tap_err *e);

/* Do the run in a Lua state of its own, and give back what 'run' holds.  Returns the exit
 * status; a failure has been reported on standard error. */
int host_script_run(struct host_run *run);

#endif
