/* SPDX-License-Identifier: MIT
 *
 * For csum_spec.lua: standard input has a frame in hex a line.  Printed are
 * the statuses of its UDP checksums, outermost first, by what the kernel says
 * of the frame: nothing, "partial", "valid".
 */
#include "proto/decode.h"

#include <stdio.h>

enum { FRAME_MAX = 2048, LINE_MAX_BYTES = 2 * FRAME_MAX + 2 };

static size_t from_hex(const char *digits, uint8_t *out) {
  size_t n = 0;
  unsigned byte;
  for (; n < FRAME_MAX && sscanf(digits, "%2x", &byte) == 1; digits += 2)
    out[n++] = (uint8_t)byte;
  return n;
}

static void print(const struct tap_registry *r, struct tap_frame *frame, unsigned flags) {
  struct tap_packet p = { .number = 1 };
  struct tap_value v;
  struct tap_ref ref;
  struct tap_err e;
  frame->flags = (uint8_t)flags;
  tap_decode(r, frame, TAP_LEVEL_ALL, &p);
  if (tap_registry_find(r, "udp.checksum.status", &ref, &e) != 0) return;
  for (ref.nth = 0; tap_ref_read(&ref, &p, &v); ref.nth++)
    printf("%s%s", ref.nth > 0 ? "," : "", tap_field_value_name(ref.field, v.number));
  printf(" ");
}

int main(void) {
  static uint8_t bytes[FRAME_MAX];
  static char line[LINE_MAX_BYTES];
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  while (r != NULL && fgets(line, sizeof line, stdin) != NULL) {
    uint32_t size = (uint32_t)from_hex(line, bytes);
    struct tap_frame frame = { .data = bytes, .caplen = size, .len = size, .linktype = 1 };
    print(r, &frame, 0);
    print(r, &frame, TAP_FRAME_CSUM_PARTIAL);
    print(r, &frame, TAP_FRAME_CSUM_VALID);
    printf("\n");
  }
  tap_registry_free(r);
  return 0;
}
