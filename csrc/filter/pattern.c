/* SPDX-License-Identifier: MIT
 *
 * The size of a regular expression (POSIX, extended) before it is compiled.
 * regcomp calls itself for each group, and writes repeats out: a short text can
 * use up the stack or the memory.  So what it would write is counted first: a
 * place for each character, set and group, times its repeats.  Nothing here
 * says whether the text is well formed; it never counts less than regcomp does.
 */
#include "filter/pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct measure {
  const char *at;
  unsigned depth;
  unsigned last;                            /* size of what a repeat would be of */
  unsigned size[TAP_PATTERN_DEPTH_MAX + 1]; /* of each group that is open, so far */
};

/* Step behind "[:alpha:]" and its like inside a set, or one character. */
static const char *skip_member(const char *at) {
  char end[3] = { at[1], ']', '\0' };
  const char *found;
  if (at[0] != '[' || at[1] == '\0' || strchr(":.=", at[1]) == NULL) return at + 1;
  found = strstr(at + 2, end);
  return found != NULL ? found + 2 : at + 2;
}

/* Step behind a set; a ']' that stands first is a member. */
static const char *skip_set(const char *at) {
  if (*++at == '^') at++;
  if (*at == ']') at++;
  while (*at != '\0' && *at != ']')
    at = skip_member(at);
  return *at == ']' ? at + 1 : at;
}

static unsigned read_number(const char **at) {
  unsigned n = 0;
  for (; **at >= '0' && **at <= '9'; ++*at)
    if (n <= TAP_PATTERN_MAX) n = 10 * n + (unsigned)(**at - '0');
  return n;
}

/* How often {3}, {3,} or {3,9} writes out what it repeats; steps behind it. */
static unsigned read_interval(const char **at) {
  unsigned low, high;
  ++*at;
  low = high = read_number(at);
  if (**at == ',') {
    ++*at;
    high = **at == '}' ? low + 1 : read_number(at);
  }
  if (**at == '}') ++*at;
  return high > low ? high : low;
}

/* False when it has become too large. */
static bool add(struct measure *m, unsigned size) {
  m->last = size;
  m->size[m->depth] += size;
  return m->size[m->depth] <= TAP_PATTERN_MAX;
}

/* What stands last is there 'times' times. */
static bool repeat(struct measure *m, unsigned times) {
  unsigned size = m->last;
  if (times < 2 || size == 0) return true;
  if (times > TAP_PATTERN_MAX) return false;
  m->size[m->depth] -= size;
  return add(m, size * times);
}

static bool close_group(struct measure *m) {
  if (m->depth == 0) return add(m, 1); /* a character like others */
  m->depth--;
  return add(m, m->size[m->depth + 1] + 1);
}

static void open_group(struct measure *m) {
  m->size[++m->depth] = 0;
  m->last = 0;
}

/* Take what stands next, but for the start of a group. */
static bool take(struct measure *m) {
  switch (*m->at) {
  case '[': m->at = skip_set(m->at); return add(m, 1);
  case '{': return repeat(m, read_interval(&m->at));
  case ')': m->at++; return close_group(m);
  case '+': m->at++; return repeat(m, 2); /* one, and any number of them */
  case '*':
  case '?': m->at++; return true;
  case '\\': m->at += m->at[1] != '\0' ? 2 : 1; return add(m, 1);
  default: m->at++; return add(m, 1);
  }
}

const char *tap_pattern_trouble(const char *text) {
  struct measure m = { .at = text };
  if (strlen(text) > TAP_PATTERN_MAX) return "it is longer than 1024 characters";
  while (*m.at != '\0') {
    if (*m.at == '(') {
      if (m.depth == TAP_PATTERN_DEPTH_MAX) return "it is nested more than 200 deep";
      m.at++;
      open_group(&m);
    } else if (!take(&m)) {
      return "with its repeats written out it is longer than 1024 characters";
    }
  }
  return NULL;
}
