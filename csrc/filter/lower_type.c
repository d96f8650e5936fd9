/* SPDX-License-Identifier: MIT
 *
 * "What follows is X", on every link type.  X is an EtherType, or up to 1500
 * a service access point of LLC (IEEE 802.2).
 */
#include "filter/lower.h"
#include "filter/numbers.h"

static struct tap_formula *constant(struct tap_lowering *l, bool is_true) {
  return tap_formula_constant(l->arena, is_true);
}

static struct tap_formula *type_is(struct tap_lowering *l, uint32_t type) {
  return tap_lower_equal(l, tap_place_type(l), 0, 2, type);
}

/* A SNAP header (RFC 1042) that names 'type'. */
static struct tap_formula *snap_is(struct tap_lowering *l, uint32_t organisation, uint32_t type) {
  const uint8_t bytes[8] = { 0xaa,
                             0xaa,
                             0x03,
                             (uint8_t)(organisation >> 16),
                             (uint8_t)(organisation >> 8),
                             (uint8_t)organisation,
                             (uint8_t)(type >> 8),
                             (uint8_t)type };
  return tap_lower_bytes(l, tap_place_llc(l), 0, bytes, sizeof bytes);
}

/* Both access points, source and destination, are 'sap'. */
static struct tap_formula *saps_are(struct tap_lowering *l, uint32_t sap) {
  return tap_lower_equal(l, tap_place_llc(l), 0, 2, sap << 8 | sap);
}

static struct tap_formula *dsap_is(struct tap_lowering *l, uint32_t sap) {
  return tap_lower_equal(l, tap_place_llc(l), 0, 1, sap);
}

static bool wants_both_saps(uint32_t type) {
  return type == LLC_IP || type == LLC_ISO || type == LLC_NETBEUI;
}

static struct tap_formula *apple_snap(struct tap_lowering *l, uint32_t type) {
  return snap_is(l, type == ETHERTYPE_ATALK ? 0x080007 : 0, type);
}

/* IPX comes with and without LLC, and in SNAP. */
static struct tap_formula *ether_ipx(struct tap_lowering *l) {
  struct tap_formula *bare = tap_lower_equal(l, tap_place_llc(l), 0, 2, 0xffff);
  struct tap_formula *inner =
      tap_either(l, snap_is(l, 0, ETHERTYPE_IPX), tap_either(l, dsap_is(l, LLC_IPX), bare));
  return tap_either(l, type_is(l, ETHERTYPE_IPX), tap_both(l, tap_lower_length(l), inner));
}

static struct tap_formula *ether_type(struct tap_lowering *l, uint32_t type) {
  if (type == LLC_IPX) return ether_ipx(l);
  if (type == ETHERTYPE_ATALK || type == ETHERTYPE_AARP)
    return tap_either(l, type_is(l, type), tap_both(l, tap_lower_length(l), apple_snap(l, type)));
  if (type > MTU_8023) return type_is(l, type);
  return tap_both(l, tap_lower_length(l),
                  wants_both_saps(type) ? saps_are(l, type) : dsap_is(l, type));
}

/* The type field of an 802.3 frame is a length. */
struct tap_formula *tap_lower_length(struct tap_lowering *l) {
  return tap_lower_in(l, tap_place_type(l), 0, 2, tap_set_range(l->g, 0, MTU_8023));
}

static struct tap_formula *llc_type(struct tap_lowering *l, uint32_t type) {
  if (wants_both_saps(type)) return saps_are(l, type);
  if (type == ETHERTYPE_ATALK) return apple_snap(l, type);
  if (type <= MTU_8023) return dsap_is(l, type);
  return tap_lower_equal(l, tap_place_llc(l), 6, 2, type);
}

enum { SLL_8023 = 1, SLL_8022 = 4 }; /* what Linux puts where a frame has no EtherType */

static struct tap_formula *cooked_type(struct tap_lowering *l, uint32_t type) {
  struct tap_formula *inner;
  if (type == LLC_IPX) {
    inner = tap_either(l, dsap_is(l, LLC_IPX), snap_is(l, 0, ETHERTYPE_IPX));
    inner = tap_either(l, type_is(l, SLL_8023), tap_both(l, type_is(l, SLL_8022), inner));
    return tap_either(l, type_is(l, ETHERTYPE_IPX), inner);
  }
  if (type == ETHERTYPE_ATALK || type == ETHERTYPE_AARP)
    return tap_either(l, type_is(l, type), tap_both(l, type_is(l, SLL_8022), apple_snap(l, type)));
  if (type > MTU_8023) return type_is(l, type);
  return tap_both(l, type_is(l, SLL_8022),
                  wants_both_saps(type) ? saps_are(l, type) : dsap_is(l, type));
}

/* The numbers that PPP (RFC 1661 and after) has for what others give an EtherType. */
static uint32_t ppp_number(uint32_t type) {
  switch (type) {
  case ETHERTYPE_IP: return 0x21;
  case ETHERTYPE_IPV6: return 0x57;
  case ETHERTYPE_DECNET: return 0x27;
  case ETHERTYPE_ATALK: return 0x29;
  case 0x0600: return 0x25;
  case LLC_ISO: return 0x23;
  case LLC_STP: return 0x31;
  case LLC_IPX: return 0x2b;
  default: return type;
  }
}

