/* SPDX-License-Identifier: MIT
 *
 * Relations: numbers loaded from the packet, arithmetic, and comparisons.  A
 * load brings the test of its protocol along; of two operands that an operator
 * joins, the left one's tests count, as in libpcap.
 */
#include "filter/lower.h"
#include "filter/numbers.h"

/* A number and what must hold before it is looked at. */
struct number {
  uint32_t value;
  struct tap_formula *checks; /* NULL: it failed */
};

static struct number arith(struct tap_lowering *l, const struct tap_arith *a);

static struct number nothing(void) {
  return (struct number){ VALUE_NONE, NULL };
}

/* The place and test that a load's protocol stands for; false where it has none. */
static bool load_place(struct tap_lowering *l, unsigned proto, struct tap_place *place,
                       uint32_t *offset, struct tap_formula **check) {
  *offset = 0;
  *check = tap_formula_constant(l->arena, true);
  switch (proto) {
  case W_LINK:
    *check = tap_lower_tunnel_check(l);
    *place = tap_place_header(l);
    return true;
  case W_RADIO:
    *place = (struct tap_place){ VALUE_NONE, 0 };
    if (l->link->kind == LINK_RADIOTAP) return true;
    tap_lower_refuse(l, "%s has no radio header", l->link->name);
    return false;
  case W_ICMP6:
    *check = tap_lower_type(l, ETHERTYPE_IPV6);
    *check = tap_both(l, *check, tap_lower_equal(l, tap_place_network(l), 6, 1, PROTO_ICMP6));
    *place = tap_place_network(l);
    *offset = 40;
    return true;
  case W_IP:
  case W_IP6:
  case W_ARP:
  case W_RARP:
  case W_ATALK:
  case W_DECNET:
  case W_LAT:
  case W_SCA:
  case W_MOPRC:
  case W_MOPDL:
    *check = tap_lower_word(l, proto);
    *place = tap_place_network(l);
    return true;
  case W_TCP:
  case W_UDP:
  case W_SCTP:
  case W_ICMP:
  case W_IGMP:
  case W_IGRP:
  case W_PIM:
  case W_VRRP:
  case W_CARP:
    *check = tap_lower_type(l, ETHERTYPE_IP);
    *check = tap_both(l, *check, tap_lower_word(l, proto));
    *check = tap_both(l, *check, tap_lower_masked(l, tap_place_network(l), 6, 2, 0, 0x1fff));
    *place = tap_place_transport(l);
    return true;
  default:
    tap_lower_refuse(l, "bytes of '%s' cannot be asked by offset", tap_word_text(proto));
    return false;
  }
}

static struct number load(struct tap_lowering *l, const struct tap_arith *a) {
  struct number index = arith(l, a->a), out;
  struct tap_formula *check;
  struct tap_place place;
  uint32_t offset;
  const struct tap_val *v;
  if (index.checks == NULL) return nothing();
  l->span = a->span;
  if (!load_place(l, a->proto, &place, &offset, &check)) return nothing();
  out.checks = tap_both(l, index.checks, check);
  v = &l->g->values[index.value];
  /* As in libpcap the sum has 32 bits, so that ip[-1] is the byte before the header. */
  if (v->kind == VALUE_CONST && (place.base == VALUE_NONE || v->k < 0x10000)) {
    out.value = tap_val_load(l->g, place.base, place.at + offset + v->k, a->size);
    return out;
  }
  if (place.base != VALUE_NONE) index.value = tap_val_op(l->g, '+', index.value, place.base);
  out.value = tap_val_load(l->g, index.value, (uint64_t)place.at + offset, a->size);
  return out;
}

/* What a constant on the right must not be. */
static bool operand_allowed(struct tap_lowering *l, uint8_t op, const struct tap_arith *b) {
  l->span = b->span;
  if (b->kind != ARITH_NUMBER) return true;
  if ((op == '/' || op == '%') && b->number == 0) {
    tap_lower_refuse(l, "this divides by zero");
    return false;
  }
  if ((op == S_SHL || op == S_SHR) && b->number > 31) {
    tap_lower_refuse(l, "numbers have 32 bits: a shift by %u leaves nothing", b->number);
    return false;
  }
  return true;
}

static struct number binary(struct tap_lowering *l, const struct tap_arith *a) {
  struct number x = arith(l, a->a), y;
  if (x.checks == NULL) return nothing();
  y = arith(l, a->b);
  if (y.checks == NULL || !operand_allowed(l, a->op, a->b)) return nothing();
  x.value = tap_val_op(l->g, a->op, x.value, y.value);
  return x;
}

static struct number arith(struct tap_lowering *l, const struct tap_arith *a) {
  struct number out = { VALUE_NONE, tap_formula_constant(l->arena, true) };
  switch (a->kind) {
  case ARITH_NUMBER: out.value = tap_val_const(l->g, a->number); return out;
  case ARITH_LEN: out.value = tap_val_len(l->g); return out;
  case ARITH_LOAD: return load(l, a);
  case ARITH_NEGATE:
    out = arith(l, a->a);
    if (out.checks != NULL) out.value = tap_val_negate(l->g, out.value);
    return out;
  default: return binary(l, a);
  }
}

/* value op k */
static struct tap_formula *against(struct tap_lowering *l, uint32_t value, uint8_t op, uint32_t k) {
  uint32_t low = op == '>' || op == S_LE ? k + 1 : k, high = UINT32_MAX, set;
  if (op == S_EQ || op == S_NE) high = k;
  set = (op == '>' || op == S_LE) && k == UINT32_MAX ? (uint32_t)SET_EMPTY
                                                     : tap_set_range(l->g, low, high);
  if (op == S_EQ || op == '>' || op == S_GE) return tap_formula_test(l->arena, value, set);
  return tap_unless(l, tap_formula_test(l->arena, value, set));
}

static uint8_t mirrored(uint8_t op) {
  switch (op) {
  case '<': return '>';
  case '>': return '<';
  case S_LE: return S_GE;
  case S_GE: return S_LE;
  default: return op;
  }
}

static struct tap_formula *compare(struct tap_lowering *l, uint32_t a, uint8_t op, uint32_t b) {
  uint32_t one = tap_set_range(l->g, 1, 1);
  if (l->g->values[b].kind == VALUE_CONST) return against(l, a, op, l->g->values[b].k);
  if (l->g->values[a].kind == VALUE_CONST) return against(l, b, mirrored(op), l->g->values[a].k);
  switch (op) {
  case S_EQ:
  case '>':
  case S_GE: return tap_formula_test(l->arena, tap_val_compare(l->g, op, a, b), one);
  case S_NE: return tap_unless(l, compare(l, a, S_EQ, b));
  case '<': return tap_unless(l, compare(l, a, S_GE, b));
  default: return tap_unless(l, compare(l, a, '>', b));
  }
}

struct tap_formula *tap_lower_relation(struct tap_lowering *l, const struct tap_ast *ast) {
  struct number a = arith(l, ast->left), b;
  if (a.checks == NULL) return NULL;
  b = arith(l, ast->right);
  if (b.checks == NULL) return NULL;
  return tap_both(l, tap_both(l, a.checks, b.checks), compare(l, a.value, ast->op, b.value));
}
