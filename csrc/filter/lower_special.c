/* SPDX-License-Identifier: MIT
 *
 * Primitives with a word of their own: lengths, single bytes, broadcast,
 * directions, LLC, ATM's circuits.
 */
#include <linux/filter.h>
#include <string.h>

#include "filter/lower.h"
#include "filter/numbers.h"

static struct tap_formula *length(struct tap_lowering *l, const struct tap_ast *ast) {
  uint32_t value = tap_val_len(l->g);
  if (ast->word == W_LESS)
    return tap_formula_test(l->arena, value, tap_set_range(l->g, 0, ast->number));
  return tap_formula_test(l->arena, value, tap_set_range(l->g, ast->number, UINT32_MAX));
}

static struct tap_formula *byte(struct tap_lowering *l, const struct tap_ast *ast) {
  uint32_t value = tap_lower_load(l, tap_place_header(l), ast->number, 1), k = ast->number2;
  uint32_t zero = tap_set_range(l->g, 0, 0);
  switch (ast->op) {
  case '=': return tap_formula_test(l->arena, value, tap_set_range(l->g, k, k));
  case '<':
    return tap_unless(l, tap_formula_test(l->arena, value, tap_set_range(l->g, k, UINT32_MAX)));
  case '>': return tap_unless(l, tap_formula_test(l->arena, value, tap_set_range(l->g, 0, k)));
  default:
    value = tap_val_op(l->g, ast->op, value, tap_val_const(l->g, k));
    return tap_unless(l, tap_formula_test(l->arena, value, zero));
  }
}

static struct tap_formula *link_group(struct tap_lowering *l, bool broadcast) {
  static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
  const struct tap_link *link = l->now.link;
  if (link->kind == LINK_ARCNET) return tap_lower_equal(l, tap_place_header(l), 1, 1, 0);
  if (link->mac == LINK_NO_MAC && !tap_link_is_wlan(link))
    return tap_lower_refuse(l, "%s has no broadcast or multicast addresses", link->name);
  if (broadcast) return tap_lower_mac(l, everyone, W_DST);
  if (tap_link_is_wlan(link)) return tap_lower_wlan_group(l);
  return tap_both(l, tap_lower_tunnel_check(l),
                  tap_lower_bits(l, tap_place_header(l), link->mac, 1));
}

static struct tap_formula *broadcast(struct tap_lowering *l, unsigned proto) {
  uint32_t hosts = ~l->options->netmask;
  struct tap_formula *f;
  struct tap_place network;
  if (proto == W_NONE || proto == W_LINK) return link_group(l, true);
  if (proto != W_IP) return tap_lower_refuse(l, "'%s' has no broadcast", tap_word_text(proto));
  if (l->options->netmask == (uint32_t)TAP_NETMASK_UNKNOWN)
    return tap_lower_refuse(l, "'ip broadcast' needs the interface's netmask, which is not known");
  f = tap_lower_type(l, ETHERTYPE_IP);
  network = tap_place_network(l);
  return tap_both(l, f,
                  tap_either(l, tap_lower_masked(l, network, 16, 4, 0, hosts),
                             tap_lower_masked(l, network, 16, 4, hosts, hosts)));
}

static struct tap_formula *multicast(struct tap_lowering *l, unsigned proto) {
  struct tap_formula *f;
  switch (proto) {
  case W_NONE:
  case W_LINK: return link_group(l, false);
  case W_IP:
    f = tap_lower_type(l, ETHERTYPE_IP);
    return tap_both(l, f,
                    tap_lower_in(l, tap_place_network(l), 16, 1, tap_set_range(l->g, 0xe0, 0xff)));
  case W_IP6:
    f = tap_lower_type(l, ETHERTYPE_IPV6);
    return tap_both(l, f, tap_lower_equal(l, tap_place_network(l), 24, 1, 0xff));
  default: return tap_lower_refuse(l, "'%s' has no multicast", tap_word_text(proto));
  }
}

/* Outgoing is 4 in a cooked header and in the socket's metadata (PACKET_OUTGOING). */
static struct tap_formula *outbound(struct tap_lowering *l) {
  uint32_t four = tap_set_range(l->g, 4, 4);
  struct tap_place header = tap_place_header(l);
  switch (l->link->kind) {
  case LINK_SLL: return tap_lower_in(l, header, 0, 2, four);
  case LINK_SLL2: return tap_lower_in(l, header, 10, 1, four);
  case LINK_JUNIPER: return tap_lower_masked(l, header, 3, 1, 0, 1);
  case LINK_RAW:
    if (l->link->payload == 16) return tap_unless(l, tap_lower_equal(l, header, 0, 1, 0));
    break;
  case LINK_PPP:
    if (l->link->number == 166) return tap_lower_equal(l, header, 0, 1, 1);
    break;
  default: break;
  }
  if (!l->options->live)
    return tap_lower_refuse(l, "a file of %s does not keep the direction", l->link->name);
  return tap_formula_test(l->arena, tap_val_aux(l->g, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE), four);
}

