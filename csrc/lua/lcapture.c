/* SPDX-License-Identifier: MIT
 *
 * A capture's life: opened over a source, closed once, and what can be told
 * of it in between and after.  The handle comes first and the source second,
 * so that an error on the way leaves something that can be collected.
 */
#include "lua/lcapture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua/lflow.h"
#include "lua/lopen.h"
#include "lua/lpass.h"
#include "sys/afpacket.h"

struct tapL_capture *tapL_tocapture(lua_State *L, int index) {
  return luaL_checkudata(L, index, TAPL_CAPTURE);
}

struct tapL_capture *tapL_checkcapture(lua_State *L, int index) {
  struct tapL_capture *c = tapL_tocapture(L, index);
  if (c->source == NULL) luaL_error(L, "%s: the capture is closed", tapL_pushsubject(L, index));
  return c;
}

const char *tapL_pushsubject(lua_State *L, int capture) {
  lua_getiuservalue(L, capture, TAPL_SUBJECT);
  return lua_isstring(L, -1) ? lua_tostring(L, -1) : "capture";
}

/* An error closes nothing where it kills a coroutine, or an iterator that is called by hand. */
void tapL_burypass(struct tapL_capture *c) {
  int status;
  if (c->pass.phase == TAPL_CLOSED) return;
  status = lua_status(c->pass.thread);
  if ((status != LUA_OK && status != LUA_YIELD) || (c->pass.in_call && !tapL_drive_isactive(c)))
    tapL_pass_end(c);
}

/* What runs of this capture, so that nothing else may; NULL: nothing. */
static const char *running(struct tapL_capture *c) {
  tapL_burypass(c);
  if (c->pass.in_call) return "a function of this capture's pass";
  return c->pass.in_loop && c->pass.phase != TAPL_CLOSED ? "a loop over this capture" : NULL;
}

void tapL_checkidle(lua_State *L, struct tapL_capture *c, const char *what) {
  const char *busy = running(c);
  if (busy != NULL) luaL_error(L, "cannot %s: %s is running", what, busy);
}

/* cap:trouble_raw(what): why it cannot be done now, for whoever raises it elsewhere; or nil. */
static int capture_trouble(lua_State *L) {
  struct tapL_capture *c = tapL_tocapture(L, 1);
  const char *what = luaL_checkstring(L, 2), *busy;
  if (c->source == NULL) {
    lua_pushfstring(L, "%s: the capture is closed", tapL_pushsubject(L, 1));
    return 1;
  }
  busy = running(c);
  if (busy != NULL)
    lua_pushfstring(L, "cannot %s: %s is running", what, busy);
  else
    lua_pushnil(L);
  return 1;
}

/* --- opening --- */

struct tapL_capture *tapL_newcapture(lua_State *L) {
  struct tapL_capture *c = lua_newuserdatauv(L, sizeof *c, TAPL_CAPTURE_VALUES);
  *c = (struct tapL_capture){ .context = tapL_context(L), .batch = TAPL_BATCH, .poll_fd = -1 };
  tapL_flow_init(c);
  luaL_setmetatable(L, TAPL_CAPTURE);
  lua_createtable(L, TAPL_FIRST_SLOT, 0);
  lua_setiuservalue(L, -2, TAPL_SLOTS);
  return c;
}

static void keep_wait(lua_State *L, int options, struct tapL_capture *c) {
  if (lua_getfield(L, options, "wait") != LUA_TNIL) {
    lua_getiuservalue(L, -2, TAPL_SLOTS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, TAPL_WAIT_SLOT);
    c->has_wait = true;
  }
  lua_pop(L, 1);
}

