/* SPDX-License-Identifier: MIT
 *
 * Frame relay (ITU-T Q.922, annex A): an address of two to four bytes, the
 * last one marked by its low bit.  What follows is RFC 2427's (unnumbered
 * information and an NLPID, perhaps with SNAP behind it) or a type as Cisco
 * puts it there.  Circuit 0 carries signalling, which ends as data.
 */
#include "proto/builtin.h"
#include "proto/cisco.h"
#include "proto/linktype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { ADDRESS_MIN = 2, ADDRESS_MAX = 4 };
enum { CONTROL_UI = 0x03, CONTROL_XID = 0xaf };
enum { NLPID_PADDING = 0x00, NLPID_SNAP = 0x80 };

enum form { FORM_NONE, FORM_NLPID, FORM_SNAP, FORM_CISCO };

/* A header taken apart.  What was not reached is zero or NULL. */
struct header {
  const uint8_t *address;
  unsigned address_size;
  uint32_t dlci;
  const uint8_t *control; /* NULL where Cisco's type stands in its place */
  const uint8_t *nlpid;
  const uint8_t *type; /* the five bytes of SNAP, or Cisco's two */
  enum form form;
};

/* The final byte of long addresses holds six bits of the number, or of DL-CORE control. */
static uint32_t circuit(const uint8_t *a, unsigned size) {
  uint32_t n = (uint32_t)(a[0] >> 2) << 4 | a[1] >> 4;
  if (size == ADDRESS_MAX) n = n << 7 | a[2] >> 1;
  if (size > ADDRESS_MIN && (a[size - 1] & 2) == 0) n = n << 6 | a[size - 1] >> 2;
  return n;
}

static enum tap_verdict take_address(struct tap_cursor *c, struct header *h) {
  const uint8_t *at, *start = c->at;
  do {
    at = tap_take(c, 1);
    if (at == NULL) return TAP_TRUNCATED;
    h->address_size++;
  } while ((at[0] & 1) == 0 && h->address_size < ADDRESS_MAX);
  if ((at[0] & 1) == 0 || h->address_size < ADDRESS_MIN) return TAP_MALFORMED;
  h->address = start;
  h->dlci = circuit(start, h->address_size);
  return TAP_PAYLOAD;
}

static enum tap_verdict take_nlpid(struct tap_cursor *c, struct header *h) {
  h->nlpid = tap_take(c, 1);
  if (h->nlpid != NULL && h->nlpid[0] == NLPID_PADDING) h->nlpid = tap_take(c, 1);
  if (h->nlpid == NULL) return TAP_TRUNCATED;
  h->form = FORM_NLPID;
  if (h->nlpid[0] != NLPID_SNAP) return TAP_PAYLOAD;
  h->type = tap_take(c, 5);
  if (h->type == NULL) return TAP_TRUNCATED;
  h->form = FORM_SNAP;
  return TAP_PAYLOAD;
}

static enum tap_verdict take_header(struct tap_cursor *c, struct header *h) {
  enum tap_verdict verdict = take_address(c, h);
  const uint8_t *control = c->at;
  if (verdict != TAP_PAYLOAD) return verdict;
  if (tap_take(c, 1) == NULL) return TAP_TRUNCATED;
  if (control[0] == CONTROL_UI || control[0] == CONTROL_XID || h->dlci == 0) {
    h->control = control;
    return control[0] == CONTROL_UI ? take_nlpid(c, h) : TAP_LAST;
  }
  if (tap_take(c, 1) == NULL) return TAP_TRUNCATED;
  h->type = control;
  h->form = FORM_CISCO;
  return TAP_PAYLOAD;
}

/* Is SNAP's type an EtherType?  It is with an organization of zero. */
static bool is_ethertype(const uint8_t *snap) {
  return tap_be16(snap) == 0 && snap[2] == 0;
}

static enum tap_verdict fr_parse(struct tap_cursor *c, struct tap_step *out) {
  struct header h = { 0 };
  enum tap_verdict verdict = take_header(c, &h);
  if (verdict != TAP_PAYLOAD) return verdict;
  if (h.form == FORM_CISCO) return tap_cisco_follow(out, tap_be16(h.type));
  if (h.form == FORM_SNAP) {
    out->table = TAP_BY_ETHERTYPE;
    out->key = tap_be16(h.type + 3);
    return is_ethertype(h.type) && out->key >= TAP_ETHERTYPE_MIN ? TAP_PAYLOAD : TAP_LAST;
  }
  out->table = TAP_BY_NLPID;
  out->key = h.nlpid[0];
  return TAP_PAYLOAD;
}

