/* SPDX-License-Identifier: MIT
 *
 * L2TP: version 2 over UDP (RFC 2661), which carries PPP, and version 3 over
 * UDP or over IP at once (RFC 3931).  What version 3 carries was agreed on
 * when the session began, and so was the size of its cookie: it is data.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { IP_PROTO_L2TP = 115, PORT_L2TP = 1701, SESSION = 4 };

/* flags: the first two bytes */
enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 0x000f };

/* The parts of a header in their order; each is there or not by the flags. */
enum part { LENGTH_PART, IDS_PART, SEQUENCE_PART, OFFSET_PART, END_PART };

static size_t size_of(unsigned flags, enum part part) {
  switch (part) {
  case LENGTH_PART: return (flags & LENGTH) != 0 ? 2 : 0;
  case IDS_PART: return 4;
  case SEQUENCE_PART: return (flags & SEQUENCE) != 0 ? 4 : 0;
  case OFFSET_PART: return (flags & OFFSET) != 0 ? 2 : 0;
  default: return 0;
  }
}

/* Where a part starts; END_PART: how long the header is, up to the padding that OFFSET counts. */
static size_t start_of(unsigned flags, enum part part) {
  size_t offset = 2;
  for (enum part i = LENGTH_PART; i < part; i++)
    offset += size_of(flags, i);
  return offset;
}

/* Version 2, and control messages of version 3, which have the same parts. */
static enum tap_verdict classic_parse(struct tap_cursor *c, struct tap_step *out, unsigned flags) {
  const uint8_t *h = tap_take(c, start_of(flags, END_PART));
  size_t length;
  if (h == NULL) return TAP_TRUNCATED;
  if ((flags & LENGTH) != 0) {
    length = tap_be16(h + 2);
    if (length < start_of(flags, END_PART)) return TAP_MALFORMED;
    tap_narrow(c, length - start_of(flags, END_PART));
  }
  if ((flags & OFFSET) != 0 && tap_take(c, tap_be16(h + start_of(flags, OFFSET_PART))) == NULL)
    return TAP_TRUNCATED;
  return (flags & CONTROL) != 0 ? TAP_LAST : tap_tunnel_follow(out, TAP_ETHERTYPE_PPP);
}

/* Over IP a session's number comes first, and 0 means a control message. */
static enum tap_verdict direct_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, SESSION);
  if (h == NULL) return TAP_TRUNCATED;
  if (tap_be32(h) != 0) return TAP_LAST;
  if (tap_left(c) < 2) return TAP_TRUNCATED;
  return classic_parse(c, out, (tap_be16(c->at) | CONTROL) & ~(unsigned)OFFSET);
}

static enum tap_verdict l2tp_parse(struct tap_cursor *c, struct tap_step *out) {
  unsigned flags;
  if (out->from == IP_PROTO_L2TP) return direct_parse(c, out);
  if (tap_left(c) < 2) return TAP_TRUNCATED;
  flags = tap_be16(c->at);
  if ((flags & VERSION) == 2) return classic_parse(c, out, flags);
  if ((flags & VERSION) != 3) return TAP_FOREIGN;
  if ((flags & CONTROL) != 0) return classic_parse(c, out, flags & ~(unsigned)OFFSET);
  return tap_take(c, 8) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

/* A header, taken apart: where its flags are, and what they say. */
struct header {
  size_t start;
  unsigned flags;
  bool direct; /* over IP */
};

static bool is_direct(const struct tap_packet *p, const struct tap_layer *layer) {
  return layer > p->layer && layer[-1].protocol != TAP_PROTO_UDP;
}

/* False where there are no flags: a data message over IP has none. */
static bool open_header(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct header *out) {
  const uint8_t *session = tap_header_at(p, layer, 0, SESSION), *flags;
  out->direct = is_direct(p, layer);
  out->start = out->direct ? SESSION : 0;
  if (nth > 0 || (out->direct && (session == NULL || tap_be32(session) != 0))) return false;
  flags = tap_header_at(p, layer, out->start, 2);
  if (flags == NULL) return false;
  out->flags = tap_be16(flags);
  return true;
}

static bool give_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       enum tap_type type, unsigned shift, unsigned mask, struct tap_value *out) {
  struct header h;
  return open_header(p, layer, nth, &h) && tap_give_number(out, type, h.flags >> shift & mask);
}

