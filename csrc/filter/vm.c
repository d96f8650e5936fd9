/* SPDX-License-Identifier: MIT
 *
 * Runs a verified filter program on a frame, with the kernel's results: a load
 * past the captured bytes and a division by 0 reject, shifts count modulo 32,
 * an offset from SKF_AD_OFF up is the frame's metadata, one below that counts
 * from the link or network header.  Metadata that a frame does not have
 * rejects.  This machine is a place where packet bytes are reached without a
 * cursor: every load checks its own bounds.
 */
#include "filter/program.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>

#include "base/cursor.h"

/* What a load gives where there is nothing to load: no 32-bit number. */
#define NOTHING INT64_C(-1)

static inline bool in_frame(const struct tap_frame *f, uint64_t at, uint32_t size) {
  return at + size <= f->caplen;
}

static inline uint32_t number_at(const uint8_t *p, uint32_t size) {
  if (size == 1) return *p;
  return size == 2 ? tap_be16(p) : tap_be32(p);
}

/* Where SKF_NET_OFF points: behind the link header, before tags that are in the bytes. */
static int64_t network_offset(const struct tap_frame *f) {
  switch (f->linktype) {
  case TAP_LINKTYPE_ETHERNET: return ETH_HLEN;
  case TAP_LINKTYPE_RAW: return 0;
  default: return NOTHING;
  }
}

/* A load whose offset is negative, as the kernel reads it. */
static int64_t load_relative(const struct tap_frame *f, uint32_t k, uint32_t size) {
  int64_t base = 0;
  uint32_t area = (uint32_t)SKF_LL_OFF;
  if (k < area) return NOTHING;
  if (k >= (uint32_t)SKF_NET_OFF) {
    area = (uint32_t)SKF_NET_OFF;
    base = network_offset(f);
    if (base == NOTHING) return NOTHING;
  }
  base += k - area;
  return in_frame(f, (uint64_t)base, size) ? number_at(f->data + base, size) : NOTHING;
}

static inline int64_t load(const struct tap_frame *f, uint32_t k, uint32_t size) {
  if (in_frame(f, k, size)) return number_at(f->data + k, size);
  return k > INT32_MAX ? load_relative(f, k, size) : NOTHING;
}

/* The EtherType, or what Linux has in its place where a frame has an 802.3 length. */
static int64_t ethernet_protocol(const struct tap_frame *f) {
  uint32_t type;
  if (!in_frame(f, 0, ETH_HLEN)) return NOTHING;
  type = tap_be16(f->data + 12);
  if (type >= ETH_P_802_3_MIN) return type;
  return load(f, ETH_HLEN, 2) == 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}

static int64_t protocol_of(const struct tap_frame *f) {
  int64_t first = load(f, 0, 1);
  if (f->linktype == TAP_LINKTYPE_ETHERNET) return ethernet_protocol(f);
  if (f->linktype != TAP_LINKTYPE_RAW || first == NOTHING) return NOTHING;
  if (first >> 4 == 4) return ETH_P_IP;
  return first >> 4 == 6 ? ETH_P_IPV6 : NOTHING;
}

static int64_t packet_type_of(const struct tap_frame *f) {
  static const uint8_t broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
  if (f->direction == TAP_DIR_UNKNOWN) return NOTHING;
  if (f->direction == TAP_DIR_OUT) return PACKET_OUTGOING;
  if (f->linktype != TAP_LINKTYPE_ETHERNET || !in_frame(f, 0, ETH_ALEN)) return PACKET_HOST;
  if (memcmp(f->data, broadcast, ETH_ALEN) == 0) return PACKET_BROADCAST;
  return f->data[0] & 1 ? PACKET_MULTICAST : PACKET_HOST;
}

/* What an absolute load at SKF_AD_OFF + 'what' gives, whatever its size.  'xored' is A ^ X,
 * which is reached in this way too. */
static int64_t metadata(const struct tap_frame *f, uint32_t what, uint32_t xored) {
  bool lifted = (f->flags & TAP_FRAME_TAG_LIFTED) != 0;
  switch (what) {
  case SKF_AD_PROTOCOL: return protocol_of(f);
  case SKF_AD_PKTTYPE: return packet_type_of(f);
  case SKF_AD_IFINDEX: return f->interface;
  case SKF_AD_RXHASH: return f->rxhash;
  case SKF_AD_ALU_XOR_X: return xored;
  case SKF_AD_VLAN_TAG: return lifted ? f->vlan_tci : 0;
  case SKF_AD_VLAN_TAG_PRESENT: return lifted;
  case SKF_AD_VLAN_TPID: return lifted ? f->vlan_tpid : 0;
  default: return NOTHING;
  }
}

