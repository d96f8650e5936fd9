/* SPDX-License-Identifier: MIT
 *
 * Filters for sockets on frames whose tag was lifted out, or stands in their
 * bytes, or that have none: fused or plain, by the kernel's program or not,
 * all ways must tell one verdict; a program that is not exact must accept no
 * less.  Reads how many expressions to try, and a seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "random.h"

enum { FRAMES = 60, LIVE_TEXT = 3 * TEXT };

struct counts {
  unsigned long filters, verdicts, accepted, wrong;
};

/* A random expression with one that asks of tags, directions or interfaces. */
static void put_live(char *out) {
  static const char *const live[] = { "vlan",
                                      "vlan 5",
                                      "not vlan",
                                      "vlan and vlan",
                                      "inbound",
                                      "outbound",
                                      "vlan 100 and vlan 5",
                                      "ifindex 3",
                                      "vlan 0",
                                      "(vlan or ip)",
                                      "vlan in {1-9,100}" };
  const char *one = live[pick(11)], *op = pick(2) ? "and" : "or", *op2 = pick(2) ? "and" : "or";
  char a[TEXT] = "", b[TEXT] = "";
  put_expression(a, pick(DEPTH));
  put_expression(b, pick(3));
  switch (pick(3)) {
  case 0: snprintf(out, LIVE_TEXT, "%s %s (%s) %s (%s)", one, op, a, op2, b); break;
  case 1: snprintf(out, LIVE_TEXT, "(%s) %s %s %s (%s)", a, op, one, op2, b); break;
  default: snprintf(out, LIVE_TEXT, "not (%s %s (%s)) %s (%s)", one, op, a, op2, b);
  }
}

/* The packet as a socket delivers it: its tag lifted out, in its bytes, or none. */
static struct tap_frame frame_of(struct packet *q) {
  static const uint16_t ids[] = { 0, 5, 7, 100 };
  struct tap_frame f = { .data = q->bytes,
                         .caplen = q->whole,
                         .len = q->whole,
                         .linktype = 1,
                         .direction = pick(2) ? TAP_DIR_IN : TAP_DIR_OUT,
                         .interface = 2 + pick(3) };
  const uint16_t id = ids[pick(4)];
  if (pick(2)) {
    f.flags = TAP_FRAME_TAG_LIFTED;
    f.vlan_tci = (uint16_t)(id | pick(2) << 13);
    f.vlan_tpid = 0x8100;
  } else if (pick(2) && q->whole > 20) {
    const uint8_t tag[] = { 0x81, 0, 0, (uint8_t)id, 8, 0 };
    memcpy(q->bytes + 12, tag, sizeof tag);
  }
  return f;
}

static bool by_kernel(const struct tap_filter *f, const struct tap_frame *frame, bool otherwise) {
  const struct tap_program *program = tap_filter_kernel(f);
  return program != NULL ? tap_program_run(program, frame) != 0 : otherwise;
}

/* Compare all ways to ask of one frame; 'f' is optimised and 'plain' is not. */
static bool agree(const struct tap_filter *f, const struct tap_filter *plain,
                  const struct tap_frame *frame, struct counts *c) {
  const bool wanted = tap_filter_match_frame(plain, frame);
  const bool kernel = by_kernel(f, frame, wanted);
  c->verdicts++;
  c->accepted += wanted;
  if (tap_filter_match_frame(f, frame) != wanted) return false;
  if (!tap_filter_exact(f)) return kernel >= wanted;
  return kernel == wanted && by_kernel(plain, frame, wanted) == wanted;
}

static void judge(const char *text, struct counts *c) {
  struct tap_filter_options o = { .linktype = 1, .netmask = 0xffffff, .live = true };
  struct tap_filter_error e;
  struct tap_filter *f = tap_filter_compile(text, &o, &e), *plain;
  bool right;
  o.plain = true;
  plain = tap_filter_compile(text, &o, &e);
  right = (f != NULL) == (plain != NULL);
  c->filters += f != NULL;
  for (int i = 0; f != NULL && right && i < FRAMES; i++) {
    struct packet q;
    struct tap_frame frame;
    make_packet(&q);
    frame = frame_of(&q);
    right = agree(f, plain, &frame, c);
  }
  if (!right) fprintf(stderr, "'%s'\n", text);
  c->wrong += !right;
  tap_filter_free(f);
  tap_filter_free(plain);
}

int main(void) {
  struct counts c = { 0 };
  char text[LIVE_TEXT];
  for (unsigned long rounds = read_rounds(1000); rounds > 0; rounds--) {
    put_live(text);
    judge(text, &c);
  }
  printf("%lu filters, %lu verdicts, %lu accepted, %lu wrong\n", c.filters, c.verdicts, c.accepted,
         c.wrong);
  return 0;
}
