/* SPDX-License-Identifier: MIT
 *
 * Reading pcapng.  A block is its type, its length, a body and the length
 * again; the cursor moves over whole blocks alone.  Packets are read in a run,
 * and what stands between them (sections, interfaces, all that is passed over)
 * ends a run, because frames given out point at what it changes.  A length is
 * bounded by the window and by what a block of that type can have before it is
 * believed.  Blocks that are passed over need not fit into the window.
 */
#include "pcap/pcapng.h"

#include <stdlib.h>

#include "base/order.h"

enum {
  BLOCK_HEAD = 8,
  BLOCK_LEAST = 12, /* head, and the length again */
  BLOCK_MOST = TAP_CAPLEN_MOST + (1 << 17),
  WHOLE_MOST = 1 << 16, /* blocks to pass over are waited for whole up to this */
  INTERFACES_MOST = 1 << 14,
  MICROSECONDS = 6,
};

/* What looking at the window came to. */
enum step { DAMAGED = -1, ENDED = 0, TAKEN = 1 };

struct block {
  uint32_t type;
  struct tap_cursor body;
};

bool tap_pcapng_known(const uint8_t *p, size_t n) {
  static const uint8_t magic[] = { 0x0a, 0x0d, 0x0d, 0x0a };
  return memcmp(p, magic, n < sizeof magic ? n : sizeof magic) == 0;
}

size_t tap_pcapng_bound(void) {
  return BLOCK_MOST;
}

static int damaged(const struct tap_pcapng *f, const char *what, uint32_t number,
                   struct tap_err *e) {
  return tap_fail(e, 0, "read block %" PRIu64 " at byte %" PRIu64 ": %s (%" PRIu32 ")",
                  f->at.records + 1, f->at.offset, what, number);
}

static bool is_packet(uint32_t type) {
  return type == TAP_BLOCK_ENHANCED || type == TAP_BLOCK_SIMPLE || type == TAP_BLOCK_OBSOLETE;
}

/* Is there nothing in blocks of this type that would be read? */
static bool passed_over(uint32_t type) {
  return !is_packet(type) && type != TAP_BLOCK_INTERFACE && type != TAP_BLOCK_SECTION;
}

/* Take the next block when it is whole. Writers that do not count the padding in a block's length
 * exist: it is there all the same. */
static enum step take_block(struct tap_pcapng *f, struct tap_cursor *c, bool swapped,
                            struct block *out, struct tap_err *e) {
  struct tap_cursor rest = *c;
  const uint8_t *head = tap_take(&rest, BLOCK_HEAD), *body;
  uint32_t length;
  if (head == NULL) return ENDED;
  out->type = tap_load32(head, swapped);
  length = tap_load32(head + 4, swapped);
  if (length < BLOCK_LEAST) return damaged(f, "a block cannot be so short", length, e);
  if (length > BLOCK_MOST) {
    if (!passed_over(out->type))
      return damaged(f, "a block of this type cannot be so long", length, e);
    return ENDED;
  }
  length = (length + 3) & ~3u;
  body = tap_take(&rest, length - BLOCK_HEAD);
  if (body == NULL) return ENDED;
  out->body = (struct tap_cursor){ body, body + length - BLOCK_LEAST };
  if (memcmp(out->body.end, head + 4, 4) != 0)
    return damaged(f, "its two lengths differ", tap_load32(out->body.end, swapped), e);
  *c = rest;
  return TAKEN;
}

/* --- packets --- */

/* Directions and states of checksums, as the bits of epb_flags say them. */
static void read_flags(uint32_t flags, struct tap_frame *out) {
  enum { IN = 1, OUT = 2, CSUM_PARTIAL = 1 << 9, CSUM_VALID = 1 << 10, GSO = 1 << 11 };
  if ((flags & 3) == IN) out->direction = TAP_DIR_IN;
  if ((flags & 3) == OUT) out->direction = TAP_DIR_OUT;
  if (flags & CSUM_PARTIAL) out->flags |= TAP_FRAME_CSUM_PARTIAL;
  if (flags & CSUM_VALID) out->flags |= TAP_FRAME_CSUM_VALID;
  if (flags & GSO) out->flags |= TAP_FRAME_GSO;
}

/* Packets with options remember where these lie. */
static enum step read_options(struct tap_pcapng *f, const struct tap_pcapng_interface *interface,
                              struct tap_cursor options, struct tap_frame *out, struct tap_err *e) {
  struct tap_cursor rest = options;
  struct tap_remark option;
  int got;
  if (f->remarked_count == TAP_PCAPNG_REMARKED) return ENDED;
  while ((got = tap_remark_next(&rest, f->swapped, &option)) > 0)
    if (option.code == TAP_OPTION_FLAGS && option.size == 4)
      read_flags(tap_load32(option.value, f->swapped), out);
  if (got < 0) return damaged(f, "an option is longer than its block", option.size, e);
  f->remarked[f->remarked_count] = (struct tap_about){
    .file = f->file,
    .interface = interface->named.interface,
    .options = options.at,
    .size = (uint32_t)tap_left(&options),
    .swapped = f->swapped,
  };
  out->about = &f->remarked[f->remarked_count++];
  return TAKEN;
}

