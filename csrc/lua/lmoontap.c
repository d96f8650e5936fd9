/* SPDX-License-Identifier: MIT
 *
 * The module "moontap.core": the one list of its parts, and the one exported
 * symbol.
 */
#include <stdlib.h>

#include "lua/lapi.h"
#include "lua/lmoontap.h"
#include "lua/lname.h"
#include "lua/lvalue.h"

#define CONTEXT "moontap.context"

static int context_close(lua_State *L) {
  struct tapL_context *context = lua_touserdata(L, 1);
  tap_registry_free(context->registry);
  free(context->names);
  free(context->addresses);
  *context = (struct tapL_context){ NULL, NULL, NULL };
  return 0;
}

static void push_context(lua_State *L) {
  struct tapL_context *context = lua_newuserdatauv(L, sizeof *context, 0);
  struct tap_err e;
  *context = (struct tapL_context){ NULL, NULL, NULL };
  luaL_newmetatable(L, CONTEXT);
  lua_pushcfunction(L, context_close);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  context->registry = tap_registry_new(&e);
  if (context->registry == NULL) luaL_error(L, "moontap: cannot %s", e.what);
  context->names = tapL_names_new();
  context->addresses = tapL_addresses_new();
  if (context->names == NULL || context->addresses == NULL) luaL_error(L, "not enough memory");
}

/* Runs with the upvalues that all functions of the module get. */
static int open_parts(lua_State *L) {
  lua_newtable(L);
  tapL_open_capture(L); /* the next four add methods to its class */
  tapL_open_drive(L);
  tapL_open_handler(L);
  tapL_open_poll(L);
  tapL_open_stats(L);
  tapL_open_aggregate(L);
  tapL_open_columns(L);
  tapL_open_field(L);
  tapL_open_interface(L);
  tapL_open_open(L);
  tapL_open_packet(L);
  return 1;
}

__attribute__((visibility("default"))) int luaopen_moontap_core(lua_State *L) {
  push_context(L);
  lua_newtable(L); /* address texts */
  lua_pushcclosure(L, open_parts, TAPL_UPVALUES);
  lua_call(L, 0, 1);
  return 1;
}
