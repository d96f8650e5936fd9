/* SPDX-License-Identifier: MIT
 *
 * Frames come in batches and are decoded in batches, but everything that a
 * script can see happens as if they came one by one: filter, aggregates,
 * handlers, loop, then the next packet.  A pass that ends early leaves a live
 * source's frames where they are: they are counted as unread, and the next
 * pass takes them first.
 */
#include "lua/lpass.h"

#include "lua/lask.h"
#include "lua/lflow.h"
#include "lua/lvalue.h"
#include "lua/lwriter.h"
#include "sys/clock.h"
#include "sys/interrupt.h"

enum { NS_PER_MS = 1000000 };

static void disown_signals(struct tapL_capture *c) {
  if (c->pass.owns_signals) tap_interrupt_disown();
  c->pass.owns_signals = false;
}

void tapL_pass_abandon(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  if (pass->phase == TAPL_CLOSED) return;
  tapL_pass_takeback(c);
  tapL_flow_forget(c);
  disown_signals(c);
  pass->in_call = pass->in_loop = pass->stop_asked = false;
  pass->straight_until = 0;
  pass->phase = TAPL_CLOSED;
}

/* Let all writers have what waits in their buffers, and see what a live source counted. */
static void rest_writers(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  struct tap_err e;
  for (int i = 0; i < c->hooks.counter_count; i++) {
    struct tapL_writer *w = c->hooks.counters[i].writer;
    if (w == NULL || tapL_writer_rest(w, c->live ? &c->counts : NULL, &e) == 0 || pass->unsaved)
      continue;
    pass->unsaved = e.what[0] != '\0';
    pass->unsaved_why = e;
  }
}

void tapL_pass_end(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  struct tap_err e;
  if (pass->phase == TAPL_OPEN && c->live) c->source->ops->stop(c->source, &e);
  if (pass->phase != TAPL_CLOSED && c->live) tapL_refresh(c);
  if (pass->phase != TAPL_CLOSED && !c->live) {
    if (pass->count > 0 || pass->broken) c->source->ops->release(c->source);
    pass->at = pass->count = 0;
    pass->broken = false;
  }
  if (pass->phase != TAPL_CLOSED) rest_writers(c);
  tapL_pass_abandon(c);
}

void tapL_pass_finish(struct tapL_drive *d) {
  struct tapL_capture *c = d->c;
  struct tap_err e;
  if (c->pass.phase == TAPL_CLOSED) return;
  if (c->pass.tracks && c->pass.phase == TAPL_OPEN && c->live) {
    c->pass.phase = TAPL_DRAINING; /* so that nothing comes in while ended flows are told of */
    c->source->ops->stop(c->source, &e);
  }
  tapL_flow_finish(d);
  tapL_pass_end(c);
}

/* --- beginning --- */

void tapL_pass_limit(struct tapL_capture *c, const struct tapL_limits *limits) {
  struct tapL_pass *pass = &c->pass;
  pass->counted = limits->count > 0;
  pass->left = pass->counted ? limits->count : UINT64_MAX;
  pass->deadline_ns = pass->until_ns = INT64_MAX;
  pass->lasts_ns = c->live ? 0 : limits->duration_ns;
  if (c->source->fd >= 0 && limits->duration_ns > 0)
    pass->deadline_ns = tap_clock_after(tap_clock_monotonic_ns(), limits->duration_ns);
}

/* A file's second pass counts from zero again; its tables go on, and so do their counts. */
static void forget_counts(struct tapL_capture *c) {
  c->tally = (struct tapL_tally){ 0 };
  c->errors = 0;
  for (int i = 0; i < c->hooks.handler_count; i++)
    c->hooks.handlers[i].matched = c->hooks.handlers[i].skipped = 0;
}

static int own_signals(struct tapL_capture *c, struct tap_err *e) {
  if (!c->signals) return 0;
  if (tap_interrupt_own(e) != 0) return -1;
  c->pass.owns_signals = true;
  if (tapL_poll_signals(c, e) == 0) return 0;
  disown_signals(c);
  return -1;
}