void tapL_configure(lua_State *L, int options, struct tapL_capture *c) {
  lua_Integer batch = tapL_optinteger(L, options, "batch", TAPL_BATCH);
  if (batch < 1 || batch > TAPL_BATCH_MAX)
    luaL_error(L, "option 'batch' must be 1 to %d", TAPL_BATCH_MAX);
  c->batch = (unsigned)batch;
  c->strict = tapL_optboolean(L, options, "strict", 0);
  c->signals = tapL_optboolean(L, options, "signals", 0);
  lua_getfield(L, options, "on_error");
  c->count_errors = lua_isstring(L, -1) && strcmp(lua_tostring(L, -1), "count") == 0;
  lua_pop(L, 1);
  keep_wait(L, options, c);
  c->frames = calloc(c->batch, sizeof *c->frames);
  c->packets = calloc(c->batch, sizeof *c->packets);
  if (c->frames == NULL || c->packets == NULL) luaL_error(L, "not enough memory");
  c->times.frames = c->frames;
  for (unsigned i = 0; i < c->batch; i++)
    c->packets[i].times = &c->times;
}

void tapL_setsource(struct tapL_capture *c, struct tap_source *s) {
  c->source = s;
  c->live = s->live;
}

/* --- the filter --- */

static struct tap_filter_options filter_options(const struct tapL_capture *c) {
  return (struct tap_filter_options){ .netmask = c->source->netmask,
                                      .live = c->live,
                                      .swapped = c->source->swapped };
}

struct tapL_select *tapL_checkwhere(lua_State *L, int capture, int index) {
  struct tapL_capture *c = tapL_tocapture(L, capture);
  const struct tap_filter_options options = filter_options(c);
  struct tapL_select *s;
  lua_getiuservalue(L, capture, TAPL_SETS);
  s = tapL_checkselect(L, index, lua_gettop(L), &options, c->source->linktype);
  s->serial = ++c->serial;
  lua_remove(L, -2);
  return s;
}

/* Put the filter that is on top, or nil, into its slot; pops it. */
static void keep_filter(lua_State *L, int capture) {
  lua_getiuservalue(L, capture, TAPL_SLOTS);
  lua_insert(L, -2);
  lua_rawseti(L, -2, TAPL_FILTER_SLOT);
  lua_pop(L, 1);
}

int tapL_setfilter(lua_State *L, int capture, int index, int sets) {
  struct tapL_capture *c = tapL_tocapture(L, capture);
  struct tap_filter_options options = filter_options(c);
  struct tapL_select *before = c->filter, *s = NULL;
  struct tap_err e, ignored;
  options.before_flows = true;
  if (lua_isnil(L, index)) {
    lua_pushnil(L);
  } else if ((s = tapL_pushselect(L, index, sets, &options, c->source->linktype)) == NULL) {
    if (!lua_istable(L, -1)) return 3;
    lua_pop(L, 1); /* where and what: it is in the message */
    return 2;
  } else {
    s->serial = ++c->serial;
  }
  c->filter = s;
  if (tapL_pass_refilter(c, &e) != 0) {
    c->filter = before;
    tapL_pass_refilter(c, &ignored); /* what it cannot be for ends the pass as it would have */
    return tapL_fail(L, tapL_pushsubject(L, capture), &e);
  }
  keep_filter(L, capture);
  return 0;
}

/* cap:set_filter_raw(filter | nil, sets | nil) */
static int capture_set_filter(lua_State *L) {
  int results;
  tapL_checkcapture(L, 1);
  lua_settop(L, 3);
  if (lua_isnil(L, 3))
    lua_getiuservalue(L, 1, TAPL_SETS);
  else
    tapL_pushsets(L, 3);
  results = tapL_setfilter(L, 1, 2, 4);
  if (results > 0) return results;
  lua_pushboolean(L, 1);
  return 1;
}

/* --- closing --- */

void tapL_release(struct tapL_capture *c) {
  struct tap_source *s = c->source;
  c->source = NULL; /* first, so that a second call does nothing */
  if (s != NULL) s->ops->close(s);
  if (c->poll_fd >= 0) close(c->poll_fd);
  c->poll_fd = -1;
  c->filter = NULL;
  tapL_flow_drop(c);
  free(c->frames);
  free(c->packets);
  c->frames = NULL;
  c->packets = NULL;
}

