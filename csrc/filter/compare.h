/* SPDX-License-Identifier: MIT
 *
 * Comparisons of a field with values, on a decoded packet.  One holds if any
 * occurrence of the field matches; "not equal" holds if the field is there and
 * no occurrence is equal; where the field is absent none holds.
 */
#ifndef TAP_FILTER_COMPARE_H
#define TAP_FILTER_COMPARE_H

#include <stdbool.h>

#include "proto/field.h"

struct tap_comparison;

bool tap_comparison_holds(const struct tap_comparison *c, const struct tap_packet *p);

/* How deep a packet must be decoded for it. */
unsigned tap_comparison_level(const struct tap_comparison *c);

/* What else than the frame its field is about: TAP_TRACKED, TAP_SEQUENCED. */
unsigned tap_comparison_asks(const struct tap_comparison *c);

void tap_comparison_free(struct tap_comparison *c);

#endif
