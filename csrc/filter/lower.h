/* SPDX-License-Identifier: MIT
 *
 * Lowering: what each primitive of the language tests, on each link type.
 * The tree is walked in the order of the text, because vlan, mpls, pppoes,
 * geneve and vxlan move the place where all text to their right looks.
 */
#ifndef TAP_FILTER_LOWER_H
#define TAP_FILTER_LOWER_H

#include "filter/ast.h"
#include "filter/filter.h"
#include "filter/formula.h"
#include "filter/link.h"

/* A place in the packet: a constant, plus a scratch cell where it varies. */
struct tap_place {
  uint32_t base; /* a value, or VALUE_NONE */
  uint32_t at;
};

/* Where the text being lowered looks. */
struct tap_layout {
  const struct tap_link *link; /* changes behind pppoes and tunnels */
  struct tap_place header;     /* link header */
  struct tap_place type;       /* where it says what follows */
  struct tap_place payload;    /* behind it, where LLC begins if there is LLC */
  uint32_t network, plain;     /* from there to the network header, with and without SNAP */
  unsigned labels, tags;       /* mpls and vlan so far */
  bool tunnel;                 /* inside geneve: the inner frame may be no Ethernet */
  bool lifted;                 /* the kernel took the outermost tag out, and no vlan stood yet */
};

/* A comparison of decoded fields and a chain of headers: what graphs name by number. */
struct tap_comparison;
struct tap_bound;

struct tap_chain {
  struct tap_place payload;
  uint32_t network;
  uint8_t protocol;
  bool ipv6;
};

/* A list of IPv6 addresses that is too long for a tree of tests. */
struct tap_range6 {
  uint8_t low[16], high[16];
};

struct tap_list6 {
  uint32_t at; /* of the address in the packet, behind a base where that is found at run time */
  const struct tap_range6 *ranges; /* in order, apart */
  size_t count;
};

struct tap_lowering {
  struct tap_graph *g;
  struct tap_arena *arena;
  struct tap_filter_error *e;
  const struct tap_filter_options *options;
  const struct tap_link *link; /* the outermost */
  struct tap_layout now;
  unsigned dir;                        /* of the set at hand */
  struct tap_span span;                /* of the term at hand, for errors */
  unsigned cells;                      /* scratch cells in use */
  bool measures;                       /* the length of a radio header must be found first ... */
  bool measures_payload;               /* ... and that of the 802.11 header behind it */
  bool skips_padding;                  /* ... without the padding between them */
  bool checked;                        /* the term at hand is asked of 802.11 alone */
  bool uses_lifted;                    /* the text depends on where the outermost tag is */
  struct tap_comparison **comparisons; /* grows with each field */
  size_t comparison_count, comparison_room;
  struct tap_chain *chains;
  size_t chain_count, chain_room;
  struct tap_list6 *lists;
  size_t list_count, list_room;
  const struct tap_bound *bound; /* of the registry, once somebody asked */
  size_t bound_count;
};

/* The whole tree, with what must be found out first in front. NULL: see e, or out of memory. */
struct tap_formula *tap_lower(struct tap_lowering *l, const struct tap_ast *ast);

/* Between the files of the lowering. */
struct tap_formula *tap_lower_term(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_id(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_name(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_relation(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_special(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_set(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_field(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_payload(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_word(struct tap_lowering *l, unsigned word);
struct tap_formula *tap_lower_llc(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_tunnel(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_wlan(struct tap_lowering *l, const struct tap_ast *ast);
struct tap_formula *tap_lower_frag(struct tap_lowering *l);

/* One address of a name. */
struct tap_formula *tap_lower_address(struct tap_lowering *l, const struct tap_name_address *a,
                                      struct tap_qualifier q);

/* A test that holds wherever the comparison does; NULL where there is none (or no memory). */
struct tap_formula *tap_lower_prefilter(struct tap_lowering *l, const struct tap_comparison *c);

/* The type field of an 802.3 frame is a length. */
struct tap_formula *tap_lower_length(struct tap_lowering *l);

/* The members of a set as numbers up to "most"; false with the error set. */
bool tap_lower_numbers(struct tap_lowering *l, const struct tap_set *set, uint32_t most,
                       uint32_t *out);

/* "type is X": an EtherType, or an LLC service access point up to 1500. */
struct tap_formula *tap_lower_type(struct tap_lowering *l, uint32_t type);
struct tap_formula *tap_lower_proto(struct tap_lowering *l, uint32_t number, unsigned proto);
struct tap_formula *tap_lower_protochain(struct tap_lowering *l, uint32_t number, unsigned proto);
struct tap_formula *tap_lower_ports(struct tap_lowering *l, uint32_t set, unsigned proto,
                                    unsigned dir);
struct tap_formula *tap_lower_host4(struct tap_lowering *l, uint32_t address, uint32_t mask,
                                    struct tap_qualifier q);
struct tap_formula *tap_lower_host6(struct tap_lowering *l, const uint8_t address[16],
                                    const uint8_t mask[16], struct tap_qualifier q);
struct tap_formula *tap_lower_mac(struct tap_lowering *l, const uint8_t mac[6], unsigned dir);
struct tap_formula *tap_lower_wlan_mac(struct tap_lowering *l, const uint8_t mac[6], unsigned dir);
struct tap_formula *tap_lower_wlan_group(struct tap_lowering *l);
struct tap_formula *tap_lower_decnet(struct tap_lowering *l, uint32_t address, unsigned dir);
struct tap_formula *tap_lower_data_frame(struct tap_lowering *l);
struct tap_formula *tap_lower_tunnel_check(struct tap_lowering *l);

/* Loads and tests at a place of the layout. */
struct tap_place tap_place_header(struct tap_lowering *l); /* link header */
struct tap_place tap_place_type(struct tap_lowering *l);
struct tap_place tap_place_llc(struct tap_lowering *l);
struct tap_place tap_place_network(struct tap_lowering *l);
struct tap_place tap_place_plain(struct tap_lowering *l);     /* network header without SNAP */
struct tap_place tap_place_transport(struct tap_lowering *l); /* behind IPv4's options */
uint32_t tap_lower_load(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                        unsigned size);
struct tap_formula *tap_lower_equal(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                    unsigned size, uint32_t number);
struct tap_formula *tap_lower_masked(struct tap_lowering *l, struct tap_place place,
                                     uint32_t offset, unsigned size, uint32_t number,
                                     uint32_t mask);
struct tap_formula *tap_lower_in(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                 unsigned size, uint32_t set);
struct tap_formula *tap_lower_bytes(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                    const uint8_t *bytes, unsigned n);
struct tap_formula *tap_lower_bits(struct tap_lowering *l, struct tap_place place, uint32_t offset,
                                   uint32_t bits); /* of one byte: any is set */

/* Short names for joining. */
static inline struct tap_formula *tap_both(struct tap_lowering *l, struct tap_formula *a,
                                           struct tap_formula *b) {
  return tap_formula_and(l->arena, a, b);
}

static inline struct tap_formula *tap_either(struct tap_lowering *l, struct tap_formula *a,
                                             struct tap_formula *b) {
  return tap_formula_or(l->arena, a, b);
}

static inline struct tap_formula *tap_unless(struct tap_lowering *l, struct tap_formula *a) {
  return tap_formula_not(l->arena, a);
}

/* Fill the error at the term at hand; returns NULL. */
__attribute__((format(printf, 2, 3))) void *tap_lower_refuse(struct tap_lowering *l,
                                                             const char *what, ...);

#endif
