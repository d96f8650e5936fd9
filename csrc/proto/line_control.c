/* SPDX-License-Identifier: MIT
 *
 * Words about what routers and hosts say to keep groups and routes (IGMP,
 * OSPF, VRRP, PIM), and about the chunks of SCTP.
 */
#include "proto/line.h"

#include "proto/builtin.h"

enum { IGMP_QUERY = 0x11, USUAL_RESPONSE = 100, QUERY_V3 = 12 };

/* "24.8": tenths of seconds. */
static void put_tenths(struct tap_line *l, unsigned tenths) {
  tap_text_put_uint(l->t, tenths / 10);
  tap_text_put_char(l->t, '.');
  tap_text_put_uint(l->t, tenths % 10);
}

/* RFC 3376, section 4.1.1 */
static unsigned response_time(unsigned code) {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << ((code >> 4 & 7) + 3);
}

static void put_query_v3(struct tap_line *l, const uint8_t *h) {
  unsigned sources = tap_be16(h + 10);
  tap_text_put_char(l->t, '3');
  if (response_time(h[1]) != USUAL_RESPONSE) {
    tap_text_put(l->t, " [max resp time ");
    put_tenths(l, response_time(h[1]));
    tap_text_put(l->t, "s]");
  }
  if (tap_be32(h + 4) == 0) return;
  tap_text_put(l->t, " [gaddr ");
  tap_text_put_ipv4(l->t, h + 4);
  if (sources > 0) {
    tap_line_put_number(l, ", ", sources);
    tap_text_put(l->t, " source(s)");
  }
  tap_text_put_char(l->t, ']');
}

static void put_query(struct tap_line *l, const uint8_t *h, struct tap_cursor rest) {
  tap_text_put(l->t, "igmp query v");
  if (tap_left(&rest) >= QUERY_V3 - 8) {
    put_query_v3(l, h);
    return;
  }
  tap_text_put_char(l->t, h[1] == 0 ? '1' : '2');
  if (h[1] == 0) return;
  if (h[1] != USUAL_RESPONSE) {
    tap_line_put_number(l, " [max resp time ", h[1]);
    tap_text_put_char(l->t, ']');
  }
  if (tap_be32(h + 4) == 0) return;
  tap_text_put(l->t, " [gaddr ");
  tap_text_put_ipv4(l->t, h + 4);
  tap_text_put_char(l->t, ']');
}

static void put_membership(struct tap_line *l, const char *word, const uint8_t *h) {
  tap_text_put(l->t, word);
  tap_text_put_ipv4(l->t, h + 4);
}

void tap_line_igmp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "igmp");
    return;
  }
  switch (h[0]) {
  case IGMP_QUERY: put_query(l, h, c); return;
  case 0x12: put_membership(l, "igmp v1 report ", h); return;
  case 0x16: put_membership(l, "igmp v2 report ", h); return;
  case 0x17: put_membership(l, "igmp leave ", h); return;
  case 0x22:
    tap_line_put_number(l, "igmp v3 report, ", tap_be16(h + 6));
    tap_text_put(l->t, " group record(s)");
    return;
  default: tap_line_put_number(l, "igmp-", h[0]);
  }
}

static void put_bracketed(struct tap_line *l, const char *word, uint64_t number) {
  tap_line_put_number(l, word, number);
  tap_text_put(l->t, "] ");
}

static void put_data(struct tap_line *l, unsigned flags, const uint8_t *h) {
  if ((flags & 4) != 0) tap_text_put(l->t, "(U)");
  if ((flags & 2) != 0) tap_text_put(l->t, "(B)");
  if ((flags & 1) != 0) tap_text_put(l->t, "(E)");
  tap_text_put(l->t, (flags & 7) != 0 ? " " : "");
  put_bracketed(l, "[TSN: ", tap_be32(h));
  put_bracketed(l, "[SID: ", tap_be16(h + 4));
  put_bracketed(l, "[SSEQ ", tap_be16(h + 6));
  tap_text_put(l->t, "[PPID 0x");
  tap_text_put_hex(l->t, tap_be32(h + 8), 0);
  tap_text_put(l->t, "] ");
}

static void put_init(struct tap_line *l, const uint8_t *h) {
  put_bracketed(l, "[init tag: ", tap_be32(h));
  put_bracketed(l, "[rwnd: ", tap_be32(h + 4));
  put_bracketed(l, "[OS: ", tap_be16(h + 8));
  put_bracketed(l, "[MIS: ", tap_be16(h + 10));
  put_bracketed(l, "[init TSN: ", tap_be32(h + 12));
}

static void put_sack(struct tap_line *l, const uint8_t *h) {
  put_bracketed(l, "[cum ack ", tap_be32(h));
  put_bracketed(l, "[a_rwnd ", tap_be32(h + 4));
  put_bracketed(l, "[#gap acks ", tap_be16(h + 8));
  put_bracketed(l, "[#dup tsns ", tap_be16(h + 10));
}

