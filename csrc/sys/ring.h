/* SPDX-License-Identifier: MIT
 *
 * The mapped ring of a packet socket (TPACKET_V3): blocks that the kernel
 * fills with records and hands over whole, in order, and that are given back
 * whole, in the same order.  Which side a block belongs to is said by its
 * status word, which only block_ready and block_give_back in ring.c touch.
 * Source: packet(7), Documentation/networking/packet_mmap.rst.
 */
#ifndef TAP_SYS_RING_H
#define TAP_SYS_RING_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Invariant: 'left' > 0 only while the block at 'head' is held. */
struct tap_ring {
  uint8_t *map; /* NULL: not mapped */
  size_t block_size;
  unsigned blocks;
  unsigned head; /* the block that is held, or is to be held next */
  unsigned left; /* its records that were not handed out yet */
  bool held;
  bool damaged;       /* a record did not lie within its block */
  const uint8_t *at;  /* the next record */
  const uint8_t *end; /* of the held block */
};

enum { TAP_RING_BUFFER = 32 << 20, TAP_RING_BLOCK = 256 << 10 }; /* where 0 is asked for */

/* Lay out a ring of about 'buffer' bytes in blocks of about 'block' bytes, on pages of 'page'
 * bytes: at least two blocks, each of whole pages; a buffer too small for two such blocks makes
 * them smaller.  Pure.  Leaves timeout and features 0.  0, or -1 if there can be no such ring. */
int tap_ring_plan(size_t buffer, size_t block, size_t page, struct tpacket_req3 *out,
                  struct tap_err *e);

/* Have the kernel make the ring that 'plan' describes for a socket, with fewer blocks where
 * memory is short, and map it.  0 or -1. */
int tap_ring_open(struct tap_ring *r, int fd, const struct tpacket_req3 *plan, struct tap_err *e);

/* Unmap it; the socket's close frees it.  An unopened (zeroed) ring is fine. */
void tap_ring_close(struct tap_ring *r);

/* Hold the next block that has records.  False when the kernel has none ready, or when a
 * damaged one was met. */
bool tap_ring_hold(struct tap_ring *r);

/* The next record of the held block; call it 'left' times at most.  NULL if it is damaged: the
 * rest of the block is skipped. */
const struct tpacket3_hdr *tap_ring_next(struct tap_ring *r);

/* Give the held block back if all its records were handed out.  True if it was given back. */
bool tap_ring_release(struct tap_ring *r);

/* Records that are ready and were not handed out yet, in all blocks; none of them is taken. */
uint64_t tap_ring_waiting(const struct tap_ring *r);

_Static_assert(sizeof(struct tpacket3_hdr) % TPACKET_ALIGNMENT == 0, "the origin follows at once");

/* Where the kernel noted a record's origin. */
static inline const struct sockaddr_ll *tap_record_origin(const struct tpacket3_hdr *h) {
  return (const void *)(h + 1);
}

#endif
