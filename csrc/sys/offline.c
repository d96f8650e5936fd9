/* SPDX-License-Identifier: MIT
 *
 * A capture file as a source.  It owns the descriptor and one buffer, into
 * which the file is read in large blocks; frames point into it.  The record
 * that a block ends in moves to the buffer's front before the next read.
 * Invariant: 'window' is what was read and not handed out, and lies in the
 * buffer, or in the caller's bytes for a source of kind "data".  The buffer
 * grows for a record alone that is longer than it, up to what pcap/ allows.
 * Regular files are always ready; everything else may be slow, and after the
 * header it is read only when poll(2) says that something is there.
 */
#include "sys/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap/pcap.h"
#include "sys/descriptor.h"

enum { BLOCK = 256 << 10 };

struct offline {
  struct tap_source source; /* first: the verbs are handed a pointer to it */
  struct tap_pcap pcap;
  struct tap_cursor window;
  struct tap_cursor data; /* kind "data": all records */
  uint8_t *buffer;
  size_t room;      /* bytes of 'buffer' */
  off_t first;      /* regular file: where the first record lies */
  uint64_t records; /* handed out since the start */
  int fd;           /* -1: data */
  bool standard_input;
  bool ended; /* nothing is left to read behind the window */
};

static struct offline *self(struct tap_source *s) {
  return (struct offline *)s;
}

static void set_window(struct offline *o, size_t bytes) {
  o->window = (struct tap_cursor){ o->buffer, o->buffer + bytes };
}

/* The buffer is full and holds no whole record. */
static int grow(struct offline *o, struct tap_err *e) {
  size_t bound = (size_t)o->pcap.caplen_max + TAP_PCAP_RECORD;
  size_t room = o->room * 2 < bound ? o->room * 2 : bound;
  uint8_t *buffer = realloc(o->buffer, room);
  if (buffer == NULL) return tap_fail(e, ENOMEM, "read record %" PRIu64, o->records + 1);
  o->buffer = buffer;
  set_window(o, o->room);
  o->room = room;
  return 0;
}

/* Move what is left to the front, so that the buffer has room behind it. */
static int make_room(struct offline *o, struct tap_err *e) {
  size_t left = tap_left(&o->window);
  if (left == o->room) return grow(o, e);
  memmove(o->buffer, o->window.at, left);
  set_window(o, left);
  return 0;
}

/* What one read(2) gives is put behind the window.  As read(2). */
static ssize_t read_some(struct offline *o) {
  size_t left = tap_left(&o->window);
  ssize_t n = read(o->fd, o->buffer + left, o->room - left);
  if (n > 0) set_window(o, left + (size_t)n);
  if (n == 0) o->ended = true;
  return n;
}

static bool is_ready(const struct offline *o) {
  struct pollfd p = { .fd = o->source.fd, .events = POLLIN };
  return p.fd < 0 || poll(&p, 1, 0) > 0;
}

/* 1: read more, or found the end; else TAP_IDLE or TAP_FAILED. */
static int refill(struct offline *o, struct tap_err *e) {
  if (make_room(o, e) != 0) return TAP_FAILED;
  if (!is_ready(o)) return TAP_IDLE;
  if (read_some(o) >= 0) return 1;
  if (errno == EINTR || errno == EAGAIN) return TAP_IDLE;
  tap_fail(e, errno, "read");
  return TAP_FAILED;
}

static int end_of_records(const struct offline *o, struct tap_err *e) {
  if (tap_left(&o->window) == 0) return TAP_END;
  tap_fail(e, 0, "read record %" PRIu64 ": the file ends inside it", o->records + 1);
  return TAP_FAILED;
}

static int source_next(struct tap_source *s, struct tap_frame *out, unsigned max,
                       struct tap_err *e) {
  struct offline *o = self(s);
  for (;;) {
    int n = tap_pcap_batch(&o->pcap, &o->window, o->records + 1, out, max, e);
    if (n < 0) return TAP_FAILED;
    if (n > 0) {
      o->records += (unsigned)n;
      return n;
    }
    if (o->ended) return end_of_records(o, e);
    n = refill(o, e);
    if (n <= 0) return n;
  }
}

static void source_release(struct tap_source *s) {
  (void)s;
}

static int source_wait(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e) {
  struct pollfd fds[] = { { .fd = s->fd, .events = POLLIN }, { .fd = wake_fd, .events = POLLIN } };
  if (s->fd < 0) return 0;
  if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR) return tap_fail(e, errno, "wait");
  return 0;
}

