/* SPDX-License-Identifier: MIT
 *
 * PPP (RFC 1661) as it lies in captures and behind PPPoE: the two bytes of
 * HDLC framing (RFC 1662), which both ends may agree to leave out, and the
 * protocol's number, which they may agree to send in one byte.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"
#include "proto/read.h"

enum { ALL_STATIONS = 0xff };

/* Is the framing there?  No protocol number begins with this byte: it is odd. */
static bool is_framed(const struct tap_cursor *c) {
  return tap_left(c) > 0 && c->at[0] == ALL_STATIONS;
}

/* A number's first byte is even, its last one odd (RFC 1661, section 2). */
static const uint8_t *take_protocol(struct tap_cursor *c, unsigned *size) {
  *size = tap_left(c) > 0 && (c->at[0] & 1) != 0 ? 1 : 2;
  return tap_take(c, *size);
}

static enum tap_verdict ppp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *protocol;
  unsigned size;
  if (is_framed(c) && tap_take(c, 2) == NULL) return TAP_TRUNCATED;
  protocol = take_protocol(c, &size);
  if (protocol == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_PPP;
  out->key = size == 1 ? protocol[0] : tap_be16(protocol);
  return TAP_PAYLOAD;
}

static bool read_framing(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         size_t offset, struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, 0);
  if (nth > 0 || !is_framed(&c)) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset, 1), 1);
}

static bool read_address(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return read_framing(p, layer, nth, 0, out);
}

static bool read_control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return read_framing(p, layer, nth, 1, out);
}

static bool read_protocol(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, 0);
  const uint8_t *protocol;
  unsigned size;
  if (nth > 0 || (is_framed(&c) && tap_take(&c, 2) == NULL)) return false;
  protocol = take_protocol(&c, &size);
  return protocol != NULL && tap_give_number(out, TAP_UINT, tap_load_be(protocol, size));
}

static const struct tap_name protocol_names[] = {
  { 0x0021, "IPv4" },
  { 0x0023, "OSI Network Layer" },
  { 0x002b, "IPX" },
  { 0x002d, "Compressed TCP" },
  { 0x002f, "Uncompressed TCP" },
  { 0x0031, "Bridging" },
  { 0x003d, "Multilink" },
  { 0x0057, "IPv6" },
  { 0x00fd, "Compressed Datagram" },
  { 0x0281, "MPLS" },
  { 0x0283, "MPLS multicast" },
  { 0x8021, "IP Control Protocol" },
  { 0x8057, "IPv6 Control Protocol" },
  { 0x80fd, "Compression Control Protocol" },
  { 0x8281, "MPLS Control Protocol" },
  { 0xc021, "Link Control Protocol" },
  { 0xc023, "Password Authentication Protocol" },
  { 0xc025, "Link Quality Report" },
  { 0xc223, "Challenge Handshake Authentication Protocol" },
  { 0xc227, "Extensible Authentication Protocol" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("ppp.address", "Address", TAP_UINT, read_address, .flags = TAP_HEX, .bit = 0, .bits = 8),
  TAP_READ("ppp.control", "Control", TAP_UINT, read_control, .flags = TAP_HEX, .bit = 8, .bits = 8),
  TAP_READ("ppp.protocol", "Protocol", TAP_UINT, read_protocol, .flags = TAP_HEX,
           .names = protocol_names),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_PPP },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_PPP_HDLC },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_PPP },
};

const struct tap_protocol tap_ppp_protocol = {
  .name = "ppp",
  .title = "Point-to-Point Protocol",
  .level = TAP_LEVEL_LINK,
  .parse = ppp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_PPP,
};
