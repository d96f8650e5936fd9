/* SPDX-License-Identifier: MIT
 *
 * A filter program: instructions of the classic BPF machine, as the kernel
 * takes them (linux/filter.h).  A program that verify() let through ends on
 * every packet, reads only what it may and never touches memory of others;
 * run() asks for such a program.
 */
#ifndef TAP_FILTER_PROGRAM_H
#define TAP_FILTER_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"

enum { TAP_PROGRAM_MAX = 4096 }; /* BPF_MAXINSNS of the kernel */

/* The layout of struct sock_filter. */
struct tap_insn {
  uint16_t code;
  uint8_t jt, jf;
  uint32_t k;
};

struct tap_program {
  const struct tap_insn *insns;
  size_t count;
};

/* 0, or -1 with the instruction and the reason ("verify filter: instruction 3: ..."). */
int tap_program_verify(const struct tap_program *program, struct tap_err *e);

/* The program's return value for a frame: 0 rejects, else the bytes to keep. */
uint32_t tap_program_run(const struct tap_program *program, const struct tap_frame *frame);

#endif
