/* SPDX-License-Identifier: MIT
 *
 * A capture in somebody's event loop, by cqueues' names: one descriptor to
 * poll, which events, and how long at most.  LuaSocket's select() finds the
 * same as getfd() and dirty().  The descriptor is an epoll(7) that holds the
 * source's and, while the pass owns the signals, the one that wakes for them.
 * That one is new for each pass and leaves with it, so every question that a
 * loop asks before it sleeps looks after it.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lua/lpass.h"
#include "sys/descriptor.h"
#include "sys/interrupt.h"

static int add(int poll_fd, int fd) {
  struct epoll_event event = { .events = EPOLLIN };
  return epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST ? 0 : -1;
}

static int watch_source(int source_fd, struct tap_err *e) {
  int fd = tap_descriptor_lift(epoll_create1(EPOLL_CLOEXEC));
  if (fd < 0) return tap_fail(e, errno, "make a descriptor to poll");
  if (add(fd, source_fd) == 0) return fd;
  tap_fail(e, errno, "poll the source");
  close(fd);
  return -1;
}

/* A source without a descriptor always has something to say, and so has this one. */
static int always_ready(struct tap_err *e) {
  int fd = tap_descriptor_lift(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  return fd < 0 ? tap_fail(e, errno, "make a descriptor to poll") : fd;
}

int tapL_poll_signals(const struct tapL_capture *c, struct tap_err *e) {
  if (c->poll_fd < 0 || c->source->fd < 0 || !c->pass.owns_signals) return 0;
  return add(c->poll_fd, tap_interrupt_fd()) == 0 ? 0 : tap_fail(e, errno, "poll for signals");
}

/* cap:pollfd(): traffic is let in now, or there would be nothing to wait for.  Who will look at it is
 * not known yet, so that none of it may be left out. */
static int capture_pollfd(lua_State *L) {
  static const struct tapL_handler anybody = { .ref_count = -1 };
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  struct tapL_drive d = { L, c, 1, 2 };
  struct tap_err e;
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, TAPL_SLOTS);
  if (c->poll_fd < 0)
    c->poll_fd = c->source->fd >= 0 ? watch_source(c->source->fd, &e) : always_ready(&e);
  if (c->poll_fd < 0) return tapL_fail(L, tapL_pushsubject(L, 1), &e);
  if (c->pass.phase == TAPL_CLOSED && tapL_pass_begin(&d, &anybody, &c->limits, &e) != 0)
    return tapL_fail(L, tapL_pushsubject(L, 1), &e);
  if (tapL_poll_signals(c, &e) != 0) return tapL_fail(L, tapL_pushsubject(L, 1), &e);
  lua_pushinteger(L, c->poll_fd);
  return 1;
}

static int capture_events(lua_State *L) {
  tapL_checkcapture(L, 1);
  lua_pushliteral(L, "r");
  return 1;
}

static bool interrupted(const struct tapL_capture *c) {
  return c->pass.owns_signals && tap_interrupt_caught() != 0;
}

/* Has run() something to do, though nothing may be readable? */
static bool is_due(const struct tapL_capture *c) {
  return c->pass.at < c->pass.count || c->source->fd < 0 || interrupted(c);
}

/* cap:timeout(): seconds until run() should be called though nothing is readable; nil: never. */
static int capture_timeout(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  int64_t left = is_due(c) ? 0 : tapL_pass_timeleft(c, INT64_MAX);
  if (left == INT64_MAX)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)left / 1e9);
  return 1;
}

static int capture_dirty(lua_State *L) {
  lua_pushboolean(L, is_due(tapL_checkcapture(L, 1)));
  return 1;
}

static const luaL_Reg methods[] = {
  { "dirty", capture_dirty },   { "events", capture_events },   { "getfd", capture_pollfd },
  { "pollfd", capture_pollfd }, { "timeout", capture_timeout }, { NULL, NULL },
};

void tapL_open_poll(lua_State *L) {
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
