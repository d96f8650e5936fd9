/* SPDX-License-Identifier: MIT
 *
 * Writing both formats.  Invariant: what stands here is what pcap.c and
 * pcapng.c read back; lengths are reckoned from what is written, so that a
 * block's two lengths agree.
 */
#include "pcap/encode.h"

#include <string.h>

#include "base/about.h"
#include "base/order.h"
#include "pcap/pcapng.h"

enum {
  MAGIC_US = 0xa1b2c3d4u,
  MAGIC_NS = 0xa1b23c4du,
  SNAPLEN = 262144,
  TEXT_MAX = 255,
  SECTION_OS = 3,
  SECTION_PROGRAM = 4,
  INTERFACE_FILTER = 11,
  INTERFACE_OS = 12,
  STATISTICS_RECEIVED = 4,
  STATISTICS_DROPPED = 5,
  NANOSECONDS = 9,
};

/* Bytes under construction; there is room for them. */
struct encoder {
  uint8_t *start, *at;
};

static inline void put(struct encoder *c, const void *bytes, size_t n) {
  memcpy(c->at, bytes, n);
  c->at += n;
}

static inline void put16(struct encoder *c, uint16_t n) {
  put(c, &n, sizeof n);
}

static inline void put32(struct encoder *c, uint32_t n) {
  put(c, &n, sizeof n);
}

/* Up to three zeros. */
static void put_padding(struct encoder *c, size_t n) {
  for (n = -n & 3u; n > 0; n--)
    *c->at++ = 0;
}

static void put_option(struct encoder *c, uint16_t code, const void *value, size_t n) {
  put16(c, code);
  put16(c, (uint16_t)n);
  put(c, value, n);
  put_padding(c, n);
}

static void put_text(struct encoder *c, uint16_t code, const char *text) {
  if (text != NULL && *text != '\0') put_option(c, code, text, strnlen(text, TEXT_MAX));
}

static void put_end(struct encoder *c) {
  put32(c, 0);
}

static size_t length_of(const struct encoder *c) {
  return (size_t)(c->at - c->start);
}

static struct encoder begin_block(uint8_t *to, uint32_t type) {
  struct encoder c = { to, to };
  put32(&c, type);
  put32(&c, 0); /* its length, once it is known */
  return c;
}

static size_t end_block(struct encoder *c) {
  uint32_t length = (uint32_t)length_of(c) + 4;
  put32(c, length);
  memcpy(c->start + 4, &length, sizeof length);
  return length;
}

/* --- pcap --- */

size_t tap_encode_pcap_header(uint8_t *to, bool nanoseconds, uint16_t linktype, uint32_t snaplen) {
  struct encoder c = { to, to };
  put32(&c, nanoseconds ? MAGIC_NS : MAGIC_US);
  put16(&c, 2);
  put16(&c, 4);
  put32(&c, 0);
  put32(&c, 0);
  put32(&c, snaplen > 0 ? snaplen : SNAPLEN);
  put32(&c, linktype);
  return length_of(&c);
}

size_t tap_encode_pcap_head(uint8_t *to, const struct tap_encoded *p, bool nanoseconds) {
  const int64_t ns_per_s = 1000000000;
  const int64_t ts_ns = p->frame->ts_ns;
  int64_t seconds = ts_ns / ns_per_s, rest = ts_ns % ns_per_s;
  struct encoder c = { to, to };
  if (rest < 0) rest += ns_per_s, seconds--;
  put32(&c, (uint32_t)seconds);
  put32(&c, (uint32_t)(nanoseconds ? rest : rest / 1000));
  put32(&c, p->caplen);
  put32(&c, tap_frame_wire_len(p->frame));
  return length_of(&c);
}

/* --- pcapng --- */

size_t tap_encode_section(uint8_t *to, const char *os) {
  struct encoder c = begin_block(to, TAP_BLOCK_SECTION);
  put32(&c, TAP_BYTE_ORDER_MAGIC);
  put16(&c, 1);
  put16(&c, 0);
  put32(&c, UINT32_MAX); /* the section's length is not known */
  put32(&c, UINT32_MAX);
  put_text(&c, SECTION_OS, os);
  put_text(&c, SECTION_PROGRAM, "moontap");
  put_end(&c);
  return end_block(&c);
}

size_t tap_encode_interface(uint8_t *to, const struct tap_encoded_interface *i) {
  static const uint8_t resolution = NANOSECONDS;
  struct encoder c = begin_block(to, TAP_BLOCK_INTERFACE);
  put16(&c, i->linktype);
  put16(&c, 0);
  put32(&c, i->snaplen);
  put_text(&c, TAP_IF_NAME, i->name);
  put_option(&c, TAP_IF_RESOLUTION, &resolution, sizeof resolution);
  if (i->filter != NULL && *i->filter != '\0') {
    uint8_t text[1 + TEXT_MAX] = { 0 }; /* what follows is a text */
    size_t n = strnlen(i->filter, TEXT_MAX);
    memcpy(text + 1, i->filter, n);
    put_option(&c, INTERFACE_FILTER, text, 1 + n);
  }
  put_text(&c, INTERFACE_OS, i->os);
  put_end(&c);
  return end_block(&c);
}

static void put_time(struct encoder *c, int64_t ts_ns) {
  put32(c, (uint32_t)((uint64_t)ts_ns >> 32));
  put32(c, (uint32_t)ts_ns);
}

