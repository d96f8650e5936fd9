/* SPDX-License-Identifier: MIT
 *
 * What a capture tells of its filter and of each 'where': what runs where and
 * why, and what their texts are warned of.
 */
#include "lua/lpass.h"

/* 'number' 0: there is only one. */
static void add_where(luaL_Buffer *b, const char *what, int number,
                      const struct tapL_select *where) {
  if (where == NULL) return;
  lua_pushfstring(b->L, number > 0 ? "\n%s %d, where:\n" : "\n%s, where:\n", what, number);
  luaL_addvalue(b);
  tapL_select_explain(where, b);
}

/* What the kernel of a live capture has, as far as it is known: each pass says anew what it wants. */
static void add_kernel(luaL_Buffer *b, const struct tapL_capture *c) {
  const struct tapL_kernel *k = &c->kernel;
  char buffer[160];
  const char *place = tapL_kernel_place(c, buffer, sizeof buffer);
  if (place != NULL) {
    lua_pushfstring(b->L, "runs: %s\n", place);
    luaL_addvalue(b);
  }
  if (!c->live) return;
  if (k->count == 0)
    luaL_addstring(b, "\nthe kernel lets all packets through\n");
  else
    lua_pushfstring(b->L, "\nthe kernel has %d instruction%s: %s\n", (int)k->count,
                    k->count == 1 ? "" : "s",
                    !k->joined   ? "the filter"
                    : k->filters ? "the filter, and what at least one 'where' asks"
                                 : "what at least one 'where' asks");
  if (k->count != 0) luaL_addvalue(b);
}

/* cap:explain() */
static int capture_explain(lua_State *L) {
  const struct tapL_capture *c = tapL_checkcapture(L, 1);
  const struct tapL_hooks *hooks = &c->hooks;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  if (c->filter != NULL)
    tapL_select_explain(c->filter, &b);
  else
    luaL_addstring(&b, "filter: none, every packet\n");
  add_kernel(&b, c);
  for (int i = 0; i < hooks->counter_count; i++)
    add_where(&b, hooks->counters[i].aggregate != NULL ? "aggregate" : "writer", i + 1,
              hooks->counters[i].where);
  for (int i = 0; i < hooks->handler_count; i++)
    add_where(&b, "handler", i + 1, hooks->handlers[i].where);
  if (c->pass.phase != TAPL_CLOSED && c->pass.has_loop)
    add_where(&b, "loop", 0, c->pass.loop.where);
  luaL_pushresult(&b);
  return 1;
}

/* cap:warnings() */
static int capture_warnings(lua_State *L) {
  const struct tapL_capture *c = tapL_checkcapture(L, 1);
  const struct tapL_hooks *hooks = &c->hooks;
  lua_newtable(L);
  if (c->filter != NULL) tapL_select_warnings(L, c->filter);
  for (int i = 0; i < hooks->counter_count; i++)
    if (hooks->counters[i].where != NULL) tapL_select_warnings(L, hooks->counters[i].where);
  for (int i = 0; i < hooks->handler_count; i++)
    if (hooks->handlers[i].where != NULL) tapL_select_warnings(L, hooks->handlers[i].where);
  return 1;
}

static const luaL_Reg methods[] = {
  { "explain", capture_explain },
  { "warnings", capture_warnings },
  { NULL, NULL },
};

void tapL_open_explain(lua_State *L) {
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
