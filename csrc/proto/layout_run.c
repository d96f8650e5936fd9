/* SPDX-License-Identifier: MIT
 *
 * The machine that runs a layout over a window of bytes: to the end, for the
 * parser, or until it meets the occurrence of a row that is sought.  All that
 * it knows of the program was checked when the layout was made: blocks nest,
 * places lie within their run, registers and rows exist.
 */
#include <string.h>

#include "proto/layout.h"
#include "proto/layout_term.h"
#include "proto/read.h"
#include "proto/walk.h"

/* Operations that one header may take, so that counts of nothing end. */
enum { FUEL = 1 << 16, NOBODY = 0xfffe };

/* How an operation left. */
enum outcome {
  NEXT,    /* go on */
  FOUND,   /* the value that was sought */
  SHORT,   /* the window ended */
  WRONG,   /* a contradiction */
  FOREIGN, /* a constant says that it is another protocol */
};

struct machine {
  const struct tap_layout *layout;
  struct tap_cursor c;
  const uint8_t *start; /* of the header */
  const uint8_t *run;   /* the bytes that places lie in */
  unsigned row, nth;    /* sought; NOBODY: nothing is */
  struct tap_value *out;
  unsigned fuel;
  int64_t kept[TAP_REGISTERS];
};

typedef enum outcome operation(struct machine *m, const struct tap_op *op);

static enum outcome run_block(struct machine *m, unsigned from, unsigned to);

static unsigned number_of(const struct machine *m, const struct tap_op *op) {
  return (unsigned)(op - m->layout->ops);
}

/* The block of an operation. */
static enum outcome run_inside(struct machine *m, const struct tap_op *op) {
  return run_block(m, number_of(m, op) + 1, op->to);
}

static bool work_out(const struct machine *m, const struct tap_op *op, int64_t *out) {
  return tap_terms_run(&m->layout->terms[op->term], m->kept, tap_left(&m->c), out);
}

static uint64_t load(const uint8_t *at, unsigned bytes, bool little) {
  return little ? tap_load_le(at, bytes) : tap_load_be(at, bytes);
}

/* Is this the occurrence that is sought? */
static bool is_sought(struct machine *m, unsigned row) {
  return m->row == row && m->nth-- == 0;
}

static enum outcome give(struct machine *m, uint8_t type, uint64_t n, const uint8_t *at,
                         size_t size) {
  m->out->type = type;
  m->out->number = n;
  m->out->bytes = at;
  m->out->size = (uint32_t)size;
  return FOUND;
}

/* A number was read from the 'size' bytes at 'at': keep it, hold it against what it must be, give
 * it out. */
static enum outcome take_number(struct machine *m, const struct tap_op *op, uint64_t n,
                                const uint8_t *at, size_t size) {
  const struct tap_field *field = op->row == TAP_NO_ROW ? NULL : &m->layout->rows[op->row];
  if (op->keep > 0) m->kept[op->keep - 1] = (int64_t)n;
  if ((int64_t)n != op->value && (op->flags & TAP_OP_CONST) != 0) return FOREIGN;
  if ((int64_t)n != op->value && (op->flags & TAP_OP_EXPECT) != 0) return WRONG;
  if (field == NULL || !is_sought(m, op->row)) return NEXT;
  return give(m, field->type, n, at, size);
}

static enum outcome take_bytes(struct machine *m, const struct tap_op *op, const uint8_t *at,
                               size_t size) {
  if (op->row == TAP_NO_ROW || !is_sought(m, op->row)) return NEXT;
  return give(m, m->layout->rows[op->row].type, 0, at, size);
}

/* The bits of the double that a float's bytes mean. */
static uint64_t float_bits(uint64_t n, unsigned bits) {
  uint32_t single = (uint32_t)n;
  double d;
  float f;
  if (bits == 64) return n;
  memcpy(&f, &single, sizeof f);
  d = f;
  memcpy(&n, &d, sizeof n);
  return n;
}

