/* SPDX-License-Identifier: MIT
 *
 * Options of IPv4 and TCP, which are laid out alike: one byte of kind, and,
 * but for kinds 0 (end) and 1 (no operation), one byte of length that counts
 * both.  Walking stops at the first option that does not fit its header.
 */
#ifndef TAP_PROTO_OPTION_H
#define TAP_PROTO_OPTION_H

#include <stdbool.h>

#include "base/cursor.h"

enum { TAP_OPTION_END = 0, TAP_OPTION_NOP = 1 };

struct tap_option {
  uint8_t kind;
  uint8_t size;      /* with kind and length */
  const uint8_t *at; /* 'size' bytes */
};

/* Take the next option.  False at the end; what follows kind 0 is padding. */
static inline bool tap_option_next(struct tap_cursor *c, struct tap_option *out) {
  size_t left = tap_left(c), size = 1;
  if (left == 0) return false;
  if (c->at[0] > TAP_OPTION_NOP) {
    if (left < 2 || c->at[1] < 2) return false;
    size = c->at[1];
  }
  out->at = tap_take(c, size);
  if (out->at == NULL) return false;
  out->kind = out->at[0];
  out->size = (uint8_t)size;
  if (out->kind == TAP_OPTION_END) c->at = c->end;
  return true;
}

/* Find option 'nth' (0 is the first) of 'kind'. */
static inline bool tap_option_find(struct tap_cursor *c, unsigned kind, unsigned nth,
                                   struct tap_option *out) {
  while (tap_option_next(c, out))
    if (out->kind == kind && nth-- == 0) return true;
  return false;
}

#endif
