/* SPDX-License-Identifier: MIT
 *
 * Makes layouts, and checks what the machine relies on: blocks nest and end
 * behind their beginning, places lie within the run before them and fit their
 * rows' types, registers, rows and expressions exist.  Rows of the first run
 * become places of the header, which are read without the machine.
 */
#include "proto/layout.h"

#include <stdlib.h>
#include <string.h>

#include "proto/layout_term.h"

enum { ROWS_MAX = 4096, OPS_MAX = 16384, TERMS_MAX = 16384, FIRST_RUN_BITS_MAX = 65536 };

/* A program under check. */
struct check {
  struct tap_layout *l;
  struct tap_err *e;
  size_t run_bits; /* of the run that places lie in; 0: there is none */
  struct tap_op *run;
};

static int refuse(const struct check *k, size_t at, const char *what) {
  return tap_fail(k->e, 0, "make layout '%s': operation %zu: %s", k->l->protocol.name, at, what);
}

static bool is_block(const struct tap_op *op) {
  return op->code >= TAP_OP_WHEN;
}

static bool has_term(const struct check *k, const struct tap_op *op) {
  return op->term != TAP_NO_TERM && tap_terms_check(k->l->terms, k->l->term_count, op->term);
}

static bool term_fits(const struct check *k, const struct tap_op *op) {
  switch (op->code) {
  case TAP_OP_BYTES:
  case TAP_OP_WHEN:
  case TAP_OP_COUNT:
  case TAP_OP_UNTIL: return has_term(k, op);
  case TAP_OP_TLV: return op->term == TAP_NO_TERM || has_term(k, op);
  default: return true;
  }
}

/* Is the size one that the operation can have? */
static bool size_fits(const struct tap_op *op) {
  switch (op->code) {
  case TAP_OP_RUN: return op->bit > 0 && op->bit % 8 == 0;
  case TAP_OP_PREFIXED: return op->size >= 1 && op->size <= 8;
  case TAP_OP_ALIGN: return op->size >= 1;
  case TAP_OP_TLV:
    return op->size >= 1 && op->size <= 8 && op->length_size >= 1 && op->length_size <= 8 &&
           op->value >= 0;
  default: return true;
  }
}

static unsigned type_of(const struct check *k, const struct tap_op *op) {
  return op->row == TAP_NO_ROW ? TAP_UINT : k->l->rows[op->row].type;
}

/* Numbers are read by numbers' operations, bytes by those of bytes; a place can be either. */
static bool type_fits(const struct check *k, const struct tap_op *op) {
  unsigned type = type_of(k, op);
  switch (op->code) {
  case TAP_OP_BYTES:
  case TAP_OP_PREFIXED:
  case TAP_OP_ZERO: return op->row == TAP_NO_ROW || type == TAP_BYTES || type == TAP_STRING;
  case TAP_OP_BASE128:
  case TAP_OP_QUIC:
  case TAP_OP_TLV: return type == TAP_UINT;
  default: return true;
  }
}

static bool place_fits(const struct check *k, const struct tap_op *op) {
  unsigned type = type_of(k, op), used = op->bit % 8u + op->bits;
  bool whole = op->bit % 8 == 0 && op->bits % 8 == 0;
  if (op->bits == 0 || (size_t)op->bit + op->bits > k->run_bits) return false;
  if (tap_type_is_number(type)) return used <= 64 && (whole || (op->flags & TAP_OP_LITTLE) == 0);
  switch (type) {
  case TAP_IPV4: return whole && op->bits == 32;
  case TAP_IPV6: return whole && op->bits == 128;
  case TAP_MAC: return whole && op->bits == 48;
  case TAP_EUI64: return whole && op->bits == 64;
  case TAP_FLOAT: return whole && (op->bits == 32 || op->bits == 64);
  default: return whole;
  }
}

static bool is_needed(const struct tap_op *op) {
  return op->keep > 0 || (op->flags & (TAP_OP_CONST | TAP_OP_EXPECT)) != 0;
}

/* What a run's places ask is asked of the run: the machine steps over those that nobody needs. */
static int check_place(struct check *k, struct tap_op *op, size_t at) {
  if (!place_fits(k, op)) return refuse(k, at, "a place does not fit its run or type");
  k->run->to = (uint16_t)(at + 1);
  if (is_needed(op)) k->run->keep = 1;
  return 0;
}

static int check_one(struct check *k, struct tap_op *op, size_t at, size_t end) {
  if (op->code >= TAP_OP_CODES) return refuse(k, at, "there is no such operation");
  if (op->row != TAP_NO_ROW && op->row >= k->l->row_count) return refuse(k, at, "no such field");
  if (op->keep > TAP_REGISTERS) return refuse(k, at, "no such register");
  if (!size_fits(op)) return refuse(k, at, "a size that it cannot have");
  if (!type_fits(k, op)) return refuse(k, at, "its field has another type");
  if (!term_fits(k, op)) return refuse(k, at, "its expression is none");
  if (is_block(op) && (op->to <= at || op->to > end)) return refuse(k, at, "its block is none");
  if (op->code == TAP_OP_PLACE) return check_place(k, op, at);
  k->run_bits = 0;
  if (op->code != TAP_OP_RUN) return 0;
  k->run_bits = op->bit;
  k->run = op;
  op->keep = 0;
  op->to = (uint16_t)(at + 1);
  return 0;
}

