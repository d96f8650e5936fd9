/* SPDX-License-Identifier: MIT
 *
 * Programs as text, in the layouts that tcpdump -d, -dd and -ddd print, and
 * back from the last two.
 */
#include "filter/filter.h"

#include <linux/filter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows past its buffer only in length. */
struct sink {
  char *buffer;
  size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void put(struct sink *s, const char *format, ...) {
  va_list arguments;
  size_t room = s->length < s->size ? s->size - s->length : 0;
  int n;
  va_start(arguments, format);
  n = vsnprintf(room > 0 ? s->buffer + s->length : NULL, room, format, arguments);
  va_end(arguments);
  s->length += (size_t)n;
}

static const char *metadata_name(uint32_t k) {
  switch (k - (uint32_t)SKF_AD_OFF) {
  case SKF_AD_PROTOCOL: return "proto";
  case SKF_AD_PKTTYPE: return "type";
  case SKF_AD_IFINDEX: return "ifidx";
  case SKF_AD_NLATTR: return "nla";
  case SKF_AD_NLATTR_NEST: return "nlan";
  case SKF_AD_MARK: return "mark";
  case SKF_AD_QUEUE: return "queue";
  case SKF_AD_HATYPE: return "hatype";
  case SKF_AD_RXHASH: return "rxhash";
  case SKF_AD_CPU: return "cpu";
  case SKF_AD_VLAN_TAG: return "vlan_tci";
  case SKF_AD_VLAN_TAG_PRESENT: return "vlanp";
  case SKF_AD_PAY_OFFSET: return "pay";
  case SKF_AD_RANDOM: return "random";
  case SKF_AD_VLAN_TPID: return "vlan_tpid";
  default: return NULL;
  }
}

/* The kinds of operand that are printed in the same way. */
enum shape {
  SHAPE_NONE,
  SHAPE_K,
  SHAPE_X,
  SHAPE_ABSOLUTE,
  SHAPE_INDIRECT,
  SHAPE_CELL,
  SHAPE_IHL,
  SHAPE_LENGTH,
  SHAPE_FAR,
  SHAPE_UNKNOWN
};

struct form {
  const char *name;
  uint8_t shape;
};

static struct form form_of_load(uint16_t code) {
  bool x = BPF_CLASS(code) == BPF_LDX;
  const char *name = BPF_SIZE(code) == BPF_H ? "ldh" : BPF_SIZE(code) == BPF_B ? "ldb" : "ld";
  switch (BPF_MODE(code)) {
  case BPF_ABS: return (struct form){ name, SHAPE_ABSOLUTE };
  case BPF_IND: return (struct form){ name, SHAPE_INDIRECT };
  case BPF_IMM: return (struct form){ x ? "ldx" : "ld", SHAPE_K };
  case BPF_MEM: return (struct form){ x ? "ldx" : "ld", SHAPE_CELL };
  case BPF_LEN: return (struct form){ x ? "ldx" : "ld", SHAPE_LENGTH };
  case BPF_MSH: return (struct form){ "ldxb", SHAPE_IHL };
  default: return (struct form){ "unimp", SHAPE_UNKNOWN };
  }
}

static struct form form_of(uint16_t code) {
  static const char *const operations[] = { "add", "sub", "mul", "div", "or", "and",
                                            "lsh", "rsh", "neg", "mod", "xor" };
  static const char *const jumps[] = { "ja", "jeq", "jgt", "jge", "jset" };
  uint8_t shape = BPF_SRC(code) == BPF_X ? SHAPE_X : SHAPE_K;
  switch (BPF_CLASS(code)) {
  case BPF_LD:
  case BPF_LDX: return form_of_load(code);
  case BPF_ST: return (struct form){ "st", SHAPE_CELL };
  case BPF_STX: return (struct form){ "stx", SHAPE_CELL };
  case BPF_ALU:
    if (BPF_OP(code) == BPF_NEG) return (struct form){ "neg", SHAPE_NONE };
    if (BPF_OP(code) > BPF_XOR) break;
    return (struct form){ operations[BPF_OP(code) >> 4], shape };
  case BPF_JMP:
    if (BPF_OP(code) == BPF_JA) return (struct form){ "ja", SHAPE_FAR };
    if (BPF_OP(code) > BPF_JSET) break;
    return (struct form){ jumps[BPF_OP(code) >> 4], shape };
  case BPF_RET: return (struct form){ "ret", BPF_RVAL(code) == BPF_A ? SHAPE_NONE : SHAPE_K };
  default: return (struct form){ BPF_MISCOP(code) == BPF_TAX ? "tax" : "txa", SHAPE_NONE };
  }
  return (struct form){ "unimp", SHAPE_UNKNOWN };
}

/* What a program returns and reckons with is decimal; what it compares and masks with is not. */
static bool is_decimal(uint16_t code) {
  const unsigned op = BPF_OP(code);
  if (BPF_CLASS(code) == BPF_ALU) return op != BPF_AND && op != BPF_OR && op != BPF_XOR;
  return BPF_CLASS(code) == BPF_RET;
}

static void operand(const struct tap_insn *insn, size_t i, struct form form, char *out,
                    size_t size) {
  const char *metadata = metadata_name(insn->k);
  switch (form.shape) {
  case SHAPE_K: snprintf(out, size, is_decimal(insn->code) ? "#%d" : "#0x%x", insn->k); break;
  case SHAPE_X: snprintf(out, size, "x"); break;
  case SHAPE_ABSOLUTE:
    if (metadata != NULL)
      snprintf(out, size, "[%s]", metadata);
    else
      snprintf(out, size, "[%u]", insn->k);
    break;
  case SHAPE_INDIRECT: snprintf(out, size, "[x + %u]", insn->k); break;
  case SHAPE_CELL: snprintf(out, size, "M[%u]", insn->k); break;
  case SHAPE_IHL: snprintf(out, size, "4*([%u]&0xf)", insn->k); break;
  case SHAPE_LENGTH: snprintf(out, size, "#pktlen"); break;
  case SHAPE_FAR: snprintf(out, size, "%u", (unsigned)(i + 1 + insn->k)); break;
  case SHAPE_UNKNOWN: snprintf(out, size, "0x%x", insn->code); break;
  default: out[0] = '\0';
  }
}

static void put_text(struct sink *s, const struct tap_insn *insn, size_t i) {
  struct form form = form_of(insn->code);
  char text[64];
  operand(insn, i, form, text, sizeof text);
  if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA)
    put(s, "(%03zu) %-8s %-16s jt %u\tjf %u\n", i, form.name, text, (unsigned)(i + 1 + insn->jt),
        (unsigned)(i + 1 + insn->jf));
  else
    put(s, "(%03zu) %-8s %s\n", i, form.name, text);
}

