/* SPDX-License-Identifier: MIT
 *
 * The Internet checksum (RFC 1071), with the addresses that transports add to
 * it, and SCTP's CRC32c (RFC 9260, appendix A).
 */
#include "proto/csum.h"

#include "proto/builtin.h"
#include "proto/read.h"
#include "proto/wire.h"

enum { PROTO_ICMPV6 = 58, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_DCCP = 33, PROTO_PIM = 103 };
enum { PROTO_VRRP = 112, PROTO_UDPLITE = 136 };
enum { IP_FRAGMENT = 6, MORE_OR_OFFSET = 0x3fff, IPV6_MORE_OR_OFFSET = 0xfff9 };
enum { PIM_REGISTER = 1, PIM_REGISTER_HEADER = 8 };
enum { GRE_CHECKSUM = 0x80, GRE_ROUTING = 0x40 }; /* flags of its first byte */

const struct tap_name tap_csum_names[] = {
  { TAP_CSUM_BAD, "bad" },
  { TAP_CSUM_GOOD, "good" },
  { TAP_CSUM_UNCHECKED, "unchecked" },
  { TAP_CSUM_ABSENT, "not present" },
  { TAP_CSUM_ILLEGAL, "illegal" },
  { TAP_CSUM_PARTIAL, "partial" },
  { 0, NULL },
};

/* Add the 16-bit words of a window; an odd byte at its end is the upper half of one. */
static uint64_t add_words(uint64_t sum, struct tap_cursor c) {
  const uint8_t *at;
  while ((at = tap_take(&c, 2)) != NULL)
    sum += tap_be16(at);
  if ((at = tap_take(&c, 1)) != NULL) sum += (uint64_t)at[0] << 8;
  return sum;
}

static enum tap_csum verdict(uint64_t sum) {
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff ? TAP_CSUM_GOOD : TAP_CSUM_BAD;
}

/* The layer's bytes up to where its payload ends, 'n' at most. */
static struct tap_cursor bytes_of(const struct tap_packet *p, const struct tap_layer *layer,
                                  size_t n) {
  const uint8_t *data = p->frame->data;
  struct tap_cursor c = { data + layer->start, data + layer->end };
  tap_narrow(&c, n);
  return c;
}

static uint32_t length_of(const struct tap_layer *layer) {
  return layer->end - layer->start;
}

/* Is this layer a piece of a packet that came in pieces? */
static bool in_fragment(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *at;
  for (const struct tap_layer *l = p->layer; l < layer; l++) {
    if (l->protocol == TAP_PROTO_IP && (at = tap_header_at(p, l, IP_FRAGMENT, 2)) != NULL &&
        (tap_be16(at) & MORE_OR_OFFSET) != 0)
      return true;
    if (l->protocol == TAP_PROTO_FRAGHDR && (at = tap_header_at(p, l, 2, 2)) != NULL &&
        (tap_be16(at) & IPV6_MORE_OR_OFFSET) != 0)
      return true;
  }
  return false;
}

/* Are all bytes here that the sender summed up? */
static bool can_check(const struct tap_packet *p, const struct tap_layer *layer) {
  return !tap_layer_quoted(p, layer) && !in_fragment(p, layer) &&
         tap_wire_end(p, layer) == layer->end;
}

/* The innermost IP header of either version before the layer, or NULL. */
static const struct tap_layer *network_of(const struct tap_packet *p,
                                          const struct tap_layer *layer) {
  while (layer-- > p->layer)
    if (layer->protocol == TAP_PROTO_IP || layer->protocol == TAP_PROTO_IPV6) return layer;
  return NULL;
}

/* The transport that the kernel's word is about: that of the outermost IP header. */
static bool is_outer(const struct tap_packet *p, const struct tap_layer *layer) {
  const struct tap_layer *network = network_of(p, layer);
  return network != NULL && network - p->layer == p->network;
}

/* The address where a routing header sends the packet in the end (RFC 8200, section 8.1); NULL
 * where there is none to follow, and false where it cannot be told. */
static bool final_hop(const struct tap_packet *p, const struct tap_layer *routing,
                      const uint8_t **hop) {
  const uint8_t *h = tap_header_at(p, routing, 0, 8);
  *hop = NULL;
  if (h == NULL) return false;
  if (h[3] == 0) return true; /* the packet is there */
  switch (h[2]) {
  case 0:
    if (h[1] < 2) return true; /* it names no address */
    *hop = tap_header_at(p, routing, 8 + ((size_t)h[1] / 2 - 1) * 16, 16);
    break;
  case 2:
  case 4: *hop = tap_header_at(p, routing, 8, 16); break;
  default: break;
  }
  return *hop != NULL;
}

