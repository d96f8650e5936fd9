/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

int tap_fail(struct tap_err *e, int sys, const char *what, ...) {
  va_list args;
  va_start(args, what);
  vsnprintf(e->what, sizeof e->what, what, args);
  va_end(args);
  e->sys = sys;
  return -1;
}
