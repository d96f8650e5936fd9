/* SPDX-License-Identifier: MIT
 *
 * The walk over the tree, and what must be measured before any test where a
 * link header's length varies: cell 0 gets the length of a radio header,
 * cell 1 where the payload of an 802.11 frame begins.
 */
#include "filter/lower.h"

#include <stdarg.h>
#include <stdio.h>

#include "filter/numbers.h"

void *tap_lower_refuse(struct tap_lowering *l, const char *what, ...) {
  char text[sizeof l->e->what];
  va_list arguments;
  va_start(arguments, what);
  vsnprintf(text, sizeof text, what, arguments);
  va_end(arguments);
  tap_filter_fail(l->e, l->span, "%s", text);
  return NULL;
}

static struct tap_formula *lower_chain(struct tap_lowering *l, const struct tap_ast *ast) {
  const struct tap_ast *term = ast->first;
  struct tap_formula *f = tap_lower_term(l, term);
  for (term = term->next; f != NULL && term != NULL; term = term->next) {
    struct tap_formula *next = tap_lower_term(l, term);
    f = term->join == W_AND ? tap_both(l, f, next) : tap_either(l, f, next);
  }
  return f;
}

/* Per-packet information may stand before any link header: primitives are for 802.11 alone. */
static struct tap_formula *carries_wlan(struct tap_lowering *l) {
  const struct tap_place start = { VALUE_NONE, 0 };
  if (l->link->kind != LINK_PPI || l->skips_padding) return tap_formula_constant(l->arena, true);
  return tap_lower_equal(l, start, 4, 4, 0x69000000);
}

static struct tap_formula *lower_kind(struct tap_lowering *l, const struct tap_ast *ast) {
  switch (ast->kind) {
  case AST_CHAIN: return lower_chain(l, ast);
  case AST_NOT: return tap_unless(l, tap_lower_term(l, ast->first));
  case AST_ID: return tap_lower_id(l, ast);
  case AST_SET: return tap_lower_set(l, ast);
  case AST_PROTOCOL: return tap_lower_word(l, ast->word);
  case AST_RELATION: return tap_lower_relation(l, ast);
  case AST_SPECIAL: return tap_lower_special(l, ast);
  case AST_FRAG: return tap_lower_frag(l);
  case AST_PAYLOAD: return tap_lower_payload(l, ast);
  default: return tap_lower_field(l, ast);
  }
}

static bool asks_fields(const struct tap_ast *ast) {
  const struct tap_ast *term = ast->kind == AST_CHAIN || ast->kind == AST_NOT ? ast->first : NULL;
  while (term != NULL && !asks_fields(term))
    term = term->next;
  return term != NULL || ast->kind == AST_FIELD || ast->kind == AST_PAYLOAD;
}

/* What is checked is checked once, around as much as holds no field. */
struct tap_formula *tap_lower_term(struct tap_lowering *l, const struct tap_ast *ast) {
  bool checks = l->link->kind == LINK_PPI && !l->checked && !asks_fields(ast);
  struct tap_formula *f;
  l->span = ast->span;
  if (!checks) return lower_kind(l, ast);
  l->checked = true;
  f = lower_kind(l, ast);
  l->checked = false;
  return tap_both(l, carries_wlan(l), f);
}

static struct tap_formula *when(struct tap_lowering *l, struct tap_formula *condition,
                                struct tap_formula *then) {
  return tap_either(l, tap_both(l, condition, then), tap_formula_constant(l->arena, true));
}

static uint32_t constant(struct tap_lowering *l, uint32_t k) {
  return tap_val_const(l->g, k);
}

/* The radio header's own length: its third and fourth byte, low byte first. */
static struct tap_formula *measure_radio(struct tap_lowering *l) {
  struct tap_graph *g = l->g;
  uint32_t high = tap_val_op(g, S_SHL, tap_val_load(g, VALUE_NONE, 3, 1), constant(l, 8));
  uint32_t length = tap_val_op(g, '|', tap_val_load(g, VALUE_NONE, 2, 1), high);
  return tap_formula_store(l->arena, 0, length);
}

