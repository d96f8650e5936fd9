/* SPDX-License-Identifier: MIT
 *
 * The text of a filter cut into tokens.  The longest match wins, as in
 * pcap-filter: "80-90", "len-4" and "tcp.dstport" are one name each, and an
 * address is known by its shape before any keyword.
 */
#ifndef TAP_FILTER_LEX_H
#define TAP_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/arena.h"
#include "filter/error.h"
#include "filter/words.h"

enum tap_token_kind {
  TOKEN_END,
  TOKEN_SYMBOL, /* 'symbol' says which */
  TOKEN_WORD,   /* a keyword: 'word' */
  TOKEN_NUMBER, /* 'number'; 'wide' where it has more than 32 bits */
  TOKEN_NAME,   /* 'text' */
  TOKEN_IPV4,   /* two to four dotted parts: 'number', of which 'bits' are given (0: none) */
  TOKEN_IPV6,   /* 'bytes' */
  TOKEN_MAC,    /* 'bytes', six of them */
  TOKEN_AID,    /* an ARCnet address: 'number' */
  TOKEN_STRING, /* 'text', 'length' bytes, escapes resolved */
};

/* Symbols of one character are that character. */
enum tap_symbol { S_EQ = '=', S_NE = 128, S_GE, S_LE, S_AND, S_OR, S_SHL, S_SHR };

struct tap_token {
  uint8_t kind, word, symbol, bits;
  uint32_t number;
  uint32_t length;
  bool escaped; /* a name with a backslash before it */
  uint64_t wide;
  const char *text;
  struct tap_span span;
  uint8_t bytes[16];
};

struct tap_tokens {
  struct tap_token *token; /* the last one is TOKEN_END */
  size_t count;
};

/* Cut 'text' up; false with 'e' filled, or without when memory is out. */
bool tap_lex(const char *text, struct tap_arena *arena, struct tap_tokens *out,
             struct tap_filter_error *e);

/* Read an address from 'n' bytes of text that are nothing else.  'bits' is how many were given. */
bool tap_lex_ipv4(const char *text, size_t n, uint32_t *out, uint8_t *bits);
bool tap_lex_ipv6(const char *text, size_t n, uint8_t out[16]);
bool tap_lex_mac(const char *text, size_t n, uint8_t out[6]);

/* How many bytes a unit has (k, M, G: powers of 1024), or 0. */
uint64_t tap_unit_size(const char *name);

#endif