size_t tap_program_dump(const struct tap_program *program, enum tap_dump form, char *buffer,
                        size_t size) {
  struct sink s = { .buffer = buffer, .size = size };
  if (size > 0) buffer[0] = '\0';
  if (form == TAP_DUMP_NUMBERS) put(&s, "%zu\n", program->count);
  for (size_t i = 0; i < program->count; i++) {
    const struct tap_insn *insn = &program->insns[i];
    if (form == TAP_DUMP_TEXT)
      put_text(&s, insn, i);
    else
      put(&s, form == TAP_DUMP_C ? "{ 0x%x, %u, %u, 0x%08x },\n" : "%u %u %u %u\n", insn->code,
          insn->jt, insn->jf, insn->k);
  }
  return s.length;
}

/* The next number in 'text' that is at most 'most'; false where there is none. */
static bool next_number(const char **text, uint32_t most, uint32_t *out) {
  char *end;
  unsigned long long n;
  *text += strspn(*text, " \t\r\n,{}");
  if (**text < '0' || **text > '9') return false;
  n = strtoull(*text, &end, 0);
  if (end == *text || n > most) return false;
  *text = end;
  *out = (uint32_t)n;
  return true;
}

static size_t count_insns(const char *text, bool braces) {
  size_t n = 0;
  const char *first = text;
  uint32_t given;
  if (!braces) return next_number(&first, TAP_PROGRAM_MAX, &given) ? given : 0;
  for (; *text != '\0'; text++)
    n += *text == '{';
  return n <= TAP_PROGRAM_MAX ? n : 0;
}

static bool read_insns(const char *text, struct tap_insn *insns, size_t n) {
  uint32_t code, jt, jf, k;
  for (size_t i = 0; i < n; i++) {
    if (!next_number(&text, UINT16_MAX, &code) || !next_number(&text, UINT8_MAX, &jt) ||
        !next_number(&text, UINT8_MAX, &jf) || !next_number(&text, UINT32_MAX, &k))
      return false;
    insns[i] = (struct tap_insn){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
  }
  return text[strspn(text, " \t\r\n,{}")] == '\0';
}

struct tap_insn *tap_program_parse(const char *text, size_t *count, struct tap_err *e) {
  bool braces = strchr(text, '{') != NULL;
  size_t n = count_insns(text, braces);
  struct tap_insn *insns = n > 0 ? malloc(n * sizeof *insns) : NULL;
  uint32_t skipped;
  if (insns == NULL) {
    tap_fail(e, 0, "read filter: a program has 1 to %d instructions", TAP_PROGRAM_MAX);
    return NULL;
  }
  if (!braces) next_number(&text, TAP_PROGRAM_MAX, &skipped);
  *count = n;
  if (!read_insns(text, insns, n))
    tap_fail(e, 0, "read filter: an instruction is four numbers: code, jt, jf, k");
  else if (tap_program_verify(&(struct tap_program){ insns, n }, e) == 0)
    return insns;
  free(insns);
  return NULL;
}
