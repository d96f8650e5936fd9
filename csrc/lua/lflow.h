/* SPDX-License-Identifier: MIT
 *
 * The flows of a capture's passes: tracked exactly when a name, a 'where' or
 * the script itself asks for them.  Each pass begins with none and ends all of
 * them; the script is told of each one that ends, before its id is given to
 * another.
 */
#ifndef TAP_LUA_LFLOW_H
#define TAP_LUA_LFLOW_H

#include "lua/lpass.h"

void tapL_flow_init(struct tapL_capture *c);

/* Does the filter, one of those who listen, or 'loop' (NULL: none), name a field that is about more
 * than the frame: TAP_TRACKED, TAP_SEQUENCED? */
bool tapL_hooks_ask(const struct tapL_capture *c, const struct tapL_handler *loop, unsigned what);

/* Must flows be tracked for those who listen, and for 'loop' (NULL: there is none)? */
bool tapL_flow_wanted(const struct tapL_capture *c, const struct tapL_handler *loop);

/* Let the pass track flows from now on if that is wanted.  0, or -1 and 'e'. */
int tapL_flow_ready(struct tapL_capture *c, struct tap_err *e);

/* Tell the script of flows that have ended. */
void tapL_flow_tell(struct tapL_drive *d);

/* Give the packet at hand its flow. */
static inline void tapL_flow_track(struct tapL_drive *d, struct tap_packet *p) {
  if (tap_flows_track(d->c->flows.table, p)) tapL_flow_tell(d);
}

/* Capture time has come to 'now_ns': what is idle ends. */
void tapL_flow_expire(struct tapL_drive *d, int64_t now_ns);

/* The capture time from which one is idle; INT64_MAX: none. */
int64_t tapL_flow_due(const struct tapL_capture *c);

/* End all, as the pass does. */
void tapL_flow_finish(struct tapL_drive *d);

/* The same where the script can be told nothing any more; the pass tracks none then. */
void tapL_flow_forget(struct tapL_capture *c);

/* Give the table's memory back; its counts stay. */
void tapL_flow_drop(struct tapL_capture *c);

/* Count from zero again, and give the first flow the first id. */
void tapL_flow_restart(struct tapL_capture *c);

/* Push the table that stats() gives. */
void tapL_flow_pushcounts(lua_State *L, const struct tapL_capture *c);

#endif
