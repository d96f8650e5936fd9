/* SPDX-License-Identifier: MIT
 *
 * PPP over Ethernet (RFC 2516): six bytes, behind which discovery has a list
 * of tags and a session has PPP.  The six bytes are named alike in both
 * (pppoe.*), so their rows belong to two protocols.
 */
#include "proto/builtin.h"
#include "proto/linktype.h"
#include "proto/read.h"
#include "proto/tlv.h"

enum { PPPOE_HEADER = 6, PPPOE_LENGTH = 4, TAG_HEADER = 4 };
enum { ETHERTYPE_DISCOVERY = 0x8863, ETHERTYPE_SESSION = 0x8864 };
enum {
  SERVICE_NAME = 0x0101,
  AC_NAME = 0x0102,
  HOST_UNIQ = 0x0103,
  AC_COOKIE = 0x0104,
  VENDOR = 0x0105,
  RELAY_SESSION = 0x0110,
  MAX_PAYLOAD = 0x0120,
  SERVICE_ERROR = 0x0201,
  SYSTEM_ERROR = 0x0202,
  GENERIC_ERROR = 0x0203
};

static bool next_tag(struct tap_cursor *c, struct tap_tlv *out) {
  struct tap_cursor at = *c;
  const uint8_t *h = tap_take(&at, TAG_HEADER);
  if (h == NULL) return false;
  out->type = tap_be16(h);
  out->length = out->size = tap_be16(h + 2);
  out->value = tap_take(&at, out->size);
  if (out->value == NULL) return false;
  *c = at;
  return true;
}

/* The six bytes.  What follows ends where their length says. */
static const uint8_t *take_header(struct tap_cursor *c) {
  const uint8_t *h = tap_take(c, PPPOE_HEADER);
  if (h != NULL) tap_narrow(c, tap_be16(h + PPPOE_LENGTH));
  return h;
}

static enum tap_verdict pppoed_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = take_header(c);
  return h == NULL ? TAP_TRUNCATED : tap_tlv_take(c, next_tag, TAP_TLV_NONE, out->cut);
}

static enum tap_verdict pppoes_parse(struct tap_cursor *c, struct tap_step *out) {
  if (take_header(c) == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_LINKTYPE;
  out->key = TAP_LINKTYPE_PPP;
  return TAP_PAYLOAD;
}

/* Layer 'nth' of either protocol. */
static const struct tap_layer *either(const struct tap_packet *p, unsigned nth) {
  for (unsigned i = 0; i < p->count; i++)
    if (p->layer[i].protocol == TAP_PROTO_PPPOED || p->layer[i].protocol == TAP_PROTO_PPPOES)
      if (nth-- == 0) return &p->layer[i];
  return NULL;
}

/* The header of a layer, or where none is given the packet's header 'nth' of either protocol. */
static const uint8_t *header_at(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, size_t offset, size_t n) {
  if (layer != NULL && nth > 0) return NULL;
  if (layer == NULL) layer = either(p, nth);
  return layer == NULL ? NULL : tap_header_at(p, layer, offset, n);
}

static bool read_version(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = header_at(p, layer, nth, 0, 1);
  return at != NULL && tap_give_number(out, TAP_UINT, at[0] >> 4);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *at = header_at(p, layer, nth, 0, 1);
  return at != NULL && tap_give_number(out, TAP_UINT, at[0] & 0x0fu);
}

static bool read_code(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, header_at(p, layer, nth, 1, 1), 1);
}

static bool read_session_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, header_at(p, layer, nth, 2, 2), 2);
}

static bool read_payload_length(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, header_at(p, layer, nth, PPPOE_LENGTH, 2), 2);
}

static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, struct tap_tlv *out) {
  return tap_tlv_find(tap_header_window(p, layer, PPPOE_HEADER), next_tag, type, 0, nth, out);
}

static bool read_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct tap_tlv tag;
  return find(p, layer, nth, TAP_TLV_ANY, &tag) && tap_give_number(out, TAP_UINT, tag.type);
}

static bool read_tag_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  struct tap_tlv tag;
  return find(p, layer, nth, TAP_TLV_ANY, &tag) && tap_give_number(out, TAP_UINT, tag.length);
}

/* The value of the first tag of a type. */
static bool give_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned type, enum tap_type as, struct tap_value *out) {
  struct tap_tlv tag;
  return find(p, layer, nth, type, &tag) && tap_give_bytes(out, as, tag.value, tag.size);
}

static bool read_service_name(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, SERVICE_NAME, TAP_STRING, out);
}

static bool read_ac_name(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_tag(p, layer, nth, AC_NAME, TAP_STRING, out);
}

static bool read_host_uniq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_tag(p, layer, nth, HOST_UNIQ, TAP_BYTES, out);
}

static bool read_ac_cookie(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_tag(p, layer, nth, AC_COOKIE, TAP_BYTES, out);
}

static bool read_relay_session(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, RELAY_SESSION, TAP_BYTES, out);
}

static bool read_max_payload(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, MAX_PAYLOAD, TAP_BYTES, out);
}

static bool read_service_error(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, SERVICE_ERROR, TAP_STRING, out);
}

