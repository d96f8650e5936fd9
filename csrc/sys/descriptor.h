/* SPDX-License-Identifier: MIT
 *
 * Descriptors that stay clear of the standard ones.  The system hands out the
 * lowest free number: where a program was started with standard output closed
 * that is 1, and what a script prints would be sent as frames.
 */
#ifndef TAP_SYS_DESCRIPTOR_H
#define TAP_SYS_DESCRIPTOR_H

/* Take over 'fd', just made and close-on-exec, and return it, or a copy above the standard
 * descriptors in its stead.  -1 and errno when there is no room, or when 'fd' is -1 already. */
int tap_descriptor_lift(int fd);

#endif
