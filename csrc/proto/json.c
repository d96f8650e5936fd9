/* SPDX-License-Identifier: MIT
 *
 * p:json(): one flat object, its keys the names of fields (RFC 8259).  A
 * protocol that occurs in several layers is written once, at its outermost
 * one, so that no key comes twice.  Whether a key has an array does not depend
 * on the packet: a field that is made to repeat (a tag's, a label's) is an
 * array of all its values; of any other each value has a key of its own,
 * ip.src and in a tunnel ip.src#2, as scripts name them.
 */
#include <string.h>

#include "base/utf8.h"
#include "proto/show.h"

enum { OCCURRENCES_MAX = 256 };

struct json {
  struct tap_text *t;
  const struct tap_registry *r;
  const struct tap_packet *p;
  bool begun; /* a key was written: commas go between them */
};

static void put_escape(struct tap_text *t, uint8_t c) {
  switch (c) {
  case '"': tap_text_put(t, "\\\""); return;
  case '\\': tap_text_put(t, "\\\\"); return;
  case '\n': tap_text_put(t, "\\n"); return;
  case '\r': tap_text_put(t, "\\r"); return;
  case '\t': tap_text_put(t, "\\t"); return;
  default: tap_text_put(t, "\\u"); tap_text_put_hex(t, c, 4);
  }
}

/* Must it be escaped?  DEL need not, but it hides in a terminal. */
static bool special(uint8_t c) {
  return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
}

/* What is no UTF-8 becomes U+FFFD. */
static void put_string(struct tap_text *t, const uint8_t *p, size_t n) {
  bool valid;
  tap_text_put_char(t, '"');
  for (size_t i = 0, step; i < n && !t->cut; i += step) {
    step = tap_utf8_step(p + i, n - i, &valid);
    if (!valid)
      tap_text_put(t, "\xef\xbf\xbd");
    else if (special(p[i]))
      put_escape(t, p[i]);
    else
      tap_text_put_bytes(t, (const char *)(p + i), step);
  }
  tap_text_put_char(t, '"');
}

static void put_number(struct tap_text *t, const struct tap_value *v) {
  if (v->type == TAP_FLAG)
    tap_text_put(t, v->number != 0 ? "true" : "false");
  else if (tap_type_is_signed(v->type))
    tap_text_put_int(t, (int64_t)v->number);
  else
    tap_text_put_uint(t, v->number);
}

/* JSON has no infinity and nothing that is no number. */
static void put_float(struct tap_text *t, const struct tap_value *v) {
  double d = tap_value_double(v);
  if (d - d == 0)
    tap_value_put(t, NULL, v);
  else
    tap_text_put(t, "null");
}

static void put_value(struct tap_text *t, const struct tap_field *field,
                      const struct tap_value *v) {
  if (v->type == TAP_FLOAT) {
    put_float(t, v);
    return;
  }
  if (v->type == TAP_STRING) {
    put_string(t, v->bytes, v->size);
    return;
  }
  if (v->type != TAP_TIME && tap_type_is_number(v->type)) {
    put_number(t, v);
    return;
  }
  tap_text_put_char(t, '"');
  if (v->type == TAP_TIME)
    tap_text_put_rfc3339(t, (int64_t)v->number);
  else
    tap_value_put(t, field, v);
  tap_text_put_char(t, '"');
}

/* The key of occurrence 'n' of a field that is no array: as a script names it. */
static void put_key(struct json *j, const char *name, unsigned n) {
  tap_text_put(j->t, j->begun ? ",\"" : "\"");
  tap_text_put(j->t, name);
  if (n > 0) {
    tap_text_put_char(j->t, '#');
    tap_text_put_uint(j->t, n + 1);
  }
  tap_text_put(j->t, "\":");
  j->begun = true;
}

static bool is_array(const struct tap_field *field) {
  return (field->flags & TAP_REPEATS) != 0;
}

/* What stands before value 'n' of a field: its key, or a comma of the array. */
static void put_start(struct json *j, const struct tap_field *field, unsigned n) {
  if (n == 0 || !is_array(field)) put_key(j, field->name, n);
  if (is_array(field)) tap_text_put_char(j->t, n == 0 ? '[' : ',');
}

/* The values in one layer; 'n' came before them.  Returns how many there are now. */
static unsigned put_values(struct json *j, const struct tap_ref *ref, const struct tap_layer *layer,
                           unsigned n) {
  struct tap_value v;
  for (unsigned nth = 0; nth < OCCURRENCES_MAX; nth++) {
    if (!tap_ref_read_layer(ref, j->p, layer, nth, &v)) break;
    put_start(j, ref->field, n++);
    put_value(j->t, ref->field, &v);
  }
  return n;
}

/* All values over all layers; nothing where there is none. */
static void put_field(struct json *j, const struct tap_ref *ref) {
  unsigned n = 0;
  if ((ref->field->flags & TAP_HIDDEN) != 0) return;
  if (ref->protocol == TAP_ANY_PROTOCOL)
    n = put_values(j, ref, NULL, 0);
  else
    for (unsigned i = 0; i < j->p->count; i++)
      if (j->p->layer[i].protocol == ref->protocol) n = put_values(j, ref, &j->p->layer[i], n);
  if (n > 0 && is_array(ref->field)) tap_text_put_char(j->t, ']');
}

/* The time stands under short names too, since every reader of such lines wants it. */
static void put_time(struct json *j) {
  if ((j->p->frame->flags & TAP_FRAME_NO_TIME) != 0) return;
  put_key(j, "time_ns", 0);
  tap_text_put_int(j->t, j->p->frame->ts_ns);
  put_key(j, "time", 0);
  tap_text_put_char(j->t, '"');
  tap_text_put_rfc3339(j->t, j->p->frame->ts_ns);
  tap_text_put_char(j->t, '"');
}

/* Fields of the frame, and those that several protocols share. */
static void put_common(struct json *j) {
  struct tap_ref ref;
  for (size_t i = 0; tap_registry_field(j->r, i, &ref); i++)
    if (ref.protocol == TAP_ANY_PROTOCOL) put_field(j, &ref);
}

static void put_protocol(struct json *j, unsigned number) {
  const struct tap_protocol *protocol = tap_registry_at(j->r, number);
  const struct tap_field *field = protocol->fields;
  struct tap_ref ref;
  for (; field != NULL && field->name != NULL; field++)
    if ((field->flags & TAP_SHARED) == 0 && tap_ref_init(&ref, field, number, protocol->level))
      put_field(j, &ref);
}

static void put_fault(struct json *j) {
  char buffer[128];
  const char *fault = tap_packet_fault(j->p, j->r, buffer, sizeof buffer);
  if (fault == NULL) return;
  put_key(j, "fault", 0);
  put_string(j->t, (const uint8_t *)fault, strlen(fault));
}

void tap_show_json(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  struct json j = { t, r, p, false };
  tap_text_put_char(t, '{');
  put_time(&j);
  put_common(&j);
  for (unsigned i = 0; i < p->count; i++)
    if (tap_packet_layer(p, p->layer[i].protocol, 0) == &p->layer[i])
      put_protocol(&j, p->layer[i].protocol);
  put_fault(&j);
  tap_text_put_char(t, '}');
}
