/* SPDX-License-Identifier: MIT
 *
 * The spanning tree protocols of IEEE 802.1D and 802.1w: bridge protocol data
 * units behind LLC, or behind Cisco's SNAP with the VLAN that one is for.  What
 * 802.1s adds is payload here.  Times are 256ths of a second on the wire and
 * whole seconds in practice.
 */
#include "proto/builtin.h"
#include "proto/cisco.h"
#include "proto/read.h"

enum { LLC_SAP_STP = 0x42 };
enum { CONFIGURATION = 0x00, RAPID = 0x02, TOPOLOGY_CHANGE = 0x80 };
enum { STP_HEADER = 4, CONFIGURATION_BYTES = 35, RAPID_BYTES = 36 };
enum { ROOT = 5, COST = 13, BRIDGE = 17, MESSAGE_AGE = 27, MAX_AGE = 29, HELLO = 31, FORWARD = 33 };
enum { VLAN = 40, VLAN_END = 42 }; /* of Cisco's: behind a byte of filling, a type and a length */

static enum tap_verdict stp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, STP_HEADER);
  size_t size = STP_HEADER;
  if (h == NULL) return TAP_TRUNCATED;
  if (tap_be16(h) != 0) return TAP_LAST;
  if (h[3] == CONFIGURATION) size = CONFIGURATION_BYTES;
  if (h[3] == RAPID) size = RAPID_BYTES;
  if (tap_take(c, size - STP_HEADER) == NULL) return TAP_TRUNCATED;
  if (out->from == TAP_CISCO_PVST && size > STP_HEADER) tap_take(c, VLAN_END - size);
  return TAP_LAST;
}

/* The fields of a protocol identifier that is not 0 mean something else. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         size_t offset, size_t n) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 2) : NULL;
  if (h == NULL || tap_be16(h) != 0) return NULL;
  return tap_header_at(p, layer, offset, n);
}

/* A bridge's priority has the top four bits, the rest is its number's extension. */
static bool give_priority(const uint8_t *id, struct tap_value *out) {
  return id != NULL && tap_give_number(out, TAP_UINT, tap_be16(id) & 0xf000u);
}

static bool give_extension(const uint8_t *id, struct tap_value *out) {
  return id != NULL && tap_give_number(out, TAP_UINT, tap_be16(id) & 0x0fffu);
}

static bool read_root_prio(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_priority(at(p, layer, nth, ROOT, 2), out);
}

static bool read_root_ext(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_extension(at(p, layer, nth, ROOT, 2), out);
}

static bool read_bridge_prio(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_priority(at(p, layer, nth, BRIDGE, 2), out);
}

static bool read_bridge_ext(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_extension(at(p, layer, nth, BRIDGE, 2), out);
}

static bool give_seconds(const uint8_t *time, struct tap_value *out) {
  return time != NULL && tap_give_number(out, TAP_UINT, tap_be16(time) / 256);
}

static bool read_msg_age(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_seconds(at(p, layer, nth, MESSAGE_AGE, 2), out);
}

static bool read_max_age(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_seconds(at(p, layer, nth, MAX_AGE, 2), out);
}

static bool read_hello(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_seconds(at(p, layer, nth, HELLO, 2), out);
}

static bool read_forward(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_seconds(at(p, layer, nth, FORWARD, 2), out);
}

/* Flags that only rapid spanning tree has; 'bit' counts from the lowest. */
static bool give_rapid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       unsigned bit, struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, 0, STP_HEADER + 1);
  if (h == NULL || h[3] != RAPID) return false;
  return tap_give_number(out, TAP_FLAG, h[4] >> bit & 1);
}

static bool read_agreement(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_rapid(p, layer, nth, 6, out);
}

static bool read_forwarding(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_rapid(p, layer, nth, 5, out);
}

static bool read_learning(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_rapid(p, layer, nth, 4, out);
}

static bool read_proposal(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_rapid(p, layer, nth, 1, out);
}

static bool read_port_role(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, 0, STP_HEADER + 1);
  if (h == NULL || h[3] != RAPID) return false;
  return tap_give_number(out, TAP_UINT, h[4] >> 2 & 3);
}

