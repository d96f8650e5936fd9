/* SPDX-License-Identifier: MIT
 *
 * The three ways to drive a pass: cap:run() in C, a for loop, and a single
 * cap:next().  A guard, closed by Lua when its scope ends, ends a pass that an
 * error or a break leaves behind.
 */
#include "lua/lpacket.h"
#include "lua/lpass.h"
#include "lua/lvalue.h"
#include "sys/clock.h"

#define GUARD "moontap.pass"

enum { GUARD_CAPTURE = 1, GUARD_WHERE, GUARD_VALUES = GUARD_WHERE };

/* A pass under guard.  Its capture, and what selects packets for its loop, are user values. */
struct guard {
  struct tapL_capture *c;
  unsigned serial; /* of the pass; 0: there is none to end */
  struct tapL_handler loop;
};

static struct guard *push_guard(lua_State *L, int capture) {
  struct guard *g = lua_newuserdatauv(L, sizeof *g, GUARD_VALUES);
  *g = (struct guard){ .c = tapL_tocapture(L, capture) };
  lua_pushvalue(L, capture);
  lua_setiuservalue(L, -2, GUARD_CAPTURE);
  luaL_setmetatable(L, GUARD);
  return g;
}

static bool is_guarding(const struct guard *g) {
  return g->serial != 0 && g->serial == g->c->pass.serial;
}

/* A loop was left, or an error is on its way: then nothing of the script is called. */
static int guard_close(lua_State *L) {
  enum { SELF = 1, ERROR, CAPTURE, SLOTS };
  struct guard *g = luaL_checkudata(L, SELF, GUARD);
  struct tapL_drive d = { L, g->c, CAPTURE, SLOTS };
  if (!is_guarding(g)) return 0;
  lua_settop(L, ERROR);
  lua_getiuservalue(L, SELF, GUARD_CAPTURE);
  lua_getiuservalue(L, CAPTURE, TAPL_SLOTS);
  if (lua_isnil(L, ERROR) && !g->c->pass.in_call) {
    tapL_pass_enter(&d);
    tapL_pass_finish(&d);
  } else {
    tapL_pass_end(g->c);
  }
  return 0;
}

/* The pass stays open: the scope of the guard at 'index' is left as it should be. */
static void guard_disarm(lua_State *L, int index) {
  struct guard *g = lua_touserdata(L, index);
  g->serial = 0;
}

static int guard_gc(lua_State *L) {
  struct guard *g = luaL_checkudata(L, 1, GUARD);
  if (is_guarding(g)) tapL_pass_end(g->c);
  tapL_freehandler(&g->loop);
  return 0;
}

/* --- cap:run --- */

enum { RUN_CAPTURE = 1, RUN_COUNT, RUN_DURATION, RUN_WAIT, RUN_SLOTS, RUN_GUARD };

static int fail_pass(lua_State *L, int capture, const struct tap_err *e) {
  return tapL_fail(L, tapL_pushsubject(L, capture), e);
}

/* With wait = false a run tells how many packets it handled and what to do next. */
static int tell(lua_State *L, const struct tapL_drive *d, uint64_t before, const char *state) {
  guard_disarm(L, RUN_GUARD);
  lua_pushinteger(L, (lua_Integer)(d->c->tally.delivered - before));
  lua_pushstring(L, state);
  return 2;
}

static int end_run(lua_State *L, const struct tapL_drive *d, uint64_t before) {
  if (!lua_toboolean(L, RUN_WAIT)) return tell(L, d, before, "end");
  tapL_pushstats(L, RUN_CAPTURE);
  return 1;
}

/* Call the script's own wait function, which may yield. */
static void call_wait(struct tapL_drive *d, lua_KContext context, lua_KFunction k) {
  lua_rawgeti(d->L, d->slots, TAPL_WAIT_SLOT);
  lua_pushvalue(d->L, d->capture);
  d->c->pass.in_call = true;
  lua_callk(d->L, 1, 0, context, k);
  d->c->pass.in_call = false;
}

