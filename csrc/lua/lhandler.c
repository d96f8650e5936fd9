/* SPDX-License-Identifier: MIT
 *
 * What a script registers with a capture: handlers, ticks, aggregates.  Their
 * Lua values are anchored in the capture's slots, which a pass finds them in
 * by number.
 */
#include <stdlib.h>
#include <string.h>

#include "lua/lpass.h"
#include "lua/lvalue.h"
#include "lua/lwriter.h"

/* Room for one element more in an array of 'count' that grows by doubling. */
static void *grow(lua_State *L, void *array, int count, size_t size) {
  void *grown;
  if (count != 0 && (count & (count - 1)) != 0) return array; /* not a power of two: room is left */
  grown = realloc(array, (count == 0 ? 1 : 2 * (size_t)count) * size);
  if (grown == NULL) luaL_error(L, "not enough memory");
  return grown;
}

/* Keep the value on top of the stack in a slot of the capture at index 1; pops it. */
static int keep(lua_State *L, struct tapL_capture *c) {
  int slot = TAPL_FIRST_SLOT + c->hooks.slot_count;
  lua_getiuservalue(L, 1, TAPL_SLOTS);
  lua_insert(L, -2);
  lua_rawseti(L, -2, slot);
  lua_pop(L, 1);
  c->hooks.slot_count++;
  return slot;
}

void tapL_freehandler(struct tapL_handler *h) {
  free(h->refs);
  h->refs = NULL;
  h->ref_count = 0;
}

void tapL_freehooks(struct tapL_hooks *hooks) {
  for (int i = 0; i < hooks->handler_count; i++)
    tapL_freehandler(&hooks->handlers[i]);
  for (int i = 0; i < hooks->counter_count; i++)
    if (hooks->counters[i].aggregate != NULL) tap_aggregate_free(hooks->counters[i].aggregate);
  free(hooks->handlers);
  free(hooks->counters);
  free(hooks->ticks);
  *hooks = (struct tapL_hooks){ 0 };
}

static void check_name(lua_State *L, int index, int i, struct tap_ref *out) {
  lua_geti(L, index, i);
  tapL_checkref(L, lua_gettop(L), out);
  if (i == 1 && out->optional)
    luaL_error(L, "'%s': the first field of a list must be required, without '?'",
               lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Nothing is allocated before the whole list was found right. */
void tapL_readnames(lua_State *L, int index, struct tapL_handler *h) {
  lua_Integer count = luaL_len(L, index);
  struct tap_ref refs[TAPL_NAMES_MAX];
  luaL_argcheck(L, count >= 1, index, "a list of field names expected");
  luaL_argcheck(L, count <= TAPL_NAMES_MAX, index, "too many fields");
  for (int i = 0; i < count; i++)
    check_name(L, index, i + 1, &refs[i]);
  h->refs = malloc((size_t)count * sizeof *refs);
  if (h->refs == NULL) luaL_error(L, "not enough memory");
  memcpy(h->refs, refs, (size_t)count * sizeof *refs);
  h->ref_count = (int)count;
}

static struct tapL_capture *check_registering(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  tapL_checkidle(L, c, "register");
  return c;
}

/* Room for one handler more; what is put there belongs to the list once it is counted. */
static struct tapL_handler *new_handler(lua_State *L, struct tapL_capture *c) {
  struct tapL_hooks *hooks = &c->hooks;
  hooks->handlers = grow(L, hooks->handlers, hooks->handler_count, sizeof *hooks->handlers);
  hooks->handlers[hooks->handler_count] = (struct tapL_handler){ 0 };
  return &hooks->handlers[hooks->handler_count];
}

/* The selection at 'index', kept; NULL where nothing is. */
static struct tapL_select *keep_where(lua_State *L, struct tapL_capture *c, int index) {
  struct tapL_select *where;
  if (lua_isnoneornil(L, index)) return NULL;
  where = tapL_checkwhere(L, 1, index);
  keep(L, c);
  return where;
}

/* cap:on(names, fn, where) */
static int capture_on(lua_State *L) {
  struct tapL_capture *c = check_registering(L);
  struct tapL_select *where;
  struct tapL_handler *h;
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  where = keep_where(L, c, 4);
  lua_settop(L, 3);
  h = new_handler(L, c);
  h->where = where;
  h->slot = keep(L, c);
  tapL_readnames(L, 2, h); /* the last that can raise */
  c->hooks.handler_count++;
  return 0;
}

/* cap:each(fn, where) */
static int capture_each(lua_State *L) {
  struct tapL_capture *c = check_registering(L);
  struct tapL_select *where;
  struct tapL_handler *h;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  where = keep_where(L, c, 3);
  lua_settop(L, 2);
  h = new_handler(L, c);
  h->where = where;
  h->ref_count = -1;
  h->slot = keep(L, c);
  c->hooks.handler_count++;
  return 0;
}

/* cap:every_raw(period_ns, fn) */
static int capture_every(lua_State *L) {
  struct tapL_capture *c = check_registering(L);
  struct tapL_hooks *hooks = &c->hooks;
  lua_Integer period = luaL_checkinteger(L, 2);
  luaL_argcheck(L, period > 0, 2, "a period must be positive");
  luaL_checktype(L, 3, LUA_TFUNCTION);
  lua_settop(L, 3);
  hooks->ticks = grow(L, hooks->ticks, hooks->tick_count, sizeof *hooks->ticks);
  hooks->ticks[hooks->tick_count] =
      (struct tapL_tick){ .period_ns = period, .next_ns = INT64_MAX, .slot = keep(L, c) };
  hooks->tick_count++;
  return 0;
}

/* cap:aggregate_raw{by=, columns=, limit=, where=} */
static int capture_aggregate(lua_State *L) {
  struct tapL_capture *c = check_registering(L);
  struct tapL_hooks *hooks = &c->hooks;
  struct tapL_select *where;
  struct tap_aggregate *a;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "where");
  where = keep_where(L, c, lua_gettop(L));
  a = tapL_newaggregate(L, 2);
  lua_pushvalue(L, -1);
  keep(L, c);
  hooks->counters = grow(L, hooks->counters, hooks->counter_count, sizeof *hooks->counters);
  hooks->counters[hooks->counter_count++] =
      (struct tapL_counter){ .aggregate = tap_aggregate_share(a), .where = where };
  return 1;
}

/* cap:save_raw(writer, where) */
static int capture_save(lua_State *L) {
  struct tapL_capture *c = check_registering(L);
  struct tapL_hooks *hooks = &c->hooks;
  struct tapL_writer *w = tapL_checkwriter(L, 2);
  struct tapL_select *where = keep_where(L, c, 3);
  int done;
  lua_settop(L, 2);
  tapL_writer_done(L, 2);
  done = lua_isnil(L, -1) ? 0 : keep(L, c);
  lua_settop(L, 2);
  keep(L, c);
  hooks->counters = grow(L, hooks->counters, hooks->counter_count, sizeof *hooks->counters);
  hooks->counters[hooks->counter_count++] =
      (struct tapL_counter){ .writer = w, .done = done, .where = where };
  if (c->live) tapL_writer_interface(w, tapL_pushsubject(L, 1));
  return 0;
}

static const luaL_Reg methods[] = {
  { "aggregate_raw", capture_aggregate }, { "each", capture_each },
  { "every_raw", capture_every },         { "on", capture_on },
  { "save_raw", capture_save },           { NULL, NULL },
};

void tapL_open_handler(lua_State *L) {
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
