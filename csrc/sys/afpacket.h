/* SPDX-License-Identifier: MIT
 *
 * Live capture: an AF_PACKET socket with a TPACKET_V3 ring.  Source: packet(7),
 * Documentation/networking/packet_mmap.rst.
 */
#ifndef TAP_SYS_AFPACKET_H
#define TAP_SYS_AFPACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/source.h"

struct tap_live {
  const char *interface; /* name */
  bool promisc;
  uint32_t snaplen; /* bytes kept of a frame; 0: all */
  size_t buffer;    /* bytes of the ring */
  size_t block;     /* bytes of one block of it */
  int latency_ms;   /* after this time the kernel hands out a block that is not full; >= 1 */
  bool rxhash;      /* fill frame.rxhash, which costs the kernel some 150 ns a packet */
};

/* Socket, ring and membership, but no traffic yet: that comes with start().  NULL and 'e' when
 * the kernel refuses. */
struct tap_source *tap_afpacket_open(const struct tap_live *options, struct tap_err *e);

/* What the kernel granted: bytes of the ring, of a block, and number of blocks. */
struct tap_ring_size {
  size_t bytes, block, blocks;
};
/* False when 's' is not a ring. */
bool tap_afpacket_ring(const struct tap_source *s, struct tap_ring_size *out);

#endif
