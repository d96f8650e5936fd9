/* SPDX-License-Identifier: MIT
 *
 * Says of a filter program whether the kernel would take it, by the same rules
 * as the kernel (net/core/filter.c, the same from Linux 3.16 to 6.18): known
 * codes, jumps forward and inside the program, no division by a constant 0, no
 * shift by a constant of 32 or more, scratch cells that exist and are written
 * on every path before they are read, a return at the end.  A program that
 * passes here runs without any of that being checked again.  The kernel may
 * still refuse one for its size: the memory that its translation takes is
 * charged to the socket, and its jumps have a limit of their own there.
 */
#include "filter/program.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>

_Static_assert((int)TAP_PROGRAM_MAX == (int)BPF_MAXINSNS, "the kernel's limit");

/* What there is to check of an instruction. */
enum rule {
  RULE_UNKNOWN, /* no such code */
  RULE_PLAIN,   /* nothing */
  RULE_LOAD,    /* absolute: an offset from SKF_AD_OFF up is one that has a meaning */
  RULE_DIVIDE,  /* by a constant: not 0 */
  RULE_SHIFT,   /* by a constant: under 32 */
  RULE_READ,    /* a cell: exists, and is written on every path to here */
  RULE_WRITE,   /* a cell: exists */
  RULE_JUMP,    /* one target */
  RULE_BRANCH,  /* two targets */
  RULE_RETURN
};

/* Which cells are surely written, before each instruction: one bit for a cell. */
struct cells {
  uint16_t here;                /* as the instruction before leaves them */
  uint16_t at[TAP_PROGRAM_MAX]; /* as jumps to an instruction leave them */
};

static enum rule rule_of_arithmetic(uint16_t code) {
  bool constant = BPF_SRC(code) == BPF_K;
  switch (BPF_OP(code)) {
  case BPF_DIV:
  case BPF_MOD: return constant ? RULE_DIVIDE : RULE_PLAIN;
  case BPF_LSH:
  case BPF_RSH: return constant ? RULE_SHIFT : RULE_PLAIN;
  case BPF_NEG: return constant ? RULE_PLAIN : RULE_UNKNOWN;
  default: return BPF_OP(code) <= BPF_XOR ? RULE_PLAIN : RULE_UNKNOWN;
  }
}

static enum rule rule_of_jump(uint16_t code) {
  if (BPF_OP(code) != BPF_JA) return BPF_OP(code) <= BPF_JSET ? RULE_BRANCH : RULE_UNKNOWN;
  return BPF_SRC(code) == BPF_K ? RULE_JUMP : RULE_UNKNOWN;
}

static enum rule rule_of(uint16_t code) {
  if (code > 0xff) return RULE_UNKNOWN;
  if (BPF_CLASS(code) == BPF_ALU) return rule_of_arithmetic(code);
  if (BPF_CLASS(code) == BPF_JMP) return rule_of_jump(code);
  switch (code) {
  case BPF_LD | BPF_W | BPF_ABS:
  case BPF_LD | BPF_H | BPF_ABS:
  case BPF_LD | BPF_B | BPF_ABS: return RULE_LOAD;
  case BPF_LD | BPF_W | BPF_IND:
  case BPF_LD | BPF_H | BPF_IND:
  case BPF_LD | BPF_B | BPF_IND:
  case BPF_LD | BPF_W | BPF_LEN:
  case BPF_LD | BPF_IMM:
  case BPF_LDX | BPF_W | BPF_LEN:
  case BPF_LDX | BPF_B | BPF_MSH:
  case BPF_LDX | BPF_IMM:
  case BPF_MISC | BPF_TAX:
  case BPF_MISC | BPF_TXA: return RULE_PLAIN;
  case BPF_LD | BPF_MEM:
  case BPF_LDX | BPF_MEM: return RULE_READ;
  case BPF_ST:
  case BPF_STX: return RULE_WRITE;
  case BPF_RET | BPF_K:
  case BPF_RET | BPF_A: return RULE_RETURN;
  default: return RULE_UNKNOWN;
  }
}

/* The packet's metadata lies at SKF_AD_OFF, one thing every four bytes. */
static bool load_is_known(uint32_t k) {
  uint32_t what = k - (uint32_t)SKF_AD_OFF;
  return k < (uint32_t)SKF_AD_OFF || (what < SKF_AD_MAX && what % 4 == 0);
}

/* Why instruction 'i' by itself cannot be, or NULL. */
static const char *fault_of(const struct tap_program *p, size_t i, enum rule rule) {
  const struct tap_insn *insn = &p->insns[i];
  size_t behind = p->count - i - 1;
  switch (rule) {
  case RULE_UNKNOWN: return "unknown code";
  case RULE_LOAD: return load_is_known(insn->k) ? NULL : "unknown metadata";
  case RULE_DIVIDE: return insn->k != 0 ? NULL : "division by 0";
  case RULE_SHIFT: return insn->k < 32 ? NULL : "shift by more than 31 bits";
  case RULE_READ:
  case RULE_WRITE: return insn->k < BPF_MEMWORDS ? NULL : "scratch cell over 15";
  case RULE_JUMP: return insn->k < behind ? NULL : "jump out of the program";
  case RULE_BRANCH:
    return insn->jt < behind && insn->jf < behind ? NULL : "jump out of the program";
  default: return NULL;
  }
}

/* Follow what is known of the cells through instruction 'i', whose operands are sound.  False
 * where it reads one that may not have been written. */
static bool follow_cells(struct cells *cells, const struct tap_insn *insn, size_t i,
                         enum rule rule) {
  uint16_t known = cells->here & cells->at[i];
  cells->here = known;
  switch (rule) {
  case RULE_READ: return known >> insn->k & 1;
  case RULE_WRITE: cells->here |= (uint16_t)(1u << insn->k); break;
  case RULE_JUMP:
    cells->at[i + 1 + insn->k] &= known;
    cells->here = UINT16_MAX; /* the next one is reached by jumps alone, if at all */
    break;
  case RULE_BRANCH:
    cells->at[i + 1 + insn->jt] &= known;
    cells->at[i + 1 + insn->jf] &= known;
    cells->here = UINT16_MAX;
    break;
  default: break;
  }
  return true;
}

/* Instructions are numbered from 0, as tcpdump -d does. */
static int refuse(const struct tap_insn *insn, size_t i, const char *why, struct tap_err *e) {
  return tap_fail(e, 0, "verify filter: instruction %zu: %s (code 0x%02x, jt %u, jf %u, k %u)", i,
                  why, insn->code, insn->jt, insn->jf, insn->k);
}

int tap_program_verify(const struct tap_program *program, struct tap_err *e) {
  struct cells cells = { 0 };
  size_t count = program->count;
  if (count < 1 || count > TAP_PROGRAM_MAX)
    return tap_fail(e, 0, "verify filter: it has %zu instructions, and 1 to %d are allowed", count,
                    TAP_PROGRAM_MAX);
  memset(cells.at, 0xff, count * sizeof cells.at[0]);
  for (size_t i = 0; i < count; i++) {
    const struct tap_insn *insn = &program->insns[i];
    enum rule rule = rule_of(insn->code);
    const char *why = fault_of(program, i, rule);
    if (why == NULL && !follow_cells(&cells, insn, i, rule)) why = "scratch cell without a value";
    if (why == NULL && i + 1 == count && rule != RULE_RETURN) why = "the last one is no return";
    if (why != NULL) return refuse(insn, i, why, e);
  }
  return 0;
}
