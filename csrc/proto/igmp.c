/* SPDX-License-Identifier: MIT
 *
 * IGMP in its three versions (RFC 1112, 2236, 3376).  A query's version is
 * told by its length and its second byte alone.  Sources and the records of
 * a report are the payload.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/read.h"

enum { IP_PROTO_IGMP = 2, IGMP_HEADER = 8, QUERY_V3 = 12, RECORD = 8 };
enum { QUERY = 0x11, REPORT_V1 = 0x12, REPORT_V2 = 0x16, LEAVE = 0x17, REPORT_V3 = 0x22 };

static enum tap_verdict igmp_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, IGMP_HEADER);
  (void)out;
  if (h == NULL) return TAP_TRUNCATED;
  if (h[0] == QUERY && tap_left(c) >= QUERY_V3 - IGMP_HEADER) tap_take(c, QUERY_V3 - IGMP_HEADER);
  return TAP_LAST;
}

static unsigned type_of(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *at = tap_header_at(p, layer, 0, 1);
  return at == NULL ? 0 : at[0];
}

/* 0 where the type belongs to none. */
static unsigned version_of(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *h = tap_header_at(p, layer, 0, IGMP_HEADER);
  if (h == NULL) return 0;
  switch (h[0]) {
  case QUERY:
    if (layer->header >= QUERY_V3) return 3;
    return h[1] == 0 ? 1 : 2;
  case REPORT_V1: return 1;
  case REPORT_V2:
  case LEAVE: return 2;
  case REPORT_V3: return 3;
  default: return 0;
  }
}

static bool read_version(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  unsigned version = nth == 0 ? version_of(p, layer) : 0;
  return version > 0 && tap_give_number(out, TAP_UINT, version);
}

/* RFC 3376, section 4.1: from 128 on a number has a mantissa of four bits and an exponent. */
static unsigned floating(unsigned code) {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << ((code >> 4 & 7) + 3);
}

static bool read_max_resp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  unsigned version = version_of(p, layer);
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 1, 1) : NULL;
  if (at == NULL || version < 2 || type_of(p, layer) == REPORT_V3) return false;
  return tap_give_number(out, TAP_UINT, version == 3 ? floating(at[0]) : at[0]);
}

/* 'n' bytes of a query of version 3. */
static const uint8_t *query_at(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, size_t offset, size_t n) {
  if (nth > 0 || type_of(p, layer) != QUERY || layer->header < QUERY_V3) return NULL;
  return tap_header_at(p, layer, offset, n);
}

static bool read_suppress(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *at = query_at(p, layer, nth, 8, 1);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[0] >> 3 & 1);
}

static bool read_robustness(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  const uint8_t *at = query_at(p, layer, nth, 8, 1);
  return at != NULL && tap_give_number(out, TAP_UINT, at[0] & 7u);
}

static bool read_interval(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *at = query_at(p, layer, nth, 9, 1);
  return at != NULL && tap_give_number(out, TAP_UINT, at[0]);
}

/* A group record of a report, and what stands in it. */
struct record {
  const uint8_t *h;       /* type, size of the auxiliary data, number of sources, group */
  struct tap_cursor rest; /* sources, then auxiliary data in words */
};

static bool next_record(struct tap_cursor *c, struct record *out) {
  size_t size;
  out->h = tap_take(c, RECORD);
  if (out->h == NULL) return false;
  size = ((size_t)tap_be16(out->h + 2) + out->h[1]) * 4;
  out->rest = *c;
  tap_narrow(&out->rest, size);
  if (tap_take(c, size) == NULL) c->at = c->end; /* cut inside: the sources that are here count */
  return true;
}

static bool find_record(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct record *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, IGMP_HEADER);
  struct tap_cursor c = tap_payload_window(p, layer);
  if (h == NULL || h[0] != REPORT_V3 || nth >= tap_be16(h + 6)) return false;
  while (next_record(&c, out))
    if (nth-- == 0) return true;
  return false;
}

static bool read_records(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  if (nth > 0 || type_of(p, layer) != REPORT_V3) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, 6, 2), 2);
}

static bool read_record_type(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  struct record r;
  return find_record(p, layer, nth, &r) && tap_give_number(out, TAP_UINT, r.h[0]);
}

