/* SPDX-License-Identifier: MIT
 *
 * Hosts and networks: addresses of IPv4, ARP, RARP, IPv6, DECnet, and of the
 * link itself.
 */
#include "filter/lower.h"
#include "filter/numbers.h"

/* Join the tests of source and destination as the direction says. */
static struct tap_formula *directed(struct tap_lowering *l, unsigned dir, struct tap_formula *src,
                                    struct tap_formula *dst) {
  switch (dir) {
  case W_SRC: return src;
  case W_DST: return dst;
  case W_AND: return tap_both(l, src, dst);
  case W_OR:
  case W_NONE: return tap_either(l, src, dst);
  default:
    return tap_lower_refuse(l, "'%s' is a slot of 802.11 frames, which this address has not",
                            tap_word_text(dir));
  }
}

static struct tap_formula *end4(struct tap_lowering *l, uint32_t type, uint32_t offset,
                                uint32_t address, uint32_t mask) {
  struct tap_formula *carries = tap_lower_type(l, type);
  return tap_both(l, carries, tap_lower_masked(l, tap_place_network(l), offset, 4, address, mask));
}

static struct tap_formula *hosts4(struct tap_lowering *l, uint32_t type, uint32_t src, uint32_t dst,
                                  uint32_t address, uint32_t mask, unsigned dir) {
  struct tap_formula *a = end4(l, type, src, address, mask);
  return directed(l, dir, a, end4(l, type, dst, address, mask));
}

struct tap_formula *tap_lower_host4(struct tap_lowering *l, uint32_t address, uint32_t mask,
                                    struct tap_qualifier q) {
  struct tap_qualifier one = q;
  struct tap_formula *f;
  switch (q.proto) {
  case W_IP: return hosts4(l, ETHERTYPE_IP, 12, 16, address, mask, q.dir);
  case W_ARP: return hosts4(l, ETHERTYPE_ARP, 14, 24, address, mask, q.dir);
  case W_RARP: return hosts4(l, ETHERTYPE_RARP, 14, 24, address, mask, q.dir);
  case W_DECNET: return tap_lower_decnet(l, address, q.dir);
  case W_NONE: break;
  default:
    return tap_lower_refuse(l, "'%s' has no IPv4 addresses (write '%s and host ...')",
                            tap_word_text(q.proto), tap_word_text(q.proto));
  }
  one.proto = W_IP;
  f = tap_lower_host4(l, address, mask, one);
  if (l->now.labels > 0) return f;
  one.proto = W_ARP;
  f = tap_either(l, f, tap_lower_host4(l, address, mask, one));
  one.proto = W_RARP;
  return tap_either(l, f, tap_lower_host4(l, address, mask, one));
}

static uint32_t word_at(const uint8_t bytes[16], unsigned i) {
  return tap_be32(bytes + 4 * i);
}

static struct tap_formula *end6(struct tap_lowering *l, uint32_t offset, const uint8_t address[16],
                                const uint8_t mask[16]) {
  struct tap_formula *f = tap_lower_type(l, ETHERTYPE_IPV6);
  struct tap_place network = tap_place_network(l);
  for (unsigned i = 0; i < 4; i++)
    f = tap_both(
        l, f,
        tap_lower_masked(l, network, offset + 4 * i, 4, word_at(address, i), word_at(mask, i)));
  return f;
}

struct tap_formula *tap_lower_host6(struct tap_lowering *l, const uint8_t address[16],
                                    const uint8_t mask[16], struct tap_qualifier q) {
  struct tap_formula *src;
  if (q.proto != W_NONE && q.proto != W_IP6)
    return tap_lower_refuse(l, "'%s' has no IPv6 addresses", tap_word_text(q.proto));
  src = end6(l, 8, address, mask);
  return directed(l, q.dir, src, end6(l, 24, address, mask));
}

/* Where DECnet's four forms of header keep their mark and both ends' addresses. */
struct decnet_form {
  uint16_t mask, mark;
  uint8_t size, src, dst;
};

static struct tap_formula *decnet_end(struct tap_lowering *l, uint32_t address, bool source) {
  static const struct decnet_form forms[] = {
    { 0x07, 0x02, 1, 5, 3 },
    { 0xff07, 0x8102, 2, 6, 4 },
    { 0x07, 0x06, 1, 17, 9 },
    { 0xff07, 0x8106, 2, 18, 10 },
  };
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  struct tap_formula *carries = tap_lower_type(l, ETHERTYPE_DECNET);
  struct tap_place network = tap_place_network(l);
  for (unsigned i = 0; i < 4; i++) {
    const struct decnet_form *form = &forms[i];
    uint32_t at = source ? form->src : form->dst;
    struct tap_formula *mark = tap_lower_masked(l, network, 2, form->size, form->mark, form->mask);
    f = tap_either(l, f, tap_both(l, mark, tap_lower_equal(l, network, at, 2, address)));
  }
  return tap_both(l, carries, f);
}

/* DECnet writes its addresses with the low byte first. */
struct tap_formula *tap_lower_decnet(struct tap_lowering *l, uint32_t address, unsigned dir) {
  struct tap_formula *src;
  address = (address & 0xff) << 8 | (address >> 8 & 0xff);
  src = decnet_end(l, address, true);
  return directed(l, dir, src, decnet_end(l, address, false));
}

struct tap_formula *tap_lower_mac(struct tap_lowering *l, const uint8_t mac[6], unsigned dir) {
  const struct tap_link *link = l->now.link;
  struct tap_formula *src, *dst;
  if (tap_link_is_wlan(link)) return tap_lower_wlan_mac(l, mac, dir);
  if (link->mac == LINK_NO_MAC)
    return tap_lower_refuse(l, "%s has no hardware addresses", link->name);
  src = tap_lower_bytes(l, tap_place_header(l), link->mac + 6u, mac, 6);
  dst = tap_lower_bytes(l, tap_place_header(l), link->mac, mac, 6);
  return tap_both(l, tap_lower_tunnel_check(l), directed(l, dir, src, dst));
}