static struct tap_formula *version_is(struct tap_lowering *l, struct tap_place place,
                                      uint32_t version) {
  return tap_lower_masked(l, place, 0, 1, version << 4, 0xf0);
}

static struct tap_formula *raw_type(struct tap_lowering *l, uint32_t type) {
  if (type == ETHERTYPE_IP) return version_is(l, tap_place_header(l), 4);
  if (type == ETHERTYPE_IPV6) return version_is(l, tap_place_header(l), 6);
  return constant(l, false);
}

/* A family's number as the writer's machine put it: BSD loopback has that machine's byte order,
 * OpenBSD's has the network's. */
static void add_family(struct tap_lowering *l, uint32_t family) {
  uint32_t swapped = family << 24; /* families are below 256 */
  uint32_t host = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? swapped : family;
  uint32_t other = host == swapped ? family : swapped;
  if (l->now.link->kind == LINK_NULL) family = l->options->swapped ? other : host;
  tap_set_add(l->g, family, family);
}

/* AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24, 28 and 30 on BSD systems. */
static struct tap_formula *loopback_type(struct tap_lowering *l, uint32_t type) {
  static const uint8_t inet6[] = { 10, 24, 28, 30 };
  if (type != ETHERTYPE_IP && type != ETHERTYPE_IPV6) return constant(l, false);
  tap_set_begin(l->g);
  if (type == ETHERTYPE_IP) add_family(l, 2);
  for (unsigned i = 0; type == ETHERTYPE_IPV6 && i < sizeof inet6; i++)
    add_family(l, inet6[i]);
  return tap_lower_in(l, tap_place_header(l), 0, 4, tap_set_end(l->g));
}

/* RFC 1201 and the numbers before it. */
static struct tap_formula *arcnet_type(struct tap_lowering *l, uint32_t type) {
  static const struct {
    uint16_t type;
    uint8_t a, b;
  } rows[] = {
    { ETHERTYPE_IPV6, 196, 196 }, { ETHERTYPE_IP, 212, 240 },    { ETHERTYPE_ARP, 213, 241 },
    { ETHERTYPE_RARP, 247, 247 }, { ETHERTYPE_ATALK, 221, 221 },
  };
  for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].type != type) continue;
    tap_set_begin(l->g);
    tap_set_add(l->g, rows[i].a, rows[i].a);
    tap_set_add(l->g, rows[i].b, rows[i].b);
    return tap_lower_in(l, tap_place_type(l), 0, 1, tap_set_end(l->g));
  }
  return constant(l, false);
}

/* Unnumbered information, then the network layer's number. */
static struct tap_formula *frelay_type(struct tap_lowering *l, uint32_t type) {
  switch (type) {
  case ETHERTYPE_IP: return type_is(l, 0x3cc);
  case ETHERTYPE_IPV6: return type_is(l, 0x38e);
  case LLC_ISO: return tap_lower_in(l, tap_place_type(l), 0, 2, tap_set_range(l->g, 0x381, 0x383));
  default: return constant(l, false);
  }
}

/* Behind a label: the bottom of the stack, and what the first four bits say. */
static struct tap_formula *label_type(struct tap_lowering *l, uint32_t type) {
  struct tap_place payload = tap_place_network(l), label = payload;
  label.at -= 4;
  if (type != ETHERTYPE_IP && type != ETHERTYPE_IPV6)
    return tap_lower_refuse(l, "behind mpls nothing but ip and ip6 can be told apart");
  return tap_both(l, tap_lower_masked(l, label, 2, 1, 1, 1),
                  version_is(l, payload, type == ETHERTYPE_IP ? 4 : 6));
}

static struct tap_formula *atm_type(struct tap_lowering *l, uint32_t type) {
  struct tap_place header = tap_place_header(l);
  return tap_both(l, tap_lower_masked(l, header, 0, 1, 2, 0x0f), llc_type(l, type));
}

struct tap_formula *tap_lower_type(struct tap_lowering *l, uint32_t type) {
  if (l->now.labels > 0) return label_type(l, type);
  switch (l->now.link->kind) {
  case LINK_ETHERNET: return ether_type(l, type);
  case LINK_LLC: return llc_type(l, type);
  case LINK_SLL:
  case LINK_SLL2: return cooked_type(l, type);
  case LINK_RAW: return raw_type(l, type);
  case LINK_IPV4: return constant(l, type == ETHERTYPE_IP);
  case LINK_IPV6: return constant(l, type == ETHERTYPE_IPV6);
  case LINK_NULL:
  case LINK_LOOP: return loopback_type(l, type);
  case LINK_PPP: return type_is(l, ppp_number(type));
  case LINK_HDLC: return type_is(l, type == LLC_ISO ? 0xfefe : type);
  case LINK_ARCNET: return arcnet_type(l, type);
  case LINK_FRELAY: return frelay_type(l, type);
  case LINK_SUNATM: return atm_type(l, type);
  case LINK_JUNIPER: return tap_lower_masked(l, tap_place_header(l), 0, 4, 0x4d474300, 0xffffff00);
  case LINK_WLAN:
  case LINK_RADIOTAP:
  case LINK_PPI: return tap_both(l, tap_lower_data_frame(l), llc_type(l, type));
  default:
    return tap_lower_refuse(l,
                            "%s tells nothing of what follows: only ether[...] and len can "
                            "be asked",
                            l->now.link->name);
  }
}
