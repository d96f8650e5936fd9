/* SPDX-License-Identifier: MIT
 *
 * Emission.  Forwards: the loads of every node, knowing what the registers
 * hold on all ways to it.  Backwards: the program from its end, so that every
 * jump knows where it goes; one that would go too far takes an island, an
 * unconditional jump that lies between two nodes and serves all who reach it.
 */
#include "filter/emit.h"

#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "filter/code.h"
#include "filter/lex.h"
#include "filter/optimise.h"

enum { REACH = 254, FIRST_TEMPORARY = 16, NOWHERE = UINT16_MAX };

/* What the registers hold when a node begins. */
struct entry {
  uint32_t a, x;
  uint32_t first, count; /* of its loads, in the code */
  bool reached;
};

/* The program in reverse: place 0 is its last instruction. */
struct assembly {
  struct tap_insn insn[TAP_PROGRAM_MAX];
  uint16_t island[TAP_PROGRAM_MAX]; /* of a place: the latest jump to it, or NOWHERE */
  size_t count;
  bool full;
};

struct emission {
  struct tap_graph *g;
  const struct tap_emit_options *options;
  struct tap_code code;
  struct entry *entry; /* of each node */
  uint16_t *place;     /* of each node, in the assembly */
  struct assembly *out;
};

/* Any bit of x & mask: one instruction of its own. */
static bool is_bit_test(const struct tap_graph *g, const struct tap_node *n, uint32_t *x,
                        uint32_t *mask, bool *inverse) {
  const struct tap_val *v = &g->values[n->value];
  const struct tap_range *r = tap_set_ranges(g, n->set);
  if (v->kind != VALUE_OP || v->op != '&' || g->values[v->b].kind != VALUE_CONST) return false;
  if (g->sets[n->set].count != 1) return false;
  *inverse = r->low == 0 && r->high == 0;
  if (!*inverse && (r->low != 1 || r->high < v->most)) return false;
  *x = v->a;
  *mask = g->values[v->b].k;
  return true;
}

static void load_operands(struct emission *m, const struct tap_node *n) {
  const struct tap_val *v = &m->g->values[n->value];
  uint32_t x, mask;
  bool inverse;
  if (n->cell)
    tap_code_store(&m->code, n->cell - 1u, n->value);
  else if (v->kind == VALUE_COMPARE)
    tap_code_load_both(&m->code, v->a, v->b);
  else if (m->code.a != n->value && is_bit_test(m->g, n, &x, &mask, &inverse))
    tap_code_load_a(&m->code, x);
  else
    tap_code_load_a(&m->code, n->value);
}

/* A register that holds different things on two ways holds nothing known. */
static void arrive(struct emission *m, uint32_t node) {
  struct entry *e = &m->entry[node];
  if (!e->reached) {
    *e = (struct entry){ .a = m->code.a, .x = m->code.x, .reached = true };
    return;
  }
  if (e->a != m->code.a) e->a = VALUE_NONE;
  if (e->x != m->code.x) e->x = VALUE_NONE;
}

static void visit(struct emission *m, uint32_t node) {
  struct entry *e = &m->entry[node];
  const struct tap_node n = m->g->nodes[node];
  m->code.a = m->options->reload ? (uint32_t)VALUE_NONE : e->a;
  m->code.x = m->options->reload ? (uint32_t)VALUE_NONE : e->x;
  e->first = (uint32_t)m->code.count;
  load_operands(m, &n);
  e->count = (uint32_t)m->code.count - e->first;
  /* A bit test may be made on A itself or on the masked value: remember which. */
  e->a = m->code.a;
  arrive(m, n.t);
  arrive(m, n.f);
}

static uint16_t add(struct assembly *out, unsigned code, unsigned jt, unsigned jf, uint32_t k) {
  if (out->count == TAP_PROGRAM_MAX) {
    out->full = true;
    return 0;
  }
  out->insn[out->count] =
      (struct tap_insn){ .code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k };
  out->island[out->count] = NOWHERE;
  return (uint16_t)out->count++;
}

static size_t distance(const struct assembly *out, uint16_t place) {
  return out->count - place - 1;
}

static uint16_t jump_always(struct assembly *out, uint16_t place) {
  return add(out, BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance(out, place));
}

/* A place from which 'place' is reached, and that is near enough for a branch. */
static uint16_t near(struct assembly *out, uint16_t place) {
  uint16_t island = out->island[place];
  if (distance(out, place) <= REACH) return place;
  if (island != NOWHERE && distance(out, island) <= REACH) return island;
  island = jump_always(out, place);
  out->island[place] = island;
  return island;
}

static uint16_t branch(struct assembly *out, unsigned op, uint32_t k, uint16_t t, uint16_t f) {
  t = near(out, t);
  f = near(out, f);
  return add(out, BPF_JMP | op, (unsigned)distance(out, t), (unsigned)distance(out, f), k);
}

/* Which numbers are still possible, and where both answers go. */
struct ways {
  uint32_t low, high;
  uint16_t t, f;
};

static uint16_t decide(struct assembly *out, const struct tap_range *r, size_t n, struct ways w);

/* One range: as many comparisons as it has ends that matter. */
static uint16_t decide_one(struct assembly *out, struct tap_range r, struct ways w) {
  if (r.low == r.high) return branch(out, BPF_JEQ, r.low, w.t, w.f);
  if (r.low <= w.low) return branch(out, BPF_JGT, r.high, w.f, w.t);
  if (r.high < w.high) w.t = branch(out, BPF_JGT, r.high, w.f, w.t);
  return branch(out, BPF_JGE, r.low, w.t, w.f);
}