/* A flag of the radiotap header says that the 802.11 header is padded to four bytes. */
static struct tap_formula *measure_padding(struct tap_lowering *l) {
  const struct tap_place start = { VALUE_NONE, 0 };
  uint32_t cell = tap_val_cell(l->g, 1), padded;
  struct tap_formula *has_flags, *padding, *store;
  uint32_t present = tap_val_load(l->g, VALUE_NONE, 4, 4);
  uint32_t zero = tap_set_range(l->g, 0, 0);
  has_flags = tap_unless(
      l, tap_formula_test(l->arena, tap_val_op(l->g, '&', present, constant(l, 0x02000000)), zero));
  has_flags =
      tap_both(l, has_flags,
               tap_formula_test(l->arena, tap_val_op(l->g, '&', present, constant(l, 0x80)), zero));
  padding = tap_unless(
      l, tap_formula_test(l->arena, tap_val_op(l->g, '&', present, constant(l, 0x01000000)), zero));
  padding = tap_either(
      l, tap_both(l, padding, tap_lower_bits(l, start, 16, 0x20)),
      tap_both(
          l,
          tap_formula_test(l->arena, tap_val_op(l->g, '&', present, constant(l, 0x01000000)), zero),
          tap_lower_bits(l, start, 8, 0x20)));
  padded = tap_val_op(l->g, '+', cell, constant(l, 3));
  padded = tap_val_op(l->g, '&', padded, constant(l, ~UINT32_C(3)));
  store = tap_formula_store(l->arena, 1, padded);
  return when(l, tap_both(l, has_flags, padding), store);
}

/* 24 bytes of header, two more with quality of service, and the padding. */
static struct tap_formula *measure_payload(struct tap_lowering *l) {
  struct tap_place header = tap_place_header(l);
  uint32_t start = header.base == VALUE_NONE ? constant(l, 24)
                                             : tap_val_op(l->g, '+', header.base, constant(l, 24));
  struct tap_formula *f = tap_formula_store(l->arena, 1, start), *more;
  uint32_t longer = tap_val_op(l->g, '+', tap_val_cell(l->g, 1), constant(l, 2));
  more = when(l, tap_lower_bits(l, header, 0, 0x80), tap_formula_store(l->arena, 1, longer));
  if (l->link->kind == LINK_RADIOTAP && !l->skips_padding)
    more = tap_both(l, more, measure_padding(l));
  more = tap_both(l, tap_unless(l, tap_lower_bits(l, header, 0, 0x04)), more);
  more = when(l, tap_lower_bits(l, header, 0, 0x08), more);
  return tap_both(l, f, more);
}

static struct tap_formula *measure(struct tap_lowering *l) {
  struct tap_formula *f = tap_formula_constant(l->arena, true), *payload;
  bool radio = l->link->kind != LINK_WLAN;
  payload = l->measures_payload ? measure_payload(l) : f;
  if (radio && (l->measures || l->measures_payload)) f = measure_radio(l);
  return when(l, carries_wlan(l), tap_both(l, f, payload));
}

static void begin(struct tap_lowering *l) {
  const struct tap_link *link = tap_link_find(l->options->linktype);
  bool lifted = l->now.lifted;
  l->link = link;
  l->now = (struct tap_layout){
    .link = link, .network = link->network, .plain = link->plain, .lifted = lifted
  };
  l->now.type.at = link->type;
  l->now.payload.at = link->payload;
  if (!tap_link_is_wlan(link)) return;
  l->cells = 2;
  if (link->kind != LINK_WLAN) l->now.header.base = tap_val_cell(l->g, 0);
  l->now.payload.base = tap_val_cell(l->g, 1);
  l->now.type = l->now.payload;
}

struct tap_formula *tap_lower(struct tap_lowering *l, const struct tap_ast *ast) {
  struct tap_formula *f;
  begin(l);
  f = ast == NULL ? tap_formula_constant(l->arena, true) : tap_lower_term(l, ast);
  if (f == NULL || ast == NULL || !tap_link_is_wlan(l->link)) return f;
  l->now.link = l->link;
  l->now.header =
      (struct tap_place){ l->link->kind == LINK_WLAN ? (uint32_t)VALUE_NONE : tap_val_cell(l->g, 0),
                          0 };
  return tap_both(l, measure(l), f);
}
