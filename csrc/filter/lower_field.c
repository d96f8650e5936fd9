/* SPDX-License-Identifier: MIT
 *
 * Comparisons of fields, made from their text.  A value is read as the field's
 * type asks: numbers with units, names of enumerated values, addresses with
 * prefixes, flags, text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/comparison.h"
#include "filter/lex.h"
#include "filter/member.h"
#include "filter/pattern.h"

/* Where a member is added, and as what. */
struct target {
  struct tap_comparison *c;
  const struct tap_field *field; /* NULL: a protocol */
  uint8_t compare;
};

static bool grow(void **array, size_t *room, size_t count, size_t size) {
  size_t more = *room == 0 ? 4 : 2 * *room;
  void *grown;
  if (count < *room) return true;
  grown = realloc(*array, more * size);
  if (grown == NULL) return false;
  *array = grown;
  *room = more;
  return true;
}

static bool out_of_memory(struct tap_lowering *l) {
  l->g->failed = true;
  return false;
}

static const uint64_t sign = UINT64_C(1) << 63;

static bool is_signed(const struct target *t) {
  return t->field != NULL && tap_type_is_signed(t->field->type);
}

/* Turn "less than [low, high]" and its like into a range. */
static bool order_range(uint8_t compare, uint64_t *low, uint64_t *high, uint64_t least,
                        uint64_t most) {
  switch (compare) {
  case CMP_LT:
    if (*low == least) return false;
    *high = *low - 1;
    *low = least;
    return true;
  case CMP_LE: *low = least; return true;
  case CMP_GT:
    if (*high == most) return false;
    *low = *high + 1;
    *high = most;
    return true;
  case CMP_GE: *high = most; return true;
  default: return true;
  }
}

static bool add_range(struct tap_lowering *l, struct tap_number_range **array, size_t *count,
                      size_t *room, uint64_t low, uint64_t high) {
  void *grown = *array;
  if (!grow(&grown, room, *count, sizeof **array)) return out_of_memory(l);
  *array = grown;
  (*array)[(*count)++] = (struct tap_number_range){ low, high };
  return true;
}

static bool add_number(struct tap_lowering *l, struct target *t, uint64_t low, uint64_t high) {
  if (is_signed(t)) {
    low ^= sign;
    high ^= sign;
  }
  if (!order_range(t->compare, &low, &high, 0, UINT64_MAX)) return true;
  return add_range(l, &t->c->numbers, &t->c->number_count, &t->c->number_room, low, high);
}

static bool add_text(struct tap_lowering *l, struct target *t, const char *text, size_t n) {
  void *array = t->c->texts;
  uint8_t *copy = malloc(n + 1);
  if (copy == NULL || !grow(&array, &t->c->text_room, t->c->text_count, sizeof *t->c->texts)) {
    free(copy);
    return out_of_memory(l);
  }
  t->c->texts = array;
  memcpy(copy, text, n);
  t->c->texts[t->c->text_count++] = (struct tap_bytes){ copy, n };
  return true;
}

struct unit {
  const char *name;
  uint64_t factor;
};

static const struct unit times[] = {
  { "ns", 1 },
  { "us", 1000 },
  { "ms", 1000000 },
  { "s", 1000000000 },
  { "m", UINT64_C(60000000000) },
  { "h", UINT64_C(3600000000000) },
  { "d", UINT64_C(86400000000000) },
  { NULL, 0 },
};

/* What a number with that unit is multiplied with, or 0. */
static uint64_t factor_of(const char *name, bool is_time) {
  if (!is_time) return tap_unit_size(name);
  for (const struct unit *u = times; u->name != NULL; u++)
    if (strcmp(u->name, name) == 0) return u->factor;
  return 0;
}

/* Is a number without a unit one of seconds? */
static bool is_seconds(const struct tap_field *field) {
  return field->type == TAP_TIME || field->type == TAP_SPAN;
}

/* What one of the field's own units is in nanoseconds, or 0 where it is no time. */
static uint64_t time_unit(const struct tap_field *field) {
  if (is_seconds(field)) return 1;
  return field->unit != NULL ? factor_of(field->unit, true) : 0;
}

