/* SPDX-License-Identifier: MIT
 *
 * tap.writer: made, written to, closed once.  The handle comes first and the
 * file second.  A pass that saves to it (lhandler.c) holds the object by a
 * slot, so it outlives the pass; one that was closed meanwhile saves nothing.
 */
#include "lua/lwriter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lua/lpacket.h"

#define WRITER "moontap.writer"

enum { WRITER_NAME = 1, WRITER_DONE, WRITER_VALUES = WRITER_DONE };

static struct tapL_writer *to_writer(lua_State *L, int index) {
  return luaL_checkudata(L, index, WRITER);
}

struct tapL_writer *tapL_checkwriter(lua_State *L, int index) {
  struct tapL_writer *w = to_writer(L, index);
  if (w->writer == NULL && w->recorder == NULL) luaL_error(L, "%s: the writer is closed", w->name);
  return w;
}

static const char *opt_text(lua_State *L, int table, const char *key) {
  const char *text;
  lua_getfield(L, table, key);
  text = luaL_optstring(L, -1, NULL);
  lua_pop(L, 1); /* the table has it still */
  return text;
}

static uint64_t opt_limit(lua_State *L, int table, const char *key) {
  const lua_Integer n = tapL_optinteger(L, table, key, 0);
  return n > 0 ? (uint64_t)n : 0;
}

/* Let the writer turn files as the table at 'at' says. 0, or -1 and 'e'. */
static int open_rotation(lua_State *L, int at, struct tapL_writer *w, struct tap_err *e) {
  const int told = lua_getfield(L, at, "done") != LUA_TNIL;
  const struct tap_rotation_options o = {
    .name = w->name,
    .size = opt_limit(L, at, "size"),
    .packets = opt_limit(L, at, "packets"),
    .every_ns = tapL_optinteger(L, at, "every", 0),
    .files = opt_limit(L, at, "files"),
    .align = tapL_optboolean(L, at, "align", 0),
    .letters = tapL_optboolean(L, at, "letters", 0),
    .told = told,
    .command = opt_text(L, at, "command"),
  };
  lua_setiuservalue(L, 2, WRITER_DONE);
  w->rotation = tap_rotation_new(&o, e);
  return w->rotation == NULL ? -1 : 0;
}

/* core.writer{file=, pcap=, microseconds=, flush=, snaplen=, goes_on=, rotate=} */
static int open_writer(lua_State *L) {
  struct tap_writer_options o = { 0 };
  struct tapL_writer *w;
  struct tap_err e;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  w = lua_newuserdatauv(L, sizeof *w, WRITER_VALUES);
  *w = (struct tapL_writer){ .goes_on = tapL_optboolean(L, 1, "goes_on", 0) };
  luaL_setmetatable(L, WRITER);
  lua_getfield(L, 1, "file");
  o.path = o.packed_as = w->name = luaL_checkstring(L, -1);
  lua_setiuservalue(L, 2, WRITER_NAME);
  o.format = tapL_optboolean(L, 1, "pcap", 0) ? TAP_WRITE_PCAP : TAP_WRITE_PCAPNG;
  o.microseconds = tapL_optboolean(L, 1, "microseconds", 0);
  o.flush = tapL_optboolean(L, 1, "flush", 0);
  o.snaplen = (uint32_t)tapL_optinteger(L, 1, "snaplen", 0);
  if (lua_getfield(L, 1, "rotate") == LUA_TTABLE && open_rotation(L, lua_gettop(L), w, &e) != 0)
    return tapL_fail(L, w->name, &e);
  lua_settop(L, 2);
  if (w->rotation != NULL) o.path = tap_rotation_path(w->rotation);
  w->writer = tap_writer_open(&o, &e);
  return w->writer == NULL ? tapL_fail(L, o.path, &e) : 1;
}

/* core.recorder{size=, span=} */
static int open_recorder(lua_State *L) {
  struct tapL_writer *w;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  w = lua_newuserdatauv(L, sizeof *w, WRITER_VALUES);
  *w = (struct tapL_writer){ .name = "recorder" };
  luaL_setmetatable(L, WRITER);
  w->recorder = tap_recorder_new(opt_limit(L, 1, "size"), tapL_optinteger(L, 1, "span", 0));
  return w->recorder == NULL ? luaL_error(L, "not enough memory") : 1;
}

