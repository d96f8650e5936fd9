/* SPDX-License-Identifier: MIT
 *
 * Cisco HDLC: an address, a control byte and a type.  Its own control protocol
 * SLARP asks for addresses and keeps the line alive.
 */
#include "proto/builtin.h"
#include "proto/cisco.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { SLARP_REQUEST = 0, SLARP_REPLY = 1, SLARP_KEEPALIVE = 2 };
enum { SLARP_BYTES = 14 }; /* of requests and replies too, that leave the last ones unused */

static enum tap_verdict chdlc_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 4);
  if (h == NULL) return TAP_TRUNCATED;
  return tap_cisco_follow(out, tap_be16(h + 2));
}

static enum tap_verdict slarp_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, SLARP_BYTES) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

/* 'n' bytes at 'offset' of a keepalive, or of one of the two others. */
static const uint8_t *slarp_at(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, bool keepalive, size_t offset, size_t n) {
  const uint8_t *type = nth == 0 ? tap_header_at(p, layer, 0, 4) : NULL;
  if (type == NULL || tap_be32(type) > SLARP_KEEPALIVE) return NULL;
  if ((tap_be32(type) == SLARP_KEEPALIVE) != keepalive) return NULL;
  return tap_header_at(p, layer, offset, n);
}

static bool read_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV4, slarp_at(p, layer, nth, false, 4, 4), 4);
}

static bool read_netmask(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV4, slarp_at(p, layer, nth, false, 8, 4), 4);
}

static bool read_mysequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, slarp_at(p, layer, nth, true, 4, 4), 4);
}

static bool read_yoursequence(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, slarp_at(p, layer, nth, true, 8, 4), 4);
}

static bool read_reliability(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, slarp_at(p, layer, nth, true, 12, 2), 2);
}

static const struct tap_name address_names[] = {
  { 0x0f, "Unicast" },
  { 0x8f, "Multicast" },
  { 0, NULL },
};

static const struct tap_name ptype_names[] = {
  { SLARP_REQUEST, "Address request" },
  { SLARP_REPLY, "Address reply" },
  { SLARP_KEEPALIVE, "Line keepalive" },
  { 0, NULL },
};

static const struct tap_field chdlc_fields[] = {
  TAP_PLACE("chdlc.address", "Address", TAP_UINT, 0, 8, .flags = TAP_HEX, .names = address_names),
  TAP_PLACE("chdlc.control", "Control", TAP_UINT, 8, 8, .flags = TAP_HEX),
  TAP_PLACE("chdlc.protocol", "Protocol", TAP_UINT, 16, 16, .flags = TAP_HEX,
            .names = tap_ethertype_names),
  { 0 },
};

static const struct tap_field slarp_fields[] = {
  TAP_PLACE("slarp.ptype", "Packet type", TAP_UINT, 0, 32, .names = ptype_names),
  TAP_READ("slarp.address", "Address", TAP_IPV4, read_address, .bit = 32, .bits = 32),
  TAP_READ("slarp.netmask", "Netmask", TAP_IPV4, read_netmask, .bit = 64, .bits = 32),
  TAP_READ("slarp.mysequence", "Outgoing sequence number", TAP_UINT, read_mysequence, .bit = 32,
           .bits = 32),
  TAP_READ("slarp.yoursequence", "Returned sequence number", TAP_UINT, read_yoursequence, .bit = 64,
           .bits = 32),
  TAP_READ("slarp.reliability", "Reliability", TAP_UINT, read_reliability, .flags = TAP_HEX,
           .bit = 96, .bits = 16),
  { 0 },
};

static const struct tap_binding chdlc_bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_CISCO_HDLC },
};
static const struct tap_binding slarp_bindings[] = { { TAP_BY_CISCO, TAP_CISCO_SLARP } };

const struct tap_protocol tap_chdlc_protocol = {
  .name = "chdlc",
  .title = "Cisco HDLC",
  .level = TAP_LEVEL_LINK,
  .parse = chdlc_parse,
  .fields = chdlc_fields,
  .bindings = chdlc_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE | 1u << TAP_BY_CISCO,
};

const struct tap_protocol tap_slarp_protocol = {
  .name = "slarp",
  .title = "Cisco SLARP",
  .level = TAP_LEVEL_NETWORK,
  .parse = slarp_parse,
  .fields = slarp_fields,
  .bindings = slarp_bindings,
  .binding_count = 1,
};
