/* SPDX-License-Identifier: MIT
 *
 * What readers of fields share: bytes of a layer that are surely there, and
 * values made of them.  Each way to bytes answers NULL where the captured
 * header or payload ends, and each way to a value takes NULL for "absent", so
 * that a reader is one line.  The only pointer arithmetic of readers is here.
 */
#ifndef TAP_PROTO_READ_H
#define TAP_PROTO_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/field.h"
#include "proto/packet.h"

/* Rows of a protocol's table: a field that lies at a place of the header, and one that a
 * function reads.  What else a row says follows by name: .flags, .unit, .names, and of one that
 * is read the .bit and .bits where its place never changes, for those who print it. */
#define TAP_PLACE(name_, label_, type_, bit_, bits_, ...)                                          \
  { .name = name_, .label = label_, .type = type_, .bit = bit_, .bits = bits_, __VA_ARGS__ }
#define TAP_READ(name_, label_, type_, read_, ...)                                                 \
  { .name = name_, .label = label_, .type = type_, .read = read_, __VA_ARGS__ }

/* The 'n' bytes at 'offset' of the header. */
static inline const uint8_t *tap_header_at(const struct tap_packet *p,
                                           const struct tap_layer *layer, size_t offset, size_t n) {
  if (offset + n > layer->header) return NULL;
  return p->frame->data + layer->start + offset;
}

/* The header from 'offset' on, as far as it was captured. */
static inline struct tap_cursor tap_header_window(const struct tap_packet *p,
                                                  const struct tap_layer *layer, size_t offset) {
  const uint8_t *start = p->frame->data + layer->start;
  size_t skip = offset < layer->header ? offset : layer->header;
  return (struct tap_cursor){ start + skip, start + layer->header };
}

/* 'n' bytes further on, where a window is known to have them. */
static inline const uint8_t *tap_skip(const uint8_t *at, size_t n) {
  return at + n;
}

/* The header and all behind it that is its layer's, as far as it was captured: what its parser
 * saw. */
static inline struct tap_cursor tap_layer_window(const struct tap_packet *p,
                                                 const struct tap_layer *layer) {
  uint32_t end = layer->end > layer->start ? layer->end : layer->start;
  return (struct tap_cursor){ p->frame->data + layer->start, p->frame->data + end };
}

/* What follows the header, as far as it was captured. */
static inline struct tap_cursor tap_payload_window(const struct tap_packet *p,
                                                   const struct tap_layer *layer) {
  uint32_t start = layer->start + layer->header;
  uint32_t end = layer->end > start ? layer->end : start;
  return (struct tap_cursor){ p->frame->data + start, p->frame->data + end };
}

static inline bool tap_give_number(struct tap_value *out, enum tap_type type, uint64_t number) {
  out->type = (uint8_t)type;
  out->number = number;
  return true;
}

/* The big-endian number in the 'n' (1 to 4) bytes at 'at'.  With 'n' known, as in all readers,
 * one case is left. */
static inline bool tap_give_load(struct tap_value *out, enum tap_type type, const uint8_t *at,
                                 unsigned n) {
  if (at == NULL) return false;
  switch (n) {
  case 1: return tap_give_number(out, type, at[0]);
  case 2: return tap_give_number(out, type, tap_be16(at));
  case 4: return tap_give_number(out, type, tap_be32(at));
  default: return tap_give_number(out, type, tap_load_be(at, n));
  }
}

static inline bool tap_give_bytes(struct tap_value *out, enum tap_type type, const uint8_t *at,
                                  size_t n) {
  if (at == NULL) return false;
  out->type = (uint8_t)type;
  out->bytes = at;
  out->size = (uint32_t)n;
  return true;
}

/* All that is in the window; nothing where it is empty. */
static inline bool tap_give_rest(struct tap_value *out, enum tap_type type,
                                 const struct tap_cursor *c) {
  return tap_left(c) > 0 && tap_give_bytes(out, type, c->at, tap_left(c));
}

/* A flag that is there only where it is true. */
static inline bool tap_give_true(struct tap_value *out, bool is_true) {
  return is_true && tap_give_number(out, TAP_FLAG, 1);
}

#endif
