/* SPDX-License-Identifier: MIT
 *
 * Aggregates: a plan, the table that it fills, and the row for packets whose
 * keys found no room there.  Every packet that matches is counted in exactly
 * one row, so columns add up to what was seen.  Packet bytes are read through
 * tap_ref_read alone, and nothing of a packet is kept but its key.
 */
#include "stats/aggregate.h"

#include <stdlib.h>

#include "proto/form.h"
#include "stats/key.h"
#include "stats/table.h"

struct tap_aggregate {
  unsigned owners;
  struct tap_plan plan;
  bool is_simple; /* the key is one plain value */
  struct tap_rows table;
  uint64_t evicted;
  uint64_t others[TAP_COLUMNS_MAX];
};

struct tap_aggregate *tap_aggregate_new(const struct tap_plan *plan, uint64_t seed) {
  struct tap_aggregate *a = calloc(1, sizeof *a);
  if (a == NULL) return NULL;
  a->owners = 1;
  a->plan = *plan;
  a->is_simple = plan->key_count == 1 && plan->by[0].form == TAP_FORM_VALUE;
  tap_table_init(&a->table, plan->column_count, plan->limit, seed);
  return a;
}

struct tap_aggregate *tap_aggregate_share(struct tap_aggregate *a) {
  a->owners++;
  return a;
}

void tap_aggregate_free(struct tap_aggregate *a) {
  if (a == NULL || --a->owners > 0) return;
  tap_table_free(&a->table);
  free(a);
}

/* The row to count in: the key's, or the others' where that has no room. */
static inline uint64_t *row_for(struct tap_aggregate *a, const uint64_t *key, size_t words) {
  uint64_t *row = tap_table_put(&a->table, key, words);
  if (row != NULL) return row;
  a->evicted++;
  return a->others;
}

/* The row for a packet; NULL when a part of its key that must be there is not. */
static __attribute__((noinline)) uint64_t *row_of_parts(struct tap_aggregate *a,
                                                        const struct tap_packet *p) {
  struct tap_key key;
  uint8_t *at = tap_key_begin(&key);
  unsigned later = a->plan.key_count;
  for (const struct tap_ref *ref = a->plan.by; later-- > 0; ref++) {
    struct tap_value v;
    if (tap_ref_read(ref, p, &v)) {
      tap_form_apply(ref, &v);
      at = tap_key_put(&key, at, &v, later);
    } else if (ref->optional) {
      at = tap_key_put_absent(at);
    } else {
      return NULL;
    }
  }
  return row_for(a, key.words, tap_key_end(&key, at));
}

/* The same for a key of one part, which mostly is one word and then never touches memory.  It is
 * in line by force. */
static inline __attribute__((always_inline)) uint64_t *row_of_one(struct tap_aggregate *a,
                                                                  const struct tap_packet *p) {
  struct tap_value v;
  uint64_t word;
  if (tap_ref_fetch(a->plan.by, p, &v) != TAP_FETCHED || !tap_key_word(&v, &word))
    return row_of_parts(a, p);
  return row_for(a, &word, 1);
}

static __attribute__((noinline)) uint64_t search_number(const struct tap_ref *ref,
                                                        const struct tap_packet *p) {
  struct tap_value v;
  return tap_ref_search(ref, p, &v) ? v.number : 0;
}

/* The number of a column's field; 0 where the packet does not have it. */
static inline __attribute__((always_inline)) uint64_t column_number(const struct tap_ref *ref,
                                                                    const struct tap_packet *p) {
  struct tap_value v;
  v.number = 0;
  return tap_ref_fetch(ref, p, &v) == TAP_ELSEWHERE ? search_number(ref, p) : v.number;
}

static inline void count_packet(const struct tap_plan *plan, const struct tap_packet *p,
                                uint64_t *row) {
  const struct tap_column *end = plan->column + plan->column_count;
  for (const struct tap_column *column = plan->column; column < end; column++, row++)
    *row += column->kind == TAP_COUNT ? 1 : column_number(&column->field, p);
}

bool tap_aggregate_add(struct tap_aggregate *a, const struct tap_packet *p) {
  uint64_t *row = a->is_simple ? row_of_one(a, p) : row_of_parts(a, p);
  if (row == NULL) return false;
  count_packet(&a->plan, p, row);
  return true;
}