/* Check operations 'from' to 'to', the block of 'outer' (NULL: all of them). */
static int check_block(struct check *k, const struct tap_op *outer, size_t from, size_t to,
                       unsigned depth) {
  bool in_list = outer != NULL && outer->code == TAP_OP_TLV;
  if (depth > TAP_LAYOUT_DEPTH) return refuse(k, from, "blocks are nested too deep");
  k->run_bits = 0;
  for (size_t i = from; i < to;) {
    struct tap_op *op = &k->l->ops[i];
    if ((op->code == TAP_OP_CASE) != in_list)
      return refuse(k, i, "a case stands in a list, and nothing else does");
    if (check_one(k, op, i, to) != 0) return -1;
    if (is_block(op) && check_block(k, op, i + 1, op->to, depth + 1) != 0) return -1;
    if (is_block(op)) k->run_bits = 0;
    i = is_block(op) ? op->to : i + 1;
  }
  return 0;
}

/* Rows read themselves, but for those whose place in the header is always the same. */
static void place_rows(struct tap_layout *l) {
  struct tap_field *row;
  for (size_t i = 0; i < l->row_count; i++) {
    l->rows[i].read_self = tap_layout_read;
    l->rows[i].self = l;
  }
  for (size_t i = 0; i < l->op_count; i++)
    if (l->ops[i].code == TAP_OP_PLACE && l->ops[i].row != TAP_NO_ROW &&
        (l->ops[i].flags & TAP_OP_LITTLE) != 0)
      l->rows[l->ops[i].row].flags |= TAP_LITTLE;
  for (size_t i = 1; i < l->op_count && l->ops[i].code == TAP_OP_PLACE; i++) {
    const struct tap_op *op = &l->ops[i];
    struct tap_ref ref;
    if (op->row == TAP_NO_ROW || op->bit >= FIRST_RUN_BITS_MAX) continue;
    row = &l->rows[op->row];
    row->bit = (uint16_t)op->bit;
    row->bits = op->bits;
    row->read_self = NULL;
    if (row->type == TAP_FLOAT || !tap_ref_init(&ref, row, 0, 0)) row->read_self = tap_layout_read;
  }
}

static void *copy(const void *from, size_t count, size_t spare, size_t size) {
  void *to = calloc(count + spare, size);
  if (to != NULL && count > 0) memcpy(to, from, count * size);
  return to;
}

static bool fill(struct tap_layout *l, const struct tap_layout_parts *parts) {
  l->rows = copy(parts->rows, parts->row_count, TAP_ROWS_SPARE + 1, sizeof *l->rows);
  l->ops = copy(parts->ops, parts->op_count, 1, sizeof *l->ops);
  l->terms = copy(parts->terms, parts->term_count, 1, sizeof *l->terms);
  l->row_count = l->first_rows = (uint16_t)parts->row_count;
  l->op_count = (uint16_t)parts->op_count;
  l->term_count = (uint16_t)parts->term_count;
  l->protocol = (struct tap_protocol){
    .name = parts->name,
    .title = parts->title,
    .level = TAP_LEVEL_ALL,
    .parse = tap_layout_parse,
    .fields = l->rows,
    .layout = l,
  };
  return l->rows != NULL && l->ops != NULL && l->terms != NULL;
}

struct tap_layout *tap_layout_new(const struct tap_layout_parts *parts, struct tap_err *e) {
  struct check k = { .e = e };
  if (parts->row_count > ROWS_MAX || parts->op_count > OPS_MAX || parts->term_count > TERMS_MAX) {
    tap_fail(e, 0, "make layout '%s': it is too long", parts->name);
    return NULL;
  }
  k.l = calloc(1, sizeof *k.l);
  if (k.l == NULL || !fill(k.l, parts))
    tap_fail(e, 0, "make layout '%s': out of memory", parts->name);
  else if (check_block(&k, NULL, 0, k.l->op_count, 0) == 0) {
    place_rows(k.l);
    return k.l;
  }
  tap_layout_free(k.l);
  return NULL;
}

void tap_layout_free(struct tap_layout *l) {
  if (l == NULL) return;
  free(l->rows);
  free(l->ops);
  free(l->terms);
  free(l);
}

const struct tap_field *tap_layout_add_row(struct tap_layout *l, const struct tap_field *row) {
  if (l->row_count >= l->first_rows + TAP_ROWS_SPARE) return NULL;
  l->rows[l->row_count] = *row;
  return &l->rows[l->row_count++];
}
