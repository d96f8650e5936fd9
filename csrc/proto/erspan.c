/* SPDX-License-Identifier: MIT
 *
 * ERSPAN, mirrored Ethernet frames in GRE (draft-foschiano-erspan).  Type I
 * has no header of its own and is known by GRE's lack of a sequence number;
 * type II (version 1) has eight bytes, type III (version 2) twelve and maybe
 * a sub-header of eight.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { HEADER_II = 8, HEADER_III = 12, SUBHEADER = 8, VERSION_II = 1, VERSION_III = 2 };
enum { FRAME_ETHERNET = 0 };

static enum tap_verdict erspan_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  unsigned frame = FRAME_ETHERNET;
  if (out->from == TAP_ETHERTYPE_ERSPAN_PLAIN) return tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED);
  if (tap_take(c, HEADER_II) == NULL) return TAP_TRUNCATED;
  if (h[0] >> 4 == VERSION_III) {
    if (tap_take(c, HEADER_III - HEADER_II) == NULL) return TAP_TRUNCATED;
    if ((h[11] & 1) != 0 && tap_take(c, SUBHEADER) == NULL) return TAP_TRUNCATED;
    frame = h[10] >> 2 & 0x1f;
  } else if (h[0] >> 4 != VERSION_II) {
    return TAP_LAST;
  }
  return frame == FRAME_ETHERNET ? tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED) : TAP_LAST;
}

/* 'n' bytes at 'offset' of a header of a version. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned version, size_t offset, size_t n) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 1) : NULL;
  return h != NULL && h[0] >> 4 == version ? tap_header_at(p, layer, offset, n) : NULL;
}

/* A part of the two bytes at 'offset'. */
static bool give_part(struct tap_value *out, const uint8_t *two, unsigned shift, unsigned mask) {
  return two != NULL && tap_give_number(out, TAP_UINT, ((unsigned)tap_be16(two) >> shift) & mask);
}

static bool read_encap(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_II, 2, 2), 11, 3);
}

static bool read_bso(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_III, 2, 2), 11, 3);
}

static bool read_reserved(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, VERSION_II, 4, 4);
  return h != NULL && tap_give_number(out, TAP_UINT, tap_be32(h) >> 20);
}

static bool read_index(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, VERSION_II, 4, 4);
  return h != NULL && tap_give_number(out, TAP_UINT, tap_be32(h) & 0xfffff);
}

static bool read_timestamp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, VERSION_III, 4, 4), 4);
}

static bool read_sgt(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, VERSION_III, 8, 2), 2);
}

static bool read_frame_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_III, 10, 2), 10, 0x1f);
}

static bool read_hardware(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_III, 10, 2), 4, 0x3f);
}

static bool read_direction(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, VERSION_III, 11, 1);
  return h != NULL && tap_give_number(out, TAP_FLAG, h[0] >> 3 & 1);
}

static bool read_granularity(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_III, 10, 2), 1, 3);
}

static bool read_subheader(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_part(out, at(p, layer, nth, VERSION_III, 10, 2), 0, 1);
}

static bool read_platform(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, VERSION_III, 11, 1 + SUBHEADER);
  return h != NULL && (h[0] & 1) != 0 && tap_give_number(out, TAP_UINT, h[1] >> 2);
}

static const struct tap_field fields[] = {
  TAP_PLACE("erspan.version", "Version", TAP_UINT, 0, 4),
  TAP_PLACE("erspan.vlan", "VLAN", TAP_UINT, 4, 12),
  TAP_PLACE("erspan.cos", "Class of Service", TAP_UINT, 16, 3),
  TAP_READ("erspan.encap", "Encapsulation", TAP_UINT, read_encap, .bit = 19, .bits = 2),
  TAP_READ("erspan.bso", "Bad, short or oversized", TAP_UINT, read_bso, .bit = 19, .bits = 2),
  TAP_PLACE("erspan.truncated", "Truncated", TAP_UINT, 21, 1),
  TAP_PLACE("erspan.spanid", "Session", TAP_UINT, 22, 10),
  TAP_READ("erspan.reserved", "Reserved", TAP_UINT, read_reserved, .bit = 32, .bits = 12),
  TAP_READ("erspan.index", "Index", TAP_UINT, read_index, .bit = 44, .bits = 20),
  TAP_READ("erspan.timestamp", "Timestamp", TAP_UINT, read_timestamp, .bit = 32, .bits = 32),
  TAP_READ("erspan.sgt", "Security Group Tag", TAP_UINT, read_sgt, .bit = 64, .bits = 16),
  TAP_READ("erspan.ft", "Frame Type", TAP_UINT, read_frame_type, .bit = 81, .bits = 5),
  TAP_READ("erspan.hw", "Hardware", TAP_UINT, read_hardware, .bit = 86, .bits = 6),
  TAP_READ("erspan.direction", "Egress", TAP_FLAG, read_direction, .bit = 92, .bits = 1),
  TAP_READ("erspan.gra", "Timestamp granularity", TAP_UINT, read_granularity, .bit = 93, .bits = 2),
  TAP_READ("erspan.o", "Has a sub-header", TAP_UINT, read_subheader, .bit = 95, .bits = 1),
  TAP_READ("erspan.platid", "Platform of the sub-header", TAP_UINT, read_platform, .bit = 96,
           .bits = 6),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_ERSPAN },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_ERSPAN_PLAIN },
};

const struct tap_protocol tap_erspan_protocol = {
  .name = "erspan",
  .title = "Encapsulated Remote Switch Packet Analysis",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = erspan_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
