/* SPDX-License-Identifier: MIT
 *
 * Members of sets.  Those of named sets are read from text without the lexer
 * where they are plain addresses or numbers, since there may be a hundred
 * thousand of them.
 */
#include "filter/member.h"

#include <stdlib.h>
#include <string.h>

#include "filter/parse.h"

static uint64_t mac_number(const uint8_t bytes[6]) {
  uint64_t n = 0;
  for (int i = 0; i < 6; i++)
    n = n << 8 | bytes[i];
  return n;
}

/* Clear and set the bits behind a prefix. */
static void widen6(struct tap_member *m, unsigned bits) {
  for (unsigned i = 0; i < 16; i++) {
    unsigned left = bits > 8 * i ? bits - 8 * i : 0;
    uint8_t mask = (uint8_t)(left >= 8 ? 0xff : 0xff00u >> left);
    m->low6[i] &= mask;
    m->high6[i] = (uint8_t)(m->low6[i] | (uint8_t)~mask);
  }
}

static void widen4(struct tap_member *m, unsigned bits) {
  uint64_t hosts = bits >= 32 ? 0 : UINT32_MAX >> bits;
  m->low &= ~hosts;
  m->high = m->low | hosts;
}

/* One end of a member from its token. */
static void from_token(const struct tap_token *t, struct tap_member *m) {
  *m = (struct tap_member){ .kind = MEMBER_TEXT, .text = t->text, .length = t->length };
  switch (t->kind) {
  case TOKEN_NUMBER:
    m->kind = MEMBER_NUMBER;
    m->low = m->high = t->wide;
    break;
  case TOKEN_IPV4:
    m->kind = MEMBER_IPV4;
    m->low = (uint64_t)t->number << (32 - t->bits);
    widen4(m, t->bits);
    break;
  case TOKEN_IPV6:
    m->kind = MEMBER_IPV6;
    memcpy(m->low6, t->bytes, 16);
    memcpy(m->high6, t->bytes, 16);
    break;
  case TOKEN_MAC:
    m->kind = MEMBER_MAC;
    m->low = m->high = mac_number(t->bytes);
    break;
  default:
    if (t->kind == TOKEN_WORD) m->length = (uint32_t)strlen(t->text);
  }
}

/* A number before '/' is the first part of an IPv4 network: 10/8. */
static bool apply_prefix(struct tap_lowering *l, const struct tap_item *item,
                         struct tap_member *m) {
  if (m->kind == MEMBER_NUMBER && m->low < 256) {
    m->kind = MEMBER_IPV4;
    m->low <<= 24;
  }
  l->span = item->span;
  if ((m->kind != MEMBER_IPV4 && m->kind != MEMBER_IPV6) ||
      item->prefix > (m->kind == MEMBER_IPV4 ? 32 : 128)) {
    tap_lower_refuse(l, "this prefix length does not fit what stands before it");
    return false;
  }
  if (m->kind == MEMBER_IPV4)
    widen4(m, (unsigned)item->prefix);
  else
    widen6(m, (unsigned)item->prefix);
  return true;
}

static bool apply_range(struct tap_lowering *l, const struct tap_item *item, struct tap_member *m) {
  struct tap_member end;
  from_token(item->high, &end);
  l->span = item->span;
  if (m->kind != end.kind || m->kind == MEMBER_TEXT) {
    tap_lower_refuse(l, "the two ends of this range are not of one kind");
    return false;
  }
  m->high = end.high;
  memcpy(m->high6, end.high6, 16);
  if (m->kind == MEMBER_IPV6 ? memcmp(m->low6, m->high6, 16) > 0 : m->low > m->high) {
    tap_lower_refuse(l, "this range ends before it begins");
    return false;
  }
  return true;
}

