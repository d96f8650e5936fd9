/* SPDX-License-Identifier: MIT
 *
 * Keys are read from what the walk reads, whoever bound them there, and once
 * for each filter.
 */
#include "filter/carriers.h"

#include <string.h>

enum { AT_ONCE = 4 }; /* keys that are looked at together: nearly all are free */

/* The keys of one table; counts only where 'out' is NULL. */
static size_t read_table(const uint16_t *bound, unsigned table, struct tap_bound *out) {
  size_t n = 0;
  for (uint32_t key = 0; key < TAP_KEYS; key += AT_ONCE) {
    uint64_t together;
    memcpy(&together, bound + key, sizeof together);
    for (uint32_t i = key; together != 0 && i < key + AT_ONCE; i++) {
      if (bound[i] == 0) continue;
      if (out != NULL)
        out[n] = (struct tap_bound){ (uint16_t)(bound[i] - 1), (uint16_t)i, (uint8_t)table };
      n++;
    }
  }
  return n;
}

_Static_assert(AT_ONCE * sizeof(uint16_t) == sizeof(uint64_t), "as many keys as a word holds");

static size_t read_tables(const struct tap_walk *w, struct tap_bound *out) {
  size_t n = 0;
  for (unsigned i = 0; i < w->table_count; i++)
    n += read_table(w->bound[i], i, out == NULL ? NULL : out + n);
  return n;
}

bool tap_carriers_init(struct tap_carriers *c, struct tap_lowering *l) {
  const struct tap_registry *r = l->options->registry;
  if (l->bound == NULL) {
    size_t n = read_tables(tap_registry_walk(r), NULL);
    struct tap_bound *out = tap_arena_take(l->arena, (n + 1) * sizeof *out);
    if (out == NULL) return false;
    l->bound_count = read_tables(tap_registry_walk(r), out);
    l->bound = out;
  }
  c->bound = l->bound;
  c->bound_count = l->bound_count;
  c->mark = tap_arena_take(l->arena, tap_registry_protocols(r) + 1);
  return c->mark != NULL;
}

/* A table's bit in what protocols lead to. */
static uint32_t bit_of(unsigned table) {
  return UINT32_C(1) << (table < TAP_TABLES ? table : TAP_OWN_TABLES);
}

/* The tables in which something is bound that is a target or leads to one. */
static uint32_t tables_of(const struct tap_carriers *c) {
  uint32_t tables = 0;
  for (size_t i = 0; i < c->bound_count; i++)
    if (c->mark[c->bound[i].protocol] != 0) tables |= bit_of(c->bound[i].table);
  return tables;
}

void tap_carriers_spread(struct tap_carriers *c, const struct tap_registry *r) {
  unsigned n = tap_registry_protocols(r);
  uint32_t tables = 0, more;
  while ((more = tables_of(c)) != tables) {
    tables = more;
    for (unsigned i = 0; i < n; i++)
      if (tap_registry_at(r, i)->leads & tables) c->mark[i] |= CARRIER_LEADS;
  }
}

bool tap_carriers_guessed(const struct tap_carriers *c, const struct tap_registry *r) {
  const struct tap_late *late = &tap_registry_walk(r)->late;
  for (unsigned i = 0; i < late->guess_count; i++)
    if (c->mark[late->guesses[i].protocol] != 0) return true;
  return false;
}
