/* SPDX-License-Identifier: MIT
 *
 * The module "moontap.core": the one list of its parts, and the one exported
 * symbol.  A Lua state has one module and one context, however often it is
 * asked for them: classes are shared by the whole state, and objects of before
 * must go on working.
 */
#include "lua/lmoontap.h"

#include "flow/flow.h"
#include "lua/lapi.h"
#include "lua/lask.h"
#include "lua/lname.h"
#include "lua/lvalue.h"
#include "stats/intern.h"

#define CONTEXT "moontap.context"
#define MODULE "moontap.core" /* its key in Lua's registry */

/* The context's user values: memory that Lua frees after the last finalizer has run. */
enum { NAMES = 1, ADDRESSES, CONTEXT_VALUES = ADDRESSES };

/* Finalizers of older objects may run yet; what they call finds no registry and raises.  Names are
 * forgotten, so that a field of a packet is asked of the registry again. */
static int context_close(lua_State *L) {
  struct tapL_context *context = lua_touserdata(L, 1);
  struct tap_registry *registry = context->registry;
  context->registry = NULL;
  tapL_forgetnames(context->names);
  tap_registry_free(registry);
  tap_intern_free(context->ids);
  context->ids = NULL;
  return 0;
}

static void push_context(lua_State *L) {
  struct tapL_context *context = lua_newuserdatauv(L, sizeof *context, CONTEXT_VALUES);
  struct tap_err e;
  *context = (struct tapL_context){ 0 };
  luaL_newmetatable(L, CONTEXT);
  lua_pushcfunction(L, context_close);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  context->registry = tap_registry_new(&e);
  if (context->registry == NULL ||
      tap_registry_add_common(context->registry, tap_flow_fields, &e) != 0)
    luaL_error(L, "moontap: cannot %s", e.what);
  context->names = tapL_newnames(L);
  lua_setiuservalue(L, -2, NAMES);
  context->addresses = tapL_newaddresses(L);
  lua_setiuservalue(L, -2, ADDRESSES);
}

/* Runs with the upvalues that all functions of the module get. */
static int open_parts(lua_State *L) {
  lua_newtable(L);
  tapL_open_capture(L); /* the next six add methods to its class */
  tapL_open_explain(L);
  tapL_open_drive(L);
  tapL_open_flow(L);
  tapL_open_handler(L);
  tapL_open_poll(L);
  tapL_open_stats(L);
  tapL_open_aggregate(L);
  tapL_open_columns(L);
  tapL_open_expression(L);
  tapL_open_field(L);
  tapL_open_id(L);
  tapL_open_interface(L);
  tapL_open_lines(L);
  tapL_open_open(L);
  tapL_open_packet(L);
  tapL_newasker(L, tapL_context(L)); /* it needs the class of packets */
  tapL_open_pair(L);
  tapL_open_protocol(L);
  tapL_open_writer(L);
  return 1;
}

__attribute__((visibility("default"))) int luaopen_moontap_core(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, MODULE) == LUA_TTABLE) return 1;
  push_context(L);
  lua_newtable(L); /* address texts */
  lua_pushcclosure(L, open_parts, TAPL_UPVALUES);
  lua_call(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, MODULE);
  return 1;
}
