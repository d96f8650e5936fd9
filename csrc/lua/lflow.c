/* SPDX-License-Identifier: MIT
 *
 * cap:flows, and what a script is told of a flow that has ended: a plain table
 * that is its own.  The queue of ended flows is empty whenever the pass goes
 * on, whether or not somebody listens.
 */
#include "lua/lflow.h"

#include "lua/lvalue.h"

enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58 };

static const int64_t idle_default_ns = INT64_C(60000000000);
static const size_t limit_default = 1 << 20;

void tapL_flow_init(struct tapL_capture *c) {
  c->flows = (struct tapL_flows){ .limit = limit_default, .idle_ns = idle_default_ns };
}

/* --- who asks --- */

static bool select_asks(const struct tapL_select *s, unsigned what) {
  return s != NULL && (s->asks & what) != 0;
}

static bool handler_asks(const struct tapL_handler *h, unsigned what) {
  if (select_asks(h->where, what)) return true;
  for (int i = 0; i < h->ref_count; i++)
    if ((tap_ref_asks(&h->refs[i]) & what) != 0) return true;
  return false;
}

static bool counter_asks(const struct tapL_counter *counter, unsigned what) {
  const struct tap_plan *plan;
  if (select_asks(counter->where, what)) return true;
  if (counter->aggregate == NULL) return false; /* a writer asks nothing */
  plan = tap_aggregate_plan(counter->aggregate);
  for (unsigned i = 0; i < plan->key_count; i++)
    if ((tap_ref_asks(&plan->by[i]) & what) != 0) return true;
  for (unsigned i = 0; i < plan->column_count; i++)
    if ((tap_ref_asks(&plan->column[i].field) & what) != 0) return true;
  return false;
}

bool tapL_hooks_ask(const struct tapL_capture *c, const struct tapL_handler *loop, unsigned what) {
  const struct tapL_hooks *hooks = &c->hooks;
  if (select_asks(c->filter, what)) return true;
  if (loop != NULL && handler_asks(loop, what)) return true;
  for (int i = 0; i < hooks->handler_count; i++)
    if (handler_asks(&hooks->handlers[i], what)) return true;
  for (int i = 0; i < hooks->counter_count; i++)
    if (counter_asks(&hooks->counters[i], what)) return true;
  return false;
}

bool tapL_flow_wanted(const struct tapL_capture *c, const struct tapL_handler *loop) {
  return c->flows.asked || c->pass.tracks || tapL_hooks_ask(c, loop, TAP_TRACKED);
}

int tapL_flow_ready(struct tapL_capture *c, struct tap_err *e) {
  struct tapL_flows *flows = &c->flows;
  if (!tapL_flow_wanted(c, c->pass.has_loop ? &c->pass.loop : NULL)) return 0;
  if (flows->table == NULL)
    flows->table = tap_flows_new(flows->limit, flows->idle_ns, tapL_freshseed());
  if (flows->table == NULL) return tap_fail(e, 0, "track flows: out of memory");
  c->pass.tracks = true;
  return 0;
}

/* --- what is told --- */

static void set_integer(lua_State *L, const char *key, uint64_t n) {
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, key);
}

