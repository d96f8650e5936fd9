/* SPDX-License-Identifier: MIT
 *
 * Tagged frames for vlan_spec.lua: each line of standard input is a frame in
 * hex whose first tag lies in the bytes.  Printed are its layers and values,
 * after "--" those of the same frame with the tag lifted out, as the kernel
 * delivers it, and "==" with what putting the tag back came to: "same" bytes
 * and layers as those of the frame that came whole, "left" as it was, or what
 * differs.
 */
#include "proto/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_MAX = 4096, TEXT_MAX = 65536, TAG_AT = 12, TAG = 4 };

static size_t from_hex(const char *digits, uint8_t *out) {
  size_t n = 0;
  unsigned byte;
  for (; n < FRAME_MAX && sscanf(digits, "%2x", &byte) == 1; digits += 2)
    out[n++] = (uint8_t)byte;
  return n;
}

static void put_field(struct tap_text *t, const struct tap_packet *p, struct tap_ref ref) {
  struct tap_value v;
  for (ref.nth = 0; ref.nth < 255 && tap_ref_read(&ref, p, &v); ref.nth++) {
    tap_text_put(t, ref.field->name);
    tap_text_put_char(t, '=');
    tap_value_put(t, ref.field, &v);
    tap_text_put_char(t, '\n');
  }
}

static void print(const struct tap_registry *r, const struct tap_frame *frame) {
  static char buffer[TEXT_MAX];
  struct tap_packet p = { .number = 1 };
  struct tap_text t;
  struct tap_ref ref;
  tap_decode(r, frame, TAP_LEVEL_ALL, &p);
  tap_text_begin(&t, buffer, sizeof buffer);
  for (unsigned i = 0; i < p.count; i++) {
    tap_text_put(&t, tap_registry_at(r, p.layer[i].protocol)->name);
    tap_text_put_char(&t, ' ');
  }
  tap_text_put_char(&t, '\n');
  for (size_t i = 0; tap_registry_field(r, i, &ref); i++)
    if (ref.field != NULL) put_field(&t, &p, ref);
  fputs(buffer, stdout);
}

/* What differs between a frame that came whole and one whose tag was put back. */
static const char *compare(const struct tap_packet *whole, const struct tap_packet *back) {
  const struct tap_frame *a = whole->frame, *b = back->frame;
  if (a->caplen != b->caplen || a->len != b->len) return "lengths";
  if (memcmp(a->data, b->data, a->caplen) != 0) return "bytes";
  if (whole->count != back->count || whole->fault != back->fault) return "layers";
  if (whole->network != back->network || whole->transport != back->transport) return "roles";
  for (unsigned i = 0; i < whole->count; i++) {
    const struct tap_layer *l = &whole->layer[i], *m = &back->layer[i];
    if (l->protocol != m->protocol || l->start != m->start) return "a layer's start";
    if (l->header != m->header || l->end != m->end) return "a layer's end";
  }
  return "same";
}

/* Decode a frame whose tag was lifted, of which 'caplen' bytes were captured, and put it back. */
static const char *put_back(const struct tap_registry *r, const uint8_t *bytes, size_t n,
                            struct tap_frame lifted, uint32_t caplen) {
  uint8_t *room = malloc(TAG + caplen);
  const char *verdict = "left";
  struct tap_packet whole, back;
  struct tap_frame frame = {
    .data = bytes, .caplen = (uint32_t)n, .len = (uint32_t)n, .linktype = TAP_LINKTYPE_ETHERNET
  };
  memcpy(room + TAG, lifted.data, caplen);
  lifted.data = room + TAG;
  lifted.caplen = caplen;
  tap_decode(r, &frame, TAP_LEVEL_ALL, &whole);
  tap_decode(r, &lifted, TAP_LEVEL_ALL, &back);
  tap_packet_restore_tag(&back, &lifted);
  if (lifted.caplen != caplen || lifted.data != room + TAG) verdict = compare(&whole, &back);
  free(room);
  return verdict;
}

static const char *put_back_short(const struct tap_registry *r, const uint8_t *bytes, size_t n,
                                  const struct tap_frame *lifted) {
  for (uint32_t caplen = 0; caplen < TAG_AT + 2; caplen++)
    if (strcmp(put_back(r, bytes, n, *lifted, caplen), "left") != 0) return "not left";
  return "left";
}

static void print_both(const struct tap_registry *r, const uint8_t *bytes, size_t n) {
  struct tap_frame frame = {
    .data = bytes, .caplen = (uint32_t)n, .len = (uint32_t)n, .linktype = TAP_LINKTYPE_ETHERNET
  };
  uint8_t *rest = malloc(n - TAG); /* of its size, so that a sanitizer sees a read past it */
  print(r, &frame);
  puts("--");
  memcpy(rest, bytes, TAG_AT);
  memcpy(rest + TAG_AT, bytes + TAG_AT + TAG, n - TAG_AT - TAG);
  frame.data = rest;
  frame.caplen = frame.len = (uint32_t)(n - TAG);
  frame.flags = TAP_FRAME_TAG_LIFTED;
  frame.vlan_tpid = tap_be16(bytes + TAG_AT);
  frame.vlan_tci = tap_be16(bytes + TAG_AT + 2);
  print(r, &frame);
  printf("== %s, short: %s\n", put_back(r, bytes, n, frame, frame.caplen),
         put_back_short(r, bytes, n, &frame));
  free(rest);
}

int main(void) {
  static char line[2 * FRAME_MAX + 2];
  static uint8_t bytes[FRAME_MAX];
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  if (r == NULL) return 1;
  while (fgets(line, sizeof line, stdin) != NULL) {
    size_t n = from_hex(line, bytes);
    if (n >= TAG_AT + TAG + 2) print_both(r, bytes, n);
  }
  tap_registry_free(r);
  return 0;
}
