/* SPDX-License-Identifier: MIT
 *
 * csrc/flow against a model that is slow and plain: a list of conversations,
 * searched from its beginning.  Each line of standard input is a verb and two
 * numbers:
 *
 *   random N S   N packets of few hosts, from seed S, at every limit from 1 to 8
 *   many N L     N conversations of one packet each, at limit L: prints what ended, what was
 *                evicted, the largest id and the places that were touched
 *   sha1 TEXT 0  the digest of a text
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../csrc/flow/community.c"
#include "../../csrc/flow/field.c"
#include "../../csrc/flow/flows.c"
#include "../../csrc/flow/key.c"
#include "../../csrc/flow/sha1.c"
#include "../../csrc/flow/state.c"
#include "proto/decode.h"
#include "proto/registry.h"

enum { FRAME = 54, MODEL_MAX = 64, IDLE = 40 };

/* Ethernet, IPv4 and TCP or UDP. */
static void build(uint8_t *b, unsigned src, unsigned dst, unsigned sport, unsigned dport, bool tcp,
                  unsigned flags, unsigned sequence) {
  memset(b, 0, FRAME);
  b[12] = 8;
  b[14] = 0x45;
  b[17] = FRAME - 14;
  b[22] = 64;
  b[23] = tcp ? 6 : 17;
  b[26] = 10, b[28] = (uint8_t)(src >> 8), b[29] = (uint8_t)src;
  b[27] = (uint8_t)(src >> 16);
  b[30] = 10, b[32] = (uint8_t)(dst >> 8), b[33] = (uint8_t)dst;
  b[31] = (uint8_t)(dst >> 16);
  b[34] = (uint8_t)(sport >> 8), b[35] = (uint8_t)sport;
  b[36] = (uint8_t)(dport >> 8), b[37] = (uint8_t)dport;
  if (tcp) {
    b[41] = (uint8_t)sequence;
    b[46] = 0x50;
    b[47] = (uint8_t)flags;
  } else {
    b[39] = FRAME - 34;
  }
}

/* What the model knows of one conversation: the sender of its first packet, and what came. */
struct talk {
  unsigned a, b, aport, bport; /* a began */
  bool tcp, has_sequence;
  unsigned id, sequence, fins, state;
  uint64_t packets[2], bytes[2];
  int64_t first, last;
  unsigned long touched; /* order of latest packets */
};

struct model {
  struct talk talk[MODEL_MAX];
  unsigned count;
  unsigned long clock;
};

static const struct tap_registry *registry;

static void fail(const char *what) {
  printf("FAILED: %s\n", what);
  exit(1);
}

static struct talk *find(struct model *m, unsigned src, unsigned dst, unsigned sport,
                         unsigned dport, bool tcp, unsigned *way) {
  for (struct talk *t = m->talk; t < m->talk + m->count; t++) {
    if (t->tcp != tcp) continue;
    *way = 0;
    if (t->a == src && t->b == dst && t->aport == sport && t->bport == dport) return t;
    *way = 1;
    if (t->a == dst && t->b == src && t->aport == dport && t->bport == sport) return t;
  }
  return NULL;
}

/* The next in the queue must be this conversation, for this reason. */
static void expect_end(struct tap_flows *t, struct model *m, struct talk *talk,
                       enum tap_flow_reason reason) {
  struct tap_flow *f = tap_flows_ended(t);
  if (f == NULL) fail("a flow did not end");
  if (f->id != talk->id) fail("another flow ended");
  if (f->reason != reason) fail("a flow ended for another reason");
  if (f->packets[0] != talk->packets[0] || f->packets[1] != talk->packets[1]) fail("its packets");
  if (f->bytes[0] != talk->bytes[0] || f->bytes[1] != talk->bytes[1]) fail("its bytes");
  if (f->first_ns != talk->first || f->last_ns != talk->last) fail("its times");
  if (f->state != talk->state) fail("its state");
  *talk = m->talk[--m->count];
}

static struct talk *oldest(struct model *m) {
  struct talk *o = NULL;
  for (struct talk *t = m->talk; t < m->talk + m->count; t++)
    if (o == NULL || t->touched < o->touched) o = t;
  return o;
}

static unsigned state_of(const struct talk *t, unsigned flags) {
  if (t->tcp && (t->state == TAP_FLOW_RESET || flags & RST)) return TAP_FLOW_RESET;
  if (t->tcp && t->fins == 3) return TAP_FLOW_CLOSED;
  if (t->tcp && t->fins != 0) return TAP_FLOW_CLOSING;
  if (t->packets[0] && t->packets[1] && !(t->tcp && flags & SYN)) return TAP_FLOW_ESTABLISHED;
  return t->state;
}

