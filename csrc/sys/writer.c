/* SPDX-License-Identifier: MIT
 *
 * Packets are put into one buffer, which is written when it is full: whole
 * records alone, so that a process that is killed leaves at most one record
 * cut, the last one.  Invariant: the buffer has room for the head and tail of
 * any record; 'used' bytes of it make whole records.  After an error nothing
 * more is written, and what was lost is counted.
 */
#include "sys/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/about.h"
#include "pcap/encode.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/descriptor.h"
#include "sys/packing.h"

enum {
  BUFFER = 256 << 10,
  INTERFACES_MOST = 4096,
  TAG = 4,
  TAG_AT = 12,
  NAME = 64,
  PCAP_HEAD = 16
};

/* An interface of the file: what tells one from another. */
struct interface {
  uint32_t number;
  uint16_t linktype;
  bool plain; /* its frames do not name it: the writer does */
  char name[NAME];
};

struct tap_writer {
  struct tap_writer_options options;
  int fd;
  const struct tap_packing *packing; /* NULL: none */
  struct tap_child packer;
  uint8_t *buffer;
  size_t used;
  uint64_t written; /* bytes of the file */
  bool began;       /* the file's header is there */
  bool failed;
  struct tap_err error; /* the first one */
  uint16_t linktype;    /* of a pcap file, once it began */
  struct interface *interfaces;
  unsigned count, room, recent;  /* the one that the last packet had */
  const struct interface *usual; /* the same, where packets of it may be put plainly */
  char name[NAME];
  bool noted;
  uint64_t received, dropped;
  struct tap_writer_counts counts;
  uint64_t waiting; /* packets in the buffer */
};

/* --- the file --- */

/* Let the program that packs stand between us and the file. */
static int start_packer(struct tap_writer *w, const struct tap_packing *packing,
                        struct tap_err *e) {
  int ends[2], result;
  if (tap_child_pipe(ends) != 0) return tap_fail(e, errno, "make a pipe");
  result = tap_child_start(&w->packer, packing->pack, ends[0], w->fd, e);
  close(ends[0]);
  close(w->fd);
  w->fd = ends[1];
  return result;
}

static int open_file(struct tap_writer *w, const char *path, struct tap_err *e) {
  const struct tap_packing *packing = w->packing;
  if (strcmp(path, "-") == 0)
    w->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  else
    w->fd =
        tap_descriptor_lift(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
  if (w->fd < 0) return tap_fail(e, errno, "open for writing");
  return packing == NULL ? 0 : start_packer(w, packing, e);
}

/* A descriptor that does not block has no room: wait until it has. */
static bool wait_for_room(int fd) {
  struct pollfd p = { .fd = fd, .events = POLLOUT };
  return poll(&p, 1, -1) > 0 || errno == EINTR;
}

static int write_all(int fd, const uint8_t *from, size_t n) {
  while (n > 0) {
    const ssize_t did = write(fd, from, n);
    if (did < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(fd)))) continue;
    if (did < 0) return -1;
    from += did;
    n -= (size_t)did;
  }
  return 0;
}

/* A reader that is gone is an error like others: the signal that comes with it is for this thread,
 * and is taken back unless it was there before. */
static int write_quietly(int fd, const uint8_t *from, size_t n) {
  static const struct timespec at_once = { 0, 0 };
  sigset_t pipe_signal, before, pending;
  int result, sys;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  result = write_all(fd, from, n);
  sys = errno;
  if (result != 0 && sys == EPIPE && !sigismember(&pending, SIGPIPE))
    sigtimedwait(&pipe_signal, NULL, &at_once);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = sys;
  return result;
}

/* From here on nothing more is saved. */
static int give_up(struct tap_writer *w, const struct tap_err *reason, struct tap_err *e) {
  w->failed = true;
  w->usual = NULL;
  w->error = *e = *reason;
  w->counts.packets -= w->waiting;
  w->counts.unsaved += w->waiting;
  w->waiting = 0;
  w->used = 0;
  return -1;
}

/* A program that packs may have said why it reads no more. */
static int fail_write(struct tap_writer *w, struct tap_err *e) {
  struct tap_err reason;
  tap_fail(&reason, errno, "write");
  if (w->packer.pid > 0 && reason.sys == EPIPE) {
    struct tap_err said;
    close(w->fd);
    w->fd = -1;
    if (tap_child_finish(&w->packer, "write", &said) != 0) reason = said;
  }
  return give_up(w, &reason, e);
}

