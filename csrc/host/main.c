/* SPDX-License-Identifier: MIT
 *
 * The host binary.  This file is the order of a run: read the host's own
 * options, read and open what they name, give power away, and only then let
 * Lua in.  A source that cannot be opened ends nothing here: the script hears
 * of it when it asks for its capture, as it would under plain lua5.4.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/drop.h"
#include "host/options.h"
#include "host/script.h"
#include "sys/afpacket.h"
#include "sys/iface.h"
#include "sys/merge.h"
#include "sys/offline.h"

enum { EXIT_USAGE = 2, BLOCK = 256 << 10, LATENCY_MS = 10 };

static void open_interface(struct host_run *run, const struct host_options *o,
                           char buffer[TAP_IFACE_NAME]) {
  const char *given = o->given['i'];
  struct tap_live live = { .interface = given != NULL ? tap_iface_name(given, buffer) : buffer,
                           .promisc = o->given['p'] == NULL,
                           .snaplen = (uint32_t)o->snaplen,
                           .buffer = (size_t)o->buffer,
                           .block = BLOCK,
                           .latency_ms = LATENCY_MS };
  bool chosen = given != NULL || tap_iface_first(buffer, &run->refusal) == 0;
  run->subject = chosen ? live.interface : "network";
  if (chosen) run->source = tap_afpacket_open(&live, &run->refusal);
}

static void open_files(struct host_run *run, const struct host_options *o,
                       char buffer[TAP_IFACE_NAME]) {
  snprintf(buffer, TAP_IFACE_NAME, "%d files", o->file_count);
  run->subject = o->file_count == 1 ? o->files[0] : buffer;
  run->source = o->file_count == 1 ? tap_offline_open(run->subject, &run->refusal)
                                   : tap_merge_open(o->files, (size_t)o->file_count, &run->refusal);
}

static int fail(const char *subject, const struct tap_err *e) {
  fprintf(stderr, "moontap: %s: cannot %s%s%s\n", subject, e->what, e->sys ? ": " : "",
          e->sys ? strerror(e->sys) : "");
  return EXIT_FAILURE;
}

/* Where a step fails, the process ends and the system takes back what was opened. */
static int run_line(struct host_run *run, const struct host_options *o) {
  char buffer[TAP_IFACE_NAME];
  struct tap_err e;
  const char *script = o->script > 0 ? run->argv[o->script] : NULL;
  bool named = o->given['r'] != NULL || o->given['i'] != NULL;
  bool capture = o->given['D'] == NULL && (o->given['d'] == NULL || named);
  if (script != NULL && host_script_read(run, script, &e) != 0 && capture) return fail(script, &e);
  if (capture && o->given['r'] != NULL)
    open_files(run, o, buffer);
  else if (capture)
    open_interface(run, o, buffer);
  if (o->given[HOST_KEEP_PRIVILEGES] == NULL &&
      host_drop(o->given['Z'], o->given[HOST_SEALED] != NULL, &e) != 0)
    return fail("privileges", &e);
  return host_script_run(run);
}

/* A closed pipe is to be a failed write.  A handler, unlike SIG_IGN, is not handed down to the
 * programs that a script starts. */
static void ignore_closed_pipe(int signal_number) {
  (void)signal_number;
}

/* Lest a script's file become standard output.  What has the wrong direction fails as if closed. */
static void fill_standard_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
  struct host_options options;
  struct host_run run = { .argv = argv, .argc = argc };
  fill_standard_descriptors();
  if (getuid() != 0 && geteuid() == 0) { /* options and environment are a stranger's */
    fputs("moontap: refuses to run set-user-ID root; use: setcap cap_net_raw=ep\n", stderr);
    return EXIT_FAILURE;
  }
  if (!host_options_parse(&options, argc, argv)) {
    fprintf(stderr, "moontap: %s\n", options.error);
    return EXIT_USAGE;
  }
  if (signal(SIGPIPE, ignore_closed_pipe) == SIG_IGN) signal(SIGPIPE, SIG_IGN);
  return run_line(&run, &options);
}