static const struct tap_name version_names[] = {
  { 0, "Spanning Tree" },
  { 2, "Rapid Spanning Tree" },
  { 3, "Multiple Spanning Tree" },
  { 4, "Shortest Path Tree" },
  { 0, NULL },
};

static const struct tap_name type_names[] = {
  { CONFIGURATION, "Configuration" },
  { RAPID, "Rapid/Multiple Spanning Tree" },
  { TOPOLOGY_CHANGE, "Topology Change Notification" },
  { 0, NULL },
};

static const struct tap_name role_names[] = {
  { 0, "Unknown" }, { 1, "Alternate or Backup" }, { 2, "Root" }, { 3, "Designated" }, { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("stp.protocol", "Protocol Identifier", TAP_UINT, 0, 16, .flags = TAP_HEX),
  TAP_PLACE("stp.version", "Version", TAP_UINT, 16, 8, .names = version_names),
  TAP_PLACE("stp.type", "BPDU Type", TAP_UINT, 24, 8, .flags = TAP_HEX, .names = type_names),
  TAP_PLACE("stp.flags", "Flags", TAP_UINT, 32, 8, .flags = TAP_HEX),
  TAP_PLACE("stp.flags.tcack", "Topology Change Acknowledgment", TAP_FLAG, 32, 1),
  TAP_READ("stp.flags.agreement", "Agreement", TAP_FLAG, read_agreement),
  TAP_READ("stp.flags.forwarding", "Forwarding", TAP_FLAG, read_forwarding),
  TAP_READ("stp.flags.learning", "Learning", TAP_FLAG, read_learning),
  TAP_READ("stp.flags.port_role", "Port Role", TAP_UINT, read_port_role, .names = role_names),
  TAP_READ("stp.flags.proposal", "Proposal", TAP_FLAG, read_proposal),
  TAP_PLACE("stp.flags.tc", "Topology Change", TAP_FLAG, 39, 1),
  TAP_READ("stp.root.prio", "Root Priority", TAP_UINT, read_root_prio, .bit = 40, .bits = 16),
  TAP_READ("stp.root.ext", "Root ID Extension", TAP_UINT, read_root_ext, .bit = 40, .bits = 16),
  TAP_PLACE("stp.root.hw", "Root", TAP_MAC, 56, 48),
  TAP_PLACE("stp.root.cost", "Root Path Cost", TAP_UINT, 104, 32),
  TAP_READ("stp.bridge.prio", "Bridge Priority", TAP_UINT, read_bridge_prio, .bit = 136,
           .bits = 16),
  TAP_READ("stp.bridge.ext", "Bridge ID Extension", TAP_UINT, read_bridge_ext, .bit = 136,
           .bits = 16),
  TAP_PLACE("stp.bridge.hw", "Bridge", TAP_MAC, 152, 48),
  TAP_PLACE("stp.port", "Port identifier", TAP_UINT, 200, 16, .flags = TAP_HEX),
  TAP_READ("stp.msg_age", "Message Age", TAP_UINT, read_msg_age, .bit = 216, .bits = 16,
           .unit = "s"),
  TAP_READ("stp.max_age", "Max Age", TAP_UINT, read_max_age, .bit = 232, .bits = 16, .unit = "s"),
  TAP_READ("stp.hello", "Hello Time", TAP_UINT, read_hello, .bit = 248, .bits = 16, .unit = "s"),
  TAP_READ("stp.forward", "Forward Delay", TAP_UINT, read_forward, .bit = 264, .bits = 16,
           .unit = "s"),
  TAP_PLACE("stp.pvst.origvlan", "Originating VLAN", TAP_UINT, 8 * VLAN, 16),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LLC, LLC_SAP_STP },
  { TAP_BY_CISCO, TAP_CISCO_PVST },
};

const struct tap_protocol tap_stp_protocol = {
  .name = "stp",
  .title = "Spanning Tree Protocol",
  .level = TAP_LEVEL_NETWORK,
  .parse = stp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
};
