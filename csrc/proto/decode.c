/* SPDX-License-Identifier: MIT
 *
 * The walk.  It calls a parser, notes where the header lies, looks up who
 * comes next, and stops where nobody does, where something is wrong, or where
 * the next layer is deeper than anybody asked for.
 */
#include "proto/decode.h"

#include <stdio.h>
#include <string.h>

#include "proto/builtin.h"
#include "proto/frequent.h"
#include "proto/usual.h"

enum { PREFETCH_AHEAD = 8 };

/* The packet under work. */
struct work {
  const struct tap_walk *walk;
  struct tap_packet *out;
  const uint8_t *data;
  struct tap_cursor c;
  unsigned level;
  bool quoted; /* an error message is behind us: what follows is what it quotes */
};

typedef enum tap_verdict parser(struct tap_cursor *c, struct tap_step *out);

static inline void note_layer(struct tap_packet *out, unsigned index, struct tap_layer layer) {
  out->layer[index] = layer;
  out->count = (uint8_t)(index + 1);
}

/* A layer that nothing follows, or none.  Out of line, and no result: so a verdict is no value in
 * the usual chain, only a way to go. */
static __attribute__((noinline)) void note_last(struct tap_packet *out, unsigned index,
                                                struct tap_layer layer, enum tap_verdict verdict) {
  if (verdict == TAP_FOREIGN) return;
  note_layer(out, index, layer);
  if (verdict != TAP_LAST) out->fault = (uint8_t)verdict;
}

/* Decode the layer that comes next as number 'index' of the packet.  Returns the number of the
 * protocol that follows, if any.  With a constant parser, step and index all of it folds. */
static inline __attribute__((always_inline)) unsigned decode_layer(struct work *w,
                                                                   unsigned protocol,
                                                                   unsigned index, parser *parse,
                                                                   struct tap_step *step) {
  struct tap_cursor c = w->c;
  enum tap_verdict verdict = parse(&c, step);
  size_t header = verdict == TAP_TRUNCATED ? tap_left(&w->c) : (size_t)(c.at - w->c.at);
  struct tap_layer layer = { (uint16_t)protocol, (uint16_t)header, (uint32_t)(w->c.at - w->data),
                             (uint32_t)(c.end - w->data) };
  if (verdict != TAP_PAYLOAD) {
    note_last(w->out, index, layer, verdict);
    return TAP_NONE_NEXT;
  }
  note_layer(w->out, index, layer);
  w->c = c;
  return tap_walk_next(w->walk, step);
}

/* The same for a parser that is in line. */
static inline __attribute__((always_inline)) unsigned
decode_frequent(struct work *w, unsigned protocol, unsigned index, parser *parse) {
  struct tap_step step = { 0 };
  return decode_layer(w, protocol, index, parse, &step);
}

/* The chain that most packets are, in line: Ethernet, IP of either version, TCP or UDP.  Wherever
 * a packet leaves it, decode_rest goes on. */
static inline __attribute__((always_inline)) unsigned decode_chain(struct work *w,
                                                                   unsigned number) {
  struct tap_packet *out = w->out;
  if (number != TAP_PROTO_ETH || w->level < TAP_LEVEL_LINK) return number;
  number = decode_frequent(w, number, 0, tap_eth_parse);
  if (w->level < TAP_LEVEL_NETWORK) return number;
  if (number == TAP_PROTO_IP)
    number = decode_frequent(w, number, 1, tap_ip_parse);
  else if (number == TAP_PROTO_IPV6)
    number = decode_frequent(w, number, 1, tap_ipv6_parse);
  else
    return number;
  out->network = 1;
  if (w->level < TAP_LEVEL_TRANSPORT) return number;
  if (number == TAP_PROTO_TCP)
    number = decode_frequent(w, number, 2, tap_tcp_parse);
  else if (number == TAP_PROTO_UDP)
    number = decode_frequent(w, number, 2, tap_udp_parse);
  else
    return number;
  out->transport = 2;
  return number;
}

/* The outermost layer of each role is where undotted names are read. */
static void note_role(struct tap_packet *out, unsigned role, uint8_t index) {
  if (role == TAP_ROLE_NETWORK && out->network == TAP_NO_LAYER) out->network = index;
  if (role == TAP_ROLE_TRANSPORT && out->transport == TAP_NO_LAYER) out->transport = index;
}

static inline bool is_wanted(const struct work *w, unsigned number) {
  return __builtin_expect(number != TAP_NONE_NEXT, 0) && w->walk->walkers[number].level <= w->level;
}

