/* SPDX-License-Identifier: MIT
 *
 * Values of a graph: loads and arithmetic, interned.  Operations on constants
 * are done here, in 32 bits without a sign, as the machine would.
 */
#include <string.h>

#include "filter/intern.h"
#include "filter/lex.h"

static uint32_t hash_value(const struct tap_graph *g, uint32_t number) {
  const struct tap_val *v = &g->values[number];
  const uint32_t words[4] = { (uint32_t)v->kind << 16 | (uint32_t)v->size << 8 | v->op, v->a, v->b,
                              v->k };
  return tap_intern_hash(words, sizeof words / sizeof words[0], 0);
}

static bool same_value(const struct tap_val *a, const struct tap_val *b) {
  return a->kind == b->kind && a->size == b->size && a->op == b->op && a->a == b->a &&
         a->b == b->b && a->k == b->k;
}

static uint32_t fail(struct tap_graph *g) {
  g->failed = true;
  return VALUE_NONE;
}

static uint32_t intern(struct tap_graph *g, struct tap_val v) {
  void *array = g->values;
  uint32_t number = (uint32_t)g->value_count;
  size_t at;
  if (!tap_grow(&array, &g->value_room, g->value_count, sizeof v)) return fail(g);
  g->values = array;
  if (!tap_index_grow(g, &g->value_index, &g->value_slots, g->value_count, hash_value))
    return fail(g);
  g->values[number] = v;
  for (at = hash_value(g, number) & (g->value_slots - 1); g->value_index[at] != 0;
       at = (at + 1) & (g->value_slots - 1))
    if (same_value(&g->values[g->value_index[at]], &v)) return g->value_index[at];
  g->value_index[at] = number;
  g->value_count++;
  return number;
}

uint32_t tap_val_const(struct tap_graph *g, uint32_t k) {
  return intern(g, (struct tap_val){ .kind = VALUE_CONST, .k = k, .most = k });
}

uint32_t tap_val_len(struct tap_graph *g) {
  return intern(g, (struct tap_val){ .kind = VALUE_LEN, .most = UINT32_MAX });
}

/* No packet has a byte here, and the kernel gives this offset no other meaning. */
enum { BEYOND = 0x7fffffff };

uint32_t tap_val_load(struct tap_graph *g, uint32_t base, uint64_t k, unsigned size) {
  static const uint32_t most[] = { 0, UINT8_MAX, UINT16_MAX, 0, UINT32_MAX };
  struct tap_val v = { .kind = VALUE_LOAD, .size = (uint8_t)size, .a = base, .most = most[size] };
  if (base != VALUE_NONE && g->values[base].kind == VALUE_CONST) {
    k += g->values[base].k;
    v.a = VALUE_NONE;
  }
  if (k > BEYOND) {
    k = BEYOND;
    v.a = VALUE_NONE;
  }
  v.k = (uint32_t)k;
  v.cells = g->values[v.a].cells;
  return intern(g, v);
}

uint32_t tap_val_aux(struct tap_graph *g, uint32_t k) {
  return intern(g, (struct tap_val){ .kind = VALUE_LOAD, .size = 4, .k = k, .most = UINT32_MAX });
}

uint32_t tap_val_ihl(struct tap_graph *g, uint32_t k) {
  return intern(g, (struct tap_val){ .kind = VALUE_IHL, .k = k, .most = 60 });
}

uint32_t tap_val_cell(struct tap_graph *g, uint32_t cell) {
  return intern(
      g, (struct tap_val){
             .kind = VALUE_CELL, .k = cell, .cells = (uint16_t)(1u << cell), .most = UINT32_MAX });
}

