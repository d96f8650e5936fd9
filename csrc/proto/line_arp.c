/* SPDX-License-Identifier: MIT
 *
 * Words about ARP: questions and answers, told by their IPv4 addresses; other
 * kinds of addresses are named and no more.
 */
#include "proto/line.h"

#include "proto/ethertype.h"

/* The parts of an ARP message that lie behind its fixed header. */
struct arp {
  unsigned op, hw_bytes;
  const uint8_t *sender_hw, *sender, *target_hw, *target;
};

static bool all_zero(const uint8_t *p, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    if (p[i] != 0) return false;
  return true;
}

static void put_request(struct tap_line *l, const struct arp *a) {
  tap_text_put(l->t, "Request who-has ");
  tap_text_put_ipv4(l->t, a->target);
  if (!all_zero(a->target_hw, a->hw_bytes)) {
    tap_text_put(l->t, " (");
    tap_line_put_address(l, a->target_hw, a->hw_bytes);
    tap_text_put_char(l->t, ')');
  }
  tap_text_put(l->t, " tell ");
  tap_text_put_ipv4(l->t, a->sender);
}

/* Reverse and inverse ARP: questions for an address that belongs to a hardware address. */
static void put_who_is(struct tap_line *l, const struct arp *a, const char *words) {
  tap_text_put(l->t, words);
  tap_line_put_address(l, a->target_hw, a->hw_bytes);
  tap_text_put(l->t, " tell ");
  tap_line_put_address(l, a->sender_hw, a->hw_bytes);
}

static void put_is_at(struct tap_line *l, const struct arp *a) {
  tap_text_put(l->t, "Reply ");
  tap_text_put_ipv4(l->t, a->sender);
  tap_text_put(l->t, " is-at ");
  tap_line_put_address(l, a->sender_hw, a->hw_bytes);
}

static void put_at(struct tap_line *l, const char *words, const uint8_t *hw, unsigned hw_bytes,
                   const uint8_t *address) {
  tap_text_put(l->t, words);
  tap_line_put_address(l, hw, hw_bytes);
  tap_text_put(l->t, " at ");
  tap_text_put_ipv4(l->t, address);
}

static void put_operation(struct tap_line *l, const struct arp *a) {
  switch (a->op) {
  case 1: put_request(l, a); return;
  case 2: put_is_at(l, a); return;
  case 3: put_who_is(l, a, "Reverse Request who-is "); return;
  case 4: put_at(l, "Reverse Reply ", a->target_hw, a->hw_bytes, a->target); return;
  case 8: put_who_is(l, a, "Inverse Request who-is "); return;
  case 9: put_at(l, "Inverse Reply ", a->sender_hw, a->hw_bytes, a->sender); return;
  case 10: tap_text_put(l->t, "NACK Reply"); return;
  default: tap_line_put_number(l, "Unknown (", a->op); tap_text_put_char(l->t, ')');
  }
}

/* Addresses that are not IPv4's are named by their kinds alone. */
static void put_kinds(struct tap_line *l, const uint8_t *h) {
  tap_line_put_named(l, "arp.hw.type", tap_be16(h), 4);
  tap_line_put_number(l, " (len ", h[4]);
  tap_text_put(l->t, "), ");
  tap_line_put_named(l, "arp.proto.type", tap_be16(h + 2), 4);
  tap_line_put_number(l, " (len ", h[5]);
  tap_text_put_char(l->t, ')');
}

void tap_line_arp(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h = tap_take(&c, 8);
  struct arp a = { 0 };
  bool named = tap_line_put_kind(l, "ARP");
  if (h != NULL) {
    a.op = tap_be16(h + 6);
    a.hw_bytes = h[4];
    a.sender_hw = tap_take(&c, h[4]);
    a.sender = tap_take(&c, h[5]);
    a.target_hw = tap_take(&c, h[4]);
    a.target = tap_take(&c, h[5]);
  }
  if (a.sender_hw == NULL || a.sender == NULL || a.target_hw == NULL || a.target == NULL) {
    tap_line_cut(l, "arp");
    return;
  }
  if (named) tap_text_put(l->t, ", ");
  if (tap_be16(h + 2) == TAP_ETHERTYPE_IP && h[5] == 4 && h[4] > 0)
    put_operation(l, &a);
  else
    put_kinds(l, h);
  tap_line_put_length(l, tap_line_length(l, layer->start));
}
