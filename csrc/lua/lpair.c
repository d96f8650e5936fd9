/* SPDX-License-Identifier: MIT
 *
 * Pairs of a declared protocol: core.pair() lets the decoder show each packet
 * of the protocol to a table of requests, and adds the field that says how
 * long a reply took.  A packet without a time, and one that lacks a part of
 * the key, is of no pair.
 */
#include "lua/lapi.h"
#include "lua/lask.h"
#include "lua/lname.h"
#include "lua/lselect.h"
#include "lua/lvalue.h"
#include "proto/read.h"
#include "stats/key.h"
#include "stats/pairs.h"

#define PAIR "moontap.pair"

enum { ARG_PROTOCOL = 1, ARG_NAME, ARG_KEY, ARG_REQUEST, ARG_REPLY, ARG_TIMEOUT, ARG_LIMIT };
enum { ANCHORS = TAPL_UPVALUES + 1, PARTS_MAX = TAP_KEYS_MAX, LIMIT_MAX = 1 << 24 };

struct pair {
  struct tap_pairs *table; /* NULL: the Lua state is closing */
  struct tapL_select *request, *reply;
  struct tap_ref parts[PARTS_MAX];
  int part_count;
};

static bool read_key(const struct pair *pair, const struct tap_packet *p,
                     struct tap_pair_key *out) {
  struct tap_key key;
  uint8_t *at = tap_key_begin(&key);
  struct tap_value v;
  for (int i = 0; i < pair->part_count; i++) {
    if (!tap_ref_read(&pair->parts[i], p, &v)) return false;
    at = tap_key_put(&key, at, &v, (unsigned)(pair->part_count - 1 - i));
  }
  *out = tap_pair_key(key.words, tap_key_end(&key, at));
  return true;
}

/* Bytes that are decoded by themselves have none. */
static bool has_time(const struct tap_frame *frame) {
  return (frame->flags & TAP_FRAME_NO_TIME) == 0 && frame->ts_ns != 0;
}

/* A packet may be of any link type. */
static bool holds(struct tapL_select *s, const struct tap_packet *p) {
  struct tap_filter_error ignored;
  return tapL_select_prepare(s, p->frame->linktype, &ignored) && tapL_select_accepts(s, p);
}

static void see(void *owner, const struct tap_packet *p) {
  struct pair *pair = owner;
  struct tap_pair_key key;
  if (pair->table == NULL || !has_time(p->frame)) return;
  if (!read_key(pair, p, &key)) return;
  if (holds(pair->request, p))
    tap_pairs_request(pair->table, key, p->frame->ts_ns);
  else if (holds(pair->reply, p))
    tap_pairs_reply(pair->table, key, p->frame->ts_ns);
}

static bool read_time(const struct tap_field *field, const struct tap_packet *p,
                      const struct tap_layer *layer, unsigned nth, struct tap_value *out) {
  const struct pair *pair = field->self;
  struct tap_pair_key key;
  int64_t took;
  if (nth > 0 || layer != tap_packet_layer(p, layer->protocol, 0) || pair->table == NULL ||
      !has_time(p->frame) || !read_key(pair, p, &key) || !holds(pair->reply, p) ||
      !tap_pairs_time(pair->table, key, p->frame->ts_ns, &took))
    return false;
  out->bytes = NULL;
  return tap_give_number(out, TAP_SPAN, (uint64_t)took);
}

static void read_parts(lua_State *L, struct pair *pair) {
  lua_Integer n = (luaL_checktype(L, ARG_KEY, LUA_TTABLE), luaL_len(L, ARG_KEY));
  luaL_argcheck(L, n >= 1 && n <= PARTS_MAX, ARG_KEY, "not a number of fields that fits");
  for (lua_Integer i = 1; i <= n; i++) {
    lua_geti(L, ARG_KEY, i);
    tapL_checkref(L, lua_gettop(L), &pair->parts[i - 1]);
    lua_pop(L, 1);
  }
  pair->part_count = (int)n;
}

