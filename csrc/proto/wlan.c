/* SPDX-License-Identifier: MIT
 *
 * IEEE 802.11: the MAC header.  Its length and the meaning of its addresses
 * follow from the frame control field.  Data that is not protected leads to
 * LLC; a later fragment, and several subframes in one (A-MSDU), end as data.
 * Numbers are little-endian.
 */
#include "proto/wlan.h"

#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"
#include "proto/read.h"

enum { DURATION = 2, ADDRESS_1 = 4, ADDRESS_2 = 10, ADDRESS_3 = 16, SEQUENCE = 22, ADDRESS_4 = 24 };
enum { MAC_HEADER = 24, HT_CONTROL = 4, FCS = 4 };
enum {
  TRIGGER = 2,
  TACK = 3,
  BEAMFORMING = 4,
  NDP = 5,
  WRAPPER = 7,
  BLOCK_ACK_REQUEST = 8,
  BLOCK_ACK = 9,
  PS_POLL = 10,
  RTS = 11,
  CTS = 12,
  ACK = 13,
  CF_END = 14,
  CF_END_ACK = 15
};
enum { NO_DATA = 4, QOS = 8 };            /* bits of a data frame's subtype */
enum { QOS_BYTES = 2, QOS_AMSDU = 0x80 }; /* a field, and a bit in its first byte */

static size_t control_size(unsigned subtype) {
  switch (subtype) {
  case CTS:
  case ACK:
  case WRAPPER: return 10;
  case TRIGGER:
  case TACK:
  case BEAMFORMING:
  case NDP:
  case BLOCK_ACK_REQUEST:
  case BLOCK_ACK:
  case PS_POLL:
  case RTS:
  case CF_END:
  case CF_END_ACK: return 16;
  default: return 10;
  }
}

static bool has_qos(const struct tap_wlan_control *f) {
  return f->type == TAP_WLAN_DATA && (f->subtype & QOS) != 0;
}

static size_t qos_offset(const struct tap_wlan_control *f) {
  return f->to_ds && f->from_ds ? MAC_HEADER + 6 : MAC_HEADER;
}

static size_t data_size(const struct tap_wlan_control *f) {
  size_t size = qos_offset(f);
  if (has_qos(f)) size += QOS_BYTES;
  return has_qos(f) && f->order ? size + HT_CONTROL : size;
}

size_t tap_wlan_mac_size(const struct tap_wlan_control *f) {
  switch ((enum tap_wlan_type)f->type) {
  case TAP_WLAN_MANAGEMENT: return f->order ? MAC_HEADER + HT_CONTROL : MAC_HEADER;
  case TAP_WLAN_CONTROL: return control_size(f->subtype);
  case TAP_WLAN_DATA: return data_size(f);
  case TAP_WLAN_EXTENSION: break;
  }
  return ADDRESS_1;
}

/* Is what follows the header of 'h' the start of an LLC frame?  Novell's raw frames start with ones;
 * nothing follows, unless the capture cut it. */
static bool leads_to_llc(const struct tap_cursor *c, const uint8_t *h,
                         const struct tap_wlan_control *f, bool cut) {
  if (f->type != TAP_WLAN_DATA || (f->subtype & NO_DATA) != 0 || f->protected) return false;
  if ((h[SEQUENCE] & 0x0f) != 0) return false;
  if (has_qos(f) && (h[qos_offset(f)] & QOS_AMSDU) != 0) return false;
  if (tap_left(c) < 2) return cut || tap_left(c) > 0;
  return tap_be16(c->at) != 0xffff;
}

static enum tap_verdict wlan_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = c->at;
  struct tap_wlan_control f;
  size_t size;
  if (tap_left(c) < 2) return TAP_TRUNCATED;
  f = tap_wlan_control(h);
  size = tap_wlan_mac_size(&f);
  if (out->from == TAP_WLAN_PADDED && f.type == TAP_WLAN_DATA) size = (size + 3) & ~(size_t)3;
  if (f.type == TAP_WLAN_MANAGEMENT) size += tap_wlan_fixed_size(&f);
  if (tap_take(c, size) == NULL) return TAP_TRUNCATED;
  if (!leads_to_llc(c, h, &f, out->cut)) return TAP_LAST;
  out->table = TAP_BY_ETHERTYPE;
  out->key = TAP_ETHERTYPE_LLC;
  return TAP_PAYLOAD;
}

