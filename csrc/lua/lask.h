/* SPDX-License-Identifier: MIT
 *
 * Asking a function of the script about a packet, from code that knows no
 * Lua: a field that a function works out, a guess whether a payload is of a
 * protocol.  The function gets a packet object that is valid during the call,
 * and runs on a thread of its own.  It cannot fail there: what it raised is
 * kept as a complaint, and raised by the next function of the module that
 * comes by with tapL_checkask.
 */
#ifndef TAP_LUA_LASK_H
#define TAP_LUA_LASK_H

#include <stdbool.h>

#include "lua/lapi.h"
#include "proto/packet.h"

struct tapL_asker {
  lua_State *thread;  /* kept alive by the context */
  int call, anchors;  /* the function that asks, and the table of what it needs: references */
  unsigned turn;      /* of handles and of results */
  unsigned depth;     /* how many questions are open */
  bool has_complaint; /* the message is among the anchors */
};

/* Make the asker of the context.  Pushes nothing. */
void tapL_newasker(lua_State *L, struct tapL_context *x);

/* Keep the function at 'index' to be asked: its number. */
int tapL_keepasked(lua_State *L, int index);

/* Ask function 'number' about 'p', and let 'type' (enum tap_type) say what the answer must be.
 * False where it gave nil, or raised. 'name' is whose function it is.  A text that it gave is
 * valid for the next few dozen questions. */
bool tapL_ask(struct tapL_context *x, int number, const char *name, const struct tap_packet *p,
              unsigned type, struct tap_value *out);

/* Raise what a function that was asked raised. */
void tapL_raiseasked(lua_State *L, struct tapL_context *x);

static inline void tapL_checkask(lua_State *L, struct tapL_context *x) {
  if (x->asker->has_complaint) tapL_raiseasked(L, x);
}

#endif
