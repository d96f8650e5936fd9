/* SPDX-License-Identifier: MIT
 *
 * Packets lie one behind the other in chunks, oldest first; old ones go by the
 * chunk.  Invariant: 'held' is the room of all chunks, and no more than 'size'
 * unless there is one chunk alone.  A chunk that goes becomes the next new
 * one, so that no memory is asked for once all is full.
 */
#include "sys/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 << 10, ALIGN = 8, NAME = 64 };

struct chunk {
  struct chunk *next;
  size_t used, room;
  int64_t newest_ns;
  uint8_t bytes[]; /* records: a frame, then its bytes, up to a multiple of ALIGN */
};

struct tap_recorder {
  uint64_t size, held;
  int64_t span_ns, newest_ns;
  struct chunk *first, *last;
  struct tap_writer_counts counts;
  char name[NAME];
};

static size_t record_size(uint32_t caplen) {
  return (sizeof(struct tap_frame) + caplen + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* --- what goes --- */

static struct chunk *take_oldest(struct tap_recorder *r) {
  struct chunk *c = r->first;
  r->first = c->next;
  if (r->first == NULL) r->last = NULL;
  r->held -= c->room;
  return c;
}

static bool is_stale(const struct tap_recorder *r, int64_t ts_ns) {
  int64_t oldest_ns;
  if (r->span_ns == 0 || __builtin_sub_overflow(r->newest_ns, r->span_ns, &oldest_ns)) return false;
  return ts_ns < oldest_ns;
}

/* A chunk with room for 'n' bytes: the oldest one where it can go, or a new one. */
static struct chunk *find_chunk(struct tap_recorder *r, size_t n) {
  const size_t room = n > CHUNK ? n : CHUNK;
  struct chunk *c = NULL;
  while (r->first != NULL && (r->held + room > r->size || is_stale(r, r->first->newest_ns))) {
    free(c);
    c = take_oldest(r);
  }
  if (c == NULL || c->room != room) {
    free(c);
    c = malloc(sizeof *c + room);
  }
  if (c != NULL) *c = (struct chunk){ .room = room, .newest_ns = INT64_MIN };
  return c;
}

/* --- what comes --- */

static int add_chunk(struct tap_recorder *r, size_t n) {
  struct chunk *c = find_chunk(r, n);
  if (c == NULL) return -1;
  if (r->last != NULL)
    r->last->next = c;
  else
    r->first = c;
  r->last = c;
  r->held += c->room;
  return 0;
}

int tap_recorder_put(struct tap_recorder *r, const struct tap_frame *f, struct tap_err *e) {
  const size_t n = record_size(f->caplen);
  struct tap_frame kept = *f;
  struct chunk *c;
  if ((r->last == NULL || r->last->room - r->last->used < n) && add_chunk(r, n) != 0) {
    r->counts.unsaved++;
    return tap_fail(e, ENOMEM, "keep a packet");
  }
  c = r->last;
  kept.about = NULL;
  memcpy(c->bytes + c->used, &kept, sizeof kept);
  memcpy(c->bytes + c->used + sizeof kept, f->data, f->caplen);
  c->used += n;
  if (f->ts_ns > c->newest_ns) c->newest_ns = f->ts_ns;
  if (f->ts_ns > r->newest_ns) r->newest_ns = f->ts_ns;
  r->counts.packets++;
  r->counts.bytes += f->caplen;
  return 0;
}

void tap_recorder_interface(struct tap_recorder *r, const char *name) {
  snprintf(r->name, sizeof r->name, "%s", name);
}

struct tap_writer_counts tap_recorder_counts(const struct tap_recorder *r) {
  return r->counts;
}

/* --- the file --- */

static int dump_chunk(const struct tap_recorder *r, const struct chunk *c, struct tap_writer *w,
                      struct tap_err *e) {
  struct tap_frame f;
  for (size_t at = 0; at < c->used; at += record_size(f.caplen)) {
    memcpy(&f, c->bytes + at, sizeof f);
    f.data = c->bytes + at + sizeof f;
    if (!is_stale(r, f.ts_ns) && tap_writer_put(w, &f, NULL, 0, e) != 0) return -1;
  }
  return 0;
}

int tap_recorder_dump(const struct tap_recorder *r, const struct tap_writer_options *o,
                      struct tap_writer_counts *counts, struct tap_err *e) {
  struct tap_writer *w = tap_writer_open(o, e);
  int result = w == NULL ? -1 : 0;
  struct tap_err at_end;
  if (w == NULL) return -1;
  if (r->name[0] != '\0') tap_writer_interface(w, r->name);
  for (const struct chunk *c = r->first; c != NULL && result == 0; c = c->next)
    result = dump_chunk(r, c, w, e);
  if (tap_writer_close(w, counts, &at_end) != 0 && result == 0) {
    *e = at_end;
    result = -1;
  }
  return result;
}

/* --- life --- */

struct tap_recorder *tap_recorder_new(uint64_t size, int64_t span_ns) {
  struct tap_recorder *r = calloc(1, sizeof *r);
  if (r == NULL) return NULL;
  r->size = size;
  r->span_ns = span_ns;
  r->newest_ns = INT64_MIN;
  return r;
}

void tap_recorder_free(struct tap_recorder *r) {
  if (r == NULL) return;
  while (r->first != NULL)
    free(take_oldest(r));
  free(r);
}