/* Make a frame of the 20 bytes at 'h', which enhanced and obsolete blocks begin with, and of its
 * bytes.  Values are loaded before the first is stored, which the compiler cannot do by itself. */
static inline void fill_frame(struct tap_frame *out, const uint8_t *h, const uint8_t *data,
                              bool swapped, uint32_t number,
                              const struct tap_pcapng_interface *interface) {
  const uint64_t high = tap_load32(h + 4, swapped), low = tap_load32(h + 8, swapped);
  const int64_t ts_ns = tap_pcap_clock_ns(&interface->clock, high << 32 | low);
  const uint32_t caplen = tap_load32(h + 12, swapped), len = tap_load32(h + 16, swapped);
  const uint16_t linktype = interface->linktype;
  const struct tap_about *about = interface->about;
  *out = (struct tap_frame){
    .data = data,
    .ts_ns = ts_ns,
    .caplen = caplen,
    .len = len,
    .interface = number,
    .linktype = linktype,
    .about = about,
  };
}

/* Enhanced and obsolete blocks differ in their first four bytes alone. */
static enum step read_timed(struct tap_pcapng *f, struct tap_cursor body, bool obsolete,
                            struct tap_frame *out, struct tap_err *e) {
  const uint8_t *h = tap_take(&body, 20), *data;
  uint32_t number, caplen;
  if (h == NULL) return damaged(f, "a block of a packet cannot be so short", 0, e);
  number = obsolete ? tap_load16(h, f->swapped) : tap_load32(h, f->swapped);
  if (number >= f->count) return damaged(f, "there is no interface of this number", number, e);
  caplen = tap_load32(h + 12, f->swapped);
  data = tap_take(&body, caplen);
  if (data == NULL) return damaged(f, "the captured length is over the block's", caplen, e);
  if (tap_take(&body, -caplen & 3u) == NULL) body.at = body.end;
  fill_frame(out, h, data, f->swapped, number, f->interfaces[number]);
  return tap_left(&body) == 0 ? TAKEN : read_options(f, f->interfaces[number], body, out, e);
}

/* A simple packet is of the first interface, has no time, and as many bytes as there is room for. */
static enum step read_simple(struct tap_pcapng *f, struct tap_cursor body, struct tap_frame *out,
                             struct tap_err *e) {
  const uint8_t *h = tap_take(&body, 4);
  uint32_t len;
  if (h == NULL) return damaged(f, "a block of a packet cannot be so short", 0, e);
  if (f->count == 0) return damaged(f, "there is no interface of this number", 0, e);
  len = tap_load32(h, f->swapped);
  tap_narrow(&body, len);
  if (f->interfaces[0]->snaplen > 0) tap_narrow(&body, f->interfaces[0]->snaplen);
  *out = (struct tap_frame){
    .data = body.at,
    .caplen = (uint32_t)tap_left(&body),
    .len = len,
    .linktype = f->interfaces[0]->linktype,
    .flags = TAP_FRAME_NO_TIME,
    .about = f->interfaces[0]->about,
  };
  return TAKEN;
}

static __attribute__((noinline)) enum step take_packet(struct tap_pcapng *f, struct tap_cursor *c,
                                                       struct tap_frame *out, struct tap_err *e) {
  struct tap_cursor rest = *c;
  struct block b = { 0 };
  enum step step;
  if (tap_left(c) < BLOCK_HEAD || !is_packet(tap_load32(c->at, f->swapped))) return ENDED;
  step = take_block(f, &rest, f->swapped, &b, e);
  if (step != TAKEN) return step;
  if (b.type == TAP_BLOCK_SIMPLE)
    step = read_simple(f, b.body, out, e);
  else
    step = read_timed(f, b.body, b.type == TAP_BLOCK_OBSOLETE, out, e);
  if (step == TAKEN) *c = rest;
  return step;
}

/* The interface of the packet before, which most packets share. */
struct recent {
  const struct tap_pcapng_interface *interface; /* NULL: none yet */
  uint32_t number;
};

static inline bool find_interface(const struct tap_pcapng *f, struct recent *recent,
                                  uint32_t number) {
  if (recent->interface != NULL && recent->number == number) return true;
  if (number >= f->count) return false;
  *recent = (struct recent){ f->interfaces[number], number };
  return true;
}

