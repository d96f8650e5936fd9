/* SPDX-License-Identifier: MIT
 *
 * VLAN tags: IEEE 802.1Q (vlan) and the service tag of 802.1ad (ieee8021ad).
 * Each tag is a layer of four bytes.  One that the kernel lifted out of the
 * bytes is a layer of none, which lies on the type that follows it: its
 * control field is in the frame's metadata.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { TAG_BYTES = 4, TAG_TYPE = 2 };

static enum tap_verdict tag_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, TAG_BYTES);
  if (h == NULL) return TAP_TRUNCATED;
  return tap_ethertype_follow(c, out, tap_be16(h + TAG_TYPE));
}

/* Priority, drop eligible indicator and number. */
static bool tag_control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        unsigned *tci) {
  const uint8_t *at = tap_header_at(p, layer, 0, 2);
  if (nth > 0) return false;
  if (tap_layer_lifted(p, layer))
    *tci = p->frame->vlan_tci;
  else if (at != NULL)
    *tci = tap_be16(at);
  else
    return false;
  return true;
}

/* The type or length after the tag. */
static bool tag_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned *type) {
  const uint8_t *at = tap_header_at(p, layer, TAG_TYPE, 2);
  if (tap_layer_lifted(p, layer) && (size_t)layer->start + 2 <= p->frame->caplen)
    at = p->frame->data + layer->start;
  if (nth > 0 || at == NULL) return false;
  *type = tap_be16(at);
  return true;
}

static bool read_priority(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  unsigned tci;
  return tag_control(p, layer, nth, &tci) && tap_give_number(out, TAP_UINT, tci >> 13);
}

static bool read_dei(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned tci;
  return tag_control(p, layer, nth, &tci) && tap_give_number(out, TAP_FLAG, tci >> 12 & 1);
}

static bool read_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  unsigned tci;
  return tag_control(p, layer, nth, &tci) && tap_give_number(out, TAP_UINT, tci & 0xfff);
}

static bool read_etype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  unsigned type;
  if (!tag_type(p, layer, nth, &type) || type <= TAP_8023_LENGTH_MAX) return false;
  return tap_give_number(out, TAP_UINT, type);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned type;
  if (!tag_type(p, layer, nth, &type) || type > TAP_8023_LENGTH_MAX) return false;
  return tap_give_number(out, TAP_UINT, type);
}

/* IEEE 802.1Q table I-2 */
static const struct tap_name priority_names[] = {
  { 0, "Best Effort" },           { 1, "Background" },      { 2, "Excellent Effort" },
  { 3, "Critical Applications" }, { 4, "Video" },           { 5, "Voice" },
  { 6, "Internetwork Control" },  { 7, "Network Control" }, { 0, NULL },
};

static const struct tap_field vlan_fields[] = {
  TAP_READ("vlan.priority", "Priority", TAP_UINT, read_priority, .bit = 0, .bits = 3,
           .flags = TAP_REPEATS, .names = priority_names),
  TAP_READ("vlan.dei", "Drop eligible", TAP_FLAG, read_dei, .bit = 3, .bits = 1,
           .flags = TAP_REPEATS),
  TAP_READ("vlan.id", "ID", TAP_UINT, read_id, .bit = 4, .bits = 12, .flags = TAP_REPEATS),
  TAP_READ("vlan.etype", "Type", TAP_UINT, read_etype, .flags = TAP_HEX | TAP_REPEATS, .bit = 16,
           .bits = 16, .names = tap_ethertype_names),
  TAP_READ("vlan.len", "Length", TAP_UINT, read_len, .bit = 16, .bits = 16, .flags = TAP_REPEATS,
           .unit = "bytes"),
  { 0 },
};

static const struct tap_field ieee8021ad_fields[] = {
  TAP_READ("ieee8021ad.priority", "Priority", TAP_UINT, read_priority, .bit = 0, .bits = 3,
           .flags = TAP_REPEATS, .names = priority_names),
  TAP_READ("ieee8021ad.dei", "Drop eligible", TAP_FLAG, read_dei, .bit = 3, .bits = 1,
           .flags = TAP_REPEATS),
  TAP_READ("ieee8021ad.id", "ID", TAP_UINT, read_id, .bit = 4, .bits = 12, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding vlan_bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_VLAN },
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_QINQ },
};

static const struct tap_binding ieee8021ad_bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_8021AD },
};

const struct tap_protocol tap_vlan_protocol = {
  .name = "vlan",
  .title = "802.1Q Virtual LAN",
  .level = TAP_LEVEL_LINK,
  .parse = tag_parse,
  .fields = vlan_fields,
  .bindings = vlan_bindings,
  .binding_count = sizeof vlan_bindings / sizeof vlan_bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
  .ethertype = read_etype,
};

const struct tap_protocol tap_ieee8021ad_protocol = {
  .name = "ieee8021ad",
  .title = "IEEE 802.1ad",
  .level = TAP_LEVEL_LINK,
  .parse = tag_parse,
  .fields = ieee8021ad_fields,
  .bindings = ieee8021ad_bindings,
  .binding_count = sizeof ieee8021ad_bindings / sizeof ieee8021ad_bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
  .ethertype = read_etype,
};
