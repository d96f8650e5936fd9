/* SPDX-License-Identifier: MIT
 *
 * A capture file as a source.  It owns its input and one buffer, into which
 * the input is read in large blocks; frames point into it.  The record that a
 * block ends in moves to the buffer's front before the next read.  Invariant:
 * 'window' is what was read and not handed out, and lies in the buffer, or in
 * the caller's bytes for a source of kind "data".  The buffer grows for a
 * record alone that is longer than it, up to what pcap/ allows.
 */
#include "sys/offline.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/savefile.h"
#include "sys/input.h"

enum { BLOCK = 256 << 10 };

struct offline {
  struct tap_source source; /* first: the verbs are handed a pointer to it */
  struct tap_savefile savefile;
  struct tap_cursor window;
  struct tap_cursor data; /* kind "data": the whole file */
  struct tap_input input; /* none: data */
  uint8_t *buffer;        /* NULL: data */
  size_t room;            /* bytes of 'buffer' */
  bool fresh;             /* nothing was handed out since it was opened */
  bool ended;             /* nothing is left to read behind the window */
  bool reading;           /* its header was read */
};

static struct offline *self(struct tap_source *s) {
  return (struct offline *)s;
}

static void set_window(struct offline *o, size_t bytes) {
  o->window = (struct tap_cursor){ o->buffer, o->buffer + bytes };
}

/* The buffer is full and holds no whole record. */
static int grow(struct offline *o, struct tap_err *e) {
  size_t bound = tap_savefile_bound(&o->savefile);
  size_t room = o->room * 2 < bound ? o->room * 2 : bound;
  uint8_t *buffer = realloc(o->buffer, room);
  if (buffer == NULL) return tap_fail(e, ENOMEM, "read");
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

/* Put what one read gives behind the window: 1, or found the end; else TAP_IDLE or TAP_FAILED. */
static int refill(struct offline *o, bool sleeping, struct tap_err *e) {
  if (make_room(o, e) != 0) return TAP_FAILED;
  const size_t left = tap_left(&o->window);
  const ssize_t n = tap_input_read(&o->input, o->buffer + left, o->room - left, sleeping, e);
  if (n == TAP_INPUT_FAILED) return TAP_FAILED;
  if (n == TAP_INPUT_IDLE) return TAP_IDLE;
  set_window(o, left + (size_t)n);
  o->ended = n == TAP_INPUT_END;
  return 1;
}

/* Read on until the header is there: 1, or TAP_IDLE, TAP_FAILED. */
static int read_header(struct offline *o, bool sleeping, struct tap_err *e) {
  for (;;) {
    int n = tap_savefile_begin(&o->savefile, &o->window, e);
    if (n < 0) return TAP_FAILED;
    if (n > 0) break;
    if (o->ended && tap_savefile_end(&o->savefile, &o->window, e) != 0) return TAP_FAILED;
    if (o->ended) break;
    n = refill(o, sleeping, e);
    if (n == TAP_FAILED || (n == TAP_IDLE && !sleeping)) return n;
  }
  o->reading = true;
  return 1;
}

static int next_batch(struct offline *o, struct tap_frame *out, unsigned max, struct tap_err *e) {
  int n = tap_savefile_batch(&o->savefile, &o->window, out, max, e);
  if (n < 0) return TAP_FAILED;
  if (n > 0 || !o->ended) return n;
  return tap_savefile_end(&o->savefile, &o->window, e) == 0 ? TAP_END : TAP_FAILED;
}

static int source_next(struct tap_source *s, struct tap_frame *out, unsigned max,
                       struct tap_err *e) {
  struct offline *o = self(s);
  int n = o->reading ? 1 : read_header(o, false, e);
  o->fresh = false;
  while (n > 0) {
    n = next_batch(o, out, max, e);
    if (n != 0) break;
    n = refill(o, false, e);
  }
  if (o->savefile.format == TAP_SAVEFILE_PCAPNG) s->linktype = tap_savefile_linktype(&o->savefile);
  return n;
}

static void source_release(struct tap_source *s) {
  (void)s;
}

/* A file may be changed without a message where it lies on another machine: look now and then. */
static int source_wait(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e) {
  enum { LOOK_MS = 1000 };
  struct pollfd fds[] = { { .fd = s->fd, .events = POLLIN }, { .fd = wake_fd, .events = POLLIN } };
  if (s->fd < 0) return 0;
  if (self(s)->input.watch >= 0 && (timeout_ms < 0 || timeout_ms > LOOK_MS)) timeout_ms = LOOK_MS;
  if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR) return tap_fail(e, errno, "wait");
  return 0;
}