/* How many packets this run may deliver: one that waits runs until its pass ends. */
static uint64_t run_turn(lua_State *L) {
  return lua_toboolean(L, RUN_WAIT) ? UINT64_MAX : (uint64_t)lua_tointeger(L, RUN_COUNT);
}

/* 'before': what had been delivered when this run began. */
static int run_on(lua_State *L, int status, lua_KContext before) {
  struct tapL_drive d = { L, lua_touserdata(L, RUN_CAPTURE), RUN_CAPTURE, RUN_SLOTS };
  const uint64_t turn = run_turn(L);
  struct tap_packet *p;
  struct tap_err e;
  (void)status;
  d.c->pass.in_call = false;
  for (;;) {
    switch (tapL_pass_advance(&d, &p, &e)) {
    case TAPL_PACKET:
      if (d.c->tally.delivered - (uint64_t)before >= turn)
        return tell(L, &d, (uint64_t)before, "more");
      break;
    case TAPL_WAIT:
      if (!lua_toboolean(L, RUN_WAIT)) return tell(L, &d, (uint64_t)before, "idle");
      if (d.c->has_wait)
        call_wait(&d, before, run_on);
      else if (tapL_pass_wait(d.c, INT64_MAX, &e) != 0)
        return fail_pass(L, RUN_CAPTURE, &e);
      break;
    case TAPL_END: return end_run(L, &d, (uint64_t)before);
    case TAPL_FAILED: return fail_pass(L, RUN_CAPTURE, &e);
    }
  }
}

static struct tapL_limits run_limits(lua_State *L, const struct tapL_capture *c) {
  struct tapL_limits limits = c->limits;
  if (!lua_isnil(L, RUN_COUNT) && lua_toboolean(L, RUN_WAIT))
    limits.count = (uint64_t)luaL_checkinteger(L, RUN_COUNT);
  if (!lua_isnil(L, RUN_DURATION)) limits.duration_ns = luaL_checkinteger(L, RUN_DURATION);
  return limits;
}

/* How many packets a run that does not wait handles unless it says so: an event loop wants to
 * get its turn again. */
enum { TURN = 1024 };

/* cap:run_raw(count, duration_ns, wait) */
static int capture_run(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, RUN_CAPTURE);
  struct tapL_drive d = { L, c, RUN_CAPTURE, RUN_SLOTS };
  struct tapL_limits limits;
  struct tap_err e;
  struct guard *g;
  bool resumed = c->pass.phase != TAPL_CLOSED;
  tapL_checkidle(L, c, "run");
  lua_settop(L, RUN_WAIT);
  if (lua_isnil(L, RUN_WAIT)) {
    lua_pushboolean(L, 1);
    lua_replace(L, RUN_WAIT);
  }
  limits = run_limits(L, c);
  if (!lua_toboolean(L, RUN_WAIT) && lua_isnil(L, RUN_COUNT)) {
    lua_pushinteger(L, TURN);
    lua_replace(L, RUN_COUNT);
  }
  lua_getiuservalue(L, RUN_CAPTURE, TAPL_SLOTS);
  g = push_guard(L, RUN_CAPTURE);
  lua_toclose(L, RUN_GUARD);
  tapL_pass_takeback(c);
  if (resumed && lua_toboolean(L, RUN_WAIT)) tapL_pass_limit(c, &limits);
  if (tapL_pass_begin(&d, NULL, &limits, &e) != 0) return fail_pass(L, RUN_CAPTURE, &e);
  if (!lua_toboolean(L, RUN_WAIT)) tapL_pass_count_steps(c);
  g->serial = c->pass.serial;
  return run_on(L, LUA_OK, (lua_KContext)c->tally.delivered);
}

/* --- for loops --- */

enum { LOOP_CAPTURE = TAPL_UPVALUES + 1, LOOP_SLOTS, LOOP_GUARD };

