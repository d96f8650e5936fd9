/* SPDX-License-Identifier: MIT
 *
 * The pass: one run over a source that feeds all hooks, packet by packet.
 * It is a machine that is advanced from packet to packet, so that a C loop
 * (run), a for loop and a single next() drive the same thing.
 */
#ifndef TAP_LUA_LPASS_H
#define TAP_LUA_LPASS_H

#include "lua/lcapture.h"
#include "lua/lpacket.h"
#include "sys/interrupt.h"

/* Who drives: the Lua state at hand, and where on its stack or among the upvalues of the running
 * function the capture's things are. */
struct tapL_drive {
  lua_State *L;
  struct tapL_capture *c;
  int capture, slots;
};

enum tapL_step { TAPL_PACKET, TAPL_WAIT, TAPL_END, TAPL_FAILED };

/* Begin a pass with these limits, or go on with one that was kept open and has its own.  'loop'
 * wants packets beside the hooks (NULL: nobody does).  0, or -1 and 'e'. */
int tapL_pass_begin(struct tapL_drive *d, const struct tapL_handler *loop,
                    const struct tapL_limits *limits, struct tap_err *e);

/* lwanted.c: the capture's filter is another one: from the next packet on it is heeded, in the kernel too.  0,
 * or -1 and 'e' when the kernel refuses. */
int tapL_pass_refilter(struct tapL_capture *c, struct tap_err *e);

/* lwanted.c: have all filters compiled anew where protocols have changed, which are heeded from the
 * next batch on.  0, or -1 and 'e' where one of them has no meaning any more. */
int tapL_pass_renew(struct tapL_capture *c, const struct tapL_handler *loop, struct tap_err *e);

/* lwanted.c: see what the hooks and the loop (NULL: none) want of the packets that come.  0, or -1
 * and 'e' when a filter cannot be for the next one. */
int tapL_pass_look(struct tapL_capture *c, const struct tapL_handler *loop, struct tap_err *e);

/* lwanted.c: make a batch that has come ready.  'stale' packets of it may have come by an older
 * filter.  As above. */
int tapL_pass_meet(struct tapL_capture *c, uint64_t stale, struct tap_err *e);

/* How deep packets are decoded that nobody has looked at. */
enum { TAPL_NOT_DECODED = -1 };

/* Let each step be one packet, so that whoever drives can count them. */
static inline void tapL_pass_count_steps(struct tapL_capture *c) {
  c->pass.plain = false;
  c->pass.stepwise = true; /* which is heeded whenever 'plain' is found anew */
}

/* Let the running pass end by these limits instead, counted from now. */
void tapL_pass_limit(struct tapL_capture *c, const struct tapL_limits *limits);

/* Take the next packet, feed it to all hooks and give it out.  TAPL_WAIT: none is there now.
 * TAPL_END, TAPL_FAILED: the pass is over. */
enum tapL_step tapL_pass_advance(struct tapL_drive *d, struct tap_packet **out, struct tap_err *e);

static inline bool tapL_pass_interrupted(const struct tapL_capture *c) {
  return c->pass.owns_signals && tap_interrupt_caught() != 0;
}

/* Count the packet at hand as delivered, and move on behind it. */
static inline void tapL_pass_accept(struct tapL_capture *c, struct tap_packet *p) {
  c->pass.at++;
  c->pass.left--;
  p->number = ++c->tally.delivered + c->tally.filtered;
}

/* tapL_pass_advance where there is nothing to do but to take the next packet of the batch; else
 * NULL. */
static inline struct tap_packet *tapL_pass_straight(struct tapL_capture *c) {
  struct tapL_pass *pass = &c->pass;
  struct tap_packet *p = &c->packets[pass->at];
  if (pass->at >= pass->straight_until || p->frame->ts_ns >= pass->event_ns ||
      tapL_pass_interrupted(c))
    return NULL;
  tapL_pass_accept(c, p);
  return p;
}

/* Sleep until packets, a tick, a signal or 'deadline_ns' (monotonic; INT64_MAX: none) come. */
int tapL_pass_wait(struct tapL_capture *c, int64_t deadline_ns, struct tap_err *e);

/* Nanoseconds until a tick, the pass's end or 'deadline_ns' is due, at least 0; INT64_MAX: never. */
int64_t tapL_pass_timeleft(const struct tapL_capture *c, int64_t deadline_ns);

/* The running thread drives the pass from now on. */
void tapL_pass_change_thread(struct tapL_drive *d);

enum {
  TAPL_FREE_SLOTS = 8
}; /* of the stack, that a C function has in any case, and some to spare */

/* The stack of a C function is new at each call: it is made large enough for what gets the most
 * values. */
static inline void tapL_pass_enter(struct tapL_drive *d) {
  if (d->c->pass.most > TAPL_FREE_SLOTS)
    luaL_checkstack(d->L, d->c->pass.most + LUA_MINSTACK, NULL);
  if (d->c->pass.thread != d->L) tapL_pass_change_thread(d);
}

/* Push the packet object for 'p' and lend it out until the next call of tapL_pass_takeback. */
void tapL_pass_lend(struct tapL_drive *d, struct tap_packet *p);

static inline void tapL_pass_takeback(struct tapL_capture *c) {
  if (c->pass.lent != NULL) c->pass.lent->packet = NULL;
  c->pass.lent = NULL;
}

/* End the pass, if one runs.  Nobody is told of flows.  A live source then counts exactly what stays unread. */
void tapL_pass_end(struct tapL_capture *c);

/* The same where its script shall see it end: what is told of flows when they end is told before,
 * and may raise. */
void tapL_pass_finish(struct tapL_drive *d);

/* The same for a capture that nobody can ask any more: nothing is counted. */
void tapL_pass_abandon(struct tapL_capture *c);

/* Call the function on the stack below its 'count' arguments: no results; errors end the pass or
 * are counted. */
void tapL_pass_call(struct tapL_drive *d, int count);

/* ldrive.c: does a function that drives this capture's pass run on its thread? */
bool tapL_drive_isactive(struct tapL_capture *c);

/* lpoll.c: let the descriptor that the script polls, if there is one, wake for the signals that
 * the pass owns, if it does.  Each pass has a descriptor of its own for them. */
int tapL_poll_signals(const struct tapL_capture *c, struct tap_err *e);

/* ltick.c: let ticks that do not count yet count from 'now_ns'. */
void tapL_tick_base(struct tapL_capture *c, int64_t now_ns);

/* ltick.c: let no tick count any more. */
void tapL_tick_forget(struct tapL_capture *c);

/* ltick.c: call all ticks up to and with 'until_ns', each multiple of each period once. */
void tapL_tick_fire(struct tapL_drive *d, int64_t until_ns);

/* ltick.c: the time of the next tick; INT64_MAX: none. */
int64_t tapL_tick_next(const struct tapL_capture *c);

#endif
