/* SPDX-License-Identifier: MIT
 *
 * The Lua modules that are part of the binary, so that it runs from anywhere
 * without a search path.  The build makes the table from lua/moontap.
 */
#ifndef TAP_HOST_MODULES_H
#define TAP_HOST_MODULES_H

#include <lua.h>
#include <stddef.h>

struct host_module {
  const char *name; /* "moontap.cli" */
  const char *text; /* Lua source, as in its file */
  size_t size;
};

/* Ends with a NULL name. */
extern const struct host_module host_modules[];

/* Let require() find them before anything on the search path. */
void host_modules_preload(lua_State *L);

#endif
