/* SPDX-License-Identifier: MIT
 *
 * The ways in which capture files are compressed, and the programs for that.
 */
#ifndef TAP_SYS_PACKING_H
#define TAP_SYS_PACKING_H

#include <stddef.h>
#include <stdint.h>

enum { TAP_PACKING_MAGIC = 6 };

struct tap_packing {
  const char *suffix;  /* ".gz" */
  const char *pack[4]; /* command lines, which end with NULL */
  const char *unpack[4];
  uint8_t size; /* of what such a file begins with */
  uint8_t magic[TAP_PACKING_MAGIC];
};

/* The one that the 'n' bytes at 'p' begin, or NULL. */
const struct tap_packing *tap_packing_by_content(const uint8_t *p, size_t n);

/* The one that a file's name ends with, or NULL. */
const struct tap_packing *tap_packing_by_name(const char *path);

#endif
