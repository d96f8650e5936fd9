/* SPDX-License-Identifier: MIT
 *
 * How the core says that the world refused: a step that completes the words
 * "cannot ...", and the system's error number, 0 where the system is not to
 * blame.  The binding puts the subject before it: "eth0: cannot bind: No such
 * device".
 */
#ifndef TAP_BASE_ERR_H
#define TAP_BASE_ERR_H

struct tap_err {
  int sys; /* errno, or 0 */
  char
      what[1020]; /* "bind", "read record 12: captured length 70000 is over 65535"; room for what is
                      wrong with a filter, with its mark */
};

/* Fill 'e' and return -1, so that a caller can say: return tap_fail(e, errno, "bind"). */
__attribute__((format(printf, 3, 4))) int tap_fail(struct tap_err *e, int sys, const char *what,
                                                   ...);

#endif
