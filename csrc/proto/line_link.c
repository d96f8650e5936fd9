/* SPDX-License-Identifier: MIT
 *
 * Words about link headers.  As with tcpdump without -e, a link header keeps
 * silent as long as a decoded protocol follows it, tags included; only a frame
 * whose payload is unknown is told by its addresses and type.  Where links are
 * asked for, all of them are told.
 */
#include "proto/line.h"

#include "proto/builtin.h"
#include "proto/ethertype.h"

enum { ADDRESSES = 12, ETH_HEADER = 14, TAG_HEADER = 4, SNAP_SAP = 0xaa };

/* "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff" of the frame around the layer in hand. */
static void put_macs(struct tap_line *l) {
  unsigned at = l->at;
  struct tap_cursor c;
  const uint8_t *h;
  while (at > 0 && l->p->layer[at].protocol != TAP_PROTO_ETH)
    at--;
  c = tap_line_window(l, &l->p->layer[at]);
  h = tap_take(&c, ADDRESSES);
  if (h == NULL || l->p->layer[at].protocol != TAP_PROTO_ETH) return;
  tap_text_put_mac(l->t, h + 6);
  tap_text_put(l->t, " > ");
  tap_text_put_mac(l->t, h);
  tap_text_put(l->t, ", ");
}

/* What a header's last two bytes say. */
static void put_type(struct tap_line *l, unsigned type) {
  if (type <= TAP_8023_LENGTH_MAX) {
    tap_text_put(l->t, "802.3");
    return;
  }
  tap_text_put(l->t, "ethertype ");
  if (type == TAP_ETHERTYPE_VLAN)
    tap_text_put(l->t, "802.1Q (0x8100)");
  else if (type == TAP_ETHERTYPE_8021AD)
    tap_text_put(l->t, "802.1Q-QinQ (0x88a8)");
  else
    tap_line_put_named(l, "eth.type", type, 4);
}

/* A frame that ends in 'type', which leads to no known protocol. */
static void put_unknown(struct tap_line *l, unsigned type) {
  put_macs(l);
  put_type(l, type);
  tap_line_put_length(l, tap_frame_wire_len(l->p->frame));
}

/* Behind the words of a link header that is told. */
static void put_turn(struct tap_line *l, const char *text) {
  l->told = true;
  if (!tap_line_last(l)) tap_text_put(l->t, text);
}

/* "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 60: " */
static void put_eth(struct tap_line *l, unsigned type) {
  put_macs(l);
  put_type(l, type);
  tap_line_put_length(l, type > TAP_8023_LENGTH_MAX ? tap_frame_wire_len(l->p->frame) : type);
  put_turn(l, ": ");
}

/* "vlan 5, p 3, ethertype IPv4 (0x0800), " */
static void put_tag(struct tap_line *l, unsigned tci, unsigned type) {
  tap_line_put_number(l, "vlan ", tci & 0xfffu);
  tap_line_put_number(l, ", p ", tci >> 13);
  if ((tci & 0x1000u) != 0) tap_text_put(l->t, ", DEI");
  tap_text_put(l->t, ", ");
  put_type(l, type);
  put_turn(l, ", ");
}

/* Both kinds of header end in a type; as a length it leaves padding out. */
static void follow(struct tap_line *l, unsigned type, uint32_t payload) {
  if (type != 0 && type <= TAP_8023_LENGTH_MAX && payload + type < l->end) l->end = payload + type;
  if (!l->link && tap_line_last(l) && l->p->fault == TAP_PAYLOAD) put_unknown(l, type);
}

void tap_line_eth(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, ETH_HEADER);
  if (h == NULL)
    tap_line_cut(l, "ether");
  else if (!tap_line_last(l) && tap_layer_lifted(l->p, layer + 1))
    return; /* its last two bytes are the tag's */
  else {
    if (l->link) put_eth(l, tap_be16(h + ADDRESSES));
    follow(l, tap_be16(h + ADDRESSES), layer->start + ETH_HEADER);
  }
}

void tap_line_vlan(struct tap_line *l, const struct tap_layer *layer) {
  bool lifted = tap_layer_lifted(l->p, layer);
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *tci = lifted ? c.at : tap_take(&c, 2), *type = tap_take(&c, 2);
  if (tci == NULL || type == NULL) {
    tap_line_cut(l, "vlan");
    return;
  }
  if (l->link && !lifted) put_tag(l, tap_be16(tci), tap_be16(type));
  follow(l, tap_be16(type), layer->start + (lifted ? 2 : TAG_HEADER));
}

static void put_snap(struct tap_line *l, const struct tap_layer *layer, const uint8_t *snap) {
  uint32_t oui = (uint32_t)tap_be16(snap) << 8 | snap[2];
  tap_text_put(l->t, "SNAP, ");
  if (oui == 0) {
    tap_text_put(l->t, "ethertype ");
    tap_line_put_named(l, "eth.type", tap_be16(snap + 3), 4);
  } else {
    tap_text_put(l->t, "oui 0x");
    tap_text_put_hex(l->t, oui, 6);
    tap_text_put(l->t, ", pid 0x");
    tap_text_put_hex(l->t, tap_be16(snap + 3), 4);
  }
  tap_line_put_length(l, tap_line_length(l, layer->start + 8));
}

static void put_saps(struct tap_line *l, const struct tap_layer *layer, const uint8_t *h) {
  tap_text_put(l->t, "LLC, dsap ");
  tap_line_put_named(l, "llc.dsap", h[0], 2);
  tap_text_put(l->t, ", ssap ");
  tap_line_put_named(l, "llc.dsap", h[1] & 0xfeu, 2);
  tap_text_put(l->t, ", ctrl 0x");
  tap_text_put_hex(l->t, h[2], 2);
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

void tap_line_llc(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 3), *snap = tap_take(&c, 5);
  bool is_snap = h != NULL && h[0] == SNAP_SAP && h[1] == SNAP_SAP;
  if (h == NULL || (is_snap && snap == NULL)) {
    tap_line_cut(l, is_snap ? "snap" : "llc");
    return;
  }
  if (!l->link) {
    if (!tap_line_last(l) || l->p->fault != TAP_PAYLOAD) return;
    put_macs(l);
  }
  if (is_snap)
    put_snap(l, layer, snap);
  else
    put_saps(l, layer, h);
  if (l->link) put_turn(l, ": ");
}

void tap_line_raw(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 1);
  if (tap_line_last(l) && h != NULL) tap_line_put_number(l, "unknown ip ", h[0] >> 4);
}
