/* SPDX-License-Identifier: MIT
 *
 * Link Layer Discovery Protocol (IEEE 802.1AB): a list of entries with seven
 * bits of type and nine of length, and one of type 0 at its end.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"
#include "proto/tlv.h"

enum {
  END = 0,
  CHASSIS = 1,
  PORT = 2,
  TIME_TO_LIVE = 3,
  PORT_DESCRIPTION = 4,
  NAME = 5,
  DESCRIPTION = 6,
  CAPABILITIES = 7,
  MANAGEMENT = 8,
  ORGANIZATION = 127
};

/* How the chassis and the port are named: the two count differently. */
enum { CHASSIS_MAC = 4, CHASSIS_ADDRESS = 5, PORT_MAC = 3, PORT_ADDRESS = 4 };
enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };
enum { OUI_8021 = 0x0080c2, PORT_VLAN = 1 };

static bool next_entry(struct tap_cursor *c, struct tap_tlv *out) {
  struct tap_cursor at = *c;
  const uint8_t *h = tap_take(&at, 2);
  if (h == NULL) return false;
  out->type = h[0] >> 1;
  out->length = out->size = tap_be16(h) & 0x1ffu;
  out->value = tap_take(&at, out->size);
  if (out->value == NULL) return false;
  *c = at;
  return true;
}

/* Nothing but padding follows the end. */
static enum tap_verdict lldp_parse(struct tap_cursor *c, struct tap_step *out) {
  enum tap_verdict verdict;
  if (tap_left(c) < 2) return TAP_TRUNCATED;
  verdict = tap_tlv_take(c, next_entry, END, out->cut);
  if (verdict == TAP_LAST) tap_narrow(c, 0);
  return verdict;
}

static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t size, struct tap_tlv *out) {
  return tap_tlv_find(tap_header_window(p, layer, 0), next_entry, type, size, nth, out);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &t) && tap_give_number(out, TAP_UINT, t.type);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &t) && tap_give_number(out, TAP_UINT, t.length);
}

/* 'n' bytes at 'offset' of entry 'nth' of a type. */
static bool give(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t offset, unsigned n, struct tap_value *out) {
  struct tap_tlv t;
  if (!find(p, layer, nth, type, offset + n, &t)) return false;
  return tap_give_load(out, TAP_UINT, t.value + offset, n);
}

static bool read_chassis_subtype(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth, struct tap_value *out) {
  return give(p, layer, nth, CHASSIS, 0, 1, out);
}

static bool read_port_subtype(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give(p, layer, nth, PORT, 0, 1, out);
}

/* What an identifier is: a MAC address, one of IPv4 behind its family, or 'other'. */
static enum tap_type id_type(const struct tap_tlv *t, unsigned mac, unsigned address,
                             enum tap_type other) {
  if (t->value[0] == mac && t->size == 7) return TAP_MAC;
  if (t->value[0] == address && t->size == 6 && t->value[1] == FAMILY_IPV4) return TAP_IPV4;
  return other;
}

static bool give_id(const struct tap_tlv *t, enum tap_type type, struct tap_value *out) {
  size_t skip = type == TAP_IPV4 ? 2 : 1;
  return tap_give_bytes(out, type, t->value + skip, t->size - skip);
}

static bool give_chassis(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         enum tap_type type, struct tap_value *out) {
  struct tap_tlv t;
  if (!find(p, layer, nth, CHASSIS, 2, &t)) return false;
  return id_type(&t, CHASSIS_MAC, CHASSIS_ADDRESS, TAP_BYTES) == type && give_id(&t, type, out);
}

static bool read_chassis_mac(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_chassis(p, layer, nth, TAP_MAC, out);
}

static bool read_chassis_ip4(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_chassis(p, layer, nth, TAP_IPV4, out);
}

static bool read_chassis_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_chassis(p, layer, nth, TAP_BYTES, out);
}

static bool give_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      enum tap_type type, struct tap_value *out) {
  struct tap_tlv t;
  if (!find(p, layer, nth, PORT, 2, &t)) return false;
  return id_type(&t, PORT_MAC, PORT_ADDRESS, TAP_STRING) == type && give_id(&t, type, out);
}

static bool read_port_mac(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_port(p, layer, nth, TAP_MAC, out);
}

static bool read_port_ip4(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_port(p, layer, nth, TAP_IPV4, out);
}

static bool read_port_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_port(p, layer, nth, TAP_STRING, out);
}

static bool read_ttl(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give(p, layer, nth, TIME_TO_LIVE, 0, 2, out);
}

static bool give_text(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      unsigned type, struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, type, 0, &t) && tap_give_bytes(out, TAP_STRING, t.value, t.size);
}

static bool read_port_desc(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_text(p, layer, nth, PORT_DESCRIPTION, out);
}

static bool read_name(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_text(p, layer, nth, NAME, out);
}

static bool read_desc(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_text(p, layer, nth, DESCRIPTION, out);
}

static bool read_capabilities(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give(p, layer, nth, CAPABILITIES, 0, 2, out);
}

static bool read_enabled(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give(p, layer, nth, CAPABILITIES, 2, 2, out);
}

