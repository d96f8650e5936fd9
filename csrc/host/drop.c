/* SPDX-License-Identifier: MIT
 *
 * Who the process is and what it may do.  Invariant: after host_drop() it can
 * do no more than its user can, but open packet sockets; a program that it
 * starts not even that; and there is no way back.  In a user namespace that
 * knows no other user, capabilities(7) alone go.
 */
#include "host/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 }; /* where the system has no such name */

/* Whom root becomes. */
struct target {
  uid_t uid;
  gid_t gid;
  const char *name; /* NULL: only the number is known */
  bool asked;       /* by option: nobody else will do */
  bool may_set_groups;
};

/* Capabilities used here have numbers below 32: the first word of two holds them. */
static int capabilities_get(uint32_t *effective, uint32_t *permitted) {
  struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data) != 0) return -1;
  *effective = data[0].effective;
  *permitted = data[0].permitted;
  return 0;
}

/* Have 'keep' and no other one.  With the inheritable ones the ambient ones go as well. */
static int capabilities_set(uint32_t keep) {
  struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2] = { { .effective = keep, .permitted = keep } };
  return (int)syscall(SYS_capset, &head, data);
}

/* No program started from here gains a capability, not even one run by user 0. */
static int drop_bounding(void) {
  for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0L, 0L, 0L) >= 0; c++)
    if (prctl(PR_CAPBSET_DROP, c, 0L, 0L, 0L) != 0) return -1;
  return 0;
}

/* A user or group number from the environment.  0 would keep the power that is to go, and the
 * largest one means "leave as it is" to the kernel. */
static bool read_number(const char *variable, uint32_t *out) {
  const char *text = getenv(variable);
  char *end;
  if (text == NULL || *text < '0' || *text > '9') return false;
  unsigned long n = strtoul(text, &end, 10);
  if (*end != '\0' || n == 0 || n >= UINT32_MAX) return false;
  *out = (uint32_t)n;
  return true;
}

static int find_target(struct target *t, const char *user, struct tap_err *e) {
  bool sudo = user == NULL && read_number("SUDO_UID", &t->uid);
  const struct passwd *p = sudo ? getpwuid(t->uid) : getpwnam(user != NULL ? user : "nobody");
  if (p == NULL && user != NULL) return tap_fail(e, 0, "become %s: no such user", user);
  if (p != NULL)
    *t = (struct target){ p->pw_uid, p->pw_gid, p->pw_name, t->asked, t->may_set_groups };
  if (sudo) read_number("SUDO_GID", &t->gid);
  return 0;
}

/* A user namespace that its user made forbids to change supplementary groups: nothing else says
 * EPERM to one who has CAP_SETGID. */
static int set_groups(const struct target *t) {
  int failed = t->name != NULL ? initgroups(t->name, t->gid) : -1;
  if (t->name == NULL || (failed != 0 && errno == EINVAL)) /* a group the namespace lacks */
    failed = setgroups(1, &t->gid);
  return failed != 0 && !(errno == EPERM && t->may_set_groups) ? -1 : 0;
}

/* Become another user, with the permitted capabilities kept until they are chosen. */
static int become(const struct target *t, struct tap_err *e) {
  if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0) return tap_fail(e, errno, "keep capabilities");
  if (setresgid(t->gid, t->gid, t->gid) == 0 && set_groups(t) == 0 &&
      setresuid(t->uid, t->uid, t->uid) == 0)
    return 0;
  if (errno == EINVAL && !t->asked) return 0; /* the namespace does not know this user */
  return tap_fail(e, errno, "become %s (--keep-privileges does not try)",
                  t->name != NULL ? t->name : "the user who called sudo");
}

static bool is_root(void) {
  return getuid() == 0 || geteuid() == 0;
}

int host_drop(const char *user, bool sealed, struct tap_err *e) {
  uint32_t effective, permitted;
  if (capabilities_get(&effective, &permitted) != 0) return tap_fail(e, errno, "read capabilities");
  struct target target = { .uid = NOBODY,
                           .gid = NOBODY,
                           .asked = user != NULL,
                           .may_set_groups = effective & 1u << CAP_SETGID };
  if (user != NULL && !is_root()) return tap_fail(e, EPERM, "become %s", user);
  /* Without CAP_SETPCAP the bounding set must stay; no_new_privs makes it powerless. */
  if (effective & 1u << CAP_SETPCAP && drop_bounding() != 0)
    return tap_fail(e, errno, "drop the bounding set of capabilities");
  if (is_root() && (find_target(&target, user, e) != 0 || become(&target, e) != 0)) return -1;
  if (capabilities_set(sealed ? 0 : permitted & 1u << CAP_NET_RAW) != 0)
    return tap_fail(e, errno, "give capabilities away");
  if (prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L) != 0 ||
      prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
    return tap_fail(e, errno, "set no_new_privs");
  return 0;
}
