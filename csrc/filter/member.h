/* SPDX-License-Identifier: MIT
 *
 * The members of a set, or the value behind a comparison, one after the
 * other: whether they stand between braces or come from a set with a name.
 */
#ifndef TAP_FILTER_MEMBER_H
#define TAP_FILTER_MEMBER_H

#include "filter/lower.h"

enum tap_member_kind { MEMBER_NUMBER, MEMBER_IPV4, MEMBER_IPV6, MEMBER_MAC, MEMBER_TEXT };

/* One value or range of values, both ends included. */
struct tap_member {
  uint8_t kind;
  bool negative;      /* of MEMBER_NUMBER: a '-' stood before it */
  uint64_t low, high; /* of MEMBER_NUMBER, MEMBER_IPV4, MEMBER_MAC */
  uint8_t low6[16], high6[16];
  const char *text; /* of MEMBER_TEXT */
  uint32_t length;
};

/* Takes a member; false with the error set to stop. */
typedef bool tap_member_visitor(struct tap_lowering *l, const struct tap_member *m, void *context);

/* False with the error set. */
bool tap_members(struct tap_lowering *l, const struct tap_set *set, tap_member_visitor *visit,
                 void *context);

/* A number as its words say it: decimal, 0x, octal as in the language. False where it is none. */
bool tap_member_number(const char *text, size_t n, uint64_t *out);

#endif
