/* SPDX-License-Identifier: MIT
 *
 * Records of capture files, made in a caller's buffer in this machine's byte
 * order.  A packet is a head, its bytes, and a tail; the caller puts the bytes
 * in between.
 */
#ifndef TAP_PCAP_ENCODE_H
#define TAP_PCAP_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"

/* Bytes that a header or an interface takes at most. */
enum { TAP_ENCODED_HEADER = 1024, TAP_COMMENT_MAX = 65000, TAP_ENCODED_PLAIN = 36 };

/* What is written of a frame beside its bytes. */
struct tap_encoded {
  const struct tap_frame *frame;
  uint32_t caplen; /* bytes of it that are written, a tag that was put back included */
  uint32_t interface;
  const uint8_t *comment;
  size_t comment_size; /* 0: none; at most TAP_COMMENT_MAX */
  uint32_t options;    /* bytes of comments and the like behind it */
};

struct tap_encoded_interface {
  uint16_t linktype;
  uint32_t snaplen;
  const char *name; /* these may be NULL */
  const char *filter;
  const char *os;
};

/* Bytes of what is said behind the packet's own, for 'options'. */
uint32_t tap_encoded_options(const struct tap_encoded *p);

/* Bytes of the whole record of pcapng. */
static inline size_t tap_encoded_size(const struct tap_encoded *p) {
  enum { HEAD_AND_LENGTH = 32 };
  return HEAD_AND_LENGTH + (((size_t)p->caplen + 3) & ~(size_t)3) + p->options;
}

/* Each returns how many bytes it wrote. */
size_t tap_encode_pcap_header(uint8_t *to, bool nanoseconds, uint16_t linktype, uint32_t snaplen);
size_t tap_encode_pcap_head(uint8_t *to, const struct tap_encoded *p, bool nanoseconds);

/* Texts are cut where they are over 255 bytes. Times are in nanoseconds. */
size_t tap_encode_section(uint8_t *to, const char *os);
size_t tap_encode_interface(uint8_t *to, const struct tap_encoded_interface *i);
size_t tap_encode_statistics(uint8_t *to, uint32_t interface, int64_t now_ns, uint64_t received,
                             uint64_t dropped);
/* A packet's head, and behind its bytes its tail: what a file said of it is said again, but for its
 * comments where it has a new one. */
size_t tap_encode_head(uint8_t *to, const struct tap_encoded *p);
size_t tap_encode_tail(uint8_t *to, const struct tap_encoded *p);

/* The whole record of a packet of which nothing more is said than its bytes, which have no tag to
 * be put back: TAP_ENCODED_PLAIN bytes and its own at most. */
size_t tap_encode_plain(uint8_t *to, const struct tap_frame *f, uint32_t interface);

#endif
