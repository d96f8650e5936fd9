/* SPDX-License-Identifier: MIT
 *
 * Reading fields.  A place is checked against the header's bytes that are
 * here, so that a cut header keeps the fields that it still holds whole.
 * Nothing here knows a protocol.
 */
#include "proto/field.h"

static bool size_fits(const struct tap_field *field) {
  unsigned used = field->bit % 8u + field->bits;
  if (field->read_self != NULL) return true;
  if (field->bits == 0) return field->read != NULL;
  if ((field->flags & TAP_LITTLE) != 0 && (field->bit % 8 != 0 || field->bits % 8 != 0))
    return false;
  switch (field->type) {
  case TAP_IPV4: return field->bits == 32 && field->bit % 8 == 0;
  case TAP_IPV6: return field->bits == 128 && field->bit % 8 == 0;
  case TAP_MAC: return field->bits == 48 && field->bit % 8 == 0;
  case TAP_EUI64: return field->bits == 64 && field->bit % 8 == 0;
  case TAP_BYTES:
  case TAP_STRING: return field->bits % 8 == 0 && field->bit % 8 == 0 && field->bits < 2048;
  default: return used <= 64;
  }
}

static uint8_t place_access(const struct tap_field *field, unsigned bytes) {
  if (field->type == TAP_FLOAT) return TAP_ACCESS_ANY;
  if (!tap_type_is_number(field->type)) return TAP_ACCESS_BYTES;
  if (bytes != 1 && bytes != 2 && bytes != 4) return TAP_ACCESS_LOAD;
  if (!tap_type_is_signed(field->type))
    return (field->flags & TAP_LITTLE) != 0 ? TAP_ACCESS_LITTLE : TAP_ACCESS_NUMBER;
  return (field->flags & TAP_LITTLE) != 0 ? TAP_ACCESS_LOAD : TAP_ACCESS_SIGNED;
}

bool tap_ref_init(struct tap_ref *ref, const struct tap_field *field, unsigned protocol,
                  unsigned level) {
  unsigned used;
  *ref =
      (struct tap_ref){ .field = field, .protocol = (uint16_t)protocol, .level = (uint8_t)level };
  if (field == NULL) return true;
  if (!size_fits(field)) return false;
  if (field->level != 0) ref->level = field->level;
  ref->access = field->access;
  ref->byte = field->bit / 8;
  if (field->read != NULL || field->read_self != NULL) return true;
  used = (field->bit % 8u + field->bits + 7) / 8;
  ref->bytes = ref->load = (uint8_t)used;
  if ((field->flags & TAP_LITTLE) != 0) ref->load |= TAP_LOAD_LITTLE;
  ref->access = place_access(field, used);
  if (tap_type_is_number(field->type) && field->bits > 0) {
    ref->shift = (uint8_t)(used * 8 - field->bit % 8u - field->bits);
    ref->mask = field->bits == 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;
  }
  return true;
}

/* The number at a place.  The sizes that built-in headers have most come first. */
static inline uint64_t load_place(const uint8_t *at, unsigned load) {
  switch (load) {
  case 1: return at[0];
  case 2: return tap_be16(at);
  case 4: return tap_be32(at);
  case TAP_LOAD_LITTLE | 2: return (uint64_t)(at[1] << 8 | at[0]);
  case TAP_LOAD_LITTLE | 4: return __builtin_bswap32(tap_be32(at));
  default:
    if ((load & TAP_LOAD_LITTLE) != 0) return tap_load_le(at, load - TAP_LOAD_LITTLE);
    return tap_load_be(at, load);
  }
}

uint64_t tap_ref_load(const struct tap_ref *ref, const uint8_t *at) {
  uint64_t n = load_place(at, ref->load) >> ref->shift & ref->mask;
  return ref->field->type == TAP_INT ? tap_extend_sign(n, ref->field->bits) : n;
}

static inline __attribute__((always_inline)) bool read_place(const struct tap_ref *ref,
                                                             const struct tap_packet *p,
                                                             const struct tap_layer *layer,
                                                             struct tap_value *out) {
  const struct tap_field *field = ref->field;
  const uint8_t *at = p->frame->data + layer->start + ref->byte;
  if ((uint32_t)ref->byte + ref->bytes > layer->header) return false;
  out->type = field->type;
  if (tap_type_is_number(field->type)) {
    out->number = tap_ref_load(ref, at);
  } else {
    out->bytes = at;
    out->size = ref->bytes;
  }
  return true;
}

static void put_presence(struct tap_value *out) {
  out->type = TAP_FLAG;
  out->number = 1;
}

bool tap_ref_read_layer(const struct tap_ref *ref, const struct tap_packet *p,
                        const struct tap_layer *layer, unsigned nth, struct tap_value *out) {
  const struct tap_field *field = ref->field;
  if (field != NULL && field->read != NULL) return field->read(p, layer, nth, out);
  if (field != NULL && field->read_self != NULL) return field->read_self(field, p, layer, nth, out);
  if (nth > 0) return false;
  if (ref->bytes > 0) return read_place(ref, p, layer, out);
  put_presence(out);
  return true;
}

/* Occurrences are counted over all layers of the protocol, within each in its own order. */
static __attribute__((noinline)) bool
read_occurrence(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out) {
  unsigned left = ref->nth;
  for (unsigned i = 0; i < p->count; i++) {
    if (p->layer[i].protocol != ref->protocol) continue;
    for (unsigned nth = 0; tap_ref_read_layer(ref, p, &p->layer[i], nth, out); nth++)
      if (left-- == 0) return true;
  }
  return false;
}

/* A place in the outermost layer is what is asked for most.  That layer may lack it, and an inner
 * one have it. */
bool tap_ref_search(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out) {
  const struct tap_layer *layer;
  if (ref->protocol == TAP_ANY_PROTOCOL) return ref->field->read(p, NULL, ref->nth, out);
  layer = tap_packet_layer(p, ref->protocol, 0);
  if (layer == NULL) return false;
  if (ref->bytes > 0 && ref->nth == 0 && read_place(ref, p, layer, out)) return true;
  return read_occurrence(ref, p, out);
}

bool tap_ref_read(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out) {
  enum tap_fetched fetched = tap_ref_fetch(ref, p, out);
  return fetched == TAP_ELSEWHERE ? tap_ref_search(ref, p, out) : fetched == TAP_FETCHED;
}

const char *tap_field_value_name(const struct tap_field *field, uint64_t value) {
  const struct tap_name *n = field == NULL ? NULL : field->names;
  for (; n != NULL && n->name != NULL; n++)
    if (n->value == value) return n->name;
  return NULL;
}
