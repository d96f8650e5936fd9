/* SPDX-License-Identifier: MIT
 *
 * Ethernet in MPLS (RFC 4448) and the channel beside it (RFC 4385).  Whether
 * a control word stands before the frame is agreed on by the ends and written
 * nowhere.  The guess: a control word begins with sixteen zero bits, and no
 * address that is in use does.
 */
#include "proto/pseudowire.h"

#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { CONTROL_WORD = 4 };
enum { CHANNEL_IPV4 = 0x0021, CHANNEL_IPV6 = 0x0057 };

static enum tap_verdict guess_parse(struct tap_cursor *c, struct tap_step *out) {
  if (tap_left(c) < 2) return TAP_TRUNCATED;
  out->table = TAP_BY_PSEUDOWIRE;
  out->key = tap_be16(c->at) == 0 ? TAP_PW_CONTROL : TAP_PW_PLAIN;
  return TAP_PAYLOAD;
}

static enum tap_verdict control_parse(struct tap_cursor *c, struct tap_step *out) {
  if (tap_take(c, CONTROL_WORD) == NULL) return TAP_TRUNCATED;
  return tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED);
}

static enum tap_verdict plain_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)c;
  return tap_tunnel_follow(out, TAP_ETHERTYPE_BRIDGED);
}

static enum tap_verdict channel_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, CONTROL_WORD);
  if (h == NULL) return TAP_TRUNCATED;
  if (tap_be16(h + 2) == CHANNEL_IPV4) return tap_tunnel_follow(out, TAP_ETHERTYPE_IP);
  if (tap_be16(h + 2) == CHANNEL_IPV6) return tap_tunnel_follow(out, TAP_ETHERTYPE_IPV6);
  return TAP_LAST;
}

/* RFC 4385, 5085, 5586 and the registry that they made */
static const struct tap_name channel_names[] = {
  { 0x0001, "Management Communication" },
  { 0x0002, "Signaling Communication" },
  { 0x0007, "BFD" },
  { CHANNEL_IPV4, "IPv4" },
  { 0x0025, "On-demand CV" },
  { 0x0027, "Status" },
  { CHANNEL_IPV6, "IPv6" },
  { 0x0058, "Fault OAM" },
  { 0, NULL },
};

static const struct tap_field control_fields[] = {
  TAP_PLACE("pweth.cw.sequence_number", "Sequence Number", TAP_UINT, 16, 16),
  { 0 },
};

static const struct tap_field channel_fields[] = {
  TAP_PLACE("pwach.ver", "Version", TAP_UINT, 4, 4),
  TAP_PLACE("pwach.res", "Reserved", TAP_UINT, 8, 8, .flags = TAP_HEX),
  TAP_PLACE("pwach.channel_type", "Channel Type", TAP_UINT, 16, 16, .flags = TAP_HEX,
            .names = channel_names),
  { 0 },
};

static const struct tap_binding guess_bindings[] = { { TAP_BY_PSEUDOWIRE, TAP_PW_GUESS } };
static const struct tap_binding control_bindings[] = { { TAP_BY_PSEUDOWIRE, TAP_PW_CONTROL } };
static const struct tap_binding plain_bindings[] = { { TAP_BY_PSEUDOWIRE, TAP_PW_PLAIN } };
static const struct tap_binding channel_bindings[] = { { TAP_BY_PSEUDOWIRE, TAP_PW_CHANNEL } };

const struct tap_protocol tap_pwethheuristic_protocol = {
  .name = "pwethheuristic",
  .title = "Ethernet Pseudowire (guessed)",
  .level = TAP_LEVEL_NETWORK,
  .parse = guess_parse,
  .bindings = guess_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_PSEUDOWIRE,
};

const struct tap_protocol tap_pwethcw_protocol = {
  .name = "pwethcw",
  .title = "Pseudowire Control Word",
  .level = TAP_LEVEL_NETWORK,
  .parse = control_parse,
  .fields = control_fields,
  .bindings = control_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};

const struct tap_protocol tap_pwethnocw_protocol = {
  .name = "pwethnocw",
  .title = "Ethernet Pseudowire without Control Word",
  .level = TAP_LEVEL_NETWORK,
  .parse = plain_parse,
  .bindings = plain_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};

const struct tap_protocol tap_pwach_protocol = {
  .name = "pwach",
  .title = "Pseudowire Associated Channel",
  .level = TAP_LEVEL_NETWORK,
  .parse = channel_parse,
  .fields = channel_fields,
  .bindings = channel_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
