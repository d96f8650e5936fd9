/* SPDX-License-Identifier: MIT
 *
 * p:hex(): the captured bytes, sixteen a row: offset, bytes in pairs, and the
 * characters that they are in ASCII, as tcpdump -XX shows them.  No newline at
 * the end.
 */
#include <string.h>

#include "base/cursor.h"
#include "proto/show.h"

enum { ROW = 16, PAIRS = 2 * ROW + ROW / 2, ROW_TEXT = PAIRS + 2 + ROW };

static char digit(unsigned n) {
  return (char)(n < 10 ? '0' + n : 'a' + n - 10);
}

/* " 4500 0054 ...  E..T...": pairs, as wide as in a full row, and characters. */
static void put_row(struct tap_text *t, const uint8_t *row, size_t n) {
  char text[ROW_TEXT], *at = text, *characters = text + PAIRS + 2;
  memset(text, ' ', sizeof text);
  for (size_t i = 0; i < n; i++) {
    if (i % 2 == 0) at++;
    *at++ = digit(row[i] >> 4);
    *at++ = digit(row[i] & 15u);
    *characters++ = row[i] > 0x20 && row[i] < 0x7f ? (char)row[i] : '.';
  }
  tap_text_put_bytes(t, text, (size_t)(characters - text));
}

void tap_show_hex(struct tap_text *t, const struct tap_packet *p) {
  struct tap_cursor c = { p->frame->data, p->frame->data + p->frame->caplen };
  for (uint64_t offset = 0; tap_left(&c) > 0 && !t->cut; offset += ROW) {
    size_t n = tap_left(&c) < ROW ? tap_left(&c) : ROW;
    if (offset > 0) tap_text_put_char(t, '\n');
    tap_text_put(t, "0x");
    tap_text_put_hex(t, offset, 4);
    tap_text_put_char(t, ':');
    tap_text_put_char(t, ' ');
    put_row(t, tap_take(&c, n), n);
  }
}
