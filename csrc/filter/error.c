/* SPDX-License-Identifier: MIT
 *
 * Errors of filter texts.  The caret line shows a window on the text's line,
 * so that the mark is seen however long the filter is.
 */
#include "filter/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW = 100, LEAD = 60 }; /* characters of the line that are shown, and before the mark */

bool tap_filter_fail(struct tap_filter_error *e, struct tap_span span, const char *what, ...) {
  va_list arguments;
  if (e->set) return false;
  e->set = true;
  e->span = span;
  va_start(arguments, what);
  vsnprintf(e->what, sizeof e->what, what, arguments);
  va_end(arguments);
  return false;
}

void tap_filter_expected(struct tap_filter_error *e, const char *expected) {
  if (e->expected[0] == '\0') snprintf(e->expected, sizeof e->expected, "%s", expected);
}

void tap_filter_suggest(struct tap_filter_error *e, const char *suggestion) {
  if (suggestion != NULL && e->suggestion[0] == '\0')
    snprintf(e->suggestion, sizeof e->suggestion, "%s", suggestion);
}

/* Where the line that holds byte 'at' begins, and how long it is. */
static struct tap_span line_around(const char *text, uint32_t at) {
  uint32_t start = at, end = at;
  while (start > 0 && text[start - 1] != '\n')
    start--;
  while (text[end] != '\0' && text[end] != '\n')
    end++;
  return (struct tap_span){ start, end - start };
}

static void put_caret(struct tap_filter_error *e, const char *text, struct tap_span line) {
  uint32_t before = e->span.at - line.at, skip = before > LEAD ? before - LEAD : 0;
  uint32_t shown = line.length - skip, marks = e->span.length;
  int n;
  if (shown > WINDOW) shown = WINDOW;
  before -= skip;
  if (marks < 1) marks = 1;
  if (before + marks > shown + 1) marks = shown + 1 - before;
  n = snprintf(e->caret, sizeof e->caret, "  %.*s\n  %*s", (int)shown, text + line.at + skip,
               (int)before, "");
  for (; marks > 0 && (size_t)n + 1 < sizeof e->caret; marks--)
    e->caret[n++] = '^';
  e->caret[n] = '\0';
  for (char *c = e->caret; c < e->caret + 2 + shown; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
}

struct tap_text_place tap_filter_place(const char *text, uint32_t at) {
  struct tap_text_place place = { 1, at - line_around(text, at).at + 1 };
  for (uint32_t i = 0; i < at; i++)
    place.line += text[i] == '\n';
  return place;
}

void tap_filter_error_finish(struct tap_filter_error *e, const char *text) {
  struct tap_text_place place;
  size_t n = strlen(text);
  if (e->span.at > n) e->span.at = (uint32_t)n;
  if (e->span.length > n - e->span.at) e->span.length = (uint32_t)(n - e->span.at);
  place = tap_filter_place(text, e->span.at);
  e->line = place.line;
  e->column = place.column;
  put_caret(e, text, line_around(text, e->span.at));
  snprintf(e->message, sizeof e->message, "filter:%u:%u: %s%s%s%s%s%s\n%s", e->line, e->column,
           e->what, e->expected[0] ? "; expected " : "", e->expected,
           e->suggestion[0] ? " (did you mean '" : "", e->suggestion, e->suggestion[0] ? "'?)" : "",
           e->caret);
}
