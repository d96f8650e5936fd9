/* SPDX-License-Identifier: MIT
 *
 * What the kernel can say of a field's comparison before it is made: a test
 * of the bytes at the field's usual place, which holds wherever the comparison
 * does.  It reads no byte that the comparison does not need, so that a packet
 * that is too short for it is too short for both.
 *
 * A protocol may also stand somewhere else: behind tags, LLC, extension
 * headers, in tunnels.  The registry says which numbers of types, protocols
 * and ports may lead there, and where one of these stands the test holds.
 */
#include "filter/carriers.h"
#include "filter/comparison.h"
#include "filter/lower.h"
#include "filter/numbers.h"
#include "proto/builtin.h"
#include "proto/ethertype.h"

enum { MEMBERS_MAX = 512, PORTS_MAX = 32, ETHERNET_HEADER = 14, IPV6_HEADER = 40 };

/* A comparison and what of it can be tested. */
struct pre {
  struct tap_lowering *l;
  const struct tap_comparison *c;
  struct tap_carriers carriers;
  bool outermost;                    /* what is behind a target does not matter */
  uint32_t first, size, shift, mask; /* bytes of the field in its header; size 0: presence alone */
};

static struct tap_formula *constant(const struct pre *p, bool is_true) {
  return tap_formula_constant(p->l->arena, is_true);
}

static struct tap_place at(uint32_t offset) {
  return (struct tap_place){ VALUE_NONE, offset };
}

static bool has_members(const struct tap_comparison *c, bool v4) {
  size_t n = v4 ? c->v4_count : c->number_count;
  return (c->compare == CMP_IN || c->compare == CMP_NE) && n <= MEMBERS_MAX;
}

/* The field's place, where one load of 1, 2 or 4 bytes has it and nothing else is needed. */
static void find_place(struct pre *p) {
  const struct tap_ref *ref = &p->c->ref;
  const struct tap_field *field = ref->field;
  if (field == NULL || field->read != NULL || ref->nth > 0) return;
  if (field->type != TAP_UINT && field->type != TAP_FLAG && field->type != TAP_IPV4) return;
  if (ref->bytes != 1 && ref->bytes != 2 && ref->bytes != 4) return;
  if (!has_members(p->c, field->type == TAP_IPV4)) return;
  p->first = ref->byte;
  p->size = ref->bytes;
  p->shift = ref->shift;
  p->mask = field->type == TAP_IPV4 ? UINT32_MAX : (uint32_t)ref->mask;
}

static uint32_t members(const struct pre *p, bool v4) {
  const struct tap_number_range *r = v4 ? p->c->v4 : p->c->numbers;
  size_t n = v4 ? p->c->v4_count : p->c->number_count;
  tap_set_begin(p->l->g);
  for (size_t i = 0; i < n && r[i].low <= UINT32_MAX; i++)
    tap_set_add(p->l->g, (uint32_t)r[i].low,
                (uint32_t)(r[i].high < UINT32_MAX ? r[i].high : UINT32_MAX));
  return tap_set_end(p->l->g);
}

/* A loaded number is a member, or for "not equal" none. */
static struct tap_formula *is_member(const struct pre *p, uint32_t value, bool v4) {
  struct tap_formula *f = tap_formula_test(p->l->arena, value, members(p, v4));
  return p->c->compare == CMP_NE ? tap_unless(p->l, f) : f;
}

/* The field in the header that begins at 'header'. */
static struct tap_formula *field_at(const struct pre *p, struct tap_place header) {
  struct tap_graph *g = p->l->g;
  uint32_t value;
  if (p->size == 0) return constant(p, true);
  value = tap_lower_load(p->l, header, p->first, p->size);
  if (p->shift > 0) value = tap_val_op(g, S_SHR, value, tap_val_const(g, p->shift));
  if (p->mask != UINT32_MAX) value = tap_val_op(g, '&', value, tap_val_const(g, p->mask));
  return is_member(p, value, p->c->ref.field->type == TAP_IPV4);
}

