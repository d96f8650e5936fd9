/* SPDX-License-Identifier: MIT
 *
 * A filter as it was written: a tree whose every node knows its place in the
 * text.  Words are resolved to keywords, qualifiers are inherited, but no name
 * is looked up and nothing is known of link types.
 */
#ifndef TAP_FILTER_AST_H
#define TAP_FILTER_AST_H

#include "filter/lex.h"
#include "proto/field.h"

/* What stands before an address, port or number; each part a word or W_NONE. */
struct tap_qualifier {
  uint8_t proto;
  uint8_t dir;  /* W_SRC, W_DST, W_OR (src or dst), W_AND, W_ADDR1 ... W_ADDR4, W_RA, W_TA */
  uint8_t type; /* W_HOST ... W_GATEWAY */
};

enum tap_arith_kind { ARITH_NUMBER, ARITH_LEN, ARITH_LOAD, ARITH_NEGATE, ARITH_BINARY };

struct tap_arith {
  uint8_t kind;
  uint8_t op;    /* of ARITH_BINARY, a symbol */
  uint8_t proto; /* of ARITH_LOAD, a word */
  uint8_t size;  /* of ARITH_LOAD: 1, 2, 4 */
  uint32_t number;
  struct tap_span span;
  struct tap_arith *a, *b; /* operands; 'a' is the index of ARITH_LOAD */
};

/* A value in a set or behind a comparison: one token, a prefix or a range. */
struct tap_item {
  const struct tap_token *low, *high; /* high NULL: no range */
  int prefix;                         /* bits, or -1 */
  bool negative;
  struct tap_span span;
  struct tap_item *next;
};

struct tap_set {
  const struct tap_token *name; /* of @name, or NULL */
  struct tap_item *items;
  struct tap_span span;
};

enum tap_compare {
  CMP_HAS,
  CMP_EQ,
  CMP_NE,
  CMP_LT,
  CMP_LE,
  CMP_GT,
  CMP_GE,
  CMP_IN,
  CMP_CONTAINS,
  CMP_MATCHES
};

enum tap_ast_kind {
  AST_CHAIN,    /* terms from 'first' on, each but the first joined to all before it */
  AST_NOT,      /* of 'first' */
  AST_ID,       /* q and 'id' */
  AST_SET,      /* q and 'set' */
  AST_PROTOCOL, /* 'word' */
  AST_RELATION, /* left op right */
  AST_SPECIAL,  /* 'word' and its operands */
  AST_FIELD,    /* 'ref' compare set */
  AST_FRAG,
  AST_PAYLOAD /* payload contains or matches a string */
};

struct tap_ast {
  uint8_t kind;
  uint8_t join; /* W_AND, W_OR: how this term is joined to those before it in its chain */
  uint8_t word;
  uint8_t op; /* a symbol; of AST_FIELD an enum tap_compare */
  bool given; /* of AST_SPECIAL: 'number' is there */
  struct tap_qualifier q;
  uint32_t number, number2;
  struct tap_span span;
  const struct tap_token *id, *mask; /* mask: of "net a mask b"; prefix by 'given' and 'number' */
  const struct tap_token *name, *name2;
  struct tap_set set;
  struct tap_ref ref;
  struct tap_arith *left, *right;
  struct tap_ast *first, *next;
};

#endif
