/* SPDX-License-Identifier: MIT
 *
 * IEEE 802.2 logical link control, the header of 802.3 frames, with its
 * extension SNAP, which brings EtherTypes back.  The control field is one byte
 * in unnumbered frames and two, low byte first, in all others.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { SAP_SNAP = 0xaa };
enum { OUI_ETHERTYPE = 0x000000, OUI_BRIDGED = 0x0000f8, OUI_CISCO = 0x00000c };
enum { FTYPE_INFORMATION = 0, FTYPE_SUPERVISORY = 1, FTYPE_UNNUMBERED = 3 };
enum { CONTROL_UI = 0x03, POLL_FINAL = 0x10, MODIFIER = 0xec };

static uint32_t be24(const uint8_t *at) {
  return (uint32_t)tap_be16(at) << 8 | at[2];
}

static bool unnumbered(unsigned control) {
  return (control & 3) == FTYPE_UNNUMBERED;
}

/* Does the frame carry a protocol's data (UI, or numbered information)? */
static bool carries_data(unsigned control) {
  return (control & 1) == FTYPE_INFORMATION || (control & ~(unsigned)POLL_FINAL) == CONTROL_UI;
}

static enum tap_verdict snap_follow(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *snap = tap_take(c, 5);
  unsigned type;
  if (snap == NULL) return TAP_TRUNCATED;
  type = tap_be16(snap + 3);
  out->key = (uint16_t)type;
  if (be24(snap) == OUI_CISCO) {
    out->table = TAP_BY_CISCO;
    return TAP_PAYLOAD;
  }
  if (type < TAP_ETHERTYPE_MIN) return TAP_LAST;
  if (be24(snap) != OUI_ETHERTYPE && be24(snap) != OUI_BRIDGED) return TAP_LAST;
  out->table = TAP_BY_ETHERTYPE;
  return TAP_PAYLOAD;
}

static enum tap_verdict llc_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 3);
  enum tap_verdict snap;
  if (h == NULL) return TAP_TRUNCATED;
  if (!unnumbered(h[2]) && tap_take(c, 1) == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_LLC;
  out->key = h[0];
  if (h[0] == SAP_SNAP && h[1] == SAP_SNAP) {
    snap = snap_follow(c, out);
    if (snap != TAP_PAYLOAD) return snap;
  }
  return carries_data(h[2]) ? TAP_PAYLOAD : TAP_LAST;
}

/* The control field: 8 bits, or 16. */
static bool control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    unsigned *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, 2, 1) : NULL;
  if (at == NULL) return false;
  *out = at[0];
  if (unnumbered(*out)) return true;
  at = tap_header_at(p, layer, 2, 2);
  if (at != NULL) *out |= (unsigned)at[1] << 8;
  return at != NULL;
}

static bool read_control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  unsigned value;
  return control(p, layer, nth, &value) && tap_give_number(out, TAP_UINT, value);
}

static bool read_ftype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  unsigned value;
  if (!control(p, layer, nth, &value)) return false;
  return tap_give_number(out, TAP_UINT,
                         (value & 1) == FTYPE_INFORMATION ? FTYPE_INFORMATION : value & 3);
}

static bool read_n_r(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned value;
  if (!control(p, layer, nth, &value) || unnumbered(value)) return false;
  return tap_give_number(out, TAP_UINT, value >> 9);
}

static bool read_n_s(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  unsigned value;
  if (!control(p, layer, nth, &value) || (value & 1) != FTYPE_INFORMATION) return false;
  return tap_give_number(out, TAP_UINT, value >> 1 & 0x7f);
}

/* Commands and responses differ by the low bit of the source's access point. */
static bool read_modifier(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out, bool response) {
  const uint8_t *ssap = tap_header_at(p, layer, 1, 1);
  unsigned value;
  if (!control(p, layer, nth, &value) || !unnumbered(value)) return false;
  if ((*ssap & 1) != response) return false;
  return tap_give_number(out, TAP_UINT, (value & MODIFIER) >> 2);
}

static bool read_command(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return read_modifier(p, layer, nth, out, false);
}

static bool read_response(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return read_modifier(p, layer, nth, out, true);
}

