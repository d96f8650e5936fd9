/* SPDX-License-Identifier: MIT
 *
 * The operations of the fused machine, known to who makes them and who runs
 * them.  One asks for bytes of the frame, or computes a value, and compares;
 * it says where to go then.  Where fewer bytes are captured than it needs, it
 * goes to 'slow': to the operations that it stands for, or to the end.
 */
#ifndef TAP_FILTER_MACHINE_H
#define TAP_FILTER_MACHINE_H

#include "filter/fused.h"

/* How an operation gets its numbers. */
#define TAP_SOURCES(X)                                                                             \
  X(HELD) /* the one that the operation before computed */                                         \
  X(BYTE) /* at a constant place */                                                                \
  X(HALF)                                                                                          \
  X(WORD)                                                                                          \
  X(IHL1) /* behind the IPv4 header whose first byte is at 'base': one byte ... */                 \
  X(IHL2)                                                                                          \
  X(IHL4)                                                                                          \
  X(TREE)   /* anything else: value 'at' */                                                        \
  X(HALVES) /* two at constant places, 'at' and 'base': either will do */                          \
  X(WORDS)                                                                                         \
  X(PORTS) /* two halves behind an IPv4 header, at 'at' and two behind it */

/* What it asks of them. */
#define TAP_QUESTIONS(X, source)                                                                   \
  X(source, RANGE)  /* it is at most 'more' over 'low' */                                          \
  X(source, MASKED) /* with 'more' it is 'low' */                                                  \
  X(source, BITS)   /* of 'more', any */                                                           \
  X(source, FEW)    /* in one of 'more' ranges from 'low' on: they are all looked at */            \
  X(source, MANY)   /* the same, searched */                                                       \
  X(source, MARKED) /* in the bitmap of 64 bit words from 'low' on */                              \
  X(source, STORED) /* nothing: cell 'low' becomes it */

#define TAP_SOURCE_NAME(source) SOURCE_##source,
enum tap_source_kind { TAP_SOURCES(TAP_SOURCE_NAME) SOURCES };
#define TAP_QUESTION_NAME(source, question) ASK_##question,
enum tap_question { TAP_QUESTIONS(TAP_QUESTION_NAME, ) QUESTIONS };

/* An operation's code: of each source and question, then of eight bytes with a mask.  Those that
 * reject where the answer is no follow the others, and then those whose answer is the verdict, so
 * that no jump depends on it; then the end, and a switch by a type and what is behind it. */
enum {
  CODE_WIDE = SOURCES * QUESTIONS,
  CODE_OR_NOT,
  CODE_FINAL = 2 * CODE_OR_NOT,
  CODE_STOP = 3 * CODE_OR_NOT,
  CODE_SWITCH,
  CODES
};

enum tap_way { WAY_REJECT, WAY_ACCEPT, WAY_SLOW };

/* Where a type and the protocol behind it lead: where the half at 'at' is one of two types, the
 * byte at the place of that type says what the verdict is, or that more must be asked. */
struct tap_switch {
  uint32_t type[2], place[2];
  uint8_t way[2][256]; /* enum tap_way */
};

struct tap_op {
  const void *go; /* where the machine runs it */
  const struct tap_op *t, *f, *slow;
  uint32_t need, at;
  union {
    struct {
      uint32_t low, more;
    };
    uint64_t mask;
  };
  union {
    uint32_t base;
    uint64_t value;
    const struct tap_switch *ways;
  };
  uint8_t code;
  bool accepts; /* of a final one: what it means that the answer is yes; of the end: the verdict */
};

_Static_assert(sizeof(struct tap_op) <= 64, "an operation in a cache line");
_Static_assert(CODES <= UINT8_MAX, "a code has its byte");

struct tap_fused {
  struct tap_op *ops;
  const struct tap_op *start;
  struct tap_switch *ways; /* of the first operation, or NULL */
  struct tap_val *values;
  struct tap_range *ranges;
  uint64_t *marks; /* bitmaps */
  size_t mark_count;
  bool cells; /* it uses scratch cells */
  struct tap_fused_context context;
};

#endif
