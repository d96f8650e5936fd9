/* SPDX-License-Identifier: MIT
 *
 * Running operations.  Each jumps to the next one's code by itself, so that
 * the processor learns where each leads.  Bytes are read where their number
 * was compared with what is captured, here or on the way here.
 */
#include "filter/machine.h"

#include <linux/filter.h>
#include <string.h>

#include "base/cursor.h"
#include "filter/compare.h"
#include "filter/lex.h"
#include "filter/lower.h"
#include "filter/metadata.h"

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

static bool find_address(struct machine *m, const struct tap_val *v, uint32_t *out) {
  const struct tap_list6 *l = &m->fused->context.lists[v->k];
  const uint8_t *address;
  size_t low = 0, high = l->count;
  uint32_t base = 0;
  if (v->a != VALUE_NONE && !evaluate(m, v->a, &base)) return false;
  if ((uint64_t)base + l->at + 16 > m->frame->caplen) return false;
  address = m->frame->data + base + l->at;
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
  case VALUE_MEMBER6: return find_address(m, v, out);
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

/* The frame's bytes, at hand in registers. */
struct window {
  const uint8_t *data;
  uint32_t length;
};

/* One or two numbers. */
struct numbers {
  uint32_t n, second;
};

static inline __attribute__((always_inline)) uint32_t read_at(const uint8_t *p, unsigned size) {
  return size == 1 ? *p : size == 2 ? tap_be16(p) : tap_be32(p);
}

/* 'size' bytes behind an IPv4 header, or twice as many; false where they were not captured. */
static inline __attribute__((always_inline)) bool
behind(struct window w, const struct tap_op *op, unsigned size, bool twice, struct numbers *out) {
  uint64_t at = (uint64_t)(w.data[op->base] & 15u) * 4 + op->at;
  if (at + (twice ? 2 * size : size) > w.length) return false;
  out->n = read_at(w.data + at, size);
  if (twice) out->second = read_at(w.data + at + size, size);
  return true;
}

/* 'source' and 'question' are constants where these are inlined. */
static inline __attribute__((always_inline)) bool fetch(struct machine *m, struct window w,
                                                        const struct tap_op *op,
                                                        enum tap_source_kind source,
                                                        struct numbers *out) {
  uint32_t computed; /* its address is taken: 'out' stays in registers */
  if (source != SOURCE_HELD && source != SOURCE_TREE && w.length < op->need) return false;
  switch (source) {
  case SOURCE_HELD: return true;
  case SOURCE_BYTE: out->n = read_at(w.data + op->at, 1); return true;
  case SOURCE_HALF: out->n = read_at(w.data + op->at, 2); return true;
  case SOURCE_WORD: out->n = read_at(w.data + op->at, 4); return true;
  case SOURCE_IHL1: return behind(w, op, 1, false, out);
  case SOURCE_IHL2: return behind(w, op, 2, false, out);
  case SOURCE_IHL4: return behind(w, op, 4, false, out);
  case SOURCE_PORTS: return behind(w, op, 2, true, out);
  case SOURCE_HALVES:
    out->n = read_at(w.data + op->at, 2);
    out->second = read_at(w.data + op->base, 2);
    return true;
  case SOURCE_WORDS:
    out->n = read_at(w.data + op->at, 4);
    out->second = read_at(w.data + op->base, 4);
    return true;
  default: break;
  }
  if (!evaluate(m, op->at, &computed)) return false;
  out->n = computed;
  return true;
}

/* All of a few ranges, without a jump that depends on the number. */
static inline bool in_few(const struct tap_range *r, uint32_t count, uint32_t n) {
  bool in = false;
  for (uint32_t i = 0; i < count; i++)
    in |= n - r[i].low <= r[i].high - r[i].low;
  return in;
}

/* The last range that begins at the number or before it is the one that may hold it. */
static bool in_many(const struct tap_range *r, uint32_t count, uint32_t n) {
  while (count > 1) {
    uint32_t half = count / 2;
    r = r[half].low <= n ? r + half : r;
    count -= half;
  }
  return n - r->low <= r->high - r->low;
}

static inline __attribute__((always_inline)) bool ask(struct machine *m, const struct tap_op *op,
                                                      enum tap_question question, uint32_t n) {
  switch (question) {
  case ASK_RANGE: return n - op->low <= op->more;
  case ASK_MASKED: return (n & op->more) == op->low;
  case ASK_BITS: return (n & op->more) != 0;
  case ASK_FEW: return in_few(m->fused->ranges + op->low, op->more, n);
  case ASK_MANY: return in_many(m->fused->ranges + op->low, op->more, n);
  case ASK_MARKED: return m->fused->marks[op->low + (n >> 6)] >> (n & 63) & 1;
  default: m->cell[op->low] = n; return true;
  }
}

static inline __attribute__((always_inline)) bool
ask_all(struct machine *m, const struct tap_op *op, enum tap_source_kind source,
        enum tap_question question, struct numbers n) {
  bool answer = ask(m, op, question, n.n);
  if (source == SOURCE_HALVES || source == SOURCE_WORDS || source == SOURCE_PORTS)
    answer |= ask(m, op, question, n.second);
  return answer;
}

/* Eight bytes as they lie, as the mask and the value were made. */
static inline bool ask_wide(struct window w, const struct tap_op *op) {
  uint64_t bytes;
  memcpy(&bytes, w.data + op->at, sizeof bytes);
  return (bytes & op->mask) == op->value;
}

static inline uint8_t ask_switch(struct window w, const struct tap_op *op) {
  const struct tap_switch *s = op->ways;
  uint32_t type = tap_be16(w.data + op->at);
  unsigned second = type == s->type[1]; /* neither type is likelier: nothing jumps */
  if (type != s->type[second]) return WAY_SLOW;
  return s->way[second][w.data[s->place[second]]];
}

#define GO(next)                                                                                   \
  do {                                                                                             \
    op = (next);                                                                                   \
    goto * op->go;                                                                                 \
  } while (0)

#define STEP(source, question)                                                                     \
  label_##source##_##question : if (!fetch(&m, w, op, SOURCE_##source, &n)) GO(op->slow);          \
  if (ask_all(&m, op, SOURCE_##source, ASK_##question, n)) GO(op->t);                              \
  GO(op->f);
#define OR_NOT(source, question)                                                                   \
  or_not_##source##_##question : if (!fetch(&m, w, op, SOURCE_##source, &n)) GO(op->slow);         \
  if (ask_all(&m, op, SOURCE_##source, ASK_##question, n)) GO(op->t);                              \
  return false;
#define FINAL(source, question)                                                                    \
  final_##source##_##question : if (!fetch(&m, w, op, SOURCE_##source, &n)) GO(op->slow);          \
  return ask_all(&m, op, SOURCE_##source, ASK_##question, n) == op->accepts;
#define LABEL(source, question) &&label_##source##_##question,
#define OR_NOT_LABEL(source, question) &&or_not_##source##_##question,
#define FINAL_LABEL(source, question) &&final_##source##_##question,
#define EACH_STEP(source) TAP_QUESTIONS(STEP, source)
#define EACH_OR_NOT(source) TAP_QUESTIONS(OR_NOT, source)
#define EACH_FINAL(source) TAP_QUESTIONS(FINAL, source)
#define EACH_LABEL(source) TAP_QUESTIONS(LABEL, source)
#define EACH_OR_NOT_LABEL(source) TAP_QUESTIONS(OR_NOT_LABEL, source)
#define EACH_FINAL_LABEL(source) TAP_QUESTIONS(FINAL_LABEL, source)

bool tap_machine_run(const struct tap_fused *fused, const struct tap_frame *frame,
                     const struct tap_packet *packet, const void *const **labels) {
  static const void *const table[CODES] = { TAP_SOURCES(EACH_LABEL) && wide,
                                            TAP_SOURCES(EACH_OR_NOT_LABEL) && or_not_wide,
                                            TAP_SOURCES(EACH_FINAL_LABEL) && final_wide, &&stop,
                                            &&by_switch };
  struct machine m;
  struct window w;
  struct numbers n = { 0, 0 };
  const struct tap_op *op;
  if (fused == NULL) {
    *labels = table;
    return false;
  }
  w = (struct window){ frame->data, frame->caplen };
  m.fused = fused;
  m.frame = frame;
  m.packet = packet;
  if (fused->cells) memset(m.cell, 0, sizeof m.cell);
  GO(fused->start);
wide:
  if (w.length < op->need) GO(op->slow);
  if (ask_wide(w, op)) GO(op->t);
  GO(op->f);
or_not_wide:
  if (w.length < op->need) GO(op->slow);
  if (ask_wide(w, op)) GO(op->t);
  return false;
final_wide:
  if (w.length < op->need) GO(op->slow);
  return ask_wide(w, op) == op->accepts;
stop:
  return op->accepts;
by_switch:
  if (w.length < op->need) GO(op->slow);
  n.n = ask_switch(w, op);
  if (n.n == WAY_SLOW) GO(op->slow);
  return n.n == WAY_ACCEPT;
  TAP_SOURCES(EACH_STEP)
  TAP_SOURCES(EACH_OR_NOT)
  TAP_SOURCES(EACH_FINAL)
}
