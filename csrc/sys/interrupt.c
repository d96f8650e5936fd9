/* SPDX-License-Identifier: MIT
 *
 * SIGINT and SIGTERM, owned while somebody runs a pass.  The handler only
 * notes the signal and wakes the descriptor; all it calls may be called from
 * a handler (signal-safety(7)).  The state is one per process because signals
 * are; nothing else in the core is.  Handlers are installed with SA_RESTART:
 * a script's half-written output goes on, and what must not sleep through a
 * signal polls the descriptor.
 */
#include "sys/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/descriptor.h"

enum { SIGNALS = 2 };
static const int signals[SIGNALS] = { SIGINT, SIGTERM };

/* Invariant: the handlers are ours and 'fd' is open while owners > 0. */
static struct {
  unsigned owners;
  struct sigaction before[SIGNALS];
  volatile sig_atomic_t caught;
  volatile int fd;
} state = { .fd = -1 };

static void die_of(int number) {
  signal(number, SIG_DFL);
  raise(number); /* blocked in here: it strikes when the handler returns */
}

static void wake(void) {
  const int kept = errno;
  const uint64_t one = 1;
  ssize_t n = write(state.fd, &one, sizeof one); /* a full counter is readable as well */
  (void)n;
  errno = kept;
}

static void on_signal(int number) {
  if (state.caught != 0) {
    die_of(number);
  } else {
    state.caught = number;
    wake();
  }
}

static void install(void) {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_signal;
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  for (size_t i = 0; i < SIGNALS; i++)
    sigaddset(&ours.sa_mask, signals[i]);
  for (size_t i = 0; i < SIGNALS; i++)
    sigaction(signals[i], &ours, &state.before[i]);
}

int tap_interrupt_own(struct tap_err *e) {
  if (state.owners == 0) {
    state.fd = tap_descriptor_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (state.fd < 0) return tap_fail(e, errno, "watch for signals");
    state.caught = 0;
    install();
  }
  state.owners++;
  return 0;
}

void tap_interrupt_disown(void) {
  if (state.owners == 0 || --state.owners > 0) return;
  for (size_t i = 0; i < SIGNALS; i++)
    sigaction(signals[i], &state.before[i], NULL);
  close(state.fd);
  state.fd = -1;
}

int tap_interrupt_caught(void) {
  return state.caught;
}

int tap_interrupt_fd(void) {
  return state.fd;
}
