/* SPDX-License-Identifier: MIT
 *
 * Terms that keywords begin: qualifiers and what stands behind them, one
 * address, a group of them, or a set.  Whatever is no qualified address
 * clears what later bare addresses would inherit.
 */
#include "filter/parse.h"

static bool is_id(const struct tap_token *t) {
  return t->kind == TOKEN_NAME || t->kind == TOKEN_NUMBER || t->kind == TOKEN_IPV4 ||
         t->kind == TOKEN_IPV6 || t->kind == TOKEN_MAC || t->kind == TOKEN_AID ||
         t->kind == TOKEN_STRING;
}

/* Does a bare address begin here, behind any 'not' and '('? */
bool tap_parse_at_ids(const struct tap_parser *p) {
  struct tap_parser ahead = *p;
  const struct tap_token *t = p->at;
  while ((t->kind == TOKEN_SYMBOL && (t->symbol == '(' || t->symbol == '!')) ||
         (t->kind == TOKEN_WORD && t->word == W_NOT))
    t++;
  ahead.at = t;
  return is_id(t) && !tap_parse_at_arith(t) && !tap_parse_at_field(&ahead);
}

/* The prefix length or mask behind an address. */
static bool parse_mask(struct tap_parser *p, struct tap_ast *node) {
  if (node->id->kind != TOKEN_IPV4 && node->id->kind != TOKEN_IPV6) return true;
  if (tap_take_symbol(p, '/')) {
    node->given = true;
    return tap_take_number(p, &node->number, "a prefix length");
  }
  if (node->id->kind == TOKEN_IPV4 && tap_at_word(p, W_MASK)) {
    p->at++;
    if (p->at->kind != TOKEN_IPV4) return tap_parse_unexpected(p, "a mask (255.255.0.0)");
    node->mask = p->at++;
  }
  return true;
}

static struct tap_ast *parse_id(struct tap_parser *p) {
  struct tap_ast *node = tap_parse_node(p, AST_ID, p->at->span);
  if (node == NULL) return NULL;
  if (!is_id(p->at)) {
    if (p->at->kind == TOKEN_WORD) {
      tap_parse_unexpected(p, "an address, number or name (write a backslash before a word "
                              "that is meant as a name)");
      return NULL;
    }
    return tap_parse_unexpected(p, "an address, number or name");
  }
  node->q = p->q;
  node->id = p->at++;
  if (node->id->kind == TOKEN_NUMBER && node->id->wide > UINT32_MAX) {
    tap_filter_fail(p->e, node->id->span, "number %llu is over 32 bits",
                    (unsigned long long)node->id->wide);
    return NULL;
  }
  if (!parse_mask(p, node)) return NULL;
  node->span = tap_span_join(node->span, p->at[-1].span);
  return node;
}

static unsigned take_join(struct tap_parser *p, bool with_and) {
  unsigned join = W_NONE;
  if (with_and && (tap_at_word(p, W_AND) || tap_at_symbol(p, S_AND))) join = W_AND;
  if (tap_at_word(p, W_OR) || tap_at_symbol(p, S_OR)) join = W_OR;
  if (join != W_NONE) p->at++;
  return join;
}

struct tap_ast *tap_parse_group(struct tap_parser *p, tap_parser_of *one, unsigned word) {
  struct tap_ast *chain = tap_parse_node(p, AST_CHAIN, p->at->span), **next;
  unsigned join = W_NONE;
  if (chain == NULL || !tap_enter(p)) return NULL;
  p->at++;
  next = &chain->first;
  do {
    *next = one(p, word);
    if (*next == NULL) return NULL;
    (*next)->join = (uint8_t)join;
    next = &(*next)->next;
    join = take_join(p, word == W_NONE);
  } while (join != W_NONE);
  chain->span = tap_span_join(chain->span, p->at->span);
  p->depth--;
  if (tap_take_symbol(p, ')')) return chain;
  return tap_parse_unexpected(p, word == W_NONE ? "'and', 'or' or ')'" : "'or' or ')'");
}

static struct tap_ast *parse_ids(struct tap_parser *p, unsigned word) {
  (void)word;
  return tap_parse_ids(p);
}

