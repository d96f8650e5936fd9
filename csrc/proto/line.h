/* SPDX-License-Identifier: MIT
 *
 * One line about a packet, under construction: what the layers' printers
 * share.  Each layer of the packet adds its words in turn, outermost first;
 * words and their order are tcpdump's (4.99), so that eyes and greps work.
 * Only the files line*.c include this.
 */
#ifndef TAP_PROTO_LINE_H
#define TAP_PROTO_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/text.h"
#include "proto/packet.h"
#include "proto/registry.h"

struct tap_line {
  struct tap_text *t;
  const struct tap_registry *r;
  const struct tap_packet *p;
  const char *start; /* of the line within the text */
  unsigned at;       /* index of the layer in hand */
  uint32_t end;      /* offset where the packet ended on the wire, by what its headers said so
                        far: captured bytes may end before */
  bool fragment;     /* a first fragment: inner lengths reach past 'end' */
  bool link;         /* link headers are told, too, */
  bool told;         /* and the one before told what the layer in hand is */
  bool over;         /* nothing more is to be said */
};

typedef void tap_line_printer(struct tap_line *l, const struct tap_layer *layer);

/* Printers of layers, beside the parsers of the same names. */
tap_line_printer tap_line_eth, tap_line_vlan, tap_line_llc, tap_line_raw, tap_line_arp;
tap_line_printer tap_line_ip, tap_line_ipv6, tap_line_ipv6_options, tap_line_ipv6_routing,
    tap_line_ipv6_fragment, tap_line_ah;
tap_line_printer tap_line_link, tap_line_ppp, tap_line_pppoed, tap_line_pppoes;
tap_line_printer tap_line_radiotap, tap_line_wlan, tap_line_stp, tap_line_cdp, tap_line_lldp,
    tap_line_slow, tap_line_lacp, tap_line_eapol;
tap_line_printer tap_line_tcp, tap_line_udp, tap_line_icmp, tap_line_icmpv6;
tap_line_printer tap_line_gre, tap_line_mpls, tap_line_vxlan, tap_line_geneve, tap_line_esp,
    tap_line_udpencap, tap_line_pseudowire;
tap_line_printer tap_line_igmp, tap_line_sctp, tap_line_ospf, tap_line_vrrp, tap_line_pim;

/* The captured bytes of a layer, from its header on, padding left out.  Behind a lifted tag a
 * frame may end before the layer starts. */
static inline struct tap_cursor tap_line_window(const struct tap_line *l,
                                                const struct tap_layer *layer) {
  const uint8_t *data = l->p->frame->data;
  uint32_t start = layer->start < layer->end ? layer->start : layer->end;
  return (struct tap_cursor){ data + start, data + layer->end };
}

/* How many bytes the packet had on the wire from 'offset' on. */
static inline uint32_t tap_line_length(const struct tap_line *l, uint32_t offset) {
  return l->end > offset ? l->end - offset : 0;
}

/* Is the layer in hand the last one that was decoded? */
static inline bool tap_line_last(const struct tap_line *l) {
  return l->at + 1u >= l->p->count;
}

/* A space, unless the line begins here or ends in one. */
void tap_line_gap(struct tap_line *l);

/* "IP": what the layer in hand is, unless that was told.  Was it to be said? */
bool tap_line_put_kind(struct tap_line *l, const char *name);
/* Has the layer behind the one in hand words of its own? */
bool tap_line_next_speaks(const struct tap_line *l);

/* "[|tcp]": the bytes ended before the words did.  Nothing follows. */
void tap_line_cut(struct tap_line *l, const char *name);

/* "(invalid)": no word about the rest makes sense.  Nothing follows. */
void tap_line_invalid(struct tap_line *l);

/* A word, its own spaces included, and a number. */
void tap_line_put_number(struct tap_line *l, const char *word, uint64_t number);

/* ", length 64" */
void tap_line_put_length(struct tap_line *l, uint32_t length);

/* An address of 4, 6 or 16 bytes in its notation, any other in hex, bytes parted by colons. */
void tap_line_put_address(struct tap_line *l, const uint8_t *address, unsigned bytes);

/* "10.0.0.1.1024 > 10.0.0.2.53: " for the layer in hand, which has addresses; ports where they
 * come right behind. */
void tap_line_put_ends(struct tap_line *l, const struct tap_layer *layer);

/* "1024 > 53: " where the layer before did not say it. */
void tap_line_put_ports(struct tap_line *l, const struct tap_layer *layer);

/* The first value of a field of this layer; false where it has none. */
bool tap_line_read(const struct tap_line *l, const struct tap_layer *layer, const char *field,
                   struct tap_value *out);

/* The name of a number as the row of 'field' has it, or NULL. */
const char *tap_line_name(const struct tap_line *l, const char *field, uint64_t number);

/* "LLDP (0x88cc)": a number and its name, as the row of 'field' has it. */
void tap_line_put_named(struct tap_line *l, const char *field, uint64_t number, int digits);

#endif
