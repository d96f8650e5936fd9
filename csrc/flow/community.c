/* SPDX-License-Identifier: MIT
 *
 * Community ID, version 1 (github.com/corelight/community-id-spec): the same
 * text for the same conversation in every tool.  It hashes the two ends in
 * their order, the protocol and, where it has them, the ports.  ICMP's messages
 * stand in for ports by their types, so that the text of an ICMP packet is that
 * of its message and not of all that its flow holds.
 */
#include <string.h>

#include "flow/flow.h"
#include "flow/sha1.h"
#include "proto/builtin.h"
#include "proto/read.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132 };
enum { SEED = 2, FAMILY_4 = 4, MESSAGE_MAX = SEED + 2 * 16 + 2 + 4 };

_Static_assert(MESSAGE_MAX <= TAP_SHA1_SHORT, "one block takes it");

/* Types of ICMP and of ICMPv6 that answer each other. */
static const uint8_t icmp_pairs[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 10, 9 }, { 17, 18 } };
static const uint8_t icmpv6_pairs[][2] = { { 128, 129 }, { 130, 131 }, { 133, 134 },
                                           { 135, 136 }, { 139, 140 }, { 144, 145 } };

/* The type that answers 'type', or that it answers; -1: it stands alone. */
static int counterpart(const uint8_t (*pairs)[2], size_t count, uint8_t type) {
  for (size_t i = 0; i < count; i++) {
    if (pairs[i][0] == type) return pairs[i][1];
    if (pairs[i][1] == type) return pairs[i][0];
  }
  return -1;
}

static int answer_of(bool is_v6, uint8_t type) {
  if (is_v6) return counterpart(icmpv6_pairs, sizeof icmpv6_pairs / 2, type);
  return counterpart(icmp_pairs, sizeof icmp_pairs / 2, type);
}

/* Let an ICMP message be the ports of the two ends, and order these anew.  What stands alone is
 * ordered as it was sent.  False where the message is not there. */
static bool put_message(const struct tap_packet *p, struct tap_flow_parts *parts) {
  struct tap_flow_end from = parts->key.end[parts->from], to = parts->key.end[!parts->from];
  const uint8_t *at = parts->transport ? tap_header_at(p, parts->transport, 0, 2) : NULL;
  bool swap;
  int answer;
  if (at == NULL) return false;
  answer = answer_of(parts->key.protocol == PROTO_ICMPV6, at[0]);
  from.port[0] = to.port[0] = 0;
  from.port[1] = at[0];
  to.port[1] = answer >= 0 ? (uint8_t)answer : at[1];
  swap = answer >= 0 && memcmp(&from, &to, sizeof from) > 0;
  parts->key.end[swap] = from;
  parts->key.end[!swap] = to;
  return true;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size) {
  memcpy(at, bytes, size);
  return at + size;
}

static size_t write_message(uint8_t *message, const struct tap_flow_key *key, bool has_ports) {
  size_t size = key->family == FAMILY_4 ? 4 : 16;
  uint8_t *at = message + SEED;
  memset(message, 0, SEED);
  at = put(at, key->end[0].address, size);
  at = put(at, key->end[1].address, size);
  *at++ = key->protocol;
  *at++ = 0;
  if (has_ports) at = put(put(at, key->end[0].port, 2), key->end[1].port, 2);
  return (size_t)(at - message);
}

/* RFC 4648: 20 bytes are 27 letters and one mark of what is missing. */
static void write_base64(char *out, const uint8_t digest[TAP_SHA1_BYTES]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < TAP_SHA1_BYTES; i += 3) {
    uint32_t third = i + 2 < TAP_SHA1_BYTES ? digest[i + 2] : 0;
    uint32_t bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | third;
    for (unsigned shift = 24; shift > 0; shift -= 6)
      *out++ = letters[bits >> (shift - 6) & 63];
  }
  out[-1] = '=';
  *out = '\0';
}

const char *tap_flow_community_id(const struct tap_packet *p) {
  struct tap_flow *f = p->flow;
  struct tap_flow_parts parts;
  uint8_t message[MESSAGE_MAX], digest[TAP_SHA1_BYTES];
  unsigned protocol = f->key.protocol;
  bool is_icmp = protocol == PROTO_ICMP || protocol == PROTO_ICMPV6;
  bool has_ports = protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == PROTO_SCTP;
  if (f->community_id[0] != '\0' && !is_icmp) return f->community_id;
  if (!tap_flow_parts(p, &parts) || (is_icmp && !put_message(p, &parts))) return NULL;
  tap_sha1(message, write_message(message, &parts.key, has_ports || is_icmp), digest);
  memcpy(f->community_id, "1:", 2);
  write_base64(f->community_id + 2, digest);
  return f->community_id;
}
