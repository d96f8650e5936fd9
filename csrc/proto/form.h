/* SPDX-License-Identifier: MIT
 *
 * The forms in which a field can be asked for: what a value becomes in each.
 *
 *   ip.src/24        an address's prefix: all other bits 0
 *   frame.len/100    the range that a number lies in, told by its lower end
 *   frame.time/10ms  the same for times
 *   name:raw         bytes as on the wire
 *   name:text        the name of an enumerated value, else the text of columns
 *
 * name:id is no value of the packet's: stats/intern.h gives it out.
 */
#ifndef TAP_PROTO_FORM_H
#define TAP_PROTO_FORM_H

#include "base/err.h"
#include "proto/field.h"

/* Give 'ref' the range that is written behind the '/' of 'name'.  0, or -1 and 'e' where its
 * field has no such ranges. */
int tap_form_range(struct tap_ref *ref, const char *name, const char *range, struct tap_err *e);

/* Turn a value that was read by 'ref' into what its form says. */
void tap_form_shape(const struct tap_ref *ref, struct tap_value *v);

/* The same where the form is asked for at all. */
static inline void tap_form_apply(const struct tap_ref *ref, struct tap_value *v) {
  if (ref->form != TAP_FORM_VALUE) tap_form_shape(ref, v);
}

/* Text of a shaped value, as in columns. */
void tap_form_put(struct tap_text *t, const struct tap_ref *ref, const struct tap_value *v);

#endif
