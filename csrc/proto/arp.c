/* SPDX-License-Identifier: MIT
 *
 * ARP and RARP (RFC 826, 903, 5227).  Sizes of both kinds of addresses stand
 * in the header; the fields that people use are there when the sizes are
 * Ethernet's and IPv4's.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { ARP_FIXED = 8, ARP_HW_SIZE = 4, ARP_PROTO_SIZE = 5, ARP_OPCODE = 6 };
enum { HW_ETHERNET = 1, HW_IEEE802 = 6 };
enum { OP_REQUEST = 1, OP_REPLY = 2 };

static enum tap_verdict arp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, ARP_FIXED);
  (void)out;
  if (h == NULL) return TAP_TRUNCATED;
  if (tap_take(c, 2u * h[ARP_HW_SIZE] + 2u * h[ARP_PROTO_SIZE]) == NULL) return TAP_TRUNCATED;
  return TAP_LAST;
}

/* The four addresses in their order. */
enum part { SRC_HW, SRC_PROTO, DST_HW, DST_PROTO };

struct address {
  const uint8_t *at;
  size_t size;
};

/* An address that is all there and has at least a byte; 'at' is NULL otherwise. */
static struct address address(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, enum part part) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, ARP_FIXED) : NULL;
  struct address a = { NULL, 0 };
  size_t offset = ARP_FIXED;
  if (h == NULL) return a;
  if (part > SRC_HW) offset += h[ARP_HW_SIZE];
  if (part > SRC_PROTO) offset += h[ARP_PROTO_SIZE];
  if (part > DST_HW) offset += h[ARP_HW_SIZE];
  a.size = part == SRC_HW || part == DST_HW ? h[ARP_HW_SIZE] : h[ARP_PROTO_SIZE];
  if (a.size > 0) a.at = tap_header_at(p, layer, offset, a.size);
  return a;
}

/* Both ask about a header whose fixed part is there. */
static bool is_mac(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *h = tap_header_at(p, layer, 0, ARP_FIXED);
  unsigned type = tap_be16(h);
  return (type == HW_ETHERNET || type == HW_IEEE802) && h[ARP_HW_SIZE] == 6;
}

static bool is_ipv4(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *h = tap_header_at(p, layer, 0, ARP_FIXED);
  return tap_be16(h + 2) == TAP_ETHERTYPE_IP && h[ARP_PROTO_SIZE] == 4;
}

static bool give_hw(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    enum part part, enum tap_type type, struct tap_value *out) {
  struct address a = address(p, layer, nth, part);
  if (a.at == NULL || is_mac(p, layer) != (type == TAP_MAC)) return false;
  return tap_give_bytes(out, type, a.at, a.size);
}

static bool give_proto(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       enum part part, enum tap_type type, struct tap_value *out) {
  struct address a = address(p, layer, nth, part);
  if (a.at == NULL || is_ipv4(p, layer) != (type == TAP_IPV4)) return false;
  return tap_give_bytes(out, type, a.at, a.size);
}

static bool read_src_mac(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_hw(p, layer, nth, SRC_HW, TAP_MAC, out);
}

static bool read_src_hw(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_hw(p, layer, nth, SRC_HW, TAP_BYTES, out);
}

static bool read_src_ipv4(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_proto(p, layer, nth, SRC_PROTO, TAP_IPV4, out);
}

static bool read_src_proto(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_proto(p, layer, nth, SRC_PROTO, TAP_BYTES, out);
}

static bool read_dst_mac(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_hw(p, layer, nth, DST_HW, TAP_MAC, out);
}

static bool read_dst_hw(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_hw(p, layer, nth, DST_HW, TAP_BYTES, out);
}

static bool read_dst_ipv4(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_proto(p, layer, nth, DST_PROTO, TAP_IPV4, out);
}

static bool read_dst_proto(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_proto(p, layer, nth, DST_PROTO, TAP_BYTES, out);
}

/* What RFC 5227 calls messages about one's own address; a probe and an announcement are
 * requests that leave the target's hardware address zero. */
enum own { NOT_OWN, OWN_PROBE, OWN_GRATUITOUS, OWN_ANNOUNCEMENT };