struct tap_ast *tap_parse_ids(struct tap_parser *p) {
  struct tap_ast *node;
  if (tap_at_symbol(p, '(')) return tap_parse_group(p, parse_ids, W_NONE);
  if (!tap_at_word(p, W_NOT) && !tap_at_symbol(p, '!')) return parse_id(p);
  node = tap_parse_node(p, AST_NOT, p->at->span);
  p->at++;
  if (node == NULL || !tap_enter(p)) return NULL;
  node->first = tap_parse_ids(p);
  if (node->first == NULL) return NULL;
  node->span = tap_span_join(node->span, node->first->span);
  p->depth--;
  return node;
}

static bool is_direction(unsigned word) {
  return word >= W_SRC && word <= W_TA;
}

/* src, dst, "src or dst" and the slots of 802.11. */
static unsigned take_direction(struct tap_parser *p) {
  unsigned word = p->at->word, other = word == W_SRC ? W_DST : W_SRC;
  if (p->at->kind != TOKEN_WORD || !is_direction(word)) return W_NONE;
  p->at++;
  if (word != W_SRC && word != W_DST) return word;
  if (p->at->kind == TOKEN_END || p->at[1].kind != TOKEN_WORD || p->at[1].word != other)
    return word;
  if (tap_at_word(p, W_OR) || tap_at_symbol(p, S_OR)) {
    p->at += 2;
    return W_OR;
  }
  if (tap_at_word(p, W_AND) || tap_at_symbol(p, S_AND)) {
    p->at += 2;
    return W_AND;
  }
  return word;
}

static unsigned take_type(struct tap_parser *p, bool directed) {
  unsigned word = p->at->word, last = directed ? W_PORTRANGE : W_GATEWAY;
  if (p->at->kind != TOKEN_WORD || word < W_HOST || word > last) return W_NONE;
  p->at++;
  return word;
}

/* Values behind qualifiers: a set or addresses. */
static struct tap_ast *parse_values(struct tap_parser *p, struct tap_span start) {
  struct tap_ast *node;
  p->inherits = true;
  if (tap_parse_at_set(p)) {
    node = tap_parse_node(p, AST_SET, start);
    if (node == NULL) return NULL;
    node->q = p->q;
    p->at++;
    if (!tap_parse_set(p, &node->set)) return NULL;
    p->inherits = false;
  } else {
    node = tap_parse_ids(p);
    if (node == NULL) return NULL;
  }
  node->span = tap_span_join(start, node->span);
  if (p->at > p->first) node->span = tap_span_join(start, p->at[-1].span);
  return node;
}

/* A protocol's word alone. */
static struct tap_ast *parse_protocol(struct tap_parser *p, unsigned proto, struct tap_span span) {
  struct tap_ast *node = tap_parse_node(p, AST_PROTOCOL, span);
  p->inherits = false;
  if (node == NULL) return NULL;
  node->word = (uint8_t)proto;
  if (proto == W_LINK || proto == W_RADIO)
    return tap_parse_unexpected(p, "'host', 'src', 'dst', 'proto', 'broadcast', 'multicast' "
                                   "or '['");
  if (p->at->kind == TOKEN_NAME || p->at->kind == TOKEN_NUMBER || p->at->kind == TOKEN_IPV4)
    return tap_parse_unexpected(p, "'port', 'portrange', 'host', 'net', 'src', 'dst', 'proto', "
                                   "'[', 'and', 'or' or the end");
  return node;
}

struct tap_ast *tap_parse_head(struct tap_parser *p) {
  struct tap_span start = p->at->span;
  unsigned proto = W_NONE, dir, type;
  if (tap_word_is_protocol(p->at->word)) {
    proto = p->at->word;
    p->at++;
  }
  if (tap_parse_at_special(p->at)) {
    p->inherits = false;
    return tap_parse_special(p, proto, start);
  }
  dir = take_direction(p);
  type = take_type(p, dir != W_NONE);
  if (dir == W_NONE && type == W_NONE) {
    if (proto != W_NONE) return parse_protocol(p, proto, start);
    return tap_parse_unexpected(p, "a protocol, a field, 'host', 'port', 'net', 'not' or '('");
  }
  p->q = (struct tap_qualifier){ (uint8_t)proto, (uint8_t)dir, (uint8_t)type };
  return parse_values(p, start);
}
