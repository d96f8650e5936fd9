/* SPDX-License-Identifier: MIT
 *
 * Two ways of turning files.  Our own: a file holds no more than it may, times
 * are those of packets, and the oldest file is removed when there are too many.
 * tcpdump's: a file is left once it is larger than it may be, times are the
 * clock's, and names come round so that old files are overwritten.  Invariant:
 * 'path' is the file that the writer has, and 'stay' has its name too.
 */
#include "sys/rotation.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "sys/child.h"
#include "sys/clock.h"
#include "sys/packing.h"

enum { NS_PER_S = 1000000000, DIGITS = 5 };

struct finished {
  struct finished *next;
  char path[];
};

struct tap_rotation {
  struct tap_rotation_options options; /* its texts are ours */
  char path[PATH_MAX];
  uint64_t number;   /* of the file, from 0 */
  uint64_t before;   /* packets in the files before it */
  int64_t since_ns;  /* when it began */
  uint64_t turns;    /* by the clock, tcpdump's */
  bool begun, asked; /* it has a packet; a new one is wanted */
  bool over;         /* there are no more */
  char **stay;       /* the names of the newest 'files', by number; may be NULL */
  struct finished *first, **last;
};

/* --- names --- */

/* "%i" becomes the number; what strftime knows stays.  0, or -1 for lack of room. */
static int put_number(const struct tap_rotation *r, char *to, size_t size) {
  size_t n = 0;
  for (const char *from = r->options.name; *from != '\0'; from++) {
    const bool is_number = from[0] == '%' && from[1] == 'i';
    const bool is_pair = from[0] == '%' && from[1] != '\0';
    if (n + 24 > size) return -1;
    if (is_number)
      n += (size_t)snprintf(to + n, size - n, "%0*llu", DIGITS, (unsigned long long)r->number);
    else
      to[n++] = *from;
    if (is_pair) from++;
    if (is_pair && !is_number) to[n++] = *from;
  }
  to[n] = '\0';
  return 0;
}

/* A name that strftime makes empty is too long for it. */
static int put_time(const char *form, int64_t time_ns, char *to, size_t size) {
  const time_t seconds = (time_t)(time_ns / NS_PER_S - (time_ns % NS_PER_S < 0));
  size_t (*const format)(char *, size_t, const char *, const struct tm *) = strftime;
  struct tm parts;
  if (localtime_r(&seconds, &parts) == NULL) return -1;
  return format(to, size, form, &parts) > 0 ? 0 : -1; /* the form is the user's */
}

/* How many digits tcpdump numbers so many files with. */
static int digits_of(uint64_t files) {
  int n = 0;
  for (uint64_t left = files > 0 ? files - 1 : 0; left > 0; left /= 10)
    n++;
  return n;
}

/* Behind the name comes the number, but for that of the first file if it is alone. */
static int name_as_tcpdump(const struct tap_rotation *r, int64_t time_ns, char *to) {
  const struct tap_rotation_options *o = &r->options;
  const int digits = o->size > 0 ? digits_of(o->files) : 0;
  char name[PATH_MAX - 24];
  if (o->every_ns > 0) {
    if (put_time(o->name, time_ns, name, sizeof name) != 0) return -1;
  } else if ((size_t)snprintf(name, sizeof name, "%s", o->name) >= sizeof name) {
    return -1;
  }
  if (r->number == 0 && digits == 0)
    snprintf(to, PATH_MAX, "%s", name);
  else
    snprintf(to, PATH_MAX, "%s%0*llu", name, digits, (unsigned long long)r->number);
  return 0;
}

static int name_file(const struct tap_rotation *r, int64_t time_ns, char *to) {
  char form[PATH_MAX];
  if (r->options.letters) return name_as_tcpdump(r, time_ns, to);
  if (put_number(r, form, sizeof form) != 0) return -1;
  return put_time(form, time_ns, to, PATH_MAX);
}

