/* SPDX-License-Identifier: MIT
 *
 * OSPF, versions 2 (RFC 2328) and 3 (RFC 5340): the header, and of the
 * messages hello, database description and the headers of link state
 * advertisements, which three types of messages list.
 */
#include "proto/builtin.h"
#include "proto/read.h"

enum { IP_PROTO_OSPF = 89, HEADER_V2 = 24, HEADER_V3 = 16, LSA_HEADER = 20 };
enum { HELLO = 1, DESCRIPTION = 2, UPDATE = 4, ACKNOWLEDGEMENT = 5 };

static enum tap_verdict ospf_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  size_t header, length;
  (void)out;
  if (tap_left(c) < HEADER_V3) return TAP_TRUNCATED;
  header = h[0] == 2 ? HEADER_V2 : HEADER_V3;
  length = tap_be16(h + 2);
  if (length >= header) tap_narrow(c, length);
  return tap_take(c, header) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

/* What stands in the header; NULL where it is of neither version. */
static const uint8_t *header(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *h = tap_header_at(p, layer, 0, 2);
  return h != NULL && (h[0] == 2 || h[0] == 3) ? h : NULL;
}

static bool is_of(const struct tap_packet *p, const struct tap_layer *layer, unsigned version) {
  const uint8_t *h = header(p, layer);
  return h != NULL && h[0] == version;
}

static bool read_auth_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  if (nth > 0 || !is_of(p, layer, 2)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 14, 2), 2);
}

static bool read_instance(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  if (nth > 0 || !is_of(p, layer, 3)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 14, 1), 1);
}

/* 'n' bytes at 'offset' behind the header of a message of a type; the versions may have it at
 * different places. */
static const uint8_t *body(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           unsigned type, const size_t offset[2], size_t n) {
  const uint8_t *h = nth == 0 ? header(p, layer) : NULL;
  struct tap_cursor c = tap_payload_window(p, layer);
  if (h == NULL || h[1] != type) return NULL;
  return tap_take(&c, offset[h[0] - 2]) == NULL ? NULL : tap_take(&c, n);
}

static bool read_mask(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  static const size_t offset[] = { 0, 0 };
  if (!is_of(p, layer, 2)) return false;
  return tap_give_bytes(out, TAP_IPV4, body(p, layer, nth, HELLO, offset, 4), 4);
}

static bool read_interface(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  static const size_t offset[] = { 0, 0 };
  if (!is_of(p, layer, 3)) return false;
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, HELLO, offset, 4), 4);
}

static bool read_interval(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  static const size_t offset[] = { 4, 8 };
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, HELLO, offset, 2), 2);
}

static bool read_priority(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  static const size_t offset[] = { 7, 4 };
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, HELLO, offset, 1), 1);
}

static bool read_dead_interval(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  static const size_t offset[] = { 8, 10 };
  const uint8_t *at = body(p, layer, nth, HELLO, offset, is_of(p, layer, 2) ? 4 : 2);
  return tap_give_load(out, TAP_UINT, at, is_of(p, layer, 2) ? 4 : 2);
}

static bool read_designated(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  static const size_t offset[] = { 12, 12 };
  return tap_give_bytes(out, TAP_IPV4, body(p, layer, nth, HELLO, offset, 4), 4);
}

static bool read_backup(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  static const size_t offset[] = { 16, 16 };
  return tap_give_bytes(out, TAP_IPV4, body(p, layer, nth, HELLO, offset, 4), 4);
}

static bool read_neighbor(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const size_t offset[] = { 20 + (size_t)nth * 4, 20 + (size_t)nth * 4 };
  return tap_give_bytes(out, TAP_IPV4, body(p, layer, 0, HELLO, offset, 4), 4);
}

static bool read_mtu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  static const size_t offset[] = { 0, 4 };
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, DESCRIPTION, offset, 2), 2);
}

static bool read_description(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  static const size_t offset[] = { 3, 7 };
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, DESCRIPTION, offset, 1), 1);
}

static bool read_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  static const size_t offset[] = { 4, 8 };
  return tap_give_load(out, TAP_UINT, body(p, layer, nth, DESCRIPTION, offset, 4), 4);
}

/* Step over what stands before the first advertisement; false where the message lists none. */
static bool skip_to_list(struct tap_cursor *c, const uint8_t *h) {
  switch (h[1]) {
  case DESCRIPTION: return tap_take(c, h[0] == 2 ? 8 : 12) != NULL;
  case UPDATE: return tap_take(c, 4) != NULL;
  case ACKNOWLEDGEMENT: return true;
  default: return false;
  }
}

/* The header of advertisement 'nth'.  Updates alone have the bodies too. */
static const uint8_t *advertisement(const struct tap_packet *p, const struct tap_layer *layer,
                                    unsigned nth) {
  const uint8_t *h = header(p, layer), *lsa;
  struct tap_cursor c = tap_payload_window(p, layer);
  if (h == NULL || !skip_to_list(&c, h)) return NULL;
  while ((lsa = tap_take(&c, LSA_HEADER)) != NULL && nth-- > 0) {
    size_t length = tap_be16(lsa + 18);
    if (h[1] != UPDATE) continue;
    if (length < LSA_HEADER || tap_take(&c, length - LSA_HEADER) == NULL) return NULL;
  }
  return lsa;
}

static bool read_lsa_age(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *lsa = advertisement(p, layer, nth);
  return lsa != NULL && tap_give_number(out, TAP_UINT, tap_be16(lsa) & 0x7fff);
}

static bool read_lsa_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *lsa = is_of(p, layer, 2) ? advertisement(p, layer, nth) : NULL;
  return lsa != NULL && tap_give_number(out, TAP_UINT, lsa[3]);
}

