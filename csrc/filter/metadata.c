/* SPDX-License-Identifier: MIT
 *
 * Metadata by way of a program of two instructions, so that the one machine
 * that knows it all is asked.
 */
#include "filter/metadata.h"

#include <linux/filter.h>

#include "filter/program.h"

bool tap_metadata(const struct tap_frame *frame, uint32_t what, uint32_t *out) {
  const struct tap_insn insns[] = {
    { .code = BPF_LD | BPF_W | BPF_ABS, .k = (uint32_t)SKF_AD_OFF + what },
    { .code = BPF_RET | BPF_A },
  };
  const struct tap_insn known[] = { insns[0], { .code = BPF_RET | BPF_K, .k = 1 } };
  if (tap_program_run(&(struct tap_program){ known, 2 }, frame) == 0) return false;
  *out = tap_program_run(&(struct tap_program){ insns, 2 }, frame);
  return true;
}
