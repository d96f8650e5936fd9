/* SPDX-License-Identifier: MIT
 *
 * Starting and reaping helper programs.  Each gets a process group of its own,
 * so that a Ctrl-C meant for us does not end it before its work is done, and
 * usual signals.  It is killed by its number alone, which stays its own until
 * it is reaped here; where the program around us reaps all its children, how
 * it ended cannot be known, and counts as well.
 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/descriptor.h"

extern char **environ;

int tap_child_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  ends[0] = tap_descriptor_lift(ends[0]);
  ends[1] = tap_descriptor_lift(ends[1]);
  if (ends[0] >= 0 && ends[1] >= 0) return 0;
  const int sys = errno;
  if (ends[0] >= 0) close(ends[0]);
  if (ends[1] >= 0) close(ends[1]);
  errno = sys;
  return -1;
}

static void set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(attributes);
  posix_spawnattr_setflags(attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &all);
}

/* Descriptors that become the first ones of the program. */
struct ends {
  int in, out;
  int third; /* -1: none */
};

/* 0, or an error's number. */
static int spawn(struct tap_child *c, const char *const *words, struct ends ends, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int sys;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  if (ends.third >= 0) posix_spawn_file_actions_adddup2(&actions, ends.third, STDERR_FILENO + 1);
  set_attributes(&attributes);
  sys = posix_spawnp(&c->pid, words[0], &actions, &attributes, (char *const *)(uintptr_t)words,
                     environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (sys != 0) c->pid = 0;
  return sys;
}

static int start(struct tap_child *c, const char *const *words, struct ends ends,
                 struct tap_err *e) {
  int errors[2], sys;
  *c = (struct tap_child){ .name = words[0], .errors = -1 };
  if (tap_child_pipe(errors) != 0) return tap_fail(e, errno, "run %s", words[0]);
  sys = spawn(c, words, ends, errors[1]);
  close(errors[1]);
  if (sys != 0) {
    close(errors[0]);
    return tap_fail(e, sys, "run %s", words[0]);
  }
  fcntl(errors[0], F_SETFL, O_NONBLOCK);
  c->errors = errors[0];
  return 0;
}

int tap_child_start(struct tap_child *c, const char *const *words, int in, int out,
                    struct tap_err *e) {
  return start(c, words, (struct ends){ in, out, -1 }, e);
}

int tap_child_feed(struct tap_child *c, const uint8_t *head, size_t n, int in, int out,
                   struct tap_err *e) {
  static const char *const words[] = { "cat", "/dev/fd/3", "-", NULL };
  int ends[2], result;
  if (tap_child_pipe(ends) != 0) return tap_fail(e, errno, "make a pipe");
  const ssize_t did = write(ends[1], head, n);
  close(ends[1]);
  if (did == (ssize_t)n)
    result = start(c, words, (struct ends){ in, out, ends[0] }, e);
  else
    result = tap_fail(e, errno, "fill a pipe");
  close(ends[0]);
  return result;
}

/* --- ends --- */

/* Its number is forgotten first: it may be another's as soon as it is reaped. */
static int reap(struct tap_child *c) {
  const pid_t pid = c->pid;
  int status = 0;
  c->pid = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 0;
  return status;
}

static void forget(struct tap_child *c) {
  if (c->errors >= 0) close(c->errors);
  *c = (struct tap_child){ .errors = -1 };
}

/* The first line with something in it that the program said. */
static const char *first_line(const struct tap_child *c, char *buffer, size_t size) {
  const ssize_t n = c->errors < 0 ? 0 : read(c->errors, buffer, size - 1);
  buffer[n > 0 ? n : 0] = '\0';
  buffer += strspn(buffer, "\n\r ");
  buffer[strcspn(buffer, "\n\r")] = '\0';
  for (char *end = buffer + strlen(buffer); end > buffer && end[-1] == ' ';)
    *--end = '\0';
  return buffer;
}

/* gzip's 2 is a warning: what it unpacked is whole. */
static bool ended_well(const struct tap_child *c, int status) {
  if (!WIFEXITED(status)) return false;
  return WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) == 2 && strcmp(c->name, "gzip") == 0);
}

int tap_child_finish(struct tap_child *c, const char *step, struct tap_err *e) {
  char buffer[160];
  const char *said;
  int status = reap(c), result = 0;
  if (!ended_well(c, status)) {
    said = first_line(c, buffer, sizeof buffer);
    if (strncmp(said, c->name, strlen(c->name)) == 0)
      result = tap_fail(e, 0, "%s: %s", step, said);
    else if (*said != '\0')
      result = tap_fail(e, 0, "%s: %s: %s", step, c->name, said);
    else if (WIFSIGNALED(status))
      result = tap_fail(e, 0, "%s: %s was killed by signal %d", step, c->name, WTERMSIG(status));
    else
      result = tap_fail(e, 0, "%s: %s failed with status %d", step, c->name, WEXITSTATUS(status));
  }
  forget(c);
  return result;
}

void tap_child_kill(struct tap_child *c) {
  if (c->pid <= 0) return;
  kill(c->pid, SIGKILL);
  reap(c);
  forget(c);
}

int tap_child_leave(const char *const *words, struct tap_err *e) {
  struct tap_child c = { .errors = -1 };
  const struct ends ends = { STDERR_FILENO, STDERR_FILENO, -1 };
  const int sys = spawn(&c, words, ends, STDERR_FILENO);
  if (sys != 0) return tap_fail(e, sys, "run %s", words[0]);
  reap(&c);
  return 0;
}