/* The frame control of a layer, taken apart; false where it is cut. */
static bool control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_wlan_control *f) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 0, 2) : NULL;
  if (at != NULL) *f = tap_wlan_control(at);
  return at != NULL;
}

static bool is_control(const struct tap_wlan_control *f, unsigned subtype) {
  return f->type == TAP_WLAN_CONTROL && f->subtype == subtype;
}

static bool has_three(const struct tap_wlan_control *f) {
  return f->type == TAP_WLAN_MANAGEMENT || f->type == TAP_WLAN_DATA;
}

static bool has_two(const struct tap_wlan_control *f) {
  return has_three(f) || (f->type == TAP_WLAN_CONTROL && control_size(f->subtype) > ADDRESS_2);
}

/* Where an address stands by its role, 0 where the frame has none. */
static size_t destination(const struct tap_wlan_control *f) {
  if (!has_three(f)) return 0;
  return f->type == TAP_WLAN_DATA && f->to_ds ? ADDRESS_3 : ADDRESS_1;
}

static size_t source(const struct tap_wlan_control *f) {
  if (!has_three(f)) return 0;
  if (f->type != TAP_WLAN_DATA || !f->from_ds) return ADDRESS_2;
  return f->to_ds ? ADDRESS_4 : ADDRESS_3;
}

static size_t bssid(const struct tap_wlan_control *f) {
  if (is_control(f, PS_POLL)) return ADDRESS_1;
  if (is_control(f, CF_END) || is_control(f, CF_END_ACK)) return ADDRESS_2;
  if (f->type == TAP_WLAN_MANAGEMENT) return ADDRESS_3;
  if (f->type != TAP_WLAN_DATA || (f->to_ds && f->from_ds)) return 0;
  return f->to_ds ? ADDRESS_1 : f->from_ds ? ADDRESS_2 : ADDRESS_3;
}

static size_t receiver(const struct tap_wlan_control *f) {
  return f->type == TAP_WLAN_EXTENSION ? 0 : ADDRESS_1;
}

static size_t transmitter(const struct tap_wlan_control *f) {
  if (is_control(f, CF_END) || is_control(f, CF_END_ACK)) return 0;
  return has_two(f) ? ADDRESS_2 : 0;
}

/* The station at the far side of an access point. */
static size_t station(const struct tap_wlan_control *f) {
  if (f->type != TAP_WLAN_DATA || f->to_ds == f->from_ds) return 0;
  return f->to_ds ? ADDRESS_2 : ADDRESS_1;
}

static bool give_role(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      size_t role(const struct tap_wlan_control *f), struct tap_value *out) {
  struct tap_wlan_control f;
  size_t offset = control(p, layer, nth, &f) ? role(&f) : 0;
  return offset != 0 && tap_give_bytes(out, TAP_MAC, tap_header_at(p, layer, offset, 6), 6);
}

static bool read_ra(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_role(p, layer, nth, receiver, out);
}

static bool read_ta(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_role(p, layer, nth, transmitter, out);
}

static bool read_da(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_role(p, layer, nth, destination, out);
}

static bool read_sa(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_role(p, layer, nth, source, out);
}

static bool read_bssid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_role(p, layer, nth, bssid, out);
}

static bool read_staa(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_role(p, layer, nth, station, out);
}

/* Every address of the header, in its order; of four, the source before the destination. */
static bool read_addr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  static const uint8_t places[] = { ADDRESS_1, ADDRESS_2, ADDRESS_3, ADDRESS_4 };
  struct tap_wlan_control f;
  unsigned count;
  if (!control(p, layer, 0, &f) || f.type == TAP_WLAN_EXTENSION) return false;
  count = has_three(&f) ? 3 : has_two(&f) ? 2 : 1;
  if (f.type == TAP_WLAN_DATA && f.to_ds && f.from_ds) count = 4;
  if (nth >= count) return false;
  if (count == 4 && nth > 1) nth ^= 1;
  return tap_give_bytes(out, TAP_MAC, tap_header_at(p, layer, places[nth], 6), 6);
}

