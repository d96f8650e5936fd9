/* SPDX-License-Identifier: MIT
 *
 * The list of passes, and the life of a compiled filter.
 */
#include "filter/filter.h"

#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "filter/compiled.h"
#include "filter/optimise.h"
#include "filter/parse.h"

static bool parse(const char *text, const struct tap_registry *registry, struct tap_arena *arena,
                  const struct tap_ast **ast, struct tap_filter_error *e) {
  struct tap_tokens tokens;
  bool empty;
  if (!tap_lex(text, arena, &tokens, e)) return false;
  *ast = tap_parse(&tokens, registry, arena, e, &empty);
  return *ast != NULL || empty;
}

bool tap_filter_parses(const char *text, const struct tap_registry *registry,
                       struct tap_filter_error *e) {
  struct tap_arena arena = { 0 };
  const struct tap_ast *ast;
  bool done;
  *e = (struct tap_filter_error){ .set = false };
  done = parse(text, registry, &arena, &ast, e) && !arena.failed;
  if (e->set) tap_filter_error_finish(e, text);
  tap_arena_free(&arena);
  return done;
}

/* Lower the tree for frames whose outermost tag is in their bytes, or was lifted out. */
static bool lower(struct tap_filter *f, struct tap_lowering *l, bool lifted, uint32_t *root) {
  struct tap_formula *formula;
  l->now = (struct tap_layout){ .lifted = lifted };
  l->cells = 0;
  l->measures = l->measures_payload = false;
  formula = tap_lower(l, f->ast);
  if (l->cells > f->cells) f->cells = l->cells;
  f->comparisons = l->comparisons;
  f->comparison_count = l->comparison_count;
  f->chains = l->chains;
  f->chain_count = l->chain_count;
  f->lists = l->lists;
  if (formula == NULL || f->graph.failed) return false;
  *root = tap_formula_build(&f->graph, formula, NODE_ACCEPT, NODE_REJECT);
  if (!f->options.plain) *root = tap_optimise(&f->graph, *root);
  return !f->graph.failed;
}

static bool lower_forms(struct tap_filter *f, struct tap_filter_error *e) {
  struct tap_lowering l = { .g = &f->graph, .arena = &f->arena, .e = e, .options = &f->options };
  if (!lower(f, &l, false, &f->root)) return false;
  f->live_root = f->root;
  return !l.uses_lifted || lower(f, &l, true, &f->live_root);
}

enum { ALIKE_MAX = 64 };

/* 'lifted' where the outermost tag was lifted out, else 'root'.  What both ask first is asked
 * before that: then it is there once. */
static uint32_t choose_live(struct tap_graph *g, uint32_t present, uint32_t lifted, uint32_t root,
                            unsigned depth) {
  struct tap_node a = g->nodes[lifted], b = g->nodes[root];
  bool alike = depth < ALIKE_MAX && lifted >= NODE_FIRST && root >= NODE_FIRST && !a.cell &&
               !b.cell && a.value == b.value && a.set == b.set;
  if (lifted == root) return root;
  if (alike && a.f == b.f)
    return tap_node_test(g, a.value, a.set, choose_live(g, present, a.t, b.t, depth + 1), a.f);
  if (alike && a.t == b.t)
    return tap_node_test(g, a.value, a.set, a.t, choose_live(g, present, a.f, b.f, depth + 1));
  return tap_node_test(g, present, tap_set_range(g, 1, UINT32_MAX), lifted, root);
}

