/* SPDX-License-Identifier: MIT
 *
 * What those who listen to a pass want: how deep packets are decoded, which
 * of a batch have to pass the filter, and for which link types filters have to
 * be compiled.  Looked at when a pass begins or goes on, when its filter
 * changes, and of each batch; packets of a batch that are left are then made
 * what is wanted now.
 */
#include "lua/lpass.h"

#include "lua/lflow.h"
#include "sys/clock.h"

static enum tap_level deepest(enum tap_level level, const struct tapL_select *s) {
  return s != NULL && s->level > level ? s->level : level;
}

static enum tap_level deeper(enum tap_level level, const struct tapL_handler *h) {
  level = deepest(level, h->where);
  if (h->ref_count < 0) return TAP_LEVEL_ALL;
  for (int i = 0; i < h->ref_count; i++)
    if (h->refs[i].level > level) level = (enum tap_level)h->refs[i].level;
  return level;
}

/* How deep all who listen want packets decoded. */
static enum tap_level wanted_level(const struct tapL_capture *c) {
  const struct tapL_hooks *hooks = &c->hooks;
  enum tap_level least = c->pass.tracks ? TAP_LEVEL_TRANSPORT : TAP_LEVEL_FRAME;
  enum tap_level level = deepest(least, c->filter), other;
  for (int i = 0; i < hooks->handler_count; i++)
    level = deeper(level, &hooks->handlers[i]);
  for (int i = 0; i < hooks->counter_count; i++) {
    level = deepest(level, hooks->counters[i].where);
    if (hooks->counters[i].aggregate == NULL) continue; /* a writer wants bytes */
    other = (enum tap_level)tap_aggregate_level(hooks->counters[i].aggregate);
    if (other > level) level = other;
  }
  return c->pass.has_loop ? deeper(level, &c->pass.loop) : level;
}

/* Is there a filter that looks at frames alone, so that what it rejects need not be decoded? */
static bool filters_frames(const struct tapL_capture *c) {
  return c->pass.at < c->pass.test_until && c->filter->level == TAP_LEVEL_FRAME;
}

/* Decode what is left of the batch, unless it was as deep as is wanted now. */
static void decode_left(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  if (pass->plain || pass->decoded >= (int)pass->level || filters_frames(c)) return;
  tap_decode_batch(c->context->registry, c->frames + pass->at, pass->count - pass->at, pass->level,
                   c->packets + pass->at);
  pass->decoded = (int)pass->level;
}

/* From when on time has to be looked at.  Ticks of a live pass count from now; for a file the next
 * packet says what time it is. */
static void look_at_time(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  bool ends = pass->lasts_ns > 0 || pass->until_ns != INT64_MAX;
  if (c->live) tapL_tick_base(c, tap_clock_real_ns());
  pass->event_ns = tapL_tick_next(c);
  if (!c->live && (ends || c->hooks.tick_count > 0)) pass->event_ns = INT64_MIN;
}

static bool is_hooked(const struct tapL_capture *c) {
  return (c->hooks.handler_count | c->hooks.counter_count) != 0;
}

/* Is all of the batch for the loop alone? */
static void look_for_straight(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  bool is_straight = pass->has_loop && !is_hooked(c) && !pass->tracks && pass->loop.where == NULL &&
                     pass->most <= TAPL_FREE_SLOTS && pass->test_until == 0;
  const unsigned left = pass->count - pass->at;
  pass->straight_until = !is_straight        ? 0
                         : pass->left < left ? pass->at + (unsigned)pass->left
                                             : pass->count;
}

/* How deep packets are wanted, whether with their flows, and whether anybody looks at single ones;
 * those of the batch that are left are decoded anew where they have to be.  0, or -1 and 'e'. */
static int look_at_packets(struct tapL_capture *c, struct tap_err *e) {
  struct tapL_pass *pass = &c->pass;
  if (tapL_flow_ready(c, e) != 0) return -1;
  pass->level = wanted_level(c);
  pass->plain = !pass->stepwise && !is_hooked(c) && !pass->tracks && pass->event_ns == INT64_MAX &&
                (c->filter == NULL || c->filter->level == TAP_LEVEL_FRAME);
  decode_left(c);
  look_for_straight(c);
  return 0;
}

/* --- link types --- */

static bool prepare(struct tapL_select *s, uint16_t linktype, struct tap_err *e) {
  struct tap_filter_error fe;
  if (s == NULL || tapL_select_prepare(s, linktype, &fe)) return true;
  tap_fail(e, 0, "filter packets of link type %u: %s", linktype,
           fe.set ? fe.message : "out of memory");
  return false;
}

