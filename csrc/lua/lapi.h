/* SPDX-License-Identifier: MIT
 *
 * What the binding files share.  Every C function of the module carries two
 * upvalues: the context (one per Lua state: the registry and the caches) and
 * the table of address texts.  Errors come in three kinds: misuse raises, the
 * world returns tapL_fail()'s triple, the wire is data.
 */
#ifndef TAP_LUA_LAPI_H
#define TAP_LUA_LAPI_H

#include <lauxlib.h>
#include <lua.h>

#include "base/err.h"
#include "base/text.h"
#include "proto/registry.h"

enum { TAPL_CONTEXT = 1, TAPL_TEXTS = 2, TAPL_UPVALUES = 2 };

struct tapL_names;
struct tapL_addresses;
struct tap_intern;
struct tapL_asker;

struct tapL_context {
  struct tap_registry *registry;
  struct tapL_names *names;         /* what p.name means; see lname.c */
  struct tapL_addresses *addresses; /* which text an address has; see lvalue.c */
  struct tap_intern *ids;           /* numbers of values, NULL: none was asked for; see lid.c */
  struct tapL_asker *asker;         /* who asks functions of the script; see lask.c */
};

/* Raise what is said to finalizers that run after the context's own. */
int tapL_closedstate(lua_State *L);

/* The context of the running C function.  Raises once the Lua state is closing and the registry
 * is gone. */
static inline struct tapL_context *tapL_context(lua_State *L) {
  struct tapL_context *context = lua_touserdata(L, lua_upvalueindex(TAPL_CONTEXT));
  if (context->registry == NULL) tapL_closedstate(L);
  return context;
}

/* luaL_setfuncs for the table on top, with the upvalues of the running function. */
void tapL_setfuncs(lua_State *L, const luaL_Reg *functions);

/* Push a closure of the running function's upvalues and the 'extra' values on top. */
void tapL_pushclosure(lua_State *L, lua_CFunction f, int extra);

/* Make the metatable 'name' with these functions in it, and 'methods' as its __index; both
 * lists may be NULL.  Leaves the method table on the stack. */
void tapL_newclass(lua_State *L, const char *name, const luaL_Reg *metamethods,
                   const luaL_Reg *methods);

/* Push the text that 'write' makes of 'what', in a buffer of 'size' that grows until it fits.
 * Returns 1, the number of results. */
typedef void tapL_writer(struct tap_text *text, const void *what);
int tapL_pushgrown(lua_State *L, size_t size, tapL_writer *write, const void *what);

/* Push nil, "subject: cannot step: reason" and the error number. */
int tapL_fail(lua_State *L, const char *subject, const struct tap_err *e);

/* Push the same message alone. */
void tapL_pushmessage(lua_State *L, const char *subject, const struct tap_err *e);

/* An optional integer, boolean or other value of an options table at 'index'. */
lua_Integer tapL_optinteger(lua_State *L, int index, const char *key, lua_Integer otherwise);
int tapL_optboolean(lua_State *L, int index, const char *key, int otherwise);

/* A seed for tables whose keys come from strangers. */
uint64_t tapL_freshseed(void);

/* Each binding file's part; each leaves nothing on the stack but adds to the module on top. */
void tapL_open_aggregate(lua_State *L);
void tapL_open_capture(lua_State *L);
void tapL_open_columns(lua_State *L);
void tapL_open_drive(lua_State *L);
void tapL_open_explain(lua_State *L);
void tapL_open_expression(lua_State *L);
void tapL_open_field(lua_State *L);
void tapL_open_flow(lua_State *L);
void tapL_open_handler(lua_State *L);
void tapL_open_id(lua_State *L);
void tapL_open_interface(lua_State *L);
void tapL_open_lines(lua_State *L);
void tapL_open_open(lua_State *L);
void tapL_open_packet(lua_State *L);
void tapL_open_pair(lua_State *L);
void tapL_open_poll(lua_State *L);
void tapL_open_protocol(lua_State *L);
void tapL_open_stats(lua_State *L);
void tapL_open_writer(lua_State *L);

#endif
