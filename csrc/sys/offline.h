/* SPDX-License-Identifier: MIT
 *
 * A capture file as a source: from a path, from standard input ("-"), from a
 * descriptor, or from bytes in memory.  Reads in large blocks, frames point
 * into the block; memory is bounded, whatever the file says.
 */
#ifndef TAP_SYS_OFFLINE_H
#define TAP_SYS_OFFLINE_H

#include <stddef.h>
#include <stdint.h>

#include "sys/source.h"

/* Open 'path' ("-": standard input) and read its header.  NULL and 'e' where it is no capture
 * file ("read header: not a capture file"). */
struct tap_source *tap_offline_open(const char *path, struct tap_err *e);

/* The same for an open descriptor, which the source owns from now on, also after a failure. */
struct tap_source *tap_offline_open_fd(int fd, struct tap_err *e);

/* The same for bytes in memory, which must outlive the source. */
struct tap_source *tap_offline_open_data(const uint8_t *data, size_t size, struct tap_err *e);

#endif
