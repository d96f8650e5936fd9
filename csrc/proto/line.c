/* SPDX-License-Identifier: MIT
 *
 * p:summary(): the walk over the layers, and words that more than one of them
 * uses.  A built-in protocol may have a printer here; any other protocol is
 * named and nothing more.
 */
#include "proto/line.h"

#include "proto/builtin.h"
#include "proto/show.h"

static tap_line_printer *const printers[TAP_PROTO_BUILTINS] = {
  [TAP_PROTO_ETH] = tap_line_eth,
  [TAP_PROTO_LLC] = tap_line_llc,
  [TAP_PROTO_VLAN] = tap_line_vlan,
  [TAP_PROTO_8021AD] = tap_line_vlan,
  [TAP_PROTO_RAW] = tap_line_raw,
  [TAP_PROTO_ARP] = tap_line_arp,
  [TAP_PROTO_IP] = tap_line_ip,
  [TAP_PROTO_IPV6] = tap_line_ipv6,
  [TAP_PROTO_HOPOPTS] = tap_line_ipv6_options,
  [TAP_PROTO_ROUTING] = tap_line_ipv6_routing,
  [TAP_PROTO_FRAGHDR] = tap_line_ipv6_fragment,
  [TAP_PROTO_DSTOPTS] = tap_line_ipv6_options,
  [TAP_PROTO_AH] = tap_line_ah,
  [TAP_PROTO_TCP] = tap_line_tcp,
  [TAP_PROTO_UDP] = tap_line_udp,
  [TAP_PROTO_ICMP] = tap_line_icmp,
  [TAP_PROTO_ICMPV6] = tap_line_icmpv6,
  [TAP_PROTO_GRE] = tap_line_gre,
  [TAP_PROTO_MPLS] = tap_line_mpls,
  [TAP_PROTO_PWETHHEURISTIC] = tap_line_pseudowire,
  [TAP_PROTO_PWETHCW] = tap_line_pseudowire,
  [TAP_PROTO_PWETHNOCW] = tap_line_pseudowire,
  [TAP_PROTO_VXLAN] = tap_line_vxlan,
  [TAP_PROTO_GENEVE] = tap_line_geneve,
  [TAP_PROTO_ESP] = tap_line_esp,
  [TAP_PROTO_UDPENCAP] = tap_line_udpencap,
  [TAP_PROTO_IGMP] = tap_line_igmp,
  [TAP_PROTO_SCTP] = tap_line_sctp,
  [TAP_PROTO_OSPF] = tap_line_ospf,
  [TAP_PROTO_VRRP] = tap_line_vrrp,
  [TAP_PROTO_PIM] = tap_line_pim,
  [TAP_PROTO_NULL] = tap_line_link,
  [TAP_PROTO_SLL] = tap_line_link,
  [TAP_PROTO_PPP] = tap_line_ppp,
  [TAP_PROTO_PPPOED] = tap_line_pppoed,
  [TAP_PROTO_PPPOES] = tap_line_pppoes,
  [TAP_PROTO_CHDLC] = tap_line_link,
  [TAP_PROTO_FR] = tap_line_link,
  [TAP_PROTO_NFLOG] = tap_line_link,
  [TAP_PROTO_RADIOTAP] = tap_line_radiotap,
  [TAP_PROTO_WLAN] = tap_line_wlan,
  [TAP_PROTO_STP] = tap_line_stp,
  [TAP_PROTO_CDP] = tap_line_cdp,
  [TAP_PROTO_LLDP] = tap_line_lldp,
  [TAP_PROTO_SLOW] = tap_line_slow,
  [TAP_PROTO_LACP] = tap_line_lacp,
  [TAP_PROTO_EAPOL] = tap_line_eapol,
};

static tap_line_printer *printer_of(const struct tap_layer *layer) {
  return layer->protocol < TAP_PROTO_BUILTINS ? printers[layer->protocol] : NULL;
}

bool tap_line_next_speaks(const struct tap_line *l) {
  return !tap_line_last(l) && printer_of(&l->p->layer[l->at + 1]) != NULL;
}

static const struct tap_protocol *protocol_of(const struct tap_line *l,
                                              const struct tap_layer *layer) {
  return tap_registry_at(l->r, layer->protocol);
}

void tap_line_gap(struct tap_line *l) {
  if (l->t->at != l->start && l->t->at[-1] != ' ') tap_text_put_char(l->t, ' ');
}

bool tap_line_put_kind(struct tap_line *l, const char *name) {
  bool told = l->told;
  l->told = false;
  if (!told) tap_text_put(l->t, name);
  return !told;
}

void tap_line_cut(struct tap_line *l, const char *name) {
  tap_line_gap(l);
  tap_text_put(l->t, "[|");
  tap_text_put(l->t, name);
  tap_text_put_char(l->t, ']');
  l->over = true;
}

void tap_line_invalid(struct tap_line *l) {
  tap_line_gap(l);
  tap_text_put(l->t, "(invalid)");
  l->over = true;
}

void tap_line_put_number(struct tap_line *l, const char *word, uint64_t number) {
  tap_text_put(l->t, word);
  tap_text_put_uint(l->t, number);
}

void tap_line_put_length(struct tap_line *l, uint32_t length) {
  tap_line_put_number(l, ", length ", length);
}