static enum outcome do_place(struct machine *m, const struct tap_op *op) {
  const uint8_t *at = tap_skip(m->run, op->bit / 8);
  unsigned used = (op->bit % 8u + op->bits + 7u) / 8;
  unsigned type = op->row == TAP_NO_ROW ? TAP_UINT : m->layout->rows[op->row].type;
  uint64_t n;
  if (!tap_type_is_number(type) && type != TAP_FLOAT) return take_bytes(m, op, at, used);
  n = load(at, used, op->flags & TAP_OP_LITTLE) >> (used * 8 - op->bit % 8u - op->bits);
  if (op->bits < 64) n &= (UINT64_C(1) << op->bits) - 1;
  if (type == TAP_INT) n = tap_extend_sign(n, op->bits);
  if (type == TAP_FLOAT) n = float_bits(n, op->bits);
  return take_number(m, op, n, at, used);
}

/* The window ends within the run: places that are here whole are read. */
static enum outcome run_cut(struct machine *m, const struct tap_op *run) {
  size_t left = tap_left(&m->c);
  m->run = m->c.at;
  for (const struct tap_op *op = run + 1; op < &m->layout->ops[run->to]; op++) {
    enum outcome o = (size_t)op->bit + op->bits <= left * 8 ? do_place(m, op) : NEXT;
    if (o != NEXT) return o;
  }
  return SHORT;
}

static enum outcome do_run(struct machine *m, const struct tap_op *op) {
  m->run = tap_take(&m->c, op->bit / 8);
  return m->run == NULL ? run_cut(m, op) : NEXT;
}

static enum outcome do_bytes(struct machine *m, const struct tap_op *op) {
  const uint8_t *at;
  int64_t n;
  if (!work_out(m, op, &n) || n < 0) return WRONG;
  at = tap_take(&m->c, (uint64_t)n > SIZE_MAX ? SIZE_MAX : (size_t)n);
  return at == NULL ? SHORT : take_bytes(m, op, at, (size_t)n);
}

static enum outcome do_prefixed(struct machine *m, const struct tap_op *op) {
  const uint8_t *at = tap_take(&m->c, op->size);
  uint64_t n;
  if (at == NULL) return SHORT;
  n = load(at, op->size, op->flags & TAP_OP_LITTLE);
  if (n > tap_left(&m->c)) return SHORT;
  at = tap_take(&m->c, (size_t)n);
  return take_bytes(m, op, at, (size_t)n);
}

static enum outcome do_zero(struct machine *m, const struct tap_op *op) {
  const uint8_t *at = m->c.at, *zero = memchr(at, 0, tap_left(&m->c));
  if (zero == NULL) return SHORT;
  tap_take(&m->c, (size_t)(zero - at) + 1);
  return take_bytes(m, op, at, (size_t)(zero - at));
}

/* Ten groups hold 64 bits; an eleventh, or more bits than that, is no number. */
static enum outcome do_base128(struct machine *m, const struct tap_op *op) {
  const uint8_t *start = m->c.at, *at;
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if ((at = tap_take(&m->c, 1)) == NULL) return SHORT;
    if (shift == 63 && at[0] > 1) return WRONG;
    n |= (uint64_t)(at[0] & 0x7f) << shift;
    if (at[0] < 0x80) return take_number(m, op, n, start, (size_t)(m->c.at - start));
  }
  return WRONG;
}

static enum outcome do_quic(struct machine *m, const struct tap_op *op) {
  unsigned size = tap_left(&m->c) == 0 ? 1 : 1u << (m->c.at[0] >> 6);
  const uint8_t *at = tap_take(&m->c, size);
  if (at == NULL) return SHORT;
  return take_number(m, op, tap_load_be(at, size) & UINT64_MAX >> (66 - 8 * size), at, size);
}

static size_t to_multiple(size_t n, unsigned step) {
  return step > 1 && n % step != 0 ? step - n % step : 0;
}

static enum outcome do_align(struct machine *m, const struct tap_op *op) {
  size_t n = to_multiple((size_t)(m->c.at - m->start), op->size);
  return tap_take(&m->c, n) == NULL ? SHORT : NEXT;
}

static enum outcome do_when(struct machine *m, const struct tap_op *op) {
  int64_t n;
  if (!work_out(m, op, &n)) return WRONG;
  return n == 0 ? NEXT : run_inside(m, op);
}

static enum outcome do_count(struct machine *m, const struct tap_op *op) {
  int64_t n;
  if (!work_out(m, op, &n) || n < 0) return WRONG;
  for (; n > 0; n--) {
    enum outcome o = run_inside(m, op);
    if (o != NEXT) return o;
  }
  return NEXT;
}