static bool read_system_error(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, SYSTEM_ERROR, TAP_STRING, out);
}

static bool read_generic_error(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  return give_tag(p, layer, nth, GENERIC_ERROR, TAP_STRING, out);
}

static const struct tap_name code_names[] = {
  { 0x00, "Session Data" }, { 0x07, "PADO" }, { 0x09, "PADI" }, { 0x0a, "PADG" },
  { 0x0b, "PADC" },         { 0x0c, "PADQ" }, { 0x19, "PADR" }, { 0x65, "PADS" },
  { 0xa7, "PADT" },         { 0xd3, "PADM" }, { 0xd4, "PADN" }, { 0, NULL },
};

static const struct tap_name tag_names[] = {
  { 0x0000, "End-Of-List" },
  { SERVICE_NAME, "Service-Name" },
  { AC_NAME, "AC-Name" },
  { HOST_UNIQ, "Host-Uniq" },
  { AC_COOKIE, "AC-Cookie" },
  { VENDOR, "Vendor-Specific" },
  { RELAY_SESSION, "Relay-Session-Id" },
  { 0x0112, "HURL" },
  { 0x0113, "MOTM" },
  { MAX_PAYLOAD, "PPP-Max-Payload" },
  { 0x0121, "IP-Route-Add" },
  { SERVICE_ERROR, "Service-Name-Error" },
  { SYSTEM_ERROR, "AC-System-Error" },
  { GENERIC_ERROR, "Generic-Error" },
  { 0, NULL },
};

/* The rows of both protocols, and once more for the registry, which has each name once. */
#define COMMON_ROWS                                                                                \
  TAP_READ("pppoe.version", "Version", TAP_UINT, read_version, .flags = TAP_SHARED, .bit = 0,      \
           .bits = 4),                                                                             \
      TAP_READ("pppoe.type", "Type", TAP_UINT, read_type, .flags = TAP_SHARED, .bit = 4,           \
               .bits = 4),                                                                         \
      TAP_READ("pppoe.code", "Code", TAP_UINT, read_code, .flags = TAP_SHARED | TAP_HEX, .bit = 8, \
               .bits = 8, .names = code_names),                                                    \
      TAP_READ("pppoe.session_id", "Session ID", TAP_UINT, read_session_id,                        \
               .flags = TAP_SHARED | TAP_HEX, .bit = 16, .bits = 16),                              \
      TAP_READ("pppoe.payload_length", "Payload Length", TAP_UINT, read_payload_length,            \
               .flags = TAP_SHARED, .bit = 32, .bits = 16, .unit = "bytes")

const struct tap_field tap_pppoe_fields[] = { COMMON_ROWS, { 0 } };

static const struct tap_field pppoed_fields[] = {
  COMMON_ROWS,
  TAP_READ("pppoed.tag", "Tag", TAP_UINT, read_tag, .flags = TAP_HEX | TAP_REPEATS,
           .names = tag_names),
  TAP_READ("pppoed.tag_length", "Tag Length", TAP_UINT, read_tag_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("pppoed.tags.service_name", "Service-Name", TAP_STRING, read_service_name,
           .flags = TAP_REPEATS),
  TAP_READ("pppoed.tags.ac_name", "AC-Name", TAP_STRING, read_ac_name),
  TAP_READ("pppoed.tags.host_uniq", "Host-Uniq", TAP_BYTES, read_host_uniq),
  TAP_READ("pppoed.tags.ac_cookie", "AC-Cookie", TAP_BYTES, read_ac_cookie),
  TAP_READ("pppoed.tags.relay_session_id", "Relay-Session-Id", TAP_BYTES, read_relay_session),
  TAP_READ("pppoed.tags.max_payload", "PPP-Max-Payload", TAP_BYTES, read_max_payload),
  TAP_READ("pppoed.tags.service_name_error", "Service-Name-Error", TAP_STRING, read_service_error),
  TAP_READ("pppoed.tags.ac_system_error", "AC-System-Error", TAP_STRING, read_system_error),
  TAP_READ("pppoed.tags.generic_error", "Generic-Error", TAP_STRING, read_generic_error),
  { 0 },
};

static const struct tap_field pppoes_fields[] = { COMMON_ROWS, { 0 } };

static const struct tap_binding pppoed_bindings[] = { { TAP_BY_ETHERTYPE, ETHERTYPE_DISCOVERY } };
static const struct tap_binding pppoes_bindings[] = { { TAP_BY_ETHERTYPE, ETHERTYPE_SESSION } };

const struct tap_protocol tap_pppoed_protocol = {
  .name = "pppoed",
  .title = "PPP-over-Ethernet Discovery",
  .level = TAP_LEVEL_LINK,
  .parse = pppoed_parse,
  .fields = pppoed_fields,
  .bindings = pppoed_bindings,
  .binding_count = 1,
};

const struct tap_protocol tap_pppoes_protocol = {
  .name = "pppoes",
  .title = "PPP-over-Ethernet Session",
  .level = TAP_LEVEL_LINK,
  .parse = pppoes_parse,
  .fields = pppoes_fields,
  .bindings = pppoes_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_LINKTYPE,
};
