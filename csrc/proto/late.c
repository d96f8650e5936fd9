/* SPDX-License-Identifier: MIT
 *
 * Two lists that grow by one.  A walk reads them while nobody changes them:
 * whoever is asked or shown a packet must not add to them.
 */
#include "proto/late.h"

#include <stdlib.h>

int tap_late_guess(struct tap_late *l, const struct tap_guess *guess, struct tap_err *e) {
  struct tap_guess *guesses = realloc(l->guesses, (l->guess_count + 1) * sizeof *guesses);
  if (guesses == NULL) return tap_fail(e, 0, "keep a guess: out of memory");
  guesses[l->guess_count++] = *guess;
  l->guesses = guesses;
  return 0;
}

int tap_late_watch(struct tap_late *l, const struct tap_watch *watch, struct tap_err *e) {
  struct tap_watch *watches = realloc(l->watches, (l->watch_count + 1) * sizeof *watches);
  if (watches == NULL) return tap_fail(e, 0, "keep a watch: out of memory");
  watches[l->watch_count++] = *watch;
  l->watches = watches;
  return 0;
}

void tap_late_forget(struct tap_late *l, unsigned protocol) {
  unsigned guesses = 0, watches = 0;
  for (unsigned i = 0; i < l->guess_count; i++)
    if (l->guesses[i].protocol != protocol) l->guesses[guesses++] = l->guesses[i];
  for (unsigned i = 0; i < l->watch_count; i++)
    if (l->watches[i].protocol != protocol) l->watches[watches++] = l->watches[i];
  l->guess_count = guesses;
  l->watch_count = watches;
}

void tap_late_free(struct tap_late *l) {
  free(l->guesses);
  free(l->watches);
}
