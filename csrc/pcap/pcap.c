/* SPDX-License-Identifier: MIT
 *
 * Reading the classic capture file: a header of 24 bytes, then records, each
 * a header of 16 bytes and the captured bytes.  The cursor moves over whole
 * records alone, so a caller that has only a part of the file reads on where
 * it stopped.  What the file says is kept as it is where nothing depends on
 * it (a captured length over the original one, a fraction over a second); a
 * length that memory would depend on is checked first.  It never copies bytes
 * and never reads past the window.
 */
#include "pcap/pcap.h"

#include <inttypes.h>

enum { MAGIC = 4, CAPLEN_BOUND = 16 << 20 };

struct magic {
  uint8_t bytes[MAGIC];
  bool big_endian, nanoseconds;
};

static const struct magic magics[] = {
  { { 0xd4, 0xc3, 0xb2, 0xa1 }, false, false },
  { { 0xa1, 0xb2, 0xc3, 0xd4 }, true, false },
  { { 0x4d, 0x3c, 0xb2, 0xa1 }, false, true },
  { { 0xa1, 0xb2, 0x3c, 0x4d }, true, true },
};

static const uint8_t pcapng_magic[MAGIC] = { 0x0a, 0x0d, 0x0d, 0x0a };

static inline uint32_t load32(const uint8_t *p, bool swapped) {
  uint32_t n;
  memcpy(&n, p, 4);
  return swapped ? __builtin_bswap32(n) : n;
}

static inline uint16_t load16(const uint8_t *p, bool swapped) {
  uint16_t n;
  memcpy(&n, p, 2);
  return swapped ? __builtin_bswap16(n) : n;
}

/* The magic number that the 'n' bytes at 'p' begin with, or are the beginning of. */
static const struct magic *find_magic(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
    if (memcmp(p, magics[i].bytes, n < MAGIC ? n : MAGIC) == 0) return &magics[i];
  return NULL;
}

static int refuse_magic(const uint8_t *p, size_t n, struct tap_err *e) {
  if (n >= MAGIC && memcmp(p, pcapng_magic, MAGIC) == 0)
    return tap_fail(e, 0, "read header: pcapng files are not supported yet");
  return tap_fail(e, 0, "read header: not a capture file");
}

/* A record may be as long as any that is made in good faith, or as the file announces. */
static uint32_t caplen_max(uint32_t snaplen) {
  if (snaplen <= TAP_CAPLEN_MAX) return TAP_CAPLEN_MAX;
  return snaplen < CAPLEN_BOUND ? snaplen : CAPLEN_BOUND;
}

int tap_pcap_begin(struct tap_pcap *f, struct tap_cursor *c, struct tap_err *e) {
  const struct magic *magic;
  const uint8_t *h;
  if (tap_left(c) == 0) return tap_fail(e, 0, "read header: the file is empty");
  magic = find_magic(c->at, tap_left(c));
  if (magic == NULL) return refuse_magic(c->at, tap_left(c), e);
  h = tap_take(c, TAP_PCAP_HEADER);
  if (h == NULL) return tap_fail(e, 0, "read header: the file ends inside it");
  f->swapped = magic->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
  f->nanoseconds = magic->nanoseconds;
  f->snaplen = load32(h + 16, f->swapped);
  f->linktype = (uint16_t)load32(h + 20, f->swapped); /* above it: how frames end in an FCS */
  f->caplen_max = caplen_max(f->snaplen);
  if (load16(h + 4, f->swapped) != 2)
    return tap_fail(e, 0, "read header: version %u.%u is not supported", load16(h + 4, f->swapped),
                    load16(h + 6, f->swapped));
  return 0;
}

/* Take whole records while there are any.  Byte order and unit of time are constants where
 * this is inlined, so that the usual file costs nothing for the others. */
static inline unsigned take_records(const struct tap_pcap *f, struct tap_cursor *window,
                                    bool swapped, struct tap_frame *out, unsigned max) {
  const int64_t tick_ns = f->nanoseconds ? 1 : 1000;
  const uint16_t linktype = f->linktype;
  const uint32_t limit = f->caplen_max;
  struct tap_cursor c = *window;
  const uint8_t *taken = c.at; /* whole records lie before it */
  unsigned n = 0;
  for (; n < max; n++) {
    const uint8_t *h = tap_take(&c, TAP_PCAP_RECORD), *data;
    uint32_t caplen;
    if (h == NULL) break;
    caplen = load32(h + 8, swapped);
    if (caplen > limit || (data = tap_take(&c, caplen)) == NULL) break;
    out[n] = (struct tap_frame){
      .data = data,
      .ts_ns = (int64_t)load32(h, swapped) * 1000000000 + load32(h + 4, swapped) * tick_ns,
      .caplen = caplen,
      .len = load32(h + 12, swapped),
      .linktype = linktype,
    };
    taken = c.at;
  }
  window->at = taken;
  return n;
}

/* Why the window gave no record: it holds no whole one (0), or damage (-1). */
static int check_record(const struct tap_pcap *f, struct tap_cursor c, uint64_t number,
                        struct tap_err *e) {
  const uint8_t *h = tap_take(&c, TAP_PCAP_RECORD);
  uint32_t caplen;
  if (h == NULL) return 0;
  caplen = load32(h + 8, f->swapped);
  if (caplen <= f->caplen_max) return 0;
  return tap_fail(e, 0, "read record %" PRIu64 ": captured length %" PRIu32 " is over %" PRIu32,
                  number, caplen, f->caplen_max);
}

int tap_pcap_batch(const struct tap_pcap *f, struct tap_cursor *c, uint64_t number,
                   struct tap_frame *out, unsigned max, struct tap_err *e) {
  unsigned n =
      f->swapped ? take_records(f, c, true, out, max) : take_records(f, c, false, out, max);
  return n > 0 ? (int)n : check_record(f, *c, number, e);
}
