/* SPDX-License-Identifier: MIT
 *
 * Fuzzes decoding and reading: a frame of any link type, at every level, and
 * all occurrences of all fields in all forms.  What a reader gives lies in the
 * frame or in the value's own room; layers lie in the frame and in each other's
 * order; a packet that was decoded less deep has the first layers of the whole.
 *
 * Input: the link type (two bytes), flags, then the frame.
 * Built with clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/form.h"
#include "spec/fuzz/frame.h"

enum { OCCURRENCES = 300 };

static void require(bool holds, const char *what, const char *name) {
  if (holds) return;
  fprintf(stderr, "%s: %s\n", name, what);
  abort();
}

static bool lies_in(const uint8_t *at, size_t n, const uint8_t *start, size_t size) {
  return at >= start && n <= size && (size_t)(at - start) <= size - n;
}

static uint64_t touch(const struct tap_value *v) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < v->size; i++)
    sum += v->bytes[i];
  return sum;
}

static void check_value(const struct tap_packet *p, const struct tap_value *v, const char *name) {
  volatile uint64_t sum;
  if (tap_type_is_number(v->type)) {
    require(v->type != TAP_FLAG || v->number <= 1, "a flag is neither 0 nor 1", name);
    return;
  }
  require(lies_in(v->bytes, v->size, p->frame->data, p->frame->caplen) ||
              lies_in(v->bytes, v->size, v->made, sizeof v->made),
          "a value lies outside of the frame", name);
  sum = touch(v);
  (void)sum;
}

/* Shape the value by the form that is asked for; a range where the field has one. */
static void check_forms(struct tap_ref ref, const struct tap_packet *p, const char *name) {
  static const char *const ranges[] = { "24", "10", "10ms" };
  struct tap_value v;
  struct tap_err e;
  for (unsigned form = TAP_FORM_RAW; form <= TAP_FORM_TEXT; form++) {
    ref.form = (uint8_t)form;
    if (!tap_ref_read(&ref, p, &v)) return;
    tap_form_apply(&ref, &v);
    check_value(p, &v, name);
  }
  for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    ref.form = TAP_FORM_VALUE;
    if (tap_form_range(&ref, name, ranges[i], &e) != 0 || !tap_ref_read(&ref, p, &v)) continue;
    tap_form_apply(&ref, &v);
    check_value(p, &v, name);
  }
}

static void read_field(struct tap_ref ref, const struct tap_packet *p) {
  const char *name = ref.field == NULL ? "presence" : ref.field->name;
  struct tap_value v;
  unsigned found = 0;
  for (unsigned nth = 0; nth < OCCURRENCES && nth <= UINT8_MAX; nth++) {
    ref.nth = (uint8_t)nth;
    if (!tap_ref_read(&ref, p, &v)) break;
    check_value(p, &v, name);
    found++;
  }
  ref.nth = 0;
  if (found > 0) check_forms(ref, p, name);
}

static void check_layers(const struct tap_packet *p) {
  require(p->count <= TAP_LAYERS_MAX, "too many layers", "packet");
  for (unsigned i = 0; i < p->count; i++) {
    const struct tap_layer *layer = &p->layer[i];
    require((size_t)layer->start + layer->header <= p->frame->caplen, "a header is outside",
            "packet");
    require(layer->end <= p->frame->caplen, "a payload ends outside", "packet");
    require(i == 0 || tap_layer_lifted(p, layer) || layer->start >= p->layer[i - 1].start,
            "layers are out of order", "packet");
  }
}

static void check_depths(const struct tap_registry *r, const struct tap_frame *frame,
                         const struct tap_packet *whole) {
  for (unsigned level = TAP_LEVEL_FRAME; level < TAP_LEVEL_ALL; level++) {
    struct tap_packet p;
    tap_decode(r, frame, (enum tap_level)level, &p);
    check_layers(&p);
    require(p.count <= whole->count, "fewer levels give more layers", "packet");
    require(memcmp(p.layer, whole->layer, p.count * sizeof p.layer[0]) == 0 ||
                (frame->flags & TAP_FRAME_TAG_LIFTED) != 0,
            "levels disagree", "packet");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct tap_registry *r = fuzz_registry();
  struct fuzz_frame f;
  struct tap_packet p;
  struct tap_ref ref;
  if (!fuzz_frame_make(&f, data, size)) return 0;
  tap_decode(r, &f.frame, TAP_LEVEL_ALL, &p);
  p.number = 1;
  check_layers(&p);
  check_depths(r, &f.frame, &p);
  for (size_t i = 0; tap_registry_field(r, i, &ref); i++)
    read_field(ref, &p);
  tap_packet_restore_tag(&p, &f.frame);
  check_layers(&p);
  fuzz_frame_free(&f);
  return 0;
}
