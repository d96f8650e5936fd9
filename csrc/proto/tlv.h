/* SPDX-License-Identifier: MIT
 *
 * Lists of a type, a length and a value.  Each protocol lays the first two out
 * in its own way and says so by a function that takes the next one; walking
 * and finding are shared.  A list ends where one does not fit its window.
 */
#ifndef TAP_PROTO_TLV_H
#define TAP_PROTO_TLV_H

#include <stdbool.h>

#include "base/cursor.h"
#include "proto/protocol.h"

struct tap_tlv {
  unsigned type;
  size_t length;        /* as the wire has it, whatever it counts */
  const uint8_t *value; /* 'size' bytes */
  size_t size;
};

/* Take the next one.  False at the window's end, or where it is not all there (and then the cursor
 * stays). */
typedef bool tap_tlv_next(struct tap_cursor *c, struct tap_tlv *out);

enum { TAP_TLV_ANY = 0x1000000, TAP_TLV_NONE }; /* types that none has */

/* Find number 'nth' (0 is the first) of a type, among those of at least 'size' bytes. */
static inline bool tap_tlv_find(struct tap_cursor c, tap_tlv_next *next, unsigned type, size_t size,
                                unsigned nth, struct tap_tlv *out) {
  while (next(&c, out))
    if ((type == TAP_TLV_ANY || out->type == type) && out->size >= size && nth-- == 0) return true;
  return false;
}

/* Take a list, to the end of the window or through the first of type 'last'.  One that does not fit
 * was cut by the capture, or contradicts the window; the cursor stays behind those that fit. */
static inline enum tap_verdict tap_tlv_take(struct tap_cursor *c, tap_tlv_next *next, unsigned last,
                                            bool cut) {
  struct tap_tlv tlv = { .type = TAP_TLV_ANY };
  while (tap_left(c) > 0 && tlv.type != last)
    if (!next(c, &tlv)) return cut ? TAP_TRUNCATED : TAP_MALFORMED;
  return TAP_LAST;
}

#endif
