/* SPDX-License-Identifier: MIT
 *
 * A capture file of either format, told by its first bytes.
 */
#ifndef TAP_PCAP_SAVEFILE_H
#define TAP_PCAP_SAVEFILE_H

#include "pcap/pcap.h"
#include "pcap/pcapng.h"

enum tap_savefile_format { TAP_SAVEFILE_UNKNOWN, TAP_SAVEFILE_PCAP, TAP_SAVEFILE_PCAPNG };

struct tap_savefile {
  enum tap_savefile_format format;
  const char *file;       /* said of each packet where several files are read; or NULL */
  struct tap_about about; /* the same for packets of a pcap file */
  union {
    struct tap_pcap pcap;
    struct tap_pcapng pcapng;
  } u;
};

/* Begin to read the file whose first bytes are at the cursor.  1, or 0 when more of them are
 * needed, or -1: "read header: ...". */
int tap_savefile_begin(struct tap_savefile *f, struct tap_cursor *c, struct tap_err *e);

/* As tap_pcap_batch and tap_pcapng_batch. */
int tap_savefile_batch(struct tap_savefile *f, struct tap_cursor *c, struct tap_frame *out,
                       unsigned max, struct tap_err *e);

/* The file ended, and this is what is left in the window: 0, or -1 where it ended too early. */
int tap_savefile_end(const struct tap_savefile *f, const struct tap_cursor *c, struct tap_err *e);

/* The most bytes that have to be in the window at once. */
size_t tap_savefile_bound(const struct tap_savefile *f);

/* Of all packets, TAP_LINKTYPE_NONE where they differ or none is known. */
uint16_t tap_savefile_linktype(const struct tap_savefile *f);
uint32_t tap_savefile_snaplen(const struct tap_savefile *f);
bool tap_savefile_swapped(const struct tap_savefile *f); /* by a machine of the other byte order */

/* Forget all but 'file', so that it can begin again. */
void tap_savefile_free(struct tap_savefile *f);

#endif
