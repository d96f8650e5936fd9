/* SPDX-License-Identifier: MIT
 *
 * Packets that Linux's netfilter logged (LINKTYPE_NFLOG): a header of four
 * bytes, then attributes, each with a length and a type in the byte order of
 * the machine that captured, filled up to four bytes.  One of them is the
 * packet, from its network header on; its family says which.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"
#include "proto/tlv.h"

enum { NFLOG_HEADER = 4, ATTRIBUTE_HEADER = 4 };
enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 };
enum {
  PACKET_HEADER = 1,
  IFINDEX_IN = 4,
  IFINDEX_OUT = 5,
  IFINDEX_PHYSIN = 6,
  IFINDEX_PHYSOUT = 7,
  PAYLOAD = 9,
  PREFIX = 10,
  UID = 11,
  GID = 14,
  TIMESTAMP = 3
};
enum { TYPE_MASK = 0x7fff }; /* above it are flags */

/* The bytes before the next attribute; a last one need not be filled up. */
static void skip_filling(struct tap_cursor *c, size_t size) {
  size_t filling = (0 - size) & 3;
  tap_take(c, filling < tap_left(c) ? filling : tap_left(c));
}

static bool next_attribute(struct tap_cursor *c, struct tap_tlv *out, bool little) {
  struct tap_cursor at = *c;
  const uint8_t *h = tap_take(&at, ATTRIBUTE_HEADER);
  if (h == NULL) return false;
  out->length = little ? tap_le16(h) : tap_be16(h);
  out->type = (little ? tap_le16(h + 2) : tap_be16(h + 2)) & TYPE_MASK;
  if (out->length < ATTRIBUTE_HEADER) return false;
  out->size = out->length - ATTRIBUTE_HEADER;
  if (out->type == PAYLOAD && out->size > tap_left(&at)) out->size = tap_left(&at);
  out->value = tap_take(&at, out->size);
  if (out->value == NULL) return false;
  skip_filling(&at, out->length);
  *c = at;
  return true;
}

static bool next_little(struct tap_cursor *c, struct tap_tlv *out) {
  return next_attribute(c, out, true);
}

static bool next_big(struct tap_cursor *c, struct tap_tlv *out) {
  return next_attribute(c, out, false);
}

/* The first attribute's length is small and not zero: its order is that of all. */
static tap_tlv_next *order_of(struct tap_cursor c) {
  const uint8_t *h = tap_take(&c, ATTRIBUTE_HEADER);
  return h != NULL && h[0] == 0 && h[1] != 0 ? next_big : next_little;
}

static unsigned ethertype_of(unsigned family) {
  switch (family) {
  case FAMILY_IPV4: return TAP_ETHERTYPE_IP;
  case FAMILY_IPV6: return TAP_ETHERTYPE_IPV6;
  default: return 0;
  }
}

/* The header ends where the packet starts.  Attributes behind it are not looked at. */
static enum tap_verdict nflog_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, NFLOG_HEADER);
  struct tap_tlv a;
  tap_tlv_next *next = order_of(*c);
  if (h == NULL) return TAP_TRUNCATED;
  while (tap_left(c) > 0) {
    if (!next(c, &a)) return TAP_TRUNCATED;
    if (a.type != PAYLOAD) continue;
    *c = (struct tap_cursor){ a.value, a.value + a.size };
    out->table = TAP_BY_ETHERTYPE;
    out->key = (uint16_t)ethertype_of(h[0]);
    return out->key == 0 ? TAP_LAST : TAP_PAYLOAD;
  }
  return TAP_LAST;
}

/* The last attribute of the header is the packet, of which it holds no byte. */
static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t size, struct tap_tlv *out) {
  struct tap_cursor c = tap_header_window(p, layer, NFLOG_HEADER);
  return tap_tlv_find(c, order_of(c), type, size, nth, out);
}

static bool read_tlv_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_tlv a;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &a) && tap_give_number(out, TAP_UINT, a.type);
}

static bool read_tlv_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  struct tap_tlv a;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &a) && tap_give_number(out, TAP_UINT, a.length);
}

/* 'n' bytes at 'offset' of the first attribute of a type. */
static bool give(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t offset, unsigned n, struct tap_value *out) {
  struct tap_tlv a;
  if (!find(p, layer, nth, type, offset + n, &a)) return false;
  return tap_give_load(out, TAP_UINT, a.value + offset, n);
}

static bool read_protocol(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give(p, layer, nth, PACKET_HEADER, 0, 2, out);
}

