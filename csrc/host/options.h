/* SPDX-License-Identifier: MIT
 *
 * What the host must know of the command line before Lua is there, which parses
 * the whole line again, and reports unknown options and missing values.
 */
#ifndef TAP_HOST_OPTIONS_H
#define TAP_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Options go by their letters; these two have none. */
enum { HOST_KEEP_PRIVILEGES = 1, HOST_SEALED, HOST_FILES_MOST = 1000 };

struct host_options {
  const char *given[128]; /* by letter: the value, any text for a flag; NULL: not given */
  const char *files[HOST_FILES_MOST]; /* each that -r names */
  int file_count;
  int script;               /* which word of the line is the SCRIPT; 0: none */
  uint64_t buffer, snaplen; /* in bytes */
  char error[160];          /* of a failed parse: subject first, no newline */
};

/* Read 'argv' into 'out', which borrows its words.  False, with a message in out->error, where
 * the line is wrong in a way that matters before Lua is there. */
bool host_options_parse(struct host_options *out, int argc, char *const *argv);

#endif
