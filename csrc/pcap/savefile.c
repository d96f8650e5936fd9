/* SPDX-License-Identifier: MIT
 *
 * Which of the two formats a file has, and the calls that go to its reader.
 */
#include "pcap/savefile.h"

static int choose_format(struct tap_savefile *f, const struct tap_cursor *c, struct tap_err *e) {
  const size_t n = tap_left(c);
  if (tap_pcap_known(c->at, n)) {
    f->about = (struct tap_about){ .file = f->file };
    f->u.pcap = (struct tap_pcap){ .about = f->file == NULL ? NULL : &f->about };
    f->format = TAP_SAVEFILE_PCAP;
    return 1;
  }
  if (!tap_pcapng_known(c->at, n)) return tap_fail(e, 0, "read header: not a capture file");
  f->u.pcapng = (struct tap_pcapng){ .file = f->file, .linktype = TAP_LINKTYPE_NONE };
  f->format = TAP_SAVEFILE_PCAPNG;
  return 1;
}

int tap_savefile_begin(struct tap_savefile *f, struct tap_cursor *c, struct tap_err *e) {
  enum { MAGIC = 4 };
  if (f->format == TAP_SAVEFILE_UNKNOWN) {
    if (tap_left(c) > 0 && choose_format(f, c, e) < 0) return -1;
    if (tap_left(c) < MAGIC) f->format = TAP_SAVEFILE_UNKNOWN;
  }
  if (f->format == TAP_SAVEFILE_PCAP) return tap_pcap_begin(&f->u.pcap, c, e);
  if (f->format == TAP_SAVEFILE_PCAPNG) return tap_pcapng_begin(&f->u.pcapng, c, e);
  return 0;
}

int tap_savefile_batch(struct tap_savefile *f, struct tap_cursor *c, struct tap_frame *out,
                       unsigned max, struct tap_err *e) {
  if (f->format == TAP_SAVEFILE_PCAP) return tap_pcap_batch(&f->u.pcap, c, out, max, e);
  return tap_pcapng_batch(&f->u.pcapng, c, out, max, e);
}

int tap_savefile_end(const struct tap_savefile *f, const struct tap_cursor *c, struct tap_err *e) {
  const bool pcapng = f->format == TAP_SAVEFILE_PCAPNG;
  const struct tap_place *at = pcapng ? &f->u.pcapng.at : &f->u.pcap.at;
  const bool inside = tap_left(c) > 0 || (pcapng && f->u.pcapng.skip > 0);
  if (f->format == TAP_SAVEFILE_UNKNOWN && !inside)
    return tap_fail(e, 0, "read header: the file is empty");
  if (f->format == TAP_SAVEFILE_UNKNOWN || (at->offset == 0 && inside))
    return tap_fail(e, 0, "read header: the file ends inside it");
  if (!inside) return 0;
  return tap_fail(e, 0, "read %s %" PRIu64 " at byte %" PRIu64 ": the file ends inside it",
                  pcapng ? "block" : "record", at->records + 1, at->offset);
}

size_t tap_savefile_bound(const struct tap_savefile *f) {
  if (f->format == TAP_SAVEFILE_PCAP)
    return (size_t)f->u.pcap.caplen_max + TAP_PCAP_RECORD_MODIFIED;
  return tap_pcapng_bound();
}

uint16_t tap_savefile_linktype(const struct tap_savefile *f) {
  return f->format == TAP_SAVEFILE_PCAP ? f->u.pcap.linktype : f->u.pcapng.linktype;
}

uint32_t tap_savefile_snaplen(const struct tap_savefile *f) {
  return f->format == TAP_SAVEFILE_PCAP ? f->u.pcap.snaplen : f->u.pcapng.snaplen;
}

bool tap_savefile_swapped(const struct tap_savefile *f) {
  return f->format == TAP_SAVEFILE_PCAP ? f->u.pcap.swapped : f->u.pcapng.swapped;
}

void tap_savefile_free(struct tap_savefile *f) {
  if (f->format == TAP_SAVEFILE_PCAPNG) tap_pcapng_free(&f->u.pcapng);
  f->format = TAP_SAVEFILE_UNKNOWN;
}
