/* SPDX-License-Identifier: MIT
 *
 * Linux cooked captures: the header that stands in place of any link's own,
 * made by the kernel or by libpcap for captures on all interfaces.  Version 1
 * has 16 bytes (LINKTYPE_LINUX_SLL), version 2 has 20 in another order, and
 * the interface (LINKTYPE_LINUX_SLL2).  Which one it is, the frame's link type
 * says; the fields are named alike.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { ADDRESS_ROOM = 8 };
enum { HW_GRE = 778 };

/* Numbers below the EtherTypes that Linux gave to what has none (ETH_P_802_3 and on). */
enum { LINUX_LLC = 4 };

/* Where the header has its parts; version 1 has no interface. */
struct places {
  uint8_t size, type, interface, interface_size, hardware, direction, direction_size;
  uint8_t length, length_size, address;
};

static const struct places v1 = {
  .size = 16,
  .type = 14,
  .hardware = 2,
  .direction = 0,
  .direction_size = 2,
  .length = 4,
  .length_size = 2,
  .address = 6,
};

static const struct places v2 = {
  .size = 20,
  .type = 0,
  .interface = 4,
  .interface_size = 4,
  .hardware = 8,
  .direction = 10,
  .direction_size = 1,
  .length = 11,
  .length_size = 1,
  .address = 12,
};

static enum tap_verdict sll_parse(struct tap_cursor *c, struct tap_step *out) {
  const struct places *at = out->from == TAP_LINKTYPE_SLL2 ? &v2 : &v1;
  const uint8_t *h = tap_take(c, at->size);
  unsigned type;
  if (h == NULL) return TAP_TRUNCATED;
  type = tap_be16(h + at->type);
  out->table = TAP_BY_ETHERTYPE;
  out->key = (uint16_t)(type == LINUX_LLC ? (unsigned)TAP_ETHERTYPE_LLC : type);
  return type >= TAP_ETHERTYPE_MIN || type == LINUX_LLC ? TAP_PAYLOAD : TAP_LAST;
}

static const struct places *places_of(const struct tap_packet *p) {
  return p->frame->linktype == TAP_LINKTYPE_SLL2 ? &v2 : &v1;
}

static bool give(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 size_t offset, unsigned size, struct tap_value *out) {
  if (nth > 0) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset, size), size);
}

static bool read_pkttype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const struct places *at = places_of(p);
  return give(p, layer, nth, at->direction, at->direction_size, out);
}

static bool read_hatype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give(p, layer, nth, places_of(p)->hardware, 2, out);
}

static bool read_halen(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const struct places *at = places_of(p);
  return give(p, layer, nth, at->length, at->length_size, out);
}

static bool read_ifindex(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const struct places *at = places_of(p);
  return at->interface_size > 0 && give(p, layer, nth, at->interface, at->interface_size, out);
}

/* Bytes of the address that are used; the room may be smaller than its length. */
static bool address_size(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned *size) {
  struct tap_value v;
  if (!read_halen(p, layer, nth, &v)) return false;
  *size = v.number < ADDRESS_ROOM ? (unsigned)v.number : ADDRESS_ROOM;
  return true;
}

static bool give_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         enum tap_type type, struct tap_value *out) {
  unsigned size;
  enum tap_type really;
  if (!address_size(p, layer, nth, &size) || size == 0) return false;
  really = size == 6 ? TAP_MAC : size == 4 ? TAP_IPV4 : TAP_BYTES;
  if (type != really) return false;
  return tap_give_bytes(out, type, tap_header_at(p, layer, places_of(p)->address, size), size);
}

static bool read_src_eth(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_address(p, layer, nth, TAP_MAC, out);
}

static bool read_src_ipv4(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_address(p, layer, nth, TAP_IPV4, out);
}

static bool read_src_other(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_address(p, layer, nth, TAP_BYTES, out);
}

static bool read_unused(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  unsigned size;
  if (!address_size(p, layer, nth, &size) || size == ADDRESS_ROOM) return false;
  return tap_give_bytes(
      out, TAP_BYTES,
      tap_header_at(p, layer, (size_t)places_of(p)->address + size, ADDRESS_ROOM - size),
      ADDRESS_ROOM - size);
}

enum kind { LINUX_TYPE, GRE_TYPE, ETHER_TYPE };

static bool give_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      enum kind kind, struct tap_value *out) {
  struct tap_value hardware;
  enum kind really;
  if (!give(p, layer, nth, places_of(p)->type, 2, out)) return false;
  if (!read_hatype(p, layer, nth, &hardware)) return false;
  really = out->number <= TAP_ETHERTYPE_MIN ? LINUX_TYPE : ETHER_TYPE;
  if (hardware.number == HW_GRE) really = GRE_TYPE;
  return kind == really;
}

static bool read_ltype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_type(p, layer, nth, LINUX_TYPE, out);
}

static bool read_gretype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_type(p, layer, nth, GRE_TYPE, out);
}

static bool read_etype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_type(p, layer, nth, ETHER_TYPE, out);
}

static const struct tap_name pkttype_names[] = {
  { 0, "Unicast to us" },      { 1, "Broadcast" },  { 2, "Multicast" },
  { 3, "Unicast to another" }, { 4, "Sent by us" }, { 0, NULL },
};

/* ARPHRD_ of linux/if_arp.h */
static const struct tap_name hatype_names[] = {
  { 1, "Ethernet" },          { 512, "PPP" },     { 768, "IPv4 tunnel" }, { 769, "IPv6 tunnel" },
  { 772, "Loopback" },        { 776, "6in4" },    { HW_GRE, "GRE" },      { 801, "802.11" },
  { 803, "802.11 radiotap" }, { 824, "Netlink" }, { 65534, "None" },      { 0, NULL },
};

static const struct tap_name ltype_names[] = {
  { 1, "802.3 raw" },   { LINUX_LLC, "802.2 LLC" }, { 0x000c, "CAN" },
  { 0x000d, "CAN FD" }, { 0x0019, "802.11" },       { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("sll.pkttype", "Packet type", TAP_UINT, read_pkttype, .names = pkttype_names),
  TAP_READ("sll.hatype", "Link-layer address type", TAP_UINT, read_hatype, .names = hatype_names),
  TAP_READ("sll.halen", "Link-layer address length", TAP_UINT, read_halen, .unit = "bytes"),
  TAP_READ("sll.src.eth", "Source", TAP_MAC, read_src_eth),
  TAP_READ("sll.src.ipv4", "Source", TAP_IPV4, read_src_ipv4),
  TAP_READ("sll.src.other", "Source", TAP_BYTES, read_src_other),
  TAP_READ("sll.unused", "Unused", TAP_BYTES, read_unused),
  TAP_READ("sll.ifindex", "Interface index", TAP_UINT, read_ifindex),
  TAP_READ("sll.ltype", "Protocol", TAP_UINT, read_ltype, .flags = TAP_HEX, .names = ltype_names),
  TAP_READ("sll.gretype", "Protocol", TAP_UINT, read_gretype, .flags = TAP_HEX,
           .names = tap_ethertype_names),
  TAP_READ("sll.etype", "Protocol", TAP_UINT, read_etype, .flags = TAP_HEX,
           .names = tap_ethertype_names),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_SLL },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_SLL2 },
};

const struct tap_protocol tap_sll_protocol = {
  .name = "sll",
  .title = "Linux cooked capture",
  .level = TAP_LEVEL_LINK,
  .parse = sll_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
  .ethertype = read_etype,
};