/* The nearest whole number; false where the type cannot hold it. */
static bool to_whole(const struct tap_field *field, double n, uint64_t *out) {
  if (!(n < (tap_type_is_signed(field->type) ? 0x1p63 : 0x1p64))) return false;
  *out = (uint64_t)(n + 0.5);
  return true;
}

/* A number with a unit behind it: 100ms, 1.5s, 64k. */
static bool read_unit(const struct tap_field *field, const char *text, uint64_t *out) {
  uint64_t own = time_unit(field), factor;
  char *end;
  double n = strtod(text, &end);
  if (end == text || text[0] < '0' || text[0] > '9') return false;
  factor = factor_of(end, own != 0);
  if (factor != 0) return to_whole(field, n * (double)factor / (double)(own != 0 ? own : 1), out);
  return *end == '\0' && is_seconds(field) && to_whole(field, n * 1e9, out);
}

/* The number that a word stands for: a flag's, or that of an enumerated value. */
static bool read_name(const struct tap_field *field, const char *text, uint64_t *out) {
  const struct tap_name *n = field->names;
  *out = strcmp(text, "true") == 0;
  if (field->type == TAP_FLAG && (*out || strcmp(text, "false") == 0)) return true;
  for (; n != NULL && n->name != NULL; n++)
    if (strcasecmp(n->name, text) == 0) {
      *out = n->value;
      return true;
    }
  return false;
}

static bool bad_value(struct tap_lowering *l, const struct target *t, const char *expected) {
  tap_lower_refuse(l, "this is no value of '%s'", t->field->name);
  tap_filter_expected(l->e, expected);
  return false;
}

static bool number_member(struct tap_lowering *l, struct target *t, const struct tap_member *m) {
  uint64_t n;
  if (m->kind == MEMBER_NUMBER) {
    uint64_t scale = is_seconds(t->field) ? 1000000000 : 1;
    uint64_t most = is_signed(t) ? (uint64_t)INT64_MAX : UINT64_MAX;
    if (m->high > most / scale) return bad_value(l, t, scale == 1 ? "less" : "fewer seconds");
    if (!m->negative) return add_number(l, t, m->low * scale, m->high * scale);
    if (is_signed(t)) return add_number(l, t, 0 - m->low * scale, 0 - m->low * scale);
    return bad_value(l, t, "a number that is not negative");
  }
  if (m->kind == MEMBER_TEXT &&
      (read_name(t->field, m->text, &n) || read_unit(t->field, m->text, &n)))
    return add_number(l, t, n, n);
  if (t->field->names != NULL) return bad_value(l, t, "a number or the name of a value");
  return bad_value(l, t, time_unit(t->field) != 0 ? "a time (100ms, 2s)" : "a number");
}

static bool add_v4(struct tap_lowering *l, struct target *t, uint64_t low, uint64_t high) {
  if (!order_range(t->compare, &low, &high, 0, UINT32_MAX)) return true;
  return add_range(l, &t->c->v4, &t->c->v4_count, &t->c->v4_room, low, high);
}

static bool add_v6(struct tap_lowering *l, struct target *t, const struct tap_member *m) {
  void *array = t->c->v6;
  if (t->compare >= CMP_LT && t->compare <= CMP_GE)
    return bad_value(l, t, "'==', '!=' or 'in' with IPv6 addresses");
  if (!grow(&array, &t->c->v6_room, t->c->v6_count, sizeof *t->c->v6)) return out_of_memory(l);
  t->c->v6 = array;
  memcpy(t->c->v6[t->c->v6_count].low, m->low6, 16);
  memcpy(t->c->v6[t->c->v6_count++].high, m->high6, 16);
  return true;
}

static bool host_member(struct tap_lowering *l, struct target *t, const char *name) {
  const struct tap_resolver *names = l->options->names;
  struct tap_name_address found[64];
  size_t n =
      names != NULL && names->host != NULL ? names->host(names->context, name, found, 64) : 0;
  if (n == 0) return bad_value(l, t, "an address or the name of a host");
  for (size_t i = 0; i < n; i++) {
    struct tap_member m = { .kind = MEMBER_IPV6 };
    const uint8_t *b = found[i].bytes;
    uint32_t v4 = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    memcpy(m.low6, b, 16);
    memcpy(m.high6, b, 16);
    if (!(found[i].ipv6 ? add_v6(l, t, &m) : add_v4(l, t, v4, v4))) return false;
  }
  return true;
}

