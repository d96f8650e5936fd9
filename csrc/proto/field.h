/* SPDX-License-Identifier: MIT
 *
 * The registry of fields is the heart, and this is one row of it: a name, a
 * type and how to read it.  Most rows are a place in the header (first bit
 * and number of bits); what no place can say, a function reads.  A reference
 * is a name that was looked up: it reads that field from any packet.
 */
#ifndef TAP_PROTO_FIELD_H
#define TAP_PROTO_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/ends.h"
#include "proto/packet.h"
#include "proto/value.h"

struct tap_field;

/* A tap_reader of a row that was made while the program runs: its row says what it reads.  Of a
 * number it also gives the bytes that it stands in, or NULL. */
typedef bool tap_self_reader(const struct tap_field *field, const struct tap_packet *p,
                             const struct tap_layer *layer, unsigned nth, struct tap_value *out);

struct tap_name {
  uint64_t value;
  const char *name;
};

/* flags of a row */
enum {
  TAP_HEX = 1 << 0,     /* printed as 0x..., with as many digits as it has bits */
  TAP_REPEATS = 1 << 1, /* is made to occur more than once, without a tunnel: an array in JSON */
  TAP_HIDDEN = 1 << 2,  /* left out of trees and JSON: another name for values that have one, or
                           costly to read */
  TAP_TRACKED = 1 << 3, /* of the packet's flow: absent where the pass tracks none */
  TAP_SHARED = 1 << 4,  /* of more than one protocol: each shows it, and the registry has its name
                           once, from a list of such rows, which are read without a layer */
  TAP_HEX32 = TAP_HEX | 1 << 5, /* as many digits as 32 bits have, as Wireshark holds it */
  TAP_LITTLE = 1 << 6,          /* a number at a place of whole bytes, the lowest one first */
  TAP_SEQUENCED = 1 << 7,       /* depends on the frames before it: wrong where some never came */
};

/* Short ways to values that are asked for most: to the first occurrence, in its plain form. */
enum tap_access {
  TAP_ACCESS_ANY,    /* none: whatever else there is */
  TAP_ACCESS_NUMBER, /* unsigned, at a place, of 1, 2 or 4 bytes, the highest first */
  TAP_ACCESS_LITTLE, /* the same, the lowest first */
  TAP_ACCESS_SIGNED, /* as the first, but two's complement */
  TAP_ACCESS_LOAD,   /* any other number at a place */
  TAP_ACCESS_BYTES,  /* at a place: an address, bytes, text */
  TAP_ACCESS_SRC,
  TAP_ACCESS_DST,
  TAP_ACCESS_SPORT,
  TAP_ACCESS_DPORT,
  TAP_ACCESS_LEN /* on the wire */
};

struct tap_field {
  const char *name;  /* "tcp.dstport" */
  const char *label; /* "Destination Port" */
  uint8_t type;      /* enum tap_type */
  uint8_t flags;
  uint16_t bit, bits; /* place in the header, bit 0 is the first on the wire; bits 0: see read */
  uint8_t level;      /* enum tap_level: 0 is the level of its protocol */
  uint8_t access;     /* enum tap_access: a short way that leads to what 'read' reads */
  tap_reader *read;   /* NULL: by place */
  tap_self_reader *read_self;   /* NULL: by place or by 'read'; else it gets ... */
  const void *self;             /* ... this through its row */
  const char *unit;             /* "ns", "bytes", or NULL */
  const struct tap_name *names; /* of enumerated values, ends with a NULL name; or NULL */
};

/* What is asked for of a value; form.h says what it becomes. */
enum tap_form {
  TAP_FORM_VALUE,
  TAP_FORM_RAW,
  TAP_FORM_ID,
  TAP_FORM_TEXT,
  TAP_FORM_PREFIX, /* of an address: 'range' bits */
  TAP_FORM_RANGE   /* of a number: 'range' wide */
};

