/* SPDX-License-Identifier: MIT
 *
 * The writer object, as scripts hold it and as a pass feeds it.
 */
#ifndef TAP_LUA_LWRITER_H
#define TAP_LUA_LWRITER_H

#include "lua/lapi.h"
#include "sys/source.h"
#include "sys/writer.h"

/* Invariant: 'writer' is NULL once it is closed, and 'counts' are its last ones then. */
struct tapL_writer {
  struct tap_writer *writer;
  struct tap_writer_counts counts;
  bool goes_on;     /* an error does not end the pass */
  const char *name; /* of its file; lives as long as the object */
};

/* The open writer at 'index'; raises where it is none or closed. */
struct tapL_writer *tapL_checkwriter(lua_State *L, int index);

/* Save a frame from a pass. 0, or -1 and 'e', which names the file: the pass is to end. */
int tapL_writer_save(struct tapL_writer *w, const struct tap_frame *f, struct tap_err *e);

/* The pass is over: what waits is written, and what the kernel counted is noted (live). */
int tapL_writer_rest(struct tapL_writer *w, const struct tap_counts *live, struct tap_err *e);

#endif
