/* SPDX-License-Identifier: MIT
 *
 * The classic capture file: bytes in, structs out.  Both byte orders, micro-
 * and nanoseconds.  Every length is bounded before it is believed.  Source:
 * draft-ietf-opsawg-pcap.
 */
#ifndef TAP_PCAP_PCAP_H
#define TAP_PCAP_PCAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/frame.h"

enum { TAP_PCAP_HEADER = 24, TAP_PCAP_RECORD = 16, TAP_CAPLEN_MAX = 262144 };

struct tap_pcap {
  bool swapped; /* written on a machine of the other byte order */
  bool nanoseconds;
  uint16_t linktype;
  uint32_t snaplen;
  uint32_t caplen_max; /* a record that claims more is damage */
};

/* Read the file's header from TAP_PCAP_HEADER bytes at the cursor. 0, or -1: "read header: ...". */
int tap_pcap_begin(struct tap_pcap *f, struct tap_cursor *c, struct tap_err *e);

/* Read the next records, at most 'max' (>= 1), into 'out' (whose bytes lie in the window).  How
 * many they were; 0 and no move when the window holds no whole record; -1 when the first one is
 * damaged ('number', its own, counts from 1 and is for the message). */
int tap_pcap_batch(const struct tap_pcap *f, struct tap_cursor *c, uint64_t number,
                   struct tap_frame *out, unsigned max, struct tap_err *e);

#endif
