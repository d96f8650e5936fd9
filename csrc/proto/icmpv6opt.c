/* SPDX-License-Identifier: MIT
 *
 * Options of neighbour discovery (RFC 4861, 3971, 4191, 8106).  They are what
 * follows the header of the messages 133 to 137; their length counts units of
 * eight bytes, kind and length included, and 0 or one too large ends the list.
 */
#include "proto/icmpv6opt.h"

#include "proto/read.h"

enum {
  SOURCE_ADDRESS = 1,
  TARGET_ADDRESS = 2,
  PREFIX = 3,
  MTU = 5,
  NONCE = 14,
  ROUTE = 24,
  NAME_SERVERS = 25,
  ANY = 0x100
};
enum { MESSAGE_FIRST = 133, MESSAGE_LAST = 137 };

const struct tap_name tap_icmpv6opt_names[] = {
  { SOURCE_ADDRESS, "Source link-layer address" },
  { TARGET_ADDRESS, "Target link-layer address" },
  { PREFIX, "Prefix information" },
  { 4, "Redirected header" },
  { MTU, "MTU" },
  { 7, "Advertisement interval" },
  { 8, "Home agent information" },
  { 11, "CGA" },
  { 12, "RSA signature" },
  { 13, "Timestamp" },
  { NONCE, "Nonce" },
  { ROUTE, "Route information" },
  { NAME_SERVERS, "Recursive DNS server" },
  { 26, "RA flags extension" },
  { 31, "DNS search list" },
  { 33, "Address registration" },
  { 34, "6LoWPAN context" },
  { 35, "Authoritative border router" },
  { 37, "Captive portal" },
  { 38, "PREF64" },
  { 0, NULL },
};

struct option {
  uint8_t type;
  size_t size;       /* in bytes, at least 8 */
  const uint8_t *at; /* 'size' bytes, type and length first */
};

static bool next_option(struct tap_cursor *c, struct option *out) {
  if (tap_left(c) < 2) return false;
  out->type = c->at[0];
  out->size = c->at[1] * 8u;
  out->at = out->size == 0 ? NULL : tap_take(c, out->size);
  return out->at != NULL;
}

static struct tap_cursor option_window(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *type = tap_header_at(p, layer, 0, 1);
  struct tap_cursor c = tap_payload_window(p, layer);
  if (type == NULL || type[0] < MESSAGE_FIRST || type[0] > MESSAGE_LAST) c.at = c.end;
  return c;
}

/* Option 'nth' of those of 'kind' that have at least 'size' bytes; NULL where there is none. */
static const uint8_t *find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           unsigned kind, size_t size, struct option *out) {
  struct tap_cursor c = option_window(p, layer);
  while (next_option(&c, out))
    if ((kind == ANY || out->type == kind) && out->size >= size && nth-- == 0) return out->at;
  return NULL;
}

bool tap_icmpv6opt_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct option o;
  return tap_give_load(out, TAP_UINT, find(p, layer, nth, ANY, 8, &o), 1);
}

bool tap_icmpv6opt_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct option o;
  const uint8_t *at = find(p, layer, nth, ANY, 8, &o);
  return at != NULL && tap_give_number(out, TAP_UINT, at[1]);
}

/* An option of eight bytes holds a MAC address; longer ones are other links'. */
static bool give_linkaddr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          unsigned kind, struct tap_value *out) {
  struct tap_cursor c = option_window(p, layer);
  struct option o;
  while (next_option(&c, &o))
    if (o.type == kind && o.size == 8 && nth-- == 0)
      return tap_give_bytes(out, TAP_MAC, o.at + 2, 6);
  return false;
}

bool tap_icmpv6opt_src_linkaddr(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return give_linkaddr(p, layer, nth, SOURCE_ADDRESS, out);
}

bool tap_icmpv6opt_target_linkaddr(const struct tap_packet *p, const struct tap_layer *layer,
                                   unsigned nth, struct tap_value *out) {
  return give_linkaddr(p, layer, nth, TARGET_ADDRESS, out);
}

bool tap_icmpv6opt_linkaddr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  struct tap_cursor c = option_window(p, layer);
  struct option o;
  while (next_option(&c, &o))
    if ((o.type == SOURCE_ADDRESS || o.type == TARGET_ADDRESS) && o.size == 8 && nth-- == 0)
      return tap_give_bytes(out, TAP_MAC, o.at + 2, 6);
  return false;
}

static const uint8_t *prefix(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth) {
  struct option o;
  return find(p, layer, nth, PREFIX, 32, &o);
}

bool tap_icmpv6opt_prefix(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_bytes(out, TAP_IPV6, at + 16, 16);
}

bool tap_icmpv6opt_prefix_length(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth, struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_number(out, TAP_UINT, at[2]);
}

bool tap_icmpv6opt_on_link(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[3] >> 7);
}

bool tap_icmpv6opt_autonomous(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[3] >> 6 & 1);
}

bool tap_icmpv6opt_valid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 4, 4);
}

bool tap_icmpv6opt_preferred(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  const uint8_t *at = prefix(p, layer, nth);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 8, 4);
}

bool tap_icmpv6opt_mtu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  struct option o;
  const uint8_t *at = find(p, layer, nth, MTU, 8, &o);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 4, 4);
}

bool tap_icmpv6opt_nonce(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct option o;
  const uint8_t *at = find(p, layer, nth, NONCE, 8, &o);
  return at != NULL && tap_give_bytes(out, TAP_BYTES, at + 2, o.size - 2);
}

bool tap_icmpv6opt_rdnss_lifetime(const struct tap_packet *p, const struct tap_layer *layer,
                                  unsigned nth, struct tap_value *out) {
  struct option o;
  const uint8_t *at = find(p, layer, nth, NAME_SERVERS, 8, &o);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 4, 4);
}

/* Server 'nth', counted over all lists; an option holds as many as its length says. */
bool tap_icmpv6opt_rdnss(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = option_window(p, layer);
  struct option o;
  while (next_option(&c, &o)) {
    unsigned servers = o.type == NAME_SERVERS ? (unsigned)(o.size - 8) / 16 : 0;
    if (nth < servers) return tap_give_bytes(out, TAP_IPV6, o.at + 8 + (size_t)nth * 16, 16);
    nth -= servers;
  }
  return false;
}
