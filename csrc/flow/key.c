/* SPDX-License-Identifier: MIT
 *
 * Only headers of one IP packet make a key: what a tunnel carries is the
 * tunnel's payload, so its ports are not mixed with the outer addresses.
 */
#include "flow/key.h"

#include <endian.h>

#include "proto/builtin.h"
#include "proto/read.h"

enum { IP_PROTOCOL = 9, IPV6_NEXT = 6, EXTENSION_NEXT = 0 };
enum { ICMP_REPLY = 0, ICMP_REQUEST = 8, ICMPV6_REQUEST = 128, ICMPV6_REPLY = 129 };

/* The last of the IP packet's own headers: the network layer or its last extension. */
static unsigned last_header(const struct tap_packet *p) {
  unsigned i = p->network;
  while (i + 1u < p->count && tap_is_ipv6_extension(p->layer[i + 1].protocol))
    i++;
  return i;
}

static unsigned next_offset(unsigned protocol) {
  switch (protocol) {
  case TAP_PROTO_IP: return IP_PROTOCOL;
  case TAP_PROTO_IPV6: return IPV6_NEXT;
  default: return EXTENSION_NEXT;
  }
}

/* ICMP's queries and their answers carry an identifier, behind type, code and checksum. */
static const uint8_t *echo_identifier(const struct tap_packet *p, const struct tap_layer *layer) {
  const uint8_t *at = tap_header_at(p, layer, 0, 8);
  bool is_echo;
  if (at == NULL) return NULL;
  is_echo = layer->protocol == TAP_PROTO_ICMP
                ? at[0] == ICMP_REPLY || at[0] == ICMP_REQUEST
                : layer->protocol == TAP_PROTO_ICMPV6 &&
                      (at[0] == ICMPV6_REQUEST || at[0] == ICMPV6_REPLY);
  return is_echo ? at + 4 : NULL;
}

static void take_ports(const struct tap_packet *p, unsigned index, struct tap_flow_end *from,
                       struct tap_flow_end *to, struct tap_flow_parts *out) {
  const struct tap_layer *layer = &p->layer[index];
  const uint8_t *at, *dst;
  out->transport = layer;
  if (index == p->transport) {
    const struct tap_ends *ports = &tap_builtin_protocols[layer->protocol]->ports;
    at = tap_header_at(p, layer, ports->src, 2);
    dst = tap_header_at(p, layer, ports->dst, 2);
    if (at == NULL || dst == NULL) return;
    memcpy(from->port, at, 2);
    memcpy(to->port, dst, 2);
  } else if ((at = echo_identifier(p, layer)) != NULL) {
    memcpy(from->port, at, 2);
    memcpy(to->port, at, 2);
  }
}

/* The sizes are constants here, which spares calls. */
static inline void put_address(struct tap_flow_end *end, const uint8_t *address, unsigned bytes) {
  if (bytes == 4)
    memcpy(end->address, address, 4);
  else
    memcpy(end->address, address, sizeof end->address);
}

static inline uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return be64toh(word);
}

static inline bool is_greater(const struct tap_flow_end *a, const struct tap_flow_end *b) {
  for (unsigned i = 0; i < sizeof a->address; i += 8)
    if (word_at(a->address + i) != word_at(b->address + i))
      return word_at(a->address + i) > word_at(b->address + i);
  return tap_be16(a->port) > tap_be16(b->port);
}

bool tap_flow_parts(const struct tap_packet *p, struct tap_flow_parts *out) {
  struct tap_flow_end from = { .port = { 0 } }, to = { .port = { 0 } };
  const struct tap_layer *network;
  const struct tap_ends *ends;
  const uint8_t *src, *dst, *next;
  unsigned last;
  *out = (struct tap_flow_parts){ .transport = NULL };
  if (p->network == TAP_NO_LAYER) return false;
  network = &p->layer[p->network];
  if (network->protocol >= TAP_PROTO_BUILTINS) return false;
  ends = &tap_builtin_protocols[network->protocol]->addresses;
  src = tap_header_at(p, network, ends->src, ends->bytes);
  dst = tap_header_at(p, network, ends->dst, ends->bytes);
  last = last_header(p);
  next = tap_header_at(p, &p->layer[last], next_offset(p->layer[last].protocol), 1);
  if (src == NULL || dst == NULL || next == NULL) return false;
  put_address(&from, src, ends->bytes);
  put_address(&to, dst, ends->bytes);
  if (last + 1 < p->count) take_ports(p, last + 1, &from, &to, out);
  out->from = is_greater(&from, &to);
  out->key.end[out->from] = from;
  out->key.end[!out->from] = to;
  out->key.protocol = *next;
  out->key.family = ends->bytes == 4 ? 4 : 6;
  return true;
}
