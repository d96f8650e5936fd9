/* SPDX-License-Identifier: MIT
 *
 * Fuzzes layouts: programs made of random bytes, most of them valid and some
 * with one operation or term that is not, run over random bytes.  Whatever is
 * accepted ends, stays within its window, and reads the same by the machine as
 * by place.
 *
 * Built with clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/layout.h"
#include "proto/show.h"

enum { ROWS = 24, OPS = 96, TERMS = 64, LINKTYPE = 147, NTH = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
  const uint8_t *at;
  size_t left;
};

static unsigned byte(struct input *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->at++;
}

struct made {
  struct tap_field rows[ROWS];
  struct tap_op ops[OPS];
  struct tap_term terms[TERMS];
  char names[ROWS][12];
  size_t row_count, op_count, term_count;
};

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

/* A row of a type; none when there are enough. */
static uint16_t make_row(struct made *m, unsigned type) {
  struct tap_field *row = &m->rows[m->row_count];
  if (m->row_count == ROWS) return TAP_NO_ROW;
  snprintf(m->names[m->row_count], sizeof m->names[0], "f.a%zu", m->row_count);
  *row = (struct tap_field){
    .name = m->names[m->row_count], .label = "a", .type = (uint8_t)type, .flags = TAP_REPEATS
  };
  return (uint16_t)m->row_count++;
}

/* An expression of one or two operands. */
static uint16_t make_term(struct made *m, struct input *in) {
  size_t first = m->term_count;
  unsigned operands = 1 + byte(in) % 2;
  if (first + 4 > TERMS) return TAP_NO_TERM;
  for (unsigned i = 0; i < operands; i++) {
    unsigned code = TAP_TERM_NUMBER + byte(in) % 3;
    m->terms[m->term_count++] =
        (struct tap_term){ (uint8_t)code, code == TAP_TERM_KEPT ? byte(in) % 4 : byte(in) };
  }
  if (operands == 2) {
    uint8_t code = (uint8_t)(TAP_TERM_ADD + byte(in) % (TAP_TERM_CODES - TAP_TERM_ADD));
    m->terms[m->term_count++] = (struct tap_term){ code, 0 };
  }
  m->terms[m->term_count++] = (struct tap_term){ TAP_TERM_END, 0 };
  return (uint16_t)first;
}

static struct tap_op *put(struct made *m, unsigned code) {
  struct tap_op *op = &m->ops[m->op_count++];
  *op = (struct tap_op){
    .code = (uint8_t)code, .row = TAP_NO_ROW, .term = TAP_NO_TERM, .fill_row = TAP_NO_ROW
  };
  return op;
}

static unsigned bits_of(unsigned type, struct input *in) {
  switch (type) {
  case TAP_IPV4: return 32;
  case TAP_IPV6: return 128;
  case TAP_MAC: return 48;
  case TAP_EUI64: return 64;
  case TAP_FLOAT: return byte(in) % 2 ? 32 : 64;
  default: return 8 * (1 + byte(in) % 8);
  }
}

static void make_run(struct made *m, struct input *in) {
  struct tap_op *run = put(m, TAP_OP_RUN);
  for (unsigned n = 1 + byte(in) % 4; n > 0 && m->op_count < OPS; n--) {
    struct tap_op *op = put(m, TAP_OP_PLACE);
    unsigned type = byte(in) % (TAP_FLOAT + 1);
    op->row = make_row(m, type);
    op->bit = run->bit;
    op->bits = (uint16_t)bits_of(type, in);
    op->keep = (uint8_t)(byte(in) % 5);
    op->flags = (uint8_t)(byte(in) % 16 == 0 ? byte(in) % 8 : byte(in) & TAP_OP_LITTLE);
    op->value = byte(in);
    run->bit += op->bits;
  }
}

static void make_block(struct made *m, struct input *in, unsigned depth, bool cases);

static void make_one(struct made *m, struct input *in, unsigned depth) {
  unsigned code = byte(in) % TAP_OP_CASE;
  struct tap_op *op;
  size_t at = m->op_count;
  if (code <= TAP_OP_PLACE || (code >= TAP_OP_WHEN && depth > 4)) {
    make_run(m, in);
    return;
  }
  op = put(m, code);
  op->size = (uint8_t)(1 + byte(in) % 4);
  op->length_size = (uint8_t)(1 + byte(in) % 2);
  op->align = (uint8_t)(byte(in) % 5);
  op->keep = (uint8_t)(byte(in) % 5);
  op->flags = (uint8_t)(byte(in) & (TAP_OP_LITTLE | TAP_OP_PADDED));
  op->value = code == TAP_OP_TLV ? byte(in) % 4 : 0;
  if (code <= TAP_OP_ZERO) op->row = make_row(m, byte(in) % 2 ? TAP_BYTES : TAP_STRING);
  if (code == TAP_OP_BASE128 || code == TAP_OP_QUIC || code == TAP_OP_TLV)
    op->row = make_row(m, TAP_UINT);
  if (code != TAP_OP_TLV || byte(in) % 2) op->term = make_term(m, in);
  if (code >= TAP_OP_WHEN) make_block(m, in, depth + 1, code == TAP_OP_TLV);
  m->ops[at].to = (uint16_t)m->op_count;
}

