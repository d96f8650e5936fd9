/* SPDX-License-Identifier: MIT
 *
 * IEEE 802.1X: authentication over Ethernet and 802.11.  The body is payload;
 * of keys the number that guards against replays can be read.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/read.h"

enum { EAPOL_HEADER = 4, TYPE_KEY = 3 };
enum { KEY_RC4 = 1, KEY_RSN = 2, KEY_WPA = 254 };

static enum tap_verdict eapol_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, EAPOL_HEADER);
  (void)out;
  if (h == NULL) return TAP_TRUNCATED;
  tap_narrow(c, tap_be16(h + 2));
  return TAP_LAST;
}

/* The body of a key, which starts with what kind it is; NULL for other messages. */
static const uint8_t *key(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          size_t size) {
  const uint8_t *type = nth == 0 ? tap_header_at(p, layer, 1, 1) : NULL;
  struct tap_cursor c = tap_payload_window(p, layer);
  return type == NULL || type[0] != TYPE_KEY ? NULL : tap_take(&c, size);
}

static bool read_kind(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key(p, layer, nth, 1), 1);
}

/* Where the key's length stands: two bytes of information come first in the newer kinds. */
static size_t length_offset(unsigned kind) {
  switch (kind) {
  case KEY_RC4: return 1;
  case KEY_RSN:
  case KEY_WPA: return 3;
  default: return 0;
  }
}

/* 'n' bytes, 'behind' bytes after the start of the key's length. */
static const uint8_t *key_at(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, size_t behind, size_t n) {
  const uint8_t *kind = key(p, layer, nth, 1);
  size_t offset = kind == NULL ? 0 : length_offset(kind[0]);
  if (offset == 0 || key(p, layer, nth, offset + behind + n) == NULL) return NULL;
  return kind + offset + behind;
}

static bool read_key_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key_at(p, layer, nth, 0, 2), 2);
}

static bool read_replay_counter(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, key_at(p, layer, nth, 2, 8), 8);
}

static const struct tap_name version_names[] = {
  { 1, "802.1X-2001" },
  { 2, "802.1X-2004" },
  { 3, "802.1X-2010" },
  { 0, NULL },
};

static const struct tap_name type_names[] = {
  { 0, "EAP Packet" }, { 1, "Start" }, { 2, "Logoff" }, { TYPE_KEY, "Key" },
  { 4, "ASF Alert" },  { 5, "MKA" },   { 0, NULL },
};

static const struct tap_name kind_names[] = {
  { KEY_RC4, "RC4" },
  { KEY_RSN, "RSN" },
  { KEY_WPA, "WPA" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("eapol.version", "Version", TAP_UINT, 0, 8, .names = version_names),
  TAP_PLACE("eapol.type", "Type", TAP_UINT, 8, 8, .names = type_names),
  TAP_PLACE("eapol.len", "Length", TAP_UINT, 16, 16, .unit = "bytes"),
  TAP_READ("eapol.keydes.type", "Key Descriptor", TAP_UINT, read_kind, .names = kind_names),
  TAP_READ("eapol.keydes.key_len", "Key Length", TAP_UINT, read_key_len, .unit = "bytes"),
  TAP_READ("eapol.keydes.replay_counter", "Replay Counter", TAP_UINT, read_replay_counter),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_ETHERTYPE, TAP_ETHERTYPE_EAPOL } };

const struct tap_protocol tap_eapol_protocol = {
  .name = "eapol",
  .title = "802.1X Authentication",
  .level = TAP_LEVEL_NETWORK,
  .parse = eapol_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};
