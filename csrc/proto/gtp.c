/* SPDX-License-Identifier: MIT
 *
 * GTP of mobile networks: version 1 (3GPP TS 29.281, 29.060) with its
 * extension headers, and version 0 (TS 09.60).  A message of user data holds
 * an IP packet; of messages that control only the header is read.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { HEADER_V0 = 20, HEADER_V1 = 8, OPTIONAL = 4, USER_DATA = 255 };
enum { PORT_USER = 2152, PORT_CONTROL = 2123, PORT_V0 = 3386 };
enum { FLAG_PROTOCOL = 0x10, FLAG_EXTENSION = 0x04, FLAG_SEQUENCE = 0x02, FLAG_NPDU = 0x01 };
enum { FLAGS_OPTIONAL = FLAG_EXTENSION | FLAG_SEQUENCE | FLAG_NPDU };
enum { EXTENSION_SESSION = 0x85 };

/* Take an extension header: its length in units of four bytes, which count all of it, its content,
 * and last the type of the next one. */
static const uint8_t *take_extension(struct tap_cursor *c, size_t *size) {
  const uint8_t *h = c->at;
  if (tap_left(c) == 0 || h[0] == 0) return NULL;
  *size = h[0] * (size_t)4;
  return tap_take(c, *size);
}

/* The four bytes that any of three flags brings, and the extension headers. */
static bool take_optional(struct tap_cursor *c, unsigned flags) {
  const uint8_t *h;
  unsigned next;
  size_t size;
  if ((flags & FLAGS_OPTIONAL) == 0) return true;
  h = tap_take(c, OPTIONAL);
  if (h == NULL) return false;
  next = (flags & FLAG_EXTENSION) != 0 ? h[3] : 0;
  while (next != 0) {
    if ((h = take_extension(c, &size)) == NULL) return false;
    next = h[size - 1];
  }
  return true;
}

static enum tap_verdict gtp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  unsigned version;
  if (tap_left(c) < HEADER_V1) return TAP_TRUNCATED;
  version = h[0] >> 5;
  if (version > 1 || (h[0] & FLAG_PROTOCOL) == 0) return TAP_FOREIGN;
  tap_take(c, HEADER_V1);
  if (version == 0 && tap_take(c, HEADER_V0 - HEADER_V1) == NULL) return TAP_TRUNCATED;
  tap_narrow(c, tap_be16(h + 2));
  if (version == 1 && !take_optional(c, h[0])) return TAP_TRUNCATED;
  if (h[1] != USER_DATA) return TAP_LAST;
  return tap_left(c) == 0 ? TAP_TRUNCATED : tap_ip_follow(c, out);
}

/* 'n' bytes at 'offset' of a header of a version that has one of the flags, if any are asked. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned version, unsigned flags, size_t offset, size_t n) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 1) : NULL;
  if (h == NULL || h[0] >> 5 != version || (flags != 0 && (h[0] & flags) == 0)) return NULL;
  return tap_header_at(p, layer, offset, n);
}

static bool give_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      unsigned flag, struct tap_value *out) {
  const uint8_t *h = at(p, layer, nth, 1, 0, 0, 1);
  return h != NULL && tap_give_number(out, TAP_FLAG, (h[0] & flag) != 0);
}

static bool read_extension_flag(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return give_flag(p, layer, nth, FLAG_EXTENSION, out);
}

static bool read_sequence_flag(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  return give_flag(p, layer, nth, FLAG_SEQUENCE, out);
}

static bool read_npdu_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_flag(p, layer, nth, FLAG_NPDU, out);
}

static bool read_teid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, 1, 0, 4, 4), 4);
}

static bool read_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *v1 = at(p, layer, nth, 1, FLAG_SEQUENCE, 8, 2);
  return tap_give_load(out, TAP_UINT, v1 != NULL ? v1 : at(p, layer, nth, 0, 0, 4, 2), 2);
}

static bool read_npdu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, 1, FLAG_NPDU, 10, 1), 1);
}

static bool read_flow_label(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, 0, 0, 6, 2), 2);
}

/* The types of extension headers, each told by what stands before; the last one is 0. */
static bool read_next(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *type = at(p, layer, 0, 1, FLAG_EXTENSION, HEADER_V1 + 3, 1);
  struct tap_cursor c = tap_header_window(p, layer, HEADER_V1 + OPTIONAL);
  size_t size;
  for (; type != NULL && nth > 0; nth--) {
    const uint8_t *h = type[0] == 0 ? NULL : take_extension(&c, &size);
    type = h == NULL ? NULL : h + size - 1;
  }
  return type != NULL && tap_give_number(out, TAP_UINT, type[0]);
}