/* A quotation ends where it ends, and may be of a packet that was refused for what is wrong with
 * it: neither is a fault of the packet that quotes.  A header of which no byte is quoted is no
 * layer. */
static void forgive(struct tap_packet *out) {
  if (out->fault == TAP_TRUNCATED && out->layer[out->count - 1].header == 0) out->count--;
  out->fault = TAP_PAYLOAD;
}

/* What the last layer of the usual chain told: it is parsed once more, so that the chain need not
 * keep it. */
static inline __attribute__((always_inline)) struct tap_step last_step(const struct work *w) {
  const struct tap_layer *last;
  struct tap_step step = { .table = TAP_BY_LINKTYPE, .key = w->out->frame->linktype };
  struct tap_cursor c;
  if (w->out->count == 0) return step;
  last = &w->out->layer[w->out->count - 1];
  c = (struct tap_cursor){ w->data + last->start, w->c.end };
  step = (struct tap_step){ .layout = w->walk->walkers[last->protocol].layout };
  w->walk->walkers[last->protocol].parse(&c, &step);
  return step;
}

/* The key of a step by which protocol 'number' was found. */
static uint16_t key_of(const struct tap_walk *walk, const struct tap_step *step, unsigned number) {
  return tap_walk_bound(walk, step->table, step->key) == number ? step->key : step->or_key;
}

/* Any chain: parsers are called by pointer.  The work is a copy, so that the one of the usual
 * chain need not lie in memory. */
static __attribute__((noinline)) void decode_rest(struct work w, unsigned number) {
  const struct tap_frame *frame = w.out->frame;
  struct tap_step step = last_step(&w);
  unsigned following;
  do {
    const struct tap_walker *walker = &w.walk->walkers[number];
    const uint8_t index = w.out->count;
    if (index == TAP_LAYERS_MAX) {
      w.out->fault = TAP_TOO_DEEP;
      return;
    }
    step = (struct tap_step){ .layout = walker->layout,
                              .from = key_of(w.walk, &step, number),
                              .cut = frame->caplen < frame->len };
    following = decode_layer(&w, number, index, walker->parse, &step);
    if (w.quoted)
      forgive(w.out);
    else if (w.out->count > index)
      note_role(w.out, walker->role, index);
    w.quoted |= tap_quotes(number);
    number = following;
  } while (is_wanted(&w, number));
}

/* Did the last layer end in a payload that nobody is bound to, or none of those who are took?
 * Its parser is asked again. */
static bool is_undecided(const struct work *w, const struct tap_layer *last) {
  const struct tap_packet *p = w->out;
  const struct tap_walker *walker = &w->walk->walkers[last->protocol];
  uint32_t outer = p->count > 1 ? last[-1].end : p->frame->caplen;
  struct tap_cursor c = { w->data + last->start,
                          w->data + (outer > last->end ? outer : last->end) };
  struct tap_step step = { .layout = walker->layout };
  enum tap_verdict verdict;
  if (p->fault != TAP_PAYLOAD || p->count == TAP_LAYERS_MAX) return false;
  verdict = walker->parse(&c, &step);
  if (tap_left(&c) == 0) return false;
  return verdict == TAP_PAYLOAD || (verdict == TAP_LAST && walker->layout != NULL);
}

/* Ask those who know protocols by their looks what follows; true where one knew. */
static bool guess(struct work *w) {
  struct tap_packet *p = w->out;
  struct tap_layer last = p->layer[p->count - 1];
  for (unsigned i = 0; i < w->walk->late.guess_count; i++) {
    const struct tap_guess g = w->walk->late.guesses[i];
    unsigned before = p->count;
    if (g.parent != last.protocol || !g.is_it(g.owner, g.number, p)) continue;
    w->c = (struct tap_cursor){ w->data + last.start + last.header, w->data + last.end };
    decode_rest(*w, g.protocol);
    if (p->count > before) return true;
  }
  return false;
}

/* Where nobody was bound to what follows, whoever is guessed to. */
static __attribute__((noinline)) void decode_guessed(const struct tap_walk *walk,
                                                     struct tap_packet *out) {
  const uint8_t *data = out->frame->data;
  struct work w = { walk, out, data, { data, data }, TAP_LEVEL_ALL, false };
  while (out->count > 0 && is_undecided(&w, &out->layer[out->count - 1])) {
    const struct tap_layer *last = &out->layer[out->count - 1];
    w.quoted = tap_quotes(last->protocol) || tap_layer_quoted(out, last);
    if (!guess(&w)) break;
  }
}