/* One program for both kinds of live frames. */
static uint32_t join_live(struct tap_filter *f) {
  struct tap_graph *g = &f->graph;
  uint32_t present, root;
  if (!f->options.live || f->live_root == f->root) return f->root;
  present = tap_val_aux(g, (uint32_t)SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
  if (f->options.plain)
    return tap_node_test(g, present, tap_set_range(g, 1, UINT32_MAX), f->live_root, f->root);
  root = choose_live(g, present, f->live_root, f->root, 0);
  return tap_optimise(g, root);
}

static const char *split_reason(const struct tap_filter *f) {
  if (f->comparison_count > 0) return "decoded fields are compared in user space";
  if (f->chain_count > 0)
    return "protochain follows headers in a loop, which the kernel does not do";
  return "it has a list of more addresses than the kernel's machine can hold";
}

/* What of the graph can be asked without sets of more than 'most' ranges. */
static uint32_t split(struct tap_filter *f, uint32_t root, uint32_t most) {
  root = tap_split_kernel(&f->graph, root, most, f->comparisons);
  return f->options.plain ? root : tap_optimise(&f->graph, root);
}

/* The graph behind the kernel's program stays, for programs that several filters share. */
static bool make_kernel(struct tap_filter *f, uint32_t root, const char **reason) {
  if (!tap_make_program(&f->graph, root, &f->options, f->cells, &f->kernel, reason)) return false;
  if (tap_graph_init(&f->asked))
    f->asked_root = tap_graft(&f->asked, &f->graph, root, NODE_ACCEPT, NODE_REJECT, false);
  f->graph.failed = f->graph.failed || f->asked.failed || f->asked.nodes == NULL;
  return true;
}

/* The kernel's program for a root that it can ask; false with f->reason where it cannot hold it. */
static bool emit_root(struct tap_filter *f, uint32_t root) {
  if (f->options.cooked &&
      !tap_cooked(&f->graph, root, tap_link_find(f->options.linktype), &root)) {
    f->reason = "it asks parts of the cooked header that the kernel does not have";
    return false;
  }
  if (root == NODE_ACCEPT && !f->exact) return true; /* there is nothing to ask */
  return make_kernel(f, root, &f->reason);
}

/* A program that is too large leaves its largest sets to user space. */
static void emit_kernel(struct tap_filter *f) {
  uint32_t root = join_live(f);
  if ((f->asks & TAP_SEQUENCED) != 0) {
    f->reason = "frames are counted, which the kernel must not leave out then";
    return;
  }
  f->exact = !tap_split_needed(&f->graph, root);
  if (!f->exact) {
    root = split(f, root, UINT32_MAX);
    f->reason = split_reason(f);
  }
  if (emit_root(f, root)) return;
  f->exact = false;
  if (f->options.cooked) return;
  make_kernel(f, split(f, root, TAP_SET_SMALL), NULL);
}

static bool fuse(struct tap_filter *f) {
  struct tap_fused_context context = { f->comparisons, f->chains, f->lists };
  f->fused = tap_fused_new(&f->graph, f->root, &context);
  if (f->fused == NULL) return false;
  if (f->live_root == f->root) return true;
  f->fused_live = tap_fused_new(&f->graph, f->live_root, &context);
  return f->fused_live != NULL;
}

static void find_needs(struct tap_filter *f) {
  for (size_t i = 0; i < f->comparison_count; i++) {
    enum tap_level level = tap_comparison_level(f->comparisons[i]);
    if (level > f->level) f->level = level;
    f->asks |= tap_comparison_asks(f->comparisons[i]);
  }
}

static bool compile(struct tap_filter *f, struct tap_filter_error *e) {
  if (!tap_graph_init(&f->graph)) return false;
  if (!parse(f->text, f->options.registry, &f->arena, &f->ast, e)) return false;
  if (!lower_forms(f, e)) return false;
  if (!tap_split_needed(&f->graph, f->root))
    tap_make_program(&f->graph, f->root, &f->options, f->cells, &f->file, NULL);
  find_needs(f);
  emit_kernel(f);
  if (!fuse(f)) return false;
  tap_filter_warn(f);
  if (f->arena.failed || f->graph.failed) return false;
  tap_graph_free(&f->graph); /* what runs has its own copy */
  return true;
}

struct tap_filter *tap_filter_compile(const char *text, const struct tap_filter_options *options,
                                      struct tap_filter_error *e) {
  struct tap_filter *f = calloc(1, sizeof *f);
  size_t n = strlen(text);
  *e = (struct tap_filter_error){ .set = false };
  if (f == NULL) return NULL;
  f->options = *options;
  f->text = malloc(n + 1);
  if (f->text != NULL) {
    memcpy(f->text, text, n + 1);
    if (compile(f, e)) return f;
  }
  if (e->set) tap_filter_error_finish(e, text);
  tap_filter_free(f);
  return NULL;
}

void tap_filter_free(struct tap_filter *f) {
  if (f == NULL) return;
  for (size_t i = 0; i < f->comparison_count; i++)
    tap_comparison_free(f->comparisons[i]);
  tap_fused_free(f->fused);
  tap_fused_free(f->fused_live);
  tap_graph_free(&f->graph);
  tap_graph_free(&f->asked);
  tap_arena_free(&f->arena);
  free(f->file.insns == NULL ? NULL : (void *)(uintptr_t)f->file.insns);
  free(f->kernel.insns == NULL ? NULL : (void *)(uintptr_t)f->kernel.insns);
  free(f->lists);
  free(f->text);
  free(f);
}

const struct tap_program *tap_filter_kernel(const struct tap_filter *f) {
  return f->kernel.insns != NULL ? &f->kernel : NULL;
}

bool tap_filter_exact(const struct tap_filter *f) {
  return f->exact;
}

const char *tap_filter_reason(const struct tap_filter *f) {
  return f->exact ? NULL : f->reason;
}

const struct tap_program *tap_filter_file(const struct tap_filter *f) {
  return f->file.insns != NULL ? &f->file : NULL;
}

enum tap_level tap_filter_level(const struct tap_filter *f) {
  return f->level;
}

unsigned tap_filter_asks(const struct tap_filter *f) {
  return f->asks;
}

bool tap_filter_match(const struct tap_filter *f, const struct tap_packet *p) {
  bool lifted = (p->frame->flags & TAP_FRAME_TAG_LIFTED) != 0 && f->fused_live != NULL;
  return tap_fused_run(lifted ? f->fused_live : f->fused, p->frame, p);
}

bool tap_filter_match_frame(const struct tap_filter *f, const struct tap_frame *frame) {
  bool lifted = (frame->flags & TAP_FRAME_TAG_LIFTED) != 0 && f->fused_live != NULL;
  return tap_fused_run(lifted ? f->fused_live : f->fused, frame, NULL);
}

bool tap_filter_always(const struct tap_filter *f) {
  return f->root == NODE_ACCEPT && f->live_root == NODE_ACCEPT;
}

bool tap_filter_never(const struct tap_filter *f) {
  return f->root == NODE_REJECT && f->live_root == NODE_REJECT;
}

const char *tap_filter_warning(const struct tap_filter *f, size_t i) {
  return i < f->warning_count ? f->warnings[i] : NULL;
}
