/* SPDX-License-Identifier: MIT
 *
 * ESP (RFC 4303), of which two numbers can be read without the key, and its
 * encapsulation in UDP (RFC 3948): there four zero bytes mark a message that
 * is not ESP, and a single byte of ones keeps a translator's entry alive.
 */
#include "proto/builtin.h"
#include "proto/read.h"

enum { IP_PROTO_ESP = 50, PORT_ENCAPSULATION = 4500, PORT_KEY_EXCHANGE = 500, MARKER = 4 };

static enum tap_verdict esp_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, 8) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

static enum tap_verdict encapsulation_parse(struct tap_cursor *c, struct tap_step *out) {
  if (tap_left(c) == 1 && c->at[0] == 0xff) {
    tap_take(c, 1);
    return TAP_LAST;
  }
  if (tap_left(c) < MARKER) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = IP_PROTO_ESP;
  if (tap_be32(c->at) != 0) return TAP_PAYLOAD;
  tap_take(c, MARKER);
  out->table = TAP_BY_UDP_PORT;
  out->key = PORT_KEY_EXCHANGE;
  return TAP_PAYLOAD;
}

static bool read_keepalive(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return nth == 0 &&
         tap_give_true(out, layer->header == 1 && tap_header_at(p, layer, 0, 1)[0] == 0xff);
}

static bool read_marker(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return nth == 0 && tap_give_true(out, tap_header_at(p, layer, 0, MARKER) != NULL);
}

static const struct tap_field esp_fields[] = {
  TAP_PLACE("esp.spi", "Security Parameters Index", TAP_UINT, 0, 32, .flags = TAP_HEX),
  TAP_PLACE("esp.sequence", "Sequence", TAP_UINT, 32, 32),
  { 0 },
};

static const struct tap_field encapsulation_fields[] = {
  TAP_READ("udpencap.nat_keepalive", "Keep-alive", TAP_FLAG, read_keepalive),
  TAP_READ("udpencap.non_esp_marker", "Not ESP", TAP_FLAG, read_marker),
  { 0 },
};

static const struct tap_binding esp_bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_ESP } };
static const struct tap_binding encapsulation_bindings[] = {
  { TAP_BY_UDP_PORT, PORT_ENCAPSULATION },
};

const struct tap_protocol tap_esp_protocol = {
  .name = "esp",
  .title = "Encapsulating Security Payload",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = esp_parse,
  .fields = esp_fields,
  .bindings = esp_bindings,
  .binding_count = 1,
};

const struct tap_protocol tap_udpencap_protocol = {
  .name = "udpencap",
  .title = "UDP Encapsulation of IPsec",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = encapsulation_parse,
  .fields = encapsulation_fields,
  .bindings = encapsulation_bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_IP_PROTO | 1u << TAP_BY_UDP_PORT,
};
