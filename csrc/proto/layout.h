/* SPDX-License-Identifier: MIT
 *
 * A layout: what a declared protocol's header looks like, as a small program.
 * The same operations find the header's end (parse) and a field in it
 * (locate), and say what a builder has to write.  A program is checked once,
 * when its layout is made; what runs is known to stay within its own arrays,
 * and wire bytes are only reached through the window.  Whatever it does with
 * random bytes ends: an operation costs fuel, and there is no more of it than
 * FUEL in layout_run.c.
 */
#ifndef TAP_PROTO_LAYOUT_H
#define TAP_PROTO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/field.h"
#include "proto/protocol.h"

struct tap_walk;

/* What an operation does.  Blocks go from the operation behind it to the one before 'to'. */
enum tap_op_code {
  TAP_OP_RUN,      /* take 'bit' / 8 bytes, in which the places that follow lie */
  TAP_OP_PLACE,    /* a field of 'bits' bits at 'bit' of the run */
  TAP_OP_BYTES,    /* take as many bytes as 'term' works out */
  TAP_OP_PREFIXED, /* a length of 'size' bytes, then so many bytes */
  TAP_OP_ZERO,     /* bytes up to a zero byte, which is taken too */
  TAP_OP_BASE128,  /* a number in groups of 7 bits, the lowest first (LEB128, MQTT) */
  TAP_OP_QUIC,     /* a number of 1, 2, 4 or 8 bytes, as its first two bits say (RFC 9000, 16) */
  TAP_OP_ALIGN,    /* take bytes up to a multiple of 'size' from the header's start */
  TAP_OP_WHEN,     /* a block that is there when 'term' is not 0 */
  TAP_OP_COUNT,    /* a block that comes 'term' times */
  TAP_OP_UNTIL,    /* a block that comes again until 'term' is not 0 or the bytes end */
  TAP_OP_TLV,      /* values with a type and a length each: a block of cases */
  TAP_OP_CASE,     /* the block for the value of type 'value' */
  TAP_OP_CODES
};

/* flags of an operation */
enum {
  TAP_OP_LITTLE = 1 << 0, /* its number (a TLV's both) has its lowest byte first */
  TAP_OP_CONST = 1 << 1,  /* a number other than 'value': it is another protocol */
  TAP_OP_EXPECT = 1 << 2, /* a number other than 'value': the header is malformed */
  TAP_OP_SINGLE = 1 << 3, /* of a case: the type stands alone, with no length and no value */
  TAP_OP_STOP = 1 << 4,   /* of a case: nothing of the TLV follows */
  TAP_OP_OTHER = 1 << 5,  /* of a case: for all types that have none */
  TAP_OP_PADDED = 1 << 6, /* of a TLV: 'align' begins behind the value, not at the TLV's start */
};

enum { TAP_NO_ROW = 0xffff, TAP_NO_TERM = 0xffff, TAP_REGISTERS = 16, TAP_LAYOUT_DEPTH = 8 };

/* What fills a field when a packet is built and its value was not given. */
enum tap_fill { TAP_FILL_NONE, TAP_FILL_LENGTH, TAP_FILL_COUNT, TAP_FILL_CHECKSUM };

struct tap_op {
  uint8_t code; /* enum tap_op_code */
  uint8_t flags;
  uint8_t size;        /* bytes of a prefix, a TLV's type, or a step of alignment */
  uint8_t length_size; /* bytes of a TLV's length */
  uint8_t align;       /* values of a TLV begin at multiples of it; 0 and 1: anywhere */
  uint8_t keep;        /* 1 + the register that keeps its number, 0: none */
  uint8_t fill;        /* enum tap_fill */
  uint16_t fill_row;   /* of what is measured; TAP_NO_ROW: the header and all behind it */
  uint16_t row;        /* its field; TAP_NO_ROW: none.  Of a TLV that of the types */
  uint16_t bits;
  uint16_t to;   /* the operation behind a block */
  uint16_t term; /* the first term of an expression; TAP_NO_TERM: none */
  uint32_t bit;
  int64_t value; /* wanted; the type of a case; how much of a TLV's length is not its value's */
};

/* An expression is terms in the order in which a stack machine meets them. */
enum tap_term_code {
  TAP_TERM_END,
  TAP_TERM_NUMBER,
  TAP_TERM_KEPT, /* the register 'value' */
  TAP_TERM_REST, /* bytes that are left in the window */
  TAP_TERM_NOT,
  TAP_TERM_ADD, /* from here on: two operands */
  TAP_TERM_SUB,
  TAP_TERM_MUL,
  TAP_TERM_DIV,
  TAP_TERM_MASK,
  TAP_TERM_EQ,
  TAP_TERM_NE,
  TAP_TERM_LT,
  TAP_TERM_LE,
  TAP_TERM_GT,
  TAP_TERM_GE,
  TAP_TERM_AND,
  TAP_TERM_OR,
  TAP_TERM_CODES
};

struct tap_term {
  uint8_t code; /* enum tap_term_code */
  int64_t value;
};

/* What a layout is made from.  It is copied, but for the strings and names, which must outlive
 * the layout. */
struct tap_layout_parts {
  const char *name, *title;
  const struct tap_field *rows;
  const struct tap_op *ops;
  const struct tap_term *terms;
  size_t row_count, op_count, term_count;
};

enum { TAP_LAYOUT_KEYS_MAX = 8, TAP_ROWS_SPARE = 64 };

/* A field whose values are bound to protocols. */
struct tap_layout_key {
  uint16_t row;
  uint8_t table;
};

struct tap_layout {
  struct tap_protocol protocol; /* its rows are 'rows' */
  struct tap_field *rows;       /* ends with a row without a name; TAP_ROWS_SPARE more may come */
  struct tap_op *ops;
  struct tap_term *terms;
  uint16_t row_count, first_rows, op_count, term_count;
  struct tap_layout_key keys[TAP_LAYOUT_KEYS_MAX];
  unsigned key_count;
  const struct tap_walk *walk; /* where keys are looked up */
  void *owner;                 /* whoever made it */
  struct tap_layout *next;     /* of a registry's */
};

/* Check a program and make a layout of it.  NULL with 'e' where it is none. */
struct tap_layout *tap_layout_new(const struct tap_layout_parts *parts, struct tap_err *e);
void tap_layout_free(struct tap_layout *l);

/* Put one more row behind the others, one that reads itself.  NULL when there is no room. */
const struct tap_field *tap_layout_add_row(struct tap_layout *l, const struct tap_field *row);

/* The parser of every layout: the step says which. */
enum tap_verdict tap_layout_parse(struct tap_cursor *c, struct tap_step *out);

/* Occurrence 'nth' of a row in the header that the window starts with. */
bool tap_layout_locate(const struct tap_layout *l, struct tap_cursor window, unsigned row,
                       unsigned nth, struct tap_value *out);

/* The reader of rows without a constant place. */
bool tap_layout_read(const struct tap_field *field, const struct tap_packet *p,
                     const struct tap_layer *layer, unsigned nth, struct tap_value *out);

#endif