enum { TAP_ANY_PROTOCOL = 0xffff };

enum { TAP_LOAD_LITTLE = 0x10 };

/* A name, looked up: tcp.dstport, vlan.id#2, src/24, arp.opcode:text, or a protocol's own name. */
struct tap_ref {
  const struct tap_field *field; /* NULL: presence of the protocol */
  uint16_t protocol;             /* TAP_ANY_PROTOCOL: not of one layer */
  uint8_t nth;                   /* occurrence, 0 is the outermost */
  uint8_t form;                  /* enum tap_form */
  uint8_t level;                 /* how deep a packet must be decoded to read it */
  uint8_t access;                /* enum tap_access */
  uint8_t bytes, shift;          /* place, made ready: load 'bytes' at 'byte', shift right ...
                                    (bytes 0: it has no place) */
  uint8_t load;                  /* 'bytes', and TAP_LOAD_LITTLE where the lowest one comes first */
  uint16_t byte;
  bool optional;  /* "name?" */
  uint64_t mask;  /* ... and mask */
  uint64_t range; /* of the forms that have one */
};

/* Make a reference to the first occurrence of 'field' ready. False when its place is no place:
 * a number over 64 bits or over nine bytes, an address of the wrong size. */
bool tap_ref_init(struct tap_ref *ref, const struct tap_field *field, unsigned protocol,
                  unsigned level);

/* TAP_TRACKED and TAP_SEQUENCED, what is true of the field: what else than the frame it is about. */
static inline unsigned tap_ref_asks(const struct tap_ref *ref) {
  return ref->field != NULL ? ref->field->flags & (TAP_TRACKED | TAP_SEQUENCED) : 0u;
}

/* Does reading it need the packet's flow? */
static inline bool tap_ref_tracked(const struct tap_ref *ref) {
  return (tap_ref_asks(ref) & TAP_TRACKED) != 0;
}

/* Let 'ref' name this occurrence. */
static inline void tap_ref_turn(struct tap_ref *ref, unsigned nth) {
  ref->nth = (uint8_t)nth;
  if (nth > 0) ref->access = TAP_ACCESS_ANY;
}

/* Load a big-endian number of 1 to 8 bytes; the sizes that headers have most without a loop. */
static inline uint64_t tap_load_be(const uint8_t *p, unsigned bytes) {
  uint64_t n = 0;
  switch (bytes) {
  case 1: return p[0];
  case 2: return tap_be16(p);
  case 4: return tap_be32(p);
  default:
    for (unsigned i = 0; i < bytes; i++)
      n = n << 8 | p[i];
    return n;
  }
}

static inline uint64_t tap_load_le(const uint8_t *p, unsigned bytes) {
  uint64_t n = 0;
  while (bytes-- > 0)
    n = n << 8 | p[bytes];
  return n;
}

/* Two's complement of 'bits' (1 to 64) bits, made 64 bits wide. */
static inline uint64_t tap_extend_sign(uint64_t n, unsigned bits) {
  uint64_t sign = UINT64_C(1) << (bits - 1);
  return (n ^ sign) - sign;
}

/* What became of a short way: the packet does not have it, here it is, or none leads to it. */
enum tap_fetched { TAP_ABSENT, TAP_FETCHED, TAP_ELSEWHERE };

static inline enum tap_fetched tap_fetched_if(bool is_there) {
  return is_there ? TAP_FETCHED : TAP_ABSENT;
}

/* The number at 'at', in the byte order and with the sign of its row. */
uint64_t tap_ref_load(const struct tap_ref *ref, const uint8_t *at);

