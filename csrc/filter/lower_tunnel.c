/* SPDX-License-Identifier: MIT
 *
 * Primitives that move the place where the rest of the text looks: vlan,
 * mpls, pppoes, geneve (RFC 8926) and vxlan (RFC 7348).
 */
#include <linux/filter.h>

#include "filter/lower.h"
#include "filter/numbers.h"

enum { CELLS_MAX = 10 }; /* the other ones are for arithmetic */

/* The number or set behind the word, over a masked and shifted value. */
static struct tap_formula *numbered(struct tap_lowering *l, const struct tap_ast *ast,
                                    struct tap_formula *present, uint32_t load, uint32_t mask,
                                    unsigned shift) {
  uint32_t set, value;
  if (ast->set.items != NULL || ast->set.name != NULL) {
    if (!tap_lower_numbers(l, &ast->set, mask >> shift, &set)) return NULL;
    value = tap_val_op(l->g, '&', load, tap_val_const(l->g, mask));
    if (shift > 0) value = tap_val_op(l->g, S_SHR, value, tap_val_const(l->g, shift));
    return tap_both(l, present, tap_formula_test(l->arena, value, set));
  }
  if (!ast->given) return present;
  if (ast->number > mask >> shift)
    return tap_lower_refuse(l, "number %u is over %u, the most that '%s' has", ast->number,
                            mask >> shift, tap_word_text(ast->word));
  value = tap_val_op(l->g, '&', load, tap_val_const(l->g, mask));
  return tap_both(
      l, present,
      tap_formula_test(l->arena, value,
                       tap_set_range(l->g, ast->number << shift, ast->number << shift)));
}

/* The tag that the kernel took out of the bytes: nothing moves. */
static struct tap_formula *lifted_tag(struct tap_lowering *l, const struct tap_ast *ast) {
  uint32_t tci = tap_val_aux(l->g, (uint32_t)SKF_AD_OFF + SKF_AD_VLAN_TAG);
  l->now.lifted = false;
  l->now.tags++;
  return numbered(l, ast, tap_formula_constant(l->arena, true), tci, 0xfff, 0);
}

static struct tap_formula *vlan(struct tap_lowering *l, const struct tap_ast *ast) {
  const struct tap_link *link = l->now.link;
  struct tap_formula *f;
  if (l->now.labels > 0) return tap_lower_refuse(l, "no vlan tag can stand behind mpls");
  if (link->kind != LINK_ETHERNET && link->kind != LINK_WLAN && link->kind != LINK_RADIOTAP)
    return tap_lower_refuse(l, "%s has no vlan tags", link->name);
  l->uses_lifted = true;
  if (l->now.lifted) return lifted_tag(l, ast);
  f = tap_lower_type(l, ETHERTYPE_VLAN);
  f = tap_either(l, f, tap_lower_type(l, ETHERTYPE_8021AD));
  f = tap_either(l, f, tap_lower_type(l, ETHERTYPE_QINQ));
  f = numbered(l, ast, f, tap_lower_load(l, tap_place_llc(l), 0, 2), 0xfff, 0);
  l->now.payload.at += 4;
  l->now.type.at += 4;
  l->now.tags++;
  return f;
}

static struct tap_formula *mpls(struct tap_lowering *l, const struct tap_ast *ast) {
  struct tap_place network = tap_place_network(l), label = network;
  struct tap_formula *f;
  uint8_t kind = l->now.link->kind;
  if (l->now.labels > 0) {
    label.at -= 4;
    f = tap_lower_masked(l, label, 2, 1, 0, 1);
  } else {
    if (kind == LINK_PPP && l->now.link->number == 9)
      f = tap_lower_type(l, 0x281);
    else if (kind == LINK_ETHERNET || kind == LINK_HDLC)
      f = tap_lower_type(l, ETHERTYPE_MPLS);
    else
      return tap_lower_refuse(l, "%s has no mpls labels", l->now.link->name);
  }
  f = numbered(l, ast, f, tap_lower_load(l, network, 0, 4), 0xfffff000, 12);
  l->now.network += 4;
  l->now.plain += 4;
  l->now.labels++;
  return f;
}

static struct tap_formula *pppoes(struct tap_lowering *l, const struct tap_ast *ast) {
  struct tap_formula *f = tap_lower_type(l, ETHERTYPE_PPPOE_S);
  struct tap_place network = tap_place_network(l);
  if (f == NULL) return NULL;
  f = numbered(l, ast, f, tap_lower_load(l, network, 0, 4), 0xffff, 0);
  network = l->now.payload;
  network.at += l->now.network + 6;
  l->now.link = tap_link_pppoe();
  l->now.header = l->now.type = l->now.payload = network;
  l->now.payload.at += 2;
  l->now.network = l->now.plain = 0;
  l->now.labels = l->now.tags = 0;
  l->now.tunnel = false;
  return f;
}

static struct tap_formula *store(struct tap_lowering *l, unsigned cell, uint32_t value) {
  return tap_formula_store(l->arena, cell, value);
}

static uint32_t plus(struct tap_lowering *l, uint32_t value, uint32_t k) {
  return tap_val_op(l->g, '+', value, tap_val_const(l->g, k));
}

/* Where the tunnel's own header is, stored in 'cell', for one family of IP: its port and the
 * start of its header are tested. */