static void make_block(struct made *m, struct input *in, unsigned depth, bool cases) {
  for (unsigned n = 1 + byte(in) % 4; n > 0 && m->op_count + 8 < OPS; n--) {
    size_t at = m->op_count;
    struct tap_op *op;
    if (!cases) {
      make_one(m, in, depth);
      continue;
    }
    op = put(m, TAP_OP_CASE);
    op->value = byte(in) % 8;
    op->flags = (uint8_t)(byte(in) & (TAP_OP_SINGLE | TAP_OP_STOP | TAP_OP_OTHER));
    make_block(m, in, depth + 1, false);
    m->ops[at].to = (uint16_t)m->op_count;
  }
}

/* Spoil one operation or term, so that the check has something to find. */
static void spoil(struct made *m, struct input *in) {
  unsigned at = byte(in), what = byte(in);
  uint8_t *bytes = what % 4 == 0 && m->term_count > 0 ? (uint8_t *)&m->terms[at % m->term_count]
                                                      : (uint8_t *)&m->ops[at % m->op_count];
  size_t n = what % 4 == 0 && m->term_count > 0 ? sizeof(struct tap_term) : sizeof(struct tap_op);
  bytes[byte(in) % n] = (uint8_t)byte(in);
}

static void check_value(const struct tap_value *v, const struct tap_cursor *window) {
  if (tap_type_is_number(v->type)) return;
  require(v->bytes >= window->at && v->bytes + v->size <= window->end, "bytes outside the window");
}

/* What a place reads the machine reads, too. */
static void check_place(const struct tap_layout *l, const struct tap_packet *p, unsigned row) {
  struct tap_cursor window = { p->frame->data, p->frame->data + p->frame->caplen };
  struct tap_value a = { 0 }, b = { 0 };
  struct tap_ref ref;
  bool by_place, by_machine;
  if (p->fault != TAP_PAYLOAD || l->rows[row].read_self != NULL) return;
  require(tap_ref_init(&ref, &l->rows[row], p->layer[0].protocol, 0), "a place that is none");
  by_place = tap_ref_read_layer(&ref, p, &p->layer[0], 0, &a);
  by_machine = tap_layout_locate(l, window, row, 0, &b);
  require(by_place && by_machine, "a place of a whole header is not read");
  require(a.type == b.type, "types differ");
  if (tap_type_is_number(a.type))
    require(a.number == b.number, "numbers differ");
  else
    require(a.bytes == b.bytes && a.size == b.size, "bytes differ");
}

static void check_rows(const struct tap_layout *l, const struct tap_packet *p) {
  struct tap_cursor window = { p->frame->data, p->frame->data + p->frame->caplen };
  struct tap_value v;
  for (unsigned row = 0; row < l->row_count; row++) {
    for (unsigned nth = 0; nth < NTH; nth++)
      if (tap_layout_locate(l, window, row, nth, &v)) check_value(&v, &window);
    check_place(l, p, row);
  }
}

static void run(const struct tap_registry *r, const struct tap_layout *l, const uint8_t *bytes,
                size_t size) {
  struct tap_frame frame = {
    .data = bytes, .caplen = (uint32_t)size, .len = (uint32_t)size, .linktype = LINKTYPE
  };
  static char buffer[1 << 16];
  struct tap_packet p;
  struct tap_text t;
  tap_decode(r, &frame, TAP_LEVEL_ALL, &p);
  if (p.count == 0) return;
  require(p.layer[0].header <= size, "a header longer than its packet");
  check_rows(l, &p);
  tap_text_begin(&t, buffer, sizeof buffer);
  tap_show_tree(&t, r, &p);
  tap_text_begin(&t, buffer, sizeof buffer);
  tap_show_json(&t, r, &p);
}

static void declare(const struct made *m, const uint8_t *bytes, size_t size) {
  struct tap_layout_parts parts = { "f",      "f",          m->rows,     m->ops,
                                    m->terms, m->row_count, m->op_count, m->term_count };
  struct tap_err e;
  struct tap_layout *l = tap_layout_new(&parts, &e);
  struct tap_registry *r = l == NULL ? NULL : tap_registry_new(&e);
  int number = r == NULL ? -1 : tap_registry_declare(r, l, &e), table;
  if (number < 0) {
    tap_layout_free(l);
    tap_registry_free(r);
    return;
  }
  tap_registry_bind(r, TAP_BY_LINKTYPE, LINKTYPE, LINKTYPE, (unsigned)number);
  table = m->row_count == 0 ? -1 : tap_registry_table(r, l->rows[0].name, &e);
  if (table >= 0) tap_registry_bind(r, (unsigned)table, 0, 300, (unsigned)number);
  run(r, l, bytes, size);
  tap_registry_free(r);
}

/* The program first, then the packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct made m;
  struct input in = { data, size };
  uint8_t *packet;
  memset(&m, 0, sizeof m);
  make_block(&m, &in, 0, false);
  if (byte(&in) % 4 == 0 && m.op_count > 0) spoil(&m, &in);
  packet = malloc(in.left > 0 ? in.left : 1); /* of its own, so that a read past its end is seen */
  if (packet == NULL) return 0;
  if (in.left > 0) memcpy(packet, in.at, in.left);
  declare(&m, packet, in.left);
  free(packet);
  return 0;
}
