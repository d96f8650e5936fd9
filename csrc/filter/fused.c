/* SPDX-License-Identifier: MIT
 *
 * The fused machine.  Nodes that load a constant place, or one behind IPv4's
 * options, and look for one number or range have operations of their own; any
 * other value is computed by walking its tree.  A load that the way to the
 * node has made already is not made again where the value is still at hand,
 * and its bounds are not checked again where a longer one was.
 */
#include "filter/fused.h"

#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "filter/compare.h"
#include "filter/lex.h"
#include "filter/lower.h"
#include "filter/metadata.h"
#include "filter/optimise.h"

/* How an operation gets its number. */
enum source {
  FROM_HELD, /* the number that the operation before left */
  FROM_BYTE,
  FROM_HALF,
  FROM_WORD, /* a constant place, surely captured ... */
  CHECK_BYTE,
  CHECK_HALF,
  CHECK_WORD, /* ... or to be checked */
  IHL_BYTE,
  IHL_HALF,
  IHL_WORD,  /* behind the IPv4 header whose first byte is at 'base' */
  FROM_TREE, /* anything else: value 'at' */
  SOURCES
};

/* What it asks of it. */
enum question {
  IS_EQUAL,  /* it is 'low' */
  IS_RANGE,  /* it is at most 'more' over 'low' */
  HAS_BITS,  /* of 'more', any */
  IS_MASKED, /* with 'more' it is 'low' */
  IS_MEMBER, /* of set 'low' */
  IS_MARKED, /* one byte: in the table 'low' */
  IS_STORED, /* nothing: cell 'low' becomes it */
  QUESTIONS
};

/* Codes of operations whose answer is the verdict follow the others, and then one code for both
 * verdicts: no jump depends on which one it is. */
enum { CODE_FINAL = SOURCES * QUESTIONS, CODE_STOP = 2 * CODE_FINAL };

_Static_assert(CODE_STOP <= UINT8_MAX, "a code has its byte");

#define CODE(source, question) ((source)*QUESTIONS + (question))

struct op {
  uint8_t code;
  bool accepts; /* of a final one: what it means that the answer is yes */
  uint16_t base;
  uint32_t at, low, more;
  const struct op *t, *f;
};

_Static_assert(sizeof(struct op) <= 32, "two operations in a cache line");

struct tap_fused {
  struct op *ops;
  const struct op *start;
  bool cells; /* it uses scratch cells */
  struct tap_val *values;
  struct tap_range *ranges;
  struct tap_set_row *sets;
  uint8_t (*tables)[256]; /* sets of bytes, for IS_MARKED */
  uint32_t table_count;
  struct tap_fused_context context;
};

struct machine {
  const struct tap_fused *fused;
  const struct tap_frame *frame;
  const struct tap_packet *packet;
  uint32_t cell[16];
};

static inline bool load(const struct tap_frame *f, uint64_t at, unsigned size, uint32_t *out) {
  const uint8_t *p = f->data + at;
  if (at + size > f->caplen) return false;
  *out = size == 1 ? *p : size == 2 ? tap_be16(p) : tap_be32(p);
  return true;
}

static bool evaluate(struct machine *m, uint32_t value, uint32_t *out);

