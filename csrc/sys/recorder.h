/* SPDX-License-Identifier: MIT
 *
 * A flight recorder: the last packets, in memory, until somebody wants them
 * in a file.
 */
#ifndef TAP_SYS_RECORDER_H
#define TAP_SYS_RECORDER_H

#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "sys/writer.h"

struct tap_recorder;

/* Keep packets that take so many bytes, and, unless it is 0, the last 'span_ns' of them alone.  NULL
 * for lack of memory. */
struct tap_recorder *tap_recorder_new(uint64_t size, int64_t span_ns);
void tap_recorder_free(struct tap_recorder *r);

/* Keep a packet, and let old ones go.  What a file said of it beside its bytes is not kept.  0, or
 * -1 and 'e': it is unsaved. */
int tap_recorder_put(struct tap_recorder *r, const struct tap_frame *f, struct tap_err *e);

/* The name of the interface that packets are from. */
void tap_recorder_interface(struct tap_recorder *r, const char *name);

/* Write what is kept into a file, and go on keeping it.  0, or -1 and 'e'. */
int tap_recorder_dump(const struct tap_recorder *r, const struct tap_writer_options *o,
                      struct tap_writer_counts *counts, struct tap_err *e);

/* What was put: all of it, whether it is kept still or not. */
struct tap_writer_counts tap_recorder_counts(const struct tap_recorder *r);

#endif