void tap_line_put_address(struct tap_line *l, const uint8_t *address, unsigned bytes) {
  switch (bytes) {
  case 4: tap_text_put_ipv4(l->t, address); return;
  case 6: tap_text_put_mac(l->t, address); return;
  case 16: tap_text_put_ipv6(l->t, address); return;
  default:
    for (unsigned i = 0; i < bytes; i++) {
      if (i > 0) tap_text_put_char(l->t, ':');
      tap_text_put_hex(l->t, address[i], 2);
    }
  }
}

/* The ports behind the layer in hand, or NULL: source and destination, two bytes each. */
static const uint8_t *ports_behind(const struct tap_line *l, uint8_t *dst) {
  const struct tap_layer *next = &l->p->layer[l->at + 1];
  const struct tap_protocol *protocol;
  struct tap_cursor c;
  if (tap_line_last(l)) return NULL;
  protocol = protocol_of(l, next);
  if (protocol->ports.bytes != 2) return NULL;
  *dst = (uint8_t)(protocol->ports.dst - protocol->ports.src);
  c = tap_line_window(l, next);
  if (tap_take(&c, protocol->ports.src) == NULL) return NULL;
  return tap_take(&c, *dst + 2u);
}

static void put_port(struct tap_line *l, const uint8_t *port) {
  tap_text_put_char(l->t, '.');
  tap_text_put_uint(l->t, tap_be16(port));
}

void tap_line_put_ends(struct tap_line *l, const struct tap_layer *layer) {
  const struct tap_ends *ends = &protocol_of(l, layer)->addresses;
  struct tap_cursor c = tap_line_window(l, layer);
  uint8_t dst = 0;
  const uint8_t *h = c.at, *ports = ports_behind(l, &dst);
  if (tap_take(&c, (size_t)ends->dst + ends->bytes) == NULL) return;
  tap_line_put_address(l, h + ends->src, ends->bytes);
  if (ports != NULL) put_port(l, ports);
  tap_text_put(l->t, " > ");
  tap_line_put_address(l, h + ends->dst, ends->bytes);
  if (ports != NULL) put_port(l, ports + dst);
  tap_text_put(l->t, ": ");
}

void tap_line_put_ports(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_cursor c = tap_line_window(l, layer);
  const uint8_t *h;
  if (l->at > 0 && protocol_of(l, &l->p->layer[l->at - 1])->addresses.bytes != 0) return;
  h = tap_take(&c, 4);
  if (h == NULL) return;
  tap_text_put_uint(l->t, tap_be16(h));
  tap_line_put_number(l, " > ", tap_be16(h + 2));
  tap_text_put(l->t, ": ");
}

bool tap_line_read(const struct tap_line *l, const struct tap_layer *layer, const char *field,
                   struct tap_value *out) {
  struct tap_ref ref;
  struct tap_err e;
  if (tap_registry_find(l->r, field, &ref, &e) != 0) return false;
  return tap_ref_read_layer(&ref, l->p, layer, 0, out);
}

const char *tap_line_name(const struct tap_line *l, const char *field, uint64_t number) {
  struct tap_ref ref;
  struct tap_err e;
  if (tap_registry_find(l->r, field, &ref, &e) != 0) return NULL;
  return tap_field_value_name(ref.field, number);
}

void tap_line_put_named(struct tap_line *l, const char *field, uint64_t number, int digits) {
  const char *name = tap_line_name(l, field, number);
  tap_text_put(l->t, name != NULL ? name : "Unknown");
  tap_text_put(l->t, " (0x");
  tap_text_put_hex(l->t, number, digits);
  tap_text_put_char(l->t, ')');
}

static void print_layer(struct tap_line *l, const struct tap_layer *layer) {
  tap_line_printer *print = printer_of(layer);
  if (print != NULL) {
    print(l, layer);
    l->over |= tap_quotes(layer->protocol) && !tap_line_last(l); /* it spoke of the quotation */
    return;
  }
  if (l->t->at != l->start && l->t->at[-1] != ' ') tap_text_put(l->t, ": ");
  tap_text_put(l->t, protocol_of(l, layer)->name);
  if (!tap_line_last(l)) tap_text_put(l->t, ": ");
}

static void put_undecoded(struct tap_line *l) {
  tap_line_put_number(l, "linktype ", l->p->frame->linktype);
  tap_line_put_length(l, tap_frame_wire_len(l->p->frame));
}

/* What the walk found wrong and no printer spoke of. */
static void put_fault(struct tap_line *l) {
  if (l->p->fault == TAP_TRUNCATED)
    tap_line_cut(l, protocol_of(l, &l->p->layer[l->p->count - 1])->name);
  else if (l->p->fault == TAP_TOO_DEEP)
    tap_line_cut(l, "too deep");
  else if (l->p->fault != TAP_PAYLOAD)
    tap_line_invalid(l);
}

static void print(struct tap_line *l) {
  if (l->p->count == 0) put_undecoded(l);
  for (; l->at < l->p->count && !l->over; l->at++)
    print_layer(l, &l->p->layer[l->at]);
  if (!l->over) put_fault(l);
  while (!l->t->cut && l->t->at != l->start && l->t->at[-1] == ' ')
    *--l->t->at = '\0';
}

void tap_show_line(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  print(&(struct tap_line){ .t = t, .r = r, .p = p, .start = t->at, .end = p->frame->len });
}

void tap_show_link(struct tap_text *t, const struct tap_registry *r, const struct tap_packet *p) {
  print(&(struct tap_line){
      .t = t, .r = r, .p = p, .start = t->at, .end = p->frame->len, .link = true });
}
