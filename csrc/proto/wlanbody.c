/* SPDX-License-Identifier: MIT
 *
 * Bodies of 802.11's management frames: parameters in fixed places, which
 * differ by subtype and belong to the layer's header, then a list of tagged
 * ones, which are read from what follows it.  Protected bodies have neither.
 */
#include "proto/read.h"
#include "proto/tlv.h"
#include "proto/wlan.h"

enum {
  ASSOC_REQUEST,
  ASSOC_RESPONSE,
  REASSOC_REQUEST,
  REASSOC_RESPONSE,
  PROBE_REQUEST,
  PROBE_RESPONSE,
  TIMING,
  BEACON = 8,
  ATIM,
  DISASSOCIATION,
  AUTHENTICATION,
  DEAUTHENTICATION,
  ACTION,
  ACTION_NO_ACK,
  SUBTYPES = 16
};

static const uint8_t fixed_sizes[SUBTYPES] = {
  [ASSOC_REQUEST] = 4,   [ASSOC_RESPONSE] = 6,   [REASSOC_REQUEST] = 10, [REASSOC_RESPONSE] = 6,
  [PROBE_RESPONSE] = 12, [TIMING] = 10,          [BEACON] = 12,          [DISASSOCIATION] = 2,
  [AUTHENTICATION] = 6,  [DEAUTHENTICATION] = 2, [ACTION] = 1,           [ACTION_NO_ACK] = 1,
};

size_t tap_wlan_fixed_size(const struct tap_wlan_control *f) {
  return f->protected ? 0 : fixed_sizes[f->subtype];
}

/* Where a parameter stands in the body of each subtype, counted from 1; 0: not there. */
typedef const uint8_t places[SUBTYPES];

static places timestamp_at = { [PROBE_RESPONSE] = 1, [TIMING] = 1, [BEACON] = 1 };
static places interval_at = { [PROBE_RESPONSE] = 9, [BEACON] = 9 };
static places capabilities_at = {
  [ASSOC_REQUEST] = 1,   [ASSOC_RESPONSE] = 1, [REASSOC_REQUEST] = 1, [REASSOC_RESPONSE] = 1,
  [PROBE_RESPONSE] = 11, [TIMING] = 9,         [BEACON] = 11,
};
static places listen_at = { [ASSOC_REQUEST] = 3, [REASSOC_REQUEST] = 3 };
static places current_ap_at = { [REASSOC_REQUEST] = 5 };
static places status_at = { [ASSOC_RESPONSE] = 3, [REASSOC_RESPONSE] = 3, [AUTHENTICATION] = 5 };
static places aid_at = { [ASSOC_RESPONSE] = 5, [REASSOC_RESPONSE] = 5 };
static places reason_at = { [DISASSOCIATION] = 1, [DEAUTHENTICATION] = 1 };
static places auth_alg_at = { [AUTHENTICATION] = 1 };
static places auth_seq_at = { [AUTHENTICATION] = 3 };
static places category_at = { [ACTION] = 1, [ACTION_NO_ACK] = 1 };

static bool management(const struct tap_packet *p, const struct tap_layer *layer,
                       struct tap_wlan_control *f) {
  const uint8_t *h = tap_header_at(p, layer, 0, 2);
  if (h == NULL) return false;
  *f = tap_wlan_control(h);
  return f->type == TAP_WLAN_MANAGEMENT && !f->protected;
}

/* The 'n' bytes of a fixed parameter; NULL where the frame has none. */
static const uint8_t *fixed(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            places at, size_t n) {
  struct tap_wlan_control f;
  if (nth > 0 || !management(p, layer, &f) || at[f.subtype] == 0) return NULL;
  return tap_header_at(p, layer, tap_wlan_mac_size(&f) + at[f.subtype] - 1, n);
}

static bool give_le16(const uint8_t *at, struct tap_value *out) {
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le16(at));
}

bool tap_wlan_timestamp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *at = fixed(p, layer, nth, timestamp_at, 8);
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le64(at));
}

bool tap_wlan_interval(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, interval_at, 2), out);
}

bool tap_wlan_capabilities(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, capabilities_at, 2), out);
}

static bool give_capability(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            unsigned bit, struct tap_value *out) {
  if (!tap_wlan_capabilities(p, layer, nth, out)) return false;
  return tap_give_number(out, TAP_FLAG, out->number >> bit & 1);
}

bool tap_wlan_ess(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  return give_capability(p, layer, nth, 0, out);
}

bool tap_wlan_ibss(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  return give_capability(p, layer, nth, 1, out);
}

bool tap_wlan_privacy(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_capability(p, layer, nth, 4, out);
}

bool tap_wlan_listen(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, listen_at, 2), out);
}

bool tap_wlan_current_ap(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_bytes(out, TAP_MAC, fixed(p, layer, nth, current_ap_at, 6), 6);
}

bool tap_wlan_status(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, status_at, 2), out);
}

/* Its two top bits are always set. */
bool tap_wlan_fixed_aid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *at = fixed(p, layer, nth, aid_at, 2);
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le16(at) & 0x3fff);
}

bool tap_wlan_reason(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, reason_at, 2), out);
}

bool tap_wlan_auth_alg(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, auth_alg_at, 2), out);
}

bool tap_wlan_auth_seq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_le16(fixed(p, layer, nth, auth_seq_at, 2), out);
}

bool tap_wlan_category(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, fixed(p, layer, nth, category_at, 1), 1);
}

enum {
  TAG_SSID = 0,
  TAG_RATES = 1,
  TAG_CHANNEL = 3,
  TAG_TIM = 5,
  TAG_COUNTRY = 7,
  TAG_RSN = 48,
  TAG_MORE_RATES = 50,
  TAG_VENDOR = 221
};