/* A name in which nothing tells one file from another gets a number before its ending. */
static char *numbered_name(const char *name) {
  const struct tap_packing *packing = tap_packing_by_name(name);
  const size_t n = strlen(name), packed = packing == NULL ? 0 : strlen(packing->suffix);
  size_t stem = n - packed;
  char *made = malloc(n + sizeof "-%i");
  while (stem > 0 && name[stem - 1] != '.' && name[stem - 1] != '/')
    stem--;
  if (stem > 1 && name[stem - 1] == '.' && name[stem - 2] != '/')
    stem--;
  else
    stem = n - packed;
  if (made != NULL) sprintf(made, "%.*s-%%i%s", (int)stem, name, name + stem);
  return made;
}

/* --- files that are finished, and files that go --- */

static void tell(struct tap_rotation *r) {
  const size_t n = strlen(r->path) + 1;
  struct finished *f = r->options.told ? malloc(sizeof *f + n) : NULL;
  if (f == NULL) return;
  f->next = NULL;
  memcpy(f->path, r->path, n);
  *r->last = f;
  r->last = &f->next;
}

/* The program goes on by itself, below others. */
static void run_command(const struct tap_rotation *r) {
  const char *const words[] = {
    "sh", "-c", "nice -n 19 \"$0\" \"$1\" </dev/null >&2 &", r->options.command, r->path, NULL
  };
  struct tap_err e;
  if (r->options.command != NULL) tap_child_leave(words, &e);
}

char *tap_rotation_finished(struct tap_rotation *r) {
  struct finished *f = r->first;
  char *path;
  if (f == NULL) return NULL;
  path = strdup(f->path);
  r->first = f->next;
  if (r->first == NULL) r->last = &r->first;
  free(f);
  return path;
}

/* The newest file takes the place of the oldest one, which goes. */
static void keep_newest(struct tap_rotation *r) {
  char **place;
  if (r->stay == NULL) return;
  place = &r->stay[r->number % r->options.files];
  if (*place != NULL && strcmp(*place, r->path) != 0) unlink(*place);
  free(*place);
  *place = strdup(r->path);
}

/* --- turning --- */

static int64_t begin_of(const struct tap_rotation *r, int64_t now_ns) {
  const int64_t every_ns = r->options.every_ns;
  if (!r->options.align || every_ns == 0) return now_ns;
  return now_ns - (now_ns % every_ns + every_ns) % every_ns;
}

static void go_on(struct tap_rotation *r, struct tap_writer *w, int64_t now_ns) {
  char next[PATH_MAX];
  if (name_file(r, now_ns, next) != 0) {
    tap_writer_fail(w, ENAMETOOLONG, "open for writing");
    return;
  }
  if (tap_writer_finish(w) != 0) return;
  tell(r);
  run_command(r);
  memcpy(r->path, next, sizeof next);
  keep_newest(r);
  tap_writer_next(w, r->path);
  r->before = tap_writer_counts(w).packets;
  r->since_ns = begin_of(r, now_ns);
  r->asked = false;
}

/* The file was made before the first packet was there: its name may tell that one's time. */
static void begin_first(struct tap_rotation *r, int64_t now_ns) {
  char name[PATH_MAX];
  r->begun = true;
  r->since_ns = begin_of(r, now_ns);
  if (name_file(r, now_ns, name) != 0 || strcmp(name, r->path) == 0) return;
  if (rename(r->path, name) != 0) return;
  memcpy(r->path, name, sizeof name);
  keep_newest(r);
}

static bool is_due(const struct tap_rotation *r, const struct tap_writer *w,
                   const struct tap_frame *f) {
  const struct tap_rotation_options *o = &r->options;
  const uint64_t packets = tap_writer_counts(w).packets - r->before;
  if (packets == 0) return false;
  return r->asked || (o->packets > 0 && packets >= o->packets) ||
         (o->size > 0 && tap_writer_size_with(w, f) > o->size) ||
         (o->every_ns > 0 && f->ts_ns - r->since_ns >= o->every_ns);
}