bool tap_val_fold(uint8_t op, uint32_t a, uint32_t b, uint32_t *out) {
  switch (op) {
  case '+': *out = a + b; return true;
  case '-': *out = a - b; return true;
  case '*': *out = a * b; return true;
  case '/': *out = b == 0 ? 0 : a / b; return b != 0;
  case '%': *out = b == 0 ? 0 : a % b; return b != 0;
  case '&': *out = a & b; return true;
  case '|': *out = a | b; return true;
  case '^': *out = a ^ b; return true;
  case S_SHL: *out = b > 31 ? 0 : a << b; return true;
  case S_SHR: *out = b > 31 ? 0 : a >> b; return true;
  default: *out = 0; return true;
  }
}

/* The most that 'op' with a constant can give. */
static uint32_t most_of(uint8_t op, uint32_t most, uint32_t k) {
  switch (op) {
  case '&': return most < k ? most : k;
  case S_SHR: return k > 31 ? 0 : most >> k;
  case '/': return k == 0 ? 0 : most / k;
  case '%': return k == 0 ? 0 : k - 1;
  default: return UINT32_MAX;
  }
}

static bool commutes(uint8_t op) {
  return op == '+' || op == '*' || op == '&' || op == '|' || op == '^';
}

/* A shift by 32 or more leaves nothing, but the kernel's machine looks at the low five bits of
 * the number alone: the rest of it makes a factor of 1 or 0. */
static uint32_t shift_by_value(struct tap_graph *g, uint8_t op, uint32_t a, uint32_t b) {
  uint32_t one = tap_val_const(g, 1);
  uint32_t low = tap_val_op(g, '&', b, tap_val_const(g, 31));
  uint32_t high = tap_val_op(g, S_SHR, b, tap_val_const(g, 5));
  uint32_t factor = tap_val_op(g, '/', one, tap_val_op(g, '+', high, one));
  return tap_val_op(g, '*', tap_val_op(g, op, a, low), factor);
}

uint32_t tap_val_op(struct tap_graph *g, uint8_t op, uint32_t a, uint32_t b) {
  struct tap_val v = { .kind = VALUE_OP, .op = op, .a = a, .b = b, .most = UINT32_MAX };
  uint32_t folded;
  if ((op == S_SHL || op == S_SHR) && g->values[b].most > 31) {
    if (g->values[b].kind != VALUE_CONST) return shift_by_value(g, op, a, b);
    return tap_val_op(g, '&', a, tap_val_const(g, 0)); /* a sum of constants that leaves nothing */
  }
  if (g->values[a].kind == VALUE_CONST && commutes(op)) {
    v.a = b;
    v.b = a;
  }
  if (g->values[v.b].kind == VALUE_CONST) {
    if (g->values[v.a].kind == VALUE_CONST &&
        tap_val_fold(op, g->values[v.a].k, g->values[v.b].k, &folded))
      return tap_val_const(g, folded);
    v.most = most_of(op, g->values[v.a].most, g->values[v.b].k);
  }
  v.cells = g->values[a].cells | g->values[b].cells;
  return intern(g, v);
}

uint32_t tap_val_negate(struct tap_graph *g, uint32_t a) {
  if (g->values[a].kind == VALUE_CONST) return tap_val_const(g, 0 - g->values[a].k);
  return intern(
      g, (struct tap_val){
             .kind = VALUE_NEGATE, .a = a, .cells = g->values[a].cells, .most = UINT32_MAX });
}

uint32_t tap_val_compare(struct tap_graph *g, uint8_t op, uint32_t a, uint32_t b) {
  return intern(g, (struct tap_val){ .kind = VALUE_COMPARE,
                                     .op = op,
                                     .a = a,
                                     .b = b,
                                     .cells = g->values[a].cells | g->values[b].cells,
                                     .most = 1 });
}

uint32_t tap_val_outside(struct tap_graph *g, unsigned kind, uint32_t k) {
  return intern(g, (struct tap_val){ .kind = (uint8_t)kind, .k = k, .most = 1 });
}

uint32_t tap_val_member6(struct tap_graph *g, uint32_t base, uint32_t list) {
  return intern(
      g,
      (struct tap_val){
          .kind = VALUE_MEMBER6, .a = base, .k = list, .cells = g->values[base].cells, .most = 1 });
}
