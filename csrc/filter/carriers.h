/* SPDX-License-Identifier: MIT
 *
 * Which protocols may carry others, found in the registry: so that what the
 * kernel is asked about a protocol at its usual place lets every packet through
 * that may have it at another one.
 */
#ifndef TAP_FILTER_CARRIERS_H
#define TAP_FILTER_CARRIERS_H

#include "filter/lower.h"

/* A key that leads to a protocol. */
struct tap_bound {
  uint16_t protocol, key;
  uint8_t table; /* enum tap_table, or a declared protocol's own */
};

enum {
  CARRIER_TARGET = 1, /* it is what is looked for ... */
  CARRIER_LEADS = 2   /* ... or such a one may follow behind it */
};

struct tap_carriers {
  const struct tap_bound *bound;
  size_t bound_count;
  uint8_t *mark; /* of each protocol: CARRIER_ bits */
};

/* Find the keys; no protocol is marked yet.  False when memory is out. */
bool tap_carriers_init(struct tap_carriers *c, struct tap_lowering *l);

/* Mark whatever may lead to a target. */
void tap_carriers_spread(struct tap_carriers *c, const struct tap_registry *r);

/* Is one that is marked guessed behind a parent, whatever its keys? */
bool tap_carriers_guessed(const struct tap_carriers *c, const struct tap_registry *r);

#endif
