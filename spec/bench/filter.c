/* SPDX-License-Identifier: MIT
 *
 * Filters against libpcap's machine running libpcap's optimised code, on the
 * packets of a capture in memory.  Both take turns on pieces of it, so that
 * whatever else the machine does meets both; the fastest of many turns counts.
 *
 * usage: filter FILE [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap.h>

#include "filter/filter.h"

enum { PIECE = 2048, PIECES = 8, TEXT = 4096 };

struct row {
  const char *name, *text; /* NULL: the name */
  double limit;            /* how many times faster at least */
};

static const struct row rows[] = {
  { "ip", NULL, 1.8 },
  { "tcp port 80", NULL, 1.8 },
  { "udp port 53", NULL, 1.8 },
  { "icmp or icmp6", NULL, 1.8 },
  { "port 80 or 443", NULL, 1.8 },
  { "not port 22", NULL, 1.8 },
  { "host and not port 22", "host 10.0.1.147 and not port 22", 1.8 },
  { "SYN without ACK", "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", 1.8 },
  { "HTTP payload", "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
    1.8 },
  { "src net and dst net", "src net 10.0.0.0/16 and dst net 198.50.0.0/16", 1.8 },
  { "3 private nets", "net 10.0.0.0/8 or net 172.16.0.0/12 or net 192.168.0.0/16", 1.8 },
  { "tcp or ports of udp", "tcp port 80 or (udp port 53 and ip)", 1.8 },
  { "portrange", "portrange 50000-50050", 1.8 },
  { "50 hosts", "50", 5 },
};

struct frames {
  struct tap_frame frame[PIECE * PIECES];
  size_t count;
};

static void read_frames(struct frames *f, const char *path) {
  char reason[PCAP_ERRBUF_SIZE];
  pcap_t *p = pcap_open_offline(path, reason);
  struct pcap_pkthdr *h;
  const u_char *bytes;
  while (p != NULL && f->count < PIECE * PIECES && pcap_next_ex(p, &h, &bytes) == 1) {
    uint8_t *copy = malloc(h->caplen + 1);
    if (copy == NULL) exit(2);
    memcpy(copy, bytes, h->caplen);
    f->frame[f->count++] = (struct tap_frame){
      .data = copy, .caplen = h->caplen, .len = h->len, .linktype = TAP_LINKTYPE_ETHERNET
    };
  }
  if (p != NULL) pcap_close(p);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One machine's turn over a piece: how long it took, and how many packets matched. */
struct turn {
  double ns;
  size_t matched;
};

static struct turn turn_theirs(const struct bpf_insn *code, const struct tap_frame *f, size_t n) {
  struct turn t = { now_ns(), 0 };
  for (size_t i = 0; i < n; i++)
    t.matched += bpf_filter(code, f[i].data, f[i].len, f[i].caplen) != 0;
  t.ns = now_ns() - t.ns;
  return t;
}

static struct turn turn_ours(const struct tap_filter *filter, const struct tap_frame *f, size_t n) {
  struct turn t = { now_ns(), 0 };
  for (size_t i = 0; i < n; i++)
    t.matched += tap_filter_match_frame(filter, &f[i]);
  t.ns = now_ns() - t.ns;
  return t;
}

static void fifty_hosts(char *text) {
  for (unsigned i = 0; i < 50; i++)
    snprintf(text + strlen(text), TEXT - strlen(text), "%shost 10.0.%u.%u", i == 0 ? "" : " or ",
             i % 7, 3 * i + 1);
}

static const char *text_of(const struct row *row, char *buffer) {
  buffer[0] = '\0';
  if (row->text != NULL && strcmp(row->text, "50") == 0) fifty_hosts(buffer);
  return buffer[0] != '\0' ? buffer : row->text != NULL ? row->text : row->name;
}

/* The best turns on each piece, summed.  False where the two do not agree. */
static bool compare(const struct bpf_insn *code, const struct tap_filter *filter,
                    const struct frames *f, unsigned rounds, double best[2]) {
  best[0] = best[1] = 0;
  for (size_t at = 0; at + PIECE <= f->count; at += PIECE) {
    double least[2] = { 1e18, 1e18 };
    for (unsigned i = 0; i < rounds; i++) {
      struct turn a = turn_theirs(code, f->frame + at, PIECE);
      struct turn b = turn_ours(filter, f->frame + at, PIECE);
      if (a.matched != b.matched) return false;
      if (a.ns < least[0]) least[0] = a.ns;
      if (b.ns < least[1]) least[1] = b.ns;
    }
    best[0] += least[0];
    best[1] += least[1];
  }
  return true;
}

static bool run(const struct row *row, const struct frames *f, unsigned rounds) {
  struct tap_filter_options options = { .linktype = TAP_LINKTYPE_ETHERNET };
  struct tap_filter_error e;
  struct bpf_program code;
  char buffer[TEXT];
  const char *text = text_of(row, buffer);
  double ns[2], packets = (double)(f->count / PIECE * PIECE);
  pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
  struct tap_filter *filter = tap_filter_compile(text, &options, &e);
  if (pcap_compile(dead, &code, text, 1, 0) != 0 || filter == NULL ||
      !compare(code.bf_insns, filter, f, rounds, ns)) {
    printf("%s: the two do not agree\n", row->name);
    return false;
  }
  printf("%-22s %7.1f %7.1f %6.2f %5.1f  %s\n", row->name, ns[0] / packets, ns[1] / packets,
         ns[0] / ns[1], row->limit, ns[0] >= row->limit * ns[1] ? "ok" : "FAIL");
  pcap_freecode(&code);
  pcap_close(dead);
  tap_filter_free(filter);
  return ns[0] >= row->limit * ns[1];
}

int main(int argc, char **argv) {
  static struct frames f;
  unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 40;
  unsigned failed = 0, count = sizeof rows / sizeof rows[0];
  read_frames(&f, argc > 1 ? argv[1] : "");
  if (f.count < PIECE) return 2;
  printf("%-22s %7s %7s %6s %5s\n", "ns a packet", "libpcap", "moontap", "times", "limit");
  for (unsigned i = 0; i < count; i++)
    failed += !run(&rows[i], &f, rounds);
  for (size_t i = 0; i < f.count; i++)
    free((void *)(uintptr_t)f.frame[i].data);
  printf("%u passed, %u failed, 0 skipped\n", count - failed, failed);
  return failed != 0;
}
