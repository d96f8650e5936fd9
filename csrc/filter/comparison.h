/* SPDX-License-Identifier: MIT
 *
 * What a comparison of a field holds, for those who make and run it.
 */
#ifndef TAP_FILTER_COMPARISON_H
#define TAP_FILTER_COMPARISON_H

#include <regex.h>
#include <stddef.h>

#include "filter/ast.h"
#include "filter/compare.h"
#include "filter/lower.h"

/* Numbers, IPv4 and hardware addresses; signed numbers have their sign bit flipped. */
struct tap_number_range {
  uint64_t low, high;
};

struct tap_comparison {
  struct tap_ref ref;
  const struct tap_ast *from;
  const struct tap_formula *prefilter; /* while it is compiled: what the kernel asks, or NULL */
  uint8_t compare; /* enum tap_compare: CMP_HAS, CMP_IN, CMP_NE, CMP_CONTAINS, CMP_MATCHES */
  bool payload;    /* not a field: the bytes behind the last header */
  struct tap_number_range *numbers; /* sorted, apart */
  size_t number_count, number_room;
  struct tap_number_range *v4; /* of fields that hold either family, or one */
  size_t v4_count, v4_room;
  struct tap_range6 *v6;
  size_t v6_count, v6_room;
  struct tap_bytes {
    uint8_t *at;
    size_t n;
  } * texts;
  size_t text_count, text_room;
  regex_t *regex;
};

/* Sort what was added, so that it can be searched. */
void tap_comparison_finish(struct tap_comparison *c);

#endif
