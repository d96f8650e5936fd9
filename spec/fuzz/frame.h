/* SPDX-License-Identifier: MIT
 *
 * A frame made of a fuzzer's input: the link type (two bytes), flags, then the
 * bytes, which are put into memory of their own, so that a read past either
 * end is seen.
 */
#ifndef SPEC_FUZZ_FRAME_H
#define SPEC_FUZZ_FRAME_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/registry.h"

enum { FUZZ_HEAD = 3, FUZZ_LINKTYPES = 512 };
/* flags: a tag was lifted; the frame was longer on the wire; no time; the bits of a direction */
enum { FUZZ_LIFTED = 1, FUZZ_CUT = 2, FUZZ_TIMELESS = 4, FUZZ_PARTIAL = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_frame {
  uint8_t *memory;
  struct tap_frame frame;
};

static inline const struct tap_registry *fuzz_registry(void) {
  static struct tap_registry *registry;
  struct tap_err e;
  if (registry == NULL && (registry = tap_registry_new(&e)) == NULL) abort();
  return registry;
}

static inline bool fuzz_frame_make(struct fuzz_frame *f, const uint8_t *data, size_t size) {
  size_t room, n = size - FUZZ_HEAD;
  unsigned flags;
  if (size < FUZZ_HEAD) return false;
  flags = data[2];
  room = (flags & FUZZ_LIFTED) != 0 ? 4 : 0;
  if ((f->memory = malloc(room + n + 1)) == NULL) return false;
  f->memory = realloc(f->memory, room + n > 0 ? room + n : 1);
  memcpy(f->memory + room, data + FUZZ_HEAD, n);
  f->frame = (struct tap_frame){
    .data = f->memory + room,
    .caplen = (uint32_t)n,
    .len = (uint32_t)n + ((flags & FUZZ_CUT) != 0 ? 100 : 0),
    .ts_ns = (int64_t)data[0] << 52 ^ 1234567890123456789,
    .linktype = (uint16_t)((data[0] << 8 | data[1]) % FUZZ_LINKTYPES),
    .direction = (uint8_t)(flags >> 6 & 1u),
  };
  if ((flags & FUZZ_TIMELESS) != 0) f->frame.flags |= TAP_FRAME_NO_TIME;
  if ((flags & FUZZ_PARTIAL) != 0) f->frame.flags |= TAP_FRAME_CSUM_PARTIAL;
  if ((flags & FUZZ_LIFTED) != 0 && f->frame.linktype == TAP_LINKTYPE_ETHERNET) {
    f->frame.flags |= TAP_FRAME_TAG_LIFTED;
    f->frame.vlan_tpid = 0x8100;
    f->frame.vlan_tci = 5;
  }
  return true;
}

static inline void fuzz_frame_free(struct fuzz_frame *f) {
  free(f->memory);
}

#endif