static struct tapL_select *check_condition(lua_State *L, int arg) {
  struct tapL_select *s = luaL_checkudata(L, arg, TAPL_SELECT);
  lua_pushvalue(L, arg);
  luaL_ref(L, lua_upvalueindex(ANCHORS));
  return s;
}

static struct pair *new_pair(lua_State *L) {
  lua_Integer limit = luaL_checkinteger(L, ARG_LIMIT);
  struct pair *pair = lua_newuserdatauv(L, sizeof *pair, 0);
  *pair = (struct pair){ 0 };
  luaL_setmetatable(L, PAIR);
  luaL_argcheck(L, limit >= 1 && limit <= LIMIT_MAX, ARG_LIMIT, "out of range");
  read_parts(L, pair);
  pair->request = check_condition(L, ARG_REQUEST);
  pair->reply = check_condition(L, ARG_REPLY);
  pair->table = tap_pairs_new((size_t)limit, luaL_checkinteger(L, ARG_TIMEOUT));
  if (pair->table == NULL) luaL_error(L, "not enough memory");
  lua_pushvalue(L, -1);
  luaL_ref(L, lua_upvalueindex(ANCHORS));
  return pair;
}

/* core.pair(protocol's name, the field's name, key, request, reply, timeout_ns, limit): an object
 * that can be asked for its counts, or nil and why not. */
static int add_pair(lua_State *L) {
  struct tapL_context *x = tapL_context(L);
  unsigned protocol = tap_registry_protocol(x->registry, luaL_checkstring(L, ARG_PROTOCOL));
  struct tap_field row = { .label = "Time to the reply", .type = TAP_SPAN };
  struct tap_watch watch = { .protocol = (uint16_t)protocol, .see = see };
  struct tap_err e;
  luaL_argcheck(L, protocol != TAP_NO_PROTOCOL, ARG_PROTOCOL, "no such protocol");
  if (x->asker->depth > 0) luaL_error(L, "a protocol cannot change while a packet is decoded");
  row.name = luaL_checkstring(L, ARG_NAME);
  lua_pushvalue(L, ARG_NAME);
  luaL_ref(L, lua_upvalueindex(ANCHORS));
  watch.owner = new_pair(L);
  row.read_self = read_time;
  row.self = watch.owner;
  if (tap_registry_extend(x->registry, protocol, &row, &e) != 0 ||
      tap_registry_watch(x->registry, &watch, &e) != 0) {
    luaL_pushfail(L);
    lua_pushstring(L, e.what);
    return 2;
  }
  tapL_forgetnames(x->names);
  return 1;
}

static int pair_counts(lua_State *L) {
  const struct pair *pair = luaL_checkudata(L, 1, PAIR);
  struct tap_pair_counts n = tap_pairs_counts(pair->table);
  const struct {
    const char *key;
    uint64_t n;
  } list[] = {
    { "requests", n.requests },
    { "matched", n.matched },
    { "unasked", n.unasked },
    { "evicted", n.evicted },
  };
  lua_createtable(L, 0, 4);
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
    lua_pushinteger(L, (lua_Integer)list[i].n);
    lua_setfield(L, -2, list[i].key);
  }
  return 1;
}

/* Only when the Lua state closes, for pairs are kept. */
static int pair_close(lua_State *L) {
  struct pair *pair = luaL_checkudata(L, 1, PAIR);
  struct tap_pairs *table = pair->table;
  pair->table = NULL;
  tap_pairs_free(table);
  return 0;
}

static const luaL_Reg methods[] = {
  { "counts", pair_counts },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__gc", pair_close },
  { NULL, NULL },
};

void tapL_open_pair(lua_State *L) {
  int module = lua_gettop(L);
  tapL_newclass(L, PAIR, metamethods, methods);
  lua_newtable(L); /* what pairs need */
  tapL_pushclosure(L, add_pair, 1);
  lua_setfield(L, module, "pair");
  lua_settop(L, module);
}
