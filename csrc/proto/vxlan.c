/* SPDX-License-Identifier: MIT
 *
 * VXLAN (RFC 7348), with group policy and the generic protocol extension.
 * The extension has a port and a flag of its own; either says that the fourth
 * byte names what follows.  Else that is Ethernet.  A header without the flag
 * of a valid network is none.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { VXLAN_HEADER = 8, PORT_VXLAN = 4789, PORT_VXLAN_GPE = 4790, PORT_VXLAN_LINUX = 8472 };
enum { FLAG_GROUP = 0x80, FLAG_NETWORK = 0x08, FLAG_PROTOCOL = 0x04 };
enum { NEXT_IPV4 = 1, NEXT_IPV6, NEXT_ETHERNET, NEXT_NSH, NEXT_MPLS };

static unsigned next_type(unsigned next) {
  switch (next) {
  case NEXT_IPV4: return TAP_ETHERTYPE_IP;
  case NEXT_IPV6: return TAP_ETHERTYPE_IPV6;
  case NEXT_ETHERNET: return TAP_ETHERTYPE_BRIDGED;
  case NEXT_MPLS: return TAP_ETHERTYPE_MPLS;
  default: return 0;
  }
}

static enum tap_verdict vxlan_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, VXLAN_HEADER);
  if (h == NULL) return TAP_TRUNCATED;
  if ((h[0] & FLAG_NETWORK) == 0) return TAP_FOREIGN;
  if ((h[0] & FLAG_PROTOCOL) == 0 && out->from != PORT_VXLAN_GPE)
    return tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED);
  return next_type(h[3]) != 0 ? tap_tunnel_follow(out, next_type(h[3])) : TAP_LAST;
}

/* Was the extension's port used? */
static bool to_extension(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *ports = layer == p->layer ? NULL : tap_header_at(p, layer - 1, 0, 4);
  if (ports == NULL || layer[-1].protocol != TAP_PROTO_UDP) return false;
  return tap_be16(ports) == PORT_VXLAN_GPE || tap_be16(ports + 2) == PORT_VXLAN_GPE;
}

/* The first four bytes, if the header is of the extension or, where 'extended' is false, is not. */
static const uint8_t *first(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            bool extended) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 4) : NULL;
  if (h == NULL) return NULL;
  return ((h[0] & FLAG_PROTOCOL) != 0 || to_extension(p, layer)) == extended ? h : NULL;
}

static bool read_group_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, false);
  return h != NULL && tap_give_number(out, TAP_FLAG, (h[0] & FLAG_GROUP) != 0);
}

static bool read_learn_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, false);
  return h != NULL && tap_give_number(out, TAP_FLAG, h[1] >> 6 & 1);
}

static bool read_applied_flag(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, false);
  return h != NULL && tap_give_number(out, TAP_FLAG, h[1] >> 3 & 1);
}

static bool read_group(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, false);
  return h != NULL && tap_give_number(out, TAP_UINT, tap_be16(h + 2));
}

static bool read_version(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, true);
  return h != NULL && tap_give_number(out, TAP_UINT, h[0] >> 4 & 3);
}

static bool read_oam(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, true);
  return h != NULL && tap_give_number(out, TAP_UINT, h[0] & 1);
}

static bool read_next(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *h = first(p, layer, nth, true);
  return h != NULL && tap_give_number(out, TAP_UINT, h[3]);
}

static const struct tap_name next_names[] = {
  { NEXT_IPV4, "IPv4" }, { NEXT_IPV6, "IPv6" }, { NEXT_ETHERNET, "Ethernet" },
  { NEXT_NSH, "NSH" },   { NEXT_MPLS, "MPLS" }, { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("vxlan.flags", "Flags", TAP_UINT, 0, 16, .flags = TAP_HEX),
  TAP_READ("vxlan.flag_g", "Group policy", TAP_FLAG, read_group_flag, .bit = 0, .bits = 1),
  TAP_PLACE("vxlan.flag_i", "Network is valid", TAP_FLAG, 4, 1),
  TAP_READ("vxlan.flag_d", "Don't learn", TAP_FLAG, read_learn_flag, .bit = 9, .bits = 1),
  TAP_READ("vxlan.flag_a", "Policy is applied", TAP_FLAG, read_applied_flag, .bit = 12, .bits = 1),
  TAP_READ("vxlan.ver", "Version", TAP_UINT, read_version, .bit = 2, .bits = 2),
  TAP_READ("vxlan.o_bit", "OAM", TAP_UINT, read_oam, .bit = 7, .bits = 1),
  TAP_READ("vxlan.gbp", "Group Policy", TAP_UINT, read_group, .bit = 16, .bits = 16),
  TAP_READ("vxlan.next_proto", "Next Protocol", TAP_UINT, read_next, .bit = 24, .bits = 8,
           .names = next_names),
  TAP_PLACE("vxlan.vni", "Network Identifier", TAP_UINT, 32, 24),
  TAP_PLACE("vxlan.reserved8", "Reserved", TAP_UINT, 56, 8),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_UDP_PORT, PORT_VXLAN },
  { TAP_BY_UDP_PORT, PORT_VXLAN_GPE },
  { TAP_BY_UDP_PORT, PORT_VXLAN_LINUX },
};

const struct tap_protocol tap_vxlan_protocol = {
  .name = "vxlan",
  .title = "Virtual Extensible LAN",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = vxlan_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