size_t tap_encode_statistics(uint8_t *to, uint32_t interface, int64_t now_ns, uint64_t received,
                             uint64_t dropped) {
  struct encoder c = begin_block(to, TAP_BLOCK_STATISTICS);
  put32(&c, interface);
  put_time(&c, now_ns);
  put_option(&c, STATISTICS_RECEIVED, &received, sizeof received);
  put_option(&c, STATISTICS_DROPPED, &dropped, sizeof dropped);
  put_end(&c);
  return end_block(&c);
}

/* epb_flags: direction, and the states of offloaded work. */
static uint32_t flags_of(const struct tap_frame *f) {
  uint32_t flags = f->direction; /* the numbers are the same */
  if (f->flags & TAP_FRAME_CSUM_PARTIAL) flags |= 1 << 9;
  if (f->flags & TAP_FRAME_CSUM_VALID) flags |= 1 << 10;
  if (f->flags & TAP_FRAME_GSO) flags |= 1 << 11;
  return flags;
}

static size_t padded(size_t n) {
  return (n + 3) & ~(size_t)3;
}

/* What a file said of the packet and is said again. */
static bool is_kept(const struct tap_encoded *p, const struct tap_remark *r) {
  switch (r->code) {
  case TAP_OPTION_COMMENT: return p->comment_size == 0;
  case TAP_OPTION_DROPS:
  case TAP_OPTION_ID: return r->size == 8;
  case TAP_OPTION_QUEUE: return r->size == 4;
  default: return false;
  }
}

/* The next option of those that are kept. */
static bool next_kept(const struct tap_encoded *p, struct tap_cursor *options,
                      struct tap_remark *out) {
  while (tap_remark_next(options, p->frame->about->swapped, out) > 0)
    if (is_kept(p, out)) return true;
  return false;
}

static struct tap_cursor options_of(const struct tap_frame *f) {
  const struct tap_about *a = f->about;
  if (a == NULL || a->size == 0) return (struct tap_cursor){ NULL, NULL };
  return (struct tap_cursor){ a->options, a->options + a->size };
}

uint32_t tap_encoded_options(const struct tap_encoded *p) {
  struct tap_cursor options = options_of(p->frame);
  struct tap_remark kept;
  size_t n = flags_of(p->frame) != 0 ? 8 : 0;
  if (p->comment_size > 0) n += 4 + padded(p->comment_size);
  while (options.at != NULL && next_kept(p, &options, &kept))
    n += 4 + padded(kept.size);
  return (uint32_t)(n > 0 ? n + 4 : 0);
}

static void put_kept(struct encoder *c, const struct tap_remark *r, bool swapped) {
  const uint32_t n32 = r->size == 4 ? tap_load32(r->value, swapped) : 0;
  const uint64_t n64 = r->size == 8 ? tap_load64(r->value, swapped) : 0;
  if (r->code == TAP_OPTION_COMMENT)
    put_option(c, r->code, r->value, r->size);
  else if (r->size == 4)
    put_option(c, r->code, &n32, sizeof n32);
  else
    put_option(c, r->code, &n64, sizeof n64);
}

size_t tap_encode_head(uint8_t *to, const struct tap_encoded *p) {
  struct encoder c = { to, to };
  put32(&c, TAP_BLOCK_ENHANCED);
  put32(&c, (uint32_t)tap_encoded_size(p));
  put32(&c, p->interface);
  put_time(&c, p->frame->ts_ns);
  put32(&c, p->caplen);
  put32(&c, tap_frame_wire_len(p->frame));
  return length_of(&c);
}

static void put_options(struct encoder *c, const struct tap_encoded *p) {
  const uint32_t flags = flags_of(p->frame);
  struct tap_cursor options = options_of(p->frame);
  struct tap_remark kept;
  if (p->comment_size > 0) put_option(c, TAP_OPTION_COMMENT, p->comment, p->comment_size);
  while (options.at != NULL && next_kept(p, &options, &kept))
    put_kept(c, &kept, p->frame->about->swapped);
  if (flags != 0) put_option(c, TAP_OPTION_FLAGS, &flags, sizeof flags);
  put_end(c);
}

size_t tap_encode_tail(uint8_t *to, const struct tap_encoded *p) {
  struct encoder c = { to, to };
  put_padding(&c, p->caplen);
  if (p->options > 0) put_options(&c, p);
  put32(&c, (uint32_t)tap_encoded_size(p));
  return length_of(&c);
}

/* The padding comes first, so that the bytes may end within it. */
size_t tap_encode_plain(uint8_t *to, const struct tap_frame *f, uint32_t interface) {
  const uint32_t caplen = f->caplen, rest = (caplen + 3) & ~3u, length = 32 + rest, padding = 0;
  const uint64_t time = (uint64_t)f->ts_ns;
  const uint32_t head[] = { TAP_BLOCK_ENHANCED, length, interface, (uint32_t)(time >> 32),
                            (uint32_t)time,     caplen, f->len };
  memcpy(to + sizeof head + rest - sizeof padding, &padding, sizeof padding);
  memcpy(to, head, sizeof head);
  memcpy(to + sizeof head, f->data, caplen);
  memcpy(to + sizeof head + rest, &length, sizeof length);
  return length;
}
