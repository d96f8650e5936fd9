/* SPDX-License-Identifier: MIT
 *
 * Flows lie in one array, so that their places never move; its memory is
 * touched as flows come.  An index by open addressing finds them (removal
 * shifts back, so that no marks of the dead pile up), two lists run through
 * them: the living by latest packet, and the ended in the order of their ends.
 */
#include "flow/flows.h"

#include <stdlib.h>
#include <string.h>

enum { NOWHERE = 0, FIRST_SLOTS = 1024 }; /* place 0 is no flow's */

struct slot {
  uint32_t hash, place; /* place NOWHERE: free */
};

struct tap_flows {
  struct tap_flow *flows; /* places 1 to limit + 1 */
  struct slot *slots;
  size_t slots_room; /* a power of two */
  size_t limit, count;
  size_t touched; /* places that were ever used are 1 to 'touched' */
  uint64_t seed, evicted, total;
  int64_t idle_ns;
  uint32_t newest, oldest;          /* of the living */
  uint32_t first_ended, last_ended; /* linked by 'newer' */
  uint32_t given_back;              /* free places, linked by 'newer' */
  uint32_t handed_out;              /* the ended flow that is looked at */
};

struct tap_flows *tap_flows_new(size_t limit, int64_t idle_ns, uint64_t seed) {
  struct tap_flows *t = calloc(1, sizeof *t);
  if (t == NULL) return NULL;
  *t = (struct tap_flows){ .limit = limit, .idle_ns = idle_ns, .seed = seed };
  t->flows = calloc(limit + 2, sizeof *t->flows);
  t->slots = calloc(FIRST_SLOTS, sizeof *t->slots);
  t->slots_room = FIRST_SLOTS;
  if (t->flows != NULL && t->slots != NULL) return t;
  tap_flows_free(t);
  return NULL;
}

void tap_flows_free(struct tap_flows *t) {
  if (t == NULL) return;
  free(t->flows);
  free(t->slots);
  free(t);
}

/* --- the index --- */

static bool same_key(const struct tap_flow_key *a, const struct tap_flow_key *b) {
  uint64_t x[TAP_FLOW_KEY_WORDS], y[TAP_FLOW_KEY_WORDS], differ = 0;
  memcpy(x, a, sizeof x);
  memcpy(y, b, sizeof y);
  for (unsigned i = 0; i < TAP_FLOW_KEY_WORDS; i++)
    differ |= x[i] ^ y[i];
  return differ == 0;
}

/* The slot with this key, or the free one where it would go. */
static struct slot *find_slot(const struct tap_flows *t, const struct tap_flow_key *key,
                              uint32_t hash) {
  for (size_t i = hash;; i++) {
    struct slot *s = &t->slots[i & (t->slots_room - 1)];
    if (s->place == NOWHERE) return s;
    if (s->hash == hash && same_key(&t->flows[s->place].key, key)) return s;
  }
}

/* Close the gap at slot 'gap': what was put further on because of it moves back. */
static void close_gap(struct tap_flows *t, size_t gap) {
  size_t mask = t->slots_room - 1;
  for (size_t i = (gap + 1) & mask; t->slots[i].place != NOWHERE; i = (i + 1) & mask) {
    size_t home = t->slots[i].hash & mask;
    if (((i - home) & mask) < ((i - gap) & mask)) continue; /* it is at home behind the gap */
    t->slots[gap] = t->slots[i];
    gap = i;
  }
  t->slots[gap] = (struct slot){ 0, NOWHERE };
}

static bool grow_slots(struct tap_flows *t) {
  size_t room = t->slots_room * 2;
  struct slot *slots = calloc(room, sizeof *slots);
  if (slots == NULL) return false;
  for (size_t i = 0; i < t->slots_room; i++) {
    size_t at = t->slots[i].hash;
    if (t->slots[i].place == NOWHERE) continue;
    while (slots[at & (room - 1)].place != NOWHERE)
      at++;
    slots[at & (room - 1)] = t->slots[i];
  }
  free(t->slots);
  t->slots = slots;
  t->slots_room = room;
  return true;
}

/* --- lists --- */

static void unlink_living(struct tap_flows *t, struct tap_flow *f) {
  if (f->newer != NOWHERE)
    t->flows[f->newer].older = f->older;
  else
    t->newest = f->older;
  if (f->older != NOWHERE)
    t->flows[f->older].newer = f->newer;
  else
    t->oldest = f->newer;
}

static void link_newest(struct tap_flows *t, struct tap_flow *f) {
  f->newer = NOWHERE;
  f->older = t->newest;
  if (t->newest != NOWHERE)
    t->flows[t->newest].newer = f->id;
  else
    t->oldest = f->id;
  t->newest = f->id;
}