/* w:dump_raw(path, pcap?) */
static int writer_dump(lua_State *L) {
  struct tapL_writer *w = tapL_checkwriter(L, 1);
  const struct tap_writer_options o = { .path = luaL_checkstring(L, 2),
                                        .format = lua_toboolean(L, 3) ? TAP_WRITE_PCAP
                                                                      : TAP_WRITE_PCAPNG };
  struct tap_writer_counts counts;
  struct tap_err e;
  if (w->recorder == NULL) return luaL_error(L, "%s: the writer keeps no packets", w->name);
  if (tap_recorder_dump(w->recorder, &o, &counts, &e) != 0) return tapL_fail(L, o.path, &e);
  lua_pushinteger(L, (lua_Integer)counts.packets);
  return 1;
}

/* --- files that are finished --- */

bool tapL_writer_finished(lua_State *L, struct tapL_writer *w) {
  char *path = w->rotation == NULL ? NULL : tap_rotation_finished(w->rotation);
  if (path == NULL) return false;
  lua_pushstring(L, path);
  free(path);
  return true;
}

void tapL_writer_done(lua_State *L, int index) {
  lua_getiuservalue(L, index, WRITER_DONE);
}

static void tell_finished(lua_State *L, struct tapL_writer *w) {
  while (tapL_writer_finished(L, w)) {
    tapL_writer_done(L, 1);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
  }
}

/* --- writing --- */

static const char *opt_comment(lua_State *L, int options, size_t *size) {
  *size = 0;
  if (lua_isnoneornil(L, options)) return NULL;
  lua_getfield(L, options, "comment");
  return lua_isnil(L, -1) ? NULL : luaL_checklstring(L, -1, size);
}

/* The bytes at 'index' as a frame. */
static struct tap_frame frame_of_bytes(lua_State *L, int index, int options) {
  size_t size;
  const char *bytes = luaL_checklstring(L, index, &size);
  struct tap_frame f = { .data = (const uint8_t *)bytes,
                         .interface = TAP_NO_INTERFACE,
                         .linktype = TAP_LINKTYPE_ETHERNET };
  luaL_argcheck(L, size <= TAP_CAPLEN_MOST, index, "too long");
  f.caplen = f.len = (uint32_t)size;
  if (lua_isnoneornil(L, options)) return f;
  f.linktype = (uint16_t)tapL_optinteger(L, options, "linktype", TAP_LINKTYPE_ETHERNET);
  f.ts_ns = tapL_optinteger(L, options, "time_ns", 0);
  f.len = (uint32_t)tapL_optinteger(L, options, "len", (lua_Integer)size);
  return f;
}

/* Put a frame into the file where it belongs. */
static int put(struct tapL_writer *w, const struct tap_frame *f, const char *comment, size_t size,
               struct tap_err *e) {
  if (w->recorder != NULL) return tap_recorder_put(w->recorder, f, e);
  if (w->rotation != NULL && !tap_rotation_turn(w->rotation, w->writer, f))
    return tap_fail(e, 0, "write: the last file is full");
  return tap_writer_put(w->writer, f, comment, size, e);
}

/* w:write_raw(packet | bytes, options?) */
static int writer_write(lua_State *L) {
  struct tapL_writer *w = tapL_checkwriter(L, 1);
  struct tap_frame bytes;
  const struct tap_frame *f = &bytes;
  const char *comment;
  size_t size;
  struct tap_err e;
  lua_settop(L, 3);
  if (lua_type(L, 2) == LUA_TSTRING)
    bytes = frame_of_bytes(L, 2, 3);
  else
    f = tapL_checkpacket(L, 2)->frame;
  comment = opt_comment(L, 3, &size);
  if (put(w, f, comment, size, &e) != 0) return tapL_fail(L, w->name, &e);
  tell_finished(L, w);
  lua_pushboolean(L, 1);
  return 1;
}

static int writer_flush(lua_State *L) {
  struct tapL_writer *w = tapL_checkwriter(L, 1);
  struct tap_err e;
  if (w->writer != NULL && tap_writer_flush(w->writer, &e) != 0) return tapL_fail(L, w->name, &e);
  lua_pushboolean(L, 1);
  return 1;
}

/* --- from a pass --- */

/* Whoever read our output has seen enough: the pass ends, and nothing is wrong. */
static int fail_save(const struct tapL_writer *w, struct tap_err *e) {
  const struct tap_err inner = *e;
  if (w->goes_on) return 0;
  if (inner.sys == EPIPE && strcmp(w->name, "-") == 0) {
    e->what[0] = '\0';
    return -1;
  }
  return tap_fail(e, inner.sys, "save to %.120s: %.120s", w->name, inner.what);
}

