/* SPDX-License-Identifier: MIT
 *
 * Geometry, mapping and walk of a TPACKET_V3 ring.  Blocks are held and given
 * back strictly in order: poll(2) looks at one block only and would miss or
 * repeat events otherwise.  The walk counts records by num_pkts (the last
 * record's tp_next_offset is 0) and checks every offset before it is used;
 * it copies nothing, makes no system call and knows nothing of sockets.
 */
#include "sys/ring.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static const uint64_t ring_max = (uint64_t)4 << 30;
static const uint64_t block_max = (uint64_t)1 << 30;

/* A record's header and the address behind it; no record is shorter. */
enum { RECORD_MIN = sizeof(struct tpacket3_hdr) + sizeof(struct sockaddr_ll) };

static uint64_t round_up(uint64_t n, uint64_t unit) {
  return (n + unit - 1) / unit * unit;
}

int tap_ring_plan(size_t buffer, size_t block, size_t page, struct tpacket_req3 *out,
                  struct tap_err *e) {
  uint64_t total = buffer > 0 ? buffer : TAP_RING_BUFFER, size = block > 0 ? block : TAP_RING_BLOCK;
  uint64_t blocks;
  if (total > ring_max)
    return tap_fail(e, 0, "create a ring of %" PRIu64 " bytes: the limit is 4 GiB", total);
  if (size > total / 2) size = total / 2;
  if (size == 0) size = 1;
  if (size > block_max)
    return tap_fail(e, 0, "create a ring with blocks of %" PRIu64 " bytes: the limit is 1 GiB",
                    size);
  size = round_up(size, page);
  blocks = total / size < 2 ? 2 : total / size;
  *out = (struct tpacket_req3){
    .tp_block_size = (unsigned)size,
    .tp_block_nr = (unsigned)blocks,
    .tp_frame_size = (unsigned)page, /* of no effect in V3, but checked against the rest */
    .tp_frame_nr = (unsigned)(size / page * blocks),
  };
  return 0;
}

/* Ask for the ring, and for half of it as long as the kernel has no memory for it. */
static int create_ring(int fd, struct tpacket_req3 *req, struct tap_err *e) {
  const unsigned asked = req->tp_block_nr, pages = req->tp_frame_nr / asked;
  int sys;
  while (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, req, sizeof *req) < 0) {
    sys = errno;
    if (sys != ENOMEM || req->tp_block_nr <= 2)
      return tap_fail(e, sys, "create a ring of %u blocks of %u bytes", asked, req->tp_block_size);
    req->tp_block_nr = req->tp_block_nr / 2 < 2 ? 2 : req->tp_block_nr / 2;
    req->tp_frame_nr = pages * req->tp_block_nr;
  }
  return 0;
}

int tap_ring_open(struct tap_ring *r, int fd, const struct tpacket_req3 *plan, struct tap_err *e) {
  struct tpacket_req3 req = *plan;
  size_t size;
  void *map;
  if (create_ring(fd, &req, e) < 0) return -1;
  size = (size_t)req.tp_block_size * req.tp_block_nr;
  map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return tap_fail(e, errno, "map the ring");
  *r = (struct tap_ring){ .map = map, .block_size = req.tp_block_size, .blocks = req.tp_block_nr };
  return 0;
}

void tap_ring_close(struct tap_ring *r) {
  if (r->map != NULL) munmap(r->map, r->block_size * r->blocks);
  memset(r, 0, sizeof *r);
}

static struct tpacket_block_desc *block_at(const struct tap_ring *r, unsigned i) {
  return (void *)(r->map + (size_t)i * r->block_size);
}

static unsigned block_after(const struct tap_ring *r, unsigned i) {
  return i + 1 == r->blocks ? 0 : i + 1;
}

/* All that the kernel wrote into a block is seen once this was true. */
static bool block_ready(const struct tpacket_block_desc *b) {
  return __atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* Nothing of a block may be read or written after this. */
static void block_give_back(struct tpacket_block_desc *b) {
  __atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static void enter_block(struct tap_ring *r, const struct tpacket_block_desc *b) {
  const uint8_t *start = (const void *)b;
  const uint32_t first = b->hdr.bh1.offset_to_first_pkt;
  r->held = true;
  r->left = b->hdr.bh1.num_pkts;
  r->end = start + r->block_size;
  r->at = first <= r->block_size ? start + first : r->end;
}

/* Kernels before 3.19 retire empty blocks when their time is up: these are passed over. */
bool tap_ring_hold(struct tap_ring *r) {
  for (unsigned tries = 0; r->left == 0; tries++) {
    const struct tpacket_block_desc *b;
    tap_ring_release(r);
    b = block_at(r, r->head);
    if (tries == r->blocks || r->damaged || !block_ready(b)) return false;
    enter_block(r, b);
  }
  return true;
}

/* Do this record's bytes lie within the block, and does the one after it, if any? */
static bool record_whole(const struct tpacket3_hdr *h, size_t room, bool last) {
  if (room < RECORD_MIN || (uintptr_t)h % _Alignof(struct tpacket3_hdr) != 0) return false;
  if (h->tp_mac < RECORD_MIN || h->tp_mac > room || h->tp_snaplen > room - h->tp_mac) return false;
  return last || (h->tp_next_offset >= RECORD_MIN && h->tp_next_offset < room);
}

const struct tpacket3_hdr *tap_ring_next(struct tap_ring *r) {
  const size_t room = (size_t)(r->end - r->at);
  const struct tpacket3_hdr *h = (const void *)r->at;
  if (!record_whole(h, room, r->left == 1)) {
    r->left = 0;
    r->damaged = true;
    return NULL;
  }
  r->at += h->tp_next_offset;
  r->left--;
  __builtin_prefetch(r->at);
  return h;
}

bool tap_ring_release(struct tap_ring *r) {
  if (!r->held || r->left > 0) return false;
  r->held = false;
  block_give_back(block_at(r, r->head));
  r->head = block_after(r, r->head);
  return true;
}

uint64_t tap_ring_waiting(const struct tap_ring *r) {
  uint64_t n = r->left;
  unsigned at = r->held ? block_after(r, r->head) : r->head;
  for (unsigned seen = r->held; seen < r->blocks; seen++, at = block_after(r, at)) {
    const struct tpacket_block_desc *b = block_at(r, at);
    if (!block_ready(b)) break;
    n += b->hdr.bh1.num_pkts;
  }
  return n;
}