/* A management address: its length, which counts its family, that, and its bytes. */
static bool give_management(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            unsigned family, unsigned size, enum tap_type type,
                            struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, 0);
  struct tap_tlv t;
  while (next_entry(&c, &t))
    if (t.type == MANAGEMENT && t.size >= 2u + size && t.value[0] == size + 1 &&
        t.value[1] == family && nth-- == 0)
      return tap_give_bytes(out, type, t.value + 2, size);
  return false;
}

static bool read_management_ip4(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return give_management(p, layer, nth, FAMILY_IPV4, 4, TAP_IPV4, out);
}

static bool read_management_ip6(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return give_management(p, layer, nth, FAMILY_IPV6, 16, TAP_IPV6, out);
}

static bool read_oui(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give(p, layer, nth, ORGANIZATION, 0, 3, out);
}

static bool read_port_vlan(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, 0);
  struct tap_tlv t;
  while (next_entry(&c, &t))
    if (t.type == ORGANIZATION && t.size == 6 && tap_load_be(t.value, 3) == OUI_8021 &&
        t.value[3] == PORT_VLAN && nth-- == 0)
      return tap_give_load(out, TAP_UINT, t.value + 4, 2);
  return false;
}

static const struct tap_name type_names[] = {
  { END, "End" },
  { CHASSIS, "Chassis Id" },
  { PORT, "Port Id" },
  { TIME_TO_LIVE, "Time to Live" },
  { PORT_DESCRIPTION, "Port Description" },
  { NAME, "System Name" },
  { DESCRIPTION, "System Description" },
  { CAPABILITIES, "System Capabilities" },
  { MANAGEMENT, "Management Address" },
  { ORGANIZATION, "Organization Specific" },
  { 0, NULL },
};

static const struct tap_name chassis_names[] = {
  { 1, "Chassis component" }, { 2, "Interface alias" },
  { 3, "Port component" },    { 4, "MAC address" },
  { 5, "Network address" },   { 6, "Interface name" },
  { 7, "Locally assigned" },  { 0, NULL },
};

static const struct tap_name port_names[] = {
  { 1, "Interface alias" },  { 2, "Port component" },
  { 3, "MAC address" },      { 4, "Network address" },
  { 5, "Interface name" },   { 6, "Agent circuit Id" },
  { 7, "Locally assigned" }, { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("lldp.tlv.type", "Type", TAP_UINT, read_type, .flags = TAP_REPEATS, .names = type_names),
  TAP_READ("lldp.tlv.len", "Length", TAP_UINT, read_len, .flags = TAP_REPEATS, .unit = "bytes"),
  TAP_READ("lldp.chassis.subtype", "Chassis Id Subtype", TAP_UINT, read_chassis_subtype,
           .names = chassis_names),
  TAP_READ("lldp.chassis.id.mac", "Chassis Id", TAP_MAC, read_chassis_mac),
  TAP_READ("lldp.chassis.id.ip4", "Chassis Id", TAP_IPV4, read_chassis_ip4),
  TAP_READ("lldp.chassis.id", "Chassis Id", TAP_BYTES, read_chassis_id),
  TAP_READ("lldp.port.subtype", "Port Id Subtype", TAP_UINT, read_port_subtype,
           .names = port_names),
  TAP_READ("lldp.port.id.mac", "Port Id", TAP_MAC, read_port_mac),
  TAP_READ("lldp.port.id.ip4", "Port Id", TAP_IPV4, read_port_ip4),
  TAP_READ("lldp.port.id", "Port Id", TAP_STRING, read_port_id),
  TAP_READ("lldp.time_to_live", "Lifetime", TAP_UINT, read_ttl, .unit = "s"),
  TAP_READ("lldp.port.desc", "Port Description", TAP_STRING, read_port_desc),
  TAP_READ("lldp.tlv.system.name", "System Name", TAP_STRING, read_name),
  TAP_READ("lldp.tlv.system.desc", "System Description", TAP_STRING, read_desc),
  TAP_READ("lldp.tlv.system_cap", "Capabilities", TAP_UINT, read_capabilities, .flags = TAP_HEX,
           .bits = 16),
  TAP_READ("lldp.tlv.enable_system_cap", "Enabled Capabilities", TAP_UINT, read_enabled,
           .flags = TAP_HEX, .bits = 16),
  TAP_READ("lldp.mgn.addr.ip4", "Management Address", TAP_IPV4, read_management_ip4,
           .flags = TAP_REPEATS),
  TAP_READ("lldp.mgn.addr.ip6", "Management Address", TAP_IPV6, read_management_ip6,
           .flags = TAP_REPEATS),
  TAP_READ("lldp.orgtlv.oui", "Organization", TAP_UINT, read_oui, .flags = TAP_REPEATS),
  TAP_READ("lldp.ieee.802_1.port_vlan.id", "Port VLAN", TAP_UINT, read_port_vlan),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_LLDP } };

const struct tap_protocol tap_lldp_protocol = {
  .name = "lldp",
  .title = "Link Layer Discovery Protocol",
  .level = TAP_LEVEL_NETWORK,
  .parse = lldp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