static bool all_zero(struct address a) {
  for (size_t i = 0; i < a.size; i++)
    if (a.at[i] != 0) return false;
  return true;
}

static enum own own_address(const struct tap_packet *p, const struct tap_layer *layer,
                            unsigned nth) {
  struct address src = address(p, layer, nth, SRC_PROTO), dst = address(p, layer, nth, DST_PROTO);
  struct address target = address(p, layer, nth, DST_HW);
  unsigned op;
  bool asks_nobody;
  if (src.at == NULL || dst.at == NULL || target.at == NULL) return NOT_OWN;
  op = tap_be16(tap_header_at(p, layer, ARP_OPCODE, 2));
  asks_nobody = op == OP_REQUEST && all_zero(target);
  if (memcmp(src.at, dst.at, src.size) == 0) {
    if (asks_nobody) return OWN_ANNOUNCEMENT;
    return op == OP_REQUEST || op == OP_REPLY ? OWN_GRATUITOUS : NOT_OWN;
  }
  return asks_nobody && all_zero(src) ? OWN_PROBE : NOT_OWN;
}

static bool read_gratuitous(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_true(out, own_address(p, layer, nth) >= OWN_GRATUITOUS);
}

static bool read_announcement(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return tap_give_true(out, own_address(p, layer, nth) == OWN_ANNOUNCEMENT);
}

static bool read_probe(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return tap_give_true(out, own_address(p, layer, nth) == OWN_PROBE);
}

static const struct tap_name hw_names[] = {
  { 1, "Ethernet" },          { 6, "IEEE 802" },    { 7, "ARCNET" },
  { 15, "Frame Relay DLCI" }, { 16, "ATM" },        { 18, "Fibre Channel" },
  { 24, "IEEE 1394" },        { 32, "InfiniBand" }, { 0, NULL },
};

static const struct tap_name opcode_names[] = {
  { 1, "request" },
  { 2, "reply" },
  { 3, "reverse request" },
  { 4, "reverse reply" },
  { 5, "drarp request" },
  { 6, "drarp reply" },
  { 7, "drarp error" },
  { 8, "inarp request" },
  { 9, "inarp reply" },
  { 10, "arp nak" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("arp.hw.type", "Hardware type", TAP_UINT, 0, 16, .names = hw_names),
  TAP_PLACE("arp.proto.type", "Protocol type", TAP_UINT, 16, 16, .flags = TAP_HEX,
            .names = tap_ethertype_names),
  TAP_PLACE("arp.hw.size", "Hardware size", TAP_UINT, 32, 8, .unit = "bytes"),
  TAP_PLACE("arp.proto.size", "Protocol size", TAP_UINT, 40, 8, .unit = "bytes"),
  TAP_PLACE("arp.opcode", "Opcode", TAP_UINT, 48, 16, .names = opcode_names),
  TAP_READ("arp.isgratuitous", "Is gratuitous", TAP_FLAG, read_gratuitous),
  TAP_READ("arp.isprobe", "Is a probe", TAP_FLAG, read_probe),
  TAP_READ("arp.isannouncement", "Is an announcement", TAP_FLAG, read_announcement),
  TAP_READ("arp.src.hw_mac", "Sender MAC address", TAP_MAC, read_src_mac, .bit = 64, .bits = 48),
  TAP_READ("arp.src.hw", "Sender hardware address", TAP_BYTES, read_src_hw),
  TAP_READ("arp.src.proto_ipv4", "Sender IP address", TAP_IPV4, read_src_ipv4),
  TAP_READ("arp.src.proto", "Sender protocol address", TAP_BYTES, read_src_proto),
  TAP_READ("arp.dst.hw_mac", "Target MAC address", TAP_MAC, read_dst_mac),
  TAP_READ("arp.dst.hw", "Target hardware address", TAP_BYTES, read_dst_hw),
  TAP_READ("arp.dst.proto_ipv4", "Target IP address", TAP_IPV4, read_dst_ipv4),
  TAP_READ("arp.dst.proto", "Target protocol address", TAP_BYTES, read_dst_proto),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_ARP },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_RARP },
};

const struct tap_protocol tap_arp_protocol = {
  .name = "arp",
  .title = "Address Resolution Protocol",
  .level = TAP_LEVEL_NETWORK,
  .parse = arp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
};
