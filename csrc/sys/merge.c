/* SPDX-License-Identifier: MIT
 *
 * Merging by time.  Each file has a batch of frames at hand; the earliest of
 * their first ones is next, in a run up to the time at which another file's
 * turn comes.  A batch is given back only when all its frames were handed out
 * and released, so they borrow their bytes as those of one file do.  Packets
 * without a time come at once.  A file that fails is left out from there on,
 * and the merged source fails when all others are read.
 */
#include "sys/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/offline.h"

enum { BATCH = 64 };

struct stream {
  struct tap_source *source;
  const char *path;
  bool ended;
  unsigned at, count; /* the batch: frames from 'at' on were not handed out */
  struct tap_frame frames[BATCH];
};

struct merge {
  struct tap_source source; /* first: the verbs are handed a pointer to it */
  struct stream *idle;      /* waits for more; its descriptor is in 'source.fd'; NULL: none does */
  bool failed;
  struct tap_err error; /* of the first file that failed */
  size_t count;
  struct stream streams[];
};

static struct merge *self(struct tap_source *s) {
  return (struct merge *)s;
}

/* What went wrong with one file. */
static void name_file(struct tap_err *e, const char *path) {
  struct tap_err inner = *e;
  tap_fail(e, inner.sys, "read %.100s: %.140s", path, inner.what);
}

/* Let the descriptor that is polled wake for what is waited for, and for nothing else. */
static int set_idle(struct merge *m, struct stream *idle, struct tap_err *e) {
  struct epoll_event event = { .events = EPOLLIN };
  if (m->idle == idle) return 0;
  if (m->idle != NULL) epoll_ctl(m->source.fd, EPOLL_CTL_DEL, m->idle->source->fd, NULL);
  m->idle = idle;
  if (idle == NULL || epoll_ctl(m->source.fd, EPOLL_CTL_ADD, idle->source->fd, &event) == 0)
    return 0;
  return tap_fail(e, errno, "wait");
}

/* Have a batch at hand, if there is one: 1, or 0 when the file is idle. */
static int fill(struct merge *m, struct stream *s) {
  struct tap_err e;
  int n;
  if (s->ended || s->at < s->count) return 1;
  if (s->count > 0) s->source->ops->release(s->source);
  s->at = s->count = 0;
  n = s->source->ops->next(s->source, s->frames, BATCH, &e);
  if (n == TAP_IDLE) return 0;
  if (n > 0) s->count = (unsigned)n;
  s->ended = n < 0;
  if (n != TAP_FAILED || m->failed) return 1;
  name_file(&e, s->path);
  m->error = e;
  m->failed = true;
  return 1;
}

static int64_t turn(const struct stream *s) {
  const struct tap_frame *f = &s->frames[s->at];
  return f->flags & TAP_FRAME_NO_TIME ? INT64_MIN : f->ts_ns;
}

/* The file whose turn it is, NULL when all are read, and when the next one's turn comes.  Of equal
 * times the first file has its turn. */
static struct stream *choose(struct merge *m, int64_t *until, bool *inclusive) {
  struct stream *best = NULL;
  *until = INT64_MAX;
  *inclusive = true;
  for (struct stream *s = m->streams; s < m->streams + m->count; s++) {
    if (s->ended) continue;
    if (best == NULL || turn(s) < turn(best)) {
      if (best != NULL) *until = turn(best), *inclusive = false;
      best = s;
    } else if (turn(s) < *until) {
      *until = turn(s);
      *inclusive = true;
    }
  }
  return best;
}

/* Hand out one file's frames until another's turn comes. */
static unsigned take_run(struct stream *s, int64_t until, bool inclusive, struct tap_frame *out,
                         unsigned max) {
  unsigned n = 0;
  while (n < max && s->at < s->count && (turn(s) < until || (inclusive && turn(s) == until)))
    out[n++] = s->frames[s->at++];
  return n;
}

static int fail_at_end(const struct merge *m, struct tap_err *e) {
  if (m->failed) *e = m->error;
  return m->failed ? TAP_FAILED : TAP_END;
}

/* A file of which a batch is needed before any turn can be told. */
static struct stream *fill_all(struct merge *m) {
  for (struct stream *s = m->streams; s < m->streams + m->count; s++)
    if (fill(m, s) == 0) return s;
  return NULL;
}

static int source_next(struct tap_source *source, struct tap_frame *out, unsigned max,
                       struct tap_err *e) {
  struct merge *m = self(source);
  struct stream *s;
  unsigned n = 0;
  int64_t until;
  bool inclusive;
  if (set_idle(m, fill_all(m), e) != 0) return TAP_FAILED;
  if (m->idle != NULL) return TAP_IDLE;
  do {
    s = choose(m, &until, &inclusive);
    if (s == NULL) return fail_at_end(m, e);
    n += take_run(s, until, inclusive, out + n, max - n);
  } while (n < max && s->at < s->count);
  return (int)n;
}

static void source_release(struct tap_source *s) {
  (void)s;
}

static int source_wait(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e) {
  const struct merge *m = self(s);
  if (m->idle == NULL) return 0;
  return m->idle->source->ops->wait(m->idle->source, timeout_ms, wake_fd, e);
}

static int source_start(struct tap_source *source, struct tap_err *e) {
  struct merge *m = self(source);
  m->failed = false;
  if (set_idle(m, NULL, e) != 0) return -1;
  for (struct stream *s = m->streams; s < m->streams + m->count; s++) {
    s->at = s->count = 0;
    s->ended = false;
    if (s->source->ops->start(s->source, e) == 0) continue;
    name_file(e, s->path);
    return -1;
  }
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

static void source_close(struct tap_source *source) {
  struct merge *m = self(source);
  for (struct stream *s = m->streams; s < m->streams + m->count; s++)
    if (s->source != NULL) s->source->ops->close(s->source);
  if (source->fd >= 0) close(source->fd);
  free(m);
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

static int open_stream(struct merge *m, struct stream *s, const char *path, struct tap_err *e) {
  s->path = path;
  s->source = tap_offline_open_named(path, e);
  if (s->source == NULL) {
    name_file(e, path);
    return -1;
  }
  if (s == m->streams) m->source.linktype = s->source->linktype;
  if (m->source.linktype != s->source->linktype) m->source.linktype = TAP_LINKTYPE_NONE;
  if (s->source->fd < 0 || m->source.fd >= 0) return 0;
  m->source.fd = epoll_create1(EPOLL_CLOEXEC);
  return m->source.fd < 0 ? tap_fail(e, errno, "wait") : 0;
}

struct tap_source *tap_merge_open(const char *const *paths, size_t count, struct tap_err *e) {
  struct merge *m = calloc(1, sizeof *m + count * sizeof m->streams[0]);
  if (m == NULL) {
    tap_fail(e, ENOMEM, "open");
    return NULL;
  }
  m->source = (struct tap_source){ .ops = &ops, .kind = "files", .fd = -1 };
  m->count = count;
  for (size_t i = 0; i < count; i++)
    if (open_stream(m, &m->streams[i], paths[i], e) != 0) {
      source_close(&m->source);
      return NULL;
    }
  return &m->source;
}