/* The same where 'access' is one of the short three. */
static inline __attribute__((always_inline)) uint64_t
tap_ref_load_short(const struct tap_ref *ref, const uint8_t *at, enum tap_access access) {
  uint32_t n = ref->bytes == 2 ? tap_be16(at) : ref->bytes == 1 ? *at : tap_be32(at);
  if (access == TAP_ACCESS_LITTLE && ref->bytes > 1)
    n = ref->bytes == 2 ? __builtin_bswap16((uint16_t)n) : __builtin_bswap32(n);
  n = n >> ref->shift & (uint32_t)ref->mask;
  return access == TAP_ACCESS_SIGNED ? tap_extend_sign(n, ref->field->bits) : n;
}

/* A place in the outermost layer of its protocol.  That one may lack it, and an inner one have it. */
static inline __attribute__((always_inline)) enum tap_fetched
tap_ref_fetch_place(const struct tap_ref *ref, const struct tap_packet *p, enum tap_access access,
                    struct tap_value *out) {
  const struct tap_layer *layer = tap_packet_layer(p, ref->protocol, 0);
  const uint8_t *at;
  if (layer == NULL) return TAP_ABSENT;
  if ((uint32_t)ref->byte + ref->bytes > layer->header) return TAP_ELSEWHERE;
  at = p->frame->data + layer->start + ref->byte;
  out->type = ref->field->type;
  out->bytes = at;
  out->size = ref->bytes;
  out->number = 0;
  if (access == TAP_ACCESS_LOAD)
    out->number = tap_ref_load(ref, at);
  else if (access != TAP_ACCESS_BYTES)
    out->number = tap_ref_load_short(ref, at, access);
  return TAP_FETCHED;
}

/* Take a short way: what it leads to is a plain value, and not in 'made'.  In line by force, since
 * what callers do with the value folds with how it comes. */
static inline __attribute__((always_inline)) enum tap_fetched
tap_ref_fetch(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out) {
  switch ((enum tap_access)ref->access) {
  case TAP_ACCESS_ANY: return TAP_ELSEWHERE;
  case TAP_ACCESS_NUMBER: return tap_ref_fetch_place(ref, p, TAP_ACCESS_NUMBER, out);
  case TAP_ACCESS_LITTLE: return tap_ref_fetch_place(ref, p, TAP_ACCESS_LITTLE, out);
  case TAP_ACCESS_SIGNED: return tap_ref_fetch_place(ref, p, TAP_ACCESS_SIGNED, out);
  case TAP_ACCESS_LOAD: return tap_ref_fetch_place(ref, p, TAP_ACCESS_LOAD, out);
  case TAP_ACCESS_BYTES: return tap_ref_fetch_place(ref, p, TAP_ACCESS_BYTES, out);
  case TAP_ACCESS_SRC: return tap_fetched_if(tap_ends_address(p, true, out));
  case TAP_ACCESS_DST: return tap_fetched_if(tap_ends_address(p, false, out));
  case TAP_ACCESS_SPORT: return tap_fetched_if(tap_ends_port(p, true, out));
  case TAP_ACCESS_DPORT: return tap_fetched_if(tap_ends_port(p, false, out));
  case TAP_ACCESS_LEN: break;
  }
  out->type = TAP_UINT;
  out->number = tap_frame_wire_len(p->frame);
  return TAP_FETCHED;
}

/* Read the value that 'ref' names; false where the packet does not have it. */
bool tap_ref_read(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out);

/* The same where no short way leads. */
bool tap_ref_search(const struct tap_ref *ref, const struct tap_packet *p, struct tap_value *out);

/* The same for one layer and occurrence 'nth' within it (0 is the first). */
bool tap_ref_read_layer(const struct tap_ref *ref, const struct tap_packet *p,
                        const struct tap_layer *layer, unsigned nth, struct tap_value *out);

/* Bytes that a number of this field takes in its ':raw' form; 8 where a function reads it. */
static inline unsigned tap_ref_width(const struct tap_ref *ref) {
  return ref->field == NULL || ref->field->bits == 0 ? 8 : (ref->field->bits + 7u) / 8;
}

/* The name of an enumerated value, or NULL. */
const char *tap_field_value_name(const struct tap_field *field, uint64_t value);

#endif
