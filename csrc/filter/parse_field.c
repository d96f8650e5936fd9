/* SPDX-License-Identifier: MIT
 *
 * What pcap-filter rejects and moontap knows: comparisons of fields, sets,
 * frag, has, payload, bare names of fields and protocols.  A name is taken
 * for a field only where pcap-filter has no meaning for it.
 */
#include <stdio.h>
#include <string.h>

#include "filter/parse.h"

static bool is_name(const struct tap_token *t, const char *text) {
  return t->kind == TOKEN_NAME && strcmp(t->text, text) == 0;
}

/* The comparison that a token is, or -1. */
static int comparison_of(const struct tap_token *t) {
  static const struct {
    const char *text;
    uint8_t symbol, compare;
  } rows[] = {
    { "eq", S_EQ, CMP_EQ },          { "ne", S_NE, CMP_NE },        { "lt", '<', CMP_LT },
    { "le", S_LE, CMP_LE },          { "gt", '>', CMP_GT },         { "ge", S_GE, CMP_GE },
    { "contains", 0, CMP_CONTAINS }, { "matches", 0, CMP_MATCHES },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (is_name(t, rows[i].text)) return rows[i].compare;
    if (t->kind == TOKEN_SYMBOL && rows[i].symbol != 0 && t->symbol == rows[i].symbol)
      return rows[i].compare;
  }
  return -1;
}

/* Does a value of a set begin here? */
static bool is_value(const struct tap_token *t) {
  return t->kind == TOKEN_NUMBER || t->kind == TOKEN_NAME || t->kind == TOKEN_IPV4 ||
         t->kind == TOKEN_IPV6 || t->kind == TOKEN_MAC || t->kind == TOKEN_STRING ||
         (t->kind == TOKEN_WORD && t->word != W_AND && t->word != W_OR && t->word != W_NOT);
}

static bool at_set(const struct tap_token *t) {
  if (!is_name(t, "in")) return false;
  if (t[1].kind == TOKEN_SYMBOL) return t[1].symbol == '{' || t[1].symbol == '@';
  return is_value(t + 1);
}

bool tap_parse_at_set(const struct tap_parser *p) {
  return at_set(p->at);
}

static bool registry_has(const struct tap_parser *p, const char *name) {
  struct tap_ref ref;
  struct tap_err ignored;
  return p->registry != NULL && tap_registry_find(p->registry, name, &ref, &ignored) == 0;
}

/* src, dst before a comparison are fields of any family; before 'in', pcap-filter's words. */
static bool at_family(const struct tap_token *t) {
  return t->kind == TOKEN_WORD && (t->word == W_SRC || t->word == W_DST) &&
         comparison_of(t + 1) >= 0;
}

bool tap_parse_at_field(const struct tap_parser *p) {
  const struct tap_token *t = p->at;
  if (at_family(t)) return true;
  if (t->kind == TOKEN_WORD && tap_word_is_protocol(t->word))
    return is_name(t + 1, "contains") || is_name(t + 1, "matches");
  if (t->kind != TOKEN_NAME) return false;
  if (comparison_of(t + 1) >= 0 || at_set(t + 1)) return true;
  if (is_name(t, "has") && (t[1].kind == TOKEN_NAME || t[1].kind == TOKEN_WORD)) return true;
  if (p->inherits || t->escaped) return false;
  return is_name(t, "frag") || registry_has(p, t->text);
}

/* A name like "80-90", cut at its dash into two tokens where both halves are values. */
static bool split_range(struct tap_parser *p, const struct tap_token *t, struct tap_item *item) {
  const char *dash = t->kind == TOKEN_NAME ? strchr(t->text, '-') : NULL;
  struct tap_filter_error ignored = { .set = false };
  struct tap_tokens low, high;
  char *left;
  if (dash == NULL || dash == t->text) return true;
  left = tap_arena_copy(p->arena, t->text, (size_t)(dash - t->text));
  if (left == NULL) return false;
  if (!tap_lex(left, p->arena, &low, &ignored) || !tap_lex(dash + 1, p->arena, &high, &ignored))
    return true;
  if (low.count != 2 || high.count != 2 || low.token->kind == TOKEN_NAME ||
      high.token->kind == TOKEN_NAME)
    return true;
  low.token->span = high.token->span = t->span;
  item->low = low.token;
  item->high = high.token;
  return true;
}

