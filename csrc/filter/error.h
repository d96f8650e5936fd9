/* SPDX-License-Identifier: MIT
 *
 * What is wrong with a filter's text, and where: a span of it, what was
 * expected there, and what may have been meant.  The first error stays;
 * whoever finds a second one while backing out changes nothing.
 */
#ifndef TAP_FILTER_ERROR_H
#define TAP_FILTER_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the text; a span at its end has length 0. */
struct tap_span {
  uint32_t at, length;
};

/* Where people look for a byte of the text; both count from 1. */
struct tap_text_place {
  uint32_t line, column;
};

struct tap_filter_error {
  bool set;
  struct tap_span span;
  uint32_t line, column; /* as of a place */
  char what[256];        /* "unknown word 'prt' after 'tcp'" */
  char expected[192];    /* "'port', 'host' or the end", or empty */
  char suggestion[96];   /* "port", or empty */
  char caret[256];       /* the text's line and, under it, the mark */
  char message[1024];    /* all of it, as people read it */
};

/* Fill 'e' unless it is set.  Returns false, so that a caller can pass it on. */
__attribute__((format(printf, 3, 4))) bool
tap_filter_fail(struct tap_filter_error *e, struct tap_span span, const char *what, ...);

/* Say what was expected, or what may have been meant, beside the error just set. */
void tap_filter_expected(struct tap_filter_error *e, const char *expected);
void tap_filter_suggest(struct tap_filter_error *e, const char *suggestion);

/* The place of byte 'at' of the text, or of its end. */
struct tap_text_place tap_filter_place(const char *text, uint32_t at);

/* Make line, column, caret and message of what was set. */
void tap_filter_error_finish(struct tap_filter_error *e, const char *text);

/* From the start of 'a' to the end of 'b'. */
static inline struct tap_span tap_span_join(struct tap_span a, struct tap_span b) {
  return (struct tap_span){ a.at, b.at + b.length - a.at };
}

#endif