/* Add the pseudo-header: addresses, length and protocol.  False where an address is not known. */
static bool add_pseudo(const struct tap_packet *p, const struct tap_layer *layer, uint32_t length,
                       unsigned proto, uint64_t *sum) {
  const struct tap_layer *network = network_of(p, layer);
  const struct tap_ends *ends;
  const uint8_t *src, *dst, *hop;
  if (network == NULL) return false;
  ends = &tap_builtin_protocols[network->protocol]->addresses;
  src = tap_header_at(p, network, ends->src, ends->bytes);
  dst = tap_header_at(p, network, ends->dst, ends->bytes);
  if (src == NULL || dst == NULL) return false;
  for (const struct tap_layer *l = network + 1; l < layer; l++) {
    if (l->protocol != TAP_PROTO_ROUTING) continue;
    if (!final_hop(p, l, &hop)) return false;
    if (hop != NULL) dst = hop;
  }
  *sum = add_words(*sum, (struct tap_cursor){ src, src + ends->bytes });
  *sum = add_words(*sum, (struct tap_cursor){ dst, dst + ends->bytes });
  *sum += (length >> 16) + (length & 0xffff) + proto;
  return true;
}

/* What a sum covers: so many bytes, and the pseudo-header of a protocol with a length, if any. */
struct cover {
  uint32_t bytes;
  unsigned proto; /* 0: no pseudo-header */
  uint32_t length;
};

/* The status by the frame's word and, if that is silent, by the sum. */
static enum tap_csum check(const struct tap_packet *p, const struct tap_layer *layer,
                           const struct cover *cover) {
  uint64_t sum = 0;
  enum tap_csum status;
  bool partial = (p->frame->flags & TAP_FRAME_CSUM_PARTIAL) != 0;
  if (tap_layer_quoted(p, layer)) return TAP_CSUM_UNCHECKED;
  if (partial && is_outer(p, layer)) return TAP_CSUM_PARTIAL;
  if ((p->frame->flags & TAP_FRAME_CSUM_VALID) != 0 && is_outer(p, layer)) return TAP_CSUM_GOOD;
  if (!can_check(p, layer) || cover->bytes > length_of(layer)) return TAP_CSUM_UNCHECKED;
  if (cover->proto != 0 && !add_pseudo(p, layer, cover->length, cover->proto, &sum))
    return TAP_CSUM_UNCHECKED;
  status = verdict(add_words(sum, bytes_of(p, layer, cover->bytes)));
  return status == TAP_CSUM_BAD && partial ? TAP_CSUM_PARTIAL : status;
}

/* The status of a checksum whose two bytes lie at 'offset'; nothing where they are not here. */
static bool give_status(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        size_t offset, const struct cover *cover, struct tap_value *out) {
  if (nth > 0 || tap_header_at(p, layer, offset, 2) == NULL) return false;
  return tap_give_number(out, TAP_UINT, check(p, layer, cover));
}

/* The header alone, which fragments and cut frames have whole. */
bool tap_csum_ip(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 20);
  enum tap_csum status = TAP_CSUM_UNCHECKED;
  if (nth > 0 || h == NULL) return false;
  if (!tap_layer_quoted(p, layer) && layer->header == (h[0] & 15u) * 4)
    status = verdict(add_words(0, bytes_of(p, layer, layer->header)));
  if (status == TAP_CSUM_BAD && (p->frame->flags & (TAP_FRAME_CSUM_PARTIAL | TAP_FRAME_GSO)) != 0)
    status = TAP_CSUM_PARTIAL;
  return tap_give_number(out, TAP_UINT, status);
}

bool tap_csum_tcp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  struct cover cover = { length_of(layer), PROTO_TCP, length_of(layer) };
  return give_status(p, layer, nth, 16, &cover, out);
}

bool tap_csum_icmpv6(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct cover cover = { length_of(layer), PROTO_ICMPV6, length_of(layer) };
  return give_status(p, layer, nth, 2, &cover, out);
}

bool tap_csum_icmp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  struct cover cover = { .bytes = length_of(layer) };
  return give_status(p, layer, nth, 2, &cover, out);
}

bool tap_csum_igmp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  return tap_csum_icmp(p, layer, nth, out);
}