static bool read_lsa_type_v3(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  const uint8_t *lsa = is_of(p, layer, 3) ? advertisement(p, layer, nth) : NULL;
  return lsa != NULL && tap_give_number(out, TAP_UINT, tap_be16(lsa + 2));
}

static bool give_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    unsigned version, struct tap_value *out) {
  const uint8_t *lsa = is_of(p, layer, version) ? advertisement(p, layer, nth) : NULL;
  return lsa != NULL && tap_give_bytes(out, TAP_IPV4, lsa + 4, 4);
}

static bool read_lsa_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_id(p, layer, nth, 2, out);
}

static bool read_lsa_id_v3(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_id(p, layer, nth, 3, out);
}

static bool read_lsa_router(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *lsa = advertisement(p, layer, nth);
  return lsa != NULL && tap_give_bytes(out, TAP_IPV4, lsa + 8, 4);
}

static bool read_lsa_sequence(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *lsa = advertisement(p, layer, nth);
  return lsa != NULL && tap_give_number(out, TAP_UINT, tap_be32(lsa + 12));
}

static bool read_lsa_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *lsa = advertisement(p, layer, nth);
  return lsa != NULL && tap_give_number(out, TAP_UINT, tap_be16(lsa + 18));
}

static const struct tap_name message_names[] = {
  { HELLO, "Hello" },
  { DESCRIPTION, "Database Description" },
  { 3, "Link State Request" },
  { UPDATE, "Link State Update" },
  { ACKNOWLEDGEMENT, "Link State Acknowledgement" },
  { 0, NULL },
};

static const struct tap_name lsa_names[] = {
  { 1, "Router" },
  { 2, "Network" },
  { 3, "Summary" },
  { 4, "Summary of a router" },
  { 5, "External" },
  { 6, "Membership" },
  { 7, "NSSA" },
  { 9, "Opaque, of a link" },
  { 10, "Opaque, of an area" },
  { 11, "Opaque, of all" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("ospf.version", "Version", TAP_UINT, 0, 8),
  TAP_PLACE("ospf.msg", "Message", TAP_UINT, 8, 8, .names = message_names),
  TAP_PLACE("ospf.packet_length", "Length", TAP_UINT, 16, 16, .unit = "bytes"),
  TAP_PLACE("ospf.srcrouter", "Router", TAP_IPV4, 32, 32),
  TAP_PLACE("ospf.area_id", "Area", TAP_IPV4, 64, 32),
  TAP_PLACE("ospf.checksum", "Checksum", TAP_UINT, 96, 16, .flags = TAP_HEX),
  TAP_READ("ospf.auth.type", "Authentication", TAP_UINT, read_auth_type, .bit = 112, .bits = 16),
  TAP_READ("ospf.instance_id", "Instance", TAP_UINT, read_instance, .bit = 112, .bits = 8),
  TAP_READ("ospf.hello.network_mask", "Network Mask", TAP_IPV4, read_mask),
  TAP_READ("ospf.hello.interface_id", "Interface", TAP_UINT, read_interface),
  TAP_READ("ospf.hello.hello_interval", "Hello Interval", TAP_UINT, read_interval, .unit = "s"),
  TAP_READ("ospf.hello.router_priority", "Priority", TAP_UINT, read_priority),
  TAP_READ("ospf.hello.router_dead_interval", "Dead Interval", TAP_UINT, read_dead_interval,
           .unit = "s"),
  TAP_READ("ospf.hello.designated_router", "Designated Router", TAP_IPV4, read_designated),
  TAP_READ("ospf.hello.backup_designated_router", "Backup Router", TAP_IPV4, read_backup),
  TAP_READ("ospf.hello.active_neighbor", "Neighbor", TAP_IPV4, read_neighbor, .flags = TAP_REPEATS),
  TAP_READ("ospf.db.interface_mtu", "Interface MTU", TAP_UINT, read_mtu, .unit = "bytes"),
  TAP_READ("ospf.dbd", "Description", TAP_UINT, read_description, .bits = 8, .flags = TAP_HEX),
  TAP_READ("ospf.db.dd_sequence", "Sequence", TAP_UINT, read_sequence),
  TAP_READ("ospf.lsa.age", "Age", TAP_UINT, read_lsa_age, .flags = TAP_REPEATS, .unit = "s"),
  TAP_READ("ospf.lsa", "Advertisement", TAP_UINT, read_lsa_type, .flags = TAP_REPEATS,
           .names = lsa_names),
  TAP_READ("ospf.v3.lsa", "Advertisement", TAP_UINT, read_lsa_type_v3, .bits = 16,
           .flags = TAP_REPEATS | TAP_HEX),
  TAP_READ("ospf.lsa.id", "Link State", TAP_IPV4, read_lsa_id, .flags = TAP_REPEATS),
  TAP_READ("ospf.link_state_id", "Link State", TAP_IPV4, read_lsa_id_v3, .flags = TAP_REPEATS),
  TAP_READ("ospf.advrouter", "Advertising Router", TAP_IPV4, read_lsa_router, .flags = TAP_REPEATS),
  TAP_READ("ospf.lsa.seqnum", "Sequence", TAP_UINT, read_lsa_sequence, .bits = 32,
           .flags = TAP_REPEATS | TAP_HEX),
  TAP_READ("ospf.lsa.length", "Advertisement Length", TAP_UINT, read_lsa_length,
           .flags = TAP_REPEATS, .unit = "bytes"),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_OSPF } };

const struct tap_protocol tap_ospf_protocol = {
  .name = "ospf",
  .title = "Open Shortest Path First",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = ospf_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