/* Show the packet to those who watch one of its protocols. */
static __attribute__((noinline)) void show_watches(const struct tap_walk *walk,
                                                   const struct tap_packet *p) {
  for (unsigned i = 0; i < walk->late.watch_count; i++) {
    const struct tap_watch watch = walk->late.watches[i];
    if (tap_packet_layer(p, watch.protocol, 0) != NULL) watch.see(watch.owner, p);
  }
}

/* The layer with a role is one place further in, or lost its place. */
static uint8_t moved(uint8_t index) {
  return index >= TAP_LAYERS_MAX - 1 ? TAP_NO_LAYER : (uint8_t)(index + 1);
}

/* The tag that the kernel took out of the bytes stands behind the addresses again.  As if it had
 * stood in the bytes, it can leave no room for the innermost layer. */
static void insert_lifted_tag(const struct tap_walk *walk, struct tap_packet *out) {
  unsigned number = tap_walk_bound(walk, TAP_BY_ETHERTYPE, out->frame->vlan_tpid);
  if (number == TAP_NONE_NEXT || out->count == 0) return;
  if (out->layer[0].protocol != TAP_PROTO_ETH) return;
  if (out->layer[0].header < TAP_ETH_HEADER) return; /* cut before its place */
  if (out->count == TAP_LAYERS_MAX) {
    out->count--;
    out->fault = TAP_TOO_DEEP;
  }
  memmove(&out->layer[2], &out->layer[1], (out->count - 1u) * sizeof out->layer[0]);
  out->layer[1] = (struct tap_layer){
    .protocol = (uint16_t)number, .header = 0, .start = TAP_LIFTED_START, .end = out->layer[0].end
  };
  out->layer[0].end = out->frame->caplen; /* a length is the tag's: it ends the tag's payload */
  out->count++;
  out->network = moved(out->network);
  out->transport = moved(out->transport);
}

static inline void begin(const struct tap_walk *walk, const struct tap_frame *frame,
                         struct tap_packet *out) {
  out->frame = frame;
  out->flow = NULL;
  out->walk = walk;
}

static inline void forget_layers(struct tap_packet *out) {
  out->count = 0;
  out->fault = TAP_PAYLOAD;
  out->network = out->transport = TAP_NO_LAYER;
}

/* A packet that is not usual: its headers from protocol 'number' on. */
static inline __attribute__((always_inline)) void decode_unusual(const struct tap_walk *walk,
                                                                 enum tap_level level,
                                                                 struct tap_packet *out,
                                                                 unsigned number) {
  const uint8_t *data = out->frame->data;
  struct work w = { walk, out, data, { data, data + out->frame->caplen }, level, false };
  forget_layers(out);
  number = decode_chain(&w, number);
  if (is_wanted(&w, number)) decode_rest(w, number);
}

/* What a usual packet's transport carries. */
static inline void decode_behind(const struct tap_walk *walk, enum tap_level level,
                                 struct tap_packet *out, unsigned number) {
  const uint8_t *data = out->frame->data;
  const struct tap_layer *last = &out->layer[2];
  const struct tap_cursor c = { data + last->start + last->header, data + last->end };
  struct work w = { walk, out, data, c, level, false };
  if (is_wanted(&w, number)) decode_rest(w, number);
}

static inline __attribute__((always_inline)) void decode(const struct tap_walk *walk,
                                                         const struct tap_frame *frame,
                                                         enum tap_level level,
                                                         struct tap_packet *out) {
  unsigned number = tap_walk_bound(walk, TAP_BY_LINKTYPE, frame->linktype);
  begin(walk, frame, out);
  if (number != TAP_PROTO_ETH || level < TAP_LEVEL_TRANSPORT ||
      !tap_usual_decode(walk, frame, level, out, &number))
    decode_unusual(walk, level, out, number);
  else if (number != TAP_NONE_NEXT)
    decode_behind(walk, level, out, number);
  if (level == TAP_LEVEL_ALL && walk->late.guess_count > 0) decode_guessed(walk, out);
  if (frame->flags & TAP_FRAME_TAG_LIFTED) insert_lifted_tag(walk, out);
  if (level == TAP_LEVEL_ALL && walk->late.watch_count > 0) show_watches(walk, out);
}

