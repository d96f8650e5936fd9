/* SPDX-License-Identifier: MIT
 *
 * When a writer goes on in another file, how the files are called, and which
 * of them stay.
 */
#ifndef TAP_SYS_ROTATION_H
#define TAP_SYS_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "sys/writer.h"

/* Limits that are 0 are none. */
struct tap_rotation_options {
  const char *name;    /* with conversions of strftime, and %i for the number of the file */
  uint64_t size;       /* bytes of a file */
  uint64_t packets;    /* of a file */
  int64_t every_ns;    /* time of a file */
  uint64_t files;      /* that stay; the oldest goes */
  bool align;          /* files begin at multiples of the time */
  bool letters;        /* all of it as tcpdump's -C -G -W mean it */
  bool told;           /* somebody takes the names of finished files */
  const char *command; /* run on each file that another one follows; NULL: none */
};

struct tap_rotation;

/* NULL and 'e' where the names cannot be made, or there is no room for the files. */
struct tap_rotation *tap_rotation_new(const struct tap_rotation_options *o, struct tap_err *e);
void tap_rotation_free(struct tap_rotation *r);

/* The file that is written, or shall be. */
const char *tap_rotation_path(const struct tap_rotation *r);

/* Let 'w' be in the file where 'f' belongs.  False: there shall be no more files.  Where the next
 * one cannot be made the writer has failed, and says so when the frame is put. */
bool tap_rotation_turn(struct tap_rotation *r, struct tap_writer *w, const struct tap_frame *f);

/* Begin a new file with the next packet. */
void tap_rotation_ask(struct tap_rotation *r);

/* The writer was closed: its file is finished as well. */
void tap_rotation_end(struct tap_rotation *r);

/* The next finished file's name, for the caller to free; NULL: no more. */
char *tap_rotation_finished(struct tap_rotation *r);

#endif
