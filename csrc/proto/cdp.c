/* SPDX-License-Identifier: MIT
 *
 * Cisco Discovery Protocol: four bytes, then a list whose lengths count type
 * and length too.
 */
#include "proto/builtin.h"
#include "proto/cisco.h"
#include "proto/read.h"
#include "proto/tlv.h"

enum { CDP_HEADER = 4, ENTRY_HEADER = 4 };
enum {
  DEVICE = 0x01,
  ADDRESSES = 0x02,
  PORT = 0x03,
  CAPABILITIES = 0x04,
  SOFTWARE = 0x05,
  PLATFORM = 0x06,
  VTP_DOMAIN = 0x09,
  NATIVE_VLAN = 0x0a,
  DUPLEX = 0x0b,
  SYSTEM_NAME = 0x14,
  MANAGEMENT = 0x16
};
enum { NLPID_IP = 0xcc };

static bool next_entry(struct tap_cursor *c, struct tap_tlv *out) {
  struct tap_cursor at = *c;
  const uint8_t *h = tap_take(&at, ENTRY_HEADER);
  if (h == NULL) return false;
  out->type = tap_be16(h);
  out->length = tap_be16(h + 2);
  if (out->length < ENTRY_HEADER) return false;
  out->size = out->length - ENTRY_HEADER;
  out->value = tap_take(&at, out->size);
  if (out->value == NULL) return false;
  *c = at;
  return true;
}

static enum tap_verdict cdp_parse(struct tap_cursor *c, struct tap_step *out) {
  if (tap_take(c, CDP_HEADER) == NULL) return TAP_TRUNCATED;
  return tap_tlv_take(c, next_entry, TAP_TLV_NONE, out->cut);
}

static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t size, struct tap_tlv *out) {
  return tap_tlv_find(tap_header_window(p, layer, CDP_HEADER), next_entry, type, size, nth, out);
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

static bool give_text(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      unsigned type, struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, type, 0, &t) && tap_give_bytes(out, TAP_STRING, t.value, t.size);
}

static bool read_device(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_text(p, layer, nth, DEVICE, out);
}

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_text(p, layer, nth, PORT, out);
}

static bool read_software(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_text(p, layer, nth, SOFTWARE, out);
}

static bool read_platform(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_text(p, layer, nth, PLATFORM, out);
}

static bool read_vtp_domain(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_text(p, layer, nth, VTP_DOMAIN, out);
}

static bool read_system_name(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_text(p, layer, nth, SYSTEM_NAME, out);
}

static bool give_number(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        unsigned type, unsigned n, struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, type, n, &t) && tap_give_load(out, TAP_UINT, t.value, n);
}

static bool read_capabilities(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give_number(p, layer, nth, CAPABILITIES, 4, out);
}

static bool give_capability(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            unsigned bit, struct tap_value *out) {
  if (!read_capabilities(p, layer, nth, out)) return false;
  return tap_give_number(out, TAP_FLAG, out->number >> bit & 1);
}

static bool read_router(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_capability(p, layer, nth, 0, out);
}

static bool read_switch(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_capability(p, layer, nth, 3, out);
}

static bool read_host(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_capability(p, layer, nth, 4, out);
}

static bool read_phone(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_capability(p, layer, nth, 7, out);
}

static bool read_native_vlan(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_number(p, layer, nth, NATIVE_VLAN, 2, out);
}

static bool read_duplex(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  if (!give_number(p, layer, nth, DUPLEX, 1, out)) return false;
  return tap_give_number(out, TAP_FLAG, out->number != 0);
}

static bool read_address_count(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  struct tap_tlv t;
  struct tap_cursor c = tap_header_window(p, layer, CDP_HEADER);
  while (next_entry(&c, &t))
    if ((t.type == ADDRESSES || t.type == MANAGEMENT) && t.size >= 4 && nth-- == 0)
      return tap_give_load(out, TAP_UINT, t.value, 4);
  return false;
}

/* An address: kind and length of its protocol, that, and length and bytes of itself.  True for one
 * of IPv4. */
static bool take_address(struct tap_cursor *c, const uint8_t **address) {
  const uint8_t *h = tap_take(c, 2), *protocol = h == NULL ? NULL : tap_take(c, h[1]);
  const uint8_t *length = protocol == NULL ? NULL : tap_take(c, 2);
  *address = length == NULL ? NULL : tap_take(c, tap_be16(length));
  return *address != NULL && h[1] == 1 && protocol[0] == NLPID_IP && tap_be16(length) == 4;
}

