/* SPDX-License-Identifier: MIT
 *
 * What the walk over headers needs of the registry, laid out to be read per
 * packet: parsers by protocol number, and one array per table that leads from
 * a key to the number of the protocol bound to it.
 */
#ifndef TAP_PROTO_WALK_H
#define TAP_PROTO_WALK_H

#include <limits.h>
#include <stdbool.h>

#include "proto/late.h"
#include "proto/protocol.h"

enum { TAP_NO_PROTOCOL = 0xffff };

enum tap_role {
  TAP_ROLE_NONE,
  TAP_ROLE_NETWORK,  /* has addresses: src and dst come from it */
  TAP_ROLE_TRANSPORT /* has ports */
};

struct tap_walker {
  enum tap_verdict (*parse)(struct tap_cursor *c, struct tap_step *out);
  const struct tap_layout *layout; /* of a declared protocol */
  uint8_t level;                   /* enum tap_level */
  uint8_t role;                    /* enum tap_role */
  struct tap_ends ends;            /* of a layer with a role: its addresses or its ports */
};

enum { TAP_KEYS = 65536 }; /* of a table: keys are 16 bits wide */

struct tap_walk {
  const struct tap_walker *walkers;
  const struct tap_protocol *const *protocols;
  struct tap_late late;
  bool is_usual;      /* see usual.h */
  uint8_t over_ports; /* enum tap_level: the first at which a port leads on */
  unsigned table_count;
  const uint16_t *bound[TAP_TABLES_MAX]; /* 1 + number of the protocol, 0: none */
};

/* What follows where nothing does: a number that no protocol has. */
#define TAP_NONE_NEXT UINT_MAX

static inline unsigned tap_walk_bound(const struct tap_walk *w, unsigned table, uint16_t key) {
  return w->bound[table][key] - 1u; /* 0 becomes TAP_NONE_NEXT */
}

/* The protocol that a parser's step leads to, or TAP_NONE_NEXT. */
static inline unsigned tap_walk_next(const struct tap_walk *w, const struct tap_step *step) {
  unsigned protocol = tap_walk_bound(w, step->table, step->key);
  if (protocol == TAP_NONE_NEXT && step->or_key != 0)
    protocol = tap_walk_bound(w, step->table, step->or_key);
  return protocol;
}

#endif
