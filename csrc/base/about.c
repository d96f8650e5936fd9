/* SPDX-License-Identifier: MIT
 *
 * Reading what a file says about a packet, and copying it out of the file's
 * buffer.  Options are bytes from strangers: each length is bounded before it
 * is believed, and a list that ends without its end mark is whole.
 */
#include "base/about.h"

#include <string.h>

#include "base/order.h"

int tap_remark_next(struct tap_cursor *options, bool swapped, struct tap_remark *out) {
  const uint8_t *head = tap_take(options, 4);
  if (head == NULL) return 0;
  out->code = tap_load16(head, swapped);
  out->size = tap_load16(head + 2, swapped);
  if (out->code == TAP_OPTION_END) return 0;
  out->value = tap_take(options, out->size);
  if (out->value == NULL) return -1;
  if (tap_take(options, -out->size & 3u) == NULL) options->at = options->end;
  return 1;
}

bool tap_about_find(const struct tap_about *a, unsigned code, unsigned nth,
                    struct tap_remark *out) {
  if (a == NULL || a->size == 0) return false;
  struct tap_cursor options = { a->options, a->options + a->size };
  while (tap_remark_next(&options, a->swapped, out) > 0)
    if (out->code == code && nth-- == 0) return true;
  return false;
}

static size_t text_size(const char *text) {
  return text == NULL ? 0 : strlen(text) + 1;
}

size_t tap_about_size(const struct tap_about *a) {
  return a == NULL ? 0 : a->size + text_size(a->file) + text_size(a->interface);
}

static const char *copy_text(const char *text, uint8_t **room) {
  size_t n = text_size(text);
  char *copy = (char *)*room;
  if (text == NULL) return NULL;
  memcpy(copy, text, n);
  *room += n;
  return copy;
}

struct tap_about tap_about_copy(const struct tap_about *a, uint8_t *room) {
  struct tap_about copy = { .swapped = a->swapped };
  copy.file = copy_text(a->file, &room);
  copy.interface = copy_text(a->interface, &room);
  if (a->size > 0) copy.options = memcpy(room, a->options, a->size);
  copy.size = a->size;
  return copy;
}