static int rewind_file(struct offline *o, struct tap_err *e) {
  if (o->records == 0 && !o->ended) return 0; /* it stands there, with a block read already */
  if (lseek(o->fd, o->first, SEEK_SET) < 0) return tap_fail(e, errno, "start again");
  set_window(o, 0);
  o->ended = false;
  return 0;
}

static int begin_again(struct offline *o, struct tap_err *e) {
  if (o->source.fd < 0) return rewind_file(o, e);
  if (o->records == 0) return 0;
  return tap_fail(e, 0, "start again: %s was read already",
                  o->standard_input ? "standard input" : "the pipe");
}

static int source_start(struct tap_source *s, struct tap_err *e) {
  struct offline *o = self(s);
  if (o->fd < 0)
    o->window = o->data;
  else if (begin_again(o, e) != 0)
    return -1;
  o->records = 0;
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
  struct offline *o = self(s);
  if (o->fd >= 0) close(o->fd);
  free(o->buffer);
  free(o);
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

/* Take over 'fd', whose kind fstat(2) tells. */
static int adopt(struct offline *o, int fd, struct tap_err *e) {
  struct stat st;
  o->fd = fd;
  if (fstat(fd, &st) != 0) return tap_fail(e, errno, "read");
  if (S_ISDIR(st.st_mode)) return tap_fail(e, EISDIR, "read");
  o->source.kind = S_ISREG(st.st_mode) ? "file" : "pipe";
  o->source.fd = S_ISREG(st.st_mode) ? -1 : fd;
  if (S_ISREG(st.st_mode)) {
    o->first = lseek(fd, 0, SEEK_CUR) + TAP_PCAP_HEADER;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  o->buffer = malloc(BLOCK);
  if (o->buffer == NULL) return tap_fail(e, ENOMEM, "read");
  o->room = BLOCK;
  set_window(o, 0);
  return 0;
}

/* Read until the header is there or the file ends.  This may sleep: there is nobody yet whom a
 * pipe without data could be idle for. */
static int fetch_header(struct offline *o, struct tap_err *e) {
  struct pollfd p = { .fd = o->fd, .events = POLLIN };
  while (!o->ended && tap_left(&o->window) < TAP_PCAP_HEADER) {
    if (read_some(o) >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return tap_fail(e, errno, "read");
    poll(&p, 1, -1);
  }
  return 0;
}

static struct offline *new_source(struct tap_err *e) {
  struct offline *o = calloc(1, sizeof *o);
  if (o == NULL) {
    tap_fail(e, ENOMEM, "open");
    return NULL;
  }
  o->source.ops = &ops;
  o->source.fd = -1;
  o->source.netmask = UINT32_MAX;
  o->fd = -1;
  return o;
}

static int begin(struct offline *o, struct tap_err *e) {
  if (tap_pcap_begin(&o->pcap, &o->window, e) != 0) return -1;
  o->source.linktype = o->pcap.linktype;
  o->source.snaplen = o->pcap.snaplen;
  o->source.swapped = o->pcap.swapped;
  return 0;
}

static struct tap_source *open_descriptor(int fd, bool standard_input, struct tap_err *e) {
  struct offline *o = new_source(e);
  if (o == NULL) {
    close(fd);
    return NULL;
  }
  o->standard_input = standard_input;
  if (adopt(o, fd, e) == 0 && fetch_header(o, e) == 0 && begin(o, e) == 0) return &o->source;
  source_close(&o->source);
  return NULL;
}

struct tap_source *tap_offline_open_fd(int fd, struct tap_err *e) {
  return open_descriptor(fd, false, e);
}

struct tap_source *tap_offline_open(const char *path, struct tap_err *e) {
  bool standard_input = strcmp(path, "-") == 0;
  int fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                          : tap_descriptor_lift(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd >= 0) return open_descriptor(fd, standard_input, e);
  tap_fail(e, errno, "open");
  return NULL;
}

struct tap_source *tap_offline_open_data(const uint8_t *data, size_t size, struct tap_err *e) {
  struct offline *o = new_source(e);
  if (o == NULL) return NULL;
  o->source.kind = "data";
  o->window = (struct tap_cursor){ data, data + size };
  o->ended = true;
  if (begin(o, e) == 0) {
    o->data = o->window;
    return &o->source;
  }
  source_close(&o->source);
  return NULL;
}