static struct tap_place transport_of(const struct pre *p, bool ipv6) {
  if (ipv6) return at(ETHERNET_HEADER + IPV6_HEADER);
  return (struct tap_place){ tap_val_ihl(p->l->g, ETHERNET_HEADER), ETHERNET_HEADER };
}

static uint8_t mark_of(const struct pre *p, unsigned protocol) {
  return p->carriers.mark[protocol];
}

/* The keys of a table for which 'wanted' says yes; false where there is none. */
typedef bool key_wanted(const struct pre *p, const struct tap_bound *b);

static bool keys(const struct pre *p, unsigned table, key_wanted *wanted, uint32_t *set) {
  const struct tap_carriers *c = &p->carriers;
  bool any = false;
  tap_set_begin(p->l->g);
  for (size_t i = 0; i < c->bound_count; i++) {
    const struct tap_bound *b = &c->bound[i];
    if (b->table != table || !wanted(p, b)) continue;
    any = true;
    if (table == TAP_BY_ETHERTYPE && b->key == TAP_ETHERTYPE_LLC)
      tap_set_add(p->l->g, 0, MTU_8023);
    else
      tap_set_add(p->l->g, b->key, b->key);
  }
  *set = tap_set_end(p->l->g);
  return any;
}

/* Has the field a place of its own behind IP? */
static bool is_placed(unsigned protocol) {
  return protocol == TAP_PROTO_TCP || protocol == TAP_PROTO_UDP || protocol == TAP_PROTO_ICMP ||
         protocol == TAP_PROTO_ICMPV6;
}

static bool has_ports(unsigned protocol) {
  return protocol == TAP_PROTO_TCP || protocol == TAP_PROTO_UDP;
}

static bool carries_more(const struct pre *p, unsigned protocol) {
  return (mark_of(p, protocol) & CARRIER_LEADS) != 0 &&
         !(p->outermost && (mark_of(p, protocol) & CARRIER_TARGET) != 0);
}

static bool is_any(const struct pre *p, const struct tap_bound *b) {
  return mark_of(p, b->protocol) != 0;
}

static bool is_target(const struct pre *p, const struct tap_bound *b) {
  return is_placed(b->protocol) && (mark_of(p, b->protocol) & CARRIER_TARGET) != 0;
}

/* Nothing behind IP but what is asked of at its place, or by its ports. */
static bool is_carrier(const struct pre *p, const struct tap_bound *b) {
  if (has_ports(b->protocol)) return false;
  return is_placed(b->protocol) ? carries_more(p, b->protocol) : is_any(p, b);
}

static bool is_type(const struct pre *p, const struct tap_bound *b) {
  switch (b->key) {
  case ETHERTYPE_IP: return is_any(p, b) && b->protocol != TAP_PROTO_IP;
  case ETHERTYPE_IPV6: return is_any(p, b) && b->protocol != TAP_PROTO_IPV6;
  case ETHERTYPE_ARP: return is_any(p, b) && b->protocol != TAP_PROTO_ARP;
  default: return is_any(p, b);
  }
}

static struct tap_formula *first_fragment(const struct pre *p, bool ipv6) {
  if (ipv6) return constant(p, true);
  return tap_lower_masked(p->l, at(ETHERNET_HEADER), 6, 2, 0, 0x1fff);
}

static struct tap_formula *next_in(const struct pre *p, bool ipv6, uint32_t set) {
  return tap_lower_in(p->l, at(ETHERNET_HEADER), ipv6 ? 6 : 9, 1, set);
}

static bool is_tcp(const struct pre *p, const struct tap_bound *b) {
  return b->protocol == TAP_PROTO_TCP && carries_more(p, TAP_PROTO_TCP);
}

static bool is_udp(const struct pre *p, const struct tap_bound *b) {
  return b->protocol == TAP_PROTO_UDP && carries_more(p, TAP_PROTO_UDP);
}

