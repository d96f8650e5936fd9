/* SPDX-License-Identifier: MIT
 *
 * Options of the Hop-by-Hop and Destination Options headers (RFC 8200, 2711,
 * 2473, 2675, 6275, 4727).  Occurrences count over all extension headers of
 * one IPv6 header, in their order.  An option that does not fit ends its
 * header.
 */
#include "proto/ipv6opt.h"

#include "proto/builtin.h"
#include "proto/read.h"

enum {
  PAD1 = 0x00,
  PADN = 0x01,
  TUNNEL_LIMIT = 0x04,
  ROUTER_ALERT = 0x05,
  JUMBO = 0xc2,
  HOME_ADDRESS = 0xc9,
  EXPERIMENTAL = 0x1e, /* in the low five bits */
  ANY = 0x100,         /* each option */
  ANY_SIZED = 0x101    /* each but Pad1, which has no length */
};

const struct tap_name tap_ipv6opt_names[] = {
  { PAD1, "Pad1" },
  { PADN, "PadN" },
  { TUNNEL_LIMIT, "Tunnel Encapsulation Limit" },
  { ROUTER_ALERT, "Router Alert" },
  { 0x07, "CALIPSO" },
  { 0x08, "SMF_DPD" },
  { 0x0f, "PDM" },
  { 0x23, "RPL" },
  { 0x26, "Quick-Start" },
  { 0x30, "Path MTU Record" },
  { 0x31, "IOAM" },
  { 0x63, "RPL" },
  { 0x6d, "MPL" },
  { 0x8b, "ILNP Nonce" },
  { 0x8c, "Line-Identification" },
  { JUMBO, "Jumbo Payload" },
  { HOME_ADDRESS, "Home Address" },
  { 0xee, "IP_DFF" },
  { 0, NULL },
};

const struct tap_name tap_ipv6opt_action_names[] = {
  { 0, "Skip" },
  { 1, "Discard" },
  { 2, "Discard and report" },
  { 3, "Discard and report unless multicast" },
  { 0, NULL },
};

const struct tap_name tap_ipv6opt_alert_names[] = {
  { 0, "MLD" },
  { 1, "RSVP" },
  { 2, "Active Network" },
  { 0, NULL },
};

struct option {
  uint8_t type;
  uint8_t length;      /* of the data */
  const uint8_t *data; /* NULL where 'type' is PAD1 */
};

static bool next_option(struct tap_cursor *c, struct option *out) {
  const uint8_t *at = tap_take(c, 1);
  *out = (struct option){ .type = PAD1 };
  if (at == NULL || (out->type = at[0]) == PAD1) return at != NULL;
  at = tap_take(c, 1);
  if (at == NULL) return false;
  out->length = at[0];
  out->data = tap_take(c, out->length);
  return out->data != NULL;
}

static bool is_wanted(const struct option *o, unsigned kind) {
  if (kind == ANY) return true;
  if (kind == ANY_SIZED) return o->type != PAD1;
  if (kind == EXPERIMENTAL) return (o->type & 0x1f) == EXPERIMENTAL;
  return o->type == kind;
}

/* Find option 'nth' of 'kind' in the extension headers after the layer of the fixed header. */
static bool find_option(const struct tap_packet *p, const struct tap_layer *layer, unsigned kind,
                        unsigned nth, struct option *out) {
  const struct tap_layer *end = p->layer + p->count;
  for (layer++; layer < end && tap_is_ipv6_extension(layer->protocol); layer++) {
    struct tap_cursor c = tap_header_window(p, layer, 2);
    if (layer->protocol != TAP_PROTO_HOPOPTS && layer->protocol != TAP_PROTO_DSTOPTS) continue;
    while (next_option(&c, out))
      if (is_wanted(out, kind) && nth-- == 0) return true;
  }
  return false;
}

bool tap_ipv6opt_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct option o;
  return find_option(p, layer, ANY, nth, &o) && tap_give_number(out, TAP_UINT, o.type);
}

bool tap_ipv6opt_action(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct option o;
  return find_option(p, layer, ANY_SIZED, nth, &o) && tap_give_number(out, TAP_UINT, o.type >> 6);
}

bool tap_ipv6opt_change(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct option o;
  return find_option(p, layer, ANY_SIZED, nth, &o) &&
         tap_give_number(out, TAP_FLAG, o.type >> 5 & 1);
}

bool tap_ipv6opt_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct option o;
  return find_option(p, layer, ANY_SIZED, nth, &o) && tap_give_number(out, TAP_UINT, o.length);
}

/* The data of option 'nth' of those of a kind that have 'n' bytes of it, as they must. */
static const uint8_t *sized_data(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth, unsigned kind, unsigned n) {
  struct option o;
  for (unsigned i = 0; find_option(p, layer, kind, i, &o); i++)
    if (o.length == n && nth-- == 0) return o.data;
  return NULL;
}

bool tap_ipv6opt_router_alert(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, sized_data(p, layer, nth, ROUTER_ALERT, 2), 2);
}

bool tap_ipv6opt_tel(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, sized_data(p, layer, nth, TUNNEL_LIMIT, 1), 1);
}

bool tap_ipv6opt_jumbo(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, sized_data(p, layer, nth, JUMBO, 4), 4);
}

bool tap_ipv6opt_padn(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct option o;
  return find_option(p, layer, PADN, nth, &o) && tap_give_bytes(out, TAP_BYTES, o.data, o.length);
}

bool tap_ipv6opt_home_address(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return tap_give_bytes(out, TAP_IPV6, sized_data(p, layer, nth, HOME_ADDRESS, 16), 16);
}

bool tap_ipv6opt_experimental(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  struct option o;
  return find_option(p, layer, EXPERIMENTAL, nth, &o) &&
         tap_give_bytes(out, TAP_BYTES, o.data, o.length);
}