/* The five bytes of SNAP; NULL where it is not SNAP. */
static const uint8_t *snap_header(const struct tap_packet *p, const struct tap_layer *layer,
                                  unsigned nth) {
  const uint8_t *h = nth == 0 ? tap_header_at(p, layer, 0, 3) : NULL;
  if (h == NULL || h[0] != SAP_SNAP || h[1] != SAP_SNAP) return NULL;
  return tap_header_at(p, layer, unnumbered(h[2]) ? 3 : 4, 5);
}

static bool read_oui(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, snap_header(p, layer, nth), 3);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *snap = snap_header(p, layer, nth);
  if (snap == NULL || (be24(snap) != OUI_ETHERTYPE && be24(snap) != OUI_BRIDGED)) return false;
  return tap_give_number(out, TAP_UINT, tap_be16(snap + 3));
}

static bool read_pid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  const uint8_t *snap = snap_header(p, layer, nth);
  if (snap == NULL || be24(snap) == OUI_ETHERTYPE || be24(snap) == OUI_BRIDGED) return false;
  return tap_give_number(out, TAP_UINT, tap_be16(snap + 3));
}

static const struct tap_name sap_names[] = {
  { 0x00, "NULL LSAP" },
  { 0x02, "LLC Sub-Layer Management" },
  { 0x06, "TCP/IP" },
  { 0x42, "Spanning Tree BPDU" },
  { 0x7e, "X.25" },
  { 0xaa, "SNAP" },
  { 0xe0, "NetWare" },
  { 0xf0, "NetBIOS" },
  { 0xf8, "Remote Program Load" },
  { 0xfe, "ISO Network Layer" },
  { 0xff, "Global" },
  { 0, NULL },
};

static const struct tap_name ftype_names[] = {
  { FTYPE_INFORMATION, "Information frame" },
  { FTYPE_SUPERVISORY, "Supervisory frame" },
  { FTYPE_UNNUMBERED, "Unnumbered frame" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("llc.dsap", "DSAP", TAP_UINT, 0, 8, .flags = TAP_HEX, .names = sap_names),
  TAP_PLACE("llc.dsap.sap", "Destination SAP", TAP_UINT, 0, 7, .flags = TAP_HIDDEN),
  TAP_PLACE("llc.dsap.ig", "Group DSAP", TAP_FLAG, 7, 1),
  TAP_PLACE("llc.ssap", "SSAP", TAP_UINT, 8, 8, .flags = TAP_HEX, .names = sap_names),
  TAP_PLACE("llc.ssap.sap", "Source SAP", TAP_UINT, 8, 7, .flags = TAP_HIDDEN),
  TAP_PLACE("llc.ssap.cr", "Response", TAP_FLAG, 15, 1),
  TAP_READ("llc.control", "Control", TAP_UINT, read_control, .flags = TAP_HEX, .bit = 16,
           .bits = 16),
  TAP_READ("llc.control.ftype", "Frame type", TAP_UINT, read_ftype, .flags = TAP_HEX,
           .names = ftype_names),
  TAP_READ("llc.control.n_r", "N(R)", TAP_UINT, read_n_r),
  TAP_READ("llc.control.n_s", "N(S)", TAP_UINT, read_n_s),
  TAP_READ("llc.control.u_modifier_cmd", "Command", TAP_UINT, read_command, .flags = TAP_HEX),
  TAP_READ("llc.control.u_modifier_resp", "Response", TAP_UINT, read_response, .flags = TAP_HEX),
  TAP_READ("llc.oui", "Organization Code", TAP_UINT, read_oui, .bit = 24, .bits = 24),
  TAP_READ("llc.type", "Type", TAP_UINT, read_type, .flags = TAP_HEX, .bit = 48, .bits = 16,
           .names = tap_ethertype_names),
  TAP_READ("llc.pid", "Protocol ID", TAP_UINT, read_pid, .flags = TAP_HEX, .bit = 48, .bits = 16),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_LLC },
};

const struct tap_protocol tap_llc_protocol = {
  .name = "llc",
  .title = "Logical-Link Control",
  .level = TAP_LEVEL_LINK,
  .parse = llc_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE | 1u << TAP_BY_LLC,
};
