/* SPDX-License-Identifier: MIT
 *
 * What a capture file says about a packet beside its bytes: which file and
 * interface it came from, and the options that stand behind it, as they stand
 * there (pcapng's code, length, value; padded to four bytes).  Everything is
 * lent by the source, for as long as the packet's bytes.
 */
#ifndef TAP_BASE_ABOUT_H
#define TAP_BASE_ABOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

/* Codes of a packet's options (draft-ietf-opsawg-pcapng). */
enum {
  TAP_OPTION_END,
  TAP_OPTION_COMMENT,
  TAP_OPTION_FLAGS,
  TAP_OPTION_DROPS = 4,
  TAP_OPTION_ID,
  TAP_OPTION_QUEUE
};

struct tap_about {
  const char *file;      /* name of one file of several; or NULL */
  const char *interface; /* its name; or NULL */
  const uint8_t *options;
  uint32_t size; /* bytes of options; 0: none */
  bool swapped;  /* their numbers are of the other byte order */
};

struct tap_remark {
  uint16_t code, size;
  const uint8_t *value;
};

/* Take the next option: 1, or 0 at their end, or -1 where one is longer than what is left. */
int tap_remark_next(struct tap_cursor *options, bool swapped, struct tap_remark *out);

/* Find occurrence 'nth' (0 is the first) of an option. */
bool tap_about_find(const struct tap_about *a, unsigned code, unsigned nth, struct tap_remark *out);

/* Bytes that a copy of what 'a' points to takes. */
size_t tap_about_size(const struct tap_about *a);

/* A copy of 'a' whose parts lie in 'room', which has so many bytes. */
struct tap_about tap_about_copy(const struct tap_about *a, uint8_t *room);

#endif
