/* SPDX-License-Identifier: MIT
 *
 * From options to an open capture, and the host's way to hand one over.
 */
#ifndef TAP_LUA_LOPEN_H
#define TAP_LUA_LOPEN_H

#include "lua/lcapture.h"

/* Push a capture without a source, which can be collected already. */
struct tapL_capture *tapL_newcapture(lua_State *L);

/* Set what the options table says of passes: batch, strict, signals, on_error, wait. */
void tapL_configure(lua_State *L, int options, struct tapL_capture *c);

/* Give everything back to the system, at once. */
void tapL_release(struct tapL_capture *c);

void tapL_setsource(struct tapL_capture *c, struct tap_source *s);

/* Let the value at 'index' (nil: none) be the capture's filter, with the sets at 'sets'.  0, or
 * nothing is changed and so many results are pushed: nil, a message, an error number if any. */
int tapL_setfilter(lua_State *L, int capture, int index, int sets);

/* Hand over a source that the host opened; core.prepared() makes it a capture.  Owns 's' from
 * now on.  The module must have been loaded into 'L'. */
void tapL_prepare(lua_State *L, struct tap_source *s, const char *subject);

/* The same for an open that failed: core.prepared() returns nil and this error. */
void tapL_prepare_error(lua_State *L, const char *subject, const struct tap_err *e);

#endif