/* Push what the loop asked for, and say how many values.  0: the packet lacks a required field. */
static inline __attribute__((always_inline)) int offer(lua_State *L, struct tapL_capture *c,
                                                       struct tap_packet *p) {
  struct tapL_handler *loop = &c->pass.loop;
  const struct tap_ref *end, *stop;
  if (loop->ref_count < 0) {
    struct tapL_drive d = { L, c, lua_upvalueindex(LOOP_CAPTURE), lua_upvalueindex(LOOP_SLOTS) };
    tapL_pass_takeback(c);
    tapL_pass_lend(&d, p);
    loop->matched++;
    return 1;
  }
  end = loop->refs + (unsigned)loop->ref_count;
  stop = tapL_pushrange(L, c->context, loop->refs, end, p);
  if (stop < end) {
    lua_pop(L, (int)(stop - loop->refs));
    loop->skipped++;
    return 0;
  }
  loop->matched++;
  return loop->ref_count;
}

static inline bool is_wanted(const struct tapL_capture *c, const struct tap_packet *p) {
  struct tapL_select *where = c->pass.loop.where;
  return where == NULL || tapL_select_accepts(where, p);
}

static int raise_fault(lua_State *L, int capture, const struct tap_err *e) {
  tapL_pushmessage(L, tapL_pushsubject(L, capture), e);
  return lua_error(L);
}

static int loop_resumed(lua_State *L, int status, lua_KContext context);

/* Nothing is there now: sleep.  The script's own wait function may yield. */
static void wait_in_loop(struct tapL_drive *d) {
  struct tap_err e;
  if (d->c->has_wait)
    call_wait(d, 0, loop_resumed);
  else if (tapL_pass_wait(d->c, INT64_MAX, &e) != 0)
    raise_fault(d->L, d->capture, &e);
}

static void begin_loop(lua_State *L, struct guard *g) {
  struct tapL_drive d = { L, g->c, lua_upvalueindex(LOOP_CAPTURE), lua_upvalueindex(LOOP_SLOTS) };
  struct tap_err e;
  tapL_checkidle(L, g->c, "loop");
  tapL_pass_takeback(g->c);
  if (tapL_pass_begin(&d, &g->loop, &g->c->limits, &e) != 0) raise_fault(L, d.capture, &e);
  g->serial = g->c->pass.serial;
  g->c->pass.in_loop = true;
}

/* A loop that is not in its pass begins it, is at its end (false), or went wrong. */
static __attribute__((noinline)) bool enter_loop(lua_State *L, struct guard *g) {
  if (g->c->source == NULL) return luaL_error(L, "the capture was closed in its loop");
  if (g->c->pass.in_call) return luaL_error(L, "a loop cannot go on inside a handler");
  if (g->serial != 0) return false;
  begin_loop(L, g);
  return true;
}

static inline bool is_in_pass(const struct guard *g) {
  const struct tapL_pass *pass = &g->c->pass;
  return g->serial == pass->serial && pass->phase != TAPL_CLOSED && !pass->in_call;
}

static int end_loop(lua_State *L) {
  lua_pushnil(L);
  return 1;
}

static __attribute__((noinline)) int loop_on(lua_State *L) {
  struct guard *g = lua_touserdata(L, lua_upvalueindex(LOOP_GUARD));
  struct tapL_drive d = { L, g->c, lua_upvalueindex(LOOP_CAPTURE), lua_upvalueindex(LOOP_SLOTS) };
  struct tap_packet *p;
  struct tap_err e;
  int values;
  if (!is_in_pass(g) && !enter_loop(L, g)) return end_loop(L);
  tapL_pass_takeback(g->c);
  tapL_pass_enter(&d);
  for (;;) {
    switch (tapL_pass_advance(&d, &p, &e)) {
    case TAPL_PACKET:
      if (is_wanted(d.c, p) && (values = offer(L, d.c, p)) > 0) return values;
      break;
    case TAPL_WAIT: wait_in_loop(&d); break;
    case TAPL_END: return end_loop(L);
    case TAPL_FAILED: return raise_fault(L, d.capture, &e);
    }
  }
}

