/* SPDX-License-Identifier: MIT
 *
 * csrc/filter/verify.c and vm.c against the kernel, for their specs.  A filter
 * on one end of a pair of datagram sockets takes any bytes and no privilege:
 * whether it can be attached is the kernel's verdict on the program, how much
 * arrives its verdict on the bytes.  Each line of standard input is a verb and
 * a number, and each line of output what was counted:
 *
 *   codes N     every code there is, with N operands each
 *   programs N  random programs, some of them wrong
 *   runs N      random programs that pass, on random bytes
 */
#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter/program.h"

enum { INSNS = 32, BYTES = 80, FRAMES = 8 };

struct counts {
  unsigned accepted, refused, differ;
};

/* The end that has the filter, and the end to send from. */
static int filtered, sender;

static uint32_t below(uint32_t n) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 20) % n;
}

static bool one_in(uint32_t n) {
  return below(n) == 0;
}

static bool kernel_takes(const struct tap_program *p) {
  struct sock_filter insns[INSNS];
  struct sock_fprog program = { (unsigned short)p->count, insns };
  memcpy(insns, p->insns, p->count * sizeof insns[0]);
  if (setsockopt(filtered, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0)
    return true;
  if (errno != EINVAL) perror("SO_ATTACH_FILTER");
  return false;
}

static void print_program(const struct tap_program *p, const char *what) {
  fprintf(stderr, "%s\n", what);
  for (size_t i = 0; i < p->count; i++)
    fprintf(stderr, "{ 0x%x, %u, %u, 0x%x }\n", p->insns[i].code, p->insns[i].jt, p->insns[i].jf,
            p->insns[i].k);
}

static void judge(const struct tap_program *p, struct counts *counts) {
  struct tap_err e = { 0, "it passes" };
  bool ours = tap_program_verify(p, &e) == 0, kernels = kernel_takes(p);
  *(kernels ? &counts->accepted : &counts->refused) += 1;
  if (ours == kernels) return;
  counts->differ++;
  print_program(p, e.what);
}

/* Operands where rules begin and end, and any. */
static uint32_t edge_operand(void) {
  static const uint32_t edges[] = { 0,          1,          15,         16,         31,
                                    32,         0xfffff000, 0xfffff03c, 0xfffff040, 0xfffff001,
                                    0xffffffff, 0xffefffff, 0xfff00000, 0x7fffffff, 0x80000000 };
  uint32_t edge = edges[below(sizeof edges / sizeof edges[0])];
  return one_in(4) ? below(UINT32_MAX) : edge;
}

static void try_codes(unsigned operands) {
  struct counts counts = { 0, 0, 0 };
  for (uint32_t code = 0; code <= UINT16_MAX; code++) {
    for (unsigned i = 0; i < (code < 512 ? operands : 1); i++) {
      struct tap_insn insns[] = {
        { (uint16_t)code, (uint8_t)below(3), (uint8_t)below(3), edge_operand() },
        { BPF_RET, 0, 0, 1 },
        { BPF_RET | BPF_A, 0, 0, 0 },
      };
      judge(&(struct tap_program){ insns, 1 + below(3) }, &counts);
    }
  }
  printf("%u accepted, %u refused, %u differ\n", counts.accepted, counts.refused, counts.differ);
}

/* Any code that exists. */
static uint16_t random_code(void) {
  struct tap_insn insns[] = { { BPF_ST, 0, 0, 1 }, { 0, 0, 0, 1 }, { BPF_RET, 0, 0, 0 } };
  struct tap_err e;
  do
    insns[1].code = (uint16_t)below(256);
  while (tap_program_verify(&(struct tap_program){ insns, 3 }, &e) != 0);
  return insns[1].code;
}

static bool is_load(uint16_t code) {
  uint16_t mode = BPF_MODE(code);
  return BPF_CLASS(code) == BPF_LD && (mode == BPF_ABS || mode == BPF_IND);
}

static bool is_cell(uint16_t code) {
  return BPF_CLASS(code) == BPF_ST || BPF_CLASS(code) == BPF_STX ||
         (BPF_CLASS(code) <= BPF_LDX && BPF_MODE(code) == BPF_MEM);
}

/* An operand that is likely to be right, with 'left' instructions behind. */
static uint32_t fitting_operand(uint16_t code, uint32_t left) {
  if (is_load(code)) return one_in(12) ? 0xfffff000 + 40 : below(BYTES);
  if (is_cell(code)) return below(2);
  if (BPF_CLASS(code) == BPF_JMP && BPF_OP(code) == BPF_JA) return below(left);
  if (BPF_CLASS(code) == BPF_JMP && !one_in(3)) return below(8);
  if (BPF_CLASS(code) == BPF_ALU) return 1 + below(one_in(3) ? UINT32_MAX - 1 : 31);
  return below(one_in(4) ? UINT32_MAX : 2 * BYTES);
}

/* Every 'errors'th instruction may be wrong; 0: none of them. */
static struct tap_insn random_insn(uint32_t left, unsigned errors) {
  static const uint16_t usual[] = {
    BPF_LD | BPF_B | BPF_ABS,
    BPF_LD | BPF_H | BPF_ABS,
    BPF_LD | BPF_W | BPF_IND,
    BPF_LDX | BPF_B | BPF_MSH,
    BPF_JMP | BPF_JEQ | BPF_K,
    BPF_JMP | BPF_JGE | BPF_K,
    BPF_JMP | BPF_JSET | BPF_K,
    BPF_MISC | BPF_TXA,
    BPF_MISC | BPF_TAX,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
  };
  uint16_t code = one_in(3) ? random_code() : usual[below(13)];
  bool wrong = errors > 0 && one_in(errors);
  struct tap_insn insn = { .code = code };
  if (left == 0 && (!wrong || BPF_CLASS(code) == BPF_JMP))
    return (struct tap_insn){ BPF_RET | BPF_A, 0, 0, 0 };
  insn.k = wrong ? edge_operand() : fitting_operand(code, left);
  if (BPF_CLASS(code) != BPF_JMP) return insn;
  insn.jt = (uint8_t)below(wrong ? left + 2 : left);
  insn.jf = (uint8_t)below(wrong ? left + 2 : left);
  return insn;
}

static struct tap_program random_program(struct tap_insn *insns, unsigned errors) {
  uint32_t count = 1 + below(INSNS);
  for (uint32_t i = 0; i < count; i++)
    insns[i] = random_insn(count - i - 1, errors);
  return (struct tap_program){ insns, count };
}

static void try_programs(unsigned count) {
  struct counts counts = { 0, 0, 0 };
  struct tap_insn insns[INSNS];
  for (unsigned i = 0; i < count; i++) {
    struct tap_program program = random_program(insns, 60);
    judge(&program, &counts);
  }
  printf("%u accepted, %u refused, %u differ\n", counts.accepted, counts.refused, counts.differ);
}

/* How many of the bytes the attached filter lets through. */
static uint32_t kernel_runs(const uint8_t *bytes, size_t size) {
  uint8_t back[BYTES];
  ssize_t n;
  if (send(sender, bytes, size, 0) != (ssize_t)size) perror("send");
  n = recv(filtered, back, sizeof back, MSG_DONTWAIT);
  return n < 0 ? 0 : (uint32_t)n;
}

static void run_once(const struct tap_program *program, struct counts *counts) {
  uint32_t size = 1 + below(BYTES), ours, kernels;
  uint8_t *bytes = malloc(size); /* to the byte, for those who watch over memory */
  struct tap_frame frame = { .data = bytes, .caplen = size, .len = size };
  for (uint32_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)below(one_in(2) ? 8 : 256);
  ours = tap_program_run(program, &frame);
  kernels = kernel_runs(bytes, size);
  *(kernels > 0 ? &counts->accepted : &counts->refused) += 1;
  if ((ours < size ? ours : size) != kernels) {
    counts->differ++;
    print_program(program, "these differ:");
  }
  free(bytes);
}

static void try_runs(unsigned count) {
  struct counts counts = { 0, 0, 0 };
  struct tap_insn insns[INSNS];
  struct tap_err e;
  for (unsigned done = 0; done < count;) {
    struct tap_program program = random_program(insns, 0);
    if (tap_program_verify(&program, &e) != 0 || !kernel_takes(&program)) continue;
    for (int i = 0; i < FRAMES; i++)
      run_once(&program, &counts);
    done++;
  }
  printf("%u accepted, %u refused, %u differ\n", counts.accepted, counts.refused, counts.differ);
}

int main(void) {
  char verb[16];
  unsigned n;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return 1;
  filtered = ends[0];
  sender = ends[1];
  while (scanf("%15s %u", verb, &n) == 2) {
    if (strcmp(verb, "codes") == 0) try_codes(n);
    if (strcmp(verb, "programs") == 0) try_programs(n);
    if (strcmp(verb, "runs") == 0) try_runs(n);
  }
  return 0;
}