static void end_flow(struct tap_flows *t, uint32_t place, enum tap_flow_reason reason) {
  struct tap_flow *f = &t->flows[place];
  close_gap(t, (size_t)(find_slot(t, &f->key, f->hash) - t->slots));
  unlink_living(t, f);
  f->reason = (uint8_t)reason;
  f->newer = NOWHERE;
  if (t->last_ended != NOWHERE)
    t->flows[t->last_ended].newer = place;
  else
    t->first_ended = place;
  t->last_ended = place;
  t->count--;
}

static void give_back(struct tap_flows *t) {
  if (t->handed_out == NOWHERE) return;
  t->flows[t->handed_out].newer = t->given_back;
  t->given_back = t->handed_out;
  t->handed_out = NOWHERE;
}

struct tap_flow *tap_flows_ended(struct tap_flows *t) {
  uint32_t place = t->first_ended;
  give_back(t);
  if (place == NOWHERE) return NULL;
  t->first_ended = t->flows[place].newer;
  if (t->first_ended == NOWHERE) t->last_ended = NOWHERE;
  t->handed_out = place;
  return &t->flows[place];
}

/* --- life --- */

static uint32_t take_place(struct tap_flows *t) {
  uint32_t place = t->given_back;
  if (place == NOWHERE) return (uint32_t)++t->touched;
  t->given_back = t->flows[place].newer;
  return place;
}

/* A new flow, living and in the index, at its first packet; NULL when memory is out. */
static struct tap_flow *begin_flow(struct tap_flows *t, const struct tap_flow_parts *parts,
                                   uint32_t hash, const struct tap_packet *p) {
  struct tap_flow *f;
  uint32_t place;
  if (t->count + 1 > t->slots_room / 4 * 3 && !grow_slots(t)) return NULL;
  if (t->count == t->limit) {
    end_flow(t, t->oldest, TAP_FLOW_EVICTED);
    t->evicted++;
  }
  place = take_place(t);
  f = &t->flows[place];
  *f = (struct tap_flow){ .key = parts->key,
                          .id = place,
                          .hash = hash,
                          .state = TAP_FLOW_NEW,
                          .first_ns = p->frame->ts_ns,
                          .last_ns = p->frame->ts_ns };
  f->began = (uint8_t)(tap_flow_answers(p, parts->transport) ? !parts->from : parts->from);
  tap_flow_note_message(f, p, parts->transport);
  *find_slot(t, &f->key, hash) = (struct slot){ hash, place };
  link_newest(t, f);
  t->count++;
  t->total++;
  return f;
}

int64_t tap_flows_due(const struct tap_flows *t) {
  int64_t last_ns = t->flows[t->oldest].last_ns;
  if (t->oldest == NOWHERE || last_ns >= INT64_MAX - t->idle_ns) return INT64_MAX;
  return last_ns + t->idle_ns + 1;
}

void tap_flows_expire(struct tap_flows *t, int64_t now_ns) {
  while (t->oldest != NOWHERE && now_ns >= tap_flows_due(t))
    end_flow(t, t->oldest, TAP_FLOW_IDLE);
}

bool tap_flows_track(struct tap_flows *t, struct tap_packet *p) {
  struct tap_flow_parts parts;
  struct tap_flow *f;
  uint32_t hash;
  give_back(t);
  tap_flows_expire(t, p->frame->ts_ns);
  if (!tap_flow_parts(p, &parts)) return t->first_ended != NOWHERE;
  hash = tap_flow_hash(&parts.key, t->seed);
  f = &t->flows[find_slot(t, &parts.key, hash)->place];
  if (f != t->flows && tap_flow_restarts(f, p, parts.transport)) {
    end_flow(t, f->id, TAP_FLOW_REUSED);
    f = t->flows;
  }
  if (f == t->flows && (f = begin_flow(t, &parts, hash, p)) == NULL)
    return t->first_ended != NOWHERE;
  if (t->newest != f->id) {
    unlink_living(t, f);
    link_newest(t, f);
  }
  p->flow = f;
  p->flow_way = parts.from != f->began;
  tap_flow_advance(f, p, parts.transport, p->flow_way);
  return t->first_ended != NOWHERE;
}

void tap_flows_end(struct tap_flows *t) {
  while (t->oldest != NOWHERE)
    end_flow(t, t->oldest, TAP_FLOW_STOPPED);
}

size_t tap_flows_count(const struct tap_flows *t) {
  return t->count;
}

uint64_t tap_flows_evicted(const struct tap_flows *t) {
  return t->evicted;
}

uint64_t tap_flows_total(const struct tap_flows *t) {
  return t->total;
}

const char *tap_flow_reason_name(unsigned reason) {
  static const char *const names[] = { "idle", "reused", "evicted", "stopped" };
  return names[reason];
}