static bool read_aux_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct record r;
  return find_record(p, layer, nth, &r) && tap_give_number(out, TAP_UINT, r.h[1]);
}

static bool read_sources(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct record r;
  if (type_of(p, layer) == QUERY)
    return tap_give_load(out, TAP_UINT, query_at(p, layer, nth, 10, 2), 2);
  return find_record(p, layer, nth, &r) && tap_give_number(out, TAP_UINT, tap_be16(r.h + 2));
}

/* The groups: of the header, or of each record. */
static bool read_group(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  struct record r;
  if (type_of(p, layer) == REPORT_V3)
    return find_record(p, layer, nth, &r) && tap_give_bytes(out, TAP_IPV4, r.h + 4, 4);
  if (nth > 0 || version_of(p, layer) == 0) return false;
  return tap_give_bytes(out, TAP_IPV4, tap_header_at(p, layer, 4, 4), 4);
}

/* Source 'nth' of so many that the window begins with; counts down those that are not it. */
static const uint8_t *source(struct tap_cursor c, unsigned count, unsigned *nth) {
  const uint8_t *at;
  for (; count > 0 && (at = tap_take(&c, 4)) != NULL; count--, --*nth)
    if (*nth == 0) return at;
  return NULL;
}

static bool read_source(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *count = query_at(p, layer, 0, 10, 2), *at = NULL;
  struct record r;
  if (count != NULL) {
    at = source(tap_payload_window(p, layer), tap_be16(count), &nth);
    return tap_give_bytes(out, TAP_IPV4, at, 4);
  }
  for (unsigned i = 0; at == NULL && find_record(p, layer, i, &r); i++)
    at = source(r.rest, tap_be16(r.h + 2), &nth);
  return tap_give_bytes(out, TAP_IPV4, at, 4);
}

static const struct tap_name type_names[] = {
  { QUERY, "Membership query" },
  { REPORT_V1, "Membership report v1" },
  { 0x13, "DVMRP" },
  { 0x14, "PIM v1" },
  { REPORT_V2, "Membership report" },
  { LEAVE, "Leave group" },
  { REPORT_V3, "Membership report v3" },
  { 0, NULL },
};

static const struct tap_name record_names[] = {
  { 1, "Mode is include" },
  { 2, "Mode is exclude" },
  { 3, "Change to include" },
  { 4, "Change to exclude" },
  { 5, "Allow new sources" },
  { 6, "Block old sources" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("igmp.type", "Type", TAP_UINT, 0, 8, .flags = TAP_HEX, .names = type_names),
  TAP_READ("igmp.version", "Version", TAP_UINT, read_version),
  TAP_READ("igmp.max_resp", "Response Time", TAP_UINT, read_max_resp, .bit = 8, .bits = 8,
           .unit = "100 ms"),
  TAP_PLACE("igmp.checksum", "Checksum", TAP_UINT, 16, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("igmp.checksum.status", tap_csum_igmp),
  TAP_READ("igmp.s", "Suppress", TAP_FLAG, read_suppress, .bit = 68, .bits = 1),
  TAP_READ("igmp.qrv", "Robustness", TAP_UINT, read_robustness, .bit = 69, .bits = 3),
  TAP_READ("igmp.qqic", "Query Interval Code", TAP_UINT, read_interval, .bit = 72, .bits = 8),
  TAP_READ("igmp.num_grp_recs", "Number of records", TAP_UINT, read_records, .bit = 48, .bits = 16),
  TAP_READ("igmp.record_type", "Record Type", TAP_UINT, read_record_type, .flags = TAP_REPEATS,
           .names = record_names),
  TAP_READ("igmp.aux_data_len", "Auxiliary Data Length", TAP_UINT, read_aux_len,
           .flags = TAP_REPEATS, .unit = "4 bytes"),
  TAP_READ("igmp.num_src", "Number of Sources", TAP_UINT, read_sources, .flags = TAP_REPEATS),
  TAP_READ("igmp.maddr", "Group", TAP_IPV4, read_group, .flags = TAP_REPEATS),
  TAP_READ("igmp.saddr", "Source", TAP_IPV4, read_source, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_IGMP } };

const struct tap_protocol tap_igmp_protocol = {
  .name = "igmp",
  .title = "Internet Group Management Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = igmp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
