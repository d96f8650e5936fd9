/* SPDX-License-Identifier: MIT
 *
 * The capture file of blocks, pcapng: bytes in, structs out.  Sections of both
 * byte orders, interfaces of different link types and resolutions, packets in
 * enhanced, simple and obsolete blocks, with what their options say; other
 * blocks are passed over.  Source: draft-ietf-opsawg-pcapng.
 */
#ifndef TAP_PCAP_PCAPNG_H
#define TAP_PCAP_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/about.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/frame.h"
#include "pcap/clock.h"
#include "pcap/place.h"

enum {
  TAP_BLOCK_INTERFACE = 1,
  TAP_BLOCK_OBSOLETE = 2,
  TAP_BLOCK_SIMPLE = 3,
  TAP_BLOCK_NAMES = 4,
  TAP_BLOCK_STATISTICS = 5,
  TAP_BLOCK_ENHANCED = 6,
  TAP_BLOCK_SECRETS = 10,
  TAP_BLOCK_SECTION = 0x0a0d0d0a,
};

enum { TAP_BYTE_ORDER_MAGIC = 0x1a2b3c4d };

/* Codes of an interface's options. */
enum { TAP_IF_NAME = 2, TAP_IF_RESOLUTION = 9, TAP_IF_OFFSET = 14 };

enum { TAP_PCAPNG_NAME = 256, TAP_PCAPNG_REMARKED = 64 };

struct tap_pcapng_interface {
  uint16_t linktype;
  uint32_t snaplen; /* 0: none */
  struct tap_pcap_clock clock;
  const struct tap_about *about; /* of packets without options; NULL: nothing to say */
  struct tap_about named;        /* what 'about' points to */
  char name[TAP_PCAPNG_NAME];
};

/* Invariant: frames that were given out point at interfaces and at 'remarked', so neither changes
 * while a batch has frames. */
struct tap_pcapng {
  struct tap_place at;
  const char *file;                         /* said of each packet; or NULL */
  bool swapped;                             /* the section was written in the other byte order */
  bool began;                               /* a section's header was read */
  uint64_t skip;                            /* bytes yet to come of a block that is passed over */
  struct tap_pcapng_interface **interfaces; /* of the section */
  unsigned count, room;
  uint16_t linktype; /* of all interfaces so far; TAP_LINKTYPE_NONE where they differ or are none */
  uint32_t snaplen;  /* of the first interface */
  unsigned interfaces_seen;
  unsigned remarked_count;
  struct tap_about remarked[TAP_PCAPNG_REMARKED]; /* of the batch's packets with options */
};

/* Do the 'n' bytes at 'p' begin such a file, or are they its beginning? */
bool tap_pcapng_known(const uint8_t *p, size_t n);

/* Read on to the first interface.  1, or 0 when the window does not reach that far, or -1. */
int tap_pcapng_begin(struct tap_pcapng *f, struct tap_cursor *c, struct tap_err *e);

/* Read the next packets, at most 'max', as tap_pcap_batch does.  With 'max' 0 only what stands
 * before the next packet is read, and the answer is 0 or -1. */
int tap_pcapng_batch(struct tap_pcapng *f, struct tap_cursor *c, struct tap_frame *out,
                     unsigned max, struct tap_err *e);

/* The longest block that has to lie in the window whole. */
size_t tap_pcapng_bound(void);

void tap_pcapng_free(struct tap_pcapng *f);

#endif
