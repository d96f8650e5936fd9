/* SPDX-License-Identifier: MIT
 *
 * Making operations.  Each node gets one that does what the node does, bounds
 * included.  Two kinds of chains get one more in front, for frames that are
 * long enough for all of the chain: tests of fixed bytes within eight that
 * must all hold, and two places that may hold the same numbers, as senders'
 * and receivers' addresses and ports.
 */
#include "filter/fused.h"

#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "filter/machine.h"
#include "filter/optimise.h"

enum { FEW_MAX = 6, PARTS_MAX = 8, WIDE = 8, MARKED_MAX = UINT16_MAX, MARK_WORDS = 64 };

/* What is known before a node: the value that is at hand, and how many bytes are there. */
struct known {
  uint32_t held, length;
  struct tap_op *op; /* the first one of the node */
  bool reached;
};

struct making {
  const struct tap_graph *g;
  struct tap_fused *f;
  struct known *known;
  struct tap_op *next;
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

static bool is_ihl_load(const struct tap_graph *g, const struct tap_val *v) {
  return v->kind == VALUE_LOAD && g->values[v->a].kind == VALUE_IHL;
}

/* How an operation gets 'value'; returns the length that is surely there then. */
static uint32_t choose_source(const struct tap_graph *g, struct tap_op *op, uint32_t value,
                              const struct known *k, enum tap_source_kind *source) {
  static const uint8_t order[] = { 0, 0, 1, 0, 2 };
  const struct tap_val *v = &g->values[value];
  uint32_t end;
  *source = SOURCE_HELD;
  if (k->held == value && value != VALUE_NONE) return k->length;
  *source = SOURCE_TREE;
  op->at = value;
  if (!is_packet_load(v) && !is_ihl_load(g, v)) return k->length;
  op->at = v->k;
  op->base = g->values[v->a].k;
  end = is_packet_load(v) ? v->k + v->size : op->base + 1;
  *source = (is_packet_load(v) ? SOURCE_BYTE : SOURCE_IHL1) + order[v->size];
  if (end <= k->length) return k->length;
  op->need = end;
  return end;
}

/* A set of numbers up to 65535 becomes a bitmap; without memory it stays a set. */
static bool mark_set(struct making *m, struct tap_op *op, uint32_t set, uint32_t most) {
  size_t words = most / 64 + 1;
  uint64_t *grown = realloc(m->f->marks, (m->f->mark_count + words) * sizeof *grown);
  if (grown == NULL) return false;
  m->f->marks = grown;
  op->low = (uint32_t)m->f->mark_count;
  grown += m->f->mark_count;
  memset(grown, 0, words * sizeof *grown);
  for (uint32_t i = 0; i < m->g->sets[set].count; i++) {
    struct tap_range r = tap_set_ranges(m->g, set)[i];
    for (uint32_t n = r.low; n <= r.high && n <= most; n++)
      grown[n / 64] |= UINT64_C(1) << n % 64;
  }
  m->f->mark_count += words;
  return true;
}

static enum tap_question choose_question(struct making *m, struct tap_op *op, uint32_t value,
                                         uint32_t set) {
  const struct tap_graph *g = m->g;
  const struct tap_range *r = tap_set_ranges(g, set);
  uint32_t count = g->sets[set].count, most = g->values[value].most;
  if (count == 1) {
    op->low = r->low;
    op->more = r->high - r->low;
    return ASK_RANGE;
  }
  if (count > 1 && (most <= UINT8_MAX || (most <= MARKED_MAX && count > FEW_MAX)) &&
      mark_set(m, op, set, most))
    return ASK_MARKED;
  op->low = g->sets[set].first;
  op->more = count;
  return count <= FEW_MAX ? ASK_FEW : ASK_MANY;
}

/* x & mask against one number, or for any bit: the mask goes with the question about x. */
static bool is_masked(const struct tap_graph *g, const struct tap_node *n) {
  const struct tap_val *v = &g->values[n->value];
  const struct tap_range *r = tap_set_ranges(g, n->set);
  if (n->cell || v->kind != VALUE_OP || v->op != '&' || g->values[v->b].kind != VALUE_CONST)
    return false;
  return g->sets[n->set].count == 1 && (r->low == r->high || (r->low == 1 && r->high >= v->most));
}

/* The value that an operation gets for a node. */
static uint32_t value_of(const struct tap_graph *g, const struct tap_node *n) {
  return is_masked(g, n) ? g->values[n->value].a : n->value;
}

static enum tap_question question_of(struct making *m, struct tap_op *op,
                                     const struct tap_node *n) {
  const struct tap_val *v = &m->g->values[n->value];
  const struct tap_range *r = tap_set_ranges(m->g, n->set);
  if (n->cell) {
    op->low = n->cell - 1u;
    return ASK_STORED;
  }
  if (!is_masked(m->g, n)) return choose_question(m, op, n->value, n->set);
  op->low = r->low;
  op->more = m->g->values[v->b].k;
  return r->low == r->high ? ASK_MASKED : ASK_BITS;
}

/* Fixed bits of bytes at a constant place, and where it leads that they are so. */
struct part {
  uint32_t at, size, mask, number, t, f;
};

static bool part_of(const struct tap_graph *g, uint32_t node, struct part *p) {
  const struct tap_node *n = &g->nodes[node];
  const struct tap_val *v = &g->values[n->value];
  const struct tap_range *r = tap_set_ranges(g, n->set);
  uint32_t span = r->high - r->low;
  bool any = false;
  if (node < NODE_FIRST || n->cell || g->sets[n->set].count != 1) return false;
  p->mask = UINT32_MAX;
  if (v->kind == VALUE_OP && v->op == '&' && g->values[v->b].kind == VALUE_CONST) {
    any = r->low == 1 && r->high >= v->most;
    if (!any && span != 0) return false;
    p->mask = g->values[v->b].k;
    v = &g->values[v->a];
  } else {
    if ((span & (span + 1)) != 0 || (r->low & span) != 0) return false;
    p->mask = ~span;
  }
  if (!is_packet_load(v)) return false;
  p->at = v->k;
  p->size = v->size;
  p->mask &= v->most;
  p->number = any ? 0 : r->low;
  p->t = any ? n->f : n->t;
  p->f = any ? n->t : n->f;
  return (p->number & ~p->mask) == 0;
}

/* Tests of fixed bytes that must all hold, of which none is further from another than eight. */
struct chain {
  struct part part[PARTS_MAX];
  uint32_t count, begin, end;
};

static bool fits(const struct chain *c, const struct part *p) {
  uint32_t begin = p->at < c->begin ? p->at : c->begin;
  uint32_t end = p->at + p->size > c->end ? p->at + p->size : c->end;
  if (c->count == PARTS_MAX || end - begin > WIDE || p->f != c->part[0].f) return false;
  for (uint32_t i = 0; i < c->count; i++)
    if (p->at < c->part[i].at + c->part[i].size && c->part[i].at < p->at + p->size) return false;
  return true;
}

static bool find_chain(const struct tap_graph *g, uint32_t node, struct chain *c) {
  struct part *p = c->part;
  c->count = 0;
  if (!part_of(g, node, p)) return false;
  c->begin = p->at;
  c->end = p->at + p->size;
  for (c->count = 1; part_of(g, p->t, p + 1) && fits(c, p + 1); c->count++) {
    p++;
    if (p->at < c->begin) c->begin = p->at;
    if (p->at + p->size > c->end) c->end = p->at + p->size;
  }
  return c->end >= WIDE;
}

/* Eight bytes that end where the last of the parts does. */
static void fill_wide(struct tap_op *op, const struct chain *c) {
  uint8_t mask[WIDE] = { 0 }, value[WIDE] = { 0 };
  op->at = c->end - WIDE;
  for (uint32_t i = 0; i < c->count; i++)
    for (uint32_t j = 0; j < c->part[i].size; j++) {
      uint32_t shift = 8 * (c->part[i].size - 1 - j), at = c->part[i].at - op->at + j;
      mask[at] = (uint8_t)(c->part[i].mask >> shift);
      value[at] = (uint8_t)(c->part[i].number >> shift);
    }
  memcpy(&op->mask, mask, WIDE);
  memcpy(&op->value, value, WIDE);
  op->code = CODE_WIDE;
}

/* Where an operation goes, by nodes; both at verdicts that differ: the answer is the verdict. */
static void lead(const struct making *m, struct tap_op *op, uint32_t t, uint32_t f) {
  op->t = m->known[t].op;
  op->f = m->known[f].op;
  if (t == f || (op->code != CODE_WIDE && op->code % QUESTIONS == ASK_STORED)) return;
  if (t < NODE_FIRST && f < NODE_FIRST) {
    op->code = (uint8_t)(op->code + CODE_FINAL);
    op->accepts = t == NODE_ACCEPT;
  } else if (f == NODE_REJECT) {
    op->code = (uint8_t)(op->code + CODE_OR_NOT);
  }
}

/* Two loads alike that are asked for the same set, the second where the first has it not. */
static bool is_pair(const struct tap_graph *g, const struct tap_node *n,
                    enum tap_source_kind *source) {
  const struct tap_node *other = &g->nodes[n->f];
  const struct tap_val *v = &g->values[n->value], *second = &g->values[other->value];
  if (n->cell || n->f < NODE_FIRST || other->cell || other->set != n->set || other->t != n->t)
    return false;
  if (v->kind != VALUE_LOAD || second->kind != VALUE_LOAD || v->size != second->size) return false;
  *source = v->size == 4 ? SOURCE_WORDS : SOURCE_HALVES;
  if (is_packet_load(v) && is_packet_load(second)) return v->size > 1;
  *source = SOURCE_PORTS;
  return is_ihl_load(g, v) && v->a == second->a && v->size == 2 &&
         (v->k + 2 == second->k || second->k + 2 == v->k);
}

static bool make_pair(struct making *m, uint32_t node, struct tap_op *op) {
  const struct tap_graph *g = m->g;
  const struct tap_node *n = &g->nodes[node];
  const struct tap_val *v = &g->values[n->value], *second = &g->values[g->nodes[n->f].value];
  enum tap_source_kind source;
  uint32_t end;
  if (!is_pair(g, n, &source)) return false;
  op->at = v->k < second->k ? v->k : second->k;
  op->base = v->k < second->k ? second->k : v->k;
  op->need = op->base + v->size;
  if (source == SOURCE_PORTS) {
    op->base = g->values[v->a].k;
    op->need = op->base + 1;
  }
  end = m->known[node].length;
  if (op->need <= end) op->need = 0;
  op->code = (uint8_t)(source * QUESTIONS + choose_question(m, op, n->value, n->set));
  lead(m, op, n->t, g->nodes[n->f].f);
  return true;
}

static bool make_chain(struct making *m, uint32_t node, struct tap_op *op) {
  struct chain c;
  if (!find_chain(m->g, node, &c)) return false;
  fill_wide(op, &c);
  if (c.end > m->known[node].length) op->need = c.end;
  lead(m, op, c.part[c.count - 1].t, c.part[0].f);
  return c.count > 1;
}

/* The one operation that does what the node does. */
static void make_plain(struct making *m, uint32_t node, struct tap_op *op) {
  const struct tap_node *n = &m->g->nodes[node];
  enum tap_source_kind source;
  enum tap_question question = question_of(m, op, n);
  choose_source(m->g, op, value_of(m->g, n), &m->known[node], &source);
  op->code = (uint8_t)(source * QUESTIONS + question);
  lead(m, op, n->t, n->f);
}

static struct tap_op *add(struct making *m, const struct tap_op *op, const struct tap_op *slow) {
  *m->next = *op;
  m->next->slow = slow;
  return m->next++;
}

/* Operations of a node, those that its ways lead to being there. */
static void make_node(struct making *m, uint32_t node) {
  const struct tap_op *reject = m->known[NODE_REJECT].op;
  struct tap_op plain = { .code = 0 }, more = { .code = 0 };
  struct chain c;
  bool is_wide = find_chain(m->g, node, &c), more_than_plain;
  if (is_wide && c.count == 1)
    make_chain(m, node, &plain);
  else
    make_plain(m, node, &plain);
  m->known[node].op = add(m, &plain, reject);
  more_than_plain = is_wide && c.count > 1 ? make_chain(m, node, &more) : make_pair(m, node, &more);
  if (more_than_plain) m->known[node].op = add(m, &more, m->known[node].op);
}

/* What is known after a node.  Only what took long to compute is kept at hand. */
static void pass_on(struct making *m, uint32_t node) {
  const struct tap_node *n = &m->g->nodes[node];
  struct tap_op ignored = { .code = 0 };
  enum tap_source_kind source;
  uint32_t held = value_of(m->g, n), length;
  length = choose_source(m->g, &ignored, held, &m->known[node], &source);
  if (n->cell || (source != SOURCE_TREE && source != SOURCE_HELD)) held = VALUE_NONE;
  arrive(&m->known[n->t], held, length);
  arrive(&m->known[n->f], held, length);
}

/* The first node behind 'node' that does not ask for 'value', where that is 'number'. */
static uint32_t walk_on(const struct tap_graph *g, uint32_t node, uint32_t value, uint32_t number) {
  while (node >= NODE_FIRST && !g->nodes[node].cell && g->nodes[node].value == value)
    node = tap_set_has(g, g->nodes[node].set, number) ? g->nodes[node].t : g->nodes[node].f;
  return node;
}

/* The ways behind one of the types.  It must lead to a verdict where the protocol is right, and to
 * more questions for one protocol at most, as for IPv6's fragments: else a switch saves nothing. */
static bool fill_ways(const struct making *m, struct tap_switch *s, uint32_t node, unsigned i) {
  const struct tap_val *v = &m->g->values[m->g->nodes[node].value];
  unsigned count[3] = { 0, 0, 0 };
  if (node < NODE_FIRST || m->g->nodes[node].cell || !is_packet_load(v) || v->size != 1)
    return false;
  s->place[i] = v->k;
  for (uint32_t n = 0; n <= UINT8_MAX; n++) {
    uint32_t to = walk_on(m->g, node, m->g->nodes[node].value, n);
    s->way[i][n] = to == NODE_REJECT ? WAY_REJECT : to == NODE_ACCEPT ? WAY_ACCEPT : WAY_SLOW;
    count[s->way[i][n]]++;
  }
  return count[WAY_REJECT] > 0 && count[WAY_ACCEPT] > 0 && count[WAY_SLOW] <= 1;
}

/* Up to two numbers that the nodes from 'node' on ask a value for. */
static unsigned find_types(const struct tap_graph *g, uint32_t node, uint32_t type[2]) {
  uint32_t value = g->nodes[node].value;
  unsigned count = 0;
  while (count < 2 && node >= NODE_FIRST && !g->nodes[node].cell && g->nodes[node].value == value) {
    const struct tap_range *r = tap_set_ranges(g, g->nodes[node].set);
    if (g->sets[g->nodes[node].set].count != 1 || r->low != r->high) break;
    type[count++] = r->low;
    node = g->nodes[node].f;
  }
  return count;
}

/* A type and the protocol behind it in one operation. */
static void make_switch(struct making *m, uint32_t root) {
  const struct tap_val *v = &m->g->values[m->g->nodes[root].value];
  struct tap_op op = { .code = CODE_SWITCH, .at = v->k };
  struct tap_switch *s;
  uint32_t to;
  if (root < NODE_FIRST || m->g->nodes[root].cell || !is_packet_load(v) || v->size != 2) return;
  s = m->f->ways = calloc(1, sizeof *s);
  if (s == NULL || find_types(m->g, root, s->type) < 2) return;
  for (unsigned i = 0; i < 2; i++) {
    to = walk_on(m->g, root, m->g->nodes[root].value, s->type[i]);
    if (!fill_ways(m, s, to, i)) return;
    if (s->place[i] >= op.need) op.need = s->place[i] + 1;
  }
  if (op.need < v->k + 2) op.need = v->k + 2;
  op.ways = s;
  m->known[root].op = add(m, &op, m->known[root].op);
}

static void *copy(const void *from, size_t size) {
  void *to = malloc(size > 0 ? size : 1);
  if (to != NULL && size > 0) memcpy(to, from, size);
  return to;
}

static bool make_ops(struct tap_fused *f, const struct tap_graph *g, uint32_t root,
                     struct known *known) {
  struct making m = { .g = g, .f = f, .known = known };
  const void *const *labels = NULL;
  const struct tap_op end = { .code = CODE_STOP };
  f->values = copy(g->values, g->value_count * sizeof *g->values);
  f->ranges = copy(g->ranges, g->range_count * sizeof *g->ranges);
  f->ops = calloc(2 * ((size_t)root + 2) + 1, sizeof *f->ops);
  if (f->ops == NULL || f->values == NULL || f->ranges == NULL) return false;
  tap_machine_run(NULL, NULL, NULL, &labels);
  m.next = f->ops;
  known[NODE_REJECT].op = add(&m, &end, NULL);
  known[NODE_ACCEPT].op = add(&m, &end, NULL);
  known[NODE_ACCEPT].op->accepts = true;
  arrive(&known[root], VALUE_NONE, 0);
  for (uint32_t i = root; i >= NODE_FIRST; i--)
    if (known[i].reached) pass_on(&m, i);
  for (uint32_t i = NODE_FIRST; i <= root; i++) {
    if (!known[i].reached) continue;
    make_node(&m, i);
    f->cells = f->cells || g->nodes[i].cell;
  }
  make_switch(&m, root);
  for (struct tap_op *op = f->ops; op < m.next; op++)
    op->go = labels[op->code];
  f->start = known[root].op;
  return true;
}

struct tap_fused *tap_fused_new(struct tap_graph *g, uint32_t root,
                                const struct tap_fused_context *context) {
  struct tap_fused *f = calloc(1, sizeof *f);
  struct known *known = calloc((size_t)root + 2, sizeof *known);
  bool made = f != NULL && known != NULL && make_ops(f, g, root, known);
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
  free(f->marks);
  free(f->ways);
  free(f);
}
