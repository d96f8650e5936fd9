/* SPDX-License-Identifier: MIT
 *
 * What the kernel can say of a field's comparison before it is made: a test
 * of the bytes at the field's usual place, which holds wherever the comparison
 * does.  Where a packet may hide the field elsewhere (tags, LLC, extension
 * headers) the test holds too.  It reads no byte that the comparison does not
 * need, so that a packet that is too short for it is too short for both.
 *
 * It rests on knowing every protocol that can lead to another one.  A registry
 * with more protocols than those that were there when this was written gets no
 * such tests.
 */
#include "filter/comparison.h"
#include "filter/lower.h"
#include "filter/numbers.h"
#include "proto/builtin.h"

enum { KNOWN_PROTOCOLS = 17, MEMBERS_MAX = 512, ETHERNET_HEADER = 14, IPV6_HEADER = 40 };

/* A comparison and what of it can be tested. */
struct pre {
  struct tap_lowering *l;
  const struct tap_comparison *c;
  uint32_t first, size, shift, mask; /* bytes of the field in its header; size 0: presence alone */
};

static struct tap_formula *constant(const struct pre *p, bool is_true) {
  return tap_formula_constant(p->l->arena, is_true);
}

static struct tap_place at(uint32_t offset) {
  return (struct tap_place){ VALUE_NONE, offset };
}