static int open_pass(struct tapL_capture *c, const struct tapL_limits *limits, struct tap_err *e) {
  if (own_signals(c, e) != 0) return -1;
  if (c->source->ops->start(c->source, e) != 0) {
    disown_signals(c);
    return -1;
  }
  c->pass.serial++;
  c->pass.phase = TAPL_OPEN;
  c->pass.stop_asked = c->pass.timed = c->pass.unsaved = false;
  c->pass.loop = (struct tapL_handler){ 0 };
  if (!c->live) forget_counts(c);
  if (!c->live) tapL_flow_restart(c);
  tapL_tick_forget(c);
  tapL_pass_limit(c, limits);
  return 0;
}

static int most_values(const struct tapL_capture *c, const struct tapL_handler *loop) {
  int most = loop == NULL ? 0 : loop->ref_count;
  for (int i = 0; i < c->hooks.handler_count; i++)
    if (c->hooks.handlers[i].ref_count > most) most = c->hooks.handlers[i].ref_count;
  return most;
}

void tapL_pass_change_thread(struct tapL_drive *d) {
  lua_pushthread(d->L);
  lua_rawseti(d->L, d->slots, TAPL_THREAD_SLOT);
  d->c->pass.thread = d->L;
}

int tapL_pass_begin(struct tapL_drive *d, const struct tapL_handler *loop,
                    const struct tapL_limits *limits, struct tap_err *e) {
  struct tapL_pass *pass = &d->c->pass;
  const bool closed = pass->phase == TAPL_CLOSED;
  pass->most = most_values(d->c, loop);
  tapL_pass_enter(d);
  if (tapL_pass_renew(d->c, loop, e) != 0) return -1;
  if (tapL_kernel_set(d->c, loop, closed ? limits->count > 0 : pass->counted, e) != 0) return -1;
  if (closed && open_pass(d->c, limits, e) != 0) return -1;
  return tapL_pass_look(d->c, loop, e);
}

/* --- feeding one packet --- */

void tapL_pass_call(struct tapL_drive *d, int count) {
  d->c->pass.in_call = true;
  if (!d->c->count_errors) {
    lua_call(d->L, count, 0);
  } else if (lua_pcall(d->L, count, 0, 0) != LUA_OK) {
    d->c->errors++;
    lua_rawseti(d->L, d->slots, TAPL_ERROR_SLOT);
  }
  d->c->pass.in_call = false;
}

/* Push a new handle and keep it in a slot. */
static __attribute__((noinline)) struct tapL_packet *push_new(struct tapL_drive *d, int slot) {
  struct tapL_packet *h = tapL_newpacket(d->L);
  lua_pushvalue(d->L, -1);
  lua_rawseti(d->L, d->slots, slot);
  return h;
}

static inline struct tapL_packet *push_handle(struct tapL_drive *d) {
  struct tapL_pass *pass = &d->c->pass;
  const unsigned turn = pass->turn;
  if (d->c->strict) return push_new(d, TAPL_LENT_SLOT);
  pass->turn = turn + 1 == TAPL_POOL ? 0 : turn + 1;
  if (pass->pool[turn] == NULL)
    pass->pool[turn] = push_new(d, 1 + (int)turn);
  else
    lua_rawgeti(d->L, d->slots, 1 + (int)turn);
  return pass->pool[turn];
}

void tapL_pass_lend(struct tapL_drive *d, struct tap_packet *p) {
  struct tapL_packet *h = push_handle(d);
  d->c->pass.lent = h;
  h->packet = p;
  h->frame = &d->c->frames[p - d->c->packets];
}

static void feed_handler(struct tapL_drive *d, struct tapL_handler *h, struct tap_packet *p) {
  int count = 1;
  if (h->where != NULL && !tapL_select_accepts(h->where, p)) return;
  lua_rawgeti(d->L, d->slots, h->slot);
  if (h->ref_count < 0)
    tapL_pass_lend(d, p);
  else
    count = tapL_pushfields(d->L, d->c->context, h->refs, h->ref_count, p);
  if (count == 0) {
    lua_pop(d->L, 1);
    h->skipped++;
    return;
  }
  h->matched++;
  tapL_pass_call(d, count);
  tapL_pass_takeback(d->c);
}

