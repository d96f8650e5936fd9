/* SPDX-License-Identifier: MIT
 *
 * A capture in somebody's event loop, by cqueues' names: one descriptor to
 * poll, which events, and how long at most.  LuaSocket's select() finds the
 * same as getfd() and dirty().
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lua/lpass.h"

static int watch(int source_fd, struct tap_err *e) {
  struct epoll_event event = { .events = EPOLLIN };
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return tap_fail(e, errno, "make a descriptor to poll");
  if (epoll_ctl(fd, EPOLL_CTL_ADD, source_fd, &event) == 0) return fd;
  tap_fail(e, errno, "poll the source");
  close(fd);
  return -1;
}

/* A source without a descriptor always has something to say, and so has this one. */
static int always_ready(struct tap_err *e) {
  int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? tap_fail(e, errno, "make a descriptor to poll") : fd;
}

/* cap:pollfd(): traffic is let in now, or there would be nothing to wait for. */
static int capture_pollfd(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  struct tapL_drive d = { L, c, 1, 2 };
  struct tap_err e;
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, TAPL_SLOTS);
  if (c->poll_fd < 0) c->poll_fd = c->source->fd >= 0 ? watch(c->source->fd, &e) : always_ready(&e);
  if (c->poll_fd < 0) return tapL_fail(L, tapL_pushsubject(L, 1), &e);
  if (c->pass.phase == TAPL_CLOSED && tapL_pass_begin(&d, NULL, &c->limits, &e) != 0)
    return tapL_fail(L, tapL_pushsubject(L, 1), &e);
  lua_pushinteger(L, c->poll_fd);
  return 1;
}

static int capture_events(lua_State *L) {
  tapL_checkcapture(L, 1);
  lua_pushliteral(L, "r");
  return 1;
}

static bool has_buffered(const struct tapL_capture *c) {
  return c->pass.at < c->pass.count || c->source->fd < 0;
}

/* cap:timeout(): seconds until run() should be called though nothing is readable; nil: never. */
static int capture_timeout(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  int64_t left = has_buffered(c) ? 0 : tapL_pass_timeleft(c, INT64_MAX);
  if (left == INT64_MAX)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)left / 1e9);
  return 1;
}

static int capture_dirty(lua_State *L) {
  lua_pushboolean(L, has_buffered(tapL_checkcapture(L, 1)));
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
