/* SPDX-License-Identifier: MIT
 *
 * Words about TCP and UDP.  Sequence numbers are absolute, as with tcpdump -S,
 * since a line speaks of its packet alone.  Lengths are those on the wire.
 */
#include "proto/line.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, URG = 32 };

static void put_flags(struct tap_line *l, unsigned flags) {
  static const char letters[] = "FSRP.UEW";
  tap_text_put(l->t, "Flags [");
  if ((flags & 0xff) == 0) tap_text_put(l->t, "none");
  for (unsigned i = 0; i < 8; i++)
    if ((flags >> i & 1) != 0) tap_text_put_char(l->t, letters[i]);
  tap_text_put_char(l->t, ']');
}

/* Sequence number and, where there is data, the one behind it. */
static void put_sequence(struct tap_line *l, uint32_t sequence, uint32_t length) {
  tap_text_put(l->t, ", seq ");
  tap_text_put_uint(l->t, sequence);
  if (length == 0) return;
  tap_text_put_char(l->t, ':');
  tap_text_put_uint(l->t, (uint32_t)(sequence + length));
}

static void put_sack(struct tap_line *l, const uint8_t *data, unsigned bytes) {
  tap_line_put_number(l, "sack ", bytes / 8);
  tap_text_put_char(l->t, ' ');
  for (unsigned i = 0; i + 8 <= bytes; i += 8) {
    tap_line_put_number(l, "{", tap_be32(data + i));
    tap_line_put_number(l, ":", tap_be32(data + i + 4));
    tap_text_put_char(l->t, '}');
  }
}

static void put_cookie(struct tap_line *l, const uint8_t *data, unsigned bytes) {
  tap_text_put(l->t, bytes == 0 ? "tfo cookiereq" : "tfo cookie ");
  tap_text_put_dump(l->t, data, bytes);
}

static void put_bytes(struct tap_line *l, const char *word, const uint8_t *data, unsigned bytes) {
  tap_text_put(l->t, word);
  if (bytes == 0) return;
  tap_text_put(l->t, " 0x");
  tap_text_put_dump(l->t, data, bytes);
}

static void put_unknown(struct tap_line *l, unsigned kind, const uint8_t *data, unsigned bytes) {
  tap_line_put_number(l, "unknown-", kind);
  put_bytes(l, "", data, bytes);
}

/* An option with 'bytes' bytes of data: RFC 9293, 7323, 2018, 2385, 5925, 8684, 7413. */
static void put_option(struct tap_line *l, unsigned kind, const uint8_t *data, unsigned bytes) {
  if (kind == 2 && bytes == 2) {
    tap_line_put_number(l, "mss ", tap_be16(data));
  } else if (kind == 3 && bytes == 1) {
    tap_line_put_number(l, "wscale ", data[0]);
  } else if (kind == 4 && bytes == 0) {
    tap_text_put(l->t, "sackOK");
  } else if (kind == 5 && bytes % 8 == 0) {
    put_sack(l, data, bytes);
  } else if (kind == 8 && bytes == 8) {
    tap_line_put_number(l, "TS val ", tap_be32(data));
    tap_line_put_number(l, " ecr ", tap_be32(data + 4));
  } else if (kind == 19 && bytes == 16) {
    put_bytes(l, "md5", data, bytes);
  } else if (kind == 29 && bytes >= 2) {
    tap_line_put_number(l, "tcp-ao keyid ", data[0]);
    tap_line_put_number(l, " rnextkeyid ", data[1]);
    put_bytes(l, bytes > 2 ? " mac" : "", data + 2, bytes - 2);
  } else if (kind == 30 && bytes >= 1) {
    put_bytes(l, "mptcp", data, bytes);
  } else if (kind == 34) {
    put_cookie(l, data, bytes);
  } else {
    put_unknown(l, kind, data, bytes);
  }
}

/* Put the next option.  False at the end of the list, where the option makes no sense, and where
 * it is not whole. */
static bool next_option(struct tap_line *l, struct tap_cursor *c, bool cut) {
  const uint8_t *kind = tap_take(c, 1), *size, *data;
  if (kind[0] == 0) tap_text_put(l->t, "eol");
  if (kind[0] == 1) tap_text_put(l->t, "nop");
  if (kind[0] <= 1) return kind[0] == 1;
  size = tap_take(c, 1);
  data = size != NULL && size[0] >= 2 ? tap_take(c, size[0] - 2u) : NULL;
  if (data != NULL)
    put_option(l, kind[0], data, size[0] - 2u);
  else if (cut)
    tap_line_cut(l, "tcp");
  else
    tap_text_put(l->t, "[bad opt]");
  return data != NULL;
}

/* The options, in 'bytes' bytes of which the window may hold fewer. */
static void put_options(struct tap_line *l, struct tap_cursor c, size_t bytes) {
  bool cut = tap_left(&c) < bytes;
  if (bytes == 0) return;
  tap_narrow(&c, bytes);
  tap_text_put(l->t, ", options [");
  while (tap_left(&c) > 0 && next_option(l, &c, cut))
    if (cut || tap_left(&c) > 0) tap_text_put_char(l->t, ',');
  if (cut && !l->over)
    tap_line_cut(l, "tcp");
  else if (!l->over)
    tap_text_put_char(l->t, ']');
}

/* A header shorter than its fixed part, or longer than the packet. */
static void put_bad_header(struct tap_line *l, const char *word, unsigned header, uint32_t than) {
  tap_line_put_number(l, " [bad header length ", header);
  tap_line_put_number(l, word, than);
  tap_text_put_char(l->t, ']');
  l->over = true;
}

static void put_numbers(struct tap_line *l, const uint8_t *h, uint32_t length) {
  unsigned flags = h[13];
  if (length > 0 || (flags & (FIN | SYN | RST)) != 0) put_sequence(l, tap_be32(h + 4), length);
  if ((flags & ACK) != 0) tap_line_put_number(l, ", ack ", tap_be32(h + 8));
  tap_line_put_number(l, ", win ", tap_be16(h + 14));
  if ((flags & URG) != 0) tap_line_put_number(l, ", urg ", tap_be16(h + 18));
}

void tap_line_tcp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, TCP_HEADER);
  uint32_t header, room = tap_line_length(l, layer->start);
  tap_line_put_ports(l, layer);
  if (h == NULL) {
    tap_line_cut(l, "tcp");
    return;
  }
  header = (h[12] >> 4) * 4u;
  put_flags(l, h[13]);
  if (header < TCP_HEADER) {
    put_bad_header(l, " < ", header, TCP_HEADER);
  } else if (header > room) {
    put_bad_header(l, " > ", header, room);
  } else {
    put_numbers(l, h, room - header);
    put_options(l, c, header - TCP_HEADER);
    if (!l->over) tap_line_put_length(l, room - header);
  }
}

void tap_line_udp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, UDP_HEADER);
  uint32_t length, room = tap_line_length(l, layer->start);
  tap_line_put_ports(l, layer);
  if (h == NULL || room < UDP_HEADER) {
    tap_line_cut(l, "udp");
    return;
  }
  length = tap_be16(h + 4);
  if (length == 0) length = room; /* a jumbogram */
  if (length < UDP_HEADER) {
    tap_line_put_number(l, "truncated-udplength ", length);
    l->over = true;
  } else if (length > room && !l->fragment) {
    tap_line_put_number(l, "UDP, bad length ", length - UDP_HEADER);
    tap_line_put_number(l, " > ", room - UDP_HEADER);
  } else if (!tap_line_next_speaks(l)) {
    tap_line_put_number(l, "UDP, length ", length - UDP_HEADER);
  }
}
