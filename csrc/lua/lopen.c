/* SPDX-License-Identifier: MIT
 *
 * core.open{...}: exactly one of file, data, packets, fd and interface names
 * the source.  What a source borrows (strings of Lua) is anchored in the
 * capture.
 */
#include "lua/lopen.h"

#include <errno.h>
#include <net/if.h>

#include "sys/afpacket.h"
#include "sys/memory.h"
#include "sys/merge.h"
#include "sys/offline.h"

enum { OPEN_OPTIONS = 1, OPEN_CAPTURE, OPEN_SOURCE, OPEN_BORROWED };

/* Several files: their names are kept with what is borrowed. */
static struct tap_source *open_files(lua_State *L, struct tap_err *e) {
  lua_Integer count = luaL_len(L, OPEN_SOURCE);
  const char **paths;
  luaL_argcheck(L, count >= 1, OPEN_SOURCE, "names of files expected");
  paths = lua_newuserdatauv(L, (size_t)count * sizeof *paths, 0);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_geti(L, OPEN_SOURCE, i);
    paths[i - 1] = luaL_checkstring(L, -1);
    lua_rawseti(L, OPEN_BORROWED, i);
  }
  return tap_merge_open(paths, (size_t)count, e);
}

static struct tap_source *open_file(lua_State *L, struct tap_err *e) {
  struct tap_source *s;
  if (lua_istable(L, OPEN_SOURCE)) return open_files(L, e);
  s = tap_offline_open(luaL_checkstring(L, OPEN_SOURCE), e);
  if (s == NULL || !tapL_optboolean(L, OPEN_OPTIONS, "follow", 0)) return s;
  if (tap_offline_follow(s, e) == 0) return s;
  s->ops->close(s);
  return NULL;
}

static struct tap_source *open_fd(lua_State *L, struct tap_err *e) {
  return tap_offline_open_fd((int)luaL_checkinteger(L, OPEN_SOURCE), e);
}

static struct tap_source *open_data(lua_State *L, struct tap_err *e) {
  size_t size;
  const char *data = luaL_checklstring(L, OPEN_SOURCE, &size);
  lua_pushvalue(L, OPEN_SOURCE);
  lua_rawseti(L, OPEN_BORROWED, 1);
  return tap_offline_open_data((const uint8_t *)data, size, e);
}

/* Packet 'i' of the list: bytes, or {bytes, time_ns=, linktype=, len=}. */
static struct tap_frame read_packet(lua_State *L, int i) {
  struct tap_frame f = { .interface = TAP_NO_INTERFACE,
                         .linktype = TAP_LINKTYPE_ETHERNET,
                         .flags = TAP_FRAME_NO_TIME };
  size_t size;
  int at = lua_gettop(L) + 1;
  if (lua_geti(L, OPEN_SOURCE, i) == LUA_TTABLE) {
    f.linktype = (uint16_t)tapL_optinteger(L, at, "linktype", TAP_LINKTYPE_ETHERNET);
    f.ts_ns = tapL_optinteger(L, at, "time_ns", INT64_MIN);
    f.len = (uint32_t)tapL_optinteger(L, at, "len", 0);
    if (f.ts_ns != INT64_MIN)
      f.flags = 0;
    else
      f.ts_ns = 0;
    lua_geti(L, at, 1);
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "packets: number %d is %s, not bytes", i, luaL_typename(L, -1));
  f.data = (const uint8_t *)lua_tolstring(L, -1, &size);
  if (size > UINT32_MAX) luaL_error(L, "packets: number %d is too long", i);
  f.caplen = (uint32_t)size;
  if (f.len < f.caplen) f.len = f.caplen;
  lua_rawseti(L, OPEN_BORROWED, i);
  lua_settop(L, at - 1);
  return f;
}

static struct tap_source *open_packets(lua_State *L, struct tap_err *e) {
  struct tap_frame *frames;
  lua_Integer count;
  luaL_checktype(L, OPEN_SOURCE, LUA_TTABLE);
  count = luaL_len(L, OPEN_SOURCE);
  frames = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *frames, 0);
  for (int i = 0; i < count; i++)
    frames[i] = read_packet(L, i + 1);
  return tap_memory_open(frames, (size_t)count, e);
}

static uint32_t opt_size(lua_State *L, const char *key, lua_Integer otherwise) {
  lua_Integer n = tapL_optinteger(L, OPEN_OPTIONS, key, otherwise);
  if (n < 0 || n > UINT32_MAX) luaL_error(L, "option '%s' is out of range", key);
  return (uint32_t)n;
}

/* The name of the interface, which may be given by its index. */
static const char *interface_name(lua_State *L, char *buffer, struct tap_err *e) {
  if (!lua_isinteger(L, OPEN_SOURCE)) return luaL_checkstring(L, OPEN_SOURCE);
  if (if_indextoname((unsigned)lua_tointeger(L, OPEN_SOURCE), buffer) != NULL) return buffer;
  tap_fail(e, errno, "find an interface of this index");
  return NULL;
}

static struct tap_source *open_interface(lua_State *L, struct tap_err *e) {
  char buffer[IF_NAMESIZE];
  struct tap_live live = {
    .interface = interface_name(L, buffer, e),
    .promisc = tapL_optboolean(L, OPEN_OPTIONS, "promisc", 1),
    .snaplen = opt_size(L, "snaplen", 0),
    .buffer = (size_t)tapL_optinteger(L, OPEN_OPTIONS, "buffer", 32 << 20),
    .block = (size_t)tapL_optinteger(L, OPEN_OPTIONS, "block", 256 << 10),
    .latency_ms = (int)tapL_optinteger(L, OPEN_OPTIONS, "latency_ms", 10),
    .rxhash = tapL_optboolean(L, OPEN_OPTIONS, "rxhash", 0),
  };
  return live.interface == NULL ? NULL : tap_afpacket_open(&live, e);
}