static bool read_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_flags(p, layer, nth, TAP_UINT, 0, 0xffff, out);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_flags(p, layer, nth, TAP_UINT, 15, 1, out);
}

static bool read_length_bit(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return give_flags(p, layer, nth, TAP_FLAG, 14, 1, out);
}

static bool read_sequence_bit(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give_flags(p, layer, nth, TAP_FLAG, 11, 1, out);
}

static bool read_version(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_flags(p, layer, nth, TAP_UINT, 0, VERSION, out);
}

/* Two bytes of a part of a control message, or of version 2. */
static bool give_part(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      enum part part, size_t offset, struct tap_value *out) {
  struct header h;
  if (!open_header(p, layer, nth, &h) || size_of(h.flags, part) == 0) return false;
  if ((h.flags & VERSION) != 2 && (part == OFFSET_PART || (h.flags & CONTROL) == 0)) return false;
  return tap_give_load(out, TAP_UINT,
                       tap_header_at(p, layer, h.start + start_of(h.flags, part) + offset, 2), 2);
}

static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_part(p, layer, nth, LENGTH_PART, 0, out);
}

/* Tunnel and session of version 2. */
static bool give_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    size_t offset, struct tap_value *out) {
  struct header h;
  if (!open_header(p, layer, nth, &h) || (h.flags & VERSION) != 2) return false;
  return give_part(p, layer, nth, IDS_PART, offset, out);
}

static bool read_tunnel(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_id(p, layer, nth, 0, out);
}

static bool read_session(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_id(p, layer, nth, 2, out);
}

static bool read_ns(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_part(p, layer, nth, SEQUENCE_PART, 0, out);
}

static bool read_nr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_part(p, layer, nth, SEQUENCE_PART, 2, out);
}

static bool read_offset(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_part(p, layer, nth, OFFSET_PART, 0, out);
}

/* Version 3: the session of data, and the connection that a control message is about. */
static bool read_sid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct header h;
  bool flags = open_header(p, layer, nth, &h);
  if (nth > 0) return false;
  if (h.direct) return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 0, SESSION), 4);
  if (!flags || (h.flags & VERSION) != 3 || (h.flags & CONTROL) != 0) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 4, SESSION), 4);
}

static bool read_ccid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct header h;
  size_t offset;
  if (!open_header(p, layer, nth, &h)) return false;
  if ((h.flags & VERSION) != 3 || (h.flags & CONTROL) == 0) return false;
  offset = h.start + start_of(h.flags, IDS_PART);
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, offset, 4), 4);
}

static const struct tap_name type_names[] = { { 0, "Data" }, { 1, "Control" }, { 0, NULL } };

static const struct tap_field fields[] = {
  TAP_READ("l2tp.flags", "Flags", TAP_UINT, read_flags, .bits = 16, .flags = TAP_HEX),
  TAP_READ("l2tp.type", "Type", TAP_UINT, read_type, .names = type_names),
  TAP_READ("l2tp.length_bit", "Length is there", TAP_FLAG, read_length_bit),
  TAP_READ("l2tp.seq_bit", "Sequence is there", TAP_FLAG, read_sequence_bit),
  TAP_READ("l2tp.version", "Version", TAP_UINT, read_version),
  TAP_READ("l2tp.length", "Length", TAP_UINT, read_length, .unit = "bytes"),
  TAP_READ("l2tp.tunnel", "Tunnel", TAP_UINT, read_tunnel),
  TAP_READ("l2tp.session", "Session", TAP_UINT, read_session),
  TAP_READ("l2tp.Ns", "Sent", TAP_UINT, read_ns),
  TAP_READ("l2tp.Nr", "Expected", TAP_UINT, read_nr),
  TAP_READ("l2tp.offset", "Offset", TAP_UINT, read_offset, .unit = "bytes"),
  TAP_READ("l2tp.sid", "Session of version 3", TAP_UINT, read_sid, .bits = 32, .flags = TAP_HEX),
  TAP_READ("l2tp.ccid", "Control Connection", TAP_UINT, read_ccid, .bits = 32, .flags = TAP_HEX),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_UDP_PORT, PORT_L2TP },
  { TAP_BY_IP_PROTO, IP_PROTO_L2TP },
};

const struct tap_protocol tap_l2tp_protocol = {
  .name = "l2tp",
  .title = "Layer 2 Tunneling Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = l2tp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