static int capture_close(lua_State *L) {
  struct tapL_capture *c = tapL_tocapture(L, 1);
  if (c->source == NULL) return 0;
  tapL_burypass(c);
  if (c->pass.in_call)
    return luaL_error(L, "cannot close: a function of this capture's pass is running");
  tapL_pass_end(c);
  tapL_release(c);
  return 0;
}

/* Collected: nobody can ask for counts any more, so none are waited for. */
static int capture_gc(lua_State *L) {
  struct tapL_capture *c = tapL_tocapture(L, 1);
  tapL_pass_abandon(c);
  tapL_release(c);
  tapL_freehooks(&c->hooks);
  return 0;
}

/* --- what is known of it --- */

static void set_integer(lua_State *L, const char *name, lua_Integer n) {
  lua_pushinteger(L, n);
  lua_setfield(L, -2, name);
}

static void set_filter(lua_State *L, const struct tapL_capture *c) {
  char buffer[160];
  lua_pushstring(L, tapL_kernel_place(c, buffer, sizeof buffer));
  lua_setfield(L, -2, "filter");
}

static void set_source(lua_State *L, const struct tap_source *s) {
  struct tap_ring_size ring;
  lua_pushstring(L, s->kind);
  lua_setfield(L, -2, "kind");
  if (s->linktype != TAP_LINKTYPE_NONE) set_integer(L, "linktype", s->linktype);
  if (s->snaplen != 0) set_integer(L, "snaplen", s->snaplen);
  if (s->netmask != UINT32_MAX) set_integer(L, "netmask", s->netmask);
  lua_pushboolean(L, s->swapped);
  lua_setfield(L, -2, "swapped");
  if (!tap_afpacket_ring(s, &ring)) return;
  set_integer(L, "buffer", (lua_Integer)ring.bytes);
  set_integer(L, "block", (lua_Integer)ring.block);
  set_integer(L, "blocks", (lua_Integer)ring.blocks);
  set_integer(L, "latency_ms", s->latency_ms);
}

static int capture_info(lua_State *L) {
  struct tapL_capture *c = tapL_tocapture(L, 1);
  lua_newtable(L);
  tapL_pushsubject(L, 1);
  lua_setfield(L, -2, c->live ? "interface" : "name");
  lua_pushboolean(L, c->live);
  lua_setfield(L, -2, "live");
  lua_pushboolean(L, c->source == NULL);
  lua_setfield(L, -2, "closed");
  if (c->source == NULL) return 1;
  set_source(L, c->source);
  set_filter(L, c);
  return 1;
}

/* cap:limit_raw(count, duration_ns): what ends each pass unless it says otherwise. */
static int capture_limit(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  lua_Integer count = luaL_optinteger(L, 2, 0), duration_ns = luaL_optinteger(L, 3, 0);
  luaL_argcheck(L, count >= 0, 2, "a number of packets cannot be negative");
  luaL_argcheck(L, duration_ns >= 0, 3, "a duration cannot be negative");
  c->limits = (struct tapL_limits){ (uint64_t)count, duration_ns };
  return 0;
}

static int capture_tostring(lua_State *L) {
  struct tapL_capture *c = tapL_tocapture(L, 1);
  const char *kind = c->source == NULL ? "closed" : c->source->kind;
  lua_pushfstring(L, "capture (%s, %s)", tapL_pushsubject(L, 1), kind);
  return 1;
}

static const luaL_Reg methods[] = {
  { "close", capture_close },         { "info", capture_info },
  { "limit_raw", capture_limit },     { "set_filter_raw", capture_set_filter },
  { "trouble_raw", capture_trouble }, { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", capture_close },
  { "__gc", capture_gc },
  { "__tostring", capture_tostring },
  { NULL, NULL },
};

void tapL_open_capture(lua_State *L) {
  tapL_newclass(L, TAPL_CAPTURE, metamethods, methods);
  lua_setfield(L, -2, "capture");
}
