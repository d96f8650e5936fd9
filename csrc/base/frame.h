/* SPDX-License-Identifier: MIT
 *
 * The one noun that all layers share: a frame, which is bytes as they came
 * and what is known of their coming.  A frame borrows its bytes from the
 * source that delivered it (a ring's block, a file's buffer); they are valid
 * until that source's release().
 */
#ifndef TAP_BASE_FRAME_H
#define TAP_BASE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

struct tap_about;

/* Link types are the numbers of capture files (LINKTYPE_, tcpdump.org/linktypes.html). */
enum { TAP_LINKTYPE_ETHERNET = 1, TAP_LINKTYPE_RAW = 101, TAP_LINKTYPE_NONE = 0xffff };

enum { TAP_NO_INTERFACE = 0xffffffff };

/* No frame is longer, whoever made it. */
enum { TAP_CAPLEN_MOST = 16 << 20 };

enum tap_direction { TAP_DIR_UNKNOWN, TAP_DIR_IN, TAP_DIR_OUT };

/* flags of a frame */
enum {
  TAP_FRAME_TAG_LIFTED = 1 << 0,   /* the kernel took the outer VLAN tag out of the bytes:
                                      vlan_tci and vlan_tpid hold it, and four bytes before
                                      'data' may be written to put it back */
  TAP_FRAME_CSUM_PARTIAL = 1 << 1, /* transport checksum not computed yet (offload) */
  TAP_FRAME_CSUM_VALID = 1 << 2,   /* transport checksum verified by kernel or device */
  TAP_FRAME_GSO = 1 << 3,          /* a super-frame, to be cut into segments later */
  TAP_FRAME_NO_TIME = 1 << 4,      /* the source has no time for it */
};

struct tap_frame {
  const uint8_t *data; /* first byte, link header included */
  int64_t ts_ns;       /* since the epoch */
  uint32_t caplen;     /* bytes at 'data' */
  uint32_t len;        /* bytes that these were on the wire, a lifted tag not counted */
  uint32_t interface;  /* kernel's index when live, its number within its section of a pcapng
                          file, TAP_NO_INTERFACE where none is known */
  uint32_t rxhash;     /* 0: none */
  uint16_t linktype;
  uint16_t vlan_tci, vlan_tpid;
  uint8_t direction; /* enum tap_direction */
  uint8_t flags;
  const struct tap_about *about; /* what a file says of it beside its bytes; NULL: nothing */
};

/* How many bytes on the wire this frame had, a lifted tag included. */
static inline uint32_t tap_frame_wire_len(const struct tap_frame *f) {
  return f->len + (f->flags & TAP_FRAME_TAG_LIFTED ? 4 : 0);
}

/* Is there a lifted tag, and was its place captured?  It stands between the addresses and the type
 * behind it, all of which are 14 bytes. */
static inline bool tap_frame_tag_fits(const struct tap_frame *f) {
  return (f->flags & TAP_FRAME_TAG_LIFTED) != 0 && f->caplen >= 14;
}

/* How many bytes were captured, a lifted tag included. */
static inline uint32_t tap_frame_cap_len(const struct tap_frame *f) {
  return f->caplen + (tap_frame_tag_fits(f) ? 4 : 0);
}

#endif
