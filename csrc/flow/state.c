/* SPDX-License-Identifier: MIT
 *
 * How a conversation stands.  TCP says so itself (RFC 9293); all else is new
 * until the other side answers.
 */
#include "flow/flow.h"

#include "proto/builtin.h"
#include "proto/read.h"

enum { TCP_SEQUENCE = 4, TCP_FLAGS = 13, FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* The flags of a TCP header; 0 where there is none. */
static unsigned tcp_flags(const struct tap_packet *p, const struct tap_layer *transport) {
  const uint8_t *at = NULL;
  if (transport != NULL && transport->protocol == TAP_PROTO_TCP)
    at = tap_header_at(p, transport, TCP_FLAGS, 1);
  return at != NULL ? *at : 0;
}

static uint32_t tcp_sequence(const struct tap_packet *p, const struct tap_layer *transport) {
  return tap_be32(tap_header_at(p, transport, TCP_SEQUENCE, 4));
}

bool tap_flow_answers(const struct tap_packet *p, const struct tap_layer *transport) {
  return (tcp_flags(p, transport) & (SYN | ACK)) == (SYN | ACK);
}

/* A SYN that is sent again has the old sequence number. */
bool tap_flow_restarts(const struct tap_flow *f, const struct tap_packet *p,
                       const struct tap_layer *transport) {
  if (f->state == TAP_FLOW_NEW) return false;
  if ((tcp_flags(p, transport) & (SYN | ACK | RST)) != SYN) return false;
  return !f->has_sequence || tcp_sequence(p, transport) != f->sequence;
}

static enum tap_flow_state next_state(const struct tap_flow *f, unsigned flags) {
  if (f->state == TAP_FLOW_RESET || flags & RST) return TAP_FLOW_RESET;
  if (f->finished == 3) return TAP_FLOW_CLOSED;
  if (f->finished != 0) return TAP_FLOW_CLOSING;
  if (f->packets[0] > 0 && f->packets[1] > 0 && !(flags & SYN)) return TAP_FLOW_ESTABLISHED;
  return (enum tap_flow_state)f->state;
}

void tap_flow_advance(struct tap_flow *f, const struct tap_packet *p,
                      const struct tap_layer *transport, unsigned way) {
  unsigned flags = tcp_flags(p, transport);
  f->packets[way]++;
  f->bytes[way] += tap_frame_wire_len(p->frame);
  if (p->frame->ts_ns > f->last_ns) f->last_ns = p->frame->ts_ns;
  if ((flags & (SYN | ACK)) == SYN && !f->has_sequence) {
    f->sequence = tcp_sequence(p, transport);
    f->has_sequence = true;
  }
  if (flags & FIN) f->finished |= (uint8_t)(1u << way);
  f->state = (uint8_t)next_state(f, flags);
}