static bool from_item(struct tap_lowering *l, const struct tap_item *item, struct tap_member *m) {
  if (item->low->kind == TOKEN_IPV4 && item->low->bits == 0) {
    l->span = item->low->span;
    tap_lower_refuse(l, "'%.40s' is no IPv4 address: a part is over 255", item->low->text);
    return false;
  }
  from_token(item->low, m);
  m->negative = item->negative;
  if (item->prefix >= 0 && !apply_prefix(l, item, m)) return false;
  if (item->high != NULL && !apply_range(l, item, m)) return false;
  return true;
}

bool tap_member_number(const char *text, size_t n, uint64_t *out) {
  char digits[24], *end;
  if (n == 0 || n >= sizeof digits || text[0] < '0' || text[0] > '9') return false;
  memcpy(digits, text, n);
  digits[n] = '\0';
  *out = strtoull(digits, &end, 0);
  return *end == '\0';
}

/* The shapes that large sets consist of; false where it is another one. */
static bool read_plain(const char *text, struct tap_member *m) {
  const char *slash = strchr(text, '/');
  size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
  uint64_t prefix = 128;
  uint32_t address;
  uint8_t bits;
  *m = (struct tap_member){ .kind = MEMBER_NUMBER };
  if (slash != NULL && !tap_member_number(slash + 1, strlen(slash + 1), &prefix)) return false;
  if (slash == NULL && tap_member_number(text, n, &m->low)) {
    m->high = m->low;
    return true;
  }
  if (tap_lex_ipv4(text, n, &address, &bits) && bits == 32 && (slash == NULL || prefix <= 32)) {
    m->kind = MEMBER_IPV4;
    m->low = address;
    widen4(m, (unsigned)prefix);
    return true;
  }
  m->kind = MEMBER_IPV6;
  if (!tap_lex_ipv6(text, n, m->low6) || prefix > 128) return false;
  widen6(m, (unsigned)prefix);
  return true;
}

/* Any other shape goes through the lexer and the parser. */
static bool visit_text(struct tap_lowering *l, const char *text, struct tap_span span,
                       tap_member_visitor *visit, void *context) {
  struct tap_arena arena = { 0 };
  struct tap_filter_error e = { .set = false };
  struct tap_tokens tokens;
  struct tap_set set = { 0 };
  struct tap_member m;
  bool done = false;
  struct tap_parser p = { .arena = &arena, .e = &e };
  l->span = span;
  if (tap_lex(text, &arena, &tokens, &e)) {
    p.at = p.first = tokens.token;
    done = tap_parse_set(&p, &set) && p.at->kind == TOKEN_END && set.items != NULL;
  }
  if (!done) tap_lower_refuse(l, "'%.60s' in this set is no value", text);
  for (struct tap_item *i = set.items; done && i != NULL; i = i->next)
    done = from_item(l, i, &m) && visit(l, &m, context);
  l->e->span = l->e->set && l->e->span.at != span.at ? span : l->e->span;
  tap_arena_free(&arena);
  return done;
}

static bool visit_named(struct tap_lowering *l, const struct tap_set *set,
                        tap_member_visitor *visit, void *context) {
  const struct tap_named_sets *sets = l->options->sets;
  const char *name = set->name->text, *text;
  struct tap_member m;
  l->span = set->span;
  if (sets == NULL || !sets->known(sets->context, name)) {
    tap_lower_refuse(l, "no set is called '%.60s'", name);
    return false;
  }
  for (size_t i = 0; (text = sets->member(sets->context, name, i)) != NULL; i++) {
    bool plain = read_plain(text, &m);
    if (plain ? !visit(l, &m, context) : !visit_text(l, text, set->span, visit, context))
      return false;
  }
  return true;
}

bool tap_members(struct tap_lowering *l, const struct tap_set *set, tap_member_visitor *visit,
                 void *context) {
  struct tap_member m;
  if (set->name != NULL) return visit_named(l, set, visit, context);
  for (const struct tap_item *i = set->items; i != NULL; i = i->next) {
    if (!from_item(l, i, &m)) return false;
    l->span = i->span;
    if (!visit(l, &m, context)) return false;
  }
  return true;
}
