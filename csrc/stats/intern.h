/* SPDX-License-Identifier: MIT
 *
 * Dense numbers for values (name:id): 1 for the first value that somebody
 * asks it of, then 2, 3 ...  Equal values of one type have one number,
 * whatever fields they were read from.  A number is never used again while
 * the table lives, and its value can be read back.  Memory is bounded: values
 * beyond the limit get 0, and so do bytes and text too long for a key; those
 * are counted.
 */
#ifndef TAP_STATS_INTERN_H
#define TAP_STATS_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/value.h"

struct tap_intern;

struct tap_intern *tap_intern_new(size_t limit, uint64_t seed);
void tap_intern_free(struct tap_intern *in);

/* The number of a value, which is given one where it has none yet. */
uint64_t tap_intern_id(struct tap_intern *in, const struct tap_value *v);

/* The value with this number; false where there is none.  Its bytes are valid until the next
 * number is given out. */
bool tap_intern_value(const struct tap_intern *in, uint64_t id, struct tap_value *out);

size_t tap_intern_held(const struct tap_intern *in);
size_t tap_intern_limit(const struct tap_intern *in);
uint64_t tap_intern_refused(const struct tap_intern *in); /* times that 0 was given out */

#endif