static bool find_address(const struct machine *m, const struct tap_list6 *l, uint32_t *out) {
  const uint8_t *address = m->frame->data + l->at;
  size_t low = 0, high = l->count;
  if ((uint64_t)l->at + 16 > m->frame->caplen) return false;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (memcmp(address, l->ranges[middle].high, 16) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  *out = low < l->count && memcmp(l->ranges[low].low, address, 16) <= 0;
  return true;
}

static bool evaluate_pair(struct machine *m, const struct tap_val *v, uint32_t *a, uint32_t *b) {
  return evaluate(m, v->a, a) && evaluate(m, v->b, b);
}

static bool follow_chain(const struct machine *m, const struct tap_chain *c, uint32_t *out);

/* The number that a value is for this frame; false where a load is out of bounds or it divides
 * by 0.  How deep it goes is bounded by the parser. */
static bool evaluate(struct machine *m, uint32_t value, uint32_t *out) {
  const struct tap_val *v = &m->fused->values[value];
  uint32_t a = 0, b;
  switch (v->kind) {
  case VALUE_CONST: *out = v->k; return true;
  case VALUE_LEN: *out = m->frame->len; return true;
  case VALUE_CELL: *out = m->cell[v->k]; return true;
  case VALUE_LOAD:
    if (v->a == VALUE_NONE && v->k >= (uint32_t)SKF_AD_OFF)
      return tap_metadata(m->frame, v->k - (uint32_t)SKF_AD_OFF, out);
    if (v->a != VALUE_NONE && !evaluate(m, v->a, &a)) return false;
    return load(m->frame, (uint64_t)a + v->k, v->size, out);
  case VALUE_IHL:
    if (!load(m->frame, v->k, 1, out)) return false;
    *out = (*out & 15) * 4;
    return true;
  case VALUE_OP: return evaluate_pair(m, v, &a, &b) && tap_val_fold(v->op, a, b, out);
  case VALUE_NEGATE:
    if (!evaluate(m, v->a, &a)) return false;
    *out = 0 - a;
    return true;
  case VALUE_COMPARE:
    if (!evaluate_pair(m, v, &a, &b)) return false;
    *out = v->op == '=' ? a == b : v->op == '>' ? a > b : a >= b;
    return true;
  case VALUE_FIELD:
    *out =
        m->packet != NULL && tap_comparison_holds(m->fused->context.comparisons[v->k], m->packet);
    return true;
  case VALUE_MEMBER6: return find_address(m, &m->fused->context.lists[v->k], out);
  default: return follow_chain(m, &m->fused->context.chains[v->k], out);
  }
}

/* The next header behind one that lies at '*at'; false where it is cut off. */
static bool chain_step(const struct machine *m, uint32_t *at, uint32_t *next) {
  uint32_t length;
  bool ah = *next == 51;
  if (!load(m->frame, *at, 1, next) || !load(m->frame, (uint64_t)*at + 1, 1, &length)) return false;
  *at += ah ? (length + 2) * 4 : (length + 1) * 8;
  return true;
}

static bool is_extension(uint32_t next, bool ipv6) {
  return next == 51 || (ipv6 && (next == 0 || next == 60 || next == 43 || next == 44));
}

/* Each step goes at least eight bytes on, so this ends within the frame. */
static bool follow_chain(const struct machine *m, const struct tap_chain *c, uint32_t *out) {
  uint32_t at = c->payload.at + c->network, next, length = 40;
  if (!load(m->frame, (uint64_t)at + (c->ipv6 ? 6 : 9), 1, &next)) return false;
  if (!c->ipv6) {
    if (!load(m->frame, at, 1, &length)) return false;
    length = (length & 15) * 4;
  }
  at += length;
  while (next != c->protocol && next != 59 && is_extension(next, c->ipv6))
    if (!chain_step(m, &at, &next)) return false;
  *out = next == c->protocol;
  return true;
}

enum { FEW = 6 }; /* ranges that are looked at one after the other */

static bool in_set(const struct tap_fused *f, uint32_t set, uint32_t number) {
  const struct tap_range *r = f->ranges + f->sets[set].first;
  size_t low = 0, high = f->sets[set].count;
  for (; high <= FEW && low < high; low++)
    if (number <= r[low].high) return number >= r[low].low;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (number > r[middle].high)
      low = middle + 1;
    else
      high = middle;
  }
  return low < f->sets[set].count && r[low].low <= number;
}

/* The frame's bytes, at hand in registers. */
struct window {
  const uint8_t *data;
  uint32_t length;
};

