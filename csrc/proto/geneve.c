/* SPDX-License-Identifier: MIT
 *
 * GENEVE (RFC 8926): a header of eight bytes and options, which it counts in
 * units of four bytes.  What follows is named by an EtherType.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/numbers.h"
#include "proto/read.h"

enum { GENEVE_HEADER = 8, OPTION_HEADER = 4, PORT_GENEVE = 6081 };

static enum tap_verdict geneve_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, GENEVE_HEADER);
  if (h == NULL) return TAP_TRUNCATED;
  if (h[0] >> 6 != 0) return TAP_FOREIGN; /* a version that nobody has defined */
  if (tap_take(c, (h[0] & 0x3fu) * 4) == NULL) return TAP_TRUNCATED;
  return tap_tunnel_follow(out, tap_be16(h + 2));
}

/* Option 'nth', of which 'size' bytes are here, header included. */
static const uint8_t *option(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, size_t *size) {
  struct tap_cursor c = tap_header_window(p, layer, GENEVE_HEADER);
  const uint8_t *h;
  do {
    h = tap_take(&c, OPTION_HEADER);
    if (h == NULL || tap_take(&c, (h[3] & 0x1fu) * 4) == NULL) return NULL;
  } while (nth-- > 0);
  *size = OPTION_HEADER + (h[3] & 0x1fu) * 4;
  return h;
}

static bool read_options(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, GENEVE_HEADER);
  return nth == 0 && tap_give_rest(out, TAP_BYTES, &c);
}

static bool read_class(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  size_t size;
  return tap_give_load(out, TAP_UINT, option(p, layer, nth, &size), 2);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  size_t size;
  const uint8_t *h = option(p, layer, nth, &size);
  return h != NULL && tap_give_number(out, TAP_UINT, h[2]);
}

static bool read_critical(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  size_t size;
  const uint8_t *h = option(p, layer, nth, &size);
  return h != NULL && tap_give_number(out, TAP_FLAG, h[2] >> 7);
}

static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  size_t size;
  return option(p, layer, nth, &size) != NULL && tap_give_number(out, TAP_UINT, size);
}

static bool read_data(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  size_t size;
  const uint8_t *h = option(p, layer, nth, &size);
  if (h == NULL) return false;
  return tap_give_bytes(out, TAP_BYTES, h + OPTION_HEADER, size - OPTION_HEADER);
}

static const struct tap_field fields[] = {
  TAP_PLACE("geneve.version", "Version", TAP_UINT, 0, 2),
  TAP_PLACE("geneve.flags", "Flags", TAP_UINT, 8, 8, .flags = TAP_HEX),
  TAP_PLACE("geneve.flags.oam", "Operations and management", TAP_FLAG, 8, 1),
  TAP_PLACE("geneve.flags.critical", "Critical options", TAP_FLAG, 9, 1),
  TAP_PLACE("geneve.proto_type", "Protocol Type", TAP_UINT, 16, 16, .flags = TAP_HEX,
            .names = tap_ethertype_names),
  TAP_PLACE("geneve.vni", "Network Identifier", TAP_UINT, 32, 24, .flags = TAP_HEX),
  TAP_READ("geneve.options", "Options", TAP_BYTES, read_options, .flags = TAP_HIDDEN),
  TAP_READ("geneve.option.class", "Option Class", TAP_UINT, read_class, .bits = 16,
           .flags = TAP_HEX | TAP_REPEATS),
  TAP_READ("geneve.option.type", "Option Type", TAP_UINT, read_type, .bits = 8,
           .flags = TAP_HEX | TAP_REPEATS),
  TAP_READ("geneve.option.type.critical", "Critical", TAP_FLAG, read_critical,
           .flags = TAP_REPEATS),
  TAP_READ("geneve.option.length", "Option Length", TAP_UINT, read_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("geneve.option.unknown.data", "Option Data", TAP_BYTES, read_data, .flags = TAP_REPEATS),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_UDP_PORT, PORT_GENEVE } };

const struct tap_protocol tap_geneve_protocol = {
  .name = "geneve",
  .title = "Generic Network Virtualization Encapsulation",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = geneve_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_ETHERTYPE,
};