/* What cannot be saved ends the pass behind the packet at hand. */
static void save_packet(struct tapL_capture *c, struct tapL_counter *counter,
                        const struct tap_packet *p) {
  struct tapL_pass *pass = &c->pass;
  struct tap_err e;
  counter->matched++;
  if (tapL_writer_save(counter->writer, p->frame, &e) == 0 || pass->unsaved) return;
  pass->stop_asked = true;
  pass->unsaved = e.what[0] != '\0';
  pass->unsaved_why = e;
}

/* Files that are finished by now are told to those who want it. */
static void tell_finished(struct tapL_drive *d) {
  for (int i = 0; i < d->c->hooks.counter_count; i++) {
    const struct tapL_counter *counter = &d->c->hooks.counters[i];
    while (counter->done != 0 && tapL_writer_finished(d->L, counter->writer)) {
      lua_rawgeti(d->L, d->slots, counter->done);
      lua_insert(d->L, -2);
      tapL_pass_call(d, 1);
    }
  }
}

static void feed_counters(struct tapL_capture *c, const struct tap_packet *p) {
  const struct tapL_counter *end = c->hooks.counters + c->hooks.counter_count;
  for (struct tapL_counter *counter = c->hooks.counters; counter < end; counter++) {
    if (counter->where != NULL && !tapL_select_accepts(counter->where, p)) continue;
    if (counter->aggregate == NULL)
      save_packet(c, counter, p);
    else if (tap_aggregate_add(counter->aggregate, p))
      counter->matched++;
    else
      counter->skipped++;
  }
}

/* Time has come to 'now_ns': ticks are due, or a file's duration is over.  True when the pass
 * shall end before the packet at hand. */
static bool time_passed(struct tapL_drive *d, int64_t now_ns) {
  struct tapL_pass *pass = &d->c->pass;
  tapL_tick_base(d->c, now_ns);
  if (pass->lasts_ns > 0) {
    pass->until_ns = tap_clock_after(now_ns, pass->lasts_ns);
    pass->lasts_ns = 0;
  }
  if (pass->until_ns != INT64_MAX && now_ns >= pass->until_ns) {
    tapL_tick_fire(d, pass->until_ns - 1);
    return true;
  }
  tapL_tick_fire(d, now_ns);
  pass->event_ns = tapL_tick_next(d->c);
  if (pass->until_ns < pass->event_ns) pass->event_ns = pass->until_ns;
  return pass->stop_asked || (!d->c->live && tapL_pass_interrupted(d->c));
}

/* What a filter that looks at frames alone is shown. */
static inline void show_frame(const struct tap_frame *frame, struct tap_packet *p) {
  p->frame = frame;
  p->flow = NULL;
  p->walk = NULL;
  p->count = 0;
  p->fault = TAP_PAYLOAD;
  p->network = p->transport = TAP_NO_LAYER;
}

static inline bool is_rejected(struct tapL_capture *c, struct tap_packet *p) {
  if (c->pass.decoded == TAPL_NOT_DECODED) show_frame(&c->frames[c->pass.at], p);
  p->number = c->tally.delivered + c->tally.filtered + 1;
  return !tapL_select_accepts(c->filter, p);
}

/* Take the packet at hand.  False when the filter rejected it. */
static inline bool take(struct tapL_capture *c, struct tap_packet *p) {
  struct tapL_pass *pass = &c->pass;
  if (pass->at < pass->test_until && is_rejected(c, p)) {
    pass->at++;
    c->tally.filtered++;
    return false;
  }
  if (pass->decoded < (int)pass->level)
    tap_decode_batch(c->context->registry, &c->frames[pass->at], 1, pass->level, p);
  tapL_pass_accept(c, p);
  return true;
}

/* --- the batch --- */

/* Of a batch that nobody looks at those that have to pass the filter are counted one by one: as
 * many as may be delivered yet, so that none of them is asked whether it still may.  One packet
 * stands for all of them. */