/* One of the two ports leads to a carrier; where there are many, any port may. */
static struct tap_formula *by_ports(const struct pre *p, bool ipv6, key_wanted *protocol,
                                    unsigned table) {
  struct tap_place place = transport_of(p, ipv6);
  struct tap_formula *f, *ports = constant(p, true);
  uint32_t set, numbers;
  if (!keys(p, TAP_BY_IP_PROTO, protocol, &numbers) || !keys(p, table, is_any, &set))
    return constant(p, false);
  if (p->l->g->sets[set].count <= PORTS_MAX)
    ports = tap_either(p->l, tap_lower_in(p->l, place, 2, 2, set),
                       tap_lower_in(p->l, place, 0, 2, set));
  f = tap_both(p->l, next_in(p, ipv6, numbers), first_fragment(p, ipv6));
  return tap_both(p->l, f, ports);
}

/* What stands behind IP: the field at its place, or who may carry it. */
static struct tap_formula *behind(const struct pre *p, bool ipv6) {
  struct tap_lowering *l = p->l;
  struct tap_formula *f = constant(p, false), *field;
  uint32_t set;
  if (keys(p, TAP_BY_IP_PROTO, is_target, &set)) {
    field = tap_both(l, next_in(p, ipv6, set), first_fragment(p, ipv6));
    f = tap_both(l, field, field_at(p, transport_of(p, ipv6)));
  }
  f = tap_either(l, f, by_ports(p, ipv6, is_udp, TAP_BY_UDP_PORT));
  f = tap_either(l, f, by_ports(p, ipv6, is_tcp, TAP_BY_TCP_PORT));
  if (!keys(p, TAP_BY_IP_PROTO, is_carrier, &set)) return f;
  return tap_either(l, f, next_in(p, ipv6, set));
}

/* A network header behind Ethernet: the field at its place, and what may stand behind it. */
static struct tap_formula *network(const struct pre *p, unsigned protocol,
                                   struct tap_formula *found) {
  struct tap_formula *f = constant(p, false);
  if (mark_of(p, protocol) & CARRIER_TARGET) f = found;
  if (protocol == TAP_PROTO_ARP || !carries_more(p, protocol)) return f;
  return tap_either(p->l, f, behind(p, protocol == TAP_PROTO_IPV6));
}

static struct tap_formula *of_type(const struct pre *p, uint32_t type, unsigned protocol,
                                   struct tap_formula *found) {
  const struct tap_walk *w = tap_registry_walk(p->l->options->registry);
  struct tap_formula *f = constant(p, false);
  if (tap_walk_bound(w, TAP_BY_ETHERTYPE, (uint16_t)type) != protocol) return f;
  f = network(p, protocol, found);
  if (f == NULL || f->kind == FORMULA_FALSE) return f;
  return tap_both(p->l, tap_lower_equal(p->l, at(12), 0, 2, type), f);
}

/* What each EtherType asks, the most frequent one first; 'v4' and so on is the field there. */
static struct tap_formula *by_type(const struct pre *p, struct tap_formula *v4,
                                   struct tap_formula *v6, struct tap_formula *arp) {
  struct tap_lowering *l = p->l;
  struct tap_formula *f = of_type(p, ETHERTYPE_IP, TAP_PROTO_IP, v4);
  uint32_t set;
  f = tap_either(l, f, of_type(p, ETHERTYPE_IPV6, TAP_PROTO_IPV6, v6));
  f = tap_either(l, f, of_type(p, ETHERTYPE_ARP, TAP_PROTO_ARP, arp));
  if (!keys(p, TAP_BY_ETHERTYPE, is_type, &set)) return f;
  return tap_either(l, f, tap_lower_in(l, at(12), 0, 2, set));
}

/* src and dst, of the outermost network header: IPv6 addresses are left to the comparison. */
static struct tap_formula *ends(const struct pre *p) {
  struct tap_formula *v4;
  if (!has_members(p->c, true)) return NULL;
  v4 = is_member(p, tap_lower_load(p->l, at(ETHERNET_HEADER), p->first, 4), true);
  return by_type(p, v4, constant(p, p->c->v6_count > 0 || p->c->compare == CMP_NE),
                 constant(p, true));
}

