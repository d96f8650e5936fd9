/* SPDX-License-Identifier: MIT
 *
 * Numbers and relations.  Precedence is that of pcap-filter's grammar: | is
 * lowest, then &, shifts, + and -, * and /; % and ^ have no place in that
 * order and take the nearest operand on their left and all on their right.
 */
#include "filter/parse.h"

static struct tap_arith *node(struct tap_parser *p, unsigned kind, struct tap_span span) {
  struct tap_arith *n = tap_arena_take(p->arena, sizeof *n);
  if (n == NULL) return NULL;
  n->kind = (uint8_t)kind;
  n->span = span;
  return n;
}

enum { PRECEDENCE_UNARY = 6, PRECEDENCE_NONE = 7 };

/* How tight an operator binds; 0 where the token is none. */
static unsigned precedence_of(const struct tap_token *t) {
  if (t->kind != TOKEN_SYMBOL) return 0;
  switch (t->symbol) {
  case '|': return 1;
  case '&': return 2;
  case S_SHL:
  case S_SHR: return 3;
  case '+':
  case '-': return 4;
  case '*':
  case '/': return 5;
  case '%':
  case '^': return PRECEDENCE_NONE;
  default: return 0;
  }
}

static bool is_relation(const struct tap_token *t) {
  if (t->kind != TOKEN_SYMBOL) return false;
  return t->symbol == S_EQ || t->symbol == S_NE || t->symbol == S_GE || t->symbol == S_LE ||
         t->symbol == '<' || t->symbol == '>';
}

/* Does a number begin here, and not a bare port or address?  A number alone is one where an
 * operator follows it, behind the parentheses that close. */
bool tap_parse_at_arith(const struct tap_token *t) {
  if (t->kind == TOKEN_SYMBOL) return t->symbol == '-';
  if (t->kind == TOKEN_WORD)
    return t->word == W_LEN ||
           (tap_word_is_protocol(t->word) && t[1].kind == TOKEN_SYMBOL && t[1].symbol == '[');
  if (t->kind != TOKEN_NUMBER) return false;
  for (t++; t->kind == TOKEN_SYMBOL && t->symbol == ')'; t++)
    continue;
  return precedence_of(t) > 0 || is_relation(t);
}

static struct tap_arith *parse_load(struct tap_parser *p) {
  struct tap_arith *load = node(p, ARITH_LOAD, p->at->span);
  uint32_t size = 1;
  if (load == NULL || !tap_enter(p)) return NULL;
  load->proto = p->at->word;
  p->at += 2; /* the protocol and '[' */
  load->a = tap_parse_operand(p);
  if (load->a != NULL) load->a = tap_parse_arith(p, load->a, 0);
  if (load->a == NULL) return NULL;
  if (tap_take_symbol(p, ':')) {
    struct tap_span at = p->at->span;
    if (!tap_take_number(p, &size, "a size: 1, 2 or 4")) return NULL;
    if (size != 1 && size != 2 && size != 4) {
      tap_filter_fail(p->e, at, "a load has 1, 2 or 4 bytes, not %u", size);
      return NULL;
    }
  }
  load->size = (uint8_t)size;
  load->span = tap_span_join(load->span, p->at->span);
  if (!tap_take_symbol(p, ']')) return tap_parse_unexpected(p, "':', ']' or an operator");
  p->depth--;
  return load;
}

static struct tap_arith *parse_negated(struct tap_parser *p) {
  struct tap_arith *n = node(p, ARITH_NEGATE, p->at->span);
  p->at++;
  if (n == NULL || !tap_enter(p)) return NULL;
  n->a = tap_parse_operand(p);
  if (n->a != NULL) n->a = tap_parse_arith(p, n->a, PRECEDENCE_UNARY);
  if (n->a == NULL) return NULL;
  n->span = tap_span_join(n->span, n->a->span);
  p->depth--;
  return n;
}

static struct tap_arith *parse_grouped(struct tap_parser *p) {
  struct tap_arith *inner;
  p->at++;
  if (!tap_enter(p)) return NULL;
  inner = tap_parse_operand(p);
  if (inner != NULL) inner = tap_parse_arith(p, inner, 0);
  if (inner == NULL) return NULL;
  if (!tap_take_symbol(p, ')')) return tap_parse_unexpected(p, "')' or an operator");
  p->depth--;
  return inner;
}

struct tap_arith *tap_parse_operand(struct tap_parser *p) {
  struct tap_arith *n;
  if (tap_at_symbol(p, '-')) return parse_negated(p);
  if (tap_at_symbol(p, '(')) return parse_grouped(p);
  if (p->at->kind == TOKEN_WORD && tap_word_is_protocol(p->at->word)) {
    if (p->at[1].kind == TOKEN_SYMBOL && p->at[1].symbol == '[') return parse_load(p);
    return tap_parse_unexpected(p, "a number ('proto[offset]' loads one from a packet)");
  }
  if (tap_at_word(p, W_LEN)) {
    n = node(p, ARITH_LEN, p->at->span);
    p->at++;
    return n;
  }
  n = node(p, ARITH_NUMBER, p->at->span);
  if (n == NULL || !tap_take_size(p, &n->number, "a number")) return NULL;
  return n;
}

struct tap_arith *tap_parse_arith(struct tap_parser *p, struct tap_arith *left, unsigned least) {
  for (;;) {
    unsigned precedence = precedence_of(p->at);
    struct tap_arith *n;
    if (precedence == 0 || precedence < least) return left;
    n = node(p, ARITH_BINARY, left->span);
    if (n == NULL || !tap_enter(p)) return NULL;
    n->op = p->at->symbol;
    n->a = left;
    p->at++;
    n->b = tap_parse_operand(p);
    if (n->b != NULL)
      n->b = tap_parse_arith(p, n->b, precedence == PRECEDENCE_NONE ? 0 : precedence + 1);
    if (n->b == NULL) return NULL;
    n->span = tap_span_join(n->span, n->b->span);
    left = n;
    p->depth--;
  }
}

struct tap_ast *tap_parse_relation(struct tap_parser *p, struct tap_arith *left) {
  struct tap_ast *relation;
  if (!is_relation(p->at))
    return tap_parse_unexpected(p, "a comparison ('=', '!=', '<', '>', "
                                   "'<=', '>=') or an operator");
  relation = tap_parse_node(p, AST_RELATION, left->span);
  if (relation == NULL) return NULL;
  relation->op = p->at->symbol;
  relation->left = left;
  p->at++;
  relation->right = tap_parse_operand(p);
  if (relation->right != NULL) relation->right = tap_parse_arith(p, relation->right, 0);
  if (relation->right == NULL) return NULL;
  relation->span = tap_span_join(left->span, relation->right->span);
  if (is_relation(p->at))
    return tap_parse_unexpected(p, "'and', 'or' or the end (comparisons "
                                   "cannot be chained)");
  return relation;
}