/* A turn that takes nothing would be taken for ever. */
static enum outcome do_until(struct machine *m, const struct tap_op *op) {
  int64_t ends = 0;
  while (tap_left(&m->c) > 0) {
    const uint8_t *before = m->c.at;
    enum outcome o = run_inside(m, op);
    if (o != NEXT) return o;
    if (m->c.at == before || !work_out(m, op, &ends)) return WRONG;
    if (ends != 0) break;
  }
  return NEXT;
}

/* The case of a type, the one for all others, or NULL. */
static const struct tap_op *case_of(const struct machine *m, const struct tap_op *tlv,
                                    uint64_t type) {
  const struct tap_op *ops = m->layout->ops, *other = NULL;
  for (unsigned i = number_of(m, tlv) + 1; i < tlv->to; i = ops[i].to) {
    if ((ops[i].flags & TAP_OP_OTHER) != 0)
      other = &ops[i];
    else if ((uint64_t)ops[i].value == type)
      return &ops[i];
  }
  return other;
}

/* The value's window is taken from the list's.  A length that counts more than the value counts
 * what stands before it, too. */
static enum outcome take_value(struct machine *m, const struct tap_op *tlv,
                               struct tap_cursor *value) {
  const uint8_t *at = tap_take(&m->c, tlv->length_size);
  uint64_t n;
  if (at == NULL) return SHORT;
  n = load(at, tlv->length_size, tlv->flags & TAP_OP_LITTLE);
  if (n < (uint64_t)tlv->value) return WRONG;
  n -= (uint64_t)tlv->value;
  if (n > tap_left(&m->c)) return SHORT;
  at = tap_take(&m->c, (size_t)n);
  *value = (struct tap_cursor){ at, m->c.at };
  return NEXT;
}

/* A value that its case does not fit in keeps what fits: the next one is found all the same. */
static enum outcome run_case(struct machine *m, const struct tap_op *one, struct tap_cursor value) {
  struct tap_cursor list = m->c;
  enum outcome o;
  m->c = value;
  o = run_inside(m, one);
  m->c = list;
  return o == SHORT ? NEXT : o;
}

/* One of the list.  '*stop' where nothing follows it. */
static enum outcome run_tlv(struct machine *m, const struct tap_op *tlv, bool *stop) {
  const uint8_t *start = m->c.at, *at = tap_take(&m->c, tlv->size), *padded = start;
  struct tap_cursor value = { NULL, NULL };
  const struct tap_op *one;
  enum outcome o;
  uint64_t type;
  if (at == NULL) return SHORT;
  type = load(at, tlv->size, tlv->flags & TAP_OP_LITTLE);
  one = case_of(m, tlv, type);
  if ((o = take_number(m, tlv, type, at, tlv->size)) != NEXT) return o;
  *stop = one != NULL && (one->flags & TAP_OP_STOP) != 0;
  if (one != NULL && (one->flags & TAP_OP_SINGLE) != 0) return NEXT;
  if ((o = take_value(m, tlv, &value)) != NEXT) return o;
  if ((tlv->flags & TAP_OP_PADDED) != 0) padded = value.at;
  if (one != NULL && (o = run_case(m, one, value)) != NEXT) return o;
  /* The last one need not be padded. */
  if (tap_take(&m->c, to_multiple((size_t)(m->c.at - padded), tlv->align)) == NULL)
    m->c.at = m->c.end;
  return NEXT;
}

static enum outcome run_list(struct machine *m, const struct tap_op *op) {
  enum outcome o = NEXT;
  bool stop = false;
  while (o == NEXT && !stop && tap_left(&m->c) > 0) {
    if (m->fuel-- == 0) return WRONG;
    o = run_tlv(m, op, &stop);
  }
  return o;
}

/* The list is as long as its term says, or as the window. */
static enum outcome do_tlv(struct machine *m, const struct tap_op *op) {
  const uint8_t *end = m->c.end, *at;
  enum outcome o;
  int64_t n;
  if (op->term == TAP_NO_TERM) return run_list(m, op);
  if (!work_out(m, op, &n) || n < 0) return WRONG;
  if ((uint64_t)n > tap_left(&m->c)) {
    o = run_list(m, op); /* fields that are here are found */
    return o == NEXT ? SHORT : o;
  }
  at = m->c.at;
  m->c.end = tap_skip(at, (size_t)n);
  o = run_list(m, op);
  if (o == FOUND || o == FOREIGN) return o;
  m->c = (struct tap_cursor){ tap_skip(at, (size_t)n), end };
  return o == SHORT ? WRONG : o; /* it is the list that is too short, not the packet */
}

