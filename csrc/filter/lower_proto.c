/* SPDX-License-Identifier: MIT
 *
 * Protocols over IP and their ports.  Over IPv6 a protocol is looked for in
 * the fixed header and behind one fragment header, a port in the fixed header
 * alone; over IPv4 a port asks for the first fragment.
 */
#include "filter/lower.h"
#include "filter/numbers.h"

enum { IP_FRAGMENT = 6, IP_PROTO = 9, IPV6_NEXT = 6, IPV6_HEADER = 40, OFFSET_BITS = 0x1fff };

static struct tap_formula *proto4(struct tap_lowering *l, uint32_t number) {
  struct tap_formula *f = tap_lower_type(l, ETHERTYPE_IP);
  return tap_both(l, f, tap_lower_equal(l, tap_place_network(l), IP_PROTO, 1, number));
}

static struct tap_formula *proto6(struct tap_lowering *l, uint32_t number) {
  struct tap_formula *f = tap_lower_type(l, ETHERTYPE_IPV6), *behind;
  struct tap_place network = tap_place_network(l);
  behind = tap_both(l, tap_lower_equal(l, network, IPV6_NEXT, 1, PROTO_FRAGMENT),
                    tap_lower_equal(l, network, IPV6_HEADER, 1, number));
  return tap_both(l, f, tap_either(l, tap_lower_equal(l, network, IPV6_NEXT, 1, number), behind));
}

/* The network layer's identifier of an ISO protocol. */
static struct tap_formula *proto_iso(struct tap_lowering *l, uint32_t number) {
  struct tap_formula *f;
  if (l->now.link->kind == LINK_FRELAY)
    return tap_lower_equal(l, tap_place_header(l), 2, 2, 0x300 | number);
  f = tap_lower_type(l, LLC_ISO);
  return tap_both(
      l, f,
      tap_lower_equal(l, tap_place_plain(l), l->now.link->kind == LINK_HDLC ? 1 : 0, 1, number));
}

enum { ISO_ISIS = 0x83 };

struct tap_formula *tap_lower_proto(struct tap_lowering *l, uint32_t number, unsigned proto) {
  switch (proto) {
  case W_NONE: {
    struct tap_formula *f = proto4(l, number);
    return tap_either(l, f, proto6(l, number));
  }
  case W_LINK: return tap_lower_type(l, number);
  case W_IP: return proto4(l, number);
  case W_IP6: return proto6(l, number);
  case W_ISO: return proto_iso(l, number);
  case W_ISIS:
    return tap_both(l, proto_iso(l, ISO_ISIS),
                    tap_lower_equal(l, tap_place_plain(l), 4, 1, number));
  default:
    return tap_lower_refuse(l, "'%s' carries no protocol with a number", tap_word_text(proto));
  }
}

/* One of several types of IS-IS PDUs (ISO 10589): bits of 'types' count from type 15. */
static struct tap_formula *isis_types(struct tap_lowering *l, uint32_t types) {
  struct tap_formula *f = proto_iso(l, ISO_ISIS);
  tap_set_begin(l->g);
  for (uint32_t i = 0; i < 16; i++)
    if (types >> i & 1) tap_set_add(l->g, 15 + i, 15 + i);
  return tap_both(l, f, tap_lower_in(l, tap_place_plain(l), 4, 1, tap_set_end(l->g)));
}

#define PDU(type) (1u << ((type)-15))

/* What a protocol's word alone stands for. */
struct meaning {
  uint8_t word, kind;
  uint32_t number;
};

enum { MEANS_TYPE, MEANS_IP, MEANS_IP6, MEANS_BOTH, MEANS_ISO, MEANS_ISIS };

