/* SPDX-License-Identifier: MIT
 *
 * SHA-1 (FIPS 180-4) of a short message: Community IDs are made with it.  It
 * is not fit for anything that must be secure.
 */
#ifndef TAP_FLOW_SHA1_H
#define TAP_FLOW_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define TAP_SHA1_SHORT 55 /* the longest message of one block */

enum { TAP_SHA1_BYTES = 20 };

void tap_sha1(const uint8_t *message, size_t size, uint8_t out[TAP_SHA1_BYTES]);

#endif
