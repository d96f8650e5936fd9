/* SPDX-License-Identifier: MIT
 *
 * VRRP, versions 2 and 3 (RFC 3768, 5798).  The addresses are of the family
 * that carries the message.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/read.h"

enum { IP_PROTO_VRRP = 112, VRRP_HEADER = 8, VERSION_3 = 3 };

static enum tap_verdict vrrp_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, VRRP_HEADER) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

/* 'n' bytes at 'offset' of a header of version 3, or where 'newer' is false of any other. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         bool newer, size_t offset, size_t n) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 1) : NULL;
  return h != NULL && (h[0] >> 4 == VERSION_3) == newer ? tap_header_at(p, layer, offset, n) : NULL;
}

static bool read_auth_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, false, 4, 1), 1);
}

static bool read_interval(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, false, 5, 1), 1);
}

static bool read_short_interval(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  const uint8_t *two = at(p, layer, nth, true, 4, 2);
  return two != NULL && tap_give_number(out, TAP_UINT, tap_be16(two) & 0xfff);
}

static bool give_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         bool is_v6, struct tap_value *out) {
  const uint8_t *count = tap_header_at(p, layer, 3, 1);
  struct tap_cursor c = tap_payload_window(p, layer);
  size_t size = is_v6 ? 16 : 4;
  bool carried_v6 = layer > p->layer && layer[-1].protocol == TAP_PROTO_IPV6;
  if (count == NULL || nth >= count[0] || carried_v6 != is_v6) return false;
  if (tap_take(&c, nth * size) == NULL) return false;
  return tap_give_bytes(out, is_v6 ? TAP_IPV6 : TAP_IPV4, tap_take(&c, size), size);
}

static bool read_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_address(p, layer, nth, false, out);
}

static bool read_address_v6(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_address(p, layer, nth, true, out);
}

static const struct tap_name type_names[] = { { 1, "Advertisement" }, { 0, NULL } };

static const struct tap_field fields[] = {
  TAP_PLACE("vrrp.version", "Version", TAP_UINT, 0, 4),
  TAP_PLACE("vrrp.type", "Type", TAP_UINT, 4, 4, .names = type_names),
  TAP_PLACE("vrrp.virt_rtr_id", "Virtual Router", TAP_UINT, 8, 8),
  TAP_PLACE("vrrp.prio", "Priority", TAP_UINT, 16, 8),
  TAP_PLACE("vrrp.addr_count", "Number of addresses", TAP_UINT, 24, 8),
  TAP_READ("vrrp.auth_type", "Authentication", TAP_UINT, read_auth_type, .bit = 32, .bits = 8),
  TAP_READ("vrrp.adver_int", "Interval", TAP_UINT, read_interval, .bit = 40, .bits = 8,
           .unit = "s"),
  TAP_READ("vrrp.short_adver_int", "Interval", TAP_UINT, read_short_interval, .bit = 36, .bits = 12,
           .unit = "10 ms"),
  TAP_PLACE("vrrp.checksum", "Checksum", TAP_UINT, 48, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("vrrp.checksum.status", tap_csum_vrrp),
  TAP_READ("vrrp.ip_addr", "Address", TAP_IPV4, read_address, .flags = TAP_REPEATS),
  TAP_READ("vrrp.ipv6_addr", "Address", TAP_IPV6, read_address_v6, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_VRRP } };

const struct tap_protocol tap_vrrp_protocol = {
  .name = "vrrp",
  .title = "Virtual Router Redundancy Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = vrrp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
