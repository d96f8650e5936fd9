/* SPDX-License-Identifier: MIT
 *
 * What of a filter runs where, and why, for people.
 */
#include <stdio.h>

#include "filter/compiled.h"
#include "proto/protocol.h"

/* Text in a buffer that may be too short: the length goes on. */
struct sink {
  char *buffer;
  size_t size, length;
};

static void put(struct sink *s, const char *line, const char *detail) {
  size_t room = s->length < s->size ? s->size - s->length : 0;
  int n = snprintf(room > 0 ? s->buffer + s->length : NULL, room, "%s%s\n", line, detail);
  s->length += (size_t)n;
}

static void put_kernel(struct sink *s, const struct tap_filter *f) {
  char line[96];
  if (f->kernel.insns == NULL) {
    put(s, "kernel: nothing, because ", f->reason != NULL ? f->reason : "there is nothing to ask");
    return;
  }
  snprintf(line, sizeof line, "kernel: %s, %zu instruction%s",
           f->exact ? "all of it" : "a part that accepts no less", f->kernel.count,
           f->kernel.count == 1 ? "" : "s");
  put(s, line, "");
  if (!f->exact) put(s, "  because ", f->reason);
}

static const char *depth(enum tap_level level) {
  switch (level) {
  case TAP_LEVEL_FRAME: return "metadata alone";
  case TAP_LEVEL_LINK: return "the link layer";
  case TAP_LEVEL_NETWORK: return "the network layer";
  case TAP_LEVEL_TRANSPORT: return "the transport layer";
  default: return "the last layer";
  }
}

/* The terms that ask decoded fields, by their text. */
static void put_fields(struct sink *s, const struct tap_filter *f, const struct tap_ast *ast) {
  char text[128];
  if (ast == NULL) return;
  if (ast->kind == AST_FIELD || ast->kind == AST_PAYLOAD) {
    snprintf(text, sizeof text, "%.*s", (int)ast->span.length, f->text + ast->span.at);
    put(s, "  field: ", text);
  }
  if (ast->kind == AST_CHAIN || ast->kind == AST_NOT)
    for (const struct tap_ast *term = ast->first; term != NULL; term = term->next)
      put_fields(s, f, term);
}

size_t tap_filter_explain(const struct tap_filter *f, char *buffer, size_t size) {
  struct sink s = { .buffer = buffer, .size = size };
  if (size > 0) buffer[0] = '\0';
  put(&s, "filter: ", f->text[0] != '\0' ? f->text : "(empty: every packet)");
  if (tap_filter_always(f)) put(&s, "verdict: every packet", "");
  if (tap_filter_never(f)) put(&s, "verdict: no packet", "");
  put_kernel(&s, f);
  if (f->exact) {
    put(&s, "user space: nothing on a live capture, the same test on a file", "");
  } else {
    put(&s, "user space: all of it, with packets decoded to ",
        f->level == TAP_LEVEL_FRAME ? "nothing but their bytes" : depth(f->level));
    put_fields(&s, f, f->ast);
  }
  if (f->live_root != f->root)
    put(&s, "vlan: two forms, for tags in the frame's bytes and tags that the kernel lifted out",
        "");
  return s.length;
}
