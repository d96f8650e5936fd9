/* SPDX-License-Identifier: MIT
 *
 * Gate GD: read one field of one packet, again and again.  The packet is UDP
 * with a declared protocol behind it, so that its fields can be held against
 * built-in ones.
 *
 * usage: layout FIELD TIMES
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/decode.h"
#include "proto/layout.h"

static const uint8_t bytes[] = {
  2,   0,  0,    0,    0,   2,                        /* Ethernet */
  2,   0,  0,    0,    0,   1,  8, 0,                 /* ... */
  69,  0,  0,    40,   0,   1,  0, 0, 64, 17, 0,  0,  /* IPv4 */
  192, 0,  2,    1,    192, 0,  2, 2,                 /* ... */
  156, 64, 0x23, 0x28, 0,   20, 0, 0,                 /* UDP, to port 9000 */
  1,   2,  3,    4,    5,   6,  7, 8, 9,  10, 11, 12, /* the declared one */
};

static const struct tap_field rows[] = {
  { .name = "lay.u16", .label = "a", .type = TAP_UINT, .bits = 16 },
  { .name = "lay.u16le", .label = "b", .type = TAP_UINT, .bits = 16 },
  { .name = "lay.u32le", .label = "c", .type = TAP_UINT, .bits = 32 },
  { .name = "lay.i16", .label = "d", .type = TAP_INT, .bits = 16 },
  { .name = "lay.bits", .label = "e", .type = TAP_UINT, .bits = 7 },
};

#define PLACE(row_, bit_, bits_, flags_)                                                           \
  {                                                                                                \
    .code = TAP_OP_PLACE, .row = row_, .bit = bit_, .bits = bits_, .flags = flags_,                \
    .term = TAP_NO_TERM                                                                            \
  }

static const struct tap_op ops[] = {
  { .code = TAP_OP_RUN, .row = TAP_NO_ROW, .term = TAP_NO_TERM, .bit = 96 },
  PLACE(0, 0, 16, 0),
  PLACE(1, 16, 16, TAP_OP_LITTLE),
  PLACE(2, 32, 32, TAP_OP_LITTLE),
  PLACE(3, 64, 16, 0),
  PLACE(4, 81, 7, 0),
};

static const struct tap_layout_parts parts = { "lay", "lay", rows, ops, NULL, 5, 6, 0 };

static void declare(struct tap_registry *r) {
  struct tap_err e;
  struct tap_layout *l = tap_layout_new(&parts, &e);
  int number = l == NULL ? -1 : tap_registry_declare(r, l, &e);
  int table = tap_registry_table(r, "udp.port", &e);
  if (number < 0 || table < 0) exit(1);
  tap_registry_bind(r, (unsigned)table, 9000, 9000, (unsigned)number);
}

int main(int argc, char **argv) {
  struct tap_frame frame = {
    .data = bytes, .caplen = sizeof bytes, .len = sizeof bytes, .linktype = TAP_LINKTYPE_ETHERNET
  };
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  struct tap_packet p;
  struct tap_value v = { 0 };
  struct tap_ref ref;
  uint64_t sum = 0;
  if (argc != 3 || r == NULL) return 1;
  declare(r);
  tap_decode(r, &frame, TAP_LEVEL_ALL, &p);
  if (tap_registry_find(r, argv[1], &ref, &e) != 0) return 1;
  for (long n = strtol(argv[2], NULL, 10); n > 0; n--) {
    if (!tap_ref_read(&ref, &p, &v)) return 1;
    sum += v.number;
  }
  printf("%" PRIu64 "\n", sum);
  tap_registry_free(r);
  return 0;
}
