/* SPDX-License-Identifier: MIT
 *
 * A capture file that is being written: pcap or pcapng, to a file, a pipe or
 * standard output, compressed or not.
 */
#ifndef TAP_SYS_WRITER_H
#define TAP_SYS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"

enum tap_writer_format { TAP_WRITE_PCAPNG, TAP_WRITE_PCAP };

struct tap_writer_options {
  const char *path;      /* "-": standard output */
  const char *packed_as; /* the name that says how it is packed; NULL: 'path' */
  enum tap_writer_format format;
  bool microseconds; /* of pcap; else times keep their nanoseconds */
  bool flush;        /* write each packet at once */
  uint32_t snaplen;  /* said in the file; 0: none */
};

struct tap_writer_counts {
  uint64_t packets, bytes; /* that were written, or wait in the buffer for it */
  uint64_t unsaved;        /* packets that were lost to an error */
};

struct tap_writer;

/* Make the file, or empty the one that is there.  NULL and 'e' where that cannot be. */
struct tap_writer *tap_writer_open(const struct tap_writer_options *o, struct tap_err *e);

/* Write a packet, with a comment unless its size is 0.  0, or -1 and 'e': it and all before it that
 * waited in the buffer are unsaved, and so is every later one. */
int tap_writer_put(struct tap_writer *w, const struct tap_frame *f, const void *comment,
                   size_t comment_size, struct tap_err *e);

/* Write what waits. */
int tap_writer_flush(struct tap_writer *w, struct tap_err *e);

/* What an interface's kernel counted, for the file's end. */
void tap_writer_note(struct tap_writer *w, uint64_t received, uint64_t dropped);

/* The name of the interface whose frames have none of their own; outlives the writer's next call. */
void tap_writer_interface(struct tap_writer *w, const char *name);

/* Bytes of the file that is written, before they are packed; and with one packet more. */
uint64_t tap_writer_size(const struct tap_writer *w);
uint64_t tap_writer_size_with(const struct tap_writer *w, const struct tap_frame *f);

/* Finish the file, so that another one can follow.  0, or -1: the writer has failed then. */
int tap_writer_finish(struct tap_writer *w);

/* Go on in another file, once one is finished.  The counts go on.  Where that cannot be the writer
 * has failed, as 'what' has it: packets that are put then are unsaved, and each says why. */
void tap_writer_next(struct tap_writer *w, const char *path);
void tap_writer_fail(struct tap_writer *w, int sys, const char *what);

struct tap_writer_counts tap_writer_counts(const struct tap_writer *w);

/* Write what is left and close.  0, or -1 and 'e'.  'w' is free then; counts (unless NULL) are what
 * it came to. */
int tap_writer_close(struct tap_writer *w, struct tap_writer_counts *counts, struct tap_err *e);

#endif
