/* SPDX-License-Identifier: MIT
 *
 * A filter: one expression, compiled.  It knows up to three forms of itself:
 * a program for the kernel, which may accept more than the expression does; a
 * program over whole frames, where the expression can be said so; and the
 * exact test in user space, which always is there.  A compiled filter changes
 * no more and may be shared by threads.
 */
#ifndef TAP_FILTER_FILTER_H
#define TAP_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/error.h"
#include "filter/program.h"
#include "proto/packet.h"
#include "proto/registry.h"

/* An address of either family, as name services give it. */
struct tap_name_address {
  bool ipv6;
  uint8_t bytes[16]; /* IPv4: the first four */
};

/* Who knows names: functions that come from outside, since this layer asks no system.  Each may
 * be NULL, and answers false (0) where the name is not known. */
struct tap_resolver {
  void *context;
  size_t (*host)(void *context, const char *name, struct tap_name_address *out, size_t most);
  bool (*service)(void *context, const char *name, const char *protocol, uint16_t *port);
  bool (*protocol)(void *context, const char *name, uint8_t *number);
  bool (*network)(void *context, const char *name, uint32_t *address);
  bool (*ether)(void *context, const char *name, uint8_t mac[6]);
};

/* The members of a set that is called by name: @NAME.  Each is text as it would stand between
 * braces, 'i' counts from 0; NULL past the last one. */
struct tap_named_sets {
  void *context;
  bool (*known)(void *context, const char *name);
  const char *(*member)(void *context, const char *name, size_t i);
};

enum { TAP_NETMASK_UNKNOWN = 0xffffffff };

struct tap_filter_options {
  const struct tap_registry *registry; /* NULL: no fields */
  const struct tap_resolver *names;    /* NULL: no names */
  const struct tap_named_sets *sets;   /* NULL: none */
  uint32_t snaplen;                    /* what the programs return; 0: all, 262144 */
  uint32_t netmask;                    /* of the interface, for "ip broadcast" */
  uint16_t linktype;
  bool live;         /* for a socket: its metadata may be asked for */
  bool cooked;       /* live, and the socket gives no link header: loads from one are rewritten */
  bool swapped;      /* a file from a machine of the other byte order: for BSD loopback */
  bool plain;        /* no optimisation: for tests */
  bool before_flows; /* flows are made of what it lets through, so that it cannot ask for them */
};

struct tap_filter;

/* NULL with 'e' filled; e->message is empty when memory was out. */
struct tap_filter *tap_filter_compile(const char *text, const struct tap_filter_options *options,
                                      struct tap_filter_error *e);
void tap_filter_free(struct tap_filter *f);

/* Is it an expression at all, whatever packets it is for?  False as above. */
bool tap_filter_parses(const char *text, const struct tap_registry *registry,
                       struct tap_filter_error *e);

/* What may run in the kernel: no program when nothing can be said there, see _reason. */
const struct tap_program *tap_filter_kernel(const struct tap_filter *f);
bool tap_filter_exact(const struct tap_filter *f);         /* the kernel's program is all of it */
const char *tap_filter_reason(const struct tap_filter *f); /* why not, or NULL */

/* The least that the kernel must let through so that all packets arrive that 'all' (NULL: every
 * one) and at least one of 'any' accept ('count' of them; none: whatever 'all' does).  All have the
 * same link type and options.  Returns verified instructions, to be freed, or NULL when nothing can
 * be said there or memory is out (*n is 0 then). */
struct tap_insn *tap_filter_union(const struct tap_filter *all, const struct tap_filter *const *any,
                                  size_t count, size_t *n);

/* The expression over whole frames, tags in place; NULL where fields or chains are asked. */
const struct tap_program *tap_filter_file(const struct tap_filter *f);

/* How deep packets must be decoded for match(); TAP_LEVEL_FRAME: not at all. */
enum tap_level tap_filter_level(const struct tap_filter *f);

/* What else than the frame its fields are about: TAP_TRACKED, its flow, and TAP_SEQUENCED, the
 * frames before it.  For the latter all must come, so that there is nothing for the kernel. */
unsigned tap_filter_asks(const struct tap_filter *f);

/* The exact verdict on a packet that is decoded as deep as level() says. */
bool tap_filter_match(const struct tap_filter *f, const struct tap_packet *p);

/* The same where level() is TAP_LEVEL_FRAME. */
bool tap_filter_match_frame(const struct tap_filter *f, const struct tap_frame *frame);

/* Does it accept every packet, or none? */
bool tap_filter_always(const struct tap_filter *f);
bool tap_filter_never(const struct tap_filter *f);

/* Warnings, 'i' from 0: text with position, or NULL past the last one. */
const char *tap_filter_warning(const struct tap_filter *f, size_t i);

/* What runs where and why, as lines of text.  Written like snprintf: returns the length that
 * was needed. */
size_t tap_filter_explain(const struct tap_filter *f, char *buffer, size_t size);

/* A program as text: as tcpdump -d, -dd, -ddd print it. */
enum tap_dump { TAP_DUMP_TEXT, TAP_DUMP_C, TAP_DUMP_NUMBERS };
size_t tap_program_dump(const struct tap_program *program, enum tap_dump form, char *buffer,
                        size_t size);

/* Read a program from what the last two forms print.  Returns its instructions, to be freed,
 * verified; NULL with 'e'. */
struct tap_insn *tap_program_parse(const char *text, size_t *count, struct tap_err *e);

#endif
