/* SPDX-License-Identifier: MIT
 *
 * A flow: one conversation, both directions of it, and what its packets so far
 * amount to.  Direction 0 is that of who began: the sender of the first packet,
 * unless that is the second half of a TCP handshake.  Counts are up to and with
 * the packet at hand.
 */
#ifndef TAP_FLOW_FLOW_H
#define TAP_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/key.h"
#include "proto/field.h"

enum tap_flow_state {
  TAP_FLOW_NEW = 1,     /* one side alone was heard, or TCP still shakes hands */
  TAP_FLOW_ESTABLISHED, /* both sides talk */
  TAP_FLOW_CLOSING,     /* TCP: one side is done */
  TAP_FLOW_CLOSED,      /* TCP: both are */
  TAP_FLOW_RESET,       /* TCP: one side broke it off */
};

enum { TAP_COMMUNITY_ID = 31 }; /* bytes of its text, the end included */

struct tap_flow {
  struct tap_flow_key key;
  uint64_t packets[2], bytes[2]; /* by direction */
  int64_t first_ns, last_ns;     /* capture time of its first packet and of its latest */
  uint32_t id;                   /* from 1 on; used again only after this flow has ended */
  uint32_t hash;
  uint32_t newer, older; /* neighbours by latest packet, as places in the table */
  uint32_t sequence;     /* of TCP's first SYN */
  uint8_t began;         /* which end of the key did */
  uint8_t state;         /* enum tap_flow_state */
  uint8_t reason;        /* enum tap_flow_reason, once it has ended */
  uint8_t finished;      /* a bit per direction: TCP's FIN was seen */
  bool has_sequence, has_message;
  uint8_t message[2];                  /* type and code of the first packet, of ICMP */
  char community_id[TAP_COMMUNITY_ID]; /* as last asked for; "": never */
};

/* state.c: let the flow take a packet of direction 'way', whose transport layer is 'transport' or
 * NULL. */
void tap_flow_advance(struct tap_flow *f, const struct tap_packet *p,
                      const struct tap_layer *transport, unsigned way);

/* state.c: does the packet begin a new TCP connection between ends whose last one is over? */
bool tap_flow_restarts(const struct tap_flow *f, const struct tap_packet *p,
                       const struct tap_layer *transport);

/* state.c: does the second half of a handshake, so that its receiver began? */
bool tap_flow_answers(const struct tap_packet *p, const struct tap_layer *transport);

/* community.c: Community ID version 1, seed 0, of a packet that has a flow, as text that stays until
 * the next packet. */
const char *tap_flow_community_id(const struct tap_packet *p);

/* The same of a flow, which is that of its first packet. */
const char *tap_flow_own_community_id(struct tap_flow *f);

/* community.c: keep what the flow's own Community ID needs of its first packet. */
void tap_flow_note_message(struct tap_flow *f, const struct tap_packet *p,
                           const struct tap_layer *transport);

/* Nanoseconds from the first packet to the latest. */
static inline uint64_t tap_flow_duration(const struct tap_flow *f) {
  return (uint64_t)f->last_ns - (uint64_t)f->first_ns;
}

/* field.c: names of the states, in their order. */
extern const struct tap_name tap_flow_states[];

/* field.c: flow.id, flow.dir, ...; they read the flow that the packet was given. */
extern const struct tap_field tap_flow_fields[];

#endif
