/* SPDX-License-Identifier: MIT
 *
 * A field's name as people write it, taken apart:
 *
 *   base#nth/range:form?     vlan.id#2   src/24   arp.opcode:text   tcp.len?
 *
 * All but the base may be left out.  What a range means is for form.h to say:
 * here it is text.
 */
#ifndef TAP_PROTO_SPELLING_H
#define TAP_PROTO_SPELLING_H

#include <stdbool.h>

#include "base/err.h"
#include "proto/field.h"

enum { TAP_NAME_BYTES = 128 };

struct tap_spelling {
  char base[TAP_NAME_BYTES];
  const char *range; /* within 'base', behind its end; NULL: none */
  unsigned nth;
  enum tap_form form;
  bool optional;
};

/* 0, or -1 and 'e' where 'name' is none. */
int tap_spelling_read(struct tap_spelling *s, const char *name, struct tap_err *e);

#endif
