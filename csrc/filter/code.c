/* SPDX-License-Identifier: MIT
 *
 * Loads and arithmetic.  What a register holds already is not loaded again;
 * the harder operand of an operation is computed first and kept in a cell.
 */
#include "filter/code.h"

#include <linux/filter.h>
#include <stdlib.h>

#include "filter/intern.h"
#include "filter/lex.h"

void tap_code_add(struct tap_code *c, unsigned code, uint32_t k) {
  void *array = c->insns;
  if (c->fault != NULL) return;
  if (!tap_grow(&array, &c->room, c->count, sizeof *c->insns)) {
    c->fault = "out of memory";
    return;
  }
  c->insns = array;
  c->insns[c->count++] = (struct tap_insn){ .code = (uint16_t)code, .k = k };
}

/* Can X have it without A? */
static bool is_simple(const struct tap_code *c, uint32_t value) {
  unsigned kind = c->g->values[value].kind;
  return kind == VALUE_CONST || kind == VALUE_LEN || kind == VALUE_IHL || kind == VALUE_CELL;
}

/* Does X stay as it is while A gets the value? */
static bool keeps_x(const struct tap_code *c, uint32_t value) {
  const struct tap_val *v = &c->g->values[value];
  return c->a == value || v->kind == VALUE_CONST || v->kind == VALUE_LEN || v->kind == VALUE_CELL ||
         (v->kind == VALUE_LOAD && v->a == VALUE_NONE);
}

static unsigned operation(uint8_t op) {
  switch (op) {
  case '+': return BPF_ADD;
  case '-': return BPF_SUB;
  case '*': return BPF_MUL;
  case '/': return BPF_DIV;
  case '%': return BPF_MOD;
  case '&': return BPF_AND;
  case '|': return BPF_OR;
  case '^': return BPF_XOR;
  case S_SHL: return BPF_LSH;
  default: return BPF_RSH;
  }
}

/* The kernel refuses some constants in an instruction. */
static bool fits_instruction(uint8_t op, uint32_t k) {
  if (op == '/' || op == '%') return k != 0;
  return (op != S_SHL && op != S_SHR) || k < 32;
}

static bool commutes(uint8_t op) {
  return op == '+' || op == '*' || op == '&' || op == '|' || op == '^';
}

/* Keep A in a cell of its own while 'a' is computed, then have it in X. */
static void load_by_cell(struct tap_code *c, uint32_t a, uint32_t b) {
  unsigned cell;
  tap_code_load_a(c, b);
  if (c->temporary == c->cells) {
    c->fault = "its arithmetic is too deep";
    return;
  }
  cell = --c->temporary;
  tap_code_add(c, BPF_ST, cell);
  tap_code_load_a(c, a);
  tap_code_add(c, BPF_LDX | BPF_MEM, cell);
  c->x = b;
  c->temporary++;
}

void tap_code_load_both(struct tap_code *c, uint32_t a, uint32_t b) {
  if (is_simple(c, b) || (b == c->x && keeps_x(c, a))) {
    tap_code_load_a(c, a);
    tap_code_load_x(c, b);
  } else {
    load_by_cell(c, a, b);
  }
}

static void load_operation(struct tap_code *c, const struct tap_val *v) {
  const struct tap_val *b = &c->g->values[v->b];
  if (b->kind == VALUE_CONST && fits_instruction(v->op, b->k)) {
    tap_code_load_a(c, v->a);
    tap_code_add(c, BPF_ALU | BPF_K | operation(v->op), b->k);
    return;
  }
  if (commutes(v->op) && is_simple(c, v->a) && !is_simple(c, v->b))
    tap_code_load_both(c, v->b, v->a);
  else
    tap_code_load_both(c, v->a, v->b);
  tap_code_add(c, BPF_ALU | BPF_X | operation(v->op), 0);
}

static unsigned size_code(unsigned size) {
  return size == 1 ? BPF_B : size == 2 ? BPF_H : BPF_W;
}

static void load_packet(struct tap_code *c, const struct tap_val *v) {
  if (v->a == VALUE_NONE) {
    tap_code_add(c, BPF_LD | BPF_ABS | size_code(v->size), v->k);
    return;
  }
  tap_code_load_x(c, v->a);
  tap_code_add(c, BPF_LD | BPF_IND | size_code(v->size), v->k);
}

void tap_code_load_a(struct tap_code *c, uint32_t value) {
  const struct tap_val v = c->g->values[value];
  if (c->a == value || c->fault != NULL) return;
  if (c->x == value) {
    tap_code_add(c, BPF_MISC | BPF_TXA, 0);
    c->a = value;
    return;
  }
  switch (v.kind) {
  case VALUE_CONST: tap_code_add(c, BPF_LD | BPF_IMM, v.k); break;
  case VALUE_LEN: tap_code_add(c, BPF_LD | BPF_W | BPF_LEN, 0); break;
  case VALUE_CELL: tap_code_add(c, BPF_LD | BPF_MEM, v.k); break;
  case VALUE_LOAD: load_packet(c, &v); break;
  case VALUE_IHL:
    tap_code_load_x(c, value);
    tap_code_add(c, BPF_MISC | BPF_TXA, 0);
    break;
  case VALUE_OP: load_operation(c, &v); break;
  case VALUE_NEGATE:
    tap_code_load_a(c, v.a);
    tap_code_add(c, BPF_ALU | BPF_NEG, 0);
    break;
  default: c->fault = "it asks decoded fields"; break;
  }
  c->a = value;
}

void tap_code_load_x(struct tap_code *c, uint32_t value) {
  const struct tap_val v = c->g->values[value];
  if (c->x == value || c->fault != NULL) return;
  if (c->a == value) {
    tap_code_add(c, BPF_MISC | BPF_TAX, 0);
    c->x = value;
    return;
  }
  switch (v.kind) {
  case VALUE_CONST: tap_code_add(c, BPF_LDX | BPF_IMM, v.k); break;
  case VALUE_LEN: tap_code_add(c, BPF_LDX | BPF_W | BPF_LEN, 0); break;
  case VALUE_IHL: tap_code_add(c, BPF_LDX | BPF_B | BPF_MSH, v.k); break;
  case VALUE_CELL: tap_code_add(c, BPF_LDX | BPF_MEM, v.k); break;
  default: tap_code_load_a(c, value); tap_code_add(c, BPF_MISC | BPF_TAX, 0);
  }
  c->x = value;
}

void tap_code_store(struct tap_code *c, unsigned cell, uint32_t value) {
  const uint16_t bit = (uint16_t)(1u << cell);
  tap_code_load_a(c, value);
  tap_code_add(c, BPF_ST, cell);
  if (c->g->values[c->x].cells & bit) c->x = VALUE_NONE;
  if (c->g->values[c->a].cells & bit) c->a = VALUE_NONE;
}
