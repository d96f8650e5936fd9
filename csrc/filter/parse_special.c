/* SPDX-License-Identifier: MIT
 *
 * Words with operands of their own: less, vlan, llc, type and their like.
 */
#include "filter/parse.h"

bool tap_parse_at_special(const struct tap_token *t) {
  return t->kind == TOKEN_WORD && t->word > W_LEN;
}

/* Which of them may stand behind a protocol's word. */
static bool takes_protocol(unsigned word) {
  return word == W_BROADCAST || word == W_MULTICAST || word == W_TYPE || word == W_SUBTYPE ||
         word == W_DIR;
}

/* A number, also in parentheses. */
static bool take_group(struct tap_parser *p, uint32_t *out, const char *expected) {
  bool grouped = tap_take_symbol(p, '(');
  if (!tap_take_number(p, out, expected)) return false;
  if (grouped && !tap_take_symbol(p, ')')) return tap_parse_unexpected(p, "')'");
  return true;
}

static bool at_number(const struct tap_parser *p) {
  const struct tap_token *t = tap_at_symbol(p, '(') ? p->at + 1 : p->at;
  return t->kind == TOKEN_NUMBER;
}

static bool parse_optional(struct tap_parser *p, struct tap_ast *node) {
  if (tap_parse_at_set(p)) {
    p->at++;
    return tap_parse_set(p, &node->set);
  }
  node->given = at_number(p);
  if (node->given) return take_group(p, &node->number, "a number");
  if (p->at->kind == TOKEN_NAME) return tap_parse_unexpected(p, "a number, 'and', 'or' or the end");
  return true;
}

static bool parse_byte(struct tap_parser *p, struct tap_ast *node) {
  if (!tap_take_number(p, &node->number, "the byte's offset")) return false;
  node->op = p->at->symbol;
  if (p->at->kind != TOKEN_SYMBOL ||
      (node->op != '=' && node->op != '<' && node->op != '>' && node->op != '&' && node->op != '|'))
    return tap_parse_unexpected(p, "'=', '<', '>', '&' or '|'");
  p->at++;
  return tap_take_number(p, &node->number2, "a number");
}

/* A name or number behind 'type', 'subtype', 'dir'. */
static bool take_value(struct tap_parser *p, const struct tap_token **out, bool name_only) {
  if (p->at->kind != TOKEN_NAME && (name_only || p->at->kind != TOKEN_NUMBER))
    return tap_parse_unexpected(p, name_only ? "a name" : "a name or a number");
  *out = p->at++;
  return true;
}

static bool parse_type(struct tap_parser *p, struct tap_ast *node) {
  if (!take_value(p, &node->name, false)) return false;
  if (!tap_at_word(p, W_SUBTYPE)) return true;
  p->at++;
  return take_value(p, &node->name2, false);
}

static bool parse_llc(struct tap_parser *p, struct tap_ast *node) {
  if (p->at->kind == TOKEN_NAME || tap_at_word(p, W_RNR)) node->name = p->at++;
  return true;
}

/* vpi and vci of ATM: a number or a comparison; several in parentheses. */
static struct tap_ast *parse_atm(struct tap_parser *p, unsigned word) {
  struct tap_ast *node;
  if (tap_at_symbol(p, '(')) return tap_parse_group(p, parse_atm, word);
  node = tap_parse_node(p, AST_SPECIAL, p->at->span);
  if (node == NULL) return NULL;
  node->word = (uint8_t)word;
  node->op = S_EQ;
  if (p->at->kind == TOKEN_SYMBOL &&
      (p->at->symbol == S_EQ || p->at->symbol == S_NE || p->at->symbol == '<' ||
       p->at->symbol == '>' || p->at->symbol == S_LE || p->at->symbol == S_GE))
    node->op = (p->at++)->symbol;
  if (!tap_take_number(p, &node->number, "a number or a comparison")) return NULL;
  node->span = tap_span_join(node->span, p->at[-1].span);
  return node;
}

static bool parse_operands(struct tap_parser *p, struct tap_ast *node) {
  switch (node->word) {
  case W_LESS:
  case W_GREATER: return tap_take_size(p, &node->number, "a length");
  case W_IFINDEX: return tap_take_number(p, &node->number, "an interface's index");
  case W_BYTE: return parse_byte(p, node);
  case W_VLAN:
  case W_MPLS:
  case W_PPPOES:
  case W_GENEVE:
  case W_VXLAN: return parse_optional(p, node);
  case W_LLC: return parse_llc(p, node);
  case W_TYPE: return parse_type(p, node);
  case W_SUBTYPE: return take_value(p, &node->name2, true);
  case W_DIR: return take_value(p, &node->name, false);
  default: return true;
  }
}

struct tap_ast *tap_parse_special(struct tap_parser *p, unsigned proto, struct tap_span span) {
  struct tap_ast *node = tap_parse_node(p, AST_SPECIAL, span);
  if (node == NULL) return NULL;
  node->word = p->at->word;
  node->q.proto = (uint8_t)proto;
  if (node->word == W_ATM || node->word == W_SS7 || node->word == W_PF || node->word == W_RNR) {
    tap_filter_fail(p->e, p->at->span, "'%s' is for %s link types, which have no filter here",
                    p->at->text,
                    node->word == W_ATM   ? "ATM"
                    : node->word == W_SS7 ? "SS7"
                                          : "OpenBSD packet filter log");
    return NULL;
  }
  if (proto != W_NONE && !takes_protocol(node->word))
    return tap_parse_unexpected(p, "'and', 'or', 'host', 'port', '[' or the end");
  p->at++;
  if (node->word == W_VPI || node->word == W_VCI) return parse_atm(p, node->word);
  if (!parse_operands(p, node)) return NULL;
  node->span = tap_span_join(span, p->at[-1].span);
  return node;
}