const struct tap_plan *tap_aggregate_plan(const struct tap_aggregate *a) {
  return &a->plan;
}

unsigned tap_aggregate_level(const struct tap_aggregate *a) {
  unsigned level = 0; /* TAP_LEVEL_FRAME */
  for (unsigned i = 0; i < a->plan.key_count; i++)
    if (a->plan.by[i].level > level) level = a->plan.by[i].level;
  for (unsigned i = 0; i < a->plan.column_count; i++)
    if (a->plan.column[i].kind == TAP_SUM && a->plan.column[i].field.level > level)
      level = a->plan.column[i].field.level;
  return level;
}

size_t tap_aggregate_rows(const struct tap_aggregate *a) {
  return a->table.rows_used;
}

uint64_t tap_aggregate_evicted(const struct tap_aggregate *a) {
  return a->evicted;
}

bool tap_aggregate_key(const struct tap_aggregate *a, size_t row, unsigned i,
                       struct tap_value *out) {
  const uint8_t *at = (const uint8_t *)(tap_table_row(&a->table, row) + a->table.counters);
  for (unsigned skip = 0; skip < i; skip++)
    tap_key_part(&at, out);
  return tap_key_part(&at, out);
}

uint64_t tap_aggregate_cell(const struct tap_aggregate *a, size_t row, unsigned column) {
  return row < a->table.rows_used ? tap_table_row(&a->table, row)[column] : a->others[column];
}

long tap_aggregate_find(const struct tap_aggregate *a, const struct tap_value *parts,
                        const bool *present) {
  struct tap_key key;
  uint8_t *at = tap_key_begin(&key);
  unsigned later = a->plan.key_count;
  for (unsigned i = 0; later-- > 0; i++)
    at = present[i] ? tap_key_put(&key, at, &parts[i], later) : tap_key_put_absent(at);
  return tap_table_find(&a->table, key.words, tap_key_end(&key, at));
}

/* The order of the rows for top(): a column's cells, largest first, made so that signed and
 * unsigned ones compare alike. */
struct order {
  const struct tap_aggregate *a;
  unsigned column;
  uint64_t flip; /* the sign bit of a signed column */
};

static struct order order_by(const struct tap_aggregate *a, unsigned column) {
  const struct tap_column *c = &a->plan.column[column];
  bool is_signed =
      c->kind == TAP_SUM && c->field.field != NULL && tap_type_is_signed(c->field.field->type);
  return (struct order){ a, column, is_signed ? UINT64_C(1) << 63 : 0 };
}

/* Rows are numbered in the order of their first packet. */
static bool comes_before(const struct order *o, size_t row, size_t other) {
  uint64_t cell = tap_table_row(&o->a->table, row)[o->column] ^ o->flip;
  uint64_t its = tap_table_row(&o->a->table, other)[o->column] ^ o->flip;
  return cell != its ? cell > its : row < other;
}

/* 'heap' has 'n' rows, the last one in the order on top; put 'row' into it in place 'at', whose
 * row is not needed any more. */
static void sift_down(const struct order *o, size_t *heap, size_t n, size_t at, size_t row) {
  for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && comes_before(o, heap[child], heap[child + 1])) child++;
    if (!comes_before(o, row, heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = row;
}

/* A heap of the best 'n' so far, the worst of them on top, and then the heap in order. */
size_t tap_aggregate_top(const struct tap_aggregate *a, unsigned column, size_t n, size_t *rows) {
  const struct order o = order_by(a, column);
  size_t count = a->table.rows_used;
  if (n > count) n = count;
  for (size_t i = 0; i < n; i++)
    rows[i] = i;
  for (size_t i = n / 2; i-- > 0;)
    sift_down(&o, rows, n, i, rows[i]);
  for (size_t row = n; n > 0 && row < count; row++)
    if (comes_before(&o, row, rows[0])) sift_down(&o, rows, n, 0, row);
  for (size_t left = n; left > 1; left--) {
    size_t worst = rows[0];
    sift_down(&o, rows, left - 1, 0, rows[left - 1]);
    rows[left - 1] = worst;
  }
  return n;
}
