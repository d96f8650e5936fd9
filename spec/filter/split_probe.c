/* SPDX-License-Identifier: MIT
 *
 * What the kernel is asked of comparisons of fields, on random packets, many
 * of them in tunnels that the registry got later: whatever a comparison
 * accepts, the kernel's program accepts.  And no parser leads where its
 * protocol does not say.
 *
 * Reads how many packets to try, and a seed.
 */
#include <stdlib.h>

#include "filter/filter.h"
#include "proto/decode.h"

#include "random.h"

enum { FILTERS_MAX = 64, TUNNEL_PORT = 9000, IPIP = 4, LABEL = 0x8847, EXTRA = 3 };

/* Tunnels: a port leads to an EtherType, a number of IP to IP, an EtherType to IP by its version. */
static enum tap_verdict parse_tunnel(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, 2);
  if (h == NULL) return TAP_TRUNCATED;
  out->table = TAP_BY_ETHERTYPE;
  out->key = tap_be16(h);
  return TAP_PAYLOAD;
}

static enum tap_verdict parse_ip(struct tap_cursor *c, struct tap_step *out) {
  if (tap_left(c) < 1) return TAP_TRUNCATED;
  out->table = TAP_BY_ETHERTYPE;
  out->key = c->at[0] >> 4 == 6 ? 0x86dd : 0x0800;
  return TAP_PAYLOAD;
}

static enum tap_verdict parse_label(struct tap_cursor *c, struct tap_step *out) {
  if (tap_take(c, 4) == NULL) return TAP_TRUNCATED;
  return parse_ip(c, out);
}

static const struct tap_binding tunnel_bindings[] = { { TAP_BY_UDP_PORT, TUNNEL_PORT } };
static const struct tap_binding ipip_bindings[] = { { TAP_BY_IP_PROTO, IPIP } };
static const struct tap_binding label_bindings[] = { { TAP_BY_ETHERTYPE, LABEL } };

static const struct tap_protocol extra[EXTRA] = {
  { .name = "later.tunnel",
    .title = "Tunnel",
    .level = TAP_LEVEL_NETWORK,
    .parse = parse_tunnel,
    .bindings = tunnel_bindings,
    .binding_count = 1,
    .leads = 1u << TAP_BY_ETHERTYPE },
  { .name = "later.ipip",
    .title = "IP in IP",
    .level = TAP_LEVEL_NETWORK,
    .parse = parse_ip,
    .bindings = ipip_bindings,
    .binding_count = 1,
    .leads = 1u << TAP_BY_ETHERTYPE },
  { .name = "later.label",
    .title = "Label",
    .level = TAP_LEVEL_LINK,
    .parse = parse_label,
    .bindings = label_bindings,
    .binding_count = 1,
    .leads = 1u << TAP_BY_ETHERTYPE },
};

static const char *const texts[] = {
  "ip.ttl < 60",
  "ip.src == 10.0.0.1",
  "ip.proto == 17",
  "ip",
  "ip.dst != 10.0.0.1",
  "ip.flags.df",
  "ipv6",
  "ipv6.hlim < 100",
  "ipv6.nxt == 6",
  "arp",
  "arp.opcode == 0",
  "tcp",
  "tcp.dstport == 80",
  "tcp.srcport in {22, 443}",
  "tcp.flags.syn",
  "tcp.flags.syn == 0",
  "tcp.window_size_value < 256",
  "udp",
  "udp.dstport == 53",
  "udp.srcport != 80",
  "udp.length < 9",
  "icmp",
  "icmp.type == 0",
  "icmp.code == 0",
  "icmpv6",
  "icmpv6.type == 0",
  "sport == 80",
  "dport in {53, 22}",
  "sport != 22",
  "src == 10.0.0.1",
  "dst == 2001:db8::1",
  "src != 10.0.0.2",
  "src in {10.0.0.0/8, ::/0}",
  "vlan",
  "vlan.id == 5",
  "eth",
  "eth.type == 0x800",
  "ah",
  "ipv6.fraghdr",
  "llc",
  "tcp#2",
  "ip.ttl#2 < 60",
  "later.tunnel",
  "later.label",
  "later.ipip",
  "len > 100",
  "tcp.dstport == 80 or udp.dstport == 53",
  "ip and not tcp.dstport == 80",
  "not udp",
  "ipv6.hopopts",
};

enum { FILTERS = sizeof texts / sizeof texts[0] };

struct counts {
  unsigned long verdicts, matched, inner, passed, kernels, bad;
};

