/* SPDX-License-Identifier: MIT
 *
 * The loopback headers of BSD: four bytes of address family.  Files of link
 * type NULL have them in the byte order of the machine that captured, LOOP in
 * network order.  Families are small numbers, so a value that only makes sense
 * with its bytes turned round is turned round; some systems put an EtherType
 * there.  The number of IPv6 differs between systems.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { FAMILY_MAX = 0x600 }; /* from here on it is an EtherType */
enum {
  AF_IPV4 = 2,
  AF_IPV6_LINUX = 10,
  AF_IPV6_NETBSD = 24,
  AF_IPV6_FREEBSD = 28,
  AF_IPV6_DARWIN = 30
};

/* The family or EtherType, whichever order its bytes are in: both fit 16 bits.  Of a header that
 * fits in no order the last two bytes are believed. */
static uint32_t family(const uint8_t *h) {
  uint32_t n = tap_be32(h);
  if (n >> 16 == 0) return n % 256 == 0 && n < FAMILY_MAX ? n >> 8 : n;
  if (n >> 24 == 0 && n >> 16 < FAMILY_MAX / 256) return n >> 16;
  return tap_le32(h) <= UINT16_MAX ? tap_le32(h) : n & UINT16_MAX;
}

static unsigned ethertype_of(uint32_t n) {
  switch (n) {
  case AF_IPV4: return TAP_ETHERTYPE_IP;
  case AF_IPV6_LINUX:
  case AF_IPV6_NETBSD:
  case AF_IPV6_FREEBSD:
  case AF_IPV6_DARWIN: return TAP_ETHERTYPE_IPV6;
  default: return n > TAP_8023_LENGTH_MAX && n <= UINT16_MAX ? n : 0;
  }
}

static enum tap_verdict null_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 4);
  if (h == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_ETHERTYPE;
  out->key = (uint16_t)ethertype_of(family(h));
  return out->key == 0 ? TAP_LAST : TAP_PAYLOAD;
}

static bool read_number(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        bool is_type, struct tap_value *out) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 4) : NULL;
  if (h == NULL || (family(h) > TAP_8023_LENGTH_MAX) != is_type) return false;
  return tap_give_number(out, TAP_UINT, family(h));
}

static bool read_family(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return read_number(p, layer, nth, false, out);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return read_number(p, layer, nth, true, out);
}

static const struct tap_name family_names[] = {
  { AF_IPV4, "IP" },
  { 7, "OSI" },
  { AF_IPV6_LINUX, "IPv6" },
  { 16, "AppleTalk" },
  { 23, "IPX" },
  { AF_IPV6_NETBSD, "IPv6" },
  { AF_IPV6_FREEBSD, "IPv6" },
  { AF_IPV6_DARWIN, "IPv6" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("null.family", "Family", TAP_UINT, read_family, .bit = 0, .bits = 32,
           .names = family_names),
  TAP_READ("null.type", "Type", TAP_UINT, read_type, .flags = TAP_HEX, .bit = 16, .bits = 16,
           .names = tap_ethertype_names),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_NULL },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_LOOP },
};

const struct tap_protocol tap_null_protocol = {
  .name = "null",
  .title = "Null/Loopback",
  .level = TAP_LEVEL_LINK,
  .parse = null_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