struct kind {
  const char *key;
  const char *subject; /* NULL: the option's value */
  struct tap_source *(*open)(lua_State *L, struct tap_err *e);
};

static const struct kind kinds[] = {
  { "file", NULL, open_file },     { "interface", NULL, open_interface },
  { "data", "data", open_data },   { "packets", "packets", open_packets },
  { "fd", "descriptor", open_fd }, { NULL, NULL, NULL },
};

/* Find the kind whose option is given, and push that option. */
static const struct kind *find_kind(lua_State *L) {
  for (const struct kind *k = kinds; k->key != NULL; k++) {
    if (lua_getfield(L, OPEN_OPTIONS, k->key) != LUA_TNIL) return k;
    lua_pop(L, 1);
  }
  luaL_error(L, "no source: one of file, interface, data, packets and fd is needed");
  return NULL;
}

static const char *keep_subject(lua_State *L, const struct kind *k) {
  if (k->subject != NULL)
    lua_pushstring(L, k->subject);
  else if (lua_istable(L, OPEN_SOURCE))
    lua_pushfstring(L, "%d files", (int)luaL_len(L, OPEN_SOURCE));
  else
    luaL_tolstring(L, OPEN_SOURCE, NULL);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, OPEN_CAPTURE, TAPL_SUBJECT);
  return lua_tostring(L, -1);
}

/* Keep the option's sets, and put its filter in.  A source that is refused its filter does not
 * stay open.  0, or the number of results that are pushed. */
static int set_first_filter(lua_State *L, struct tapL_capture *c) {
  const int filter = lua_gettop(L) + 1, sets = filter + 1;
  int results;
  lua_getfield(L, OPEN_OPTIONS, "filter");
  lua_getfield(L, OPEN_OPTIONS, "sets");
  tapL_pushsets(L, sets);
  lua_replace(L, sets);
  lua_pushvalue(L, sets);
  lua_setiuservalue(L, OPEN_CAPTURE, TAPL_SETS);
  results = lua_isnil(L, filter) ? 0 : tapL_setfilter(L, OPEN_CAPTURE, filter, sets);
  if (results > 0) tapL_release(c);
  return results;
}

/* core.open(options) */
static int open_capture(lua_State *L) {
  struct tapL_capture *c;
  struct tap_source *s;
  const struct kind *kind;
  const char *subject;
  struct tap_err e;
  int results;
  luaL_checktype(L, OPEN_OPTIONS, LUA_TTABLE);
  lua_settop(L, OPEN_OPTIONS);
  c = tapL_newcapture(L);
  tapL_configure(L, OPEN_OPTIONS, c);
  kind = find_kind(L);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, OPEN_CAPTURE, TAPL_BORROWED);
  subject = keep_subject(L, kind);
  s = kind->open(L, &e);
  if (s == NULL) return tapL_fail(L, subject, &e);
  tapL_setsource(c, s);
  results = set_first_filter(L, c);
  if (results > 0) return results;
  lua_settop(L, OPEN_CAPTURE);
  return 1;
}

/* --- what the host opened --- */

#define PREPARED "moontap.prepared"

struct prepared {
  struct tap_source *source; /* NULL: it was taken, or could not be opened */
  bool failed;
  struct tap_err error;
};

static int prepared_gc(lua_State *L) {
  struct prepared *p = lua_touserdata(L, 1);
  if (p->source != NULL) p->source->ops->close(p->source);
  p->source = NULL;
  return 0;
}

/* The registry holds what was prepared, with its subject as user value. */
static void prepare(lua_State *L, const struct prepared *what, const char *subject) {
  struct prepared *p = lua_newuserdatauv(L, sizeof *p, 1);
  *p = *what;
  luaL_newmetatable(L, PREPARED);
  lua_pushcfunction(L, prepared_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_pushstring(L, subject);
  lua_setiuservalue(L, -2, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, PREPARED ".source");
}

void tapL_prepare(lua_State *L, struct tap_source *s, const char *subject) {
  prepare(L, &(struct prepared){ .source = s }, subject);
}

void tapL_prepare_error(lua_State *L, const char *subject, const struct tap_err *e) {
  prepare(L, &(struct prepared){ .failed = true, .error = *e }, subject);
}

/* core.prepared(follow): the capture that the host prepared, which owns the signals while it runs a
 * pass; nil where it prepared none. */
static int prepared_capture(lua_State *L) {
  struct prepared *p;
  struct tapL_capture *c;
  bool follow = lua_toboolean(L, 1);
  lua_settop(L, 0);
  lua_newtable(L); /* no options */
  if (lua_getfield(L, LUA_REGISTRYINDEX, PREPARED ".source") == LUA_TNIL) return 1;
  p = lua_touserdata(L, 2);
  lua_getiuservalue(L, 2, 1);
  if (p->failed) return tapL_fail(L, lua_tostring(L, 3), &p->error);
  if (p->source == NULL) return luaL_error(L, "the prepared capture was taken already");
  if (follow && tap_offline_follow(p->source, &p->error) != 0)
    return tapL_fail(L, lua_tostring(L, 3), &p->error);
  c = tapL_newcapture(L);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, 4, TAPL_SUBJECT);
  tapL_configure(L, 1, c);
  c->signals = true;
  tapL_setsource(c, p->source);
  p->source = NULL;
  return 1;
}

static const luaL_Reg functions[] = {
  { "open", open_capture },
  { "prepared", prepared_capture },
  { NULL, NULL },
};

void tapL_open_open(lua_State *L) {
  tapL_setfuncs(L, functions);
}
