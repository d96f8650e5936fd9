/* SPDX-License-Identifier: MIT
 *
 * Warnings: what pcap-filter takes without a word and people often mean in
 * another way.  Each names its place in the text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter/compiled.h"

struct warnings {
  struct tap_filter *f;
  size_t room;
  const struct tap_ast *shift; /* the latest vlan, mpls, ... so far */
  bool shift_told;
};

__attribute__((format(printf, 3, 4))) static void warn(struct warnings *w, struct tap_span at,
                                                       const char *format, ...) {
  struct tap_filter *f = w->f;
  const struct tap_text_place place = tap_filter_place(f->text, at.at);
  char text[320];
  va_list arguments;
  int n = snprintf(text, sizeof text, "filter:%u:%u: ", place.line, place.column);
  va_start(arguments, format);
  vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
  va_end(arguments);
  if (f->warning_count == w->room) {
    size_t room = w->room == 0 ? 8 : 2 * w->room;
    const char **grown = tap_arena_take(&f->arena, room * sizeof(const char *));
    if (grown == NULL) return;
    if (f->warning_count > 0) memcpy(grown, f->warnings, f->warning_count * sizeof(const char *));
    f->warnings = grown;
    w->room = room;
  }
  f->warnings[f->warning_count++] = tap_arena_copy(&f->arena, text, strlen(text));
}

static bool moves(const struct tap_ast *ast) {
  return ast->kind == AST_SPECIAL &&
         (ast->word == W_VLAN || ast->word == W_MPLS || ast->word == W_PPPOES ||
          ast->word == W_GENEVE || ast->word == W_VXLAN);
}

/* An address that inherits the words before it, behind any 'not'. */
static bool is_bare(const struct tap_ast *ast) {
  if (ast->kind == AST_NOT) return is_bare(ast->first);
  return ast->kind == AST_ID && ast->span.at == ast->id->span.at;
}

/* and and or side by side: they go left to right, which is not what most languages do. */
static void warn_mixed(struct warnings *w, const struct tap_ast *chain) {
  const struct tap_ast *term = chain->first->next;
  unsigned first = term->join;
  for (term = term->next; term != NULL; term = term->next) {
    if (term->join == first || (first == W_AND && term->join == W_OR)) continue;
    warn(w, term->span,
         "'and' and 'or' have one precedence and go left to right: 'a or b and c' "
         "is '(a or b) and c'; parentheses make it clear");
    return;
  }
}

static void warn_relation(struct warnings *w, const struct tap_arith *a) {
  if (a == NULL || a->kind == ARITH_NUMBER || a->kind == ARITH_LEN) return;
  if (a->kind == ARITH_BINARY && (a->op == '%' || a->op == '^') && a->b->kind == ARITH_BINARY)
    warn(w, a->span, "'%c' takes all that stands to its right; parentheses make it clear", a->op);
  warn_relation(w, a->a);
  warn_relation(w, a->b);
}

/* Loads behind tcp[ and its like look at IPv4 alone. */
static bool loads_transport(const struct tap_arith *a) {
  if (a == NULL) return false;
  if (a->kind == ARITH_LOAD && (a->proto == W_TCP || a->proto == W_UDP || a->proto == W_SCTP))
    return true;
  return loads_transport(a->a) || loads_transport(a->b);
}

/* A flag without a comparison; "has" says that its presence is meant. */
static void warn_flag(struct warnings *w, const struct tap_ast *ast) {
  const struct tap_field *field = ast->ref.field;
  if (ast->op != CMP_HAS || field == NULL || field->type != TAP_FLAG) return;
  if (ast->name == NULL || ast->name->span.at != ast->span.at) return;
  warn(w, ast->span,
       "'%s' alone asks whether the field is there; write '%s == 1', or 'has %s' if that is meant",
       field->name, field->name, field->name);
}

struct seen {
  bool ip6, transport;
};

static void walk(struct warnings *w, const struct tap_ast *ast, struct seen *seen, bool inverted);

static void walk_chain(struct warnings *w, const struct tap_ast *chain, struct seen *seen,
                       bool inverted) {
  for (const struct tap_ast *term = chain->first; term != NULL; term = term->next) {
    if (term->join == W_OR && w->shift != NULL && !w->shift_told) {
      w->shift_told = true;
      warn(w, term->span,
           "'%s' before it moved the place where all text to its right looks, here "
           "too, although 'or' stands between; put what has no tag first",
           tap_word_text(w->shift->word));
    }
    if (term->kind == AST_NOT && is_bare(term) && term != chain->first)
      warn(w, term->span, "'not' takes this one alone, with the words before the last address");
    walk(w, term, seen, inverted);
  }
  if (chain->first->next != NULL) warn_mixed(w, chain);
}

static void walk(struct warnings *w, const struct tap_ast *ast, struct seen *seen, bool inverted) {
  switch (ast->kind) {
  case AST_CHAIN: walk_chain(w, ast, seen, inverted); return;
  case AST_NOT: walk(w, ast->first, seen, !inverted); return;
  case AST_PROTOCOL: seen->ip6 = seen->ip6 || (ast->word == W_IP6 && !inverted); return;
  case AST_RELATION:
    seen->transport = seen->transport || loads_transport(ast->left) || loads_transport(ast->right);
    warn_relation(w, ast->left);
    warn_relation(w, ast->right);
    return;
  case AST_FIELD: warn_flag(w, ast); return;
  default: break;
  }
  if (!moves(ast)) return;
  w->shift = ast;
  if (!inverted) return;
  w->shift_told = true;
  warn(w, ast->span, "'not %s' too moves the place where all text to its right looks",
       tap_word_text(ast->word));
}

void tap_filter_warn(struct tap_filter *f) {
  struct warnings w = { .f = f };
  struct seen seen = { false, false };
  if (f->ast == NULL) return;
  walk(&w, f->ast, &seen, false);
  if (seen.ip6 && seen.transport)
    warn(&w, f->ast->span,
         "tcp[...] and udp[...] look at IPv4 alone; fields (tcp.flags, "
         "tcp.dstport) know both families");
  if (tap_filter_never(f)) warn(&w, f->ast->span, "no packet can match this");
}