/* Mostly the next packet of a batch is all that is to be looked at. */
static int loop_next(lua_State *L) {
  struct guard *g = lua_touserdata(L, lua_upvalueindex(LOOP_GUARD));
  struct tapL_capture *c = g->c;
  struct tap_packet *p;
  int values;
  if (g->serial == c->pass.serial && c->pass.thread == L && (p = tapL_pass_straight(c)) != NULL &&
      (values = offer(L, c, p)) > 0)
    return values;
  return loop_on(L);
}

/* The script's wait function yielded, and is back. */
static int loop_resumed(lua_State *L, int status, lua_KContext context) {
  struct guard *g = lua_touserdata(L, lua_upvalueindex(LOOP_GUARD));
  (void)status;
  (void)context;
  g->c->pass.in_call = false;
  return loop_next(L);
}

/* Push what a generic for takes: iterator, nil, nil, and the guard to close. */
static int push_loop(lua_State *L) {
  int guard = lua_gettop(L);
  lua_pushvalue(L, 1);
  lua_getiuservalue(L, 1, TAPL_SLOTS);
  lua_pushvalue(L, guard);
  tapL_pushclosure(L, loop_next, 3);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, guard);
  return 4;
}

/* Select the packets of the loop whose guard is on top, by what is given at 'index', if it is. */
static void select_packets(lua_State *L, struct guard *g, int index) {
  if (lua_isnil(L, index)) return;
  g->loop.where = tapL_checkwhere(L, 1, index);
  lua_setiuservalue(L, -2, GUARD_WHERE);
}

/* cap:fields(names, where) */
static int capture_fields(lua_State *L) {
  struct guard *g;
  tapL_checkcapture(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 3);
  g = push_guard(L, 1);
  tapL_readnames(L, 2, &g->loop);
  select_packets(L, g, 3);
  return push_loop(L);
}

/* cap:packets(where) */
static int capture_packets(lua_State *L) {
  struct guard *g;
  tapL_checkcapture(L, 1);
  lua_settop(L, 2);
  g = push_guard(L, 1);
  g->loop.ref_count = -1;
  select_packets(L, g, 2);
  return push_loop(L);
}

/* --- cap:next --- */

enum { NEXT_CAPTURE = 1, NEXT_TIMEOUT, NEXT_SLOTS, NEXT_GUARD };

static int next_timeout(lua_State *L) {
  guard_disarm(L, NEXT_GUARD);
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  return 2;
}

static int next_on(lua_State *L, int status, lua_KContext deadline) {
  struct tapL_drive d = { L, lua_touserdata(L, NEXT_CAPTURE), NEXT_CAPTURE, NEXT_SLOTS };
  struct tap_packet *p;
  struct tap_err e;
  (void)status;
  d.c->pass.in_call = false;
  for (;;) {
    switch (tapL_pass_advance(&d, &p, &e)) {
    case TAPL_PACKET:
      guard_disarm(L, NEXT_GUARD);
      d.c->pass.loop.matched++;
      tapL_pass_lend(&d, p);
      return 1;
    case TAPL_WAIT:
      if (tap_clock_monotonic_ns() >= (int64_t)deadline) return next_timeout(L);
      if (d.c->has_wait)
        call_wait(&d, deadline, next_on);
      else if (tapL_pass_wait(d.c, (int64_t)deadline, &e) != 0)
        return fail_pass(L, NEXT_CAPTURE, &e);
      break;
    case TAPL_END: lua_pushnil(L); return 1;
    case TAPL_FAILED: return fail_pass(L, NEXT_CAPTURE, &e);
    }
  }
}

enum { NS_PER_MS = 1000000 };