int tap_writer_flush(struct tap_writer *w, struct tap_err *e) {
  if (w->failed) {
    *e = w->error;
    return -1;
  }
  if (w->used > 0 && write_quietly(w->fd, w->buffer, w->used) != 0) return fail_write(w, e);
  w->written += w->used;
  w->used = 0;
  w->waiting = 0;
  return 0;
}

/* Room for 'n' bytes, which are at most the buffer's. */
static int make_room(struct tap_writer *w, size_t n, struct tap_err *e) {
  return BUFFER - w->used >= n ? 0 : tap_writer_flush(w, e);
}

static uint8_t *at(struct tap_writer *w) {
  return w->buffer + w->used;
}

/* --- headers --- */

static void begin_file(struct tap_writer *w, uint16_t linktype) {
  const struct tap_writer_options *o = &w->options;
  struct utsname u;
  char system[2 * sizeof u.sysname];
  w->began = true;
  w->linktype = linktype;
  if (o->format == TAP_WRITE_PCAP) {
    w->used += tap_encode_pcap_header(at(w), !o->microseconds, linktype, o->snaplen);
    return;
  }
  system[0] = '\0';
  if (uname(&u) == 0) snprintf(system, sizeof system, "%s %s", u.sysname, u.release);
  w->used += tap_encode_section(at(w), system);
}

static const char *name_of(const struct tap_writer *w, const struct tap_frame *f) {
  return f->about != NULL && f->about->interface != NULL ? f->about->interface : w->name;
}

static bool is_same(const struct interface *i, const struct tap_frame *f, const char *name) {
  return i->number == f->interface && i->linktype == f->linktype &&
         strncmp(i->name, name, NAME - 1) == 0;
}

static int new_interface(struct tap_writer *w, const struct tap_frame *f, const char *name,
                         struct tap_err *e) {
  struct interface *grown = w->interfaces;
  const unsigned room = w->room == 0 ? 4 : w->room * 2;
  if (w->count == INTERFACES_MOST) return tap_fail(e, 0, "write: too many interfaces");
  if (make_room(w, TAP_ENCODED_HEADER, e) != 0) return -1;
  if (w->count == w->room) grown = realloc(grown, room * sizeof *grown);
  if (grown == NULL) return tap_fail(e, ENOMEM, "write");
  if (w->count == w->room) w->room = room;
  w->interfaces = grown;
  w->recent = w->count++;
  grown[w->recent] = (struct interface){ .number = f->interface,
                                         .linktype = f->linktype,
                                         .plain = name == w->name };
  snprintf(grown[w->recent].name, NAME, "%s", name);
  w->used += tap_encode_interface(
      at(w), &(struct tap_encoded_interface){ f->linktype, w->options.snaplen,
                                              grown[w->recent].name, NULL, NULL });
  return 0;
}

/* Have the frame's interface in the file, and be the recent one. */
static int find_interface(struct tap_writer *w, const struct tap_frame *f, struct tap_err *e) {
  const char *name = name_of(w, f);
  const struct interface *recent = w->count > 0 ? &w->interfaces[w->recent] : NULL;
  if (recent != NULL && name == w->name && recent->plain && recent->number == f->interface &&
      recent->linktype == f->linktype)
    return 0;
  if (w->count > 0 && is_same(&w->interfaces[w->recent], f, name)) return 0;
  for (unsigned i = 0; i < w->count; i++)
    if (is_same(&w->interfaces[i], f, name)) {
      w->recent = i;
      return 0;
    }
  return new_interface(w, f, name, e);
}

static int check_linktype(const struct tap_writer *w, const struct tap_frame *f,
                          struct tap_err *e) {
  if (w->linktype == f->linktype) return 0;
  return tap_fail(e, 0, "write: a pcap file of link type %u cannot have a packet of %u",
                  w->linktype, f->linktype);
}