struct tap_formula *tap_lower_word(struct tap_lowering *l, unsigned word) {
  static const struct meaning rows[] = {
    { W_IP, MEANS_TYPE, ETHERTYPE_IP },
    { W_IP6, MEANS_TYPE, ETHERTYPE_IPV6 },
    { W_ARP, MEANS_TYPE, ETHERTYPE_ARP },
    { W_RARP, MEANS_TYPE, ETHERTYPE_RARP },
    { W_ATALK, MEANS_TYPE, ETHERTYPE_ATALK },
    { W_AARP, MEANS_TYPE, ETHERTYPE_AARP },
    { W_DECNET, MEANS_TYPE, ETHERTYPE_DECNET },
    { W_LAT, MEANS_TYPE, ETHERTYPE_LAT },
    { W_SCA, MEANS_TYPE, ETHERTYPE_SCA },
    { W_MOPRC, MEANS_TYPE, ETHERTYPE_MOPRC },
    { W_MOPDL, MEANS_TYPE, ETHERTYPE_MOPDL },
    { W_ISO, MEANS_TYPE, LLC_ISO },
    { W_STP, MEANS_TYPE, LLC_STP },
    { W_IPX, MEANS_TYPE, LLC_IPX },
    { W_NETBEUI, MEANS_TYPE, LLC_NETBEUI },
    { W_TCP, MEANS_BOTH, PROTO_TCP },
    { W_UDP, MEANS_BOTH, PROTO_UDP },
    { W_SCTP, MEANS_BOTH, PROTO_SCTP },
    { W_PIM, MEANS_BOTH, PROTO_PIM },
    { W_AH, MEANS_BOTH, PROTO_AH },
    { W_ESP, MEANS_BOTH, PROTO_ESP },
    { W_ICMP, MEANS_IP, PROTO_ICMP },
    { W_IGMP, MEANS_IP, PROTO_IGMP },
    { W_IGRP, MEANS_IP, PROTO_IGRP },
    { W_VRRP, MEANS_IP, PROTO_VRRP },
    { W_CARP, MEANS_IP, PROTO_VRRP },
    { W_ICMP6, MEANS_IP6, PROTO_ICMP6 },
    { W_CLNP, MEANS_ISO, 0x81 },
    { W_ESIS, MEANS_ISO, 0x82 },
    { W_ISIS, MEANS_ISO, ISO_ISIS },
    { W_L1, MEANS_ISIS, PDU(15) | PDU(17) | PDU(18) | PDU(24) | PDU(26) },
    { W_L2, MEANS_ISIS, PDU(16) | PDU(17) | PDU(20) | PDU(25) | PDU(27) },
    { W_IIH, MEANS_ISIS, PDU(15) | PDU(16) | PDU(17) },
    { W_LSP, MEANS_ISIS, PDU(18) | PDU(20) },
    { W_SNP, MEANS_ISIS, PDU(24) | PDU(25) | PDU(26) | PDU(27) },
    { W_CSNP, MEANS_ISIS, PDU(24) | PDU(25) },
    { W_PSNP, MEANS_ISIS, PDU(26) | PDU(27) },
  };
  const struct meaning *m = rows;
  while (m->word != word)
    m++;
  switch (m->kind) {
  case MEANS_TYPE: return tap_lower_type(l, m->number);
  case MEANS_IP: return tap_lower_proto(l, m->number, W_IP);
  case MEANS_IP6: return tap_lower_proto(l, m->number, W_IP6);
  case MEANS_BOTH: return tap_lower_proto(l, m->number, W_NONE);
  case MEANS_ISO: return tap_lower_proto(l, m->number, W_ISO);
  default: return isis_types(l, m->number);
  }
}

static struct tap_formula *ports_at(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                    uint32_t set, unsigned dir) {
  struct tap_formula *src, *dst;
  if (dir != W_NONE && dir != W_SRC && dir != W_DST && dir != W_OR && dir != W_AND)
    return tap_lower_refuse(l, "'%s' is a slot of 802.11 frames, not of ports", tap_word_text(dir));
  src = tap_lower_in(l, place, offset, 2, set);
  dst = tap_lower_in(l, place, offset + 2, 2, set);
  if (dir == W_SRC) return src;
  if (dir == W_DST) return dst;
  return dir == W_AND ? tap_both(l, src, dst) : tap_either(l, src, dst);
}

static struct tap_formula *first_fragment(struct tap_lowering *l) {
  return tap_lower_masked(l, tap_place_network(l), IP_FRAGMENT, 2, 0, OFFSET_BITS);
}

