/* SPDX-License-Identifier: MIT
 *
 * The capture object, as its three files share it: lcapture.c (open, close,
 * what is known of it), lhandler.c (what a pass shall feed) and lpass.c (the
 * pass).  Invariant: source is NULL once it is closed, and then nothing of
 * the system is held.
 */
#ifndef TAP_LUA_LCAPTURE_H
#define TAP_LUA_LCAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/program.h"
#include "flow/flows.h"
#include "lua/lapi.h"
#include "lua/lkernel.h"
#include "lua/lselect.h"
#include "proto/decode.h"
#include "stats/aggregate.h"
#include "sys/source.h"

struct tapL_packet;
struct tapL_writer;

#define TAPL_CAPTURE "moontap.capture"

/* The capture's user values: a table of all that a pass calls or lends (see slots below), the
 * subject's text, what its source borrows, and the sets that its filters can name. */
enum { TAPL_SLOTS = 1, TAPL_SUBJECT, TAPL_BORROWED, TAPL_SETS, TAPL_CAPTURE_VALUES = TAPL_SETS };

/* Slots: the pool of packet handles, the handle lent out in strict mode, the function that waits,
 * the last error that was counted, the thread that drives, the filter, the function for ended flows,
 * then functions of handlers and ticks, aggregates, and what packets each of them wants.  The pool's size is prime, so that it
 * does not lock onto periodic traffic. */
enum {
  TAPL_POOL = 127,
  TAPL_LENT_SLOT = TAPL_POOL + 1,
  TAPL_WAIT_SLOT,
  TAPL_ERROR_SLOT,
  TAPL_THREAD_SLOT,
  TAPL_FILTER_SLOT,
  TAPL_ENDED_SLOT,
  TAPL_FIRST_SLOT
};

/* When a pass ends by itself; 0: never. */
struct tapL_limits {
  uint64_t count;      /* packets delivered */
  int64_t duration_ns; /* by the clock when live, in capture time of a file, a pipe by either */
};

enum { TAPL_NAMES_MAX = 200 }; /* fields that one handler can declare: what Lua has locals for */

enum { TAPL_BATCH = 64, TAPL_BATCH_MAX = 256 };

/* Something of the script that wants packets: a function, or the body of a for loop. */
struct tapL_handler {
  struct tap_ref *refs;      /* declared names, required or not */
  int ref_count;             /* -1: wants the packet object */
  int slot;                  /* of its function */
  struct tapL_select *where; /* NULL: every packet; lives as long as its slot, or the loop */
  uint64_t matched, skipped;
};

/* Something that C does with packets: count them or save them. */
struct tapL_counter {
  struct tap_aggregate *aggregate; /* shared with its userdata; NULL: */
  struct tapL_writer *writer;      /* lives as long as its slot */
  int done;                        /* the slot of what is told its finished files; 0: none */
  struct tapL_select *where;       /* NULL: every packet; lives as long as its slot */
  uint64_t matched, skipped;
};

struct tapL_tally {
  uint64_t delivered, filtered, dropped;
};

struct tapL_tick {
  int64_t period_ns, next_ns;
  int slot;
  struct tapL_tally last; /* what had been counted when it ticked last */
};

/* What a pass feeds. */
struct tapL_hooks {
  struct tapL_handler *handlers;
  struct tapL_counter *counters;
  struct tapL_tick *ticks;
  int handler_count, counter_count, tick_count;
  int slot_count; /* slots used from TAPL_FIRST_SLOT on */
};

/* The conversations of the packets that a pass delivers. */
struct tapL_flows {
  struct tap_flows *table; /* NULL: there is none yet, or no more */
  uint64_t total, evicted; /* of tables that are no more */
  size_t limit;
  int64_t idle_ns;
  bool asked;     /* track them, whether or not a name needs it */
  bool has_ended; /* there is a function for those that end */
};

enum tapL_phase {
  TAPL_CLOSED,  /* no pass: the next one begins */
  TAPL_OPEN,    /* traffic is let in */
  TAPL_DRAINING /* nothing more is let in, what came is delivered */
};