static struct tap_item *parse_item(struct tap_parser *p) {
  struct tap_item *item = tap_arena_take(p->arena, sizeof *item);
  uint32_t prefix;
  if (item == NULL) return NULL;
  item->span = p->at->span;
  item->prefix = -1;
  item->negative = tap_take_symbol(p, '-');
  if (!is_value(p->at))
    return tap_parse_unexpected(p, "a value: a number, an address, a name or a string");
  item->low = p->at++;
  if (!split_range(p, item->low, item)) return NULL;
  if (tap_take_symbol(p, '/')) {
    if (!tap_take_number(p, &prefix, "a prefix length")) return NULL;
    item->prefix = prefix > 128 ? 129 : (int)prefix;
  } else if (tap_at_symbol(p, '-')) {
    p->at++;
    if (!is_value(p->at)) return tap_parse_unexpected(p, "the end of the range");
    item->high = p->at++;
  }
  item->span = tap_span_join(item->span, p->at[-1].span);
  return item;
}

bool tap_parse_set(struct tap_parser *p, struct tap_set *out) {
  struct tap_item **next = &out->items;
  bool braces;
  out->span = p->at->span;
  if (tap_take_symbol(p, '@')) {
    if (p->at->kind != TOKEN_NAME) return tap_parse_unexpected(p, "the set's name");
    out->name = p->at++;
    out->span = tap_span_join(out->span, out->name->span);
    return true;
  }
  braces = tap_take_symbol(p, '{');
  do {
    *next = parse_item(p);
    if (*next == NULL) return false;
    next = &(*next)->next;
  } while (tap_take_symbol(p, ','));
  out->span = tap_span_join(out->span, p->at->span);
  if (braces && !tap_take_symbol(p, '}')) return tap_parse_unexpected(p, "',' or '}'");
  return true;
}

/* The field that the token at hand names. */
static bool find_field(struct tap_parser *p, struct tap_ast *node) {
  const struct tap_token *t = p->at;
  struct tap_err e;
  char *mean, *end;
  if (p->registry != NULL && tap_registry_find(p->registry, t->text, &node->ref, &e) == 0) {
    node->name = t;
    p->at++;
    return true;
  }
  tap_filter_fail(p->e, t->span, "no field or protocol '%.80s'", t->text);
  if (p->registry == NULL) return false;
  mean = strstr(e.what, "did you mean '");
  end = mean != NULL ? strchr(mean + 14, '\'') : NULL;
  if (end != NULL) {
    *end = '\0';
    tap_filter_suggest(p->e, mean + 14);
  }
  return false;
}

/* A string or name behind 'contains' and 'matches'. */
static bool parse_text(struct tap_parser *p, struct tap_set *out) {
  if (p->at->kind != TOKEN_STRING && !is_value(p->at))
    return tap_parse_unexpected(p, "a string in quotes");
  out->items = parse_item(p);
  return out->items != NULL;
}

static bool parse_comparison(struct tap_parser *p, struct tap_ast *node) {
  int compare = comparison_of(p->at);
  if (at_set(p->at)) {
    p->at++;
    node->op = CMP_IN;
    return tap_parse_set(p, &node->set);
  }
  if (compare < 0) {
    node->op = CMP_HAS;
    return true;
  }
  node->op = (uint8_t)compare;
  p->at++;
  if (compare == CMP_CONTAINS || compare == CMP_MATCHES) return parse_text(p, &node->set);
  node->set.items = parse_item(p);
  return node->set.items != NULL;
}

struct tap_ast *tap_parse_field(struct tap_parser *p) {
  struct tap_ast *node = tap_parse_node(p, AST_FIELD, p->at->span);
  bool has = is_name(p->at, "has") && comparison_of(p->at + 1) < 0;
  if (node == NULL) return NULL;
  if (has) p->at++;
  if (!has && is_name(p->at, "frag") && comparison_of(p->at + 1) < 0) {
    node->kind = AST_FRAG;
    p->at++;
  } else if (!has && is_name(p->at, "payload")) {
    node->kind = AST_PAYLOAD;
    p->at++;
    if (!parse_comparison(p, node)) return NULL;
    if (node->op != CMP_CONTAINS && node->op != CMP_MATCHES) {
      p->at--;
      return tap_parse_unexpected(p, "'contains' or 'matches'");
    }
  } else if (!find_field(p, node) || (!has && !parse_comparison(p, node))) {
    return NULL;
  }
  node->span = tap_span_join(node->span, p->at[-1].span);
  return node;
}
