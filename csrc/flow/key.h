/* SPDX-License-Identifier: MIT
 *
 * Which conversation a packet belongs to: the two ends of its outermost
 * network layer, in an order that does not depend on who sends, the protocol
 * above and its ports.  What has no ports (a later fragment, half a header,
 * OSPF) has ports 0;
 * ICMP's echoes have their identifier at both ends, so that each ping is a
 * conversation.
 */
#ifndef TAP_FLOW_KEY_H
#define TAP_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/packet.h"

/* One end. An IPv4 address is the first four bytes, the others are 0. */
struct tap_flow_end {
  uint8_t address[16];
  uint8_t port[2]; /* big-endian */
};

struct tap_flow_key {
  struct tap_flow_end end[2]; /* the smaller one first, by its bytes */
  uint8_t protocol;           /* the number in the IP header, that of the last extension header */
  uint8_t family;             /* 4 or 6 */
  uint8_t zero[2];
};

enum { TAP_FLOW_KEY_WORDS = 5 };
_Static_assert(sizeof(struct tap_flow_key) == TAP_FLOW_KEY_WORDS * 8, "a key is whole words");

/* The transport layer of a conversation's packet: NULL where there is none, or none that is whole. */
struct tap_flow_parts {
  struct tap_flow_key key;
  const struct tap_layer *transport;
  unsigned from; /* which end sent it */
};

/* False where the packet has no network layer with addresses. */
bool tap_flow_parts(const struct tap_packet *p, struct tap_flow_parts *out);

/* Are there ports, or what stands for them? */
static inline bool tap_flow_key_ported(const struct tap_flow_key *key) {
  return (key->end[0].port[0] | key->end[0].port[1] | key->end[1].port[0] | key->end[1].port[1]) !=
         0;
}

/* A hash of the key that strangers cannot foresee while they don't know the seed. */
static inline uint32_t tap_flow_hash(const struct tap_flow_key *key, uint64_t seed) {
  uint64_t word[TAP_FLOW_KEY_WORDS], h = seed;
  memcpy(word, key, sizeof word);
  for (unsigned i = 0; i < TAP_FLOW_KEY_WORDS; i++) {
    h = (h ^ word[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  return (uint32_t)(h * 0xbf58476d1ce4e5b9u >> 32);
}

#endif