static int prepare(struct tap_writer *w, const struct tap_frame *f, struct tap_err *e) {
  if (w->failed) {
    *e = w->error;
    return -1;
  }
  if (!w->began) begin_file(w, f->linktype);
  if (w->options.format == TAP_WRITE_PCAP) return check_linktype(w, f, e);
  return find_interface(w, f, e);
}

/* --- packets --- */

/* The frame's bytes, with a tag that the kernel lifted out put back. */
static void put_bytes(struct tap_writer *w, const struct tap_frame *f) {
  uint8_t *to = at(w);
  size_t before = 0;
  if (tap_frame_tag_fits(f)) {
    const uint8_t tag[TAG] = { (uint8_t)(f->vlan_tpid >> 8), (uint8_t)f->vlan_tpid,
                               (uint8_t)(f->vlan_tci >> 8), (uint8_t)f->vlan_tci };
    before = TAG_AT;
    memcpy(to, f->data, before);
    memcpy(to + before, tag, TAG);
    to += before + TAG;
  }
  memcpy(to, f->data + before, f->caplen - before);
  w->used += tap_frame_cap_len(f);
}

static void put_record(struct tap_writer *w, const struct tap_encoded *p) {
  if (w->options.format == TAP_WRITE_PCAP) {
    w->used += tap_encode_pcap_head(at(w), p, !w->options.microseconds);
    put_bytes(w, p->frame);
    return;
  }
  w->used += tap_encode_head(at(w), p);
  put_bytes(w, p->frame);
  w->used += tap_encode_tail(at(w), p);
}

/* A packet that is longer than the buffer is written by itself. */
static int put_long(struct tap_writer *w, const struct tap_encoded *p, size_t size,
                    struct tap_err *e) {
  uint8_t *usual = w->buffer;
  int result;
  if (tap_writer_flush(w, e) != 0) return -1;
  w->buffer = malloc(size);
  if (w->buffer == NULL) {
    w->buffer = usual;
    return tap_fail(e, ENOMEM, "write");
  }
  put_record(w, p);
  result = tap_writer_flush(w, e);
  free(w->buffer);
  w->buffer = usual;
  return result;
}

static int put_packet(struct tap_writer *w, const struct tap_encoded *p, struct tap_err *e) {
  const size_t size = tap_encoded_size(p); /* one of pcap is shorter */
  if (size > BUFFER) return put_long(w, p, size, e);
  if (make_room(w, size, e) != 0) return -1;
  put_record(w, p);
  return 0;
}

static __attribute__((noinline)) int put_with_all(struct tap_writer *w, const struct tap_frame *f,
                                                  const void *comment, size_t comment_size,
                                                  struct tap_err *e) {
  struct tap_encoded p = {
    .frame = f, .caplen = tap_frame_cap_len(f), .comment = comment, .comment_size = comment_size
  };
  if (p.comment_size > TAP_COMMENT_MAX) p.comment_size = TAP_COMMENT_MAX;
  w->usual = NULL;
  int result = prepare(w, f, e);
  p.interface = w->recent;
  if (f->about != NULL || f->direction != TAP_DIR_UNKNOWN || f->flags != 0 || p.comment_size > 0)
    p.options = tap_encoded_options(&p);
  if (result == 0) result = put_packet(w, &p, e);
  if (result != 0) {
    w->counts.unsaved++;
    return -1;
  }
  w->counts.packets++;
  w->counts.bytes += p.caplen;
  w->waiting++;
  if (w->count > 0 && w->interfaces[w->recent].plain && !w->options.flush)
    w->usual = &w->interfaces[w->recent];
  return w->options.flush ? tap_writer_flush(w, e) : 0;
}

/* Is it a frame like the last one, of which nothing more is to be said, with room for it? */
static inline bool is_plain(const struct tap_writer *w, const struct tap_frame *f) {
  return w->usual != NULL && f->about == NULL && f->direction == TAP_DIR_UNKNOWN && f->flags == 0 &&
         f->interface == w->usual->number && f->linktype == w->usual->linktype &&
         f->caplen <= BUFFER - TAP_ENCODED_PLAIN &&
         w->used <= BUFFER - TAP_ENCODED_PLAIN - f->caplen;
}