int tapL_writer_save(struct tapL_writer *w, const struct tap_frame *f, struct tap_err *e) {
  if (w->recorder != NULL) return tap_recorder_put(w->recorder, f, e);
  if (w->writer == NULL) return 0;
  if (w->rotation != NULL && !tap_rotation_turn(w->rotation, w->writer, f)) {
    e->what[0] = '\0';
    return -1;
  }
  if (tap_writer_put(w->writer, f, NULL, 0, e) == 0) return 0;
  return fail_save(w, e);
}

int tapL_writer_rest(struct tapL_writer *w, const struct tap_counts *live, struct tap_err *e) {
  if (w->writer == NULL) return 0;
  if (live != NULL) tap_writer_note(w->writer, live->seen, live->dropped);
  return tap_writer_flush(w->writer, e) == 0 ? 0 : fail_save(w, e);
}

void tapL_writer_interface(struct tapL_writer *w, const char *name) {
  if (w->recorder != NULL)
    tap_recorder_interface(w->recorder, name);
  else
    tap_writer_interface(w->writer, name);
}

/* --- its end --- */

static struct tap_writer_counts counts_of(const struct tapL_writer *w) {
  if (w->recorder != NULL) return tap_recorder_counts(w->recorder);
  return w->writer != NULL ? tap_writer_counts(w->writer) : w->counts;
}

static int close_file(struct tapL_writer *w, struct tap_err *e) {
  struct tap_writer *writer = w->writer;
  struct tap_recorder *recorder = w->recorder;
  int result;
  if (recorder != NULL) w->counts = counts_of(w);
  w->writer = NULL; /* first, so that a second call does nothing */
  w->recorder = NULL;
  tap_recorder_free(recorder);
  if (writer == NULL) return 0;
  result = tap_writer_close(writer, &w->counts, e);
  if (w->rotation != NULL && result == 0) tap_rotation_end(w->rotation);
  return result;
}

static int writer_close(lua_State *L) {
  struct tapL_writer *w = to_writer(L, 1);
  struct tap_err e;
  const int result = close_file(w, &e);
  tell_finished(L, w);
  if (result != 0) return tapL_fail(L, w->name, &e);
  lua_pushboolean(L, 1);
  return 1;
}

/* Files that are finished only here are told to nobody: no script runs in a collection. */
static int writer_gc(lua_State *L) {
  struct tapL_writer *w = to_writer(L, 1);
  struct tap_rotation *rotation = w->rotation;
  struct tap_err e;
  close_file(w, &e);
  w->rotation = NULL;
  tap_rotation_free(rotation);
  return 0;
}

static int writer_stats(lua_State *L) {
  const struct tapL_writer *w = to_writer(L, 1);
  const struct tap_writer_counts c = counts_of(w);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)c.packets);
  lua_setfield(L, -2, "packets");
  lua_pushinteger(L, (lua_Integer)c.bytes);
  lua_setfield(L, -2, "bytes");
  lua_pushinteger(L, (lua_Integer)c.unsaved);
  lua_setfield(L, -2, "unsaved");
  return 1;
}

/* w:turn() */
static int writer_turn(lua_State *L) {
  struct tapL_writer *w = tapL_checkwriter(L, 1);
  if (w->rotation == NULL) return luaL_error(L, "%s: the writer does not rotate", w->name);
  tap_rotation_ask(w->rotation);
  return 0;
}

static int writer_tostring(lua_State *L) {
  const struct tapL_writer *w = to_writer(L, 1);
  lua_pushfstring(L, "writer (%s%s)", w->name,
                  w->writer == NULL && w->recorder == NULL ? ", closed" : "");
  return 1;
}

static const luaL_Reg methods[] = {
  { "close", writer_close },
  { "dump_raw", writer_dump },
  { "flush", writer_flush },
  { "stats", writer_stats },
  { "turn", writer_turn },
  { "write_raw", writer_write },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", writer_gc },
  { "__gc", writer_gc },
  { "__tostring", writer_tostring },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "recorder", open_recorder },
  { "writer", open_writer },
  { NULL, NULL },
};

void tapL_open_writer(lua_State *L) {
  tapL_setfuncs(L, functions);
  tapL_newclass(L, WRITER, metamethods, methods);
  lua_setfield(L, -2, "writer_methods");
}