static int source_start(struct tap_source *s, struct tap_err *e) {
  struct offline *o = self(s);
  if (o->fresh) return 0; /* it stands there, with a block read already */
  if (o->buffer != NULL && tap_input_rewind(&o->input, e) != 0) return -1;
  s->fd = tap_input_poll_fd(&o->input);
  tap_savefile_free(&o->savefile);
  if (o->buffer != NULL)
    set_window(o, 0);
  else
    o->window = o->data;
  o->ended = o->buffer == NULL;
  o->reading = false;
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
  tap_savefile_free(&o->savefile);
  tap_input_close(&o->input);
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

/* Enough to see what it is; a compressed file begins anew, unpacked.  This may sleep: there is
 * nobody yet whom a pipe without data could be idle for. */
static int look_inside(struct offline *o, struct tap_err *e) {
  o->room = TAP_INPUT_HEAD;
  while (!o->ended && tap_left(&o->window) < TAP_PACKING_MAGIC)
    if (refill(o, true, e) == TAP_FAILED) return -1;
  switch (tap_input_unpack(&o->input, o->window.at, tap_left(&o->window), e)) {
  case 0: break;
  case 1:
    set_window(o, 0);
    o->ended = false;
    break;
  default: return -1;
  }
  o->room = BLOCK;
  return 0;
}

/* Read the header, and what stands before the first packet as far as it is here. */
static int begin(struct offline *o, struct tap_err *e) {
  if (read_header(o, true, e) < 0) return -1;
  if (o->savefile.format == TAP_SAVEFILE_PCAPNG)
    if (tap_savefile_batch(&o->savefile, &o->window, NULL, 0, e) < 0) return -1;
  o->source.linktype = tap_savefile_linktype(&o->savefile);
  o->source.snaplen = tap_savefile_snaplen(&o->savefile);
  o->source.swapped = tap_savefile_swapped(&o->savefile);
  o->fresh = true;
  return 0;
}

static struct offline *new_source(const char *kind, struct tap_err *e) {
  struct offline *o = calloc(1, sizeof *o);
  if (o == NULL) {
    tap_fail(e, ENOMEM, "open");
    return NULL;
  }
  o->source.ops = &ops;
  o->source.kind = kind;
  o->source.fd = -1;
  o->source.netmask = UINT32_MAX;
  o->input.fd = o->input.file = o->input.watch = -1;
  return o;
}

static int open_input(struct offline *o, struct tap_err *e) {
  o->buffer = malloc(BLOCK);
  if (o->buffer == NULL) return tap_fail(e, ENOMEM, "read");
  set_window(o, 0);
  if (look_inside(o, e) != 0) return -1;
  if (!o->input.regular) o->source.kind = "pipe";
  o->source.fd = tap_input_poll_fd(&o->input);
  return begin(o, e);
}

static struct tap_source *opened(struct offline *o, int result) {
  if (result == 0) return &o->source;
  source_close(&o->source);
  return NULL;
}

struct tap_source *tap_offline_open_fd(int fd, struct tap_err *e) {
  struct offline *o = new_source("file", e);
  if (o == NULL) return NULL;
  return opened(o, tap_input_adopt(&o->input, fd, e) == 0 ? open_input(o, e) : -1);
}

static struct tap_source *open_path(const char *path, const char *said, struct tap_err *e) {
  struct offline *o = new_source("file", e);
  if (o == NULL) return NULL;
  o->savefile.file = said;
  return opened(o, tap_input_open(&o->input, path, e) == 0 ? open_input(o, e) : -1);
}

struct tap_source *tap_offline_open(const char *path, struct tap_err *e) {
  return open_path(path, NULL, e);
}

struct tap_source *tap_offline_open_named(const char *path, struct tap_err *e) {
  return open_path(path, path, e);
}

struct tap_source *tap_offline_open_data(const uint8_t *data, size_t size, struct tap_err *e) {
  struct offline *o = new_source("data", e);
  if (o == NULL) return NULL;
  o->data = o->window = (struct tap_cursor){ data, data + size };
  o->ended = true;
  return opened(o, begin(o, e));
}

int tap_offline_follow(struct tap_source *s, struct tap_err *e) {
  struct offline *o = self(s);
  if (s->ops != &ops || o->buffer == NULL) return tap_fail(e, 0, "follow what is no file");
  if (tap_input_follow(&o->input, e) != 0) return -1;
  s->fd = tap_input_poll_fd(&o->input);
  o->ended = false;
  return 0;
}