enum { CHAIN_MAX = 4 }; /* up to so many numbers are asked one by one */

static bool are_single(const struct tap_range *r, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (r[i].low != r[i].high) return false;
  return n <= CHAIN_MAX;
}

static uint16_t decide(struct assembly *out, const struct tap_range *r, size_t n, struct ways w) {
  struct ways left = w, right = w;
  if (n == 0) return w.f;
  if (r[0].low <= w.low && r[0].high >= w.high) return w.t;
  if (n == 1) return decide_one(out, r[0], w);
  if (are_single(r, n)) {
    while (n-- > 0)
      w.f = branch(out, BPF_JEQ, r[n].low, w.t, w.f);
    return w.f;
  }
  if (n == 2 && r[0].low <= w.low && r[1].high >= w.high) {
    struct tap_range hole = { r[0].high + 1, r[1].low - 1 };
    return decide_one(out, hole, (struct ways){ w.low, w.high, w.f, w.t });
  }
  right.low = r[n / 2].low;
  left.high = right.low - 1;
  right.t = decide(out, r + n / 2, n - n / 2, right);
  left.t = decide(out, r, n / 2, left);
  return branch(out, BPF_JGE, right.low, right.t, left.t);
}

static uint16_t decide_compare(struct assembly *out, const struct tap_val *v, bool one, uint16_t t,
                               uint16_t f) {
  unsigned op = v->op == '>' ? BPF_JGT : v->op == '=' ? BPF_JEQ : BPF_JGE;
  if (one) return branch(out, op | BPF_X, 0, t, f);
  return branch(out, op | BPF_X, 0, f, t);
}

static uint16_t assemble_test(struct emission *m, uint32_t node) {
  const struct tap_node *n = &m->g->nodes[node];
  const struct tap_val *v = &m->g->values[n->value];
  uint16_t t = m->place[n->t], f = m->place[n->f];
  uint32_t x, mask;
  bool inverse;
  if (v->kind == VALUE_COMPARE)
    return decide_compare(m->out, v, tap_set_has(m->g, n->set, 1), t, f);
  if (m->entry[node].a != n->value && is_bit_test(m->g, n, &x, &mask, &inverse))
    return branch(m->out, BPF_JSET, mask, inverse ? f : t, inverse ? t : f);
  return decide(m->out, tap_set_ranges(m->g, n->set), m->g->sets[n->set].count,
                (struct ways){ 0, v->most, t, f });
}

/* The node's own decision, then (before it in the program) its loads. */
static void assemble(struct emission *m, uint32_t node) {
  const struct tap_node *n = &m->g->nodes[node];
  const struct entry *e = &m->entry[node];
  uint16_t at = n->cell ? m->place[n->t] : assemble_test(m, node);
  if (e->count > 0 && at + 1u != m->out->count) at = jump_always(m->out, at);
  for (uint32_t i = e->count; i-- > 0;)
    at = add(m->out, m->code.insns[e->first + i].code, 0, 0, m->code.insns[e->first + i].k);
  m->place[node] = at;
}

static void clear_cells(struct emission *m) {
  for (unsigned i = 0; i < m->options->cells; i++)
    add(m->out, BPF_ST, 0, 0, i);
  add(m->out, BPF_LD | BPF_IMM, 0, 0, 0);
}

static void assemble_all(struct emission *m, uint32_t root) {
  if (m->entry[NODE_REJECT].reached) m->place[NODE_REJECT] = add(m->out, BPF_RET | BPF_K, 0, 0, 0);
  if (m->entry[NODE_ACCEPT].reached)
    m->place[NODE_ACCEPT] = add(m->out, BPF_RET | BPF_K, 0, 0, m->options->accept);
  for (uint32_t i = NODE_FIRST; i <= root && !m->out->full; i++)
    if (m->entry[i].reached) assemble(m, i);
  if (m->place[root] + 1u != m->out->count) jump_always(m->out, m->place[root]);
  if (m->options->clear_cells) clear_cells(m);
}

static struct tap_insn *reversed(const struct assembly *out) {
  struct tap_insn *insns = malloc(out->count * sizeof *insns);
  for (size_t i = 0; insns != NULL && i < out->count; i++)
    insns[i] = out->insn[out->count - 1 - i];
  return insns;
}

static struct tap_insn *emit(struct emission *m, uint32_t root, size_t *count) {
  m->code =
      (struct tap_code){ .g = m->g, .temporary = FIRST_TEMPORARY, .cells = m->options->cells };
  arrive(m, root);
  for (uint32_t i = root; i >= NODE_FIRST; i--)
    if (m->entry[i].reached) visit(m, i);
  if (m->code.fault != NULL) return NULL;
  assemble_all(m, root);
  if (m->out->full) {
    m->code.fault = "it needs more than 4096 instructions";
    return NULL;
  }
  *count = m->out->count;
  return reversed(m->out);
}

struct tap_insn *tap_emit(struct tap_graph *g, uint32_t root,
                          const struct tap_emit_options *options, size_t *count,
                          const char **reason) {
  struct emission m = { .g = g, .options = options };
  struct tap_insn *insns = NULL;
  m.entry = calloc(root + 2, sizeof *m.entry);
  m.place = calloc(root + 2, sizeof *m.place);
  m.out = calloc(1, sizeof *m.out);
  if (m.entry != NULL && m.place != NULL && m.out != NULL) insns = emit(&m, root, count);
  *reason = insns != NULL ? NULL : m.code.fault != NULL ? m.code.fault : "out of memory";
  free(m.code.insns);
  free(m.entry);
  free(m.place);
  free(m.out);
  return insns;
}
