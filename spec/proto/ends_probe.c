/* SPDX-License-Identifier: MIT
 *
 * src, dst, sport and dport of protocols that are not built in: "toynet" has
 * addresses of four bytes, "toyport" has ports behind a byte of its own.
 * Prints what they read of one frame, and of every beginning of it how many
 * of the four there are.
 */
#include <stdio.h>

#include "proto/decode.h"
#include "proto/read.h"

enum { TYPE = 0x88b5, NET_BYTES = 9, PORT_BYTES = 5 };

static enum tap_verdict net_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, NET_BYTES);
  if (h == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_IP_PROTO;
  out->key = h[8];
  return TAP_PAYLOAD;
}

static enum tap_verdict port_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, PORT_BYTES) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

static const struct tap_binding net_binding[] = { { TAP_BY_ETHERTYPE, TYPE } };
static const struct tap_binding port_binding[] = { { TAP_BY_IP_PROTO, 253 } };

static const struct tap_protocol net = {
  .name = "toynet",
  .title = "Toy Network",
  .level = TAP_LEVEL_NETWORK,
  .parse = net_parse,
  .bindings = net_binding,
  .binding_count = 1,
  .addresses = { .bytes = 4, .src = 4, .dst = 0 },
};

static const struct tap_protocol port = {
  .name = "toyport",
  .title = "Toy Transport",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = port_parse,
  .bindings = port_binding,
  .binding_count = 1,
  .ports = { .bytes = 2, .src = 3, .dst = 1 },
};

static const uint8_t bytes[] = {
  2,   0, 0,  0, 0,   2, 2, 0, 0,   0, 0, 1, TYPE >> 8, TYPE & 0xff, /* Ethernet */
  192, 0, 2,  2, 192, 0, 2, 1, 253,                                  /* toynet */
  9,   0, 80, 4, 210,                                                /* toyport */
};

static unsigned read_ends(const struct tap_registry *r, uint32_t caplen, struct tap_text *t) {
  static const char *const names[] = { "src", "dst", "sport", "dport" };
  struct tap_frame frame = { .data = bytes, .caplen = caplen, .len = sizeof bytes, .linktype = 1 };
  struct tap_packet p;
  unsigned found = 0;
  tap_decode(r, &frame, TAP_LEVEL_ALL, &p);
  for (unsigned i = 0; i < 4; i++) {
    struct tap_value v;
    struct tap_ref ref;
    struct tap_err e;
    if (tap_registry_find(r, names[i], &ref, &e) != 0 || !tap_ref_read(&ref, &p, &v)) continue;
    tap_value_put(t, ref.field, &v);
    tap_text_put_char(t, ' ');
    found++;
  }
  return found;
}

int main(void) {
  static char buffer[4096];
  struct tap_text t;
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  if (r == NULL || tap_registry_add(r, &net, &e) < 0 || tap_registry_add(r, &port, &e) < 0) {
    puts(e.what);
    return 1;
  }
  tap_text_begin(&t, buffer, sizeof buffer);
  read_ends(r, sizeof bytes, &t);
  puts(buffer);
  for (uint32_t n = 0; n <= sizeof bytes; n++) {
    tap_text_begin(&t, buffer, sizeof buffer);
    printf("%u", read_ends(r, n, &t));
  }
  puts("");
  tap_registry_free(r);
  return 0;
}
