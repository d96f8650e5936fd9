/* SPDX-License-Identifier: MIT
 *
 * One table.  The four programs take the same options for what is needed here:
 * work from standard input to standard output, and say no more than errors.
 */
#include "sys/packing.h"

#include <string.h>

static const struct tap_packing packings[] = {
  { ".gz", { "gzip", "-c" }, { "gzip", "-dc" }, 3, { 0x1f, 0x8b, 0x08 } },
  { ".zst", { "zstd", "-qc" }, { "zstd", "-qdc" }, 4, { 0x28, 0xb5, 0x2f, 0xfd } },
  { ".xz", { "xz", "-c" }, { "xz", "-dc" }, 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 } },
  { ".lz4", { "lz4", "-qc" }, { "lz4", "-qdc" }, 4, { 0x04, 0x22, 0x4d, 0x18 } },
};

enum { COUNT = sizeof packings / sizeof packings[0] };

const struct tap_packing *tap_packing_by_content(const uint8_t *p, size_t n) {
  for (int i = 0; i < COUNT; i++)
    if (n >= packings[i].size && memcmp(p, packings[i].magic, packings[i].size) == 0)
      return &packings[i];
  return NULL;
}

const struct tap_packing *tap_packing_by_name(const char *path) {
  const char *dot = strrchr(path, '.');
  for (int i = 0; dot != NULL && i < COUNT; i++)
    if (strcmp(dot, packings[i].suffix) == 0) return &packings[i];
  return NULL;
}
