/* SPDX-License-Identifier: MIT
 *
 * Running comparisons.  Every kind of test is membership: "less than" is a
 * range, "not equal" is that no occurrence is a member while one is there.
 */
#include "filter/compare.h"

#include <stdlib.h>
#include <string.h>

#include "filter/comparison.h"
#include "proto/packet.h"
#include "proto/protocol.h"

static bool in_numbers(const struct tap_number_range *r, size_t count, uint64_t n) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (n > r[middle].high)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && r[low].low <= n;
}

static bool in_v6(const struct tap_comparison *c, const uint8_t *address) {
  size_t low = 0, high = c->v6_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (memcmp(address, c->v6[middle].high, 16) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < c->v6_count && memcmp(c->v6[low].low, address, 16) <= 0;
}

static uint64_t bytes_number(const uint8_t *p, size_t n) {
  uint64_t out = 0;
  for (size_t i = 0; i < n; i++)
    out = out << 8 | p[i];
  return out;
}

/* Regular expressions look at all of the bytes: a zero byte among them ends nothing. */
static bool matches(const struct tap_comparison *c, const uint8_t *bytes, size_t n) {
  regmatch_t whole = { .rm_so = 0, .rm_eo = (regoff_t)n };
  return regexec(c->regex, (const char *)bytes, 1, &whole, REG_STARTEND) == 0;
}

static bool bytes_match(const struct tap_comparison *c, const uint8_t *bytes, size_t n) {
  if (c->compare == CMP_MATCHES) return matches(c, bytes, n);
  for (size_t i = 0; i < c->text_count; i++) {
    const struct tap_bytes *t = &c->texts[i];
    if (c->compare == CMP_CONTAINS ? t->n == 0 || memmem(bytes, n, t->at, t->n) != NULL
                                   : t->n == n && memcmp(bytes, t->at, n) == 0)
      return true;
  }
  return false;
}

static bool member(const struct tap_comparison *c, const struct tap_value *v) {
  switch (v->type) {
  case TAP_IPV4: return in_numbers(c->v4, c->v4_count, bytes_number(v->bytes, 4));
  case TAP_IPV6: return in_v6(c, v->bytes);
  case TAP_MAC: return in_numbers(c->numbers, c->number_count, bytes_number(v->bytes, 6));
  case TAP_BYTES:
  case TAP_STRING: return bytes_match(c, v->bytes, v->size);
  case TAP_INT:
  case TAP_SPAN:
  case TAP_TIME: return in_numbers(c->numbers, c->number_count, v->number ^ UINT64_C(1) << 63);
  default: return in_numbers(c->numbers, c->number_count, v->number);
  }
}

/* What the occurrences seen so far say. */
struct verdict {
  bool any, found;
};

/* Look at one value; true when the rest need not be looked at. */
static bool judge(const struct tap_comparison *c, const struct tap_value *v, struct verdict *out) {
  out->any = true;
  out->found = c->compare == CMP_HAS || member(c, v);
  return out->found;
}

static bool judge_layer(const struct tap_comparison *c, const struct tap_packet *p,
                        const struct tap_layer *layer, struct verdict *out) {
  struct tap_value v;
  for (unsigned nth = 0; tap_ref_read_layer(&c->ref, p, layer, nth, &v); nth++)
    if (judge(c, &v, out)) return true;
  return false;
}

static void judge_all(const struct tap_comparison *c, const struct tap_packet *p,
                      struct verdict *out) {
  struct tap_value v;
  if (c->ref.nth > 0) { /* name#2: that occurrence alone */
    if (tap_ref_read(&c->ref, p, &v)) judge(c, &v, out);
    return;
  }
  if (c->ref.protocol == TAP_ANY_PROTOCOL) {
    for (unsigned nth = 0; c->ref.field->read(p, NULL, nth, &v); nth++)
      if (judge(c, &v, out)) return;
    return;
  }
  for (unsigned i = 0; i < p->count; i++)
    if (p->layer[i].protocol == c->ref.protocol && judge_layer(c, p, &p->layer[i], out)) return;
}

/* What follows the last header that was decoded, as far as it was captured. */
static bool payload_holds(const struct tap_comparison *c, const struct tap_packet *p) {
  const struct tap_layer *last = p->count > 0 ? &p->layer[p->count - 1] : NULL;
  uint32_t start = last != NULL ? last->start + last->header : 0;
  uint32_t end = last != NULL ? last->end : p->frame->caplen;
  if (end > p->frame->caplen) end = p->frame->caplen;
  if (start >= end) return false;
  return bytes_match(c, p->frame->data + start, end - start);
}

bool tap_comparison_holds(const struct tap_comparison *c, const struct tap_packet *p) {
  struct verdict v = { false, false };
  if (c->payload) return payload_holds(c, p);
  judge_all(c, p, &v);
  return c->compare == CMP_NE ? v.any && !v.found : v.found;
}

unsigned tap_comparison_level(const struct tap_comparison *c) {
  return c->payload ? TAP_LEVEL_ALL : c->ref.level;
}

unsigned tap_comparison_asks(const struct tap_comparison *c) {
  return tap_ref_asks(&c->ref);
}

static int by_low(const void *a, const void *b) {
  const struct tap_number_range *x = a, *y = b;
  return x->low < y->low ? -1 : x->low > y->low;
}

static int by_low6(const void *a, const void *b) {
  const struct tap_range6 *x = a, *y = b;
  return memcmp(x->low, y->low, 16);
}

static size_t join_numbers(struct tap_number_range *r, size_t n) {
  size_t kept = 0;
  if (n > 1) qsort(r, n, sizeof *r, by_low);
  for (size_t i = 0; i < n; i++) {
    if (kept > 0 && r[i].low <= r[kept - 1].high) {
      if (r[i].high > r[kept - 1].high) r[kept - 1].high = r[i].high;
      continue;
    }
    r[kept++] = r[i];
  }
  return kept;
}

void tap_comparison_finish(struct tap_comparison *c) {
  size_t kept = 0;
  c->number_count = join_numbers(c->numbers, c->number_count);
  c->v4_count = join_numbers(c->v4, c->v4_count);
  if (c->v6_count > 1) qsort(c->v6, c->v6_count, sizeof *c->v6, by_low6);
  for (size_t i = 0; i < c->v6_count; i++) {
    if (kept > 0 && memcmp(c->v6[i].low, c->v6[kept - 1].high, 16) <= 0) {
      if (memcmp(c->v6[i].high, c->v6[kept - 1].high, 16) > 0)
        memcpy(c->v6[kept - 1].high, c->v6[i].high, 16);
      continue;
    }
    c->v6[kept++] = c->v6[i];
  }
  c->v6_count = kept;
}

void tap_comparison_free(struct tap_comparison *c) {
  if (c == NULL) return;
  for (size_t i = 0; i < c->text_count; i++)
    free(c->texts[i].at);
  if (c->regex != NULL) regfree(c->regex);
  free(c->regex);
  free(c->texts);
  free(c->numbers);
  free(c->v4);
  free(c->v6);
  free(c);
}
