/* SPDX-License-Identifier: MIT
 *
 * p:show(): the frame, each layer with its fields, what is left as payload,
 * and what is wrong.  A field's row has its offset in the frame, its label and
 * value, and at its right the name by which a script asks for it.  No newline
 * at the end.
 */
#include <string.h>

#include "proto/builtin.h"
#include "proto/show.h"

enum { OCCURRENCES_MAX = 256, OFFSET_WIDTH = 6, NAME_COLUMN = 58, BYTES_MAX = 16 };
enum { LIFTED_TYPE = 2 }; /* of a lifted tag the bytes still have the type behind it */

struct tree {
  struct tap_text *t;
  const struct tap_registry *r;
  const struct tap_packet *p;
  const char *parent; /* name of the last row that was not set in: tcp.flags before tcp.flags.syn */
};

static void put_spaces(struct tap_text *t, size_t n) {
  static const char spaces[] = "                                                                ";
  for (size_t part; n > 0; n -= part) {
    part = n < sizeof spaces - 1 ? n : sizeof spaces - 1;
    tap_text_put_bytes(t, spaces, part);
  }
}

/* A number that ends at 'width'. */
static void put_right(struct tap_text *t, uint64_t n, size_t width) {
  size_t digits = 1;
  for (uint64_t rest = n; rest >= 10; rest /= 10)
    digits++;
  if (digits < width) put_spaces(t, width - digits);
  tap_text_put_uint(t, n);
}

static void put_count(struct tap_text *t, const char *word, uint64_t n, const char *unit) {
  tap_text_put(t, word);
  tap_text_put_uint(t, n);
  tap_text_put(t, unit);
}

/* Long bytes are told by their beginning. */
static void put_bytes(struct tap_text *t, const struct tap_value *v) {
  uint32_t n = v->size < BYTES_MAX ? v->size : BYTES_MAX;
  tap_text_put_dump(t, v->bytes, n);
  if (n < v->size) put_count(t, "... (", v->size, " bytes)");
}

/* A unit that is itself a number of something is a factor: "185 x 8 bytes". */
static void put_unit(struct tap_text *t, const char *unit) {
  tap_text_put(t, unit[0] >= '0' && unit[0] <= '9' ? " x " : " ");
  tap_text_put(t, unit);
}

static void put_value(struct tap_text *t, const struct tap_field *field,
                      const struct tap_value *v) {
  const char *name = NULL;
  switch (v->type) {
  case TAP_FLAG: tap_text_put(t, v->number != 0 ? "yes" : "no"); break;
  case TAP_TIME: tap_text_put_rfc3339(t, (int64_t)v->number); break;
  case TAP_BYTES: put_bytes(t, v); break;
  default: tap_value_put(t, field, v);
  }
  if (tap_type_is_number(v->type)) name = tap_field_value_name(field, v->number);
  if (name != NULL) {
    tap_text_put(t, " (");
    tap_text_put(t, name);
    tap_text_put_char(t, ')');
  }
  if (field->unit != NULL) put_unit(t, field->unit);
}

static bool gives_bytes(const struct tap_ref *ref, const struct tap_value *v) {
  return ref->field != NULL && ref->field->read_self != NULL && v->bytes != NULL;
}

/* Where in the frame the value lies; false for what was counted or worked out. */
static bool offset_of(const struct tree *tree, const struct tap_ref *ref,
                      const struct tap_layer *layer, const struct tap_value *v, uint64_t *out) {
  const struct tap_frame *frame = tree->p->frame;
  uintptr_t start = (uintptr_t)frame->data, at = (uintptr_t)v->bytes;
  if (!tap_type_is_number(v->type) || gives_bytes(ref, v)) {
    *out = at - start;
    return at >= start && at - start < frame->caplen;
  }
  *out = layer == NULL ? 0 : layer->start + ref->byte;
  return layer != NULL && ref->field->bits > 0 && !tap_layer_lifted(tree->p, layer);
}

/* Is this a part of the last row's field?  Else it is the next row that may have parts. */
static bool is_part(struct tree *tree, const char *name) {
  size_t n = tree->parent == NULL ? 0 : strlen(tree->parent);
  if (n > 0 && strncmp(name, tree->parent, n) == 0 && name[n] == '.') return true;
  tree->parent = name;
  return false;
}