bool tap_csum_udp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 8);
  const struct tap_layer *network = network_of(p, layer);
  struct cover cover = { length_of(layer), PROTO_UDP, length_of(layer) };
  if (nth > 0 || h == NULL) return false;
  if (tap_be16(h + 6) == 0) {
    bool v6 = network != NULL && network->protocol == TAP_PROTO_IPV6;
    return tap_give_number(out, TAP_UINT, v6 ? TAP_CSUM_ILLEGAL : TAP_CSUM_ABSENT);
  }
  if (tap_be16(h + 4) != 0) cover.bytes = cover.length = tap_be16(h + 4);
  return give_status(p, layer, nth, 6, &cover, out);
}

/* A coverage of 0 is all of it (RFC 3828). */
bool tap_csum_udplite(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 8);
  struct cover cover = { length_of(layer), PROTO_UDPLITE, length_of(layer) };
  if (h != NULL && tap_be16(h + 4) != 0) cover.bytes = tap_be16(h + 4);
  return give_status(p, layer, nth, 6, &cover, out);
}

/* A coverage of 0 is all of it, another one counts words behind the header from 1 (RFC 4340,
 * section 9.2). */
bool tap_csum_dccp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 8);
  struct cover cover = { length_of(layer), PROTO_DCCP, length_of(layer) };
  if (h != NULL && (h[5] & 15) != 0) cover.bytes = h[4] * 4u + ((h[5] & 15u) - 1) * 4;
  return give_status(p, layer, nth, 6, &cover, out);
}

/* A source route brings the field along, with or without a sum in it (RFC 1701). */
bool tap_csum_gre(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 6);
  struct cover cover = { .bytes = length_of(layer) };
  if (nth > 0 || h == NULL || (h[0] & (GRE_CHECKSUM | GRE_ROUTING)) == 0) return false;
  if ((h[0] & GRE_CHECKSUM) == 0) return tap_give_number(out, TAP_UINT, TAP_CSUM_UNCHECKED);
  return give_status(p, layer, nth, 4, &cover, out);
}

/* The pseudo-header came with version 3 (RFC 5798). */
bool tap_csum_vrrp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 1);
  struct cover cover = { .bytes = length_of(layer), .length = length_of(layer) };
  if (h != NULL && h[0] >> 4 >= 3) cover.proto = PROTO_VRRP;
  return give_status(p, layer, nth, 6, &cover, out);
}

/* A registered packet is not summed up; over IPv6 there is a pseudo-header (RFC 7761). */
bool tap_csum_pim(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, 1);
  const struct tap_layer *network = network_of(p, layer);
  struct cover cover = { .bytes = length_of(layer), .length = length_of(layer) };
  if (h != NULL && (h[0] & 15) == PIM_REGISTER) cover.bytes = PIM_REGISTER_HEADER;
  if (network != NULL && network->protocol == TAP_PROTO_IPV6) cover.proto = PROTO_PIM;
  return give_status(p, layer, nth, 2, &cover, out);
}

/* CRC32c, least significant bit first, four bits a step. */
static uint32_t crc32c(uint32_t crc, struct tap_cursor c) {
  static const uint32_t table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
  };
  const uint8_t *at;
  while ((at = tap_take(&c, 1)) != NULL) {
    crc ^= at[0];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return crc;
}

/* Over the whole packet, its own four bytes taken as zero; they hold it least byte first. */
bool tap_csum_sctp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  static const uint8_t zero[4];
  const uint8_t *h = tap_header_at(p, layer, 0, 12);
  struct tap_cursor c = bytes_of(p, layer, length_of(layer));
  bool outer = is_outer(p, layer);
  unsigned flags = p->frame->flags;
  uint32_t crc, sent;
  if (nth > 0 || h == NULL) return false;
  if (tap_layer_quoted(p, layer)) return tap_give_number(out, TAP_UINT, TAP_CSUM_UNCHECKED);
  if (outer && (flags & TAP_FRAME_CSUM_PARTIAL) != 0)
    return tap_give_number(out, TAP_UINT, TAP_CSUM_PARTIAL);
  if (outer && (flags & TAP_FRAME_CSUM_VALID) != 0)
    return tap_give_number(out, TAP_UINT, TAP_CSUM_GOOD);
  if (!can_check(p, layer)) return tap_give_number(out, TAP_UINT, TAP_CSUM_UNCHECKED);
  crc = crc32c(UINT32_MAX, (struct tap_cursor){ h, h + 8 });
  crc = crc32c(crc, (struct tap_cursor){ zero, zero + 4 });
  tap_take(&c, 12);
  crc = ~crc32c(crc, c);
  sent = (uint32_t)h[11] << 24 | (uint32_t)h[10] << 16 | (uint32_t)h[9] << 8 | h[8];
  return tap_give_number(out, TAP_UINT, crc == sent ? TAP_CSUM_GOOD : TAP_CSUM_BAD);
}
