/* SPDX-License-Identifier: MIT
 *
 * Expressions of a layout: sizes, counts and conditions worked out from
 * numbers that stood earlier in the header.  A checked expression leaves one
 * number and never needs more than TAP_TERMS_DEEP of them at a time.
 */
#ifndef TAP_PROTO_LAYOUT_TERM_H
#define TAP_PROTO_LAYOUT_TERM_H

#include "proto/layout.h"

enum { TAP_TERMS_DEEP = 16 };

/* Does an expression start at 'first' that ends within 'count' terms and works out one number? */
bool tap_terms_check(const struct tap_term *terms, size_t count, size_t first);

/* Work it out.  False where it divides by zero. */
bool tap_terms_run(const struct tap_term *at, const int64_t *kept, size_t rest, int64_t *out);

#endif