static const char *const chunk_names[] = {
  "DATA",        "INIT",       "INIT ACK", "SACK",         "HB REQ",
  "HB ACK",      "ABORT",      "SHUTDOWN", "SHUTDOWN ACK", "OP ERR",
  "COOKIE ECHO", "COOKIE ACK", "ECN ECHO", "CWR",          "SHUTDOWN COMPLETE",
};

/* A chunk's type, and the numbers of those that have some; false where they are cut. */
static bool put_chunk(struct tap_line *l, const uint8_t *h, struct tap_cursor body) {
  const uint8_t *data;
  size_t needed = h[0] == 1 || h[0] == 2 ? 16 : 12;
  if (h[0] >= sizeof chunk_names / sizeof chunk_names[0]) {
    put_bracketed(l, "[type ", h[0]);
    return true;
  }
  tap_text_put_char(l->t, '[');
  tap_text_put(l->t, chunk_names[h[0]]);
  tap_text_put(l->t, "] ");
  if (h[0] > 3) return true;
  if ((data = tap_take(&body, needed)) == NULL) return false;
  if (h[0] == 0)
    put_data(l, h[1], data);
  else if (h[0] == 3)
    put_sack(l, data);
  else
    put_init(l, data);
  return true;
}

void tap_line_sctp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 12);
  tap_line_put_ports(l, layer);
  tap_text_put(l->t, "sctp");
  if (h == NULL) {
    tap_line_cut(l, "sctp");
    return;
  }
  for (unsigned i = 1; (h = tap_take(&c, 4)) != NULL; i++) {
    size_t size = tap_be16(h + 2) < 4u ? 0 : tap_be16(h + 2) - 4u;
    tap_line_put_number(l, i == 1 ? " (" : ", (", i);
    tap_text_put(l->t, ") ");
    if (!put_chunk(l, h, c) || tap_take(&c, (size + 3) & ~(size_t)3) == NULL) {
      tap_line_cut(l, "sctp");
      return;
    }
  }
}

void tap_line_ospf(struct tap_line *l, const struct tap_layer *layer) {
  static const char *const names[] = { "",           "Hello",     "Database Description",
                                       "LS-Request", "LS-Update", "LS-Ack" };
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 4);
  if (h == NULL) {
    tap_line_cut(l, "ospf");
    return;
  }
  tap_line_put_number(l, "OSPFv", h[0]);
  if (h[1] > 0 && h[1] < sizeof names / sizeof names[0]) {
    tap_text_put(l->t, ", ");
    tap_text_put(l->t, names[h[1]]);
  } else {
    tap_line_put_number(l, ", unknown packet type ", h[1]);
  }
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

/* The time to live of the packet, which must be 255; only IPv4's is told. */
static void put_ttl(struct tap_line *l, const struct tap_layer *layer) {
  const struct tap_layer *ip = layer - 1;
  struct tap_cursor c;
  const uint8_t *h;
  if (layer == l->p->layer || ip->protocol != TAP_PROTO_IP) return;
  c = tap_line_window(l, ip);
  h = tap_take(&c, 9);
  if (h == NULL || h[8] == 255) return;
  tap_line_put_number(l, ", (ttl ", h[8]);
  tap_text_put_char(l->t, ')');
}

void tap_line_vrrp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  if (h == NULL) {
    tap_line_cut(l, "vrrp");
    return;
  }
  tap_line_put_number(l, "VRRPv", h[0] >> 4);
  if ((h[0] & 15) == 1)
    tap_text_put(l->t, ", Advertisement");
  else
    tap_line_put_number(l, ", unknown type ", h[0] & 15u);
  put_ttl(l, layer);
  tap_line_put_number(l, ", vrid ", h[1]);
  tap_line_put_number(l, ", prio ", h[2]);
  if (h[0] >> 4 >= 3) {
    tap_line_put_number(l, ", intvl ", tap_be16(h + 4) & 0xfffu);
    tap_text_put(l->t, "cs");
  } else {
    tap_text_put(l->t, h[4] == 0 ? ", authtype none" : ", authtype simple");
    tap_line_put_number(l, ", intvl ", h[5]);
    tap_text_put_char(l->t, 's');
  }
  tap_line_put_length(l, tap_line_length(l, layer->start));
}

void tap_line_pim(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 4);
  const char *name;
  if (h == NULL) {
    tap_line_cut(l, "pim");
    return;
  }
  tap_line_put_number(l, "PIMv", h[0] >> 4);
  name = tap_line_name(l, "pim.type", h[0] & 15u);
  tap_text_put(l->t, ", ");
  tap_text_put(l->t, name == NULL ? "unknown" : name);
  tap_line_put_length(l, tap_line_length(l, layer->start));
}
