/* SPDX-License-Identifier: MIT
 *
 * Several capture files as one source, their packets in the order of time.
 */
#ifndef TAP_SYS_MERGE_H
#define TAP_SYS_MERGE_H

#include <stddef.h>

#include "base/err.h"
#include "sys/source.h"

/* Open 'count' (>= 1) files, whose paths outlive the source.  An error names the file: "open
 * b.pcap: ...". */
struct tap_source *tap_merge_open(const char *const *paths, size_t count, struct tap_err *e);

#endif
