/* SPDX-License-Identifier: MIT
 *
 * Chains of terms.  'and' and 'or' have one precedence and go left to right;
 * 'not' takes one term.  A bare address or number after them inherits the
 * qualifiers of the address before, as long as nothing else stood between.
 */
#include "filter/parse.h"

#include <stdio.h>

struct tap_ast *tap_parse_node(struct tap_parser *p, unsigned kind, struct tap_span span) {
  struct tap_ast *node = tap_arena_take(p->arena, sizeof *node);
  if (node == NULL) return NULL;
  node->kind = (uint8_t)kind;
  node->span = span;
  return node;
}

bool tap_take_symbol(struct tap_parser *p, uint8_t symbol) {
  if (!tap_at_symbol(p, symbol)) return false;
  p->at++;
  return true;
}

bool tap_enter(struct tap_parser *p) {
  if (p->depth++ < TAP_FILTER_DEPTH_MAX) return true;
  return tap_filter_fail(p->e, p->at->span, "nested more than %d deep", TAP_FILTER_DEPTH_MAX);
}

/* A token as a person would quote it. */
static const char *quoted(const struct tap_token *t, char *buffer, size_t size) {
  static const char pairs[][3] = { "!=", ">=", "<=", "&&", "||", "<<", ">>" };
  switch (t->kind) {
  case TOKEN_END: return "the end";
  case TOKEN_SYMBOL:
    if (t->symbol >= S_NE)
      snprintf(buffer, size, "'%s'", pairs[t->symbol - S_NE]);
    else
      snprintf(buffer, size, "'%c'", t->symbol);
    return buffer;
  case TOKEN_WORD:
  case TOKEN_NAME: snprintf(buffer, size, "'%.60s'", t->text); return buffer;
  case TOKEN_NUMBER:
    snprintf(buffer, size, "number %llu", (unsigned long long)t->wide);
    return buffer;
  case TOKEN_STRING: return "a string";
  case TOKEN_AID: return "an ARCnet address";
  default: return "an address";
  }
}

void *tap_parse_unexpected(struct tap_parser *p, const char *expected) {
  char found[80], before[80];
  const char *what = p->at->kind == TOKEN_NAME ? "unknown word" : "unexpected";
  const char *this_one = quoted(p->at, found, sizeof found);
  if (p->at->kind == TOKEN_END) what = "unexpected end";
  if (p->at->kind == TOKEN_END) this_one = "";
  if (p->at > p->first)
    tap_filter_fail(p->e, p->at->span, "%s%s%s after %s", what, *this_one ? " " : "", this_one,
                    quoted(p->at - 1, before, sizeof before));
  else
    tap_filter_fail(p->e, p->at->span, "%s%s%s", what, *this_one ? " " : "", this_one);
  tap_filter_expected(p->e, expected);
  if (p->at->kind == TOKEN_NAME) tap_filter_suggest(p->e, tap_word_nearest(p->at->text));
  return NULL;
}

bool tap_take_number(struct tap_parser *p, uint32_t *out, const char *expected) {
  if (p->at->kind != TOKEN_NUMBER) return tap_parse_unexpected(p, expected);
  if (p->at->wide > UINT32_MAX)
    return tap_filter_fail(p->e, p->at->span, "number %llu is over 32 bits",
                           (unsigned long long)p->at->wide);
  *out = p->at->number;
  p->at++;
  return true;
}

bool tap_take_size(struct tap_parser *p, uint32_t *out, const char *expected) {
  uint64_t n = 0, unit;
  const char *end = p->at->text;
  if (p->at->kind != TOKEN_NAME) return tap_take_number(p, out, expected);
  for (; *end >= '0' && *end <= '9' && n <= UINT32_MAX; end++)
    n = 10 * n + (uint64_t)(*end - '0');
  unit = end == p->at->text ? 0 : tap_unit_size(end);
  if (unit == 0) return tap_parse_unexpected(p, expected);
  if (n > UINT32_MAX / unit)
    return tap_filter_fail(p->e, p->at->span, "number %s is over 32 bits", p->at->text);
  *out = (uint32_t)(n * unit);
  p->at++;
  return true;
}

/* What a term may turn out to be while it is read: a test, or so far only a number. */
struct piece {
  struct tap_ast *test;
  struct tap_arith *value;
};

static bool parse_chain(struct tap_parser *p, struct piece *out);

/* What '(' begins: tests, or a number that goes on behind the ')'. */
static bool parse_group(struct tap_parser *p, struct piece *out) {
  struct tap_qualifier q = p->q;
  bool inherits = p->inherits;
  struct tap_span open = p->at->span;
  p->at++;
  if (!tap_enter(p)) return false;
  p->inherits = false;
  if (!parse_chain(p, out)) return false;
  p->depth--;
  p->q = q;
  p->inherits = inherits;
  if (!tap_at_symbol(p, ')')) return tap_parse_unexpected(p, "'and', 'or' or ')'");
  if (out->test != NULL) {
    out->test->span = tap_span_join(open, p->at->span);
  } else {
    out->value->span = tap_span_join(open, p->at->span);
  }
  p->at++;
  return true;
}

static bool parse_not(struct tap_parser *p, struct piece *out);