static bool read_hook(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give(p, layer, nth, PACKET_HEADER, 2, 1, out);
}

static bool read_in(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give(p, layer, nth, IFINDEX_IN, 0, 4, out);
}

static bool read_out(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give(p, layer, nth, IFINDEX_OUT, 0, 4, out);
}

static bool read_physin(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give(p, layer, nth, IFINDEX_PHYSIN, 0, 4, out);
}

static bool read_physout(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give(p, layer, nth, IFINDEX_PHYSOUT, 0, 4, out);
}

static bool read_uid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give(p, layer, nth, UID, 0, 4, out);
}

static bool read_gid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give(p, layer, nth, GID, 0, 4, out);
}

/* Seconds and microseconds, eight bytes each. */
static bool read_timestamp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct tap_tlv a;
  if (!find(p, layer, nth, TIMESTAMP, 16, &a)) return false;
  return tap_give_number(
      out, TAP_TIME, tap_load_be(a.value, 8) * 1000000000u + tap_load_be(a.value + 8, 8) * 1000);
}

/* A text that the kernel ends with a zero. */
static bool read_prefix(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct tap_tlv a;
  const uint8_t *end;
  if (!find(p, layer, nth, PREFIX, 1, &a)) return false;
  end = memchr(a.value, 0, a.size);
  return tap_give_bytes(out, TAP_STRING, a.value, end == NULL ? a.size : (size_t)(end - a.value));
}

static const struct tap_name family_names[] = {
  { 0, "any" },    { FAMILY_IPV4, "IPv4" }, { 3, "ARP" },
  { 7, "bridge" }, { FAMILY_IPV6, "IPv6" }, { 0, NULL },
};

static const struct tap_name hook_names[] = {
  { 0, "prerouting" }, { 1, "input" },       { 2, "forward" },
  { 3, "output" },     { 4, "postrouting" }, { 0, NULL },
};

static const struct tap_name attribute_names[] = {
  { PACKET_HEADER, "Packet header" },
  { 2, "Mark" },
  { TIMESTAMP, "Time" },
  { IFINDEX_IN, "Interface in" },
  { IFINDEX_OUT, "Interface out" },
  { IFINDEX_PHYSIN, "Physical interface in" },
  { IFINDEX_PHYSOUT, "Physical interface out" },
  { 8, "Hardware address" },
  { PAYLOAD, "Packet" },
  { PREFIX, "Prefix" },
  { UID, "User" },
  { 12, "Sequence" },
  { 13, "Global sequence" },
  { GID, "Group" },
  { 15, "Hardware type" },
  { 16, "Hardware header" },
  { 17, "Hardware header length" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("nflog.family", "Family", TAP_UINT, 0, 8, .names = family_names),
  TAP_PLACE("nflog.version", "Version", TAP_UINT, 8, 8),
  TAP_PLACE("nflog.res_id", "Resource id", TAP_UINT, 16, 16),
  TAP_READ("nflog.tlv_length", "Attribute Length", TAP_UINT, read_tlv_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("nflog.tlv_type", "Attribute", TAP_UINT, read_tlv_type, .flags = TAP_REPEATS,
           .names = attribute_names),
  TAP_READ("nflog.protocol", "HW protocol", TAP_UINT, read_protocol, .flags = TAP_HEX,
           .names = tap_ethertype_names),
  TAP_READ("nflog.hook", "Hook", TAP_UINT, read_hook, .names = hook_names),
  TAP_READ("nflog.ifindex_indev", "Interface in", TAP_UINT, read_in),
  TAP_READ("nflog.ifindex_outdev", "Interface out", TAP_UINT, read_out),
  TAP_READ("nflog.ifindex_physindev", "Physical interface in", TAP_UINT, read_physin),
  TAP_READ("nflog.ifindex_physoutdev", "Physical interface out", TAP_UINT, read_physout),
  TAP_READ("nflog.prefix", "Prefix", TAP_STRING, read_prefix),
  TAP_READ("nflog.uid", "User", TAP_UINT, read_uid),
  TAP_READ("nflog.gid", "Group", TAP_UINT, read_gid),
  TAP_READ("nflog.timestamp", "Time", TAP_TIME, read_timestamp),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_LINKTYPE, TAP_LINKTYPE_NFLOG } };

const struct tap_protocol tap_nflog_protocol = {
  .name = "nflog",
  .title = "Linux Netfilter log",
  .level = TAP_LEVEL_LINK,
  .parse = nflog_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
