/* SPDX-License-Identifier: MIT
 *
 * The captured bytes as text, without a newline at the end.  Rows of sixteen:
 * offset, bytes in pairs and, where they are wanted, the characters that they
 * are in ASCII; or characters alone.  Both are laid out as tcpdump does it.
 */
#include <string.h>

#include "base/cursor.h"
#include "proto/protocol.h"
#include "proto/show.h"

enum { ROW = 16, PAIRS = 2 * ROW + ROW / 2, ROW_TEXT = PAIRS + 2 + ROW };

static char digit(unsigned n) {
  return (char)(n < 10 ? '0' + n : 'a' + n - 10);
}

/* " 4500 0054 ...  E..T...": pairs, and characters behind what a full row of them takes. */
static void put_row(struct tap_text *t, const uint8_t *row, size_t n, bool characters) {
  char text[ROW_TEXT], *at = text, *character = text + PAIRS + 2;
  memset(text, ' ', sizeof text);
  for (size_t i = 0; i < n; i++) {
    if (i % 2 == 0) at++;
    *at++ = digit(row[i] >> 4);
    *at++ = digit(row[i] & 15u);
    *character++ = row[i] > 0x20 && row[i] < 0x7f ? (char)row[i] : '.';
  }
  tap_text_put_bytes(t, text, (size_t)((characters ? character : at) - text));
}

static void put_rows(struct tap_text *t, struct tap_cursor c, const char *indent, bool characters) {
  for (uint64_t offset = 0; tap_left(&c) > 0 && !t->cut; offset += ROW) {
    size_t n = tap_left(&c) < ROW ? tap_left(&c) : ROW;
    if (offset > 0) tap_text_put_char(t, '\n');
    tap_text_put(t, indent);
    tap_text_put(t, "0x");
    tap_text_put_hex(t, offset, 4);
    tap_text_put(t, ": ");
    put_row(t, tap_take(&c, n), n, characters);
  }
}

/* White space stays as it is, but for the return at the end of a line; what cannot be printed
 * becomes a dot. */
static void put_characters(struct tap_text *t, struct tap_cursor c) {
  while (tap_left(&c) > 0 && !t->cut) {
    char b = (char)*tap_take(&c, 1);
    bool stays = (b >= ' ' && b <= '~') || b == '\t' || b == '\n';
    if (b == '\r' && (tap_left(&c) == 0 || *c.at == '\n')) continue;
    tap_text_put_char(t, stays ? b : '.');
  }
}

void tap_show_hex(struct tap_text *t, const struct tap_packet *p) {
  put_rows(t, (struct tap_cursor){ p->frame->data, p->frame->data + p->frame->caplen }, "", true);
}

void tap_show_bytes(struct tap_text *t, const struct tap_packet *p, uint32_t start,
                    enum tap_bytes form) {
  struct tap_cursor c = { p->frame->data, p->frame->data + p->frame->caplen };
  if (tap_take(&c, start) == NULL) return;
  if (form == TAP_BYTES_ASCII)
    put_characters(t, c);
  else
    put_rows(t, c, "\t", form == TAP_BYTES_BOTH);
}

uint32_t tap_link_end(const struct tap_registry *r, const struct tap_packet *p) {
  uint32_t end = 0;
  for (const struct tap_layer *layer = p->layer; layer < p->layer + p->count; layer++) {
    if (tap_registry_at(r, layer->protocol)->level != TAP_LEVEL_LINK) return layer->start;
    if (layer->start + layer->header > end) end = layer->start + layer->header;
  }
  return end;
}
