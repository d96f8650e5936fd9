/* SPDX-License-Identifier: MIT
 *
 * A machine with a stack, as deep as the check allows.  Numbers are 64 bits
 * wide and wrap; a comparison is 1 or 0.
 */
#include "proto/layout_term.h"

bool tap_terms_check(const struct tap_term *terms, size_t count, size_t first) {
  unsigned deep = 0;
  for (size_t i = first; i < count; i++) {
    const struct tap_term *t = &terms[i];
    if (t->code == TAP_TERM_END) return deep == 1;
    if (t->code >= TAP_TERM_CODES) return false;
    if (t->code == TAP_TERM_KEPT && (t->value < 0 || t->value >= TAP_REGISTERS)) return false;
    if (t->code <= TAP_TERM_REST && ++deep > TAP_TERMS_DEEP) return false;
    if (t->code == TAP_TERM_NOT && deep < 1) return false;
    if (t->code > TAP_TERM_NOT && deep-- < 2) return false;
  }
  return false;
}

static int64_t combine(unsigned code, int64_t a, int64_t b) {
  switch (code) {
  case TAP_TERM_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
  case TAP_TERM_SUB: return (int64_t)((uint64_t)a - (uint64_t)b);
  case TAP_TERM_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
  case TAP_TERM_DIV: return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
  case TAP_TERM_MASK: return a & b;
  case TAP_TERM_EQ: return a == b;
  case TAP_TERM_NE: return a != b;
  case TAP_TERM_LT: return a < b;
  case TAP_TERM_LE: return a <= b;
  case TAP_TERM_GT: return a > b;
  case TAP_TERM_GE: return a >= b;
  case TAP_TERM_AND: return a != 0 && b != 0;
  default: return a != 0 || b != 0;
  }
}

bool tap_terms_run(const struct tap_term *at, const int64_t *kept, size_t rest, int64_t *out) {
  int64_t stack[TAP_TERMS_DEEP + 1], *top = stack; /* 'top' is the first free place */
  for (; at->code != TAP_TERM_END; at++) {
    switch (at->code) {
    case TAP_TERM_NUMBER: *top++ = at->value; break;
    case TAP_TERM_KEPT: *top++ = kept[at->value]; break;
    case TAP_TERM_REST: *top++ = (int64_t)rest; break;
    case TAP_TERM_NOT: top[-1] = top[-1] == 0; break;
    default:
      top--;
      if (at->code == TAP_TERM_DIV && *top == 0) return false;
      top[-1] = combine(at->code, top[-1], *top);
    }
  }
  *out = top[-1];
  return true;
}
