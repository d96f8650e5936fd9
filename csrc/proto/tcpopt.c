/* SPDX-License-Identifier: MIT
 *
 * TCP options (RFC 9293, 7323, 2018, 2385, 5482, 7413, 8684), read from the bytes
 * when somebody asks.  An option whose length is not what its kind demands
 * has no value, only its raw bytes.
 */
#include "proto/tcpopt.h"

#include "proto/option.h"
#include "proto/read.h"

enum { TCP_HEADER = 20 };
enum {
  MSS = 2,
  WINDOW_SCALE = 3,
  SACK_PERMITTED = 4,
  SACK = 5,
  TIMESTAMP = 8,
  MD5 = 19,
  USER_TIMEOUT = 28,
  MULTIPATH = 30,
  FAST_OPEN = 34,
  EXPERIMENT_1 = 253,
  EXPERIMENT_2 = 254
};
enum { FAST_OPEN_MAGIC = 0xf989 };
enum { SHIFT_MAX = 14 }; /* RFC 7323, section 2.3 */

const struct tap_name tap_tcpopt_names[] = {
  { TAP_OPTION_END, "End of Option List" },
  { TAP_OPTION_NOP, "No-Operation" },
  { MSS, "Maximum Segment Size" },
  { WINDOW_SCALE, "Window Scale" },
  { SACK_PERMITTED, "SACK Permitted" },
  { SACK, "SACK" },
  { 6, "Echo" },
  { 7, "Echo Reply" },
  { TIMESTAMP, "Timestamps" },
  { MD5, "MD5 Signature" },
  { 27, "Quick-Start" },
  { USER_TIMEOUT, "User Timeout" },
  { 29, "Authentication" },
  { MULTIPATH, "Multipath TCP" },
  { FAST_OPEN, "Fast Open" },
  { 172, "Accurate ECN 0" },
  { 174, "Accurate ECN 1" },
  { EXPERIMENT_1, "Experiment 1" },
  { EXPERIMENT_2, "Experiment 2" },
  { 0, NULL },
};

static bool find(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                 unsigned kind, struct tap_option *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  return tap_option_find(&c, kind, nth, out);
}

bool tap_tcpopt_kind(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if (nth-- == 0) return tap_give_number(out, TAP_UINT, o.kind);
  return false;
}

bool tap_tcpopt_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if (o.kind > TAP_OPTION_NOP && nth-- == 0) return tap_give_number(out, TAP_UINT, o.size);
  return false;
}

static bool give_raw(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned kind, struct tap_value *out) {
  struct tap_option o;
  return find(p, layer, nth, kind, &o) && tap_give_bytes(out, TAP_BYTES, o.at, o.size);
}

bool tap_tcpopt_nop(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_raw(p, layer, nth, TAP_OPTION_NOP, out);
}

bool tap_tcpopt_mss(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  return give_raw(p, layer, nth, MSS, out);
}

bool tap_tcpopt_wscale(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_raw(p, layer, nth, WINDOW_SCALE, out);
}

bool tap_tcpopt_sack_perm(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_raw(p, layer, nth, SACK_PERMITTED, out);
}

bool tap_tcpopt_sack(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_raw(p, layer, nth, SACK, out);
}

bool tap_tcpopt_timestamp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_raw(p, layer, nth, TIMESTAMP, out);
}

/* Option 'nth' of those of a kind that are 'size' bytes long, as they must be. */
static const uint8_t *sized(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            unsigned kind, unsigned size) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if (o.kind == kind && o.size == size && nth-- == 0) return o.at;
  return NULL;
}

bool tap_tcpopt_mss_val(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, MSS, 4);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 2, 2);
}

bool tap_tcpopt_shift(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, WINDOW_SCALE, 3);
  return at != NULL && tap_give_number(out, TAP_UINT, at[2]);
}

bool tap_tcpopt_multiplier(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, WINDOW_SCALE, 3);
  unsigned shift;
  if (at == NULL) return false;
  shift = at[2] < SHIFT_MAX ? at[2] : SHIFT_MAX;
  return tap_give_number(out, TAP_UINT, UINT64_C(1) << shift);
}

bool tap_tcpopt_tsval(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, TIMESTAMP, 10);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 2, 4);
}

bool tap_tcpopt_tsecr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, TIMESTAMP, 10);
  return at != NULL && tap_give_load(out, TAP_UINT, at + 6, 4);
}

bool tap_tcpopt_timeout(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, USER_TIMEOUT, 4);
  return at != NULL && tap_give_number(out, TAP_UINT, tap_be16(at + 2) & 0x7fff);
}

bool tap_tcpopt_timeout_unit(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, USER_TIMEOUT, 4);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[2] >> 7);
}

bool tap_tcpopt_md5(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  const uint8_t *at = sized(p, layer, nth, MD5, 18);
  return at != NULL && tap_give_bytes(out, TAP_BYTES, at + 2, 16);
}

/* Fast Open before it had a kind of its own used an experimental one and this number. */
static unsigned cookie_offset(const struct tap_option *o) {
  if (o->kind == FAST_OPEN) return 2;
  if (o->kind != EXPERIMENT_1 && o->kind != EXPERIMENT_2) return 0;
  return o->size > 4 && tap_be16(o->at + 2) == FAST_OPEN_MAGIC ? 4 : 0;
}

/* An option without a cookie asks for one. */
bool tap_tcpopt_cookie(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o)) {
    unsigned offset = cookie_offset(&o);
    if (offset != 0 && o.size > offset && nth-- == 0)
      return tap_give_bytes(out, TAP_BYTES, o.at + offset, o.size - offset);
  }
  return false;
}

bool tap_tcpopt_sack_count(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct tap_option o;
  return find(p, layer, nth, SACK, &o) && tap_give_number(out, TAP_UINT, (o.size - 2u) / 8);
}

/* The eight bytes of block 'nth', counted over all SACK options. */
static const uint8_t *sack_block(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_find(&c, SACK, 0, &o)) {
    unsigned blocks = (o.size - 2u) / 8;
    if (nth < blocks) return o.at + 2 + 8 * nth;
    nth -= blocks;
  }
  return NULL;
}

bool tap_tcpopt_sack_le(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, sack_block(p, layer, nth), 4);
}

bool tap_tcpopt_sack_re(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *block = sack_block(p, layer, nth);
  return block != NULL && tap_give_load(out, TAP_UINT, block + 4, 4);
}

/* RFC 8684, section 3 */
const struct tap_name tap_tcpopt_multipath_names[] = {
  { 0, "MP_CAPABLE" },  { 1, "MP_JOIN" }, { 2, "DSS" },     { 3, "ADD_ADDR" },
  { 4, "REMOVE_ADDR" }, { 5, "MP_PRIO" }, { 6, "MP_FAIL" }, { 7, "MP_FASTCLOSE" },
  { 8, "MP_TCPRST" },   { 0, NULL },
};

bool tap_tcpopt_multipath(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  struct tap_option o;
  while (tap_option_find(&c, MULTIPATH, 0, &o))
    if (o.size >= 3 && nth-- == 0) return tap_give_number(out, TAP_UINT, o.at[2] >> 4);
  return false;
}