static void put_row(struct tree *tree, const struct tap_ref *ref, const struct tap_layer *layer,
                    const struct tap_value *v) {
  struct tap_text *t = tree->t;
  const char *start;
  uint64_t offset;
  tap_text_put_char(t, '\n');
  start = t->at;
  if (offset_of(tree, ref, layer, v, &offset))
    put_right(t, offset, OFFSET_WIDTH);
  else
    put_spaces(t, OFFSET_WIDTH);
  put_spaces(t, is_part(tree, ref->field->name) ? 4 : 2);
  tap_text_put(t, ref->field->label);
  tap_text_put(t, ": ");
  put_value(t, ref->field, v);
  put_spaces(t, t->at - start < NAME_COLUMN - 1 ? (size_t)(NAME_COLUMN - (t->at - start)) : 2);
  tap_text_put(t, ref->field->name);
}

static void put_field(struct tree *tree, const struct tap_ref *ref, const struct tap_layer *layer) {
  struct tap_value v;
  if ((ref->field->flags & TAP_HIDDEN) != 0) return;
  for (unsigned nth = 0; nth < OCCURRENCES_MAX; nth++) {
    if (!tap_ref_read_layer(ref, tree->p, layer, nth, &v)) return;
    put_row(tree, ref, layer, &v);
  }
}

static void put_frame(struct tree *tree) {
  struct tap_ref ref;
  put_count(tree->t, "Frame, ", tap_frame_cap_len(tree->p->frame), " bytes");
  for (size_t i = 0; tap_registry_field(tree->r, i, &ref); i++)
    if (ref.protocol == TAP_ANY_PROTOCOL && (ref.field->flags & TAP_SHARED) == 0)
      put_field(tree, &ref, NULL);
}

static void put_layer(struct tree *tree, const struct tap_layer *layer) {
  const struct tap_protocol *protocol = tap_registry_at(tree->r, layer->protocol);
  const struct tap_field *field = protocol->fields;
  struct tap_ref ref;
  tap_text_put_char(tree->t, '\n');
  tap_text_put(tree->t, protocol->title);
  if (tap_layer_quoted(tree->p, layer)) tap_text_put(tree->t, ", quoted");
  if (tap_layer_lifted(tree->p, layer)) {
    tap_text_put(tree->t, ", lifted out of the bytes by the kernel");
  } else {
    put_count(tree->t, ", ", layer->header, " bytes");
    put_count(tree->t, " at ", layer->start, "");
  }
  for (; field != NULL && field->name != NULL; field++)
    if (tap_ref_init(&ref, field, layer->protocol, protocol->level)) put_field(tree, &ref, layer);
}

static void put_part(const struct tree *tree, const char *word, uint32_t from, uint32_t to) {
  if (from >= to) return;
  put_count(tree->t, word, to - from, " bytes");
  put_count(tree->t, " at ", from, "");
}

/* What no layer took: behind the last header, behind the packet, and behind the snapshot. */
static void put_rest(const struct tree *tree) {
  const struct tap_frame *frame = tree->p->frame;
  uint32_t payload = 0, end = frame->caplen;
  if (tree->p->count > 0) {
    const struct tap_layer *last = &tree->p->layer[tree->p->count - 1];
    payload = last->start + (tap_layer_lifted(tree->p, last) ? LIFTED_TYPE : last->header);
    end = last->end;
  }
  put_part(tree, "\nPayload, ", payload, end);
  put_part(tree, "\nPadding, ", end, frame->caplen);
  put_part(tree, "\nNot captured, ", frame->caplen, frame->len);
}

static void put_fault(const struct tree *tree) {
  char buffer[128];
  const char *fault = tap_packet_fault(tree->p, tree->r, buffer, sizeof buffer);
  if (fault == NULL) return;
  tap_text_put(tree->t, "\nFault: ");
  tap_text_put(tree->t, fault);
}

void tap_show_tree(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  struct tree tree = { t, r, p, NULL };
  put_frame(&tree);
  for (unsigned i = 0; i < p->count; i++)
    put_layer(&tree, &p->layer[i]);
  put_rest(&tree);
  put_fault(&tree);
}