static inline __attribute__((always_inline)) bool take(struct window w, uint64_t at, unsigned size,
                                                       uint32_t *out) {
  const uint8_t *p = w.data + at;
  if (at + size > w.length) return false;
  *out = size == 1 ? *p : size == 2 ? tap_be16(p) : tap_be32(p);
  return true;
}

static inline __attribute__((always_inline)) bool
take_behind_ihl(struct window w, const struct op *op, unsigned size, uint32_t *out) {
  if (op->base >= w.length) return false;
  return take(w, (uint64_t)(w.data[op->base] & 15u) * 4 + op->at, size, out);
}

/* 'source' and 'question' are constants where these two are inlined. */
static inline __attribute__((always_inline)) bool
fetch(struct machine *m, struct window w, const struct op *op, enum source source, uint32_t *n) {
  const uint8_t *p = w.data + op->at;
  switch (source) {
  case FROM_HELD: return true;
  case FROM_BYTE: *n = *p; return true;
  case FROM_HALF: *n = tap_be16(p); return true;
  case FROM_WORD: *n = tap_be32(p); return true;
  case CHECK_BYTE: return take(w, op->at, 1, n);
  case CHECK_HALF: return take(w, op->at, 2, n);
  case CHECK_WORD: return take(w, op->at, 4, n);
  case IHL_BYTE: return take_behind_ihl(w, op, 1, n);
  case IHL_HALF: return take_behind_ihl(w, op, 2, n);
  case IHL_WORD: return take_behind_ihl(w, op, 4, n);
  default: return evaluate(m, op->at, n);
  }
}

static inline __attribute__((always_inline)) bool ask(struct machine *m, const struct op *op,
                                                      enum question question, uint32_t n) {
  switch (question) {
  case IS_EQUAL: return n == op->low;
  case IS_RANGE: return n - op->low <= op->more;
  case HAS_BITS: return (n & op->more) != 0;
  case IS_MASKED: return (n & op->more) == op->low;
  case IS_MARKED: return m->fused->tables[op->low][n & 0xff];
  case IS_STORED: m->cell[op->low] = n; return true;
  default: return in_set(m->fused, op->low, n);
  }
}

/* Where to go.  The empty statement keeps this a jump: predicted, the next operation begins before
 * the answer is known, which a conditional move would wait for. */
static inline __attribute__((always_inline)) const struct op *follow(const struct op *op,
                                                                     bool hit) {
  if (!hit) return op->f;
  __asm__ volatile("");
  return op->t;
}

/* All cases of one source. */
#define STEP(source, question)                                                                     \
  case CODE(source, question):                                                                     \
    if (!fetch(m, w, op, source, &n)) return false;                                                \
    op = follow(op, ask(m, op, question, n));                                                      \
    break;                                                                                         \
  case CODE_FINAL + CODE(source, question):                                                        \
    if (!fetch(m, w, op, source, &n)) return false;                                                \
    return ask(m, op, question, n) == op->accepts;
#define STEPS(source)                                                                              \
  STEP(source, IS_EQUAL)                                                                           \
  STEP(source, IS_RANGE)                                                                           \
  STEP(source, HAS_BITS)                                                                           \
  STEP(source, IS_MASKED)                                                                          \
  STEP(source, IS_MEMBER)                                                                          \
  STEP(source, IS_MARKED)                                                                          \
  STEP(source, IS_STORED)

static bool run(struct machine *m, const struct op *op) {
  const struct window w = { m->frame->data, m->frame->caplen };
  uint32_t n = 0;
  for (;;) {
    switch (op->code) {
    case CODE_STOP:
      return op->low;
      STEPS(FROM_HELD)
      STEPS(FROM_BYTE)
      STEPS(FROM_HALF)
      STEPS(FROM_WORD)
      STEPS(CHECK_BYTE)
      STEPS(CHECK_HALF)
      STEPS(CHECK_WORD)
      STEPS(IHL_BYTE)
      STEPS(IHL_HALF)
      STEPS(IHL_WORD)
      STEPS(FROM_TREE)
    default: return false;
    }
  }
}

