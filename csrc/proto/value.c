/* SPDX-License-Identifier: MIT
 *
 * A value's text for columns of text (--fields, CSV): the same characters
 * that tshark prints with -T fields, so that scripts can change from one to
 * the other.  It goes by the value's own type, since one field may be read in
 * several forms (:raw, :text); the row only says how its numbers look.
 */
#include "proto/value.h"

#include <stdio.h>

#include "proto/field.h"

/* Two digits for each byte that the field's bits touch: 12 bits are 0x0012. */
static void put_hex(struct tap_text *t, unsigned bits, uint64_t n) {
  unsigned bytes = (bits + 7) / 8;
  if (bits == 0)
    while (bytes < 8 && n >> 8 * bytes != 0)
      bytes++;
  tap_text_put(t, "0x");
  tap_text_put_hex(t, n, (int)(bytes == 0 ? 2 : 2 * bytes));
}

static void put_uint(struct tap_text *t, const struct tap_field *field, uint64_t n) {
  unsigned flags = field == NULL ? 0 : field->flags;
  if ((flags & TAP_HEX) == 0)
    tap_text_put_uint(t, n);
  else
    put_hex(t, (flags & TAP_HEX32) == TAP_HEX32 ? 32 : field->bits, n);
}

static void put_eui64(struct tap_text *t, const uint8_t *p) {
  for (unsigned i = 0; i < 8; i++) {
    if (i > 0) tap_text_put_char(t, ':');
    tap_text_put_hex(t, p[i], 2);
  }
}

/* As many digits as tell the number from its neighbours. */
static void put_float(struct tap_text *t, const struct tap_value *v) {
  char buffer[32];
  snprintf(buffer, sizeof buffer, "%.*g", v->size == 4 ? 9 : 17, tap_value_double(v));
  tap_text_put(t, buffer);
}

void tap_value_put(struct tap_text *t, const struct tap_field *field, const struct tap_value *v) {
  switch ((enum tap_type)v->type) {
  case TAP_UINT: put_uint(t, field, v->number); return;
  case TAP_INT: tap_text_put_int(t, (int64_t)v->number); return;
  case TAP_FLAG: tap_text_put_char(t, v->number != 0 ? '1' : '0'); return;
  case TAP_TIME:
  case TAP_SPAN: tap_text_put_seconds(t, (int64_t)v->number); return;
  case TAP_IPV4: tap_text_put_ipv4(t, v->bytes); return;
  case TAP_IPV6: tap_text_put_ipv6(t, v->bytes); return;
  case TAP_MAC: tap_text_put_mac(t, v->bytes); return;
  case TAP_BYTES: tap_text_put_dump(t, v->bytes, v->size); return;
  case TAP_STRING: tap_text_put_escaped(t, v->bytes, v->size); return;
  case TAP_EUI64: put_eui64(t, v->bytes); return;
  case TAP_FLOAT: put_float(t, v); return;
  }
}
