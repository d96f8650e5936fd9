/* SPDX-License-Identifier: MIT
 *
 * csrc/stats against a model that is slow and plain: a list of rows, searched
 * from its beginning.  Keys, columns and limits are random.  The sources are
 * included here, so that their memory can be counted and refused.  Each line
 * of standard input is a verb and a number:
 *
 *   random N   N aggregates
 *   starved N  the same, with allocations that fail
 *   memory N   N keys, one address each: how many bytes they take
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_held;
static bool starving;
static unsigned allocations_left; /* while starving */

static bool refuses(void) {
  if (!starving) return false;
  if (allocations_left == 0) return true;
  allocations_left--;
  return false;
}

static void *counted(void *p) {
  if (p != NULL) bytes_held += malloc_usable_size(p);
  return p;
}

static void *probe_calloc(size_t n, size_t size) {
  return refuses() ? NULL : counted(calloc(n, size));
}

static void *probe_realloc(void *p, size_t size) {
  size_t held = p == NULL ? 0 : malloc_usable_size(p);
  void *moved = refuses() ? NULL : realloc(p, size);
  if (moved != NULL) bytes_held -= held;
  return counted(moved);
}

static void probe_free(void *p) {
  if (p != NULL) bytes_held -= malloc_usable_size(p);
  free(p);
}

#define calloc probe_calloc
#define realloc probe_realloc
#define free probe_free
#include "../../csrc/stats/aggregate.c"
#include "../../csrc/stats/key.c"
#include "../../csrc/stats/table.c"
#undef calloc
#undef realloc
#undef free

enum { KEY_FIELDS = 8, FIELDS = 12, LONGEST = 400, ROWS = 1000, PACKETS = 800, LIMIT = 50 };

/* A packet is these values; fields from KEY_FIELDS on are numbers, odd ones signed. */
struct values {
  struct tap_value value[FIELDS];
  bool present[FIELDS];
  uint8_t bytes[FIELDS][LONGEST];
};

struct model_key {
  size_t size;
  uint8_t bytes[KEY_FIELDS * (TAP_KEY_BYTES_MAX + 4)];
};

struct model_row {
  struct model_key key;
  uint64_t cell[TAP_COLUMNS_MAX];
};

struct model {
  size_t rows;
  uint64_t evicted;
  uint64_t others[TAP_COLUMNS_MAX];
  struct model_row row[ROWS];
};

static unsigned long packets, rows, evicted, wrong;

static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static uint32_t below(uint32_t n) {
  return (uint32_t)(next_random() >> 20) % n;
}

static void expect(bool holds, const char *what) {
  if (holds) return;
  if (wrong++ < 5) fprintf(stderr, "wrong: %s\n", what);
}

/* --- packets --- */

static bool read_value(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const struct values *v = (const struct values *)(const void *)p->frame->data;
  (void)layer;
  if (v->present[nth]) *out = v->value[nth];
  return v->present[nth];
}

static const struct tap_field key_field = { .name = "key", .type = TAP_UINT, .read = read_value };
static const struct tap_field unsigned_field = { .name = "u",
                                                 .type = TAP_UINT,
                                                 .read = read_value };
static const struct tap_field signed_field = { .name = "i", .type = TAP_INT, .read = read_value };

static uint64_t random_number(unsigned type, uint32_t variety) {
  uint64_t n = below(4) > 0 ? below(variety) : next_random() >> 8 * below(8);
  if (type == TAP_FLAG) return n & 1;
  return type == TAP_INT && below(2) == 0 ? 0 - n : n;
}

static uint32_t random_size(unsigned type) {
  switch (type) {
  case TAP_IPV4: return 4;
  case TAP_IPV6: return 16;
  case TAP_MAC: return 6;
  case TAP_EUI64: return 8;
  default: return below(6) > 0 ? below(9) : below(LONGEST);
  }
}