/* src and dst hold either family: their row names the wider one and no single protocol. */
static bool address_member(struct tap_lowering *l, struct target *t, const struct tap_member *m) {
  bool both = t->c->ref.protocol == TAP_ANY_PROTOCOL;
  if (m->kind == MEMBER_IPV4 && (both || t->field->type == TAP_IPV4))
    return add_v4(l, t, m->low, m->high);
  if (m->kind == MEMBER_IPV6 && (both || t->field->type == TAP_IPV6)) return add_v6(l, t, m);
  if (m->kind == MEMBER_TEXT) return host_member(l, t, m->text);
  return bad_value(l, t,
                   t->field->type == TAP_IPV4 ? "an IPv4 address or network"
                                              : "an IPv6 address or network");
}

static bool mac_member(struct tap_lowering *l, struct target *t, const struct tap_member *m) {
  const struct tap_resolver *names = l->options->names;
  struct tap_comparison *c = t->c;
  uint64_t low = m->low, high = m->high;
  uint8_t mac[6];
  if (m->kind == MEMBER_TEXT && names != NULL && names->ether != NULL &&
      names->ether(names->context, m->text, mac)) {
    low = 0;
    for (int i = 0; i < 6; i++)
      low = low << 8 | mac[i];
    high = low;
  } else if (m->kind != MEMBER_MAC) {
    return bad_value(l, t, "a hardware address");
  }
  if (!order_range(t->compare, &low, &high, 0, (UINT64_C(1) << 48) - 1)) return true;
  return add_range(l, &c->numbers, &c->number_count, &c->number_room, low, high);
}

static bool text_member(struct tap_lowering *l, struct target *t, const struct tap_member *m) {
  char bytes[6];
  if (t->compare >= CMP_LT && t->compare <= CMP_GE)
    return bad_value(l, t, "'==', '!=', 'in', 'contains' or 'matches' with text");
  if (m->kind == MEMBER_TEXT) return add_text(l, t, m->text, m->length);
  if (m->kind != MEMBER_MAC || t->field == NULL || t->field->type != TAP_BYTES)
    return t->field == NULL ? (tap_lower_refuse(l, "a string is expected here"), false)
                            : bad_value(l, t, "a string in quotes");
  for (int i = 0; i < 6; i++)
    bytes[i] = (char)(m->low >> (40 - 8 * i));
  return add_text(l, t, bytes, sizeof bytes);
}

static bool visit_member(struct tap_lowering *l, const struct tap_member *m, void *context) {
  struct target *t = context;
  if (t->field == NULL) return text_member(l, t, m);
  switch (t->field->type) {
  case TAP_IPV4:
  case TAP_IPV6: return address_member(l, t, m);
  case TAP_MAC: return mac_member(l, t, m);
  case TAP_BYTES:
  case TAP_STRING: return text_member(l, t, m);
  default: return number_member(l, t, m);
  }
}

static bool compile_regex(struct tap_lowering *l, struct tap_comparison *c) {
  const struct tap_bytes *text = &c->texts[0];
  const char *trouble;
  char reason[96];
  int error;
  if (memchr(text->at, 0, text->n) != NULL) {
    tap_lower_refuse(l, "a regular expression cannot hold a zero byte");
    return false;
  }
  text->at[text->n] = '\0';
  trouble = tap_pattern_trouble((const char *)text->at);
  if (trouble != NULL) {
    tap_lower_refuse(l, "no regular expression to be compiled: %s", trouble);
    return false;
  }
  c->regex = malloc(sizeof *c->regex);
  if (c->regex == NULL) return out_of_memory(l);
  error = regcomp(c->regex, (const char *)text->at, REG_EXTENDED);
  if (error == 0) return true;
  regerror(error, c->regex, reason, sizeof reason);
  free(c->regex);
  c->regex = NULL;
  tap_lower_refuse(l, "no regular expression: %s", reason);
  return false;
}

