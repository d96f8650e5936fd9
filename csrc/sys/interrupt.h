/* SPDX-License-Identifier: MIT
 *
 * SIGINT and SIGTERM while a pass runs: the first one asks the pass to end
 * (a flag, and a descriptor that wakes its wait), a second one kills as if
 * nobody had caught it.  The handlers that were there before come back.
 */
#ifndef TAP_SYS_INTERRUPT_H
#define TAP_SYS_INTERRUPT_H

#include <stdbool.h>

#include "base/err.h"

/* Take the two signals over, and forget earlier ones.  Calls nest. 0 or -1. */
int tap_interrupt_own(struct tap_err *e);

/* Give them back.  One call for each that succeeded. */
void tap_interrupt_disown(void);

/* Which signal came since they were taken over; 0: none. */
int tap_interrupt_caught(void);

/* Readable once a signal came; -1 while nobody owns them. */
int tap_interrupt_fd(void);

#endif
