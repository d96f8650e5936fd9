/* SPDX-License-Identifier: MIT
 *
 * Whether a regular expression is small enough to be compiled.
 */
#ifndef TAP_FILTER_PATTERN_H
#define TAP_FILTER_PATTERN_H

enum { TAP_PATTERN_MAX = 1024, TAP_PATTERN_DEPTH_MAX = 200 };

/* Why it is not, or NULL.  It need not be well formed. */
const char *tap_pattern_trouble(const char *text);

#endif
