/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the readers of capture files: whatever bytes they get, whole or piece
 * by piece, frames lie in the window, the cursor never leaves it, and both
 * ways give the same frames and the same end.
 *
 * Built with clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/savefile.h"

enum { BATCH = 7, GONE = -2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reading came to: a sum over all that frames say, and their number. */
struct result {
  uint64_t sum, frames;
  int end;
};

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

static void add(struct result *r, const void *bytes, size_t n) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < n; i++)
    r->sum = (r->sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void add_frame(struct result *r, const struct tap_frame *f, const struct tap_cursor *all) {
  struct tap_remark remark;
  require(f->data >= all->at && f->caplen <= (size_t)(all->end - f->data), "a frame outside");
  add(r, f->data, f->caplen);
  add(r, &f->ts_ns, sizeof f->ts_ns);
  add(r, &f->len, sizeof f->len);
  add(r, &f->linktype, sizeof f->linktype);
  add(r, &f->interface, sizeof f->interface);
  if (f->about != NULL && f->about->interface != NULL)
    add(r, f->about->interface, strlen(f->about->interface));
  for (unsigned i = 0; tap_about_find(f->about, TAP_OPTION_COMMENT, i, &remark); i++)
    add(r, remark.value, remark.size);
  r->frames++;
}

/* Read what is in the window: GONE, or how it ended. */
static int read_window(struct tap_savefile *f, struct tap_cursor *c, bool *begun,
                       struct result *r) {
  const struct tap_cursor all = *c;
  struct tap_frame frames[BATCH];
  struct tap_err e;
  int n = *begun ? 1 : tap_savefile_begin(f, c, &e);
  *begun = n > 0;
  while (n > 0) {
    n = tap_savefile_batch(f, c, frames, BATCH, &e);
    require(c->at >= all.at && c->at <= all.end, "the cursor left the window");
    for (int i = 0; i < n; i++)
      add_frame(r, &frames[i], &all);
  }
  return n < 0 ? -1 : GONE;
}

/* Read in pieces of 'step' bytes, each window in memory of its own. */
static struct result read_all(const uint8_t *data, size_t size, size_t step) {
  struct result r = { .end = GONE };
  struct tap_savefile f = { .format = TAP_SAVEFILE_UNKNOWN };
  struct tap_cursor c = { data, data };
  struct tap_err e;
  size_t at = 0, have = 0;
  bool begun = false;
  while (r.end == GONE && have < size) {
    uint8_t *window;
    have = size - have < step ? size : have + step;
    window = malloc(have - at + 1);
    memcpy(window, data + at, have - at);
    c = (struct tap_cursor){ window, window + (have - at) };
    r.end = read_window(&f, &c, &begun, &r);
    at += (size_t)(c.at - window);
    c = (struct tap_cursor){ data + at, data + have };
    free(window);
  }
  if (r.end == GONE) r.end = tap_savefile_end(&f, &c, &e);
  tap_savefile_free(&f);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct result whole, pieces;
  if (size < 2) return 0;
  whole = read_all(data + 1, size - 1, size);
  pieces = read_all(data + 1, size - 1, (size_t)data[0] + 1);
  require(whole.sum == pieces.sum && whole.frames == pieces.frames && whole.end == pieces.end,
          "pieces are read otherwise than the whole");
  return 0;
}
