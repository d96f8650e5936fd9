/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the known name with the fewest edits (a letter more, less,
 * other, or two exchanged) from what was typed, in capitals or not.
 */
#include <string.h>

#include "proto/registry.h"

enum { WORD_MAX = 64 };

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Are they one letter, but for its case?  Signs that this takes for one another are in no name. */
static bool same(char a, char b) {
  return (a | 0x20) == (b | 0x20);
}

/* Edits from 'a' to 'b' (optimal string alignment); both at most WORD_MAX long. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m) {
  unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2], *free_row;
  for (size_t j = 0; j <= m; j++)
    last[j] = (unsigned)j;
  memcpy(before, last, sizeof rows[0]);
  for (size_t i = 1; i <= n; i++) {
    now[0] = (unsigned)i;
    for (size_t j = 1; j <= m; j++) {
      now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        now[j] = least(now[j], before[j - 2] + 1);
    }
    free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[m];
}

const char *tap_nearest(const char *word, const char *const *names, size_t count) {
  size_t n = strlen(word), m;
  unsigned best = (unsigned)n / 3 + 1, d;
  const char *found = NULL;
  if (n == 0 || n > WORD_MAX) return NULL;
  for (size_t i = 0; i < count; i++) {
    m = strlen(names[i]);
    if (m > WORD_MAX) continue;
    d = distance(word, n, names[i], m);
    if (d < best || (d == best && found == NULL)) {
      best = d;
      found = names[i];
    }
  }
  return found;
}