/* IPv4 address 'nth' of an entry; counts down those that it has. */
static const uint8_t *find_address(const struct tap_tlv *t, unsigned *nth) {
  struct tap_cursor c = { t->value, t->value + t->size };
  const uint8_t *address;
  if (tap_take(&c, 4) == NULL) return NULL;
  do
    if (take_address(&c, &address) && (*nth)-- == 0) return address;
  while (address != NULL);
  return NULL;
}

static bool read_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, CDP_HEADER);
  const uint8_t *address;
  struct tap_tlv t;
  while (next_entry(&c, &t)) {
    if (t.type != ADDRESSES && t.type != MANAGEMENT) continue;
    address = find_address(&t, &nth);
    if (address != NULL) return tap_give_bytes(out, TAP_IPV4, address, 4);
  }
  return false;
}

static const struct tap_name type_names[] = {
  { DEVICE, "Device ID" },
  { ADDRESSES, "Addresses" },
  { PORT, "Port ID" },
  { CAPABILITIES, "Capabilities" },
  { SOFTWARE, "Software version" },
  { PLATFORM, "Platform" },
  { 0x07, "IP prefixes" },
  { 0x08, "Protocol Hello" },
  { VTP_DOMAIN, "VTP Management Domain" },
  { NATIVE_VLAN, "Native VLAN" },
  { DUPLEX, "Duplex" },
  { 0x0e, "VoIP VLAN reply" },
  { 0x0f, "VoIP VLAN query" },
  { 0x10, "Power consumption" },
  { 0x11, "MTU" },
  { 0x12, "Trust bitmap" },
  { 0x13, "Untrusted port CoS" },
  { SYSTEM_NAME, "System Name" },
  { 0x15, "System Object ID" },
  { MANAGEMENT, "Management Addresses" },
  { 0x17, "Location" },
  { 0x19, "Power requested" },
  { 0x1a, "Power available" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("cdp.version", "Version", TAP_UINT, 0, 8),
  TAP_PLACE("cdp.ttl", "TTL", TAP_UINT, 8, 8, .unit = "s"),
  TAP_PLACE("cdp.checksum", "Checksum", TAP_UINT, 16, 16, .flags = TAP_HEX),
  TAP_READ("cdp.tlv.type", "Type", TAP_UINT, read_type, .flags = TAP_HEX | TAP_REPEATS,
           .names = type_names),
  TAP_READ("cdp.tlv.len", "Length", TAP_UINT, read_len, .flags = TAP_REPEATS, .unit = "bytes"),
  TAP_READ("cdp.deviceid", "Device ID", TAP_STRING, read_device),
  TAP_READ("cdp.portid", "Port ID", TAP_STRING, read_port),
  TAP_READ("cdp.platform", "Platform", TAP_STRING, read_platform),
  TAP_READ("cdp.software_version", "Software version", TAP_STRING, read_software),
  TAP_READ("cdp.system_name", "System Name", TAP_STRING, read_system_name),
  TAP_READ("cdp.capabilities", "Capabilities", TAP_UINT, read_capabilities, .flags = TAP_HEX),
  TAP_READ("cdp.capabilities.router", "Router", TAP_FLAG, read_router),
  TAP_READ("cdp.capabilities.switch", "Switch", TAP_FLAG, read_switch),
  TAP_READ("cdp.capabilities.host", "Host", TAP_FLAG, read_host),
  TAP_READ("cdp.capabilities.voip_phone", "VoIP phone", TAP_FLAG, read_phone),
  TAP_READ("cdp.vtp_management_domain", "VTP Management Domain", TAP_STRING, read_vtp_domain),
  TAP_READ("cdp.native_vlan", "Native VLAN", TAP_UINT, read_native_vlan),
  TAP_READ("cdp.duplex", "Full duplex", TAP_FLAG, read_duplex),
  TAP_READ("cdp.number_of_addresses", "Number of addresses", TAP_UINT, read_address_count,
           .flags = TAP_REPEATS),
  TAP_READ("cdp.nrgyz.ip_address", "IP Address", TAP_IPV4, read_address, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_CISCO, TAP_CISCO_CDP } };

const struct tap_protocol tap_cdp_protocol = {
  .name = "cdp",
  .title = "Cisco Discovery Protocol",
  .level = TAP_LEVEL_NETWORK,
  .parse = cdp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
