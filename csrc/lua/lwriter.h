/* SPDX-License-Identifier: MIT
 *
 * The writer object, as scripts hold it and as a pass feeds it.
 */
#ifndef TAP_LUA_LWRITER_H
#define TAP_LUA_LWRITER_H

#include "lua/lapi.h"
#include "sys/recorder.h"
#include "sys/rotation.h"
#include "sys/source.h"
#include "sys/writer.h"

/* Invariant: there is a writer or a recorder until it is closed, and 'counts' are its last ones
 * then. */
struct tapL_writer {
  struct tap_writer *writer;
  struct tap_recorder *recorder;
  struct tap_rotation *rotation; /* NULL: all goes into one file */
  struct tap_writer_counts counts;
  bool goes_on;     /* an error does not end the pass */
  const char *name; /* of its file; lives as long as the object */
};

/* The open writer at 'index'; raises where it is none or closed. */
struct tapL_writer *tapL_checkwriter(lua_State *L, int index);

/* Frames come from this interface from here on. */
void tapL_writer_interface(struct tapL_writer *w, const char *name);

/* Save a frame from a pass. 0, or -1: the pass is to end, because of 'e', which names the file, or,
 * where that says nothing, since no more is wanted. */
int tapL_writer_save(struct tapL_writer *w, const struct tap_frame *f, struct tap_err *e);

/* Push the next finished file's name. False where there is none, or nobody wants it. */
bool tapL_writer_finished(lua_State *L, struct tapL_writer *w);

/* Push what is to be called with the names of finished files of the writer at 'index', or nil. */
void tapL_writer_done(lua_State *L, int index);

/* The pass is over: what waits is written, and what the kernel counted is noted (live).  Answers as
 * tapL_writer_save does. */
int tapL_writer_rest(struct tapL_writer *w, const struct tap_counts *live, struct tap_err *e);

#endif