static bool read_type_subtype(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f)) return false;
  return tap_give_number(out, TAP_UINT, (unsigned)f.type << 4 | f.subtype);
}

/* A little-endian number at 'offset': 'bits' of it from bit 'shift' on. */
static bool give_le16(const struct tap_packet *p, const struct tap_layer *layer, size_t offset,
                      unsigned shift, unsigned bits, enum tap_type type, struct tap_value *out) {
  const uint8_t *at = tap_header_at(p, layer, offset, 2);
  if (at == NULL) return false;
  return tap_give_number(out, type, (unsigned)tap_le16(at) >> shift & ((1u << bits) - 1));
}

static bool read_duration(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || is_control(&f, PS_POLL)) return false;
  return give_le16(p, layer, DURATION, 0, 15, TAP_UINT, out);
}

static bool read_aid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || !is_control(&f, PS_POLL)) return false;
  return give_le16(p, layer, DURATION, 0, 14, TAP_UINT, out);
}

static bool give_sequence(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          unsigned shift, unsigned bits, struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || !has_three(&f)) return false;
  return give_le16(p, layer, SEQUENCE, shift, bits, TAP_UINT, out);
}

static bool read_frag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_sequence(p, layer, nth, 0, 4, out);
}

static bool read_seq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_sequence(p, layer, nth, 4, 12, out);
}

static bool give_qos(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned shift, unsigned bits, enum tap_type type, struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || !has_qos(&f)) return false;
  return give_le16(p, layer, qos_offset(&f), shift, bits, type, out);
}

static bool read_qos(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_qos(p, layer, nth, 0, 16, TAP_UINT, out);
}

static bool read_tid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_qos(p, layer, nth, 0, 4, TAP_UINT, out);
}

static bool read_priority(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_qos(p, layer, nth, 0, 3, TAP_UINT, out);
}

/* The access point's alone: stations use the bit for something else. */
static bool read_eosp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || !f.from_ds) return false;
  return give_qos(p, layer, nth, 4, 1, TAP_FLAG, out);
}

static bool read_ack(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_qos(p, layer, nth, 5, 2, TAP_UINT, out);
}

static bool read_amsdu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  struct tap_wlan_control f;
  if (!control(p, layer, nth, &f) || (f.subtype & NO_DATA) != 0) return false;
  return give_qos(p, layer, nth, 7, 1, TAP_FLAG, out);
}

/* A capture header that says that there is a check sequence leaves it out of the frame. */
static bool read_fcs(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const struct tap_frame *frame = p->frame;
  if (nth > 0 || layer == &p->layer[0] || layer->end + FCS != frame->caplen) return false;
  return tap_give_number(out, TAP_UINT, tap_le32(frame->data + layer->end));
}

static const struct tap_name type_names[] = {
  { TAP_WLAN_MANAGEMENT, "Management frame" },
  { TAP_WLAN_CONTROL, "Control frame" },
  { TAP_WLAN_DATA, "Data frame" },
  { TAP_WLAN_EXTENSION, "Extension frame" },
  { 0, NULL },
};

static const struct tap_name type_subtype_names[] = {
  { 0x00, "Association Request" },
  { 0x01, "Association Response" },
  { 0x02, "Reassociation Request" },
  { 0x03, "Reassociation Response" },
  { 0x04, "Probe Request" },
  { 0x05, "Probe Response" },
  { 0x06, "Timing Advertisement" },
  { 0x08, "Beacon" },
  { 0x09, "ATIM" },
  { 0x0a, "Disassociate" },
  { 0x0b, "Authentication" },
  { 0x0c, "Deauthentication" },
  { 0x0d, "Action" },
  { 0x0e, "Action No Ack" },
  { 0x12, "Trigger" },
  { 0x14, "Beamforming Report Poll" },
  { 0x15, "VHT/HE NDP Announcement" },
  { 0x17, "Control Wrapper" },
  { 0x18, "Block Ack Request" },
  { 0x19, "Block Ack" },
  { 0x1a, "PS-Poll" },
  { 0x1b, "Request to Send" },
  { 0x1c, "Clear to Send" },
  { 0x1d, "Acknowledgement" },
  { 0x1e, "CF-End" },
  { 0x1f, "CF-End and CF-Ack" },
  { 0x20, "Data" },
  { 0x24, "Null" },
  { 0x28, "QoS Data" },
  { 0x2c, "QoS Null" },
  { 0, NULL },
};