static struct tap_formula *tunnel_over(struct tap_lowering *l, const struct tap_ast *ast,
                                       unsigned cell, bool ipv6) {
  bool geneve = ast->word == W_GENEVE;
  struct tap_place network = tap_place_network(l);
  struct tap_place udp = ipv6 ? network : tap_place_transport(l);
  struct tap_formula *f = tap_lower_type(l, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
  uint32_t start;
  f = tap_both(l, f, tap_lower_equal(l, network, ipv6 ? 6 : 9, 1, PROTO_UDP));
  if (ipv6)
    udp.at += 40;
  else
    f = tap_both(l, f, tap_lower_masked(l, network, 6, 2, 0, 0x1fff));
  f = tap_both(l, f, tap_lower_equal(l, udp, 2, 2, geneve ? 6081 : 4789));
  f = tap_both(
      l, f, geneve ? tap_lower_masked(l, udp, 8, 1, 0, 0xc0) : tap_lower_equal(l, udp, 8, 1, 0x08));
  f = numbered(l, ast, f, tap_lower_load(l, udp, 12, 4), 0xffffff00, 8);
  start = udp.base == VALUE_NONE ? tap_val_const(l->g, udp.at + 8) : plus(l, udp.base, udp.at + 8);
  return tap_both(l, f, store(l, cell, start));
}

/* Geneve says the type of what it carries, which is Ethernet or has no link header. */
static struct tap_formula *geneve_inner(struct tap_lowering *l, unsigned cell) {
  uint32_t start = tap_val_cell(l->g, cell), behind, options;
  struct tap_formula *f = store(l, cell + 1, plus(l, start, 2)), *ethernet;
  options = tap_val_op(l->g, '&', tap_val_load(l->g, start, 0, 1), tap_val_const(l->g, 0x3f));
  options = tap_val_op(l->g, '*', options, tap_val_const(l->g, 4));
  behind = tap_val_op(l->g, '+', plus(l, options, 8), start);
  f = tap_both(l, f, store(l, cell + 2, behind));
  f = tap_both(l, f, store(l, cell + 3, tap_val_cell(l->g, cell + 2)));
  ethernet = tap_formula_test(l->arena, tap_val_load(l->g, start, 2, 2),
                              tap_set_range(l->g, ETHERTYPE_TEB, ETHERTYPE_TEB));
  ethernet = tap_both(l, ethernet, store(l, cell + 1, plus(l, tap_val_cell(l->g, cell + 2), 12)));
  ethernet = tap_both(l, ethernet, store(l, cell + 3, plus(l, tap_val_cell(l->g, cell + 2), 14)));
  return tap_both(l, f, tap_either(l, ethernet, tap_formula_constant(l->arena, true)));
}

static struct tap_formula *vxlan_inner(struct tap_lowering *l, unsigned cell) {
  uint32_t start = tap_val_cell(l->g, cell);
  struct tap_formula *f = store(l, cell + 1, plus(l, start, 20));
  f = tap_both(l, f, store(l, cell + 2, plus(l, start, 8)));
  return tap_both(l, f, store(l, cell + 3, plus(l, start, 22)));
}

static struct tap_formula *tunnel(struct tap_lowering *l, const struct tap_ast *ast) {
  unsigned cell = l->cells;
  struct tap_formula *f;
  if (tap_link_is_wlan(l->now.link)) {
    /* Tunnels over 802.11 are not looked into, as in libpcap; the header is measured. */
    l->measures_payload = l->skips_padding = true;
    return numbered(l, ast, tap_formula_constant(l->arena, false), tap_val_const(l->g, 0),
                    0xffffff00, 8);
  }
  if (cell + 4 > CELLS_MAX) return tap_lower_refuse(l, "more than two tunnels in one filter");
  l->cells += 4;
  f = tunnel_over(l, ast, cell, false);
  f = tap_either(l, f, tunnel_over(l, ast, cell, true));
  f = tap_both(l, f, ast->word == W_GENEVE ? geneve_inner(l, cell) : vxlan_inner(l, cell));
  l->now = (struct tap_layout){ .link = tap_link_find(TAP_LINKTYPE_ETHERNET),
                                .tunnel = ast->word == W_GENEVE };
  l->now.plain = l->now.link->plain;
  l->now.type.base = tap_val_cell(l->g, cell + 1);
  l->now.header.base = tap_val_cell(l->g, cell + 2);
  l->now.payload.base = tap_val_cell(l->g, cell + 3);
  return f;
}

/* Inside geneve there may be no link header: then it begins where the payload does. */
struct tap_formula *tap_lower_tunnel_check(struct tap_lowering *l) {
  uint32_t same;
  if (!l->now.tunnel) return tap_formula_constant(l->arena, true);
  same = tap_val_compare(l->g, '=', l->now.header.base, l->now.payload.base);
  return tap_unless(l, tap_formula_test(l->arena, same, tap_set_range(l->g, 1, 1)));
}

struct tap_formula *tap_lower_tunnel(struct tap_lowering *l, const struct tap_ast *ast) {
  switch (ast->word) {
  case W_VLAN: return vlan(l, ast);
  case W_MPLS: return mpls(l, ast);
  case W_PPPOES: return pppoes(l, ast);
  default: return tunnel(l, ast);
  }
}
