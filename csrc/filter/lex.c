/* SPDX-License-Identifier: MIT
 *
 * The lexer: one pass over the text, one token at a time, kept in an array
 * that doubles.  It knows no grammar.
 */
#include "filter/lex.h"

#include <string.h>

struct lexer {
  const char *text, *at;
  struct tap_arena *arena;
  struct tap_filter_error *e;
  struct tap_tokens *out;
  size_t room;
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_alnum(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static struct tap_span span_of(const struct lexer *l, size_t n) {
  return (struct tap_span){ (uint32_t)(l->at - l->text), (uint32_t)n };
}

static bool push(struct lexer *l, struct tap_token token, size_t n) {
  struct tap_tokens *out = l->out;
  if (out->count == l->room) {
    size_t room = l->room == 0 ? 64 : 2 * l->room;
    struct tap_token *grown = tap_arena_take(l->arena, room * sizeof *grown);
    if (grown == NULL) return false;
    if (out->count > 0) memcpy(grown, out->token, out->count * sizeof *grown);
    out->token = grown;
    l->room = room;
  }
  token.span = span_of(l, n);
  out->token[out->count++] = token;
  l->at += n;
  return true;
}

/* How many bytes from 'at' make one name: it ends in a letter, a digit or a dot. */
static size_t name_length(const char *at) {
  size_t n = 0, end = 0;
  for (; is_alnum(at[n]) || at[n] == '-' || at[n] == '_' || at[n] == '.'; n++)
    if (at[n] != '-' && at[n] != '_') end = n + 1;
  if (at[end] == '#' && is_digit(at[end + 1]))
    for (end += 2; is_digit(at[end]); end++)
      continue;
  return end;
}

/* How many bytes make an address with colons, or 0 where there are not two colons. */
static size_t colons_length(const char *at) {
  size_t n = 0, colons = 0;
  for (; is_hex(at[n]) || at[n] == ':' || at[n] == '.'; n++)
    colons += at[n] == ':';
  while (n > 0 && at[n - 1] == '.')
    n--;
  return colons >= 2 ? n : 0;
}

static bool lex_colons(struct lexer *l, size_t n) {
  struct tap_token token = { .kind = TOKEN_MAC };
  if (tap_lex_mac(l->at, n, token.bytes)) return push(l, token, n);
  token.kind = TOKEN_IPV6;
  if (tap_lex_ipv6(l->at, n, token.bytes)) return push(l, token, n);
  tap_filter_fail(l->e, span_of(l, n), "'%.*s' is no address", (int)(n < 64 ? n : 64), l->at);
  tap_filter_expected(l->e, "an IPv6 address or six hardware address bytes");
  return false;
}

/* The value of a digit in 'base', or -1. */
static int digit_value(char c, unsigned base) {
  int value = is_digit(c) ? c - '0' : is_hex(c) ? (c | 0x20) - 'a' + 10 : -1;
  return value < (int)base ? value : -1;
}

static bool lex_number(struct lexer *l, size_t n) {
  bool hex = n > 2 && l->at[0] == '0' && (l->at[1] | 0x20) == 'x';
  unsigned base = hex ? 16 : l->at[0] == '0' ? 8 : 10;
  uint64_t value = 0;
  for (size_t i = hex ? 2 : 0; i < n; i++) {
    int digit = digit_value(l->at[i], base);
    if (digit < 0)
      return tap_filter_fail(l->e, span_of(l, n),
                             "'%.*s' begins with 0, so it is octal, "
                             "where '%c' is no digit",
                             (int)n, l->at, l->at[i]);
    if (value > (UINT64_MAX - (unsigned)digit) / base)
      return tap_filter_fail(l->e, span_of(l, n), "number '%.*s' is over 64 bits",
                             (int)(n < 64 ? n : 64), l->at);
    value = value * base + (unsigned)digit;
  }
  return push(
      l, (struct tap_token){ .kind = TOKEN_NUMBER, .number = (uint32_t)value, .wide = value }, n);
}

/* Is the text nothing but digits, or digits behind 0x? */
static bool is_number(const char *at, size_t n) {
  bool hex = n > 2 && at[0] == '0' && (at[1] | 0x20) == 'x';
  for (size_t i = hex ? 2 : 0; i < n; i++)
    if (hex ? !is_hex(at[i]) : !is_digit(at[i])) return false;
  return true;
}

/* Two to four parts of digits with dots between them. */
static bool is_dotted(const char *at, size_t n) {
  unsigned dots = 0;
  for (size_t i = 0; i < n; i++) {
    if (at[i] == '.' ? i == 0 || at[i - 1] == '.' || i + 1 == n : !is_digit(at[i])) return false;
    dots += at[i] == '.';
  }
  return dots >= 1 && dots <= 3;
}

static bool push_name(struct lexer *l, const char *text, size_t n, size_t whole) {
  struct tap_token token = { .kind = TOKEN_NAME, .length = (uint32_t)n };
  token.escaped = whole > n;
  token.text = tap_arena_copy(l->arena, text, n);
  return token.text != NULL && push(l, token, whole);
}

/* A part over 255 makes no IPv4 address ('bits' stays 0), but DECnet has nodes up to 1023. */
static bool lex_dotted(struct lexer *l, size_t n) {
  struct tap_token token = { .kind = TOKEN_IPV4 };
  if (!tap_lex_ipv4(l->at, n, &token.number, &token.bits)) token.bits = 0;
  token.text = tap_arena_copy(l->arena, l->at, n);
  return token.text != NULL && push(l, token, n);
}

static bool lex_name(struct lexer *l) {
  size_t n = name_length(l->at);
  struct tap_token token = { .kind = TOKEN_MAC };
  const struct tap_word_row *row;
  if (n == 0) n = 1;
  if (tap_lex_mac(l->at, n, token.bytes)) return push(l, token, n);
  if (is_number(l->at, n)) return lex_number(l, n);
  if (is_dotted(l->at, n)) return lex_dotted(l, n);
  row = tap_word_find(l->at, n);
  if (row == NULL) return push_name(l, l->at, n, n);
  token = (struct tap_token){ .kind = row->word == W_NUMBER ? TOKEN_NUMBER : TOKEN_WORD,
                              .word = row->word,
                              .number = row->number,
                              .wide = row->number };
  token.text = row->text;
  return push(l, token, n);
}

/* A keyword made a name by a backslash before it. */
static bool lex_escaped(struct lexer *l) {
  size_t n = strcspn(l->at + 1, " !()\n\t\r");
  if (n == 0) {
    tap_filter_fail(l->e, span_of(l, 1), "nothing follows the backslash");
    tap_filter_expected(l->e, "a name");
    return false;
  }
  return push_name(l, l->at + 1, n, n + 1);
}

static bool lex_aid(struct lexer *l) {
  size_t n = 0;
  uint32_t value = 0;
  for (; n < 2 && is_hex(l->at[1 + n]); n++)
    value = value << 4 | (uint32_t)digit_value(l->at[1 + n], 16);
  if (n == 0 || is_alnum(l->at[1 + n])) {
    tap_filter_fail(l->e, span_of(l, 1), "'$' must be followed by one or two hex digits");
    tap_filter_expected(l->e, "an ARCnet address");
    return false;
  }
  return push(l, (struct tap_token){ .kind = TOKEN_AID, .number = value }, n + 1);
}

/* One character of a string, escapes resolved; false where an escape is none. */
static bool take_character(const char **at, char *out) {
  const char *c = *at;
  *at += 1;
  *out = *c;
  if (*c != '\\') return true;
  *at += 1;
  switch (c[1]) {
  case 'n': *out = '\n'; return true;
  case 't': *out = '\t'; return true;
  case 'r': *out = '\r'; return true;
  case '0': *out = '\0'; return true;
  case 'x':
    if (!is_hex(c[2]) || !is_hex(c[3])) return false;
    *out = (char)(digit_value(c[2], 16) << 4 | digit_value(c[3], 16));
    *at += 2;
    return true;
  case '\0': *at -= 1; return false;
  default: *out = c[1]; return true;
  }
}

static bool lex_string(struct lexer *l) {
  const char quote = *l->at, *at = l->at + 1;
  char *text = tap_arena_take(l->arena, strlen(at) + 1);
  uint32_t n = 0;
  if (text == NULL) return false;
  while (*at != '\0' && *at != quote)
    if (!take_character(&at, &text[n++]))
      return tap_filter_fail(l->e, span_of(l, (size_t)(at - l->at)), "unknown escape in a string");
  if (*at == '\0')
    return tap_filter_fail(l->e, span_of(l, (size_t)(at - l->at)), "this string has no end");
  text[n] = '\0';
  return push(l, (struct tap_token){ .kind = TOKEN_STRING, .text = text, .length = n },
              (size_t)(at - l->at) + 1);
}

static uint8_t symbol_of(const char *at, size_t *n) {
  static const struct {
    char text[3];
    uint8_t symbol;
  } pairs[] = {
    { "==", S_EQ },  { "!=", S_NE }, { ">=", S_GE },  { "<=", S_LE },
    { "&&", S_AND }, { "||", S_OR }, { "<<", S_SHL }, { ">>", S_SHR },
  };
  *n = 2;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    if (at[0] == pairs[i].text[0] && at[1] == pairs[i].text[1]) return pairs[i].symbol;
  *n = 1;
  return strchr("()[]{}:+-*/%&|^!<>=,@", *at) != NULL ? (uint8_t)*at : 0;
}

static bool lex_symbol(struct lexer *l) {
  size_t n;
  uint8_t symbol = symbol_of(l->at, &n);
  if (symbol != 0) return push(l, (struct tap_token){ .kind = TOKEN_SYMBOL, .symbol = symbol }, n);
  if ((unsigned char)*l->at < ' ' || (unsigned char)*l->at > '~')
    return tap_filter_fail(l->e, span_of(l, 1), "byte 0x%02x has no meaning in a filter",
                           (unsigned)(unsigned char)*l->at);
  return tap_filter_fail(l->e, span_of(l, 1), "'%c' has no meaning in a filter", *l->at);
}

static bool lex_token(struct lexer *l) {
  size_t colons = is_hex(*l->at) || (l->at[0] == ':' && l->at[1] == ':') ? colons_length(l->at) : 0;
  if (colons > 0) return lex_colons(l, colons);
  if (is_alnum(*l->at)) return lex_name(l);
  if (*l->at == '\\') return lex_escaped(l);
  if (*l->at == '$') return lex_aid(l);
  if (*l->at == '"' || *l->at == '\'') return lex_string(l);
  return lex_symbol(l);
}

bool tap_lex(const char *text, struct tap_arena *arena, struct tap_tokens *out,
             struct tap_filter_error *e) {
  struct lexer l = { .text = text, .at = text, .arena = arena, .e = e, .out = out };
  *out = (struct tap_tokens){ 0 };
  for (;;) {
    l.at += strspn(l.at, " \t\r\n");
    if (*l.at == '\0') return push(&l, (struct tap_token){ .kind = TOKEN_END }, 0);
    if (!lex_token(&l)) return false;
  }
}

uint64_t tap_unit_size(const char *name) {
  if (name[0] == '\0' || name[1] != '\0') return 0;
  switch (name[0]) {
  case 'k':
  case 'K': return UINT64_C(1) << 10;
  case 'm':
  case 'M': return UINT64_C(1) << 20;
  case 'g':
  case 'G': return UINT64_C(1) << 30;
  default: return 0;
  }
}
