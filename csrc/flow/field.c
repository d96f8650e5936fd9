/* SPDX-License-Identifier: MIT
 *
 * What is known of a packet's conversation, as fields.  A packet has them when
 * its pass tracks flows, which it does as soon as somebody asks for one.
 */
#include <string.h>

#include "flow/flow.h"
#include "proto/protocol.h"
#include "proto/read.h"

static bool give(const struct tap_packet *p, unsigned nth, struct tap_value *out, uint64_t number) {
  (void)p;
  return nth == 0 && tap_give_number(out, TAP_UINT, number);
}

static bool read_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  (void)layer;
  return p->flow != NULL && give(p, nth, out, p->flow->id);
}

static bool read_dir(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return p->flow != NULL && give(p, nth, out, p->flow_way);
}

static bool read_packets(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  (void)layer;
  return p->flow != NULL && give(p, nth, out, p->flow->packets[0] + p->flow->packets[1]);
}

static bool read_bytes(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return p->flow != NULL && give(p, nth, out, p->flow->bytes[0] + p->flow->bytes[1]);
}

static bool read_duration(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  (void)layer;
  if (p->flow == NULL) return false;
  return give(p, nth, out, tap_flow_duration(p->flow));
}

static bool read_state(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return p->flow != NULL && give(p, nth, out, p->flow->state);
}

static bool read_community_id(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const char *text;
  (void)layer;
  if (p->flow == NULL || nth > 0) return false;
  text = tap_flow_community_id(p);
  return tap_give_bytes(out, TAP_STRING, (const uint8_t *)text, strlen(text));
}

const struct tap_name tap_flow_states[] = {
  { TAP_FLOW_NEW, "new" },         { TAP_FLOW_ESTABLISHED, "established" },
  { TAP_FLOW_CLOSING, "closing" }, { TAP_FLOW_CLOSED, "closed" },
  { TAP_FLOW_RESET, "reset" },     { 0, NULL },
};

#define TAP_OF_FLOW(name_, label_, type_, read_, ...)                                              \
  TAP_READ(name_, label_, type_, read_, .level = TAP_LEVEL_TRANSPORT,                              \
           .flags = TAP_HIDDEN | TAP_TRACKED, __VA_ARGS__)

const struct tap_field tap_flow_fields[] = {
  TAP_OF_FLOW("flow.id", "Number of the conversation", TAP_UINT, read_id, .unit = NULL),
  TAP_OF_FLOW("flow.dir", "Direction, 0 from who began it", TAP_UINT, read_dir, .unit = NULL),
  TAP_OF_FLOW("flow.packets", "Packets so far, both directions", TAP_UINT, read_packets,
              .unit = "packets"),
  TAP_OF_FLOW("flow.bytes", "Bytes so far, both directions", TAP_UINT, read_bytes, .unit = "bytes"),
  TAP_OF_FLOW("flow.duration", "Time since its first packet", TAP_UINT, read_duration,
              .unit = "ns"),
  TAP_OF_FLOW("flow.state", "State", TAP_UINT, read_state, .names = tap_flow_states),
  TAP_OF_FLOW("flow.community_id", "Community ID", TAP_STRING, read_community_id, .unit = NULL),
  { 0 },
};
