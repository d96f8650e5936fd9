/* SPDX-License-Identifier: MIT
 *
 * Words about what wraps packets: GRE, MPLS, VXLAN, GENEVE, ESP.  They end
 * where the words about the packet inside begin.
 */
#include "proto/line.h"

#include "proto/ethertype.h"

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000 };
enum { GRE_ACK = 0x0080, GRE_VERSION = 7 };

/* A part of a GRE header, four bytes; NULL where it is cut, which is said. */
static const uint8_t *take_part(struct tap_line *l, struct tap_cursor *c) {
  const uint8_t *at = tap_take(c, 4);
  if (at == NULL) tap_line_cut(l, "gre");
  return at;
}

static void put_gre_parts(struct tap_line *l, struct tap_cursor *c, unsigned flags) {
  const uint8_t *at;
  if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) != 0) {
    if ((at = take_part(l, c)) == NULL) return;
    tap_text_put(l->t, ", off 0x");
    tap_text_put_hex(l->t, tap_be16(at + 2), 0);
  }
  if ((flags & GRE_KEY) != 0) {
    if ((at = take_part(l, c)) == NULL) return;
    tap_text_put(l->t, ", key=0x");
    tap_text_put_hex(l->t, tap_be32(at), 0);
  }
  if ((flags & GRE_SEQUENCE) == 0 || (at = take_part(l, c)) == NULL) return;
  tap_line_put_number(l, ", seq ", tap_be32(at));
}

/* The header of PPTP, whose key is a length and a call. */
static void put_pptp_parts(struct tap_line *l, struct tap_cursor *c, unsigned flags) {
  const uint8_t *at;
  if ((flags & GRE_KEY) != 0) {
    if ((at = take_part(l, c)) == NULL) return;
    tap_line_put_number(l, ", call ", tap_be16(at + 2));
  }
  if ((flags & GRE_SEQUENCE) != 0) {
    if ((at = take_part(l, c)) == NULL) return;
    tap_line_put_number(l, ", seq ", tap_be32(at));
  }
  if ((flags & GRE_ACK) == 0 || (at = take_part(l, c)) == NULL) return;
  tap_line_put_number(l, ", ack ", tap_be32(at));
}

void tap_line_gre(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = take_part(l, &c);
  unsigned flags, version;
  if (h == NULL) return;
  flags = tap_be16(h);
  version = flags & GRE_VERSION;
  tap_line_put_number(l, "GREv", version);
  if (version == 1)
    put_pptp_parts(l, &c, flags);
  else
    put_gre_parts(l, &c, flags);
  if (l->over) return;
  tap_line_put_length(l, tap_line_length(l, layer->start));
  tap_text_put(l->t, ": ");
  if (!tap_line_last(l)) return;
  tap_text_put(l->t, "gre-proto-0x");
  tap_text_put_hex(l->t, tap_be16(h + 2), 4);
}

void tap_line_mpls(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h;
  tap_text_put(l->t, "MPLS");
  do {
    if ((h = tap_take(&c, 4)) == NULL) {
      tap_line_cut(l, "mpls");
      return;
    }
    tap_line_put_number(l, " (label ", tap_be32(h) >> 12);
    tap_line_put_number(l, ", tc ", h[2] >> 1 & 7);
    if ((h[2] & 1) != 0) tap_text_put(l->t, ", [S]");
    tap_line_put_number(l, ", ttl ", h[3]);
    tap_text_put_char(l->t, ')');
  } while ((h[2] & 1) == 0);
  tap_text_put_char(l->t, ' ');
}

/* Nothing that a reader would miss. */
void tap_line_pseudowire(struct tap_line *l, const struct tap_layer *layer) {
  (void)l;
  (void)layer;
}

void tap_line_vxlan(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "vxlan");
    return;
  }
  tap_text_put(l->t, "VXLAN, flags [I");
  if ((h[0] & 4) != 0) tap_text_put_char(l->t, 'P');
  tap_text_put(l->t, "] (0x");
  tap_text_put_hex(l->t, h[0], 2);
  tap_line_put_number(l, "), vni ", tap_be32(h + 4) >> 8);
  tap_text_put(l->t, tap_line_last(l) ? "" : ": ");
}

void tap_line_geneve(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "geneve");
    return;
  }
  tap_text_put(l->t, "Geneve, Flags [");
  if ((h[1] & 0x80) != 0) tap_text_put_char(l->t, 'O');
  if ((h[1] & 0x40) != 0) tap_text_put_char(l->t, 'C');
  tap_text_put(l->t, (h[1] & 0xc0) != 0 ? "], vni 0x" : "none], vni 0x");
  tap_text_put_hex(l->t, tap_be32(h + 4) >> 8, 0);
  if ((h[0] & 0x3f) != 0) {
    tap_line_put_number(l, ", options [", (h[0] & 0x3fu) * 4);
    tap_text_put(l->t, " bytes]");
  }
  tap_text_put(l->t, tap_line_last(l) ? "" : ": ");
}

void tap_line_esp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "esp");
    return;
  }
  tap_text_put(l->t, "ESP(spi=0x");
  tap_text_put_hex(l->t, tap_be32(h), 8);
  tap_text_put(l->t, ",seq=0x");
  tap_text_put_hex(l->t, tap_be32(h + 4), 0);
  tap_text_put_char(l->t, ')');
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

void tap_line_udpencap(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 1);
  if (h != NULL && h[0] == 0xff && tap_left(&c) == 0)
    tap_text_put(l->t, "isakmp-nat-keep-alive");
  else if (!tap_line_last(l))
    tap_text_put(l->t, "UDP-encap: ");
  else
    tap_text_put(l->t, layer->header == 4 ? "NONESP-encap: isakmp" : "NONESP-encap");
}