/* Long bytes differ in one place at most, where a key may have been cut before it. */
static void random_bytes(uint8_t *bytes, uint32_t size, uint32_t variety) {
  for (uint32_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(size > 16 ? 7 : below(3) > 0 ? 0 : below(variety));
  if (size > 0) bytes[below(size)] = (uint8_t)below(variety);
}

static void random_value(struct values *v, unsigned i, uint32_t variety) {
  uint8_t type = (uint8_t)(i < KEY_FIELDS ? below(TAP_STRING + 1) : i % 2 ? TAP_INT : TAP_UINT);
  struct tap_value *out = &v->value[i];
  v->present[i] = below(12) > 0;
  *out = (struct tap_value){ .type = type };
  if (tap_type_is_number(type)) {
    out->number = random_number(type, variety);
    return;
  }
  out->size = random_size(type);
  out->bytes = v->bytes[i];
  random_bytes(v->bytes[i], out->size, variety);
}

static void random_values(struct values *v, uint32_t variety) {
  for (unsigned i = 0; i < FIELDS; i++)
    random_value(v, i, variety);
}

static struct tap_plan random_plan(void) {
  struct tap_plan plan = { .key_count = below(3) > 0 ? below(3) : below(TAP_KEYS_MAX + 1),
                           .column_count = 1 + below(TAP_COLUMNS_MAX),
                           .limit = below(2) == 0 ? 1 + below(LIMIT) : ROWS };
  for (unsigned i = 0; i < plan.key_count; i++)
    plan.by[i] = (struct tap_ref){ .field = &key_field,
                                   .protocol = TAP_ANY_PROTOCOL,
                                   .nth = (uint8_t)below(KEY_FIELDS),
                                   .level = (uint8_t)below(3),
                                   .optional = below(3) > 0 };
  for (unsigned i = 0; i < plan.column_count; i++) {
    uint8_t nth = (uint8_t)(KEY_FIELDS + below(FIELDS - KEY_FIELDS));
    plan.column[i].kind = below(3) > 0 ? TAP_SUM : TAP_COUNT;
    plan.column[i].field = (struct tap_ref){ .field = nth % 2 ? &signed_field : &unsigned_field,
                                             .protocol = TAP_ANY_PROTOCOL,
                                             .level = (uint8_t)below(5),
                                             .nth = nth };
  }
  return plan;
}

/* How deep packets have to be decoded: no key and no sum may lie deeper, and one lies there. */
static void check_level(const struct tap_aggregate *a, const struct tap_plan *plan) {
  unsigned level = tap_aggregate_level(a);
  bool reached = level == 0;
  for (unsigned i = 0; i < plan->key_count + plan->column_count; i++) {
    bool is_key = i < plan->key_count;
    const struct tap_column *column = is_key ? NULL : &plan->column[i - plan->key_count];
    unsigned part = 0;
    if (is_key)
      part = plan->by[i].level;
    else if (column->kind == TAP_SUM)
      part = column->field.level;
    expect(part <= level, "level");
    reached = reached || part == level;
  }
  expect(reached, "level reached");
}

/* --- the model --- */

/* How many bytes a part takes in the real key, where only its bytes or text may be cut. */
static size_t real_size(const struct tap_value *v) {
  size_t n = 1;
  if (!tap_type_is_number(v->type)) return v->size + (v->type >= TAP_BYTES ? 2u : 1u);
  while (n < 8 && v->number >> 8 * n != 0)
    n++;
  return n + 1;
}

static void append(struct model_key *key, const void *bytes, size_t size) {
  memcpy(key->bytes + key->size, bytes, size);
  key->size += size;
}

/* Put one part; returns the bytes that the real key has used then. */
static size_t append_value(struct model_key *key, const struct tap_value *v, size_t used,
                           unsigned later) {
  struct tap_value cut = *v;
  size_t room = 256 - used - 2 - 17 * (size_t)later;
  if (v->type >= TAP_BYTES && v->size > room) cut.size = (uint32_t)room;
  append(key, &cut.type, sizeof cut.type);
  append(key, &cut.size, sizeof cut.size);
  append(key, &cut.number, sizeof cut.number);
  if (cut.size > 0) append(key, cut.bytes, cut.size);
  return used + real_size(&cut);
}

/* False where a part that must be there is not; 'all' takes every part for optional. */
static bool model_key(const struct tap_plan *plan, const struct values *v, bool all,
                      struct model_key *out) {
  size_t used = 0;
  out->size = 0;
  for (unsigned i = 0; i < plan->key_count; i++) {
    unsigned nth = plan->by[i].nth;
    append(out, &v->present[nth], sizeof(bool));
    if (v->present[nth])
      used = append_value(out, &v->value[nth], used, plan->key_count - i - 1);
    else if (all || plan->by[i].optional)
      used++;
    else
      return false;
  }
  return true;
}

static size_t model_find(const struct model *m, const struct model_key *key) {
  size_t i = 0;
  while (i < m->rows && (m->row[i].key.size != key->size ||
                         memcmp(m->row[i].key.bytes, key->bytes, key->size) != 0))
    i++;
  return i;
}

/* The cells that the packet belongs to.  'no_room': memory was out for a new row. */
static uint64_t *model_cells(struct model *m, const struct tap_plan *plan,
                             const struct model_key *key, bool no_room) {
  size_t i = model_find(m, key);
  if (i < m->rows) return m->row[i].cell;
  if (i == plan->limit || i == ROWS || no_room) {
    m->evicted++;
    return m->others;
  }
  m->row[i] = (struct model_row){ .key = *key };
  m->rows++;
  return m->row[i].cell;
}

static void model_add(struct model *m, const struct tap_plan *plan, const struct values *v,
                      bool no_room) {
  struct model_key key;
  uint64_t *cell;
  if (!model_key(plan, v, false, &key)) return;
  cell = model_cells(m, plan, &key, no_room);
  for (unsigned i = 0; i < plan->column_count; i++) {
    unsigned nth = plan->column[i].field.nth;
    if (plan->column[i].kind == TAP_COUNT)
      cell[i]++;
    else if (v->present[nth])
      cell[i] += v->value[nth].number;
  }
}

/* --- comparing --- */

static void check_cells(const struct tap_aggregate *a, const struct model *m) {
  const struct tap_plan *plan = tap_aggregate_plan(a);
  expect(tap_aggregate_rows(a) == m->rows, "number of rows");
  expect(tap_aggregate_evicted(a) == m->evicted, "evicted");
  for (size_t i = 0; i <= m->rows && wrong == 0; i++)
    for (unsigned c = 0; c < plan->column_count; c++)
      expect(tap_aggregate_cell(a, i, c) == (i < m->rows ? m->row[i].cell[c] : m->others[c]),
             "cell");
}

/* A key that was read back is the same one, and finds its row. */
static void check_keys(const struct tap_aggregate *a, const struct model *m) {
  unsigned count = tap_aggregate_plan(a)->key_count;
  for (size_t i = 0; i < m->rows && wrong == 0; i++) {
    struct tap_value part[TAP_KEYS_MAX];
    bool present[TAP_KEYS_MAX];
    struct model_key key = { .size = 0 };
    size_t used = 0;
    for (unsigned k = 0; k < count; k++) {
      present[k] = tap_aggregate_key(a, i, k, &part[k]);
      append(&key, &present[k], sizeof(bool));
      used = present[k] ? append_value(&key, &part[k], used, count - k - 1) : used + 1;
    }
    expect(key.size == m->row[i].key.size, "size of a key");
    expect(memcmp(key.bytes, m->row[i].key.bytes, key.size) == 0, "key");
    expect(tap_aggregate_find(a, part, present) == (long)i, "row of a key");
  }
}

static void check_find(const struct tap_aggregate *a, const struct model *m,
                       const struct values *v) {
  const struct tap_plan *plan = tap_aggregate_plan(a);
  struct tap_value part[TAP_KEYS_MAX];
  bool present[TAP_KEYS_MAX];
  struct model_key key;
  size_t row;
  for (unsigned i = 0; i < plan->key_count; i++) {
    part[i] = v->value[plan->by[i].nth];
    present[i] = v->present[plan->by[i].nth];
  }
  model_key(plan, v, true, &key);
  row = model_find(m, &key);
  expect(tap_aggregate_find(a, part, present) == (row < m->rows ? (long)row : TAP_NO_ROW), "find");
}

/* How many rows come before 'row' in the order of a column. */
static size_t rank_of(const struct model *m, const struct tap_column *column, unsigned c,
                      size_t row) {
  size_t before = 0;
  for (size_t i = 0; i < m->rows; i++) {
    uint64_t its = m->row[i].cell[c], own = m->row[row].cell[c];
    bool larger = column->kind == TAP_SUM && column->field.field == &signed_field
                      ? (int64_t)its > (int64_t)own
                      : its > own;
    if (larger || (its == own && i < row)) before++;
  }
  return before;
}

static void check_top(const struct tap_aggregate *a, const struct model *m) {
  const struct tap_plan *plan = tap_aggregate_plan(a);
  unsigned c = below(plan->column_count);
  size_t top[ROWS], n = below(3) > 0 ? below(12) : below(ROWS + 1), count;
  count = tap_aggregate_top(a, c, n, top);
  expect(count == (n < m->rows ? n : m->rows), "number of top rows");
  for (size_t i = 0; i < count && wrong == 0; i++)
    expect(top[i] < m->rows && rank_of(m, &plan->column[c], c, top[i]) == i, "rank");
}

static void check_aggregate(bool starved) {
  static struct model m;
  struct tap_plan plan = random_plan();
  struct values v;
  struct tap_frame frame = { .data = (const uint8_t *)&v };
  struct tap_packet packet = { .frame = &frame };
  uint32_t variety = 1 + below(below(2) == 0 ? 5 : 200), count = 1 + below(PACKETS);
  struct tap_aggregate *a = tap_aggregate_new(&plan, next_random());
  tap_aggregate_free(tap_aggregate_share(a)); /* one owner of two goes */
  check_level(a, &plan);
  m.rows = m.evicted = 0;
  memset(m.others, 0, sizeof m.others);
  starving = starved;
  allocations_left = below(12);
  for (uint32_t i = 0; i < count; i++) {
    struct model_key key;
    uint64_t before = tap_aggregate_evicted(a);
    random_values(&v, variety);
    expect(tap_aggregate_add(a, &packet) == model_key(&plan, &v, false, &key), "matched");
    model_add(&m, &plan, &v, starved && tap_aggregate_evicted(a) > before);
    if (below(100) == 0) allocations_left = below(4);
  }
  starving = false;
  check_cells(a, &m);
  check_keys(a, &m);
  check_top(a, &m);
  check_find(a, &m, &v);
  packets += count;
  rows += m.rows;
  evicted += m.evicted;
  tap_aggregate_free(a);
  expect(bytes_held == 0, "memory given back");
}

static void check_many(unsigned n, bool starved) {
  packets = rows = evicted = wrong = 0;
  for (unsigned i = 0; i < n; i++)
    check_aggregate(starved);
  printf("%lu packets, %lu rows, %lu evicted, %lu wrong\n", packets, rows, evicted, wrong);
}

static void fill(unsigned n) {
  struct tap_plan plan = { .key_count = 1, .column_count = 2, .limit = SIZE_MAX };
  struct values v = { .present = { true } };
  struct tap_frame frame = { .data = (const uint8_t *)&v };
  struct tap_packet packet = { .frame = &frame };
  struct tap_aggregate *a;
  plan.by[0] = (struct tap_ref){ .field = &key_field, .protocol = TAP_ANY_PROTOCOL };
  a = tap_aggregate_new(&plan, 1);
  v.value[0] = (struct tap_value){ .type = TAP_IPV4, .size = 4, .bytes = v.bytes[0] };
  for (unsigned i = 0; i < n; i++) {
    memcpy(v.bytes[0], &i, 4);
    tap_aggregate_add(a, &packet);
  }
  printf("%zu keys, %zu bytes a key\n", tap_aggregate_rows(a), bytes_held / tap_aggregate_rows(a));
  tap_aggregate_free(a);
}

int main(void) {
  char verb[16];
  unsigned n;
  while (scanf("%15s %u", verb, &n) == 2) {
    if (strcmp(verb, "random") == 0) check_many(n, false);
    if (strcmp(verb, "starved") == 0) check_many(n, true);
    if (strcmp(verb, "memory") == 0) fill(n);
  }
  return 0;
}
