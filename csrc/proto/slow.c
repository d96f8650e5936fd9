/* SPDX-License-Identifier: MIT
 *
 * The slow protocols of IEEE 802.3, told apart by their first byte, and the
 * one that people meet: link aggregation control (LACP, IEEE 802.1AX).  Its
 * entries stand in fixed places and order.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { SUBTYPE_LACP = 1 };
enum { LACP_BYTES = 109 };
enum { ACTOR = 1, PARTNER = 21, COLLECTOR = 41, TERMINATOR = 57 }; /* where the entries start */

static enum tap_verdict slow_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 1);
  if (h == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_SLOW;
  out->key = h[0];
  return TAP_PAYLOAD;
}

static enum tap_verdict lacp_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  if (tap_take(c, LACP_BYTES) == NULL) return TAP_TRUNCATED;
  tap_narrow(c, 0); /* padding */
  return TAP_LAST;
}

static const uint8_t *entry(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            size_t offset) {
  static const uint8_t places[] = { ACTOR, PARTNER, COLLECTOR, TERMINATOR };
  if (nth >= sizeof places) return NULL;
  return tap_header_at(p, layer, places[nth] + offset, 1);
}

static bool read_tlv_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, entry(p, layer, nth, 0), 1);
}

static bool read_tlv_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, entry(p, layer, nth, 1), 1);
}

static const struct tap_name subtype_names[] = {
  { SUBTYPE_LACP, "LACP" },
  { 2, "Marker" },
  { 3, "OAM" },
  { 0, NULL },
};

static const struct tap_field slow_fields[] = {
  TAP_PLACE("slow.subtype", "Subtype", TAP_UINT, 0, 8, .flags = TAP_HEX, .names = subtype_names),
  { 0 },
};

/* The rows of one end of the link, whose entry starts at byte 'at_'. */
#define END(name_, label_, at_)                                                                    \
  TAP_PLACE("lacp." name_ ".sys_priority", label_ " System Priority", TAP_UINT, 8 * (at_) + 16,    \
            16),                                                                                   \
      TAP_PLACE("lacp." name_ ".sysid", label_ " System", TAP_MAC, 8 * (at_) + 32, 48),            \
      TAP_PLACE("lacp." name_ ".key", label_ " Key", TAP_UINT, 8 * (at_) + 80, 16),                \
      TAP_PLACE("lacp." name_ ".port_priority", label_ " Port Priority", TAP_UINT, 8 * (at_) + 96, \
                16),                                                                               \
      TAP_PLACE("lacp." name_ ".port", label_ " Port", TAP_UINT, 8 * (at_) + 112, 16),             \
      TAP_PLACE("lacp." name_ ".state", label_ " State", TAP_UINT, 8 * (at_) + 128, 8,             \
                .flags = TAP_HEX),                                                                 \
      TAP_PLACE("lacp." name_ ".state.activity", "Active", TAP_FLAG, 8 * (at_) + 135, 1),          \
      TAP_PLACE("lacp." name_ ".state.timeout", "Short timeout", TAP_FLAG, 8 * (at_) + 134, 1),    \
      TAP_PLACE("lacp." name_ ".state.aggregation", "Aggregatable", TAP_FLAG, 8 * (at_) + 133, 1), \
      TAP_PLACE("lacp." name_ ".state.synchronization", "In sync", TAP_FLAG, 8 * (at_) + 132, 1),  \
      TAP_PLACE("lacp." name_ ".state.collecting", "Collecting", TAP_FLAG, 8 * (at_) + 131, 1),    \
      TAP_PLACE("lacp." name_ ".state.distributing", "Distributing", TAP_FLAG, 8 * (at_) + 130,    \
                1),                                                                                \
      TAP_PLACE("lacp." name_ ".state.defaulted", "Defaulted", TAP_FLAG, 8 * (at_) + 129, 1),      \
      TAP_PLACE("lacp." name_ ".state.expired", "Expired", TAP_FLAG, 8 * (at_) + 128, 1)

static const struct tap_field lacp_fields[] = {
  TAP_PLACE("lacp.version", "Version", TAP_UINT, 0, 8, .flags = TAP_HEX),
  TAP_READ("lacp.tlv_type", "Entry", TAP_UINT, read_tlv_type, .flags = TAP_HEX | TAP_REPEATS),
  TAP_READ("lacp.tlv_length", "Entry Length", TAP_UINT, read_tlv_length,
           .flags = TAP_HEX | TAP_REPEATS),
  END("actor", "Actor", ACTOR),
  END("partner", "Partner", PARTNER),
  TAP_PLACE("lacp.collector.max_delay", "Collector Max Delay", TAP_UINT, 8 * COLLECTOR + 16, 16,
            .unit = "10 us"),
  { 0 },
};

static const struct tap_binding slow_bindings[] = { { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_SLOW } };
static const struct tap_binding lacp_bindings[] = { { TAP_BY_SLOW, SUBTYPE_LACP } };

const struct tap_protocol tap_slow_protocol = {
  .name = "slow",
  .title = "Slow Protocols",
  .level = TAP_LEVEL_LINK,
  .parse = slow_parse,
  .fields = slow_fields,
  .bindings = slow_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_SLOW,
};

const struct tap_protocol tap_lacp_protocol = {
  .name = "lacp",
  .title = "Link Aggregation Control Protocol",
  .level = TAP_LEVEL_NETWORK,
  .parse = lacp_parse,
  .fields = lacp_fields,
  .bindings = lacp_bindings,
  .binding_count = 1,
};