static bool turn_as_tcpdump(struct tap_rotation *r, struct tap_writer *w) {
  const struct tap_rotation_options *o = &r->options;
  const int64_t now_ns = o->every_ns > 0 ? tap_clock_real_ns() / NS_PER_S * NS_PER_S : 0;
  if (o->every_ns > 0 && now_ns - r->since_ns >= o->every_ns) {
    r->over = o->size == 0 && o->files > 0 && ++r->turns >= o->files;
    if (r->over) return false;
    r->number = 0;
    go_on(r, w, now_ns);
  }
  if (r->asked || (o->size > 0 && tap_writer_size(w) > o->size)) {
    const int64_t since_ns = r->since_ns;
    r->number = o->files > 0 && r->number + 1 >= o->files ? 0 : r->number + 1;
    go_on(r, w, since_ns);
  }
  return true;
}

bool tap_rotation_turn(struct tap_rotation *r, struct tap_writer *w, const struct tap_frame *f) {
  if (r->over) return false;
  if (r->options.letters) return turn_as_tcpdump(r, w);
  if (!r->begun) begin_first(r, f->ts_ns);
  if (is_due(r, w, f)) {
    r->number++;
    go_on(r, w, f->ts_ns);
  }
  return true;
}

void tap_rotation_ask(struct tap_rotation *r) {
  r->asked = true;
}

/* tcpdump runs its command on a file that is followed by none only where it was the last one. */
void tap_rotation_end(struct tap_rotation *r) {
  tell(r);
  if (r->over) run_command(r);
}

/* --- life --- */

const char *tap_rotation_path(const struct tap_rotation *r) {
  return r->path;
}

/* Where the files are bounded there shall be room for them all, beside what is there. */
static int check_room(const struct tap_rotation *r, struct tap_err *e) {
  const struct tap_rotation_options *o = &r->options;
  const uint64_t files = o->files > 0 ? o->files : 1;
  char folder[PATH_MAX];
  struct statvfs fs;
  char *slash;
  if (o->size == 0 || o->letters || o->size > UINT64_MAX / files) return 0;
  snprintf(folder, sizeof folder, "%s", r->path);
  slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder] = '\0';
  if (statvfs(slash != NULL ? folder : ".", &fs) != 0) return 0; /* opening tells why */
  const uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
  if (room >= o->size * files) return 0;
  return tap_fail(e, ENOSPC, "keep %llu bytes where %llu are free",
                  (unsigned long long)(o->size * files), (unsigned long long)room);
}

static int take_options(struct tap_rotation *r, const struct tap_rotation_options *o) {
  const bool tells = o->letters || strchr(o->name, '%') != NULL;
  r->options = *o;
  r->options.name = tells ? strdup(o->name) : numbered_name(o->name);
  r->options.command = o->command != NULL ? strdup(o->command) : NULL;
  if (r->options.name == NULL || (o->command != NULL && r->options.command == NULL)) return -1;
  if (o->files == 0 || o->letters) return 0;
  r->stay = calloc(o->files, sizeof *r->stay);
  return r->stay == NULL ? -1 : 0;
}

struct tap_rotation *tap_rotation_new(const struct tap_rotation_options *o, struct tap_err *e) {
  struct tap_rotation *r = calloc(1, sizeof *r);
  int result = r == NULL ? tap_fail(e, ENOMEM, "open for writing") : 0;
  if (r == NULL) return NULL;
  r->last = &r->first;
  r->since_ns = tap_clock_real_ns() / NS_PER_S * NS_PER_S;
  if (take_options(r, o) != 0) result = tap_fail(e, ENOMEM, "open for writing");
  if (result == 0 && name_file(r, r->since_ns, r->path) != 0)
    result = tap_fail(e, ENAMETOOLONG, "open for writing");
  if (result == 0) result = check_room(r, e);
  if (result != 0) {
    tap_rotation_free(r);
    return NULL;
  }
  keep_newest(r);
  return r;
}

void tap_rotation_free(struct tap_rotation *r) {
  struct finished *f;
  if (r == NULL) return;
  while ((f = r->first) != NULL) {
    r->first = f->next;
    free(f);
  }
  for (uint64_t i = 0; r->stay != NULL && i < r->options.files; i++)
    free(r->stay[i]);
  free(r->stay);
  free((char *)(uintptr_t)r->options.name);
  free((char *)(uintptr_t)r->options.command);
  free(r);
}
