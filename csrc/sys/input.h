/* SPDX-License-Identifier: MIT
 *
 * Where the bytes of a capture file come from: a file, a pipe, standard input,
 * or one of these through the program that unpacks it.
 */
#ifndef TAP_SYS_INPUT_H
#define TAP_SYS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "sys/child.h"
#include "sys/packing.h"

struct tap_input {
  int fd;       /* bytes are read from it; -1: none */
  int file;     /* the file itself where 'fd' is the pipe of a program that unpacks it; or -1 */
  int watch;    /* readable when a file that is followed has changed; or -1 */
  off_t first;  /* of a regular file: where it begins */
  bool regular; /* it can be read again from there */
  bool standard_input;
  const struct tap_packing *packing; /* NULL: it is not compressed */
  struct tap_child unpacker, feeder;
};

enum { TAP_INPUT_HEAD = 4096 };

/* What reading came to when it gave no bytes. */
enum { TAP_INPUT_END = 0, TAP_INPUT_FAILED = -1, TAP_INPUT_IDLE = -2 };

/* Open the file, or standard input for "-".  0, or -1; close it in either case. */
int tap_input_open(struct tap_input *in, const char *path, struct tap_err *e);

/* The same for a descriptor, which it takes over. */
int tap_input_adopt(struct tap_input *in, int fd, struct tap_err *e);

/* If the 'n' bytes (at most TAP_INPUT_HEAD) that were read so far begin a compressed file, have it unpacked from its
 * beginning.  1, or 0 where it is none, or -1. */
int tap_input_unpack(struct tap_input *in, const uint8_t *head, size_t n, struct tap_err *e);

/* Take the end of a file for a pause: more will be written. */
int tap_input_follow(struct tap_input *in, struct tap_err *e);

/* Read up to 'n' bytes: how many, or a TAP_INPUT_ value.  It sleeps only when told so. */
ssize_t tap_input_read(struct tap_input *in, uint8_t *to, size_t n, bool sleeping,
                       struct tap_err *e);

/* Readable when reading may give something; -1: always. */
int tap_input_poll_fd(const struct tap_input *in);

/* Back to the beginning.  A pipe cannot. */
int tap_input_rewind(struct tap_input *in, struct tap_err *e);

void tap_input_close(struct tap_input *in);

#endif