static struct header header_of(const struct tap_packet *p, const struct tap_layer *layer) {
  struct tap_cursor c = tap_header_window(p, layer, 0);
  struct header h = { 0 };
  take_header(&c, &h);
  return h;
}

static bool read_dlci(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct header h = header_of(p, layer);
  return nth == 0 && h.address != NULL && tap_give_number(out, TAP_UINT, h.dlci);
}

static bool read_ea(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  struct header h = header_of(p, layer);
  return nth < h.address_size && h.address != NULL &&
         tap_give_number(out, TAP_FLAG, h.address[nth] & 1);
}

static bool read_dc(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  struct header h = header_of(p, layer);
  if (nth > 0 || h.address == NULL || h.address_size == ADDRESS_MIN) return false;
  return tap_give_number(out, TAP_FLAG, h.address[h.address_size - 1] >> 1 & 1);
}

static bool read_control(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return nth == 0 && tap_give_load(out, TAP_UINT, header_of(p, layer).control, 1);
}

static bool read_nlpid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return nth == 0 && tap_give_load(out, TAP_UINT, header_of(p, layer).nlpid, 1);
}

/* The five bytes of SNAP, or NULL. */
static const uint8_t *snap_of(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth) {
  struct header h = header_of(p, layer);
  return nth == 0 && h.form == FORM_SNAP ? h.type : NULL;
}

static bool read_oui(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, snap_of(p, layer, nth), 3);
}

static bool give_snap(const uint8_t *snap, bool ethertype, struct tap_value *out) {
  if (snap == NULL || is_ethertype(snap) != ethertype) return false;
  return tap_give_number(out, TAP_UINT, tap_be16(snap + 3));
}

static bool read_snaptype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_snap(snap_of(p, layer, nth), true, out);
}

static bool read_pid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_snap(snap_of(p, layer, nth), false, out);
}

static bool read_chdlctype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct header h = header_of(p, layer);
  if (nth > 0 || h.form != FORM_CISCO) return false;
  return tap_give_number(out, TAP_UINT, tap_be16(h.type));
}

static const struct tap_name nlpid_names[] = {
  { 0x08, "Q.933" }, { NLPID_SNAP, "SNAP" }, { 0x81, "CLNP" },  { 0x82, "ES-IS" },
  { 0x83, "IS-IS" }, { 0x8e, "IPv6" },       { 0xb0, "FRF.9" }, { 0xb1, "FRF.12" },
  { 0xcc, "IPv4" },  { 0xcf, "PPP" },        { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_READ("fr.dlci", "DLCI", TAP_UINT, read_dlci),
  TAP_PLACE("fr.cr", "Command or response", TAP_FLAG, 6, 1),
  TAP_PLACE("fr.fecn", "FECN", TAP_FLAG, 12, 1),
  TAP_PLACE("fr.becn", "BECN", TAP_FLAG, 13, 1),
  TAP_PLACE("fr.de", "Discard eligible", TAP_FLAG, 14, 1),
  TAP_READ("fr.ea", "Extended address ends", TAP_FLAG, read_ea, .flags = TAP_REPEATS),
  TAP_READ("fr.dc", "DL-CORE control", TAP_FLAG, read_dc),
  TAP_READ("fr.control", "Control", TAP_UINT, read_control, .flags = TAP_HEX),
  TAP_READ("fr.nlpid", "NLPID", TAP_UINT, read_nlpid, .flags = TAP_HEX, .names = nlpid_names),
  TAP_READ("fr.snap.oui", "Organization Code", TAP_UINT, read_oui),
  TAP_READ("fr.snaptype", "Type", TAP_UINT, read_snaptype, .flags = TAP_HEX,
           .names = tap_ethertype_names),
  TAP_READ("fr.snap.pid", "Protocol ID", TAP_UINT, read_pid, .flags = TAP_HEX),
  TAP_READ("fr.chdlctype", "Type", TAP_UINT, read_chdlctype, .flags = TAP_HEX,
           .names = tap_ethertype_names),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_LINKTYPE, TAP_LINKTYPE_FRAME_RELAY } };

const struct tap_protocol tap_fr_protocol = {
  .name = "fr",
  .title = "Frame Relay",
  .level = TAP_LEVEL_LINK,
  .parse = fr_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_NLPID | 1u << TAP_BY_ETHERTYPE | 1u << TAP_BY_CISCO,
};
