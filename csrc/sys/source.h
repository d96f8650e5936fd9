/* SPDX-License-Identifier: MIT
 *
 * The seam: where frames come from.  A pass knows this struct and nothing
 * behind it.  Behind it stand afpacket.c (a mapped ring), offline.c (a
 * capture file or a pipe, also one that lies in memory) and memory.c (a list of
 * packets); AF_XDP (a socket per queue, its own ring) and /dev/bpf (BSD)
 * would each be one more file that fills the same eight verbs.
 *
 * Life: open -> start -> (next, release | wait)* -> stop -> next ... until
 * TAP_END -> start ... -> close.  Nothing is captured before the first start.
 */
#ifndef TAP_SYS_SOURCE_H
#define TAP_SYS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "filter/program.h"

struct tap_source;

/* What next() says when it has no frames to give. */
enum { TAP_IDLE = 0, TAP_END = -1, TAP_FAILED = -2 };

/* What a live source's kernel counted, and what was counted when it was stopped. */
struct tap_counts {
  uint64_t seen;         /* passed the kernel's filter, by the kernel's count; exact after stop() */
  uint64_t dropped;      /* of these, lost by the kernel for lack of room */
  uint64_t taken;        /* frames that next() handed out */
  uint64_t unread;       /* frames that lay in the ring when stop() counted, and still do */
  uint64_t frozen;       /* times the ring was full */
  uint64_t lost_at_stop; /* |seen - dropped - taken - unread| after stop(): 0, or a fault */
};

struct tap_source_ops {
  /* Let traffic in.  A live source goes on where it was (what it still holds comes first), a
   * file begins again; a pipe cannot, and says so.  0 or -1. */
  int (*start)(struct tap_source *s, struct tap_err *e);

  /* Up to 'max' (>= 1) frames; their number, or TAP_IDLE (none now: wait), TAP_END, TAP_FAILED.
   * Frames stay valid until release(); next() must not be called before it. Never blocks. */
  int (*next)(struct tap_source *s, struct tap_frame *out, unsigned max, struct tap_err *e);

  /* The frames of the last next() are done with. */
  void (*release)(struct tap_source *s);

  /* Sleep until frames may be there, 'timeout_ms' passed (-1: for ever) or 'wake_fd' (-1: none)
   * is readable.  0, or -1 (interface gone, ...).  EINTR counts as woken. */
  int (*wait)(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e);

  /* Put the verified 'program' (NULL: accept all) into the kernel, and say in 'stale' what may be
   * under way that an earlier one let in.  -1: the one before stays.  NULL verb: this source has
   * no kernel behind it, the pass runs filters itself. */
  int (*set_filter)(struct tap_source *s, const struct tap_program *program, struct tap_err *e);

  /* Let nothing more in, and count exactly what came and was not handed out; next() still
   * gives that and then TAP_END.  For a file: nothing to do.  0 or -1. */
  int (*stop)(struct tap_source *s, struct tap_err *e);

  /* Refresh and read the counts (live sources; all 0 for others). */
  void (*counts)(struct tap_source *s, struct tap_counts *out);

  /* Give everything back to the system, at once; frees 's'. */
  void (*close)(struct tap_source *s);
};

struct tap_source {
  const struct tap_source_ops *ops;
  const char *kind;  /* "ring", "file", "pipe", "data", "packets" */
  bool live;         /* time goes on without packets; counts() has the kernel's counts */
  int fd;            /* readable when next() may have frames; -1: always */
  int latency_ms;    /* live: how late a packet may come, at most */
  uint16_t linktype; /* TAP_LINKTYPE_NONE where packets differ */
  uint32_t snaplen;  /* 0: none */
  uint32_t netmask;  /* of the interface, in the machine's order; UINT32_MAX: none is known */
  bool swapped;      /* a file that was written on a machine of the other byte order */
  uint64_t stale;    /* so many of the frames that come next may have passed an older filter */
};

#endif
