/* SPDX-License-Identifier: MIT
 *
 * Each mark is looked for from the name's end, and what stands behind it is
 * cut off, until the base is left.  No mark can be part of a base.
 */
#include "proto/spelling.h"

#include <stdlib.h>
#include <string.h>

static int read_form(const char *name, const char *text, struct tap_spelling *s,
                     struct tap_err *e) {
  static const char *const forms[] = { "", "raw", "id", "text" };
  for (unsigned i = TAP_FORM_RAW; i <= TAP_FORM_TEXT; i++)
    if (strcmp(text, forms[i]) == 0) {
      s->form = (enum tap_form)i;
      return 0;
    }
  return tap_fail(e, 0, "'%s': unknown form ':%s' (there are :raw, :id and :text)", name, text);
}

static int read_nth(const char *name, const char *text, struct tap_spelling *s, struct tap_err *e) {
  char *end;
  unsigned long n = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < 1 || n > 255)
    return tap_fail(e, 0, "'%s': '#%s' is no occurrence (they count from #1 to #255)", name, text);
  s->nth = (unsigned)n - 1;
  return 0;
}

/* What follows 'mark', which is cut off the base; NULL where it is not there. */
static char *cut(struct tap_spelling *s, char mark) {
  char *at = strchr(s->base, mark);
  if (at == NULL) return NULL;
  *at = '\0';
  return at + 1;
}

int tap_spelling_read(struct tap_spelling *s, const char *name, struct tap_err *e) {
  size_t n = strlen(name);
  const char *text;
  *s = (struct tap_spelling){ .form = TAP_FORM_VALUE };
  if (n >= sizeof s->base) return tap_fail(e, 0, "no field has a name of %zu bytes", n);
  memcpy(s->base, name, n + 1);
  if (n > 0 && s->base[n - 1] == '?') {
    s->optional = true;
    s->base[n - 1] = '\0';
  }
  if ((text = cut(s, ':')) != NULL && read_form(name, text, s, e) != 0) return -1;
  s->range = cut(s, '/');
  if ((text = cut(s, '#')) != NULL) return read_nth(name, text, s, e);
  return 0;
}
