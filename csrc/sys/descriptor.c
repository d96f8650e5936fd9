/* SPDX-License-Identifier: MIT
 *
 * Moves a new descriptor out of the way of standard input, output and error.
 * Invariant: what it returns is not one of those, and the number that it was
 * given is closed again where it was.
 */
#include "sys/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int tap_descriptor_lift(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int sys = errno; /* of fcntl, whatever close does to it */
  close(fd);
  errno = sys;
  return lifted;
}