/* Flows are not there yet where a capture's filter runs. */
static bool is_too_early(struct tap_lowering *l, const struct tap_ast *ast) {
  if (!l->options->before_flows || !tap_ref_tracked(&ast->ref)) return false;
  tap_lower_refuse(l,
                   "a capture's filter cannot ask for '%s': flows are made of what it lets through",
                   ast->ref.field->name);
  tap_filter_expected(l->e, "it in a 'where'");
  return true;
}

static bool fill(struct tap_lowering *l, const struct tap_ast *ast, struct tap_comparison *c) {
  struct target t = { .c = c, .field = ast->ref.field, .compare = ast->op };
  bool text = t.field == NULL || t.field->type == TAP_BYTES || t.field->type == TAP_STRING;
  if (is_too_early(l, ast)) return false;
  if (ast->op == CMP_HAS) return true;
  if (!c->payload && t.field == NULL) {
    tap_lower_refuse(l, "'%s' is a protocol: it can be there or not, but has no value",
                     ast->name->text);
    return false;
  }
  if ((ast->op == CMP_CONTAINS || ast->op == CMP_MATCHES) && !text) {
    tap_lower_refuse(l, "'%s' is no text: 'contains' and 'matches' are for bytes and text",
                     t.field->name);
    return false;
  }
  if (t.field != NULL && (t.field->type == TAP_FLOAT || t.field->type == TAP_EUI64)) {
    tap_lower_refuse(l, "'%s' is %s: a filter can only ask whether it is there", t.field->name,
                     t.field->type == TAP_FLOAT ? "a number with a fraction" : "an EUI-64");
    return false;
  }
  if (!tap_members(l, &ast->set, visit_member, &t)) return false;
  if (ast->op == CMP_MATCHES) return compile_regex(l, c);
  tap_comparison_finish(c);
  return true;
}

static bool keep(struct tap_lowering *l, struct tap_comparison *c) {
  size_t room = l->comparison_room == 0 ? 8 : 2 * l->comparison_room;
  struct tap_comparison **grown = l->comparisons;
  if (l->comparison_count == l->comparison_room) {
    grown = tap_arena_take(l->arena, room * sizeof(struct tap_comparison *));
    if (grown == NULL) return false;
    if (l->comparison_count > 0)
      memcpy(grown, l->comparisons, l->comparison_count * sizeof(struct tap_comparison *));
    l->comparisons = grown;
    l->comparison_room = room;
  }
  l->comparisons[l->comparison_count++] = c;
  return true;
}

/* The number of the comparison that 'ast' is; one that was made before is found again. */
static bool find_or_make(struct tap_lowering *l, const struct tap_ast *ast, uint32_t *out) {
  struct tap_comparison *c;
  for (*out = 0; *out < l->comparison_count; ++*out)
    if (l->comparisons[*out]->from == ast) return true;
  c = calloc(1, sizeof *c);
  if (c == NULL || !keep(l, c)) {
    free(c);
    return out_of_memory(l);
  }
  c->ref = ast->ref;
  c->from = ast;
  c->payload = ast->kind == AST_PAYLOAD;
  c->compare =
      ast->op == CMP_NE || ast->op == CMP_HAS || ast->op == CMP_CONTAINS || ast->op == CMP_MATCHES
          ? ast->op
          : (uint8_t)CMP_IN;
  if (!fill(l, ast, c)) return false;
  c->prefilter = tap_lower_prefilter(l, c);
  return true;
}

struct tap_formula *tap_lower_field(struct tap_lowering *l, const struct tap_ast *ast) {
  struct tap_formula *f;
  uint32_t number;
  if (!find_or_make(l, ast, &number)) return NULL;
  f = tap_formula_test(l->arena, tap_val_outside(l->g, VALUE_FIELD, number),
                       tap_set_range(l->g, 1, 1));
  if (f != NULL) f->outside = true;
  return f;
}

struct tap_formula *tap_lower_payload(struct tap_lowering *l, const struct tap_ast *ast) {
  return tap_lower_field(l, ast);
}
