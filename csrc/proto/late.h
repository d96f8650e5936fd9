/* SPDX-License-Identifier: MIT
 *
 * What comes when the walk over a packet is over, where a script wants it:
 * guesses, what a payload is that nobody is bound to, and then those who watch
 * a protocol's packets.
 */
#ifndef TAP_PROTO_LATE_H
#define TAP_PROTO_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/packet.h"

/* Somebody who knows whether the payload behind the last layer of a packet, one of 'parent', is of
 * 'protocol'. */
struct tap_guess {
  uint16_t parent, protocol;
  bool (*is_it)(void *owner, int number, const struct tap_packet *p);
  void *owner;
  int number;
};

/* Somebody who is shown each packet that has a layer of 'protocol', when all of it is decoded. */
struct tap_watch {
  uint16_t protocol;
  void (*see)(void *owner, const struct tap_packet *p);
  void *owner;
};

struct tap_late {
  struct tap_guess *guesses; /* asked in this order */
  struct tap_watch *watches;
  unsigned guess_count, watch_count;
};

/* 0, or -1 when memory is out. */
int tap_late_guess(struct tap_late *l, const struct tap_guess *guess, struct tap_err *e);
int tap_late_watch(struct tap_late *l, const struct tap_watch *watch, struct tap_err *e);

/* Forget those that a protocol has. */
void tap_late_forget(struct tap_late *l, unsigned protocol);
void tap_late_free(struct tap_late *l);

#endif
