/* SPDX-License-Identifier: MIT
 *
 * A typed value as it was read from a packet, and its text.  Bytes and
 * addresses are borrowed from the frame, or lie in the value itself.
 */
#ifndef TAP_PROTO_VALUE_H
#define TAP_PROTO_VALUE_H

#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum tap_type {
  TAP_UINT,   /* number: unsigned, up to 64 bits */
  TAP_INT,    /* number: signed, two's complement in 'number' */
  TAP_TIME,   /* number: ns since the epoch */
  TAP_SPAN,   /* number: ns between two times, signed */
  TAP_FLAG,   /* number: 0 or 1 */
  TAP_IPV4,   /* bytes: 4 */
  TAP_IPV6,   /* bytes: 16 */
  TAP_MAC,    /* bytes: 6 */
  TAP_EUI64,  /* bytes: 8 */
  TAP_BYTES,  /* bytes: any */
  TAP_STRING, /* bytes: any, text */
  TAP_FLOAT   /* bytes: 4 or 8 as on the wire; 'number' holds those of the double */
};

enum { TAP_VALUE_MADE = 512 };

/* 'bytes' may point into the value itself, so a value is never copied. */
struct tap_value {
  uint8_t type;  /* enum tap_type */
  uint32_t size; /* of 'bytes' */
  uint64_t number;
  const uint8_t *bytes;
  uint8_t made[TAP_VALUE_MADE]; /* room for bytes that a reader makes itself */
};

/* Is the number of two's complement? */
static inline int tap_type_is_signed(unsigned type) {
  return type == TAP_INT || type == TAP_TIME || type == TAP_SPAN;
}

static inline double tap_value_double(const struct tap_value *v) {
  double d;
  memcpy(&d, &v->number, sizeof d);
  return d;
}

static inline int tap_type_is_number(unsigned type) {
  return type <= TAP_FLAG;
}

struct tap_field;

/* Text of a value as DESIGN's table of kinds says: numbers as the field's row prints them,
 * flags 1 and 0, addresses in their notation, times in seconds, bytes in hex. */
void tap_value_put(struct tap_text *t, const struct tap_field *field, const struct tap_value *v);

#endif