static const struct tap_name ds_names[] = {
  { 0, "Between stations" },
  { 1, "To the distribution system" },
  { 2, "From the distribution system" },
  { 3, "Between access points" },
  { 0, NULL },
};

static const struct tap_name auth_names[] = {
  { 0, "Open System" }, { 1, "Shared key" }, { 2, "Fast BSS Transition" },
  { 3, "SAE" },         { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("wlan.fc", "Frame Control", TAP_UINT, 0, 16, .flags = TAP_HEX),
  TAP_READ("wlan.fc.type_subtype", "Type/Subtype", TAP_UINT, read_type_subtype, .flags = TAP_HEX,
           .names = type_subtype_names),
  TAP_PLACE("wlan.fc.version", "Version", TAP_UINT, 6, 2),
  TAP_PLACE("wlan.fc.type", "Type", TAP_UINT, 4, 2, .names = type_names),
  TAP_PLACE("wlan.fc.subtype", "Subtype", TAP_UINT, 0, 4),
  TAP_PLACE("wlan.fc.ds", "DS status", TAP_UINT, 14, 2, .flags = TAP_HEX, .names = ds_names),
  TAP_PLACE("wlan.fc.tods", "To DS", TAP_FLAG, 15, 1),
  TAP_PLACE("wlan.fc.fromds", "From DS", TAP_FLAG, 14, 1),
  TAP_PLACE("wlan.fc.frag", "More Fragments", TAP_FLAG, 13, 1),
  TAP_PLACE("wlan.fc.retry", "Retry", TAP_FLAG, 12, 1),
  TAP_PLACE("wlan.fc.pwrmgt", "Power Management", TAP_FLAG, 11, 1),
  TAP_PLACE("wlan.fc.moredata", "More Data", TAP_FLAG, 10, 1),
  TAP_PLACE("wlan.fc.protected", "Protected", TAP_FLAG, 9, 1),
  TAP_PLACE("wlan.fc.order", "Order, or HT Control", TAP_FLAG, 8, 1),
  TAP_READ("wlan.duration", "Duration", TAP_UINT, read_duration, .unit = "us"),
  TAP_READ("wlan.aid", "Association ID", TAP_UINT, read_aid),
  TAP_READ("wlan.ra", "Receiver", TAP_MAC, read_ra),
  TAP_READ("wlan.da", "Destination", TAP_MAC, read_da),
  TAP_READ("wlan.ta", "Transmitter", TAP_MAC, read_ta),
  TAP_READ("wlan.sa", "Source", TAP_MAC, read_sa),
  TAP_READ("wlan.bssid", "BSS Id", TAP_MAC, read_bssid),
  TAP_READ("wlan.staa", "Station", TAP_MAC, read_staa),
  TAP_READ("wlan.addr", "Any of the addresses", TAP_MAC, read_addr,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("wlan.frag", "Fragment number", TAP_UINT, read_frag),
  TAP_READ("wlan.seq", "Sequence number", TAP_UINT, read_seq),
  TAP_READ("wlan.qos", "QoS Control", TAP_UINT, read_qos, .flags = TAP_HEX),
  TAP_READ("wlan.qos.tid", "TID", TAP_UINT, read_tid),
  TAP_READ("wlan.qos.priority", "Priority", TAP_UINT, read_priority),
  TAP_READ("wlan.qos.eosp", "End of service period", TAP_FLAG, read_eosp),
  TAP_READ("wlan.qos.ack", "Ack Policy", TAP_UINT, read_ack, .flags = TAP_HEX),
  TAP_READ("wlan.qos.amsdupresent", "A-MSDU", TAP_FLAG, read_amsdu),
  TAP_READ("wlan.fcs", "Frame check sequence", TAP_UINT, read_fcs, .flags = TAP_HEX),
  TAP_READ("wlan.fixed.timestamp", "Timestamp", TAP_UINT, tap_wlan_timestamp, .unit = "us"),
  TAP_READ("wlan.fixed.beacon", "Beacon Interval", TAP_UINT, tap_wlan_interval, .unit = "1024 us"),
  TAP_READ("wlan.fixed.capabilities", "Capabilities", TAP_UINT, tap_wlan_capabilities,
           .flags = TAP_HEX),
  TAP_READ("wlan.fixed.capabilities.ess", "Access point", TAP_FLAG, tap_wlan_ess),
  TAP_READ("wlan.fixed.capabilities.ibss", "Independent BSS", TAP_FLAG, tap_wlan_ibss),
  TAP_READ("wlan.fixed.capabilities.privacy", "Privacy", TAP_FLAG, tap_wlan_privacy),
  TAP_READ("wlan.fixed.listen_ival", "Listen Interval", TAP_UINT, tap_wlan_listen,
           .flags = TAP_HEX),
  TAP_READ("wlan.fixed.current_ap", "Current AP", TAP_MAC, tap_wlan_current_ap),
  TAP_READ("wlan.fixed.status_code", "Status", TAP_UINT, tap_wlan_status, .flags = TAP_HEX,
           .names = tap_wlan_status_names),
  TAP_READ("wlan.fixed.reason_code", "Reason", TAP_UINT, tap_wlan_reason, .flags = TAP_HEX,
           .names = tap_wlan_reason_names),
  TAP_READ("wlan.fixed.aid", "Association ID", TAP_UINT, tap_wlan_fixed_aid, .flags = TAP_HEX),
  TAP_READ("wlan.fixed.auth.alg", "Authentication Algorithm", TAP_UINT, tap_wlan_auth_alg,
           .names = auth_names),
  TAP_READ("wlan.fixed.auth_seq", "Authentication SEQ", TAP_UINT, tap_wlan_auth_seq,
           .flags = TAP_HEX),
  TAP_READ("wlan.fixed.category_code", "Category", TAP_UINT, tap_wlan_category,
           .names = tap_wlan_category_names),
  TAP_READ("wlan.tag.number", "Tag", TAP_UINT, tap_wlan_tag_number, .flags = TAP_REPEATS,
           .names = tap_wlan_tag_names),
  TAP_READ("wlan.tag.length", "Tag Length", TAP_UINT, tap_wlan_tag_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("wlan.ssid", "SSID", TAP_BYTES, tap_wlan_ssid, .flags = TAP_REPEATS),
  TAP_READ("wlan.supported_rates", "Supported Rates", TAP_UINT, tap_wlan_rates,
           .flags = TAP_HEX | TAP_REPEATS, .unit = "500 kb/s, top bit: required"),
  TAP_READ("wlan.extended_supported_rates", "More Supported Rates", TAP_UINT, tap_wlan_more_rates,
           .flags = TAP_HEX | TAP_REPEATS, .unit = "500 kb/s, top bit: required"),
  TAP_READ("wlan.ds.current_channel", "Channel", TAP_UINT, tap_wlan_channel),
  TAP_READ("wlan.tim.dtim_count", "DTIM count", TAP_UINT, tap_wlan_dtim_count),
  TAP_READ("wlan.tim.dtim_period", "DTIM period", TAP_UINT, tap_wlan_dtim_period),
  TAP_READ("wlan.country_info.code", "Country", TAP_STRING, tap_wlan_country),
  TAP_READ("wlan.rsn.version", "RSN Version", TAP_UINT, tap_wlan_rsn_version),
  TAP_READ("wlan.tag.oui", "Vendor", TAP_UINT, tap_wlan_tag_oui, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_80211 },
  { TAP_BY_WLAN, TAP_WLAN_PLAIN },
  { TAP_BY_WLAN, TAP_WLAN_PADDED },
};

const struct tap_protocol tap_wlan_protocol = {
  .name = "wlan",
  .title = "IEEE 802.11",
  .level = TAP_LEVEL_LINK,
  .parse = wlan_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
