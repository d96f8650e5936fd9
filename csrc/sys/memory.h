/* SPDX-License-Identifier: MIT
 *
 * A list of packets in memory as a source.
 */
#ifndef TAP_SYS_MEMORY_H
#define TAP_SYS_MEMORY_H

#include "sys/source.h"

/* Frames whose bytes outlive the source; the array itself is copied.  NULL when memory is out. */
struct tap_source *tap_memory_open(const struct tap_frame *frames, size_t count, struct tap_err *e);

#endif