static inline int64_t load_absolute(const struct tap_frame *f, uint32_t k, uint32_t size,
                                    uint32_t xored) {
  if (k >= (uint32_t)SKF_AD_OFF) return metadata(f, k - (uint32_t)SKF_AD_OFF, xored);
  return load(f, k, size);
}

uint32_t tap_program_run(const struct tap_program *program, const struct tap_frame *frame) {
  uint32_t a = 0, x = 0, cell[BPF_MEMWORDS]; /* a verified program reads what it wrote */
  for (const struct tap_insn *i = program->insns;; i++) {
    const uint32_t k = i->k;
    int64_t got; /* what A becomes, or NOTHING */
    switch (i->code) {
    case BPF_LD | BPF_W | BPF_ABS: got = load_absolute(frame, k, 4, a ^ x); break;
    case BPF_LD | BPF_H | BPF_ABS: got = load_absolute(frame, k, 2, a ^ x); break;
    case BPF_LD | BPF_B | BPF_ABS: got = load_absolute(frame, k, 1, a ^ x); break;
    case BPF_LD | BPF_W | BPF_IND: got = load(frame, x + k, 4); break;
    case BPF_LD | BPF_H | BPF_IND: got = load(frame, x + k, 2); break;
    case BPF_LD | BPF_B | BPF_IND: got = load(frame, x + k, 1); break;
    case BPF_LD | BPF_W | BPF_LEN: got = frame->len; break;
    case BPF_LD | BPF_IMM: got = k; break;
    case BPF_LD | BPF_MEM: got = cell[k]; break;
    case BPF_MISC | BPF_TXA: got = x; break;

    case BPF_LDX | BPF_B | BPF_MSH:
      got = load(frame, k, 1);
      if (got == NOTHING) return 0;
      x = (uint32_t)(got & 15) * 4;
      continue;
    case BPF_LDX | BPF_W | BPF_LEN: x = frame->len; continue;
    case BPF_LDX | BPF_IMM: x = k; continue;
    case BPF_LDX | BPF_MEM: x = cell[k]; continue;
    case BPF_MISC | BPF_TAX: x = a; continue;
    case BPF_ST: cell[k] = a; continue;
    case BPF_STX: cell[k] = x; continue;

    case BPF_ALU | BPF_ADD | BPF_K: got = a + k; break;
    case BPF_ALU | BPF_SUB | BPF_K: got = a - k; break;
    case BPF_ALU | BPF_MUL | BPF_K: got = a * k; break;
    case BPF_ALU | BPF_DIV | BPF_K: got = a / k; break;
    case BPF_ALU | BPF_MOD | BPF_K: got = a % k; break;
    case BPF_ALU | BPF_AND | BPF_K: got = a & k; break;
    case BPF_ALU | BPF_OR | BPF_K: got = a | k; break;
    case BPF_ALU | BPF_XOR | BPF_K: got = a ^ k; break;
    case BPF_ALU | BPF_LSH | BPF_K: got = a << k; break;
    case BPF_ALU | BPF_RSH | BPF_K: got = a >> k; break;
    case BPF_ALU | BPF_ADD | BPF_X: got = a + x; break;
    case BPF_ALU | BPF_SUB | BPF_X: got = a - x; break;
    case BPF_ALU | BPF_MUL | BPF_X: got = a * x; break;
    case BPF_ALU | BPF_DIV | BPF_X: got = x != 0 ? a / x : NOTHING; break;
    case BPF_ALU | BPF_MOD | BPF_X: got = x != 0 ? a % x : NOTHING; break;
    case BPF_ALU | BPF_AND | BPF_X: got = a & x; break;
    case BPF_ALU | BPF_OR | BPF_X: got = a | x; break;
    case BPF_ALU | BPF_XOR | BPF_X: got = a ^ x; break;
    case BPF_ALU | BPF_LSH | BPF_X: got = a << (x & 31); break;
    case BPF_ALU | BPF_RSH | BPF_X: got = a >> (x & 31); break;
    case BPF_ALU | BPF_NEG: got = 0 - a; break;

    case BPF_JMP | BPF_JA: i += k; continue;
    case BPF_JMP | BPF_JEQ | BPF_K: i += a == k ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JGT | BPF_K: i += a > k ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JGE | BPF_K: i += a >= k ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JSET | BPF_K: i += a & k ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JEQ | BPF_X: i += a == x ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JGT | BPF_X: i += a > x ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JGE | BPF_X: i += a >= x ? i->jt : i->jf; continue;
    case BPF_JMP | BPF_JSET | BPF_X: i += a & x ? i->jt : i->jf; continue;

    case BPF_RET | BPF_K: return k;
    case BPF_RET | BPF_A: return a;
    default: return 0; /* not verified */
    }
    if (got == NOTHING) return 0;
    a = (uint32_t)got;
  }
}