/* Only within a TLV, which picks the one to run. */
static enum outcome do_case(struct machine *m, const struct tap_op *op) {
  (void)m;
  (void)op;
  return WRONG;
}

static operation *const operations[TAP_OP_CODES] = {
  [TAP_OP_RUN] = do_run,           [TAP_OP_PLACE] = do_place, [TAP_OP_BYTES] = do_bytes,
  [TAP_OP_PREFIXED] = do_prefixed, [TAP_OP_ZERO] = do_zero,   [TAP_OP_BASE128] = do_base128,
  [TAP_OP_QUIC] = do_quic,         [TAP_OP_ALIGN] = do_align, [TAP_OP_WHEN] = do_when,
  [TAP_OP_COUNT] = do_count,       [TAP_OP_UNTIL] = do_until, [TAP_OP_TLV] = do_tlv,
  [TAP_OP_CASE] = do_case,
};

/* Of a run the 'to' is the first operation behind its places; nobody looks at them where none is
 * kept, checked or sought. */
static unsigned behind(const struct machine *m, const struct tap_op *op, unsigned at) {
  bool is_block = op->code >= TAP_OP_WHEN;
  bool is_idle = op->code == TAP_OP_RUN && op->keep == 0 && m->row == NOBODY;
  return is_block || is_idle ? op->to : at + 1;
}

static enum outcome run_block(struct machine *m, unsigned from, unsigned to) {
  for (unsigned i = from; i < to;) {
    const struct tap_op *op = &m->layout->ops[i];
    enum outcome o;
    if (m->fuel-- == 0) return WRONG;
    o = operations[op->code](m, op);
    if (o != NEXT) return o;
    i = behind(m, op, i);
  }
  return NEXT;
}

static void start(struct machine *m, const struct tap_layout *l, struct tap_cursor window) {
  m->layout = l;
  m->c = window;
  m->start = window.at;
  m->run = NULL;
  m->fuel = FUEL;
  memset(m->kept, 0, sizeof m->kept);
}

bool tap_layout_locate(const struct tap_layout *l, struct tap_cursor window, unsigned row,
                       unsigned nth, struct tap_value *out) {
  struct machine m = { .row = row, .nth = nth, .out = out };
  start(&m, l, window);
  return run_block(&m, 0, l->op_count) == FOUND;
}

bool tap_layout_read(const struct tap_field *field, const struct tap_packet *p,
                     const struct tap_layer *layer, unsigned nth, struct tap_value *out) {
  const struct tap_layout *l = field->self;
  struct tap_cursor window = tap_layer_window(p, layer);
  return tap_layout_locate(l, window, (unsigned)(field - l->rows), nth, out);
}

/* The first of the keys whose value somebody is bound to says what follows. */
static enum tap_verdict lead_on(const struct tap_layout *l, struct tap_cursor window,
                                struct tap_step *out) {
  struct tap_value v;
  for (unsigned i = 0; i < l->key_count; i++) {
    const struct tap_layout_key *key = &l->keys[i];
    if (!tap_layout_locate(l, window, key->row, 0, &v) || v.number >= TAP_KEYS) continue;
    if (tap_walk_bound(l->walk, key->table, (uint16_t)v.number) == TAP_NONE_NEXT) continue;
    out->table = key->table;
    out->key = (uint16_t)v.number;
    return TAP_PAYLOAD;
  }
  return TAP_LAST;
}

enum tap_verdict tap_layout_parse(struct tap_cursor *c, struct tap_step *out) {
  const struct tap_layout *l = out->layout;
  struct tap_cursor window = *c;
  struct machine m = { .row = NOBODY };
  start(&m, l, window);
  switch (run_block(&m, 0, l->op_count)) {
  case NEXT: break;
  case SHORT: return TAP_TRUNCATED;
  case FOREIGN: return TAP_FOREIGN;
  default: c->at = m.c.at; return TAP_MALFORMED;
  }
  c->at = m.c.at;
  return lead_on(l, window, out);
}