/* Take a whole enhanced block without options, and nothing else: what nearly all are. */
static inline bool take_usual(const struct tap_pcapng *f, struct recent *recent,
                              struct tap_cursor *c, bool swapped, struct tap_frame *out) {
  enum { HEAD = BLOCK_HEAD + 20, TAIL = 4 };
  const struct tap_cursor window = *c;
  const uint8_t *h = window.at;
  size_t length;
  if (tap_left(&window) < HEAD + TAIL || tap_load32(h, swapped) != TAP_BLOCK_ENHANCED) return false;
  length = tap_load32(h + 4, swapped);
  if (((size_t)tap_load32(h + 20, swapped) + HEAD + TAIL + 3) / 4 * 4 != length) return false;
  if (tap_take(c, length) == NULL) return false;
  if (tap_load32(c->at - TAIL, false) != tap_load32(h + 4, false) ||
      !find_interface(f, recent, tap_load32(h + 8, swapped))) {
    *c = window;
    return false;
  }
  fill_frame(out, h + BLOCK_HEAD, h + HEAD, swapped, recent->number, recent->interface);
  return true;
}

/* --- sections and interfaces --- */

static void forget_interfaces(struct tap_pcapng *f) {
  for (unsigned i = 0; i < f->count; i++)
    free(f->interfaces[i]);
  f->count = 0;
}

/* The section's header says in which byte order it is, its own length included. */
static enum step begin_section(struct tap_pcapng *f, struct tap_cursor *c, struct tap_err *e) {
  struct tap_cursor rest = *c;
  const uint8_t *head = tap_take(&rest, BLOCK_LEAST);
  struct block b;
  enum step step;
  bool swapped;
  if (head == NULL) return ENDED;
  swapped = tap_load32(head + 8, false) != TAP_BYTE_ORDER_MAGIC;
  if (swapped && tap_load32(head + 8, true) != TAP_BYTE_ORDER_MAGIC)
    return damaged(f, "no byte order has this magic number", tap_load32(head + 8, false), e);
  step = take_block(f, c, swapped, &b, e);
  if (step != TAKEN) return step;
  head = tap_take(&b.body, 16);
  if (head == NULL) return damaged(f, "a section's header cannot be so short", 0, e);
  if (tap_load16(head + 4, swapped) != 1)
    return damaged(f, "this version is not supported", tap_load16(head + 4, swapped), e);
  forget_interfaces(f);
  f->swapped = swapped;
  f->began = true;
  return TAKEN;
}

static void read_name(struct tap_pcapng_interface *i, const struct tap_remark *option) {
  size_t n = option->size < sizeof i->name ? option->size : sizeof i->name - 1;
  memcpy(i->name, option->value, n);
  i->name[n] = '\0';
  i->named.interface = i->name;
}

static enum step read_interface_options(struct tap_pcapng *f, struct tap_pcapng_interface *i,
                                        struct tap_cursor options, struct tap_err *e) {
  struct tap_remark option;
  uint8_t resolution = MICROSECONDS;
  int64_t offset_s = 0;
  int got;
  while ((got = tap_remark_next(&options, f->swapped, &option)) > 0) {
    if (option.code == TAP_IF_NAME && option.size > 0) read_name(i, &option);
    if (option.code == TAP_IF_RESOLUTION && option.size == 1) resolution = option.value[0];
    if (option.code == TAP_IF_OFFSET && option.size == 8)
      offset_s = (int64_t)tap_load64(option.value, f->swapped);
  }
  tap_pcap_clock_init(&i->clock, resolution, offset_s);
  i->named.file = f->file;
  i->about = i->named.interface != NULL || f->file != NULL ? &i->named : NULL;
  return got < 0 ? damaged(f, "an option is longer than its block", option.size, e) : TAKEN;
}

/* Room for one interface more; its memory does not move. */
static struct tap_pcapng_interface *new_interface(struct tap_pcapng *f) {
  unsigned room = f->room == 0 ? 8 : f->room * 2;
  void *grown = f->interfaces;
  if (f->count == f->room) grown = realloc(f->interfaces, room * sizeof(*f->interfaces));
  if (grown == NULL) return NULL;
  if (f->count == f->room) f->room = room;
  f->interfaces = grown;
  f->interfaces[f->count] = calloc(1, sizeof(**f->interfaces));
  return f->interfaces[f->count];
}

/* What is said of the file as a whole. */
static void note_interface(struct tap_pcapng *f, const struct tap_pcapng_interface *i) {
  if (f->interfaces_seen++ == 0) {
    f->linktype = i->linktype;
    f->snaplen = i->snaplen;
  } else if (f->linktype != i->linktype) {
    f->linktype = TAP_LINKTYPE_NONE;
  }
}

