/* SPDX-License-Identifier: MIT
 *
 * Giving power away, once and for good, before any Lua runs.
 */
#ifndef TAP_HOST_DROP_H
#define TAP_HOST_DROP_H

#include <stdbool.h>

#include "base/err.h"

/* As root, become 'user' (NULL: the user who called sudo, else nobody).  Keep CAP_NET_RAW
 * alone, where it was there, or nothing when 'sealed'.  Where that cannot be done nothing may
 * run.  0 or -1. */
int host_drop(const char *user, bool sealed, struct tap_err *e);

#endif
