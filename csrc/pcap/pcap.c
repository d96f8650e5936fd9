/* SPDX-License-Identifier: MIT
 *
 * Reading the classic capture file: a header of 24 bytes, then records, each
 * a header of 16 bytes (24 in Kuznetzov's variant) and the captured bytes.
 * The cursor moves over whole records alone, so a caller that has only a part
 * of the file reads on where it stopped.  What the file says is kept as it is
 * where nothing depends on it (a captured length over the original one, a
 * fraction over a second); a length that memory would depend on is checked
 * first.  It never copies bytes and never reads past the window.
 */
#include "pcap/pcap.h"

#include "base/order.h"

enum { MAGIC = 4, OUTGOING = 4 /* PACKET_OUTGOING of Linux */ };

struct magic {
  uint8_t bytes[MAGIC];
  bool big_endian, nanoseconds, modified;
};

static const struct magic magics[] = {
  { { 0xd4, 0xc3, 0xb2, 0xa1 }, false, false, false },
  { { 0xa1, 0xb2, 0xc3, 0xd4 }, true, false, false },
  { { 0x4d, 0x3c, 0xb2, 0xa1 }, false, true, false },
  { { 0xa1, 0xb2, 0x3c, 0x4d }, true, true, false },
  { { 0x34, 0xcd, 0xb2, 0xa1 }, false, false, true },
  { { 0xa1, 0xb2, 0xcd, 0x34 }, true, false, true },
};

static const struct magic *find_magic(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
    if (memcmp(p, magics[i].bytes, n < MAGIC ? n : MAGIC) == 0) return &magics[i];
  return NULL;
}

bool tap_pcap_known(const uint8_t *p, size_t n) {
  return find_magic(p, n) != NULL;
}

/* Before version 2.3 the original length came first, in 2.3 either did; 543 is what tcpdump of
 * DG/UX wrote. */
static int read_version(struct tap_pcap *f, unsigned major, unsigned minor, struct tap_err *e) {
  f->lengths = TAP_CAPTURED_FIRST;
  if (major == 543 || (major == 2 && minor < 3))
    f->lengths = TAP_CAPTURED_SECOND;
  else if (major == 2 && minor == 3)
    f->lengths = TAP_CAPTURED_SHORTER;
  if (major == 2 || major == 543) return 1;
  return tap_fail(e, 0, "read header: version %u.%u is not supported", major, minor);
}

int tap_pcap_begin(struct tap_pcap *f, struct tap_cursor *c, struct tap_err *e) {
  const uint8_t *h = tap_take(c, TAP_PCAP_HEADER);
  const struct magic *magic;
  if (h == NULL) return 0;
  magic = find_magic(h, MAGIC);
  if (magic == NULL) return tap_fail(e, 0, "read header: not a capture file");
  *f = (struct tap_pcap){
    .at = { .offset = TAP_PCAP_HEADER },
    .about = f->about,
    .swapped = magic->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__),
    .nanoseconds = magic->nanoseconds,
    .modified = magic->modified,
  };
  f->snaplen = tap_load32(h + 16, f->swapped);
  f->linktype = (uint16_t)tap_load32(h + 20, f->swapped); /* above it: how frames end in an FCS */
  f->caplen_max = tap_caplen_max(f->snaplen);
  return read_version(f, tap_load16(h + 4, f->swapped), tap_load16(h + 6, f->swapped), e);
}

/* What a record's header says that is not in the usual place. */
struct lengths {
  uint32_t caplen, len;
};

static inline struct lengths read_lengths(const uint8_t *h, bool swapped, unsigned order) {
  uint32_t first = tap_load32(h + 8, swapped), second = tap_load32(h + 12, swapped);
  if (order == TAP_CAPTURED_SECOND || (order == TAP_CAPTURED_SHORTER && first > second))
    return (struct lengths){ second, first };
  return (struct lengths){ first, second };
}

/* Kuznetzov's records say how the packet came.  They also have the number that the interface had
 * on that machine, which means nothing elsewhere. */
static uint8_t read_direction(const uint8_t *h) {
  return h[22] == OUTGOING ? TAP_DIR_OUT : TAP_DIR_IN;
}

/* Take whole records while there are any.  Byte order, form of records and unit of time are
 * constants where this is inlined, so that the usual file costs nothing for the others. */
static inline __attribute__((always_inline)) unsigned
take_records(const struct tap_pcap *f, struct tap_cursor *window, bool swapped, bool usual,
             struct tap_frame *out, unsigned max) {
  const int64_t tick_ns = f->nanoseconds ? 1 : 1000;
  const uint16_t linktype = f->linktype;
  const struct tap_about *about = f->about;
  const uint32_t limit = f->caplen_max;
  const bool modified = !usual && f->modified;
  const size_t head = modified ? TAP_PCAP_RECORD_MODIFIED : TAP_PCAP_RECORD;
  struct tap_cursor c = *window; /* no part of a record is taken */
  unsigned n = 0;
  for (; n < max && tap_left(&c) >= head; n++) {
    const uint8_t *h = c.at;
    const struct lengths size = read_lengths(h, swapped, usual ? TAP_CAPTURED_FIRST : f->lengths);
    if (size.caplen > limit || tap_take(&c, head + size.caplen) == NULL) break;
    out[n] = (struct tap_frame){
      .data = h + head,
      .ts_ns = (int64_t)tap_load32(h, swapped) * 1000000000 + tap_load32(h + 4, swapped) * tick_ns,
      .caplen = size.caplen,
      .len = size.len,
      .interface = TAP_NO_INTERFACE,
      .linktype = linktype,
      .about = about,
    };
    if (modified) out[n].direction = read_direction(h);
  }
  window->at = c.at;
  return n;
}

/* Why the window gave no record: it holds no whole one (0), or damage (-1). */
static int check_record(const struct tap_pcap *f, struct tap_cursor c, struct tap_err *e) {
  const uint8_t *h = tap_take(&c, f->modified ? TAP_PCAP_RECORD_MODIFIED : TAP_PCAP_RECORD);
  uint32_t caplen;
  if (h == NULL) return 0;
  caplen = read_lengths(h, f->swapped, f->lengths).caplen;
  if (caplen <= f->caplen_max) return 0;
  return tap_fail(e, 0,
                  "read record %" PRIu64 " at byte %" PRIu64 ": captured length %" PRIu32
                  " is over %" PRIu32,
                  f->at.records + 1, f->at.offset, caplen, f->caplen_max);
}

int tap_pcap_batch(struct tap_pcap *f, struct tap_cursor *c, struct tap_frame *out, unsigned max,
                   struct tap_err *e) {
  const uint8_t *from = c->at;
  unsigned n;
  if (f->modified || f->lengths != TAP_CAPTURED_FIRST)
    n = take_records(f, c, f->swapped, false, out, max);
  else if (f->swapped)
    n = take_records(f, c, true, true, out, max);
  else
    n = take_records(f, c, false, true, out, max);
  f->at.records += n;
  f->at.offset += (size_t)(c->at - from);
  return n > 0 ? (int)n : check_record(f, *c, e);
}