/* The first extension header of a type. */
static const uint8_t *extension(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, unsigned wanted) {
  const uint8_t *h = at(p, layer, nth, 1, FLAG_EXTENSION, HEADER_V1 + 3, 1);
  struct tap_cursor c = tap_header_window(p, layer, HEADER_V1 + OPTIONAL);
  unsigned type, following = h == NULL ? 0 : h[0];
  size_t size;
  do {
    type = following;
    h = type == 0 ? NULL : take_extension(&c, &size);
    following = h == NULL ? 0 : h[size - 1];
  } while (h != NULL && type != wanted);
  return h;
}

static bool read_session_type(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  const uint8_t *h = extension(p, layer, nth, EXTENSION_SESSION);
  return h != NULL && tap_give_number(out, TAP_UINT, h[1] >> 4);
}

static bool read_qos_flow(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *h = extension(p, layer, nth, EXTENSION_SESSION);
  return h != NULL && tap_give_number(out, TAP_UINT, h[2] & 0x3fu);
}

static const struct tap_name message_names[] = {
  { 1, "Echo request" },
  { 2, "Echo response" },
  { 3, "Version not supported" },
  { 16, "Create PDP context request" },
  { 17, "Create PDP context response" },
  { 18, "Update PDP context request" },
  { 19, "Update PDP context response" },
  { 20, "Delete PDP context request" },
  { 21, "Delete PDP context response" },
  { 26, "Error indication" },
  { 31, "Supported extension headers" },
  { 254, "End marker" },
  { USER_DATA, "T-PDU" },
  { 0, NULL },
};

static const struct tap_name extension_names[] = {
  { 0x00, "No more" },          { 0x40, "UDP Port" },
  { 0x81, "RAN Container" },    { 0x82, "Long PDCP PDU Number" },
  { 0x84, "NR RAN Container" }, { EXTENSION_SESSION, "PDU Session Container" },
  { 0xc0, "PDCP PDU Number" },  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("gtp.flags", "Flags", TAP_UINT, 0, 8, .flags = TAP_HEX),
  TAP_PLACE("gtp.flags.version", "Version", TAP_UINT, 0, 3),
  TAP_PLACE("gtp.flags.payload", "Protocol type", TAP_UINT, 3, 1),
  TAP_READ("gtp.flags.e", "Extension headers", TAP_FLAG, read_extension_flag, .bit = 5, .bits = 1),
  TAP_READ("gtp.flags.s", "Sequence number", TAP_FLAG, read_sequence_flag, .bit = 6, .bits = 1),
  TAP_READ("gtp.flags.pn", "N-PDU number", TAP_FLAG, read_npdu_flag, .bit = 7, .bits = 1),
  TAP_PLACE("gtp.message", "Message Type", TAP_UINT, 8, 8, .flags = TAP_HEX,
            .names = message_names),
  TAP_PLACE("gtp.length", "Length", TAP_UINT, 16, 16, .unit = "bytes"),
  TAP_READ("gtp.teid", "Tunnel Endpoint", TAP_UINT, read_teid, .bit = 32, .bits = 32,
           .flags = TAP_HEX),
  TAP_READ("gtp.seq_number", "Sequence Number", TAP_UINT, read_sequence, .bits = 16,
           .flags = TAP_HEX),
  TAP_READ("gtp.flow_label", "Flow Label", TAP_UINT, read_flow_label, .bit = 48, .bits = 16,
           .flags = TAP_HEX),
  TAP_READ("gtp.npdu_number", "N-PDU Number", TAP_UINT, read_npdu, .bit = 80, .bits = 8,
           .flags = TAP_HEX),
  TAP_READ("gtp.ext_hdr.next", "Extension Header", TAP_UINT, read_next, .bits = 8,
           .flags = TAP_HEX | TAP_REPEATS, .names = extension_names),
  TAP_READ("gtp.ext_hdr.pdu_ses_con.pdu_type", "PDU Session Type", TAP_UINT, read_session_type),
  TAP_READ("gtp.ext_hdr.pdu_ses_con.qos_flow_id", "QoS Flow", TAP_UINT, read_qos_flow),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_UDP_PORT, PORT_USER },
  { TAP_BY_UDP_PORT, PORT_CONTROL },
  { TAP_BY_UDP_PORT, PORT_V0 },
};

const struct tap_protocol tap_gtp_protocol = {
  .name = "gtp",
  .title = "GPRS Tunneling Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = gtp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
