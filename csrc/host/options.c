/* SPDX-License-Identifier: MIT
 *
 * The host's view of the command line: one table of the options that take a
 * value or mean something before Lua is there.  Invariant: this table and
 * lua/moontap/options.lua agree on which options take a value, so that both
 * find the same words; a spec holds one against the other.
 */
#include "host/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option {
  uint8_t letter;
  const char *name; /* "": none */
  bool value;
};

/* What means the same to the host shares a letter: 'D' asks for a text, 'd' for one about a source
 * if any is named, 'e' gives code, so that no word is a script, the value of 'c' is for Lua. */
static const struct option table[] = {
  { 'B', "buffer", true },
  { 'C', "", true },
  { 'D', "help", false },
  { 'D', "list", false },
  { 'D', "list-fields", false },
  { 'D', "version", false },
  { 'G', "", true },
  { 'W', "", true },
  { 'Z', "", true },
  { 'c', "decode-as", true },
  { 'c', "duration", true },
  { 'c', "fields", true },
  { 'c', "load", true },
  { 'c', "rotate", true },
  { 'c', "route", true },
  { 'c', "set", true },
  { 'd', "explain", false },
  { 'e', "begin", true },
  { 'e', "end", true },
  { 'f', "", true },
  { 'i', "interface", true },
  { 'p', "", false },
  { 'r', "read", true },
  { 's', "snaplen", true },
  { 'w', "write", true },
  { 'z', "", true },
  { HOST_KEEP_PRIVILEGES, "keep-privileges", false },
  { HOST_SEALED, "sealed", false },
};

enum { TABLE_SIZE = sizeof table / sizeof *table };

/* The option that the first 'size' bytes of 'text' name; 0: its first byte is a letter. */
static const struct option *find(const char *text, size_t size) {
  for (const struct option *o = table; o < table + TABLE_SIZE; o++)
    if (size == 0 ? o->letter == *text
                  : strlen(o->name) == size && memcmp(o->name, text, size) == 0)
      return o;
  return NULL;
}

/* Note an option; its value is attached, or the word at 'next'.  Returns the word to go on with. */
static char *const *note(struct host_options *out, const struct option *o, const char *attached,
                         char *const *next) {
  if (o != NULL && !o->value)
    out->given[o->letter] = o->name;
  else if (o != NULL && (attached != NULL || *next != NULL))
    out->given[o->letter] = attached != NULL ? attached : *next++;
  if (o != NULL && o->letter == 'r' && out->file_count < HOST_FILES_MOST)
    out->files[out->file_count++] = out->given['r'];
  return next;
}

static char *const *take_name(struct host_options *out, const char *word, char *const *next) {
  size_t size = strcspn(word, "=");
  const char *attached = word[size] != '\0' ? word + size + 1 : NULL;
  return note(out, find(word, size), attached, next);
}

static char *const *take_letters(struct host_options *out, const char *word, char *const *next) {
  for (; *word != '\0'; word++) {
    const struct option *o = find(word, 0);
    next = note(out, o, word[1] != '\0' ? word + 1 : NULL, next);
    if (o != NULL && o->value) break;
  }
  return next;
}

/* Read options, before and behind words.  The first word, which alone can be a script, or NULL. */
static char *const *take_all(struct host_options *out, char *const *next) {
  char *const *first = NULL;
  for (bool options = true; *next != NULL;) {
    const char *word = *next++;
    if (!options || word[0] != '-' || word[1] == '\0')
      first = first != NULL ? first : next - 1;
    else if (word[1] != '-')
      next = take_letters(out, word + 1, next);
    else if (word[2] != '\0')
      next = take_name(out, word + 2, next);
    else
      options = false;
  }
  return first;
}

/* A slash may be a filter's, too: behind a blank, before a number alone, beside what relations and
 * groups are made of.  The name of a script that looks like that begins with ./ or ends in .lua. */
static bool names_script(const char *word) {
  size_t n = strlen(word), at = strcspn(word, "/ \t\n");
  if (n >= 4 && strcmp(word + n - 4, ".lua") == 0) return true;
  if (word[at] != '/') return false;
  if (word[0] == '/' || word[0] == '.') return true;
  const char *behind = word + at + 1, *rest = behind + strspn(behind, "0123456789");
  bool is_number = rest > behind && (*rest == '\0' || *rest == ' ');
  return !is_number && word[strcspn(word, "[]()=<>!&|")] == '\0';
}

/* "64", "64K", "1.5M", "1GiB", as moontap.units reads them: powers of 1024, and a plain number
 * counts 'plain' bytes.  NULL leaves *out as it is. */
static bool read_size(const char *text, double plain, double min, double max, uint64_t *out) {
  static const char units[] = "kmgt";
  char *end;
  if (text == NULL) return true;
  double n = strtod(text, &end); /* a hexadecimal or exponent ends elsewhere than its digits */
  if (*text < '0' || *text > '9' || end != text + strspn(text, "0123456789.")) return false;
  const char *unit = *end != '\0' ? strchr(units, *end | 0x20) : NULL;
  if (unit != NULL) {
    plain = (double)(UINT64_C(1024) << 10 * (unit - units));
    end += (end[1] | 0x20) == 'i' && (end[2] | 0x20) == 'b' ? 3 : 1;
  }
  if (*end != '\0' || n * plain < min || n * plain > max) return false;
  *out = (uint64_t)(n * plain + 0.5);
  return true;
}

bool host_options_parse(struct host_options *out, int argc, char *const *argv) {
  const char *const *given = out->given;
  *out = (struct host_options){ .buffer = 32 << 20 };
  char *const *first = argc > 0 ? take_all(out, argv + 1) : NULL;
  if (first != NULL && given['e'] == NULL && names_script(*first))
    out->script = (int)(first - argv);
  if (!read_size(given['B'], 1024, 1, 0x1p62, &out->buffer))
    snprintf(out->error, sizeof out->error, "-B %.99s: not a size", given['B']);
  if (!read_size(given['s'], 1, 0, UINT32_MAX, &out->snaplen))
    snprintf(out->error, sizeof out->error, "-s %.99s: not a size", given['s']);
  if (out->file_count == HOST_FILES_MOST)
    snprintf(out->error, sizeof out->error, "-r: too many files");
  if (given[HOST_KEEP_PRIVILEGES] && (given[HOST_SEALED] || given['Z']))
    snprintf(out->error, sizeof out->error, "--keep-privileges: not with --sealed or -Z");
  return out->error[0] == '\0';
}
