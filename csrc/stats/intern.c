/* SPDX-License-Identifier: MIT
 *
 * A table whose keys are the values and whose one counter is their number,
 * so that the search need not be told from where a row comes.
 */
#include "stats/intern.h"

#include <stdlib.h>

#include "stats/key.h"
#include "stats/table.h"

enum { ID = 0, COUNTERS = 1 };

struct tap_intern {
  struct tap_rows table;
  uint64_t refused;
};

struct tap_intern *tap_intern_new(size_t limit, uint64_t seed) {
  struct tap_intern *in = calloc(1, sizeof *in);
  if (in != NULL) tap_table_init(&in->table, COUNTERS, limit, seed);
  return in;
}

void tap_intern_free(struct tap_intern *in) {
  if (in == NULL) return;
  tap_table_free(&in->table);
  free(in);
}

/* Two long texts with one beginning would be one key. */
static bool is_too_long(const struct tap_value *v) {
  return !tap_type_is_number(v->type) && v->size > TAP_KEY_BYTES_MAX - 2;
}

static uint64_t *find_row(struct tap_intern *in, const struct tap_value *v) {
  struct tap_key key;
  uint8_t *at;
  if (is_too_long(v)) return NULL;
  at = tap_key_put(&key, tap_key_begin(&key), v, 0);
  return tap_table_put(&in->table, key.words, tap_key_end(&key, at));
}

uint64_t tap_intern_id(struct tap_intern *in, const struct tap_value *v) {
  uint64_t *row = find_row(in, v);
  if (row == NULL) {
    in->refused++;
    return 0;
  }
  if (row[ID] == 0) row[ID] = in->table.rows_used;
  return row[ID];
}

bool tap_intern_value(const struct tap_intern *in, uint64_t id, struct tap_value *out) {
  const uint8_t *at;
  if (id < 1 || id > in->table.rows_used) return false;
  at = (const uint8_t *)(tap_table_row(&in->table, id - 1) + COUNTERS);
  return tap_key_part(&at, out);
}

size_t tap_intern_held(const struct tap_intern *in) {
  return in->table.rows_used;
}

size_t tap_intern_limit(const struct tap_intern *in) {
  return in->table.limit;
}

uint64_t tap_intern_refused(const struct tap_intern *in) {
  return in->refused;
}