bool tap_fused_run(const struct tap_fused *f, const struct tap_frame *frame,
                   const struct tap_packet *p) {
  struct machine m;
  m.fused = f;
  m.frame = frame;
  m.packet = p;
  if (f->cells) memset(m.cell, 0, sizeof m.cell);
  return run(&m, f->start);
}

/* What is known before a node: the value that is at hand, and how many bytes are there. */
struct known {
  uint32_t held, length;
  uint32_t op; /* its number */
  bool reached;
};

static void arrive(struct known *k, uint32_t held, uint32_t length) {
  if (!k->reached) {
    k->held = held;
    k->length = length;
    k->reached = true;
    return;
  }
  if (k->held != held) k->held = VALUE_NONE;
  if (k->length > length) k->length = length;
}

static bool is_packet_load(const struct tap_val *v) {
  return v->kind == VALUE_LOAD && v->a == VALUE_NONE && v->k < (uint32_t)SKF_AD_OFF;
}

/* How an operation gets 'value'; returns the length that is surely there then. */
static uint32_t choose_source(const struct tap_graph *g, struct op *op, uint32_t value,
                              const struct known *k, enum source *source) {
  static const uint8_t order[] = { 0, 0, 1, 0, 2 };
  const struct tap_val *v = &g->values[value], *base = &g->values[v->a];
  uint32_t end = v->k + v->size;
  *source = FROM_HELD;
  if (k->held == value && value != VALUE_NONE) return k->length;
  op->at = v->k;
  if (is_packet_load(v)) {
    *source = (end <= k->length ? FROM_BYTE : CHECK_BYTE) + order[v->size];
    return end > k->length ? end : k->length;
  }
  if (v->kind == VALUE_LOAD && base->kind == VALUE_IHL && base->k <= UINT16_MAX) {
    *source = IHL_BYTE + order[v->size];
    op->base = (uint16_t)base->k;
    end = base->k + 1;
    return end > k->length ? end : k->length;
  }
  *source = FROM_TREE;
  op->at = value;
  return k->length;
}

static enum question choose_question(const struct tap_graph *g, struct op *op, uint32_t set) {
  const struct tap_range *r = tap_set_ranges(g, set);
  op->low = set;
  if (g->sets[set].count != 1) return IS_MEMBER;
  op->low = r->low;
  op->more = r->high - r->low;
  return r->low == r->high ? IS_EQUAL : IS_RANGE;
}

/* x & mask against one number, or for any bit: the mask goes with the question.  Answers x, or
 * the value itself where it is not of that form. */
static uint32_t choose_mask(const struct tap_graph *g, struct op *op, const struct tap_node *n,
                            enum question *question) {
  const struct tap_val *v = &g->values[n->value];
  const struct tap_range *r = tap_set_ranges(g, n->set);
  bool any = r->low == 1 && r->high >= v->most;
  *question = choose_question(g, op, n->set);
  if (v->kind != VALUE_OP || v->op != '&' || g->values[v->b].kind != VALUE_CONST) return n->value;
  if (g->sets[n->set].count != 1 || (!any && r->low != r->high)) return n->value;
  *question = any ? HAS_BITS : IS_MASKED;
  op->more = g->values[v->b].k;
  return v->a;
}

static void make_op(const struct tap_graph *g, struct op *op, uint32_t node, struct known *known) {
  const struct tap_node *n = &g->nodes[node];
  uint32_t value = n->value, length;
  enum question question = IS_STORED;
  enum source source;
  if (n->cell)
    op->low = n->cell - 1u;
  else
    value = choose_mask(g, op, n, &question);
  length = choose_source(g, op, value, &known[node], &source);
  op->code = (uint8_t)CODE(source, question);
  if (n->cell) value = VALUE_NONE;
  arrive(&known[n->t], value, length);
  arrive(&known[n->f], value, length);
}