static void set_text(lua_State *L, const char *key, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void set_address(lua_State *L, const char *key, const struct tap_flow_key *flow,
                        unsigned end) {
  struct tap_value v = { .type = flow->family == 4 ? TAP_IPV4 : TAP_IPV6,
                         .size = flow->family == 4 ? 4 : 16,
                         .bytes = flow->end[end].address };
  tapL_pushplain(L, tapL_context(L), &v);
  lua_setfield(L, -2, key);
}

/* A ping has its identifier in the place of ports. */
static bool has_ports(const struct tap_flow_key *key) {
  return key->protocol != PROTO_ICMP && key->protocol != PROTO_ICMPV6 && tap_flow_key_ported(key);
}

static void set_ends(lua_State *L, const struct tap_flow *f) {
  const struct tap_flow_key *key = &f->key;
  set_address(L, "src", key, f->began);
  set_address(L, "dst", key, !f->began);
  set_integer(L, "proto", key->protocol);
  if (!has_ports(key)) return;
  set_integer(L, "sport", tap_be16(key->end[f->began].port));
  set_integer(L, "dport", tap_be16(key->end[!f->began].port));
}

static void set_amounts(lua_State *L, const struct tap_flow *f) {
  set_integer(L, "packets", f->packets[0] + f->packets[1]);
  set_integer(L, "packets_out", f->packets[0]);
  set_integer(L, "packets_in", f->packets[1]);
  set_integer(L, "bytes", f->bytes[0] + f->bytes[1]);
  set_integer(L, "bytes_out", f->bytes[0]);
  set_integer(L, "bytes_in", f->bytes[1]);
}

static void push_flow(lua_State *L, struct tap_flow *f) {
  lua_createtable(L, 0, 18);
  set_integer(L, "id", f->id);
  set_ends(L, f);
  set_amounts(L, f);
  set_integer(L, "first_ns", (uint64_t)f->first_ns);
  set_integer(L, "last_ns", (uint64_t)f->last_ns);
  set_integer(L, "duration", tap_flow_duration(f));
  set_text(L, "state", tap_flow_states[f->state - TAP_FLOW_NEW].name);
  set_text(L, "reason", tap_flow_reason_name(f->reason));
  set_text(L, "community_id", tap_flow_own_community_id(f));
}

void tapL_flow_tell(struct tapL_drive *d) {
  struct tapL_flows *flows = &d->c->flows;
  struct tap_flow *f;
  while ((f = tap_flows_ended(flows->table)) != NULL) {
    if (!flows->has_ended) continue;
    lua_rawgeti(d->L, d->slots, TAPL_ENDED_SLOT);
    push_flow(d->L, f);
    tapL_pass_call(d, 1);
  }
}

/* --- life --- */

void tapL_flow_expire(struct tapL_drive *d, int64_t now_ns) {
  if (!d->c->pass.tracks) return;
  tap_flows_expire(d->c->flows.table, now_ns);
  tapL_flow_tell(d);
}

int64_t tapL_flow_due(const struct tapL_capture *c) {
  return c->pass.tracks ? tap_flows_due(c->flows.table) : INT64_MAX;
}

void tapL_flow_finish(struct tapL_drive *d) {
  if (!d->c->pass.tracks) return;
  tap_flows_end(d->c->flows.table);
  tapL_flow_tell(d);
}

void tapL_flow_forget(struct tapL_capture *c) {
  if (!c->pass.tracks) return;
  tap_flows_end(c->flows.table);
  while (tap_flows_ended(c->flows.table) != NULL)
    ;
  c->pass.tracks = false;
}

void tapL_flow_drop(struct tapL_capture *c) {
  struct tapL_flows *flows = &c->flows;
  if (flows->table == NULL) return;
  flows->total += tap_flows_total(flows->table);
  flows->evicted += tap_flows_evicted(flows->table);
  tap_flows_free(flows->table);
  flows->table = NULL;
}

void tapL_flow_restart(struct tapL_capture *c) {
  tapL_flow_drop(c);
  c->flows.total = c->flows.evicted = 0;
}

void tapL_flow_pushcounts(lua_State *L, const struct tapL_capture *c) {
  const struct tap_flows *table = c->flows.table;
  lua_createtable(L, 0, 3);
  set_integer(L, "live", table != NULL ? tap_flows_count(table) : 0);
  set_integer(L, "total", c->flows.total + (table != NULL ? tap_flows_total(table) : 0));
  set_integer(L, "evicted", c->flows.evicted + (table != NULL ? tap_flows_evicted(table) : 0));
}

/* cap:flows_raw(idle_ns | nil, limit | nil, ended | nil) */
static int capture_flows(lua_State *L) {
  struct tapL_capture *c = tapL_checkcapture(L, 1);
  lua_Integer idle_ns = luaL_optinteger(L, 2, idle_default_ns);
  lua_Integer limit = luaL_optinteger(L, 3, (lua_Integer)limit_default);
  tapL_checkidle(L, c, "register");
  if (c->pass.phase != TAPL_CLOSED) return luaL_error(L, "cannot register: a pass is open");
  luaL_argcheck(L, idle_ns > 0, 2, "a time must be positive");
  luaL_argcheck(L, limit >= 1 && limit <= TAP_FLOWS_MAX, 3, "not a number of flows that fits");
  if (!lua_isnoneornil(L, 4)) luaL_checktype(L, 4, LUA_TFUNCTION);
  lua_settop(L, 4);
  tapL_flow_drop(c);
  c->flows.asked = true;
  c->flows.idle_ns = idle_ns;
  c->flows.limit = (size_t)limit;
  c->flows.has_ended = !lua_isnil(L, 4);
  lua_getiuservalue(L, 1, TAPL_SLOTS);
  lua_insert(L, 4);
  lua_rawseti(L, 4, TAPL_ENDED_SLOT);
  return 0;
}

static const luaL_Reg methods[] = {
  { "flows_raw", capture_flows },
  { NULL, NULL },
};

void tapL_open_flow(lua_State *L) {
  lua_getfield(L, -1, "capture");
  tapL_setfuncs(L, methods);
  lua_pop(L, 1);
}
