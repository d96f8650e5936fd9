/* SPDX-License-Identifier: MIT
 *
 * What a capture has counted.  seen = delivered + filtered + dropped +
 * unread: while a live pass runs, seen is what has been counted up to the
 * packet at hand; once it has ended, seen is the kernel's own count, and the
 * sum of the others must meet it.
 */
#include "lua/lflow.h"
#include "lua/lpass.h"

void tapL_refresh(struct tapL_capture *c) {
  if (c->source != NULL) c->source->ops->counts(c->source, &c->counts);
}

static void set_count(lua_State *L, const char *name, uint64_t n) {
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

static void set_totals(lua_State *L, const struct tapL_capture *c) {
  uint64_t unread = 0, seen = c->tally.delivered + c->tally.filtered + c->counts.dropped;
  if (c->live && c->pass.phase == TAPL_CLOSED) {
    unread = c->counts.unread + (c->pass.count - c->pass.at);
    seen = c->counts.seen;
  }
  set_count(L, "seen", seen);
  set_count(L, "delivered", c->tally.delivered);
  set_count(L, "filtered", c->tally.filtered);
  set_count(L, "dropped", c->counts.dropped);
  set_count(L, "unread", unread);
  set_count(L, "frozen", c->counts.frozen);
  set_count(L, "lost_at_stop", c->counts.lost_at_stop);
}

static void push_matched(lua_State *L, uint64_t matched, uint64_t skipped) {
  lua_createtable(L, 0, 2);
  set_count(L, "matched", matched);
  set_count(L, "skipped", skipped);
}

static void set_handlers(lua_State *L, const struct tapL_capture *c) {
  const struct tapL_hooks *hooks = &c->hooks;
  lua_createtable(L, hooks->handler_count, 0);
  for (int i = 0; i < hooks->handler_count; i++) {
    push_matched(L, hooks->handlers[i].matched, hooks->handlers[i].skipped);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "handlers");
  push_matched(L, c->pass.loop.matched, c->pass.loop.skipped);
  lua_setfield(L, -2, "loop");
}

/* Tables and writers are two lists to scripts. */
static void set_counters(lua_State *L, const struct tapL_hooks *hooks) {
  int tables = 0, writers = 0;
  lua_newtable(L);
  lua_newtable(L);
  for (int i = 0; i < hooks->counter_count; i++) {
    const struct tapL_counter *counter = &hooks->counters[i];
    push_matched(L, counter->matched, counter->skipped); /* tables, writers, counts */
    if (counter->aggregate == NULL) {
      lua_rawseti(L, -2, ++writers);
      continue;
    }
    set_count(L, "evicted", tap_aggregate_evicted(counter->aggregate));
    lua_rawseti(L, -3, ++tables);
  }
  lua_setfield(L, -3, "writers");
  lua_setfield(L, -2, "tables");
}

/* A live capture has one interface here, so that its counts are the totals. */
static void set_interfaces(lua_State *L, int capture, const struct tapL_capture *c) {
  if (!c->live) return;
  lua_createtable(L, 0, 1);
  tapL_pushsubject(L, capture);
  lua_createtable(L, 0, 8);
  set_totals(L, c);
  lua_rawset(L, -3);
  lua_setfield(L, -2, "interfaces");
}

static void set_errors(lua_State *L, int capture, const struct tapL_capture *c) {
  if (!c->count_errors) return;
  set_count(L, "errors", c->errors);
  lua_getiuservalue(L, capture, TAPL_SLOTS);
  lua_rawgeti(L, -1, TAPL_ERROR_SLOT);
  lua_remove(L, -2);
  lua_setfield(L, -2, "last_error");
}

void tapL_pushstats(lua_State *L, int capture) {
  struct tapL_capture *c = tapL_tocapture(L, capture);
  if (c->live && c->pass.phase != TAPL_CLOSED) tapL_refresh(c);
  lua_createtable(L, 0, 13);
  set_totals(L, c);
  set_handlers(L, c);
  set_counters(L, &c->hooks);
  tapL_flow_pushcounts(L, c);
  lua_setfield(L, -2, "flows");
  set_interfaces(L, capture, c);
  set_errors(L, capture, c);
}

static int capture_stats(lua_State *L) {
  tapL_tocapture(L, 1);
  tapL_pushstats(L, 1);
  return 1;
}

static const luaL_Reg methods[] = {
  { "stats", capture_stats },
  { NULL, NULL },
};

void tapL_open_stats(lua_State *L) {
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