/* A set of bytes becomes a table; without memory it stays a set. */
static void tabulate(struct tap_fused *f, const struct tap_graph *g, struct op *op, uint32_t node) {
  const struct tap_node *n = &g->nodes[node];
  uint8_t(*grown)[256];
  if (op->code % QUESTIONS != IS_MEMBER || g->values[n->value].most > UINT8_MAX) return;
  grown = realloc(f->tables, (f->table_count + 1) * sizeof *grown);
  if (grown == NULL) return;
  f->tables = grown;
  for (uint32_t i = 0; i < 256; i++)
    grown[f->table_count][i] = tap_set_has(g, n->set, i);
  op->low = f->table_count++;
  op->code = (uint8_t)(op->code - IS_MEMBER + IS_MARKED);
}

/* Both ways end here, at different verdicts: the answer is the verdict. */
static void finish(struct op *op, const struct tap_node *n) {
  if (n->cell || n->t >= NODE_FIRST || n->f >= NODE_FIRST || n->t == n->f) return;
  op->code = (uint8_t)(op->code + CODE_FINAL);
  op->accepts = n->t == NODE_ACCEPT;
}

static void *copy(const void *from, size_t size) {
  void *to = malloc(size > 0 ? size : 1);
  if (to != NULL && size > 0) memcpy(to, from, size);
  return to;
}

static bool copy_tables(struct tap_fused *f, const struct tap_graph *g) {
  f->values = copy(g->values, g->value_count * sizeof *g->values);
  f->ranges = copy(g->ranges, g->range_count * sizeof *g->ranges);
  f->sets = copy(g->sets, g->set_count * sizeof *g->sets);
  return f->values != NULL && f->ranges != NULL && f->sets != NULL;
}

/* Operations in the order of a walk from the root, so that what runs first lies first. */
static bool make_ops(struct tap_fused *f, const struct tap_graph *g, uint32_t root,
                     struct known *known) {
  uint32_t count = NODE_FIRST;
  arrive(&known[root], VALUE_NONE, 0);
  known[NODE_REJECT].op = NODE_REJECT;
  known[NODE_ACCEPT].op = NODE_ACCEPT;
  f->ops = calloc(root + 2, sizeof *f->ops);
  if (f->ops == NULL) return false;
  f->ops[NODE_REJECT].code = CODE_STOP;
  f->ops[NODE_ACCEPT].code = CODE_STOP;
  f->ops[NODE_ACCEPT].low = true;
  for (uint32_t i = root; i >= NODE_FIRST; i--) {
    if (!known[i].reached) continue;
    known[i].op = count;
    make_op(g, &f->ops[count], i, known);
    tabulate(f, g, &f->ops[count], i);
    finish(&f->ops[count++], &g->nodes[i]);
    f->cells = f->cells || g->nodes[i].cell;
  }
  for (uint32_t i = root; i >= NODE_FIRST; i--) {
    if (!known[i].reached) continue;
    f->ops[known[i].op].t = &f->ops[known[g->nodes[i].t].op];
    f->ops[known[i].op].f = &f->ops[known[g->nodes[i].f].op];
  }
  f->start = &f->ops[known[root].op];
  return true;
}

struct tap_fused *tap_fused_new(struct tap_graph *g, uint32_t root,
                                const struct tap_fused_context *context) {
  struct tap_fused *f = calloc(1, sizeof *f);
  struct known *known = calloc(root + 2, sizeof *known);
  bool made = f != NULL && known != NULL && copy_tables(f, g) && make_ops(f, g, root, known);
  free(known);
  if (made) {
    f->context = *context;
    return f;
  }
  tap_fused_free(f);
  return NULL;
}

void tap_fused_free(struct tap_fused *f) {
  if (f == NULL) return;
  free(f->ops);
  free(f->values);
  free(f->ranges);
  free(f->sets);
  free(f->tables);
  free(f);
}
