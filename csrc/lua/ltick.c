/* SPDX-License-Identifier: MIT
 *
 * Ticks on capture time: every multiple of a period, each exactly once,
 * before the first packet that is not older than it.
 */
#include "lua/lpass.h"

#include "lua/lflow.h"
#include "sys/clock.h"
#include "sys/interrupt.h"

/* The first multiple of the period behind 'now_ns', which may be negative. */
static int64_t next_multiple(int64_t now_ns, int64_t period_ns) {
  int64_t rest = now_ns % period_ns;
  if (rest < 0) rest += period_ns;
  return tap_clock_after(now_ns, period_ns - rest);
}

static struct tapL_tally tally_now(const struct tapL_capture *c) {
  struct tapL_tally now = c->tally;
  now.dropped = c->counts.dropped;
  return now;
}

void tapL_tick_base(struct tapL_capture *c, int64_t now_ns) {
  for (int i = 0; i < c->hooks.tick_count; i++) {
    struct tapL_tick *tick = &c->hooks.ticks[i];
    if (tick->next_ns != INT64_MAX) continue;
    tick->next_ns = next_multiple(now_ns, tick->period_ns);
    tick->last = tally_now(c);
  }
}

void tapL_tick_forget(struct tapL_capture *c) {
  for (int i = 0; i < c->hooks.tick_count; i++)
    c->hooks.ticks[i].next_ns = INT64_MAX;
}

/* Of ticks at the same time the one that was registered first. */
static struct tapL_tick *earliest(const struct tapL_capture *c) {
  struct tapL_tick *first = NULL;
  for (int i = 0; i < c->hooks.tick_count; i++)
    if (first == NULL || c->hooks.ticks[i].next_ns < first->next_ns) first = &c->hooks.ticks[i];
  return first;
}

int64_t tapL_tick_next(const struct tapL_capture *c) {
  const struct tapL_tick *tick = earliest(c);
  return tick == NULL ? INT64_MAX : tick->next_ns;
}

static void set_count(lua_State *L, const char *name, uint64_t n) {
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

/* Push what was counted since the tick before. */
static void push_delta(lua_State *L, const struct tapL_tally *last, const struct tapL_tally *now) {
  uint64_t delivered = now->delivered - last->delivered;
  uint64_t filtered = now->filtered - last->filtered, dropped = now->dropped - last->dropped;
  lua_createtable(L, 0, 4);
  set_count(L, "seen", delivered + filtered + dropped);
  set_count(L, "delivered", delivered);
  set_count(L, "filtered", filtered);
  set_count(L, "dropped", dropped);
}

static void fire(struct tapL_drive *d, struct tapL_tick *tick) {
  struct tapL_tally now;
  int64_t at_ns = tick->next_ns;
  tapL_flow_expire(d, at_ns);
  if (d->c->live) tapL_refresh(d->c);
  now = tally_now(d->c);
  lua_rawgeti(d->L, d->slots, tick->slot);
  lua_pushinteger(d->L, at_ns);
  push_delta(d->L, &tick->last, &now);
  tick->last = now;
  tick->next_ns = tap_clock_after(at_ns, tick->period_ns);
  tapL_pass_call(d, 2);
}

void tapL_tick_fire(struct tapL_drive *d, int64_t until_ns) {
  struct tapL_pass *pass = &d->c->pass;
  if (until_ns == INT64_MAX) until_ns--; /* there is no tick at the end of time */
  while (!pass->stop_asked && tapL_tick_next(d->c) <= until_ns) {
    fire(d, earliest(d->c));
    if (pass->owns_signals && tap_interrupt_caught() != 0) return;
  }
}