void tap_decode_from(const struct tap_registry *r, const struct tap_frame *frame, unsigned protocol,
                     struct tap_packet *out) {
  const struct tap_walk *walk = tap_registry_walk(r);
  const uint8_t *data = frame->data;
  struct work w = { walk, out, data, { data, data + frame->caplen }, TAP_LEVEL_ALL, false };
  begin(walk, frame, out);
  forget_layers(out);
  out->times = NULL;
  decode_rest(w, protocol);
  if (walk->late.guess_count > 0) decode_guessed(walk, out);
  if (walk->late.watch_count > 0) show_watches(walk, out);
}

void tap_decode(const struct tap_registry *r, const struct tap_frame *frame, enum tap_level level,
                struct tap_packet *out) {
  out->times = NULL;
  tap_decode_batch(r, frame, 1, level, out);
}

static inline __attribute__((always_inline)) void decode_all(const struct tap_walk *walk,
                                                             const struct tap_frame *frames,
                                                             unsigned n, enum tap_level level,
                                                             struct tap_packet *out) {
  const struct tap_frame *end = frames + n, *frame;
  const struct tap_frame *far =
      n > PREFETCH_AHEAD && level > TAP_LEVEL_FRAME ? end - PREFETCH_AHEAD : frames;
  for (frame = frames; frame < end; frame++, out++) {
    if (frame < far) {
      __builtin_prefetch(frame[PREFETCH_AHEAD].data);
      __builtin_prefetch(frame[PREFETCH_AHEAD].data + 48);
    }
    decode(walk, frame, level, out);
  }
}

/* In each of these the level is a constant, so that no packet is asked for it. */
void tap_decode_batch(const struct tap_registry *r, const struct tap_frame *frames, unsigned n,
                      enum tap_level level, struct tap_packet *out) {
  const struct tap_walk *walk = tap_registry_walk(r);
  switch (level) {
  case TAP_LEVEL_FRAME: decode_all(walk, frames, n, TAP_LEVEL_FRAME, out); return;
  case TAP_LEVEL_LINK: decode_all(walk, frames, n, TAP_LEVEL_LINK, out); return;
  case TAP_LEVEL_NETWORK: decode_all(walk, frames, n, TAP_LEVEL_NETWORK, out); return;
  case TAP_LEVEL_TRANSPORT: decode_all(walk, frames, n, TAP_LEVEL_TRANSPORT, out); return;
  case TAP_LEVEL_ALL: decode_all(walk, frames, n, TAP_LEVEL_ALL, out); return;
  }
}

static void shift_layers(struct tap_packet *p, unsigned from, uint32_t by) {
  for (unsigned i = from; i < p->count; i++) {
    p->layer[i].start += by;
    p->layer[i].end += by;
  }
}

static void put_tag_back(struct tap_frame *frame) {
  /* The frame's bytes are borrowed to be read; its flag says that these may be written. */
  uint8_t *data = (uint8_t *)(uintptr_t)frame->data - 4;
  memmove(data, data + 4, 12);
  data[12] = (uint8_t)(frame->vlan_tpid >> 8);
  data[13] = (uint8_t)frame->vlan_tpid;
  data[14] = (uint8_t)(frame->vlan_tci >> 8);
  data[15] = (uint8_t)frame->vlan_tci;
  frame->data = data;
  frame->caplen += 4;
  frame->len += 4;
  frame->flags &= (uint8_t)~TAP_FRAME_TAG_LIFTED;
}

void tap_packet_restore_tag(struct tap_packet *p, struct tap_frame *frame) {
  bool has_layer = p->count > 1 && tap_layer_lifted(p, &p->layer[1]);
  if (!tap_frame_tag_fits(frame)) return;
  put_tag_back(frame);
  if (p->count == 0) return;
  p->layer[0].end += 4;
  shift_layers(p, 1, 4);
  if (!has_layer) return; /* nobody knows a protocol of the tag's type */
  p->layer[1].start = 14;
  p->layer[1].header = 4;
}

const char *tap_packet_fault(const struct tap_packet *p, const struct tap_registry *r, char *buffer,
                             unsigned size) {
  const struct tap_layer *layer;
  if (p->fault == TAP_PAYLOAD || p->count == 0) return NULL;
  layer = &p->layer[p->count - 1];
  if (p->fault == TAP_TOO_DEEP)
    snprintf(buffer, size, "more than %d layers", TAP_LAYERS_MAX);
  else if (p->fault == TAP_TRUNCATED)
    snprintf(buffer, size, "%s: header cut short at byte %u",
             tap_registry_at(r, layer->protocol)->name, layer->start + layer->header);
  else
    snprintf(buffer, size, "%s: malformed header at byte %u",
             tap_registry_at(r, layer->protocol)->name, layer->start);
  return buffer;
}
