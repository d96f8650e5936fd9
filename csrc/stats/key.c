/* SPDX-License-Identifier: MIT
 *
 * What is not hot of keys: bytes and text, which may have to be cut, and
 * reading parts back.  Keys come from tap_key_put alone, so that nothing of
 * them is checked when they are read.
 */
#include "stats/key.h"

uint8_t *tap_key_put_bytes(struct tap_key *key, uint8_t *at, const struct tap_value *v,
                           unsigned later) {
  size_t used = (size_t)(at - (uint8_t *)key->words);
  size_t room = TAP_KEY_BYTES_MAX - used - 2 - (size_t)later * TAP_KEY_PART;
  size_t size = v->size < room ? v->size : room;
  at[0] = v->type;
  at[1] = (uint8_t)size;
  if (size > 0) memcpy(at + 2, v->bytes, size);
  return at + 2 + size;
}

static uint64_t number_of(const uint8_t *p, size_t bytes) {
  uint64_t low_first = 0;
  memcpy(&low_first, p, bytes);
  return le64toh(low_first);
}

bool tap_key_part(const uint8_t **at, struct tap_value *out) {
  const uint8_t *p = *at;
  size_t head = 1, size = *p >> 4; /* of a number; others have 0 there */
  out->type = *p & 0x0f;
  out->number = 0;
  out->bytes = NULL;
  out->size = 0;
  switch (*p) {
  case TAP_KEY_ABSENT: break;
  case TAP_IPV4: size = 4; break;
  case TAP_IPV6: size = 16; break;
  case TAP_MAC: size = 6; break;
  case TAP_EUI64: size = 8; break;
  case TAP_BYTES:
  case TAP_STRING:
    head = 2;
    size = p[1];
    break;
  default: out->number = number_of(p + 1, size); /* of a float, too */
  }
  if (!tap_type_is_number(out->type)) {
    out->bytes = p + head;
    out->size = (uint32_t)size;
  }
  *at = p + head + size;
  return *p != TAP_KEY_ABSENT;
}
