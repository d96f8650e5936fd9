/* SPDX-License-Identifier: MIT
 *
 * Packets that a program holds in memory, as a source.  It owns the array of
 * frames and borrows their bytes.  Every start begins with the first one.
 */
#include "sys/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct memory {
  struct tap_source source; /* first: the verbs are handed a pointer to it */
  size_t count, at;         /* at <= count */
  struct tap_frame frames[];
};

static int source_start(struct tap_source *s, struct tap_err *e) {
  struct memory *m = (struct memory *)s;
  (void)e;
  m->at = 0;
  return 0;
}

static int source_next(struct tap_source *s, struct tap_frame *out, unsigned max,
                       struct tap_err *e) {
  struct memory *m = (struct memory *)s;
  size_t n = m->count - m->at;
  (void)e;
  if (n == 0) return TAP_END;
  if (n > max) n = max;
  memcpy(out, m->frames + m->at, n * sizeof *out);
  m->at += n;
  return (int)n;
}

static void source_release(struct tap_source *s) {
  (void)s;
}

static int source_wait(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e) {
  (void)s, (void)timeout_ms, (void)wake_fd, (void)e;
  return 0;
}

static int source_stop(struct tap_source *s, struct tap_err *e) {
  (void)s, (void)e;
  return 0;
}

static void source_counts(struct tap_source *s, struct tap_counts *out) {
  (void)s;
  *out = (struct tap_counts){ 0 };
}

static void source_close(struct tap_source *s) {
  free(s);
}

static const struct tap_source_ops ops = {
  .start = source_start,
  .next = source_next,
  .release = source_release,
  .wait = source_wait,
  .stop = source_stop,
  .counts = source_counts,
  .close = source_close,
};

static uint16_t common_linktype(const struct tap_frame *frames, size_t count) {
  uint16_t linktype = count > 0 ? frames[0].linktype : TAP_LINKTYPE_NONE;
  for (size_t i = 1; i < count; i++)
    if (frames[i].linktype != linktype) return TAP_LINKTYPE_NONE;
  return linktype;
}

struct tap_source *tap_memory_open(const struct tap_frame *frames, size_t count,
                                   struct tap_err *e) {
  struct memory *m = NULL;
  if (count <= (SIZE_MAX - sizeof *m) / sizeof *frames)
    m = malloc(sizeof *m + count * sizeof *frames);
  if (m == NULL) {
    tap_fail(e, ENOMEM, "hold packets");
    return NULL;
  }
  m->source = (struct tap_source){
    .ops = &ops,
    .kind = "packets",
    .fd = -1,
    .linktype = common_linktype(frames, count),
    .netmask = UINT32_MAX,
  };
  m->count = count;
  m->at = 0;
  if (count > 0) memcpy(m->frames, frames, count * sizeof *frames);
  return &m->source;
}