/* Ports of one protocol, behind the test of the network's type. */
static struct tap_formula *ports_of(struct tap_lowering *l, uint32_t number, uint32_t set,
                                    unsigned dir, bool ipv6) {
  struct tap_place network = tap_place_network(l);
  struct tap_formula *f = tap_lower_equal(l, network, ipv6 ? IPV6_NEXT : IP_PROTO, 1, number);
  if (ipv6) return tap_both(l, f, ports_at(l, network, IPV6_HEADER, set, dir));
  f = tap_both(l, f, first_fragment(l));
  return tap_both(l, f, ports_at(l, tap_place_transport(l), 0, set, dir));
}

static struct tap_formula *ports_family(struct tap_lowering *l, uint32_t set, unsigned proto,
                                        unsigned dir, bool ipv6) {
  struct tap_formula *type = tap_lower_type(l, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP), *f;
  switch (proto) {
  case W_TCP: f = ports_of(l, PROTO_TCP, set, dir, ipv6); break;
  case W_UDP: f = ports_of(l, PROTO_UDP, set, dir, ipv6); break;
  case W_SCTP: f = ports_of(l, PROTO_SCTP, set, dir, ipv6); break;
  default:
    f = ports_of(l, PROTO_SCTP, set, dir, ipv6);
    f = tap_either(l, f, ports_of(l, PROTO_TCP, set, dir, ipv6));
    f = tap_either(l, f, ports_of(l, PROTO_UDP, set, dir, ipv6));
  }
  return tap_both(l, type, f);
}

struct tap_formula *tap_lower_ports(struct tap_lowering *l, uint32_t set, unsigned proto,
                                    unsigned dir) {
  struct tap_formula *f;
  if (proto != W_NONE && proto != W_TCP && proto != W_UDP && proto != W_SCTP)
    return tap_lower_refuse(l, "'%s' has no ports", tap_word_text(proto));
  f = ports_family(l, set, proto, dir, true);
  return tap_either(l, f, ports_family(l, set, proto, dir, false));
}

struct tap_formula *tap_lower_frag(struct tap_lowering *l) {
  struct tap_formula *v4 = tap_lower_type(l, ETHERTYPE_IP), *v6;
  struct tap_place network = tap_place_network(l);
  v4 = tap_both(l, v4, tap_unless(l, tap_lower_masked(l, network, IP_FRAGMENT, 2, 0, 0x3fff)));
  v6 = tap_lower_type(l, ETHERTYPE_IPV6);
  return tap_either(l, v4,
                    tap_both(l, v6, tap_lower_equal(l, network, IPV6_NEXT, 1, PROTO_FRAGMENT)));
}

static struct tap_formula *chain(struct tap_lowering *l, uint32_t number, bool ipv6) {
  struct tap_formula *type = tap_lower_type(l, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP), *f;
  size_t room = l->chain_room == 0 ? 8 : 2 * l->chain_room;
  struct tap_chain *grown = l->chains;
  if (l->chain_count == l->chain_room) {
    grown = tap_arena_take(l->arena, room * sizeof *grown);
    if (grown == NULL) return NULL;
    for (size_t i = 0; i < l->chain_count; i++)
      grown[i] = l->chains[i];
    l->chains = grown;
    l->chain_room = room;
  }
  l->chains[l->chain_count] =
      (struct tap_chain){ l->now.payload, l->now.network, (uint8_t)number, ipv6 };
  f = tap_formula_test(l->arena, tap_val_outside(l->g, VALUE_CHAIN, (uint32_t)l->chain_count++),
                       tap_set_range(l->g, 1, 1));
  if (f != NULL) f->outside = f->fixed = true;
  return tap_both(l, type, f);
}

/* Follows headers for as long as there are any, which the kernel's machine cannot. */
struct tap_formula *tap_lower_protochain(struct tap_lowering *l, uint32_t number, unsigned proto) {
  if (tap_link_is_wlan(l->link) || l->now.payload.base != VALUE_NONE)
    return tap_lower_refuse(l, "'protochain' needs a link header of fixed length");
  if (number > 255) return tap_lower_refuse(l, "protocol number %u is over 255", number);
  if (proto == W_IP) return chain(l, number, false);
  if (proto == W_IP6) return chain(l, number, true);
  if (proto == W_NONE) {
    struct tap_formula *v4 = chain(l, number, false);
    return tap_either(l, v4, chain(l, number, true));
  }
  return tap_lower_refuse(l, "'protochain' goes with ip and ip6, not with '%s'",
                          tap_word_text(proto));
}