static enum step read_interface(struct tap_pcapng *f, struct tap_cursor body, struct tap_err *e) {
  const uint8_t *h = tap_take(&body, 8);
  struct tap_pcapng_interface *i;
  if (h == NULL) return damaged(f, "an interface's block cannot be so short", 0, e);
  if (f->count == INTERFACES_MOST) return damaged(f, "too many interfaces", f->count, e);
  i = new_interface(f);
  if (i == NULL) return damaged(f, "out of memory for an interface", f->count, e);
  f->count++;
  i->linktype = tap_load16(h, f->swapped);
  i->snaplen = tap_load32(h + 4, f->swapped);
  if (read_interface_options(f, i, body, e) != TAKEN) return DAMAGED;
  note_interface(f, i);
  return TAKEN;
}

/* --- the run --- */

/* Take what is no packet.  A long block that is passed over is skipped as it comes. */
static enum step take_other(struct tap_pcapng *f, struct tap_cursor *c, struct tap_err *e) {
  const struct tap_cursor from = *c;
  struct block b = { 0 };
  enum step step;
  if (tap_left(c) >= BLOCK_HEAD && tap_pcapng_known(c->at, 4)) return begin_section(f, c, e);
  step = take_block(f, c, f->swapped, &b, e);
  if (step == TAKEN && b.type == TAP_BLOCK_INTERFACE) return read_interface(f, b.body, e);
  if (step != ENDED || tap_left(&from) < BLOCK_HEAD || !passed_over(b.type)) return step;
  f->skip = ((uint64_t)tap_load32(from.at + 4, f->swapped) + 3) & ~UINT64_C(3);
  if (f->skip > WHOLE_MOST) return TAKEN;
  f->skip = 0;
  return ENDED;
}

static void skip(struct tap_pcapng *f, struct tap_cursor *c) {
  size_t n = f->skip < tap_left(c) ? (size_t)f->skip : tap_left(c);
  tap_take(c, n);
  f->skip -= n;
}

/* Take packets while there are any.  The byte order is a constant where this is inlined.  'at'
 * stands still meanwhile, so that an error names its block when that is the first. */
static inline __attribute__((always_inline)) int take_packets(struct tap_pcapng *f,
                                                              struct tap_cursor *window,
                                                              bool swapped, struct tap_frame *out,
                                                              unsigned max, struct tap_err *e) {
  struct recent recent = { NULL, 0 };
  enum step step = TAKEN;
  unsigned n = 0;
  while (n < max && step == TAKEN) {
    struct tap_cursor c = *window;
    while (n < max && take_usual(f, &recent, &c, swapped, &out[n]))
      n++;
    *window = c;
    if (n == max) break;
    step = take_packet(f, window, &out[n], e);
    if (step == TAKEN) n++;
  }
  return n > 0 ? (int)n : step == DAMAGED ? -1 : 0;
}

/* Read what stands before the next packet: TAKEN, or ENDED where a packet or the window's end
 * comes first. */
static enum step pass_others(struct tap_pcapng *f, struct tap_cursor *c, struct tap_err *e) {
  const uint8_t *from = c->at;
  enum step step = TAKEN;
  if (f->skip > 0)
    skip(f, c);
  else if (tap_left(c) >= BLOCK_HEAD && is_packet(tap_load32(c->at, f->swapped)) && f->began)
    return ENDED;
  else
    step = take_other(f, c, e);
  if (step == TAKEN && f->skip == 0) f->at.records++;
  f->at.offset += (size_t)(c->at - from);
  return f->skip > 0 && tap_left(c) == 0 ? ENDED : step;
}

int tap_pcapng_batch(struct tap_pcapng *f, struct tap_cursor *c, struct tap_frame *out,
                     unsigned max, struct tap_err *e) {
  const uint8_t *from;
  enum step step;
  int n;
  f->remarked_count = 0;
  do
    step = pass_others(f, c, e);
  while (step == TAKEN);
  if (step == DAMAGED || max == 0) return step == DAMAGED ? -1 : 0;
  from = c->at;
  n = f->swapped ? take_packets(f, c, true, out, max, e) : take_packets(f, c, false, out, max, e);
  if (n > 0) f->at.records += (unsigned)n;
  f->at.offset += (size_t)(c->at - from);
  return n;
}

int tap_pcapng_begin(struct tap_pcapng *f, struct tap_cursor *c, struct tap_err *e) {
  if (f->interfaces_seen == 0 && tap_pcapng_batch(f, c, NULL, 0, e) != 0) return -1;
  return f->interfaces_seen > 0 || (f->began && tap_left(c) >= BLOCK_HEAD) ? 1 : 0;
}

void tap_pcapng_free(struct tap_pcapng *f) {
  forget_interfaces(f);
  free(f->interfaces);
  *f = (struct tap_pcapng){ 0 };
}
