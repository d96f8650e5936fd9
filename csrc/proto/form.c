/* SPDX-License-Identifier: MIT
 *
 * Forms.  A shaped value keeps its meaning without its field: bytes and text
 * say so by their type, so that tables of counts can group by them and Lua
 * gets them without knowing how they came about.
 */
#include "proto/form.h"

#include <string.h>

struct unit {
  const char *name;
  uint64_t factor;
};

static const struct unit times[] = {
  { "ns", 1 },
  { "us", 1000 },
  { "ms", 1000000 },
  { "s", 1000000000 },
  { "m", UINT64_C(60000000000) },
  { "h", UINT64_C(3600000000000) },
  { "d", UINT64_C(86400000000000) },
  { NULL, 0 },
};

static const struct unit sizes[] = {
  { "", 1 },   { "k", UINT64_C(1) << 10 }, { "M", UINT64_C(1) << 20 }, { "G", UINT64_C(1) << 30 },
  { NULL, 0 },
};

/* A whole number and one of the units behind it; 0 where it is none or too large. */
static uint64_t read_amount(const char *text, const struct unit *units) {
  uint64_t n = 0, product;
  for (; *text >= '0' && *text <= '9'; text++)
    if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n)) return 0;
  for (; units->name != NULL; units++)
    if (strcmp(units->name, text) == 0)
      return __builtin_mul_overflow(n, units->factor, &product) || product > INT64_MAX ? 0
                                                                                       : product;
  return 0;
}

static bool counts_ns(const struct tap_field *field) {
  if (field->type == TAP_TIME || field->type == TAP_SPAN) return true;
  return field->unit != NULL && strcmp(field->unit, "ns") == 0;
}

/* Bits of an address of this type that can be cut, 0 for other types. */
static unsigned address_bits(unsigned type) {
  switch (type) {
  case TAP_IPV4: return 32;
  case TAP_IPV6: return 128;
  case TAP_MAC: return 48;
  default: return 0;
  }
}

static int read_prefix(struct tap_ref *ref, const char *name, const char *range, unsigned most,
                       struct tap_err *e) {
  uint64_t bits = read_amount(range, (const struct unit[]){ { "", 1 }, { NULL, 0 } });
  if (bits == 0 || bits > most)
    return tap_fail(e, 0, "'%s': '/%s' is no prefix of this address (/1 to /%u)", name, range,
                    most);
  ref->form = TAP_FORM_PREFIX;
  ref->range = bits;
  return 0;
}

static int read_step(struct tap_ref *ref, const char *name, const char *range, struct tap_err *e) {
  bool is_time = counts_ns(ref->field);
  ref->range = read_amount(range, is_time ? times : sizes);
  if (ref->range == 0)
    return tap_fail(e, 0, "'%s': '/%s' is no width of ranges (write %s)", name, range,
                    is_time ? "/10ms or /1s" : "/100 or /1k");
  ref->form = TAP_FORM_RANGE;
  return 0;
}

int tap_form_range(struct tap_ref *ref, const char *name, const char *range, struct tap_err *e) {
  unsigned bits = ref->field == NULL ? 0 : address_bits(ref->field->type);
  if (ref->form != TAP_FORM_VALUE) return tap_fail(e, 0, "'%s': a range has no other form", name);
  if (bits > 0) return read_prefix(ref, name, range, bits, e);
  if (ref->field == NULL || !tap_type_is_number(ref->field->type) || ref->field->type == TAP_FLAG)
    return tap_fail(e, 0, "'%s': only addresses and numbers have ranges", name);
  return read_step(ref, name, range, e);
}

/* A prefix that is longer than the address leaves it whole (src/64 of IPv4). */
static void mask_address(struct tap_value *v, uint64_t bits) {
  for (uint32_t i = 0; i < v->size; i++) {
    uint64_t first = UINT64_C(8) * i;
    unsigned kept = bits <= first ? 0 : bits - first >= 8 ? 8 : (unsigned)(bits - first);
    v->made[i] = (uint8_t)(v->bytes[i] & 0xff00u >> kept);
  }
  v->bytes = v->made;
}

/* Rounded down, below zero too. */
static uint64_t round_down(const struct tap_value *v, uint64_t step) {
  int64_t n = (int64_t)v->number, rest;
  if (v->type == TAP_UINT) return v->number - v->number % step;
  rest = n % (int64_t)step;
  return (uint64_t)n - (uint64_t)rest - (rest < 0 ? step : 0);
}

/* A number's bytes as they stand on the wire. */
static void make_bytes(const struct tap_ref *ref, struct tap_value *v) {
  bool little = ref->field != NULL && (ref->field->flags & TAP_LITTLE) != 0;
  if (tap_type_is_number(v->type)) {
    v->size = tap_ref_width(ref);
    for (uint32_t i = 0; i < v->size; i++)
      v->made[i] = (uint8_t)(v->number >> 8 * (little ? i : v->size - 1 - i));
    v->bytes = v->made;
  }
  v->type = TAP_BYTES;
}

/* An address stays one: its text is what it shows anyway. */
static void make_text(const struct tap_ref *ref, struct tap_value *v) {
  char buffer[sizeof v->made];
  struct tap_text text;
  const char *name =
      tap_type_is_number(v->type) ? tap_field_value_name(ref->field, v->number) : NULL;
  if (address_bits(v->type) > 0) return;
  tap_text_begin(&text, buffer, sizeof buffer);
  if (name != NULL)
    tap_text_put(&text, name);
  else
    tap_value_put(&text, ref->field, v);
  v->type = TAP_STRING;
  v->size = (uint32_t)(text.at - buffer);
  v->bytes = v->made;
  memcpy(v->made, buffer, v->size);
}

void tap_form_shape(const struct tap_ref *ref, struct tap_value *v) {
  switch ((enum tap_form)ref->form) {
  case TAP_FORM_VALUE:
  case TAP_FORM_ID: return;
  case TAP_FORM_RAW: make_bytes(ref, v); return;
  case TAP_FORM_TEXT: make_text(ref, v); return;
  case TAP_FORM_PREFIX: mask_address(v, ref->range); return;
  case TAP_FORM_RANGE: v->number = round_down(v, ref->range); return;
  }
}

void tap_form_put(struct tap_text *t, const struct tap_ref *ref, const struct tap_value *v) {
  tap_value_put(t, ref->field, v);
  if (ref->form != TAP_FORM_PREFIX) return;
  tap_text_put_char(t, '/');
  tap_text_put_uint(t, ref->range < 8 * v->size ? ref->range : 8 * v->size);
}
