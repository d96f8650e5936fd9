/* SPDX-License-Identifier: MIT
 *
 * Words about what neighbours on a link tell each other: spanning tree,
 * discovery, link aggregation, authentication.
 */
#include "proto/builtin.h"
#include "proto/line.h"

/* A text field behind a word, if it is there. */
static void put_text(struct tap_line *l, const struct tap_layer *layer, const char *word,
                     const char *name, const char *after) {
  struct tap_value v;
  if (!tap_line_read(l, layer, name, &v)) return;
  tap_text_put(l->t, word);
  tap_text_put_escaped(l->t, v.bytes, v.size);
  tap_text_put(l->t, after);
}

static void put_stp_flags(struct tap_line *l, unsigned flags) {
  static const struct tap_name names[] = {
    { 0x01, "Topology change" },
    { 0x02, "Proposal" },
    { 0x10, "Learn" },
    { 0x20, "Forward" },
    { 0x40, "Agreement" },
    { 0x80, "Topology change ACK" },
    { 0, NULL },
  };
  const char *between = "";
  tap_text_put(l->t, ", Flags [");
  for (const struct tap_name *n = names; n->name != NULL; n++) {
    if ((flags & n->value) == 0) continue;
    tap_text_put(l->t, between);
    tap_text_put(l->t, n->name);
    between = ", ";
  }
  tap_text_put(l->t, between[0] == '\0' ? "none]" : "]");
}

/* "bridge-id 8001.00:00:5e:00:53:02.8041": priority, address and port. */
static void put_bridge(struct tap_line *l, const uint8_t *id) {
  tap_text_put(l->t, ", bridge-id ");
  tap_text_put_hex(l->t, tap_be16(id), 4);
  tap_text_put_char(l->t, '.');
  tap_text_put_mac(l->t, id + 2);
  tap_text_put_char(l->t, '.');
  tap_text_put_hex(l->t, tap_be16(id + 8), 4);
}

enum { STP_SHORT = 4, STP_REST = 31, STP_BRIDGE = 13, STP_CHANGE = 0x80 };

void tap_line_stp(struct tap_line *l, const struct tap_layer *layer) {
  static const char *const versions[] = { "802.1d", "802.1?", "802.1w", "802.1s", "802.1aq" };
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, STP_SHORT), *rest = tap_take(&c, STP_REST);
  tap_text_put(l->t, "STP ");
  if (h == NULL || (rest == NULL && h[3] != STP_CHANGE)) {
    tap_line_cut(l, "stp");
    return;
  }
  tap_text_put(l->t, versions[h[2] < 5 ? h[2] : 1]);
  if (h[3] == STP_CHANGE) {
    tap_text_put(l->t, ", Topology Change");
    return;
  }
  tap_text_put(l->t, h[3] == 2 ? ", Rapid STP" : ", Config");
  put_stp_flags(l, rest[0]);
  put_bridge(l, rest + STP_BRIDGE);
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

void tap_line_cdp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 4);
  if (h == NULL) {
    tap_line_cut(l, "cdp");
    return;
  }
  tap_line_put_number(l, "CDPv", h[0]);
  tap_line_put_number(l, ", ttl: ", h[1]);
  tap_text_put_char(l->t, 's');
  put_text(l, layer, ", Device-ID '", "cdp.deviceid", "'");
  put_text(l, layer, ", Port-ID '", "cdp.portid", "'");
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

void tap_line_lldp(struct tap_line *l, const struct tap_layer *layer) {
  tap_text_put(l->t, "LLDP");
  tap_line_put_length(l, tap_line_length(l, layer->start));
  put_text(l, layer, ": ", "lldp.tlv.system.name", "");
}

void tap_line_slow(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  const char *name;
  if (!tap_line_last(l) || !tap_line_read(l, layer, "slow.subtype", &v)) return;
  name = tap_line_name(l, "slow.subtype", v.number);
  tap_text_put(l->t, name == NULL ? "unknown slow protocol" : name);
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

/* The length counts the subtype before it, as the protocol's own text does. */
void tap_line_lacp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (!tap_line_read(l, layer, "lacp.version", &v)) return;
  tap_line_put_number(l, "LACPv", v.number);
  tap_line_put_length(l, tap_line_length(l, layer->start - 1));
}

void tap_line_eapol(struct tap_line *l, const struct tap_layer *layer) {
  static const char *const types[] = { "EAP packet", "EAPOL start", "EAPOL logoff", "EAPOL key" };
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 4);
  if (h == NULL) {
    tap_line_cut(l, "eap");
    return;
  }
  tap_text_put(l->t, h[1] < 4 ? types[h[1]] : "EAPOL");
  tap_line_put_number(l, " (", h[1]);
  tap_line_put_number(l, ") v", h[0]);
  tap_line_put_number(l, ", len ", tap_be16(h + 2));
}