/* Have all selections compiled for a link type. */
static bool prepare_all(struct tapL_capture *c, uint16_t linktype, struct tap_err *e) {
  if (!prepare(c->filter, linktype, e)) return false;
  for (int i = 0; i < c->hooks.handler_count; i++)
    if (!prepare(c->hooks.handlers[i].where, linktype, e)) return false;
  for (int i = 0; i < c->hooks.counter_count; i++)
    if (!prepare(c->hooks.counters[i].where, linktype, e)) return false;
  return prepare(c->pass.loop.where, linktype, e);
}

/* --- protocols that change --- */

static bool renew(struct tapL_select *s, struct tap_err *e) {
  struct tap_filter_error fe;
  if (s == NULL || tapL_select_renew(s, &fe)) return true;
  tap_fail(e, 0, "filter: %s", fe.set ? fe.what : "out of memory");
  return false;
}

int tapL_pass_renew(struct tapL_capture *c, const struct tapL_handler *loop, struct tap_err *e) {
  if (c->changes == tap_registry_changes(c->context->registry)) return 0;
  if (!renew(c->filter, e)) return -1;
  for (int i = 0; i < c->hooks.handler_count; i++)
    if (!renew(c->hooks.handlers[i].where, e)) return -1;
  for (int i = 0; i < c->hooks.counter_count; i++)
    if (!renew(c->hooks.counters[i].where, e)) return -1;
  if (loop != NULL && !renew(loop->where, e)) return -1;
  c->changes = tap_registry_changes(c->context->registry);
  return 0;
}

/* --- batches --- */

/* What a filter made the batch end before belongs to it again. */
static void restore_batch(struct tapL_pass *pass) {
  if (pass->broken) pass->count = pass->whole;
  pass->broken = false;
}

/* Make selections ready for what is left of the batch, where packets may be of any link type.  The
 * batch, and with it the pass, ends before the first packet that one of them cannot be for.  0; -1
 * when that is the next one. */
static int meet_linktypes(struct tapL_capture *c, struct tap_err *e) {
  struct tapL_pass *pass = &c->pass;
  if (c->source->linktype != TAP_LINKTYPE_NONE) return 0;
  restore_batch(pass);
  for (unsigned i = pass->at; i < pass->count; i++) {
    const uint16_t linktype = c->frames[i].linktype;
    if (i > pass->at && linktype == c->frames[i - 1].linktype) continue;
    if (prepare_all(c, linktype, &pass->fault)) continue;
    *e = pass->fault;
    pass->broken = true;
    pass->whole = pass->count;
    pass->count = i;
    if (i == pass->at) return -1;
  }
  return look_at_packets(c, e);
}

int tapL_pass_look(struct tapL_capture *c, const struct tapL_handler *loop, struct tap_err *e) {
  struct tapL_pass *pass = &c->pass;
  look_at_time(c);
  pass->has_loop = loop != NULL;
  pass->loop.refs = loop == NULL ? NULL : loop->refs;
  pass->loop.ref_count = loop == NULL ? 0 : loop->ref_count;
  pass->loop.where = loop == NULL ? NULL : loop->where;
  pass->stepwise = loop != NULL || c->hooks.handler_count > 0 || c->flows.has_ended;
  if (look_at_packets(c, e) != 0) return -1;
  return meet_linktypes(c, e);
}

/* How many of the 'count' frames that came last have to pass the filter here; 'stale' of them may
 * have come by an older one. */
static unsigned tests_due(const struct tapL_capture *c, uint64_t stale, unsigned count) {
  const struct tapL_select *s = c->filter;
  if (s == NULL || (s->always && s->linktype == c->source->linktype)) return 0;
  if (!c->kernel.exact || stale > count) return count;
  return (unsigned)stale;
}

int tapL_pass_refilter(struct tapL_capture *c, struct tap_err *e) {
  struct tapL_pass *pass = &c->pass;
  const bool open = pass->phase != TAPL_CLOSED;
  if (tapL_kernel_set(c, open && pass->has_loop ? &pass->loop : NULL, !open || pass->counted, e) !=
      0)
    return -1;
  restore_batch(pass);
  pass->test_until = tests_due(c, UINT64_MAX, pass->count);
  if (!open) return 0;
  if (look_at_packets(c, e) != 0) return -1;
  return meet_linktypes(c, e);
}

int tapL_pass_meet(struct tapL_capture *c, uint64_t stale, struct tap_err *e) {
  c->pass.test_until = tests_due(c, stale, c->pass.count);
  c->pass.decoded = TAPL_NOT_DECODED;
  if (meet_linktypes(c, e) != 0) return -1;
  decode_left(c);
  look_for_straight(c);
  return 0;
}
