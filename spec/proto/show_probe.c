/* SPDX-License-Identifier: MIT
 *
 * tap_show_*() on a protocol with the kinds of fields that no built-in one
 * has: signed numbers, 64 bits, times, text.  Each line of standard input is
 * what to show and a toy header as hex; it is put behind UDP to port 9000.
 * "lifted" before it is a frame whose VLAN tag the kernel took out.
 */
#include "proto/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/read.h"

enum { TOY_FIXED = 18, UDP_FRAME = 42, TEXT = 65536 };

static enum tap_verdict toy_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  if (tap_take(c, TOY_FIXED) == NULL) return TAP_TRUNCATED;
  tap_take(c, tap_left(c));
  return TAP_LAST;
}

static bool read_text(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TOY_FIXED);
  return nth == 0 && tap_give_rest(out, TAP_STRING, &c);
}

/* Each byte of the text as a text of its own. */
static bool read_letter(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return tap_give_bytes(out, TAP_STRING, tap_header_at(p, layer, TOY_FIXED + nth, 1), 1);
}

static const struct tap_name names[] = { { 5, "five" }, { 0, NULL } };

static const struct tap_field fields[] = {
  { .name = "toy.delta", .label = "Delta", .type = TAP_INT, .bits = 16, .unit = "0.1 s" },
  { .name = "toy.big", .label = "Big", .type = TAP_UINT, .bit = 16, .bits = 64, .names = names },
  { .name = "toy.when", .label = "When", .type = TAP_TIME, .bit = 80, .bits = 64 },
  { .name = "toy.text", .label = "Text", .type = TAP_STRING, .read = read_text },
  { .name = "toy.letter",
    .label = "Letter",
    .type = TAP_STRING,
    .flags = TAP_REPEATS,
    .read = read_letter },
  { .name = "toy.alias",
    .label = "Alias",
    .type = TAP_STRING,
    .flags = TAP_HIDDEN,
    .read = read_text },
  { .name = NULL },
};

static const struct tap_binding bindings[] = { { TAP_BY_UDP_PORT, 9000 } };

static const struct tap_protocol toy = {
  .name = "toy",
  .title = "Toy",
  .level = TAP_LEVEL_ALL,
  .parse = toy_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
};

/* A frame around 'size' bytes of payload, allocated to the byte. */
static uint8_t *frame_around(const uint8_t *payload, size_t size) {
  static const uint8_t headers[UDP_FRAME] = {
    2,  0, 0,  0,  0, 2, 2, 0, 0,  0,  0, 1, 8,   0,                     /* Ethernet */
    69, 0, 0,  0,  0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, /* IPv4, length 0 */
    0,  9, 35, 40, 0, 0, 0, 0, /* UDP 9 > 9000, length 0 */
  };
  uint8_t *frame = malloc(UDP_FRAME + size);
  memcpy(frame, headers, UDP_FRAME);
  memcpy(frame + UDP_FRAME, payload, size);
  return frame;
}

static void show(struct tap_text *t, const char *what, const struct tap_registry *r,
                 const struct tap_packet *p) {
  struct tap_err e;
  struct tap_ref ref;
  struct tap_value v;
  if (strcmp(what, "json") == 0)
    tap_show_json(t, r, p);
  else if (strcmp(what, "line") == 0)
    tap_show_line(t, r, p);
  else if (strcmp(what, "tree") == 0)
    tap_show_tree(t, r, p);
  else if (tap_registry_find(r, what, &ref, &e) == 0 && tap_ref_read(&ref, p, &v))
    tap_value_put(t, ref.field, &v);
}

/* The whole text; and in each smaller buffer its beginning, said to be cut. */
static bool cuts_well(const char *whole, const char *what, const struct tap_registry *r,
                      const struct tap_packet *p) {
  size_t length = strlen(whole);
  bool well = true;
  for (size_t size = 1; size <= length && well; size++) {
    struct tap_text t;
    char *buffer = malloc(size);
    tap_text_begin(&t, buffer, size);
    show(&t, what, r, p);
    well = t.cut && strlen(buffer) == size - 1 && memcmp(buffer, whole, size - 1) == 0;
    free(buffer);
  }
  return well;
}

static void show_packet(const char *what, const uint8_t *payload, size_t size,
                        const struct tap_registry *r) {
  static char text[TEXT];
  bool lifted = strncmp(what, "lifted", 6) == 0;
  uint8_t *bytes = frame_around(payload, size);
  uint32_t length = (uint32_t)(UDP_FRAME + size);
  struct tap_frame frame = {
    .data = bytes,
    .caplen = length,
    .len = length,
    .linktype = TAP_LINKTYPE_ETHERNET,
    .vlan_tpid = 0x8100,
    .vlan_tci = 0x2005,
    .flags = lifted ? TAP_FRAME_TAG_LIFTED : 0,
  };
  struct tap_packet p;
  struct tap_text t;
  tap_decode(r, &frame, TAP_LEVEL_ALL, &p);
  p.number = 1;
  if (lifted) what += 6;
  tap_text_begin(&t, text, sizeof text);
  show(&t, what, r, &p);
  printf("%s%s\n", text, cuts_well(text, what, r, &p) ? "" : " (cut badly)");
  free(bytes);
}

int main(void) {
  static char line[TEXT], what[32], hex[TEXT];
  static uint8_t payload[TEXT / 2];
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  if (r == NULL || tap_registry_add(r, &toy, &e) < 0) return 1;
  while (fgets(line, sizeof line, stdin) != NULL) {
    size_t size = 0;
    unsigned byte;
    hex[0] = '\0';
    if (sscanf(line, "%31s %65535s", what, hex) < 1) continue;
    for (const char *at = hex; sscanf(at, "%2x", &byte) == 1; at += 2)
      payload[size++] = (uint8_t)byte;
    show_packet(what, payload, size, r);
  }
  tap_registry_free(r);
  return 0;
}
