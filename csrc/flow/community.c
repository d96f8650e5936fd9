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

static bool is_icmp(const struct tap_flow_key *key) {
  return key->protocol == PROTO_ICMP || key->protocol == PROTO_ICMPV6;
}

/* Type and code of an ICMP message; NULL where they are not there. */
static const uint8_t *message_of(const struct tap_packet *p, const struct tap_layer *transport) {
  return transport != NULL ? tap_header_at(p, transport, 0, 2) : NULL;
}

/* Let an ICMP message of end 'sender' be the ports of the two ends, and order these anew.  What
 * stands alone is ordered as it was sent. */
static void put_message(struct tap_flow_key *key, unsigned sender, const uint8_t message[2]) {
  struct tap_flow_end from = key->end[sender], to = key->end[!sender];
  int answer = answer_of(key->protocol == PROTO_ICMPV6, message[0]);
  bool swap;
  from.port[0] = to.port[0] = 0;
  from.port[1] = message[0];
  to.port[1] = answer >= 0 ? (uint8_t)answer : message[1];
  swap = answer >= 0 && memcmp(&from, &to, sizeof from) > 0;
  key->end[swap] = from;
  key->end[!swap] = to;
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

static bool has_ports(const struct tap_flow_key *key) {
  return tap_flow_key_ported(key) &&
         (key->protocol == PROTO_TCP || key->protocol == PROTO_UDP || key->protocol == PROTO_SCTP);
}

/* 'message' is that of ICMP, sent by end 'sender'; NULL: there is none, or half of one. */
static const char *make(struct tap_flow *f, unsigned sender, const uint8_t *message) {
  struct tap_flow_key key = f->key;
  uint8_t hashed[MESSAGE_MAX], digest[TAP_SHA1_BYTES];
  if (message != NULL) put_message(&key, sender, message);
  tap_sha1(hashed, write_message(hashed, &key, message != NULL || has_ports(&key)), digest);
  memcpy(f->community_id, "1:", 2);
  write_base64(f->community_id + 2, digest);
  return f->community_id;
}

const char *tap_flow_community_id(const struct tap_packet *p) {
  struct tap_flow *f = p->flow;
  struct tap_flow_parts parts = { .transport = NULL };
  if (!is_icmp(&f->key)) return f->community_id[0] != '\0' ? f->community_id : make(f, 0, NULL);
  tap_flow_parts(p, &parts);
  return make(f, parts.from, message_of(p, parts.transport));
}

void tap_flow_note_message(struct tap_flow *f, const struct tap_packet *p,
                           const struct tap_layer *transport) {
  const uint8_t *at = is_icmp(&f->key) ? message_of(p, transport) : NULL;
  f->has_message = at != NULL;
  if (at != NULL) memcpy(f->message, at, sizeof f->message);
}

const char *tap_flow_own_community_id(struct tap_flow *f) {
  return make(f, f->began, f->has_message ? f->message : NULL);
}
