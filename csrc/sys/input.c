/* SPDX-License-Identifier: MIT
 *
 * Regular files are always ready; everything else may be slow, and is read
 * only when poll(2) says that something is there.  What unpacks a file that
 * can be sought reads it by itself from the beginning; what unpacks a pipe is
 * fed by a program that hands over what was read from it already.  Invariant:
 * a descriptor or a process that is held here is given back by close, once.
 */
#include "sys/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/descriptor.h"

static const struct tap_input closed = {
  .fd = -1, .file = -1, .watch = -1, .unpacker.errors = -1, .feeder.errors = -1
};

static int fill(struct tap_input *in, struct tap_err *e) {
  struct stat st;
  if (in->fd < 0) return tap_fail(e, errno, "open");
  if (fstat(in->fd, &st) != 0) return tap_fail(e, errno, "read");
  if (S_ISDIR(st.st_mode)) return tap_fail(e, EISDIR, "read");
  in->regular = S_ISREG(st.st_mode);
  if (!in->regular) return 0;
  in->first = lseek(in->fd, 0, SEEK_CUR);
  posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return 0;
}

int tap_input_open(struct tap_input *in, const char *path, struct tap_err *e) {
  *in = closed;
  in->standard_input = strcmp(path, "-") == 0;
  in->fd = in->standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                              : tap_descriptor_lift(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return fill(in, e);
}

int tap_input_adopt(struct tap_input *in, int fd, struct tap_err *e) {
  *in = closed;
  in->fd = fd;
  return fill(in, e);
}

/* --- unpacking --- */

/* Let the program read 'from' and write into a pipe, which becomes what is read. */
static int start_unpacker(struct tap_input *in, int from, struct tap_err *e) {
  int ends[2];
  if (tap_child_pipe(ends) != 0) return tap_fail(e, errno, "make a pipe");
  in->fd = ends[0];
  const int result = tap_child_start(&in->unpacker, in->packing->unpack, from, ends[1], e);
  close(ends[1]);
  return result;
}

static int unpack_file(struct tap_input *in, struct tap_err *e) {
  if (lseek(in->file, in->first, SEEK_SET) < 0) return tap_fail(e, errno, "unpack");
  return start_unpacker(in, in->file, e);
}

static int unpack_pipe(struct tap_input *in, const uint8_t *head, size_t n, struct tap_err *e) {
  int ends[2], result;
  if (tap_child_pipe(ends) != 0) return tap_fail(e, errno, "make a pipe");
  result = tap_child_feed(&in->feeder, head, n, in->file, ends[1], e);
  close(ends[1]);
  if (result == 0) result = start_unpacker(in, ends[0], e);
  close(ends[0]);
  return result;
}

int tap_input_unpack(struct tap_input *in, const uint8_t *head, size_t n, struct tap_err *e) {
  if (in->packing != NULL || in->fd < 0) return 0;
  in->packing = tap_packing_by_content(head, n);
  if (in->packing == NULL) return 0;
  if (in->watch >= 0) return tap_fail(e, 0, "follow a compressed file");
  in->file = in->fd;
  in->fd = -1;
  return (in->regular ? unpack_file(in, e) : unpack_pipe(in, head, n, e)) < 0 ? -1 : 1;
}

static void stop_unpacking(struct tap_input *in) {
  if (in->fd >= 0) close(in->fd);
  in->fd = -1;
  tap_child_kill(&in->unpacker);
  tap_child_kill(&in->feeder);
}

/* --- reading --- */

int tap_input_follow(struct tap_input *in, struct tap_err *e) {
  char path[40];
  if (in->packing != NULL) return tap_fail(e, 0, "follow a compressed file");
  if (!in->regular || in->watch >= 0) return 0;
  in->watch = tap_descriptor_lift(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  snprintf(path, sizeof path, "/proc/self/fd/%d", in->fd);
  if (in->watch < 0 || inotify_add_watch(in->watch, path, IN_MODIFY) < 0)
    return tap_fail(e, errno, "follow");
  return 0;
}

/* Nothing is left now: is that all, or a pause? */
static ssize_t at_end(struct tap_input *in, struct tap_err *e) {
  struct stat st;
  if (in->watch < 0) {
    if (in->unpacker.pid == 0) return TAP_INPUT_END;
    return tap_child_finish(&in->unpacker, "unpack", e) == 0 ? TAP_INPUT_END : TAP_INPUT_FAILED;
  }
  if (fstat(in->fd, &st) != 0 || st.st_size >= lseek(in->fd, 0, SEEK_CUR)) return TAP_INPUT_IDLE;
  return tap_fail(e, 0, "follow: the file was cut");
}

/* What is told before reading is not told again: a change that comes later is. */
static void forget_changes(const struct tap_input *in) {
  char events[4096];
  while (in->watch >= 0 && read(in->watch, events, sizeof events) > 0)
    ;
}

ssize_t tap_input_read(struct tap_input *in, uint8_t *to, size_t n, bool sleeping,
                       struct tap_err *e) {
  struct pollfd p = { .fd = in->fd, .events = POLLIN };
  if (!in->regular || in->unpacker.pid != 0)
    if (poll(&p, 1, sleeping ? -1 : 0) <= 0) return TAP_INPUT_IDLE;
  forget_changes(in);
  const ssize_t got = read(in->fd, to, n);
  if (got > 0) return got;
  if (got == 0) return at_end(in, e);
  if (errno == EINTR || errno == EAGAIN) return TAP_INPUT_IDLE;
  return tap_fail(e, errno, "read");
}

int tap_input_poll_fd(const struct tap_input *in) {
  if (in->watch >= 0) return in->watch;
  return in->regular && in->packing == NULL ? -1 : in->fd;
}

int tap_input_rewind(struct tap_input *in, struct tap_err *e) {
  if (!in->regular)
    return tap_fail(e, 0, "start again: %s was read already",
                    in->standard_input ? "standard input" : "the pipe");
  if (in->packing != NULL) {
    stop_unpacking(in);
    return unpack_file(in, e);
  }
  return lseek(in->fd, in->first, SEEK_SET) < 0 ? tap_fail(e, errno, "start again") : 0;
}

void tap_input_close(struct tap_input *in) {
  stop_unpacking(in);
  if (in->file >= 0) close(in->file);
  if (in->watch >= 0) close(in->watch);
  *in = closed;
}