static int64_t deadline_after(lua_Integer ms) {
  int64_t span_ns = ms > INT64_MAX / NS_PER_MS ? INT64_MAX : ms * NS_PER_MS;
  return tap_clock_after(tap_clock_monotonic_ns(), span_ns);
}

/* cap:next_raw(timeout_ms); the pass stays open for the next call. */
static int capture_next(lua_State *L) {
  static const struct tapL_handler packets = { .ref_count = -1 };
  struct tapL_capture *c = tapL_checkcapture(L, NEXT_CAPTURE);
  struct tapL_drive d = { L, c, NEXT_CAPTURE, NEXT_SLOTS };
  int64_t deadline = INT64_MAX;
  struct guard *g;
  struct tap_err e;
  tapL_checkidle(L, c, "read");
  lua_settop(L, NEXT_TIMEOUT);
  if (!lua_isnil(L, NEXT_TIMEOUT)) deadline = deadline_after(luaL_checkinteger(L, NEXT_TIMEOUT));
  lua_getiuservalue(L, NEXT_CAPTURE, TAPL_SLOTS);
  g = push_guard(L, NEXT_CAPTURE);
  lua_toclose(L, NEXT_GUARD);
  tapL_pass_takeback(c);
  if (tapL_pass_begin(&d, &packets, &c->limits, &e) != 0) return fail_pass(L, NEXT_CAPTURE, &e);
  g->serial = c->pass.serial;
  return next_on(L, LUA_OK, (lua_KContext)deadline);
}

/* cap:stop(): inside a call of the pass it ends behind the packet at hand, else at once. */
static int capture_stop(lua_State *L) {
  enum { SELF = 1, SLOTS };
  struct tapL_capture *c = tapL_checkcapture(L, SELF);
  struct tapL_drive d = { L, c, SELF, SLOTS };
  tapL_burypass(c);
  lua_settop(L, SELF);
  lua_getiuservalue(L, SELF, TAPL_SLOTS);
  if (c->pass.in_call) {
    c->pass.stop_asked = true;
  } else if (c->pass.phase != TAPL_CLOSED) {
    tapL_pass_enter(&d);
    tapL_pass_finish(&d);
  }
  return 0;
}

/* --- who drives --- */

/* The capture whose pass the function of this frame drives, or NULL.  The function is on top. */
static struct tapL_capture *driven_by(lua_State *L, lua_Debug *frame) {
  struct tapL_capture *c = NULL;
  lua_CFunction f = lua_tocfunction(L, -1);
  if (f == loop_next && lua_getupvalue(L, -1, LOOP_CAPTURE) != NULL) {
    c = lua_touserdata(L, -1);
    lua_pop(L, 1);
  } else if ((f == capture_run || f == capture_next || f == capture_stop) &&
             lua_getlocal(L, frame, 1) != NULL) {
    c = lua_touserdata(L, -1);
    lua_pop(L, 1);
  } else if (f == guard_close && lua_getlocal(L, frame, 1) != NULL) {
    c = ((struct guard *)lua_touserdata(L, -1))->c;
    lua_pop(L, 1);
  }
  return c;
}

bool tapL_drive_isactive(struct tapL_capture *c) {
  lua_State *L = c->pass.thread;
  lua_Debug frame;
  bool found = false;
  if (!lua_checkstack(L, 2)) return true;
  for (int level = 0; !found && lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "f", &frame);
    found = driven_by(L, &frame) == c;
    lua_pop(L, 1);
  }
  return found;
}

static const luaL_Reg guard_metamethods[] = {
  { "__close", guard_close },
  { "__gc", guard_gc },
  { NULL, NULL },
};

static const luaL_Reg methods[] = {
  { "fields", capture_fields }, { "next_raw", capture_next }, { "packets", capture_packets },
  { "run_raw", capture_run },   { "stop", capture_stop },     { NULL, NULL },
};

void tapL_open_drive(lua_State *L) {
  tapL_newclass(L, GUARD, guard_metamethods, NULL);
  lua_pop(L, 1);
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