int tap_writer_put(struct tap_writer *w, const struct tap_frame *f, const void *comment,
                   size_t comment_size, struct tap_err *e) {
  if (comment_size > 0 || !is_plain(w, f)) return put_with_all(w, f, comment, comment_size, e);
  w->used += tap_encode_plain(at(w), f, w->recent);
  w->counts.packets++;
  w->counts.bytes += f->caplen;
  w->waiting++;
  return 0;
}

void tap_writer_note(struct tap_writer *w, uint64_t received, uint64_t dropped) {
  w->noted = true;
  w->received = received;
  w->dropped = dropped;
}

void tap_writer_interface(struct tap_writer *w, const char *name) {
  for (unsigned i = 0; i < w->count; i++)
    w->interfaces[i].plain = false; /* their name was another */
  w->usual = NULL;
  snprintf(w->name, sizeof w->name, "%s", name);
}

struct tap_writer_counts tap_writer_counts(const struct tap_writer *w) {
  return w->counts;
}

/* --- life --- */

struct tap_writer *tap_writer_open(const struct tap_writer_options *o, struct tap_err *e) {
  struct tap_writer *w = calloc(1, sizeof *w);
  if (w != NULL) w->buffer = malloc(BUFFER);
  if (w == NULL || w->buffer == NULL) {
    free(w);
    tap_fail(e, ENOMEM, "open for writing");
    return NULL;
  }
  w->fd = w->packer.errors = -1;
  w->options = *o;
  w->packing = tap_packing_by_name(o->packed_as != NULL ? o->packed_as : o->path);
  if (open_file(w, o->path, e) != 0) {
    w->failed = true; /* nothing is to be written */
    tap_writer_close(w, NULL, &(struct tap_err){ 0 });
    return NULL;
  }
  w->options.path = w->options.packed_as = NULL; /* they were the caller's */
  return w;
}

/* What stands at the file's end; a file without packets has a header at least. */
static int write_end(struct tap_writer *w, struct tap_err *e) {
  if (!w->failed) {
    if (!w->began) begin_file(w, TAP_LINKTYPE_ETHERNET);
    if (w->noted && w->count > 0 && w->options.format == TAP_WRITE_PCAPNG &&
        make_room(w, TAP_ENCODED_HEADER, e) == 0)
      w->used += tap_encode_statistics(at(w), 0, tap_clock_real_ns(), w->received, w->dropped);
  }
  return tap_writer_flush(w, e);
}

static int end_file(struct tap_writer *w, struct tap_err *e) {
  int result = write_end(w, e);
  if (w->fd >= 0 && close(w->fd) != 0 && result == 0 && errno != EINTR)
    result = tap_fail(e, errno, "close");
  w->fd = -1;
  if (w->packer.pid > 0 && tap_child_finish(&w->packer, "write", e) != 0) result = -1;
  return result;
}

int tap_writer_close(struct tap_writer *w, struct tap_writer_counts *counts, struct tap_err *e) {
  const int result = end_file(w, e);
  if (counts != NULL) *counts = w->counts;
  free(w->interfaces);
  free(w->buffer);
  free(w);
  return result;
}

/* --- another file --- */

void tap_writer_fail(struct tap_writer *w, int sys, const char *what) {
  struct tap_err reason, e;
  tap_fail(&reason, sys, "%s", what);
  give_up(w, &reason, &e);
}

int tap_writer_finish(struct tap_writer *w) {
  struct tap_err reason, e;
  if (end_file(w, &reason) == 0) return 0;
  return w->failed ? -1 : give_up(w, &reason, &e);
}

void tap_writer_next(struct tap_writer *w, const char *path) {
  struct tap_err reason, e;
  w->began = w->noted = false;
  w->written = 0;
  w->count = w->recent = 0;
  w->usual = NULL;
  if (open_file(w, path, &reason) != 0) give_up(w, &reason, &e);
}

uint64_t tap_writer_size(const struct tap_writer *w) {
  return w->written + w->used;
}

uint64_t tap_writer_size_with(const struct tap_writer *w, const struct tap_frame *f) {
  struct tap_encoded p = { .frame = f, .caplen = tap_frame_cap_len(f) };
  if (w->options.format == TAP_WRITE_PCAP) return tap_writer_size(w) + PCAP_HEAD + p.caplen;
  p.options = tap_encoded_options(&p);
  return tap_writer_size(w) + tap_encoded_size(&p);
}
