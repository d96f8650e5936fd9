/* SPDX-License-Identifier: MIT
 *
 * The walk.  It calls a parser, notes where the header lies, looks up who
 * comes next, and stops where nobody does, where something is wrong, or where
 * the next layer is deeper than anybody asked for.
 */
#include "proto/decode.h"

#include <stdio.h>
#include <string.h>

enum { PREFETCH_AHEAD = 8 };

static void note_ends(struct tap_packet *out, const struct tap_protocol *protocol, uint8_t index) {
  if (protocol->addresses.bytes != 0 && out->network == TAP_NO_LAYER) out->network = index;
  if (protocol->ports.bytes != 0 && out->transport == TAP_NO_LAYER) out->transport = index;
}

/* Decode one layer.  Returns the number of the protocol that follows, or TAP_NO_PROTOCOL. */
static unsigned decode_layer(const struct tap_registry *r, struct tap_packet *out,
                             struct tap_cursor *c, unsigned number) {
  const struct tap_protocol *protocol = tap_registry_at(r, number);
  const uint8_t *start = c->at, *data = out->frame->data;
  struct tap_step step = { 0 };
  struct tap_layer *layer = &out->layer[out->count];
  size_t left = tap_left(c);
  enum tap_verdict verdict;
  if (out->count == TAP_LAYERS_MAX) {
    out->fault = TAP_TOO_DEEP;
    return TAP_NO_PROTOCOL;
  }
  verdict = protocol->parse(c, &step);
  if (verdict != TAP_TRUNCATED) left = (size_t)(c->at - start);
  layer->protocol = (uint16_t)number;
  layer->header = (uint16_t)(left < UINT16_MAX ? left : UINT16_MAX);
  layer->start = (uint32_t)(start - data);
  layer->end = (uint32_t)(c->end - data);
  note_ends(out, protocol, out->count++);
  if (verdict == TAP_PAYLOAD) return tap_registry_next(r, &step);
  if (verdict != TAP_LAST) out->fault = (uint8_t)verdict;
  return TAP_NO_PROTOCOL;
}

/* The tag that the kernel took out of the bytes stands behind the addresses again. */
static void add_lifted_tag(const struct tap_registry *r, struct tap_packet *out) {
  unsigned number = tap_registry_bound(r, TAP_BY_ETHERTYPE, out->frame->vlan_tpid);
  if (number == TAP_NO_PROTOCOL) return;
  out->layer[out->count++] = (struct tap_layer){ .protocol = (uint16_t)number,
                                                 .header = 0,
                                                 .start = 12,
                                                 .end = out->layer[0].end };
}

void tap_decode(const struct tap_registry *r, const struct tap_frame *frame, enum tap_level level,
                struct tap_packet *out) {
  struct tap_cursor c = { frame->data, frame->data + frame->caplen };
  unsigned number;
  out->frame = frame;
  out->count = 0;
  out->fault = TAP_PAYLOAD;
  out->network = out->transport = TAP_NO_LAYER;
  if (level == TAP_LEVEL_FRAME) return;
  number = tap_registry_bound(r, TAP_BY_LINKTYPE, frame->linktype);
  if (number == TAP_NO_PROTOCOL) return;
  number = decode_layer(r, out, &c, number);
  if (frame->flags & TAP_FRAME_TAG_LIFTED) add_lifted_tag(r, out);
  while (number != TAP_NO_PROTOCOL && tap_registry_at(r, number)->level <= level)
    number = decode_layer(r, out, &c, number);
}

void tap_decode_batch(const struct tap_registry *r, const struct tap_frame *frames, unsigned n,
                      enum tap_level level, struct tap_packet *out) {
  for (unsigned i = 0; i < n; i++) {
    if (i + PREFETCH_AHEAD < n && level != TAP_LEVEL_FRAME) {
      __builtin_prefetch(frames[i + PREFETCH_AHEAD].data);
      __builtin_prefetch(frames[i + PREFETCH_AHEAD].data + 48);
    }
    tap_decode(r, &frames[i], level, &out[i]);
  }
}

static void shift_layers(struct tap_packet *p, unsigned from, uint32_t by) {
  for (unsigned i = from; i < p->count; i++) {
    p->layer[i].start += by;
    p->layer[i].end += by;
  }
}

void tap_packet_restore_tag(struct tap_packet *p, struct tap_frame *frame) {
  /* The frame's bytes are borrowed to be read; this flag says that these may be written. */
  uint8_t *data = (uint8_t *)(uintptr_t)frame->data - 4;
  if (!(frame->flags & TAP_FRAME_TAG_LIFTED)) return;
  memmove(data, data + 4, 12);
  data[12] = (uint8_t)(frame->vlan_tpid >> 8);
  data[13] = (uint8_t)frame->vlan_tpid;
  data[14] = (uint8_t)(frame->vlan_tci >> 8);
  data[15] = (uint8_t)frame->vlan_tci;
  frame->data = data;
  frame->caplen += 4;
  frame->len += 4;
  frame->flags &= (uint8_t)~TAP_FRAME_TAG_LIFTED;
  if (p->count == 0) return;
  p->layer[0].end += 4;
  shift_layers(p, 1, 4);
  if (p->count > 1) {
    p->layer[1].start = 14;
    p->layer[1].header = 4;
  }
}

const char *tap_packet_fault(const struct tap_packet *p, const struct tap_registry *r,
                             char *buffer, unsigned size) {
  const struct tap_layer *layer;
  if (p->fault == TAP_PAYLOAD || p->count == 0) return NULL;
  layer = &p->layer[p->count - 1];
  if (p->fault == TAP_TOO_DEEP)
    snprintf(buffer, size, "more than %d layers", TAP_LAYERS_MAX);
  else if (p->fault == TAP_TRUNCATED)
    snprintf(buffer, size, "%s: header cut short at byte %u",
             tap_registry_at(r, layer->protocol)->name, layer->start + layer->header);
  else
    snprintf(buffer, size, "%s: malformed header at byte %u",
             tap_registry_at(r, layer->protocol)->name, layer->start);
  return buffer;
}
