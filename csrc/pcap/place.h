/* SPDX-License-Identifier: MIT
 *
 * How far a file was read, for messages: "read record 12 at byte 4711: ...".
 */
#ifndef TAP_PCAP_PLACE_H
#define TAP_PCAP_PLACE_H

#include <inttypes.h>
#include <stdint.h>

#include "base/frame.h"

struct tap_place {
  uint64_t records; /* whole ones that were read; of pcapng, blocks */
  uint64_t offset;  /* bytes that these and the header took */
};

enum { TAP_CAPLEN_MAX = 262144 };

/* A record may be as long as any that is made in good faith, or as the file announces. */
static inline uint32_t tap_caplen_max(uint32_t snaplen) {
  if (snaplen <= TAP_CAPLEN_MAX) return TAP_CAPLEN_MAX;
  return snaplen < TAP_CAPLEN_MOST ? snaplen : TAP_CAPLEN_MOST;
}

#endif
