/* SPDX-License-Identifier: MIT
 *
 * The grammar of filters by recursive descent.  Terms are cut by what they
 * are: parse.c has the chain of terms, parse_id.c what stands behind
 * qualifiers, parse_arith.c relations, parse_special.c words of their own,
 * parse_field.c what pcap-filter does not know.
 */
#ifndef TAP_FILTER_PARSE_H
#define TAP_FILTER_PARSE_H

#include "filter/ast.h"
#include "proto/registry.h"

struct tap_parser {
  const struct tap_token *at; /* the token at hand */
  const struct tap_token *first;
  struct tap_arena *arena;
  const struct tap_registry *registry;
  struct tap_filter_error *e;
  unsigned depth;         /* of parentheses */
  struct tap_qualifier q; /* what a bare address inherits ... */
  bool inherits;          /* ... if anything */
};

enum { TAP_FILTER_DEPTH_MAX = 200 };

/* The tree of a whole text; NULL with 'e' filled, or without when memory is out.  '*empty' where
 * there is no term at all. */
struct tap_ast *tap_parse(const struct tap_tokens *tokens, const struct tap_registry *registry,
                          struct tap_arena *arena, struct tap_filter_error *e, bool *empty);

/* Between the files of the parser; each returns NULL or false with the error set. */
struct tap_ast *tap_parse_node(struct tap_parser *p, unsigned kind, struct tap_span span);
struct tap_ast *tap_parse_head(struct tap_parser *p);
struct tap_ast *tap_parse_ids(struct tap_parser *p);

/* Several in parentheses, each parsed by 'one': joined by "and" and "or", or behind a word, which
 * each gets, by "or" alone. */
typedef struct tap_ast *tap_parser_of(struct tap_parser *p, unsigned word);
struct tap_ast *tap_parse_group(struct tap_parser *p, tap_parser_of *one, unsigned word);

bool tap_parse_at_ids(const struct tap_parser *p);
struct tap_ast *tap_parse_special(struct tap_parser *p, unsigned proto, struct tap_span span);
bool tap_parse_at_special(const struct tap_token *t);
struct tap_arith *tap_parse_arith(struct tap_parser *p, struct tap_arith *left, unsigned least);
struct tap_arith *tap_parse_operand(struct tap_parser *p);
struct tap_ast *tap_parse_relation(struct tap_parser *p, struct tap_arith *left);
bool tap_parse_at_arith(const struct tap_token *t);
struct tap_ast *tap_parse_field(struct tap_parser *p);
bool tap_parse_at_field(const struct tap_parser *p);
bool tap_parse_at_set(const struct tap_parser *p);
bool tap_parse_set(struct tap_parser *p, struct tap_set *out);

/* Small steps. */
static inline bool tap_at_symbol(const struct tap_parser *p, uint8_t symbol) {
  return p->at->kind == TOKEN_SYMBOL && p->at->symbol == symbol;
}

static inline bool tap_at_word(const struct tap_parser *p, unsigned word) {
  return p->at->kind == TOKEN_WORD && p->at->word == word;
}

bool tap_take_symbol(struct tap_parser *p, uint8_t symbol); /* step over it if it is there */
bool tap_take_number(struct tap_parser *p, uint32_t *out, const char *expected);
bool tap_take_size(struct tap_parser *p, uint32_t *out, const char *expected); /* 1500, 64k */
bool tap_enter(struct tap_parser *p); /* one level deeper; false where it is too deep */

/* "unexpected 'x'"; returns NULL, so that a caller can pass it on. */
void *tap_parse_unexpected(struct tap_parser *p, const char *expected);

#endif
