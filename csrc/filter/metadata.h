/* SPDX-License-Identifier: MIT
 *
 * What a frame knows beside its bytes, by the kernel's numbers (SKF_AD_).
 */
#ifndef TAP_FILTER_METADATA_H
#define TAP_FILTER_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/frame.h"

/* False where the frame does not know it. */
bool tap_metadata(const struct tap_frame *frame, uint32_t what, uint32_t *out);

#endif
