/* SPDX-License-Identifier: MIT
 *
 * The classic capture file: bytes in, structs out.  Both byte orders, micro-
 * and nanoseconds, Kuznetzov's records with eight bytes more, and versions
 * before 2.4 with the two lengths exchanged.  Every length is bounded before
 * it is believed.  Source: draft-ietf-opsawg-pcap.
 */
#ifndef TAP_PCAP_PCAP_H
#define TAP_PCAP_PCAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/about.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/frame.h"
#include "pcap/place.h"

enum { TAP_PCAP_HEADER = 24, TAP_PCAP_RECORD = 16, TAP_PCAP_RECORD_MODIFIED = 24 };

/* Which of a record's two lengths is the captured one. */
enum tap_pcap_lengths { TAP_CAPTURED_FIRST, TAP_CAPTURED_SECOND, TAP_CAPTURED_SHORTER };

struct tap_pcap {
  struct tap_place at;
  const struct tap_about *about; /* given to each frame; or NULL */
  bool swapped;                  /* written on a machine of the other byte order */
  bool nanoseconds;
  bool modified; /* records name interface, protocol and direction */
  uint8_t lengths;
  uint16_t linktype;
  uint32_t snaplen;
  uint32_t caplen_max; /* a record that claims more is damage */
};

/* Do the 'n' bytes at 'p' begin such a file, or are they its beginning? */
bool tap_pcap_known(const uint8_t *p, size_t n);

/* Read the file's header from the cursor. 1, or 0 and no move when it is not whole, or -1:
 * "read header: ...". */
int tap_pcap_begin(struct tap_pcap *f, struct tap_cursor *c, struct tap_err *e);

/* Read the next records, at most 'max' (>= 1), into 'out' (whose bytes lie in the window).  How
 * many they were; 0 and no move when the window holds no whole record; -1 when the first one is
 * damaged. */
int tap_pcap_batch(struct tap_pcap *f, struct tap_cursor *c, struct tap_frame *out, unsigned max,
                   struct tap_err *e);

#endif