static bool next_tag(struct tap_cursor *c, struct tap_tlv *out) {
  struct tap_cursor at = *c;
  const uint8_t *h = tap_take(&at, 2);
  if (h == NULL) return false;
  out->type = h[0];
  out->length = out->size = h[1];
  out->value = tap_take(&at, out->size);
  if (out->value == NULL) return false;
  *c = at;
  return true;
}

/* Where the list is; actions have bodies of their own, and nothing follows an ATIM. */
static struct tap_cursor tags_of(const struct tap_packet *p, const struct tap_layer *layer) {
  struct tap_cursor c = tap_payload_window(p, layer);
  struct tap_wlan_control f;
  if (!management(p, layer, &f) || f.subtype == ATIM || f.subtype >= ACTION) c.at = c.end;
  return c;
}

/* Tag 'nth' of a type that has at least 'size' bytes. */
static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t size, struct tap_tlv *out) {
  return tap_tlv_find(tags_of(p, layer), next_tag, type, size, nth, out);
}

bool tap_wlan_tag_number(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &t) && tap_give_number(out, TAP_UINT, t.type);
}

bool tap_wlan_tag_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAP_TLV_ANY, 0, &t) && tap_give_number(out, TAP_UINT, t.length);
}

bool tap_wlan_ssid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAG_SSID, 0, &t) && tap_give_bytes(out, TAP_BYTES, t.value, t.size);
}

/* Byte 'nth' of the first list of rates. */
static bool give_rate(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      unsigned type, struct tap_value *out) {
  struct tap_tlv t;
  if (!find(p, layer, 0, type, (size_t)nth + 1, &t)) return false;
  return tap_give_number(out, TAP_UINT, t.value[nth]);
}

bool tap_wlan_rates(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_rate(p, layer, nth, TAG_RATES, out);
}

bool tap_wlan_more_rates(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_rate(p, layer, nth, TAG_MORE_RATES, out);
}

/* 'n' bytes at 'offset' of tag 'nth' of a type. */
static bool give(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned type, size_t offset, unsigned n, struct tap_value *out) {
  struct tap_tlv t;
  if (!find(p, layer, nth, type, offset + n, &t)) return false;
  return tap_give_load(out, TAP_UINT, t.value + offset, n);
}

bool tap_wlan_channel(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give(p, layer, nth, TAG_CHANNEL, 0, 1, out);
}

bool tap_wlan_dtim_count(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give(p, layer, nth, TAG_TIM, 0, 1, out);
}

bool tap_wlan_dtim_period(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give(p, layer, nth, TAG_TIM, 1, 1, out);
}

bool tap_wlan_country(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAG_COUNTRY, 2, &t) && tap_give_bytes(out, TAP_STRING, t.value, 2);
}

bool tap_wlan_rsn_version(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_tlv t;
  return find(p, layer, nth, TAG_RSN, 2, &t) && give_le16(t.value, out);
}

bool tap_wlan_tag_oui(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give(p, layer, nth, TAG_VENDOR, 0, 3, out);
}

const struct tap_name tap_wlan_tag_names[] = {
  { TAG_SSID, "SSID" },
  { TAG_RATES, "Supported Rates" },
  { TAG_CHANNEL, "DS Parameter" },
  { TAG_TIM, "Traffic Indication Map" },
  { TAG_COUNTRY, "Country" },
  { 11, "BSS Load" },
  { 32, "Power Constraint" },
  { 42, "ERP" },
  { 45, "HT Capabilities" },
  { TAG_RSN, "RSN" },
  { TAG_MORE_RATES, "Extended Supported Rates" },
  { 54, "Mobility Domain" },
  { 61, "HT Operation" },
  { 70, "RM Enabled Capabilities" },
  { 74, "Overlapping BSS Scan" },
  { 127, "Extended Capabilities" },
  { 191, "VHT Capabilities" },
  { 192, "VHT Operation" },
  { TAG_VENDOR, "Vendor Specific" },
  { 255, "Extension" },
  { 0, NULL },
};

const struct tap_name tap_wlan_reason_names[] = {
  { 1, "Unspecified" },
  { 2, "Authentication no longer valid" },
  { 3, "Station is leaving" },
  { 4, "Inactivity" },
  { 5, "Too many stations" },
  { 6, "Frame needs authentication" },
  { 7, "Frame needs association" },
  { 8, "Station is leaving the BSS" },
  { 9, "Association needs authentication" },
  { 14, "Message integrity failed" },
  { 15, "4-way handshake timed out" },
  { 16, "Group key handshake timed out" },
  { 0, NULL },
};

const struct tap_name tap_wlan_status_names[] = {
  { 0, "Successful" },
  { 1, "Unspecified failure" },
  { 10, "Capabilities not supported" },
  { 12, "Denied" },
  { 13, "Algorithm not supported" },
  { 14, "Wrong sequence number" },
  { 15, "Challenge failure" },
  { 17, "Too many stations" },
  { 18, "Rates not supported" },
  { 30, "Try again later" },
  { 0, NULL },
};

const struct tap_name tap_wlan_category_names[] = {
  { 0, "Spectrum Management" }, { 1, "QoS" },  { 3, "Block Ack" },         { 4, "Public" },
  { 5, "Radio Measurement" },   { 7, "HT" },   { 8, "SA Query" },          { 10, "WNM" },
  { 15, "Self-protected" },     { 21, "VHT" }, { 127, "Vendor Specific" }, { 0, NULL },
};
