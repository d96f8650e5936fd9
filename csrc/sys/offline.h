/* SPDX-License-Identifier: MIT
 *
 * A capture file as a source: from a path, from standard input ("-"), from a
 * descriptor, or from bytes in memory; of either format, compressed or not.
 */
#ifndef TAP_SYS_OFFLINE_H
#define TAP_SYS_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/source.h"

/* Open and read the header.  "-" is standard input, which stays open for others. */
struct tap_source *tap_offline_open(const char *path, struct tap_err *e);

/* The same for one of several files: each packet says that it is from 'path', which outlives the
 * source. */
struct tap_source *tap_offline_open_named(const char *path, struct tap_err *e);

/* The same for a descriptor, which the source takes over. */
struct tap_source *tap_offline_open_fd(int fd, struct tap_err *e);

/* The same for bytes in memory, which outlive the source. */
struct tap_source *tap_offline_open_data(const uint8_t *data, size_t size, struct tap_err *e);

/* Wait for more where a file ends; a pipe does so anyway.  0, or -1 where it cannot be followed. */
int tap_offline_follow(struct tap_source *s, struct tap_err *e);

#endif
