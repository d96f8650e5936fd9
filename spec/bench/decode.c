/* SPDX-License-Identifier: MIT
 *
 * Gate G3: read a capture file and decode it down to the transport, in the
 * batches of a pass and without Lua.  Prints how many packets have ports.
 *
 * usage: decode FILE
 */
#include <inttypes.h>
#include <stdio.h>

#include "proto/decode.h"
#include "sys/offline.h"

enum { BATCH = 64 };

static uint64_t count_ports(struct tap_source *s, const struct tap_registry *r) {
  struct tap_frame frames[BATCH];
  struct tap_packet packets[BATCH];
  struct tap_err e;
  uint64_t found = 0;
  int n;
  while ((n = s->ops->next(s, frames, BATCH, &e)) > 0) {
    tap_decode_batch(r, frames, (unsigned)n, TAP_LEVEL_TRANSPORT, packets);
    for (int i = 0; i < n; i++)
      found += packets[i].transport != TAP_NO_LAYER;
    s->ops->release(s);
  }
  return found;
}

int main(int argc, char **argv) {
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  struct tap_source *s = argc == 2 && r != NULL ? tap_offline_open(argv[1], &e) : NULL;
  if (s == NULL || s->ops->start(s, &e) != 0) return 1;
  printf("%" PRIu64 "\n", count_ports(s, r));
  s->ops->close(s);
  tap_registry_free(r);
  return 0;
}
