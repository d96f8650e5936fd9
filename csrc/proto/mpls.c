/* SPDX-License-Identifier: MIT
 *
 * MPLS (RFC 3032): one layer is a whole stack of labels.  Nothing in it says
 * what it carries; as everywhere, the first four bits behind it tell (RFC
 * 4928): IP of either version, a channel header, or else a pseudowire.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/pseudowire.h"
#include "proto/read.h"

enum { ENTRY = 4, IP_PROTO_MPLS = 137, UDP_PORT_MPLS = 6635, NIBBLE_CHANNEL = 1 };

static enum tap_verdict mpls_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h;
  do
    h = tap_take(c, ENTRY);
  while (h != NULL && (h[2] & 1) == 0);
  if (h == NULL || tap_left(c) == 0) return TAP_TRUNCATED;
  if (tap_ip_follow(c, out) == TAP_PAYLOAD) return TAP_PAYLOAD;
  out->table = TAP_BY_PSEUDOWIRE;
  out->key = c->at[0] >> 4 == NIBBLE_CHANNEL ? TAP_PW_CHANNEL : TAP_PW_GUESS;
  return TAP_PAYLOAD;
}

static bool give_part(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      enum tap_type type, unsigned shift, unsigned mask, struct tap_value *out) {
  const uint8_t *at = tap_header_at(p, layer, (size_t)nth * ENTRY, ENTRY);
  return at != NULL && tap_give_number(out, type, tap_be32(at) >> shift & mask);
}

static bool read_label(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_part(p, layer, nth, TAP_UINT, 12, 0xfffff, out);
}

static bool read_exp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_part(p, layer, nth, TAP_UINT, 9, 7, out);
}

static bool read_bottom(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_part(p, layer, nth, TAP_UINT, 8, 1, out);
}

static bool read_ttl(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_part(p, layer, nth, TAP_UINT, 0, 0xff, out);
}

/* RFC 3032, 5586, 6790 and 7274 */
static const struct tap_name label_names[] = {
  { 0, "IPv4 Explicit Null" },
  { 1, "Router Alert" },
  { 2, "IPv6 Explicit Null" },
  { 3, "Implicit Null" },
  { 7, "Entropy Label Indicator" },
  { 13, "Generic Associated Channel" },
  { 14, "OAM Alert" },
  { 15, "Extension" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("mpls.label", "Label", TAP_UINT, read_label, .flags = TAP_REPEATS, .names = label_names),
  TAP_READ("mpls.exp", "Traffic Class", TAP_UINT, read_exp, .flags = TAP_REPEATS),
  TAP_READ("mpls.bottom", "Bottom of the stack", TAP_UINT, read_bottom, .flags = TAP_REPEATS),
  TAP_READ("mpls.ttl", "Time to Live", TAP_UINT, read_ttl, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_MPLS },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_MPLS_MULTICAST },
  { TAP_BY_IP_PROTO, IP_PROTO_MPLS },
  { TAP_BY_UDP_PORT, UDP_PORT_MPLS },
  { TAP_BY_PPP, 0x0281 },
  { TAP_BY_PPP, 0x0283 },
};

const struct tap_protocol tap_mpls_protocol = {
  .name = "mpls",
  .title = "Multiprotocol Label Switching",
  .level = TAP_LEVEL_NETWORK,
  .parse = mpls_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE | 1u << TAP_BY_PSEUDOWIRE,
};
