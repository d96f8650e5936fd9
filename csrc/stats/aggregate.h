/* SPDX-License-Identifier: MIT
 *
 * A keyed table that is filled per packet, without Lua: keys are values of
 * fields, columns are counts and sums.  Memory is bounded by 'limit' keys:
 * packets with other keys go to one row of their own ("others"), so that
 * sums stay exact, and are counted as evicted.
 */
#ifndef TAP_STATS_AGGREGATE_H
#define TAP_STATS_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/field.h"

enum { TAP_KEYS_MAX = 8, TAP_COLUMNS_MAX = 16, TAP_KEY_BYTES_MAX = 256 };

enum tap_column_kind { TAP_COUNT, TAP_SUM };

struct tap_column {
  enum tap_column_kind kind;
  struct tap_ref field; /* of TAP_SUM: a number */
};

struct tap_plan {
  struct tap_ref by[TAP_KEYS_MAX]; /* key_count 0: one row for all */
  struct tap_column column[TAP_COLUMNS_MAX];
  unsigned key_count, column_count;
  size_t limit; /* keys; >= 1 */
};

struct tap_aggregate;

/* It belongs to who made it and to all who share it, and goes with the last free of theirs. */
struct tap_aggregate *tap_aggregate_new(const struct tap_plan *plan, uint64_t seed);
struct tap_aggregate *tap_aggregate_share(struct tap_aggregate *a);
void tap_aggregate_free(struct tap_aggregate *a);

/* Count a packet.  True if it matched: every key that is not optional was there.  When memory
 * is out the packet goes to "others". */
bool tap_aggregate_add(struct tap_aggregate *a, const struct tap_packet *p);

const struct tap_plan *tap_aggregate_plan(const struct tap_aggregate *a);
unsigned tap_aggregate_level(const struct tap_aggregate *a); /* enum tap_level: how deep it reads */
size_t tap_aggregate_rows(const struct tap_aggregate *a);    /* keys held */
uint64_t tap_aggregate_evicted(const struct tap_aggregate *a); /* packets that went to others */

/* Part 'i' of row 'row's key, in the form that its name asks for (but for ids, which are for the
 * reader to give); false where the packet had no such field ("name?").  Its bytes
 * are valid until the next add. */
bool tap_aggregate_key(const struct tap_aggregate *a, size_t row, unsigned i,
                       struct tap_value *out);

/* A column of a row; row tap_aggregate_rows() is "others".  Sums wrap at 64 bits; sums of
 * signed fields are to be read as signed. */
uint64_t tap_aggregate_cell(const struct tap_aggregate *a, size_t row, unsigned column);

enum { TAP_NO_ROW = -1 };
/* The row with this key, its parts in their forms ('present[i]' false: absent part), or TAP_NO_ROW. */
long tap_aggregate_find(const struct tap_aggregate *a, const struct tap_value *parts,
                        const bool *present);

/* Put the 'n' rows with the largest cells of 'column' into 'rows', largest first, equal ones in
 * order of their first packet.  Returns how many there are. */
size_t tap_aggregate_top(const struct tap_aggregate *a, unsigned column, size_t n, size_t *rows);

#endif
