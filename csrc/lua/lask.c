/* SPDX-License-Identifier: MIT
 *
 * The thread's own stack is empty between questions.  All that can raise (new
 * handles, the call itself, a wrong answer) runs in a protected call; before
 * and after it nothing is allocated.  The packet that the function sees is a
 * copy of where the layers are, over the same bytes: nothing that it does
 * changes the one that is being read or decoded.
 */
#include "lua/lask.h"

#include "lua/lpacket.h"
#include "proto/value.h"

enum { HANDLES = 31, RESULTS = 64, DEPTH_MAX = 8, ANCHORS = TAPL_UPVALUES + 1 };

/* Places in the table of anchors: handles, results, then functions. */
enum { FIRST_RESULT = HANDLES + 1, FIRST_FUNCTION = FIRST_RESULT + RESULTS };

struct question {
  struct tapL_asker *asker;
  int number;
  const char *name;
  struct tap_packet packet;
  struct tap_frame frame; /* what the handle may put a tag back in: this has none */
  unsigned type;
  bool answered;
  struct tap_value *out;
  struct tapL_packet *handle;
};

/* Handles come in rotation, so that one that was kept is most likely aimed at nothing. */
static void push_handle(lua_State *L, struct question *q) {
  int slot = 1 + (int)(q->asker->turn % HANDLES);
  lua_rawgeti(L, lua_upvalueindex(ANCHORS), slot);
  q->handle = lua_touserdata(L, -1);
  q->handle->packet = &q->packet;
  q->handle->frame = &q->frame;
}

static void wrong_answer(lua_State *L, const struct question *q, const char *wanted) {
  luaL_error(L, "%s: the function gave %s, not %s", q->name, luaL_typename(L, -1), wanted);
}

static void read_number(lua_State *L, struct question *q) {
  int fits = 1;
  q->out->number = lua_isboolean(L, -1) ? (uint64_t)lua_toboolean(L, -1)
                                        : (uint64_t)lua_tointegerx(L, -1, &fits);
  if (!fits) wrong_answer(L, q, "an integer");
}

/* A text is kept, so that it is there while who asked looks at it. */
static void read_text(lua_State *L, struct question *q) {
  size_t size;
  if (lua_type(L, -1) != LUA_TSTRING) wrong_answer(L, q, "a text");
  q->out->bytes = (const uint8_t *)lua_tolstring(L, -1, &size);
  q->out->size = (uint32_t)size;
  lua_pushvalue(L, -1);
  lua_rawseti(L, lua_upvalueindex(ANCHORS), FIRST_RESULT + (int)(q->asker->turn % RESULTS));
}

static void read_answer(lua_State *L, struct question *q) {
  q->out->type = (uint8_t)q->type;
  if (q->type == TAP_FLAG)
    q->out->number = (uint64_t)lua_toboolean(L, -1);
  else if (lua_isnil(L, -1))
    return;
  else if (tap_type_is_number(q->type))
    read_number(L, q);
  else
    read_text(L, q);
  q->answered = q->type != TAP_FLAG || !lua_isnil(L, -1);
}

static int ask(lua_State *L) {
  struct question *q = lua_touserdata(L, 1);
  lua_rawgeti(L, lua_upvalueindex(ANCHORS), FIRST_FUNCTION + q->number);
  push_handle(L, q);
  lua_call(L, 1, 1);
  read_answer(L, q);
  return 0;
}

static bool is_open(const struct tapL_asker *a) {
  return a->depth < DEPTH_MAX && !a->has_complaint && lua_checkstack(a->thread, 4);
}

bool tapL_ask(struct tapL_context *x, int number, const char *name, const struct tap_packet *p,
              unsigned type, struct tap_value *out) {
  struct tapL_asker *a = x->asker;
  struct question q = { a, number, name, *p, *p->frame, type, false, out, NULL };
  lua_State *L = a->thread;
  if (!is_open(a)) return false;
  q.frame.flags &= (uint8_t)~TAP_FRAME_TAG_LIFTED;
  a->turn++;
  a->depth++;
  lua_rawgeti(L, LUA_REGISTRYINDEX, a->call);
  lua_pushlightuserdata(L, &q);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    q.answered = false;
    a->has_complaint = true;
    lua_rawgeti(L, LUA_REGISTRYINDEX, a->anchors);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 0); /* the place is there already */
    lua_pop(L, 1);
  }
  if (q.handle != NULL) q.handle->packet = NULL;
  a->depth--;
  return q.answered;
}

void tapL_raiseasked(lua_State *L, struct tapL_context *x) {
  x->asker->has_complaint = false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, x->asker->anchors);
  lua_rawgeti(L, -1, 0);
  lua_error(L);
}

int tapL_keepasked(lua_State *L, int index) {
  int number;
  lua_pushvalue(L, index);
  lua_rawgeti(L, LUA_REGISTRYINDEX, tapL_context(L)->asker->anchors);
  number = (int)lua_rawlen(L, -1) + 1 - FIRST_FUNCTION;
  lua_insert(L, -2);
  lua_rawseti(L, -2, FIRST_FUNCTION + number);
  lua_pop(L, 1);
  return number;
}

void tapL_newasker(lua_State *L, struct tapL_context *x) {
  struct tapL_asker *a = lua_newuserdatauv(L, sizeof *a, 0);
  *a = (struct tapL_asker){ 0 };
  luaL_ref(L, LUA_REGISTRYINDEX);
  a->thread = lua_newthread(L);
  luaL_ref(L, LUA_REGISTRYINDEX);
  lua_createtable(L, FIRST_FUNCTION, 1);
  for (int i = 0; i < FIRST_FUNCTION; i++) {
    if (i > 0 && i <= HANDLES)
      tapL_newpacket(L);
    else
      lua_pushboolean(L, 0);
    lua_rawseti(L, -2, i);
  }
  lua_pushvalue(L, -1);
  a->anchors = luaL_ref(L, LUA_REGISTRYINDEX);
  tapL_pushclosure(L, ask, 1);
  a->call = luaL_ref(L, LUA_REGISTRYINDEX);
  x->asker = a;
}