/* A bare address where nothing before it says what it is. */
static bool refuse_bare(struct tap_parser *p) {
  char found[80];
  tap_filter_fail(p->e, p->at->span, "%s needs a word before it that says what it is",
                  quoted(p->at, found, sizeof found));
  tap_filter_expected(p->e, "'host', 'net', 'port', 'src', 'dst' or 'proto' before it");
  return false;
}

/* Every kind of term but those that 'not' and '(' begin. */
static struct tap_ast *parse_plain(struct tap_parser *p) {
  const struct tap_token *t = p->at;
  struct tap_ast *node;
  if (tap_parse_at_field(p)) {
    node = tap_parse_field(p);
    p->inherits = false;
    return node;
  }
  if (t->kind == TOKEN_WORD) return tap_parse_head(p);
  if (t->kind == TOKEN_IPV4 || t->kind == TOKEN_IPV6 || t->kind == TOKEN_MAC ||
      t->kind == TOKEN_AID || t->kind == TOKEN_NUMBER) {
    refuse_bare(p);
    return NULL;
  }
  return tap_parse_unexpected(p, t->kind == TOKEN_END ? "a term"
                                                      : "a protocol, a field, 'host', 'port', "
                                                        "'net', 'not' or '('");
}

static bool parse_piece(struct tap_parser *p, struct piece *out) {
  *out = (struct piece){ NULL, NULL };
  if (tap_at_word(p, W_NOT) || tap_at_symbol(p, '!')) return parse_not(p, out);
  if (tap_at_symbol(p, '(')) {
    if (!parse_group(p, out)) return false;
  } else if (tap_parse_at_arith(p->at)) {
    out->value = tap_parse_operand(p);
    if (out->value == NULL) return false;
  } else {
    out->test = parse_plain(p);
    return out->test != NULL;
  }
  if (out->value == NULL) return true;
  out->value = tap_parse_arith(p, out->value, 0);
  return out->value != NULL;
}

/* A number must become a relation, unless a ')' closes it. */
static bool finish_piece(struct tap_parser *p, struct piece *piece, bool may_be_number) {
  if (piece->value == NULL) return true;
  if (may_be_number && tap_at_symbol(p, ')') && p->depth > 0) return true;
  piece->test = tap_parse_relation(p, piece->value);
  piece->value = NULL;
  p->inherits = false;
  return piece->test != NULL;
}

static bool parse_not(struct tap_parser *p, struct piece *out) {
  struct tap_span start = p->at->span;
  struct tap_ast *node;
  p->at++;
  if (!tap_enter(p)) return false;
  if (tap_parse_at_ids(p) && p->inherits) {
    out->test = tap_parse_ids(p);
    if (out->test == NULL) return false;
  } else if (!parse_piece(p, out) || !finish_piece(p, out, false)) {
    return false;
  }
  p->depth--;
  node = tap_parse_node(p, AST_NOT, tap_span_join(start, out->test->span));
  if (node == NULL) return false;
  node->first = out->test;
  out->test = node;
  return true;
}

static unsigned take_join(struct tap_parser *p) {
  if (tap_at_word(p, W_AND) || tap_at_symbol(p, S_AND)) {
    p->at++;
    return W_AND;
  }
  if (tap_at_word(p, W_OR) || tap_at_symbol(p, S_OR)) {
    p->at++;
    return W_OR;
  }
  return W_NONE;
}

/* The term behind 'and' or 'or'. */
static struct tap_ast *parse_next(struct tap_parser *p) {
  struct piece piece;
  if (tap_parse_at_ids(p)) {
    if (p->inherits) return tap_parse_ids(p);
    if (p->at->kind != TOKEN_NAME && p->at->kind != TOKEN_SYMBOL && p->at->kind != TOKEN_WORD) {
      refuse_bare(p);
      return NULL;
    }
  }
  if (!parse_piece(p, &piece) || !finish_piece(p, &piece, false)) return NULL;
  return piece.test;
}

static bool parse_chain(struct tap_parser *p, struct piece *out) {
  struct tap_ast *chain, *last;
  unsigned join;
  if (!parse_piece(p, out) || !finish_piece(p, out, true)) return false;
  if (out->value != NULL || (join = take_join(p)) == W_NONE) return true;
  chain = tap_parse_node(p, AST_CHAIN, out->test->span);
  if (chain == NULL) return false;
  chain->first = last = out->test;
  out->test = chain;
  for (; join != W_NONE; join = take_join(p)) {
    last->next = parse_next(p);
    if (last->next == NULL) return false;
    last = last->next;
    last->join = (uint8_t)join;
    chain->span = tap_span_join(chain->span, last->span);
  }
  return true;
}

struct tap_ast *tap_parse(const struct tap_tokens *tokens, const struct tap_registry *registry,
                          struct tap_arena *arena, struct tap_filter_error *e, bool *empty) {
  struct tap_parser p = {
    .at = tokens->token, .first = tokens->token, .arena = arena, .registry = registry, .e = e
  };
  struct piece piece;
  *empty = p.at->kind == TOKEN_END;
  if (*empty) return NULL;
  if (!parse_chain(&p, &piece)) return NULL;
  if (p.at->kind != TOKEN_END)
    return tap_parse_unexpected(&p, tap_at_symbol(&p, ')') ? "the end (this ')' closes nothing)"
                                                           : "'and', 'or' or the end");
  return piece.test;
}
