/* SPDX-License-Identifier: MIT
 *
 * What a protocol is: a parser of its header, rows that name its fields, and
 * the places in other protocols where it is found.  A protocol is one file
 * that exports one 'const struct tap_protocol'; the core knows none by name,
 * builtin.c lists them.
 *
 * A parser has one shape: take, check, fill, narrow, verdict.  It sees the
 * window on what is left of the packet, moves over its own header, may narrow
 * the window to what its length field says, and tells where the payload's
 * protocol is to be looked up.  Malformed input is a value: never an error.
 */
#ifndef TAP_PROTO_PROTOCOL_H
#define TAP_PROTO_PROTOCOL_H

#include <stdint.h>

#include "base/cursor.h"
#include "proto/packet.h"

struct tap_field;
struct tap_layout;

enum tap_verdict {
  TAP_PAYLOAD,   /* header whole; look for the next one where 'out' says */
  TAP_LAST,      /* header whole; what follows, if anything, is data */
  TAP_TRUNCATED, /* the window ended inside the header */
  TAP_MALFORMED, /* the header contradicts itself or the window */
  TAP_FOREIGN,   /* not this protocol, in spite of the number: no layer, the bytes are data */
  TAP_TOO_DEEP,  /* said by the walk alone: more layers than a packet can hold */
};

/* Where protocols are found: a table of numbers that a parser reads a key from. */
enum tap_table {
  TAP_BY_LINKTYPE,
  TAP_BY_ETHERTYPE,
  TAP_BY_LLC, /* DSAP */
  TAP_BY_IP_PROTO,
  TAP_BY_TCP_PORT,
  TAP_BY_UDP_PORT,
  TAP_BY_PPP,   /* PPP protocol numbers */
  TAP_BY_NLPID, /* network layer protocol identifiers (ISO/IEC TR 9577): frame relay */
  TAP_BY_CISCO, /* protocol numbers of Cisco: its own in SNAP, and where its HDLC has no EtherType */
  TAP_BY_SLOW,  /* subtypes of IEEE 802.3's slow protocols */
  TAP_BY_WLAN,  /* how 802.11 lies in a capture header: enum tap_wlan_key */
  TAP_BY_PSEUDOWIRE, /* what an MPLS stack carries: pseudowire.h */
  TAP_TABLES
};

/* Tables of declared protocols' fields come behind these, which a step has 8 bits for, and have one
 * bit of 'leads' together. */
enum { TAP_TABLES_MAX = 128, TAP_OWN_TABLES = 31 };

/* What a parser tells the walk, beside its verdict.  The walk clears it before each call, but tells
 * 'layout', 'from' and 'cut' to parsers that are not in frequent.h. */
struct tap_step {
  uint16_t key;    /* the value to look up */
  uint16_t or_key; /* looked up when 'key' finds nothing (the other port); 0: none */
  uint8_t table;   /* enum tap_table: where */
  uint16_t from;   /* told to the parser: the key that led there, at first the link type */
  bool cut;        /* told to the parser: the frame was longer than what was captured of it */
  const struct tap_layout *layout; /* told to the parser: what a declared protocol's is to run */
};

/* How deep a pass must decode: all layers up to and with this level. */
enum tap_level {
  TAP_LEVEL_FRAME, /* metadata alone, nothing is decoded */
  TAP_LEVEL_LINK,
  TAP_LEVEL_NETWORK,   /* IPv6 extension headers too */
  TAP_LEVEL_TRANSPORT, /* tunnels too, and so all that they carry up to here */
  TAP_LEVEL_ALL
};

/* What undotted names (src, dport) may take from a layer of this protocol. */
struct tap_ends {
  uint8_t bytes;    /* of one end: 0 none, 2 port, 4 IPv4, 16 IPv6 */
  uint8_t src, dst; /* offsets in the header */
};

_Static_assert((unsigned)TAP_TABLES <= (unsigned)TAP_OWN_TABLES,
               "a protocol's 'leads' has a bit for each table");

struct tap_binding {
  enum tap_table table;
  uint16_t key;
};

struct tap_protocol {
  const char *name;  /* "tcp", as Wireshark's filters call it */
  const char *title; /* "Transmission Control Protocol" */
  enum tap_level level;
  uint32_t leads; /* a bit per enum tap_table: where its parser may send the walk */
  enum tap_verdict (*parse)(struct tap_cursor *c, struct tap_step *out);
  const struct tap_field *fields;     /* ends with a row without a name */
  const struct tap_layout *layout;    /* of a declared protocol; else NULL */
  const struct tap_binding *bindings; /* 'binding_count' of them */
  unsigned binding_count;
  struct tap_ends addresses; /* network addresses, for src and dst */
  struct tap_ends ports;     /* for sport and dport */
  tap_reader *ethertype;     /* reads the EtherType of what follows; NULL: there is none, or
                                Wireshark does not make it a step of its chain */
};

#endif