/* One of the numbers. */
static struct tap_formula *byte_is(const struct pre *p, uint32_t offset, const uint8_t *numbers,
                                   unsigned n) {
  tap_set_begin(p->l->g);
  for (unsigned i = 0; i < n; i++)
    tap_set_add(p->l->g, numbers[i], numbers[i]);
  return tap_lower_in(p->l, at(offset), 0, 1, tap_set_end(p->l->g));
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

static const uint8_t extensions[] = { PROTO_HOPOPTS, PROTO_ROUTING, PROTO_FRAGMENT, PROTO_AH,
                                      PROTO_DSTOPTS };

/* Behind IPv4: 'found' where one of the numbers follows at once and this is the first fragment. */
static struct tap_formula *over_ipv4(const struct pre *p, const uint8_t *numbers, unsigned n,
                                     struct tap_formula *found) {
  struct tap_formula *f = byte_is(p, ETHERNET_HEADER + 9, numbers, n);
  f = tap_both(p->l, f, tap_lower_masked(p->l, at(ETHERNET_HEADER), 6, 2, 0, 0x1fff));
  f = tap_both(p->l, f, found);
  return tap_either(p->l, f, byte_is(p, ETHERNET_HEADER + 9, extensions, sizeof extensions));
}

static struct tap_formula *over_ipv6(const struct pre *p, const uint8_t *numbers, unsigned n,
                                     struct tap_formula *found) {
  struct tap_formula *f = tap_both(p->l, byte_is(p, ETHERNET_HEADER + 6, numbers, n), found);
  return tap_either(p->l, f, byte_is(p, ETHERNET_HEADER + 6, extensions, sizeof extensions));
}

/* What each EtherType asks; types that lead on to others hold, all else does not. */
static struct tap_formula *by_type(const struct pre *p, struct tap_formula *v4,
                                   struct tap_formula *v6, struct tap_formula *arp) {
  struct tap_lowering *l = p->l;
  struct tap_formula *f;
  tap_set_begin(l->g);
  tap_set_add(l->g, 0, MTU_8023);
  tap_set_add(l->g, ETHERTYPE_VLAN, ETHERTYPE_VLAN);
  tap_set_add(l->g, ETHERTYPE_8021AD, ETHERTYPE_8021AD);
  tap_set_add(l->g, ETHERTYPE_QINQ, ETHERTYPE_QINQ);
  f = tap_lower_in(l, at(12), 0, 2, tap_set_end(l->g));
  f = tap_either(l, tap_both(l, tap_lower_equal(l, at(12), 0, 2, ETHERTYPE_ARP), arp), f);
  f = tap_either(l, tap_both(l, tap_lower_equal(l, at(12), 0, 2, ETHERTYPE_IPV6), v6), f);
  return tap_either(l, tap_both(l, tap_lower_equal(l, at(12), 0, 2, ETHERTYPE_IP), v4), f);
}

static struct tap_place transport4(const struct pre *p) {
  return (struct tap_place){ tap_val_ihl(p->l->g, ETHERNET_HEADER), ETHERNET_HEADER };
}

static struct tap_formula *transport(const struct pre *p, uint8_t number) {
  struct tap_formula *v4 = over_ipv4(p, &number, 1, field_at(p, transport4(p)));
  struct tap_formula *v6 = over_ipv6(p, &number, 1, field_at(p, at(ETHERNET_HEADER + IPV6_HEADER)));
  return by_type(p, v4, v6, constant(p, false));
}

/* sport and dport, of TCP or UDP. */
static struct tap_formula *ports(const struct pre *p, uint32_t offset) {
  static const uint8_t numbers[] = { PROTO_TCP, PROTO_UDP };
  struct tap_lowering *l = p->l;
  struct tap_formula *v4, *v6;
  if (!has_members(p->c, false)) return NULL;
  v4 = is_member(p, tap_lower_load(l, transport4(p), offset, 2), false);
  v6 = is_member(p, tap_lower_load(l, at(ETHERNET_HEADER + IPV6_HEADER), offset, 2), false);
  return by_type(p, over_ipv4(p, numbers, 2, v4), over_ipv6(p, numbers, 2, v6), constant(p, false));
}

/* src and dst: IPv6 addresses are left to the comparison. */
static struct tap_formula *ends(const struct pre *p, uint32_t offset) {
  struct tap_formula *v4;
  if (!has_members(p->c, true)) return NULL;
  v4 = is_member(p, tap_lower_load(p->l, at(ETHERNET_HEADER), offset, 4), true);
  return by_type(p, v4, constant(p, p->c->v6_count > 0 || p->c->compare == CMP_NE),
                 constant(p, false));
}

static struct tap_formula *family(const struct pre *p) {
  const struct tap_field *field = p->c->ref.field;
  for (unsigned i = 0; i < 4; i++) {
    if (field != &tap_family_fields[i]) continue;
    return i < 2 ? ends(p, i == 0 ? 12 : 16) : ports(p, i == 2 ? 0 : 2);
  }
  return NULL;
}

struct tap_formula *tap_lower_prefilter(struct tap_lowering *l, const struct tap_comparison *c) {
  struct pre p = { .l = l, .c = c };
  const struct tap_registry *r = l->options->registry;
  struct tap_formula *no = tap_formula_constant(l->arena, false);
  if (c->payload || l->link->kind != LINK_ETHERNET || r == NULL ||
      tap_registry_protocols(r) != KNOWN_PROTOCOLS)
    return NULL;
  if (c->ref.protocol == TAP_ANY_PROTOCOL) return c->ref.nth == 0 ? family(&p) : NULL;
  find_place(&p);
  switch (c->ref.protocol) {
  case TAP_PROTO_IP: return by_type(&p, field_at(&p, at(ETHERNET_HEADER)), no, no);
  case TAP_PROTO_IPV6: return by_type(&p, no, field_at(&p, at(ETHERNET_HEADER)), no);
  case TAP_PROTO_ARP: return by_type(&p, no, no, field_at(&p, at(ETHERNET_HEADER)));
  case TAP_PROTO_TCP: return transport(&p, PROTO_TCP);
  case TAP_PROTO_UDP: return transport(&p, PROTO_UDP);
  case TAP_PROTO_ICMP: return transport(&p, PROTO_ICMP);
  case TAP_PROTO_ICMPV6: return transport(&p, PROTO_ICMP6);
  default: return NULL;
  }
}
