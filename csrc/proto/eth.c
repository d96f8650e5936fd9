/* SPDX-License-Identifier: MIT
 *
 * Ethernet II and IEEE 802.3: two addresses, then a type or a length.  Where
 * the kernel lifted a VLAN tag out of the bytes, the type that stood on the
 * wire was the tag's.
 */
#include "proto/builtin.h"
#include "proto/frequent.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { ETH_DST = 0, ETH_SRC = 6, ETH_TYPE = 12 };

/* The type or length that was on the wire. */
static bool wire_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned *type) {
  const uint8_t *at = tap_header_at(p, layer, ETH_TYPE, 2);
  bool lifted = p->frame->flags & TAP_FRAME_TAG_LIFTED && layer == &p->layer[0];
  if (at == NULL) return false;
  *type = lifted ? p->frame->vlan_tpid : tap_be16(at);
  return true;
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  unsigned type;
  if (nth > 0 || !wire_type(p, layer, &type)) return false;
  if (type != 0 && type < TAP_ETHERTYPE_MIN) return false;
  return tap_give_number(out, TAP_UINT, type);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned type;
  if (nth > 0 || !wire_type(p, layer, &type)) return false;
  if (type == 0 || type > TAP_8023_LENGTH_MAX) return false;
  return tap_give_number(out, TAP_UINT, type);
}

static bool read_invalid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  unsigned type;
  if (nth > 0 || !wire_type(p, layer, &type)) return false;
  if (type <= TAP_8023_LENGTH_MAX || type >= TAP_ETHERTYPE_MIN) return false;
  return tap_give_number(out, TAP_UINT, type);
}

/* Address 'nth': the destination stands first. */
static const uint8_t *address(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth) {
  if (nth > 1) return NULL;
  return tap_header_at(p, layer, nth == 0 ? ETH_DST : ETH_SRC, 6);
}

static bool read_addr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_bytes(out, TAP_MAC, address(p, layer, nth), 6);
}

static bool read_addr_oui(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, address(p, layer, nth), 3);
}

static bool read_lg(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  const uint8_t *at = address(p, layer, nth);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[0] >> 1 & 1);
}

static bool read_ig(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  const uint8_t *at = address(p, layer, nth);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[0] & 1);
}

enum { ALIAS = TAP_REPEATS | TAP_HIDDEN };

static const struct tap_field fields[] = {
  TAP_PLACE("eth.dst", "Destination", TAP_MAC, 0, 48),
  TAP_PLACE("eth.dst.oui", "Destination OUI", TAP_UINT, 0, 24, .flags = TAP_HIDDEN),
  TAP_PLACE("eth.dst.lg", "Destination is locally administered", TAP_FLAG, 6, 1,
            .flags = TAP_HIDDEN),
  TAP_PLACE("eth.dst.ig", "Destination is a group", TAP_FLAG, 7, 1, .flags = TAP_HIDDEN),
  TAP_PLACE("eth.src", "Source", TAP_MAC, 48, 48),
  TAP_PLACE("eth.src.oui", "Source OUI", TAP_UINT, 48, 24, .flags = TAP_HIDDEN),
  TAP_PLACE("eth.src.lg", "Source is locally administered", TAP_FLAG, 54, 1, .flags = TAP_HIDDEN),
  TAP_PLACE("eth.src.ig", "Source is a group", TAP_FLAG, 55, 1, .flags = TAP_HIDDEN),
  TAP_READ("eth.addr", "Source or Destination", TAP_MAC, read_addr, .flags = ALIAS),
  TAP_READ("eth.addr.oui", "Source or Destination OUI", TAP_UINT, read_addr_oui, .flags = ALIAS),
  TAP_READ("eth.lg", "Locally administered address", TAP_FLAG, read_lg, .flags = ALIAS),
  TAP_READ("eth.ig", "Group address", TAP_FLAG, read_ig, .flags = ALIAS),
  TAP_READ("eth.type", "Type", TAP_UINT, read_type, .flags = TAP_HEX, .bit = 96, .bits = 16,
           .names = tap_ethertype_names),
  TAP_READ("eth.len", "Length", TAP_UINT, read_len, .bit = 96, .bits = 16, .unit = "bytes"),
  TAP_READ("eth.invalid_lentype", "Neither length nor type", TAP_UINT, read_invalid,
           .flags = TAP_HEX, .bit = 96, .bits = 16),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_ETHERNET },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_BRIDGED },
};

const struct tap_protocol tap_eth_protocol = {
  .name = "eth",
  .title = "Ethernet",
  .level = TAP_LEVEL_LINK,
  .parse = tap_eth_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
  .ethertype = read_type,
};