static void require_known(struct counts *c, const struct tap_registry *r) {
  uint8_t bytes[96];
  for (unsigned i = 0; i < tap_registry_protocols(r); i++)
    for (unsigned round = 0; round < 3000; round++) {
      const struct tap_protocol *p = tap_registry_at(r, i);
      struct tap_step step = { 0 };
      struct tap_cursor at = { bytes, bytes + pick(sizeof bytes) };
      for (unsigned j = 0; j < sizeof bytes; j++)
        bytes[j] = (uint8_t)(pick(3) ? pick(256) : pick(8));
      if (pick(2)) bytes[0] = (uint8_t)(pick(2) ? 0x45 : 0x60);
      if (p->parse(&at, &step) != TAP_PAYLOAD || (p->leads >> step.table & 1) != 0) continue;
      printf("%s leads to table %u\n", p->name, step.table);
      c->bad++;
      return;
    }
}

/* A packet, often one in another one. */
static void wrap(struct packet *p) {
  uint8_t inner[BYTES];
  unsigned at = 14, kind = pick(6);
  make_packet(p);
  if (kind > 3) return;
  memcpy(inner, p->bytes, BYTES);
  if (kind == 1) { /* behind a label */
    put16(p->bytes + 12, LABEL);
    at = 18;
  } else {
    put16(p->bytes + 12, kind == 0 || pick(2) ? 0x0800 : 0x86dd);
    if (p->bytes[12] == 8) {
      fill_ipv4(p->bytes + 14);
      put16(p->bytes + 20, 0);
      at += (p->bytes[14] & 15u) * 4;
    } else {
      fill_ipv6(p->bytes + 14);
      at += 40;
    }
    p->bytes[p->bytes[12] == 8 ? 23 : 20] = kind == 0 ? IPIP : 17;
    put16(p->bytes + 16, 0);
    put16(p->bytes + 18, 0);
    if (kind != 0) {
      put16(p->bytes + at + (pick(2) ? 0 : 2), TUNNEL_PORT);
      put16(p->bytes + at + 4, 0);
      memcpy(p->bytes + at + 8, inner + 12, 2);
      at += 10;
    }
  }
  memcpy(p->bytes + at, inner + 14, BYTES - at - 14);
}

static void judge(const struct tap_registry *r, struct tap_filter *const *f,
                  const struct packet *raw, uint32_t length, struct counts *c) {
  struct tap_frame frame = { .data = raw->bytes, .caplen = length, .len = length, .linktype = 1 };
  struct tap_packet p;
  bool tunnel = false;
  tap_decode(r, &frame, TAP_LEVEL_ALL, &p);
  for (unsigned i = 0; i < p.count; i++)
    tunnel = tunnel || p.layer[i].protocol >= tap_registry_protocols(r) - EXTRA;
  for (unsigned i = 0; i < FILTERS && c->bad == 0; i++) {
    const struct tap_program *k = tap_filter_kernel(f[i]);
    bool got = tap_filter_match(f[i], &p), passed = k == NULL || tap_program_run(k, &frame) != 0;
    c->verdicts++;
    c->matched += got;
    c->inner += got && tunnel;
    c->passed += passed;
    if (passed || !got) continue;
    printf("the kernel rejects on %u bytes: %s\n", length, texts[i]);
    for (uint32_t j = 0; j < 100 && j < length; j++)
      printf(" %02x", raw->bytes[j]);
    printf("\n");
    c->bad++;
  }
}

int main(void) {
  unsigned long packets = read_rounds(10000);
  struct tap_filter *f[FILTERS];
  struct tap_filter_error error;
  struct counts c = { 0 };
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  struct tap_filter_options o = { .registry = r, .linktype = 1 };
  for (unsigned i = 0; i < EXTRA; i++)
    if (tap_registry_add(r, &extra[i], &e) < 0) return 2;
  require_known(&c, r);
  for (unsigned i = 0; i < FILTERS; i++) {
    o.live = i & 1;
    f[i] = tap_filter_compile(texts[i], &o, &error);
    if (f[i] == NULL) {
      printf("%s\n", error.message);
      return 2;
    }
    c.kernels += tap_filter_kernel(f[i]) != NULL;
  }
  for (unsigned long i = 0; i < packets && c.bad == 0; i++) {
    struct packet p;
    wrap(&p);
    judge(r, f, &p, p.whole, &c);
    judge(r, f, &p, p.cut, &c);
  }
  for (unsigned i = 0; i < FILTERS; i++)
    tap_filter_free(f[i]);
  tap_registry_free(r);
  printf("%u filters, %lu with a program, %lu verdicts, %lu matched, %lu in tunnels, %lu passed, "
         "%lu wrong\n",
         (unsigned)FILTERS, c.kernels, c.verdicts, c.matched, c.inner, c.passed, c.bad);
  return c.bad != 0;
}