static void sift(struct tapL_capture *c, unsigned count) {
  struct tapL_pass *pass = &c->pass;
  const struct tap_frame *frame = c->frames + pass->at, *end = frame + count;
  struct tapL_select *filter = c->filter;
  struct tap_packet *p = c->packets;
  uint64_t accepted = 0;
  show_frame(frame, p);
  p->number = c->tally.delivered + c->tally.filtered;
  for (; frame < end; frame++) {
    p->frame = frame;
    p->number++;
    accepted += tapL_select_accepts(filter, p);
  }
  pass->at += count;
  pass->left -= accepted;
  c->tally.delivered += accepted;
  c->tally.filtered += count - accepted;
}

static void sift_all(struct tapL_capture *c) {
  const struct tapL_pass *pass = &c->pass;
  const unsigned last = pass->test_until < pass->count ? pass->test_until : pass->count;
  while (pass->at < last && pass->left > 0)
    sift(c, pass->left < last - pass->at ? (unsigned)pass->left : last - pass->at);
}

/* The others are counted at once. */
static void take_all(struct tapL_capture *c) {
  uint64_t n = c->pass.count - c->pass.at;
  if (n > c->pass.left) n = c->pass.left;
  c->tally.delivered += n;
  c->pass.left -= n;
  c->pass.at += (unsigned)n;
}

/* Let nothing more in; what came is delivered still.  A file just ends. */
static int drain(struct tapL_capture *c, struct tap_err *e) {
  if (!c->live) {
    c->pass.stop_asked = true;
    return 0;
  }
  c->pass.phase = TAPL_DRAINING;
  return c->source->ops->stop(c->source, e);
}

static bool time_is_up(const struct tapL_capture *c) {
  return c->pass.deadline_ns != INT64_MAX && tap_clock_monotonic_ns() >= c->pass.deadline_ns;
}

/* On a quiet link time passes by the clock: what is older than the latency would be here. */
static void time_on_quiet_link(struct tapL_drive *d, int64_t now_ns) {
  struct tapL_pass *pass = &d->c->pass;
  int64_t known_ns = now_ns - (int64_t)d->c->source->latency_ms * NS_PER_MS;
  if (known_ns >= pass->event_ns) {
    tapL_tick_fire(d, known_ns);
    pass->event_ns = tapL_tick_next(d->c);
  }
  tapL_flow_expire(d, known_ns);
}

/* A function of the script has declared or bound a protocol since the last batch. */
static int follow_changes(struct tapL_capture *c, struct tap_err *e) {
  if (c->changes == tap_registry_changes(c->context->registry)) return 0;
  if (tapL_pass_renew(c, c->pass.has_loop ? &c->pass.loop : NULL, e) != 0) return -1;
  return tapL_pass_refilter(c, e);
}

/* TAPL_PACKET: there is something to look at again, a batch or the wish to stop. */
static enum tapL_step refill(struct tapL_drive *d, struct tap_err *e) {
  struct tapL_capture *c = d->c;
  struct tapL_pass *pass = &c->pass;
  const uint64_t stale = c->source->stale;
  int64_t now_ns = 0;
  int got;
  if (pass->broken) { /* the packets before it have been delivered */
    *e = pass->fault;
    return TAPL_FAILED;
  }
  if (pass->count > 0) {
    c->times.before_ns = c->frames[pass->count - 1].ts_ns;
    c->source->ops->release(c->source);
  }
  pass->at = pass->count = pass->test_until = pass->straight_until = 0;
  if (c->hooks.counter_count > 0) tell_finished(d);
  if (follow_changes(c, e) != 0) return TAPL_FAILED;
  if (pass->phase == TAPL_OPEN && time_is_up(c) && drain(c, e) != 0) return TAPL_FAILED;
  if (pass->stop_asked) return TAPL_PACKET;
  if (c->live && (c->hooks.tick_count > 0 || pass->tracks)) now_ns = tap_clock_real_ns();
  got = c->source->ops->next(c->source, c->frames, c->batch, e);
  if (got == TAP_FAILED) return TAPL_FAILED;
  if (got == TAP_END) return TAPL_END;
  if (got == TAP_IDLE) {
    if (now_ns != 0) time_on_quiet_link(d, now_ns);
    return pass->stop_asked ? TAPL_PACKET : TAPL_WAIT;
  }
  pass->count = (unsigned)got;
  if (!pass->timed) c->times.first_ns = c->times.before_ns = c->frames[0].ts_ns;
  pass->timed = true;
  return tapL_pass_meet(c, stale, e) == 0 ? TAPL_PACKET : TAPL_FAILED;
}