static struct tap_formula *interface(struct tap_lowering *l, uint32_t number) {
  uint32_t set = tap_set_range(l->g, number, number);
  if (l->link->kind == LINK_SLL2) return tap_lower_in(l, tap_place_header(l), 4, 4, set);
  if (!l->options->live)
    return tap_lower_refuse(l, "a file of %s does not keep the interface", l->link->name);
  return tap_formula_test(l->arena, tap_val_aux(l->g, (uint32_t)SKF_AD_OFF + SKF_AD_IFINDEX), set);
}

/* That there is an LLC header at all. */
static struct tap_formula *llc_present(struct tap_lowering *l) {
  switch (l->now.link->kind) {
  case LINK_ETHERNET:
    return tap_both(l, tap_lower_length(l),
                    tap_unless(l, tap_lower_equal(l, tap_place_llc(l), 0, 2, 0xffff)));
  case LINK_LLC: return tap_formula_constant(l->arena, true);
  case LINK_SUNATM: return tap_lower_masked(l, tap_place_header(l), 0, 1, 2, 0x0f);
  case LINK_WLAN:
  case LINK_RADIOTAP:
  case LINK_PPI: return tap_lower_data_frame(l);
  default: return tap_lower_refuse(l, "%s has no LLC", l->now.link->name);
  }
}

struct llc_row {
  const char *name;
  uint8_t bits, mask;
};

struct tap_formula *tap_lower_llc(struct tap_lowering *l, const struct tap_ast *ast) {
  static const struct llc_row rows[] = {
    { "i", 0x00, 0x01 },    { "s", 0x01, 0x03 },     { "u", 0x03, 0x03 },    { "rr", 0x01, 0x0f },
    { "rnr", 0x05, 0x0f },  { "rej", 0x09, 0x0f },   { "ui", 0x03, 0xef },   { "ua", 0x63, 0xef },
    { "disc", 0x43, 0xef }, { "sabme", 0x6f, 0xef }, { "test", 0xe3, 0xef }, { "xid", 0xaf, 0xef },
    { "frmr", 0x87, 0xef }, { "dm", 0x0f, 0xef },
  };
  struct tap_formula *f = llc_present(l);
  if (ast->name == NULL) return f;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (strcmp(rows[i].name, ast->name->text) == 0)
      return tap_both(l, f,
                      tap_lower_masked(l, tap_place_llc(l), 2, 1, rows[i].bits, rows[i].mask));
  l->span = ast->name->span;
  return tap_lower_refuse(l, "'%.40s' is no type of LLC frames", ast->name->text);
}

/* Virtual path and circuit of SunATM's header. */
static struct tap_formula *circuit(struct tap_lowering *l, const struct tap_ast *ast) {
  bool path = ast->word == W_VPI;
  uint32_t k = ast->number, low = 0, high = UINT32_MAX;
  struct tap_formula *f;
  if (l->link->kind != LINK_SUNATM)
    return tap_lower_refuse(l, "'%s' is for ATM, and this is %s", tap_word_text(ast->word),
                            l->link->name);
  if (k > (path ? 255u : 65535u)) return tap_lower_refuse(l, "number %u is too large here", k);
  if (ast->op == S_EQ || ast->op == S_NE || ast->op == '<' || ast->op == S_GE) low = k;
  if (ast->op == '>' || ast->op == S_LE) low = k + 1;
  if (ast->op == S_EQ || ast->op == S_NE) high = k;
  f = tap_lower_in(l, tap_place_header(l), path ? 1 : 2, path ? 1 : 2,
                   tap_set_range(l->g, low, high));
  /* libpcap 1.10 takes "!=" for "=" here. */
  return ast->op == '<' || ast->op == S_LE ? tap_unless(l, f) : f;
}

struct tap_formula *tap_lower_special(struct tap_lowering *l, const struct tap_ast *ast) {
  switch (ast->word) {
  case W_LESS:
  case W_GREATER: return length(l, ast);
  case W_BYTE: return byte(l, ast);
  case W_BROADCAST: return broadcast(l, ast->q.proto);
  case W_MULTICAST: return multicast(l, ast->q.proto);
  case W_OUTBOUND: return outbound(l);
  case W_INBOUND: return tap_unless(l, outbound(l));
  case W_IFINDEX: return interface(l, ast->number);
  case W_PPPOED: return tap_lower_type(l, ETHERTYPE_PPPOE_D);
  case W_LLC: return tap_lower_llc(l, ast);
  case W_TYPE:
  case W_SUBTYPE:
  case W_DIR: return tap_lower_wlan(l, ast);
  case W_VPI:
  case W_VCI: return circuit(l, ast);
  default: return tap_lower_tunnel(l, ast);
  }
}
