/* SPDX-License-Identifier: MIT
 *
 * Fuzzes every text that is made of a packet: the line, the tree, JSON, hex
 * dumps and columns, each in a buffer that holds it and in one that cuts it.
 * A cut text is the beginning of the whole one; a line has no line break; JSON
 * is valid UTF-8 between its braces.
 *
 * Input: the link type (two bytes), flags, then the frame.
 * Built with clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "proto/decode.h"
#include "proto/form.h"
#include "proto/show.h"
#include "spec/fuzz/frame.h"

/* A writer may take back the last few characters that it put. */
enum { ROOM = 1 << 22, CUT = 200, TAKEN_BACK = 8 };

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

static void put_columns(struct tap_text *t, const struct tap_registry *r,
                        const struct tap_packet *p) {
  struct tap_ref ref;
  for (size_t i = 0; tap_registry_field(r, i, &ref); i++) {
    struct tap_value v;
    if (i > 0) tap_text_put_char(t, '\t');
    if (tap_ref_read(&ref, p, &v)) tap_form_put(t, &ref, &v);
  }
}

static void put_hex(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  (void)r;
  tap_show_hex(t, p);
}

/* The bytes behind the link headers, in one form. */
static void put_bytes(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p,
                      enum tap_bytes form) {
  uint32_t start = tap_link_end(r, p);
  require(start <= p->frame->caplen, "link headers end behind the frame");
  tap_show_bytes(t, p, start, form);
}

static void put_pairs(struct tap_text *t, const struct tap_registry *r,
                      const struct tap_packet *p) {
  put_bytes(t, r, p, TAP_BYTES_HEX);
}

static void put_both(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  put_bytes(t, r, p, TAP_BYTES_BOTH);
}

static void put_characters(struct tap_text *t, const struct tap_registry *r,
                           const struct tap_packet *p) {
  put_bytes(t, r, p, TAP_BYTES_ASCII);
}

typedef void writer(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p);

/* Write the text into 'whole' and hold a cut one against it.  Returns its length. */
static size_t write_both(writer *write, const struct tap_packet *p, char *whole, size_t room) {
  const struct tap_registry *r = fuzz_registry();
  char *cut = malloc(CUT);
  struct tap_text t;
  size_t n;
  if (cut == NULL) abort();
  tap_text_begin(&t, whole, room);
  write(&t, r, p);
  n = (size_t)(t.at - whole);
  require(!t.cut && whole[n] == '\0', "a text is too long");
  tap_text_begin(&t, cut, CUT);
  write(&t, r, p);
  require(t.cut || n < CUT, "a text is cut and does not say so");
  require(!t.cut || n + TAKEN_BACK >= CUT, "a text fits and says that it is cut");
  require(memcmp(cut, whole, (size_t)(t.at - cut)) == 0, "a cut text is another one");
  free(cut);
  return n;
}

static void check_json(const char *text, size_t n) {
  bool valid;
  require(n >= 2 && text[0] == '{' && text[n - 1] == '}', "JSON without its braces");
  for (size_t i = 0; i < n; i += tap_utf8_step((const uint8_t *)text + i, n - i, &valid)) {
    tap_utf8_step((const uint8_t *)text + i, n - i, &valid);
    require(valid && (uint8_t)text[i] >= 0x20, "JSON has bytes that are none of its");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char text[ROOM];
  struct fuzz_frame f;
  struct tap_packet p;
  if (!fuzz_frame_make(&f, data, size)) return 0;
  tap_decode(fuzz_registry(), &f.frame, TAP_LEVEL_ALL, &p);
  p.number = 1;
  write_both(tap_show_line, &p, text, sizeof text);
  require(strchr(text, '\n') == NULL, "a line of two lines");
  write_both(tap_show_link, &p, text, sizeof text);
  require(strchr(text, '\n') == NULL, "a line with its link headers of two lines");
  write_both(tap_show_tree, &p, text, sizeof text);
  check_json(text, write_both(tap_show_json, &p, text, sizeof text));
  write_both(put_hex, &p, text, sizeof text);
  write_both(put_pairs, &p, text, sizeof text);
  write_both(put_both, &p, text, sizeof text);
  write_both(put_characters, &p, text, sizeof text);
  write_both(put_columns, &p, text, sizeof text);
  require(strchr(text, '\n') == NULL, "columns of two lines");
  fuzz_frame_free(&f);
  return 0;
}