/* Deliver from the batch.  TAPL_PACKET: one is out, and whoever drives wants to see it;
 * TAPL_WAIT: the batch is used up; TAPL_END. */
static enum tapL_step deliver(struct tapL_drive *d, struct tap_packet **out) {
  struct tapL_capture *c = d->c;
  struct tapL_pass *pass = &c->pass;
  if (pass->plain) {
    sift_all(c);
    take_all(c);
  }
  while (pass->at < pass->count) {
    struct tap_packet *p = &c->packets[pass->at];
    int64_t ts_ns = c->frames[pass->at].ts_ns;
    if (pass->left == 0 || (ts_ns >= pass->event_ns && time_passed(d, ts_ns))) return TAPL_END;
    if (!take(c, p)) continue;
    if (pass->tracks) tapL_flow_track(d, p);
    feed_counters(c, p);
    if (!pass->stepwise) continue;
    for (int i = 0; i < c->hooks.handler_count; i++)
      feed_handler(d, &c->hooks.handlers[i], p);
    *out = p;
    return TAPL_PACKET;
  }
  return pass->left == 0 ? TAPL_END : TAPL_WAIT;
}

/* A function that was asked about a packet raised an error: it is one of the script's. */
static void hear_complaint(struct tapL_drive *d) {
  if (!d->c->count_errors) tapL_raiseasked(d->L, d->c->context);
  d->c->context->asker->has_complaint = false;
  d->c->errors++;
}

enum tapL_step tapL_pass_advance(struct tapL_drive *d, struct tap_packet **out, struct tap_err *e) {
  struct tapL_capture *c = d->c;
  enum tapL_step step;
  if (c->pass.phase == TAPL_CLOSED) return TAPL_END;
  do {
    if (c->pass.phase == TAPL_OPEN && tapL_pass_interrupted(c) && drain(c, e) != 0) {
      step = TAPL_FAILED;
    } else if (c->pass.stop_asked || c->pass.left == 0) {
      step = TAPL_END;
    } else {
      step = deliver(d, out);
      if (c->context->asker->has_complaint) hear_complaint(d);
      if (step == TAPL_PACKET) return step;
      if (step == TAPL_WAIT) step = refill(d, e);
    }
    if (c->context->asker->has_complaint) hear_complaint(d);
  } while (step == TAPL_PACKET);
  if (step == TAPL_WAIT) return step;
  tapL_pass_finish(d);
  if (!c->pass.unsaved || step == TAPL_FAILED) return step;
  *e = c->pass.unsaved_why;
  return TAPL_FAILED;
}

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

int64_t tapL_pass_timeleft(const struct tapL_capture *c, int64_t deadline_ns) {
  int64_t left = INT64_MAX, until = deadline_ns, tick = INT64_MAX;
  if (c->pass.phase != TAPL_CLOSED) until = earlier(until, c->pass.deadline_ns);
  if (c->pass.phase != TAPL_CLOSED && c->live) tick = earlier(tapL_tick_next(c), tapL_flow_due(c));
  if (until != INT64_MAX) left = until - tap_clock_monotonic_ns();
  if (tick != INT64_MAX)
    left = earlier(left, tick + (int64_t)c->source->latency_ms * NS_PER_MS - tap_clock_real_ns());
  return left < 0 ? 0 : left;
}

int tapL_pass_wait(struct tapL_capture *c, int64_t deadline_ns, struct tap_err *e) {
  int64_t left_ms = tapL_pass_timeleft(c, deadline_ns) / NS_PER_MS;
  int timeout_ms = left_ms < INT32_MAX ? (int)left_ms + 1 : -1;
  return c->source->ops->wait(c->source, timeout_ms, c->pass.owns_signals ? tap_interrupt_fd() : -1,
                              e);
}