struct tapL_pass {
  enum tapL_phase phase;
  unsigned serial; /* of the pass, so that an old for loop knows that its pass is over */
  bool in_call;    /* a function of the script runs, called by the pass */
  bool in_loop;    /* a for loop drives it */
  bool stop_asked; /* end it behind the packet at hand */
  bool owns_signals;
  bool timed;    /* its first frame has come */
  bool plain;    /* nobody looks at single packets */
  bool tracks;   /* packets are given their flows */
  bool stepwise; /* functions of the script may stop it: each step is one packet */
  bool has_loop; /* 'loop' wants packets */
  struct tapL_handler loop;
  lua_State *thread;        /* that drives it; an error may kill it and leave the pass behind */
  struct tapL_packet *lent; /* the handle that is aimed now, or NULL */
  struct tapL_packet *pool[TAPL_POOL]; /* handles, as their slots have them; NULL: not made yet */
  unsigned turn;                       /* of the pool */
  uint64_t left;                       /* packets to deliver yet, */
  bool counted;                        /* of a number that the script has set */
  int64_t deadline_ns;  /* its end by the clock, where packets may be long in coming, */
  int64_t until_ns;     /* and in a file's capture time; INT64_MAX: none */
  int64_t lasts_ns;     /* a file's duration, until its next packet makes it 'until_ns' */
  int64_t event_ns;     /* capture time from which a tick or the end is due */
  int most;             /* values that one of those who listen gets */
  enum tap_level level; /* how deep packets are wanted, */
  int decoded;          /* and how deep those of the batch are; -1: not at all */
  bool unsaved;         /* a writer failed and ended it, */
  struct tap_err unsaved_why;
  unsigned at, count;      /* the batch: frames from 'at' on are not taken yet; */
  unsigned test_until;     /* those before this one have to pass the filter; */
  unsigned straight_until; /* those before this one are for the loop, all of them, and for nobody
                              else */
  bool broken;             /* a filter cannot be for the frame behind the batch, */
  unsigned whole;          /* which had so many frames, */
  struct tap_err fault;    /* as this says */
};

struct tapL_capture {
  struct tapL_context *context;
  struct tap_source *source;
  struct tapL_select *filter; /* NULL: none; lives in its slot */
  struct tapL_kernel kernel;
  unsigned changes;         /* of the registry, when its filters were compiled anew */
  unsigned serial;          /* of the last selection that was made for it */
  struct tap_frame *frames; /* one batch */
  struct tap_packet *packets;
  struct tap_times times; /* of the pass, for those packets */
  unsigned batch;
  bool live, strict, signals, has_wait, count_errors;
  struct tapL_limits limits; /* of each pass unless it says otherwise */
  uint64_t errors;           /* calls that failed, under on_error "count" */
  int poll_fd;               /* made when asked for; -1: none */
  struct tapL_tally tally;
  struct tap_counts counts; /* the kernel's, as last read */
  struct tapL_hooks hooks;
  struct tapL_flows flows;
  struct tapL_pass pass;
};

/* The open capture at 'index'; raises where it is none or closed. */
struct tapL_capture *tapL_checkcapture(lua_State *L, int index);

/* The capture at 'index', open or closed. */
struct tapL_capture *tapL_tocapture(lua_State *L, int index);

/* Push the capture's subject ("eth0", "trace.pcap") and return it. */
const char *tapL_pushsubject(lua_State *L, int capture);

/* Raise when a pass runs that the script may not change now. */
void tapL_checkidle(lua_State *L, struct tapL_capture *c, const char *what);

/* End a pass that an error left behind. */
void tapL_burypass(struct tapL_capture *c);

/* Read the kernel's counts anew. */
void tapL_refresh(struct tapL_capture *c);

/* lhandler.c: free what a handler owns. */
void tapL_freehandler(struct tapL_handler *h);

/* lhandler.c: forget all hooks. */
void tapL_freehooks(struct tapL_hooks *hooks);

/* lhandler.c: read the list of names at 'index' into a handler that wants them. */
void tapL_readnames(lua_State *L, int index, struct tapL_handler *h);

/* laggregate.c: make the aggregate that the options table at 'index' describes, push it. */
struct tap_aggregate *tapL_newaggregate(lua_State *L, int index);

/* The selection that the value at 'index' makes for this capture, pushed; raises where it cannot
 * be compiled. */
struct tapL_select *tapL_checkwhere(lua_State *L, int capture, int index);

/* lfilter.c: read the program at 'index' (a list of {code, jt, jf, k}); raises where it is none.
 * Pushes a userdata that owns the instructions. */
struct tap_program tapL_checkprogram(lua_State *L, int index);

/* lstats.c: push the table that stats() gives. */
void tapL_pushstats(lua_State *L, int capture);

#endif
