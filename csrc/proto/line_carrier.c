/* SPDX-License-Identifier: MIT
 *
 * Words about the links beside Ethernet.  Like Ethernet's header, theirs keep
 * silent while a decoded protocol follows; PPPoE always says which session it
 * is, as tcpdump does.
 */
#include "proto/builtin.h"
#include "proto/line.h"

enum { PPPOE_HEADER = 6, PPPOE_SESSION = 2, TAG_HEADER = 4, HEX_MAX = 80 };

/* Is this the end of what is known, with nothing wrong? */
static bool is_end(const struct tap_line *l) {
  return tap_line_last(l) && l->p->fault == TAP_PAYLOAD;
}

void tap_line_link(struct tap_line *l, const struct tap_layer *layer) {
  if (!is_end(l)) return;
  tap_text_put(l->t, tap_registry_at(l->r, layer->protocol)->title);
  tap_line_put_length(l, tap_frame_wire_len(l->p->frame));
}

static void put_unknown_ppp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (!tap_line_read(l, layer, "ppp.protocol", &v)) return;
  tap_text_put(l->t, "PPP, ");
  tap_line_put_named(l, "ppp.protocol", v.number, 4);
  tap_line_put_length(l, tap_line_length(l, layer->start + layer->header));
}

void tap_line_ppp(struct tap_line *l, const struct tap_layer *layer) {
  if (is_end(l)) put_unknown_ppp(l, layer);
}

/* "PPPoE PADS [ses 0x1]"; a session's packets say neither code nor that there is none. */
static const uint8_t *put_pppoe(struct tap_line *l, const struct tap_layer *layer,
                                struct tap_cursor *c) {
  const uint8_t *h = tap_take(c, PPPOE_HEADER);
  const char *name;
  tap_text_put(l->t, "PPPoE ");
  if (h == NULL) {
    tap_line_cut(l, "pppoe");
    return NULL;
  }
  name = tap_line_name(l, "pppoe.code", h[1]);
  if (layer->protocol == TAP_PROTO_PPPOED) tap_text_put(l->t, name == NULL ? "PAD-?" : name);
  if (tap_be16(h + PPPOE_SESSION) == 0) return h;
  tap_text_put(l->t, " [ses 0x");
  tap_text_put_hex(l->t, tap_be16(h + PPPOE_SESSION), 1);
  tap_text_put_char(l->t, ']');
  return h;
}

void tap_line_pppoes(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = put_pppoe(l, layer, &c);
  uint32_t end = layer->start + PPPOE_HEADER;
  if (h == NULL) return;
  tap_text_put_char(l->t, ' ');
  end += tap_be16(h + PPPOE_HEADER - 2);
  if (end < l->end) l->end = end;
}

/* Is more of it text than not? */
static bool is_text(const uint8_t *p, size_t n) {
  size_t text = 0;
  for (size_t i = 0; i < n; i++)
    text += p[i] >= 0x20 && p[i] < 0x7f;
  return text > n - text;
}

static void put_tag_value(struct tap_line *l, const uint8_t *p, size_t n) {
  static const char digits[] = "0123456789ABCDEF";
  if (is_text(p, n)) {
    tap_text_put(l->t, " \"");
    tap_text_put_escaped(l->t, p, n);
    tap_text_put_char(l->t, '"');
    return;
  }
  tap_text_put(l->t, " 0x");
  for (size_t i = 0; i < n && i < HEX_MAX; i++) {
    tap_text_put_char(l->t, digits[p[i] >> 4]);
    tap_text_put_char(l->t, digits[p[i] & 15]);
  }
}

void tap_line_pppoed(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *tag, *value;
  const char *name;
  if (put_pppoe(l, layer, &c) == NULL) return;
  while ((tag = tap_take(&c, TAG_HEADER)) != NULL && tap_be16(tag) != 0) {
    value = tap_take(&c, tap_be16(tag + 2));
    if (value == NULL) return;
    name = tap_line_name(l, "pppoed.tag", tap_be16(tag));
    tap_text_put(l->t, " [");
    tap_text_put(l->t, name == NULL ? "TAG-?" : name);
    if (tap_be16(tag + 2) > 0) put_tag_value(l, value, tap_be16(tag + 2));
    tap_text_put_char(l->t, ']');
  }
}