static void step(struct tap_flows *t, struct model *m, size_t limit, int64_t now) {
  unsigned src = (unsigned)rand() % 3, dst = 3 + (unsigned)rand() % 2, sport = 1, dport = 2,
           way = 0;
  bool tcp = rand() % 3 > 0, fresh;
  unsigned flags = (unsigned)(rand() % 4 ? ACK : rand() % 32), sequence = (unsigned)rand() % 2;
  uint8_t bytes[FRAME];
  struct tap_frame frame = { .data = bytes, .caplen = FRAME, .ts_ns = now, .linktype = 1 };
  struct tap_packet p;
  struct talk *talk, *o, again = { 0 };
  if (rand() % 2) {
    unsigned other = src;
    src = dst, dst = other, sport = 2, dport = 1;
  }
  if (!tcp) flags = 0;
  frame.len = FRAME + (unsigned)rand() % 1000;
  build(bytes, src, dst, sport, dport, tcp, flags, sequence);
  tap_decode(registry, &frame, TAP_LEVEL_ALL, &p);
  tap_flows_track(t, &p);
  while ((o = oldest(m)) != NULL && now - o->last > IDLE)
    expect_end(t, m, o, TAP_FLOW_IDLE);
  talk = find(m, src, dst, sport, dport, tcp, &way);
  if (talk != NULL && tcp && talk->state != TAP_FLOW_NEW && (flags & (SYN | ACK | RST)) == SYN &&
      (!talk->has_sequence || sequence != talk->sequence)) {
    expect_end(t, m, talk, TAP_FLOW_REUSED);
    talk = NULL;
  }
  fresh = talk == NULL;
  if (fresh && m->count == limit) expect_end(t, m, oldest(m), TAP_FLOW_EVICTED);
  if (tap_flows_ended(t) != NULL) fail("a flow ended too much");
  if (fresh) {
    talk = &m->talk[m->count++];
    *talk = again;
    way = tcp && (flags & (SYN | ACK)) == (SYN | ACK);
    talk->a = way ? dst : src, talk->b = way ? src : dst;
    talk->aport = way ? dport : sport, talk->bport = way ? sport : dport;
    talk->tcp = tcp, talk->first = talk->last = now, talk->state = TAP_FLOW_NEW;
    talk->id = p.flow->id;
    for (struct talk *x = m->talk; x < talk; x++)
      if (x->id == talk->id) fail("an id is used twice");
    if (talk->id > limit + 1) fail("an id is not dense");
  }
  talk->packets[way]++, talk->bytes[way] += frame.len, talk->last = now;
  talk->touched = ++m->clock;
  if (tcp && (flags & (SYN | ACK)) == SYN && !talk->has_sequence)
    talk->sequence = sequence, talk->has_sequence = true;
  if (tcp && flags & FIN) talk->fins |= 1u << way;
  talk->state = state_of(talk, flags);
  if (p.flow == NULL || p.flow->id != talk->id) fail("another flow");
  if (p.flow_way != way) fail("the direction");
  if (p.flow->packets[way] != talk->packets[way]) fail("packets so far");
  if (p.flow->state != talk->state) fail("the state");
  if (tap_flows_count(t) != m->count) fail("how many live");
}

static void random_packets(unsigned long n, unsigned seed) {
  uint64_t ended = 0;
  srand(seed);
  for (size_t limit = 1; limit <= 8; limit++) {
    struct model m = { .count = 0 };
    struct tap_flows *t = tap_flows_new(limit, IDLE, seed);
    int64_t now = 1000;
    for (unsigned long i = 0; i < n; i++) {
      now += rand() % 8 == 0 ? rand() % 60 : rand() % 3;
      step(t, &m, limit, now);
    }
    tap_flows_end(t);
    while (m.count > 0)
      expect_end(t, &m, oldest(&m), TAP_FLOW_STOPPED);
    if (tap_flows_ended(t) != NULL) fail("one more ended");
    ended += tap_flows_total(t);
    tap_flows_free(t);
  }
  printf("ok, %s flows\n", ended > n / 100 ? "many" : "few");
}

static void many(unsigned long n, size_t limit) {
  struct tap_flows *t = tap_flows_new(limit, INT64_MAX, 1);
  unsigned long ended = 0, largest = 0;
  for (unsigned long i = 0; i < n; i++) {
    uint8_t bytes[FRAME];
    struct tap_frame frame = { .data = bytes, .caplen = FRAME, .len = FRAME, .linktype = 1 };
    struct tap_packet p;
    build(bytes, (unsigned)i & 0xffffff, 0xffffff, 1, 2, false, 0, 0);
    frame.ts_ns = (int64_t)i;
    tap_decode(registry, &frame, TAP_LEVEL_ALL, &p);
    tap_flows_track(t, &p);
    if (p.flow->id > largest) largest = p.flow->id;
    while (tap_flows_ended(t) != NULL)
      ended++;
  }
  tap_flows_end(t);
  while (tap_flows_ended(t) != NULL)
    ended++;
  printf("%lu %" PRIu64 " %lu %zu\n", ended, tap_flows_evicted(t), largest, t->touched);
  tap_flows_free(t);
}

int main(void) {
  char verb[16], text[80];
  unsigned long n;
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  registry = r;
  while (scanf("%15s %79s %lu", verb, text, &n) == 3) {
    if (strcmp(verb, "random") == 0) random_packets(strtoul(text, NULL, 10), (unsigned)n);
    if (strcmp(verb, "many") == 0) many(strtoul(text, NULL, 10), n);
    if (strcmp(verb, "sha1") == 0) {
      uint8_t digest[TAP_SHA1_BYTES];
      tap_sha1((const uint8_t *)text, strlen(text), digest);
      for (unsigned i = 0; i < TAP_SHA1_BYTES; i++)
        printf("%02x", digest[i]);
      puts("");
    }
  }
  tap_registry_free(r);
  return 0;
}