static enum tap_role role_of(const struct tap_protocol *p) {
  if (p->addresses.bytes != 0) return TAP_ROLE_NETWORK;
  return p->ports.bytes != 0 ? TAP_ROLE_TRANSPORT : TAP_ROLE_NONE;
}

static void mark_role(struct pre *p, enum tap_role role) {
  const struct tap_registry *r = p->l->options->registry;
  for (unsigned i = 0; i < tap_registry_protocols(r); i++)
    if (role_of(tap_registry_at(r, i)) == role) p->carriers.mark[i] = CARRIER_TARGET;
  tap_carriers_spread(&p->carriers, r);
  p->outermost = true;
}

static bool is_guessed(const struct pre *p) {
  return tap_carriers_guessed(&p->carriers, p->l->options->registry);
}

/* src dst sport dport, in this order in the table of fields. */
static struct tap_formula *family(struct pre *p) {
  static const uint8_t first[] = { 12, 16, 0, 2 };
  unsigned i = 0;
  while (i < 4 && p->c->ref.field != &tap_family_fields[i])
    i++;
  if (i == 4 || p->c->ref.nth > 0) return NULL;
  p->first = first[i];
  mark_role(p, i < 2 ? TAP_ROLE_NETWORK : TAP_ROLE_TRANSPORT);
  if (is_guessed(p)) return NULL;
  if (i < 2) return ends(p);
  if (!has_members(p->c, false)) return NULL;
  p->size = 2;
  p->mask = UINT32_MAX;
  return by_type(p, NULL, NULL, NULL);
}

/* Is it a tag that the kernel may have lifted out of the bytes, or the link header? */
static bool is_elsewhere(const struct pre *p, unsigned protocol) {
  static const uint16_t tags[] = { ETHERTYPE_VLAN, ETHERTYPE_8021AD, ETHERTYPE_QINQ };
  const struct tap_walk *w = tap_registry_walk(p->l->options->registry);
  for (unsigned i = 0; i < sizeof tags / sizeof tags[0]; i++)
    if (tap_walk_bound(w, TAP_BY_ETHERTYPE, tags[i]) == protocol) return true;
  return protocol == TAP_PROTO_ETH;
}

/* Are the headers that are looked into those that are built in, leading where these do? */
static bool is_usual(const struct tap_lowering *l) {
  static const struct {
    uint16_t protocol;
    uint32_t leads;
  } rows[] = {
    { TAP_PROTO_ETH, 1u << TAP_BY_ETHERTYPE }, { TAP_PROTO_IP, 1u << TAP_BY_IP_PROTO },
    { TAP_PROTO_IPV6, 1u << TAP_BY_IP_PROTO }, { TAP_PROTO_TCP, 1u << TAP_BY_TCP_PORT },
    { TAP_PROTO_UDP, 1u << TAP_BY_UDP_PORT },  { TAP_PROTO_ARP, 0 },
  };
  const struct tap_registry *r = l->options->registry;
  const struct tap_walk *w = tap_registry_walk(r);
  for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (tap_registry_at(r, rows[i].protocol)->leads != rows[i].leads) return false;
  return tap_walk_bound(w, TAP_BY_LINKTYPE, l->options->linktype) == TAP_PROTO_ETH;
}

struct tap_formula *tap_lower_prefilter(struct tap_lowering *l, const struct tap_comparison *c) {
  struct pre p = { .l = l, .c = c };
  struct tap_formula *found;
  if (c->payload || l->link->kind != LINK_ETHERNET || l->options->registry == NULL || !is_usual(l))
    return NULL;
  if (!tap_carriers_init(&p.carriers, l)) return NULL;
  if (c->ref.protocol == TAP_ANY_PROTOCOL) return family(&p);
  if (is_elsewhere(&p, c->ref.protocol)) return NULL;
  find_place(&p);
  p.carriers.mark[c->ref.protocol] = CARRIER_TARGET;
  tap_carriers_spread(&p.carriers, l->options->registry);
  if (is_guessed(&p)) return NULL;
  found = field_at(&p, at(ETHERNET_HEADER));
  return by_type(&p, found, found, found);
}
