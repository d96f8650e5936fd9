/* SPDX-License-Identifier: MIT
 *
 * Places in a packet and tests of what is there.  A place that depends on a
 * radio header's length says so, and the walk puts the measuring in front.
 */
#include "filter/lower.h"

#include "filter/lex.h"

/* Cells of the two lengths that 802.11 link types measure. */
enum { CELL_RADIO, CELL_PAYLOAD };

static struct tap_place use(struct tap_lowering *l, struct tap_place place, uint32_t offset) {
  uint16_t cells = l->g->values[place.base].cells;
  if (tap_link_is_wlan(l->link)) {
    if (cells & 1u << CELL_RADIO) l->measures = true;
    if (cells & 1u << CELL_PAYLOAD) l->measures_payload = true;
  }
  place.at += offset;
  return place;
}

struct tap_place tap_place_header(struct tap_lowering *l) {
  return use(l, l->now.header, 0);
}

struct tap_place tap_place_type(struct tap_lowering *l) {
  return use(l, l->now.type, 0);
}

struct tap_place tap_place_llc(struct tap_lowering *l) {
  return use(l, l->now.payload, 0);
}

struct tap_place tap_place_network(struct tap_lowering *l) {
  return use(l, l->now.payload, l->now.network);
}

struct tap_place tap_place_plain(struct tap_lowering *l) {
  return use(l, l->now.payload, l->now.plain);
}

struct tap_place tap_place_transport(struct tap_lowering *l) {
  struct tap_place p = tap_place_network(l);
  uint32_t length;
  if (p.base == VALUE_NONE) return (struct tap_place){ tap_val_ihl(l->g, p.at), p.at };
  length = tap_val_load(l->g, p.base, p.at, 1);
  length = tap_val_op(l->g, '&', length, tap_val_const(l->g, 15));
  length = tap_val_op(l->g, S_SHL, length, tap_val_const(l->g, 2));
  return (struct tap_place){ tap_val_op(l->g, '+', length, p.base), p.at };
}

uint32_t tap_lower_load(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                        unsigned size) {
  return tap_val_load(l->g, place.base, (uint64_t)place.at + offset, size);
}

struct tap_formula *tap_lower_in(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                 unsigned size, uint32_t set) {
  return tap_formula_test(l->arena, tap_lower_load(l, place, offset, size), set);
}

struct tap_formula *tap_lower_equal(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                    unsigned size, uint32_t number) {
  return tap_lower_in(l, place, offset, size, tap_set_range(l->g, number, number));
}

struct tap_formula *tap_lower_masked(struct tap_lowering *l, struct tap_place place,
                                     uint32_t offset, unsigned size, uint32_t number,
                                     uint32_t mask) {
  uint32_t value = tap_lower_load(l, place, offset, size);
  if (mask != UINT32_MAX) value = tap_val_op(l->g, '&', value, tap_val_const(l->g, mask));
  return tap_formula_test(l->arena, value, tap_set_range(l->g, number, number));
}

struct tap_formula *tap_lower_bits(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                   uint32_t bits) {
  return tap_unless(l, tap_lower_masked(l, place, offset, 1, 0, bits));
}

/* The last four bytes are compared first: they differ most. */
struct tap_formula *tap_lower_bytes(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                    const uint8_t *bytes, unsigned n) {
  struct tap_formula *f = tap_formula_constant(l->arena, true);
  while (n > 0) {
    unsigned size = n >= 4 ? 4 : n >= 2 ? 2 : 1;
    uint32_t number = 0;
    n -= size;
    for (unsigned i = 0; i < size; i++)
      number = number << 8 | bytes[n + i];
    f = tap_both(l, f, tap_lower_equal(l, place, offset + n, size, number));
  }
  return f;
}
