/* SPDX-License-Identifier: MIT
 *
 * The oracle ladder: random filters on random packets, judged by libpcap's
 * code (not optimised, which is the authority), by our plain and optimised
 * programs, by the fused machine, and by the kernel, through a filter on one
 * end of a socket pair.  On whole packets all agree.  On cut ones our plain
 * program agrees with libpcap's, and the optimised one and the fused machine
 * say either that or what the whole packet gets, and never reject what the
 * plain program accepts.
 *
 * Usage: oracle [EXPRESSIONS [SEED]]
 */
#include <linux/filter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap.h>

#include "filter/filter.h"

enum { PACKETS = 96, BYTES = 640, TEXT = 4096, DEPTH = 4 };

static uint64_t state;

static uint32_t pick(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % n;
}

static void put(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(char *out, const char *format, ...) {
  size_t n = strlen(out);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(out + n, TEXT - n, format, arguments);
  va_end(arguments);
}

static const char *one_of(const char *const *words, size_t n) {
  return words[pick((uint32_t)n)];
}

#define ONE_OF(...)                                                                                \
  one_of((const char *const[]){ __VA_ARGS__ },                                                     \
         sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* Few addresses and ports, so that packets meet them. */
static const char *const hosts[] = { "10.0.0.1", "10.0.0.2", "192.168.1.7", "172.16.5.5" };
static const char *const hosts6[] = { "2001:db8::1", "2001:db8::2", "fe80::1:2" };
static const char *const ports[] = { "80", "443", "22", "53", "0x50", "8080" };
static const char *const nets[] = { "10", "10.0.0.0/8", "192.168.0.0/16", "10.0.0.0/30",
                                    "0.0.0.0/0" };

static void put_direction(char *out) {
  put(out, "%s", ONE_OF("", "", "src ", "dst ", "src or dst ", "src and dst "));
}

static void put_relation(char *out) {
  const char *proto = ONE_OF("ip", "tcp", "udp", "ether", "icmp", "ip6", "icmp6", "arp");
  const char *size = ONE_OF("", ":2", ":4");
  const char *op = ONE_OF("=", "!=", ">", "<", ">=", "<=");
  switch (pick(7)) {
  case 6:
    put(out, "ether[%u] %s ether[%u] %s %u", pick(14), ONE_OF("<<", ">>", "+", "-"), pick(14), op,
        pick(300));
    break;
  case 0: put(out, "%s[%u%s] %s %u", proto, pick(16), size, op, pick(256)); break;
  case 1: put(out, "%s[%u] & 0x%x %s %u", proto, pick(16), pick(256), op, pick(16)); break;
  case 2: put(out, "%s[%u%s] >> %u %s %u", proto, pick(16), size, pick(12), op, pick(64)); break;
  case 3: put(out, "len %s %u", op, pick(700)); break;
  case 4:
    put(out, "%s[%u] %s %u %s %s[%u]", proto, pick(16),
        ONE_OF("+", "-", "*", "|", "^", "&", "<<", ">>"), pick(32), op,
        ONE_OF("ip", "tcp", "ether"), pick(16));
    break;
  default: put(out, "ip[(ip[%u] & 0xf) * %u] %s %u", pick(4), 1 + pick(4), op, pick(256));
  }
}

static void put_address(char *out) {
  put_direction(out);
  switch (pick(4)) {
  case 0: put(out, "host %s", ONE_OF("10.0.0.1", "10.0.0.2", "192.168.1.7")); break;
  case 1: put(out, "host %s", one_of(hosts6, 3)); break;
  case 2: put(out, "net %s", one_of(nets, 5)); break;
  default: put(out, "net 2001:db8::/%u", 32 + 16 * pick(3));
  }
}

static void put_port(char *out) {
  put(out, "%s", ONE_OF("", "tcp ", "udp ", "sctp "));
  put_direction(out);
  if (pick(3) > 0)
    put(out, "port %s", one_of(ports, 6));
  else
    put(out, "portrange %u-%u", pick(100), 20 + pick(9000));
}

static void put_primitive(char *out) {
  switch (pick(9)) {
  case 8: /* many hosts, which share their tests */
    put(out, "(src host 10.0.0.0");
    for (unsigned i = 1; i < 24; i++)
      put(out, " or host 10.0.%u.%u", pick(2), pick(9));
    put(out, ")");
    break;
  case 0: put_address(out); break;
  case 1:
  case 2: put_port(out); break;
  case 3: put_relation(out); break;
  case 4:
    put(out, "%s",
        ONE_OF("ip", "ip6", "tcp", "udp", "icmp", "icmp6", "arp", "rarp", "sctp", "igmp", "ah",
               "stp", "iso", "ipx", "atalk", "llc", "llc rr", "isis"));
    break;
  case 5:
    put(out, "%s",
        ONE_OF("broadcast", "multicast", "ip multicast", "ip6 multicast", "less 100", "greater 200",
               "ether src 02:00:00:00:00:01", "pppoed", "ether dst 02:00:00:00:00:02",
               "ether host 02:00:00:00:00:01"));
    break;
  case 6: put(out, "%sproto %u", ONE_OF("", "ip ", "ip6 "), pick(2) ? 6 : pick(64)); break;
  default:
    put(out, "%s", ONE_OF("vlan", "vlan 5", "mpls", "mpls 7", "pppoes", "pppoes 3", "ip", "tcp"));
  }
}

static void put_expression(char *out, unsigned depth) {
  unsigned terms = 1 + pick(3);
  for (unsigned i = 0; i < terms; i++) {
    if (i > 0) put(out, "%s", ONE_OF(" and ", " or ", " && ", "||"));
    if (pick(4) == 0) put(out, "%s", ONE_OF("not ", "! ", "!"));
    if (depth > 0 && pick(3) == 0) {
      put(out, "(");
      put_expression(out, depth - 1);
      put(out, ")");
    } else {
      put_primitive(out);
      if (pick(6) == 0) put(out, " or %s[%u] = %u", ONE_OF("ip", "udp"), pick(9), pick(80));
    }
  }
}

struct packet {
  uint8_t bytes[BYTES];
  uint32_t whole, cut;
};

static void put16(uint8_t *at, unsigned n) {
  at[0] = (uint8_t)(n >> 8);
  at[1] = (uint8_t)n;
}

static void fill_ends(uint8_t *p) {
  static const uint16_t numbers[] = { 80, 443, 22, 53, 8080, 1, 6081 };
  put16(p, numbers[pick(7)]);
  put16(p + 2, numbers[pick(7)]);
}

static unsigned a_protocol(void) {
  static const uint8_t numbers[] = { 6, 6, 17, 17, 1, 2, 58, 132, 51, 44, 0, 43 };
  return numbers[pick(12)];
}

static void fill_ipv4(uint8_t *p) {
  unsigned words = pick(4) ? 5 : 5 + pick(11);
  unsigned address[4];
  p[0] = (uint8_t)(0x40 | words);
  put16(p + 2, pick(600));
  put16(p + 6, pick(4) ? 0 : pick(0x10000));
  p[8] = (uint8_t)pick(130);
  p[9] = (uint8_t)a_protocol();
  for (unsigned i = 0; i < 2; i++) {
    sscanf(one_of(hosts, 4), "%u.%u.%u.%u", address, address + 1, address + 2, address + 3);
    for (unsigned j = 0; j < 4; j++)
      p[12 + 4 * i + j] = (uint8_t)address[j];
  }
  fill_ends(p + 4 * words);
}

static void fill_ipv6(uint8_t *p) {
  static const uint8_t prefix[8] = { 0x20, 0x01, 0x0d, 0xb8 };
  p[0] = 0x60;
  p[6] = (uint8_t)a_protocol();
  for (unsigned i = 0; i < 2; i++) {
    memcpy(p + 8 + 16 * i, prefix, 8);
    memset(p + 16 + 16 * i, 0, 8);
    p[23 + 16 * i] = (uint8_t)(1 + pick(3));
  }
  p[40] = (uint8_t)a_protocol();
  if (p[6] != 44) fill_ends(p + 40);
}

static void fill_network(uint8_t *type, uint8_t *p) {
  static const uint16_t types[] = { 0x0800, 0x0800, 0x86dd, 0x0806, 0x8035, 0x8863, 0x8100,
                                    0x88a8, 0x8847, 0x8864, 0x0026, 0x9100, 0x809b };
  unsigned t = types[pick(13)];
  put16(type, t);
  if (t == 0x0800) fill_ipv4(p);
  if (t == 0x86dd) fill_ipv6(p);
  if (t == 0x0026) put16(p, pick(2) ? 0xfefe : pick(0x10000));
  if (t == 0x0026 && pick(2)) p[3] = 0x83;
  if (t == 0x0806 || t == 0x8035) memcpy(p + 14, "\x0a\x00\x00\x01", 4);
  if (t == 0x8100 || t == 0x88a8 || t == 0x9100) {
    put16(p, pick(2) ? 5 : pick(4096));
    fill_network(p + 2, p + 4);
  }
  if (t == 0x8847) {
    put16(p, 0);
    p[2] = (uint8_t)(0x70 | pick(2));
    (pick(2) ? fill_ipv4 : fill_ipv6)(p + 4);
  }
  if (t == 0x8864) {
    put16(p + 2, pick(2) ? 3 : pick(9));
    put16(p + 6, pick(2) ? 0x21 : 0x57);
    (p[7] == 0x21 ? fill_ipv4 : fill_ipv6)(p + 8);
  }
}

static void make_packet(struct packet *p) {
  for (unsigned i = 0; i < BYTES; i++)
    p->bytes[i] = (uint8_t)(pick(3) ? 0 : pick(256));
  memcpy(p->bytes, pick(5) ? "\x02\0\0\0\0\x02" : "\xff\xff\xff\xff\xff\xff", 6);
  memcpy(p->bytes + 6, "\x02\0\0\0\0\x01", 6);
  fill_network(p->bytes + 12, p->bytes + 14);
  p->whole = BYTES;
  p->cut = pick(130);
}

struct sides {
  struct bpf_program theirs;
  struct tap_filter *plain, *optimised;
  int pair[2];
  bool kernel; /* it took the program */
};

static struct tap_frame frame_of(const struct packet *p, uint32_t length) {
  return (struct tap_frame){ .data = p->bytes, .caplen = length, .len = p->whole, .linktype = 1 };
}

static bool theirs(const struct sides *s, const struct packet *p, uint32_t length) {
  struct pcap_pkthdr h = { .caplen = length, .len = p->whole };
  return pcap_offline_filter(&s->theirs, &h, p->bytes) != 0;
}

static bool program(const struct tap_filter *f, const struct packet *p, uint32_t length) {
  struct tap_frame frame = frame_of(p, length);
  return tap_program_run(tap_filter_file(f), &frame) != 0;
}

static bool fused(const struct tap_filter *f, const struct packet *p, uint32_t length) {
  struct tap_frame frame = frame_of(p, length);
  return tap_filter_match_frame(f, &frame);
}

/* Does the packet arrive?  Both its lengths are what is sent. */
static bool kernel(const struct sides *s, const struct packet *p, uint32_t length) {
  uint8_t got[BYTES];
  if (send(s->pair[0], p->bytes, length, MSG_DONTWAIT) != (ssize_t)length) return false;
  return recv(s->pair[1], got, sizeof got, MSG_DONTWAIT) > 0;
}

static int complain(const char *text, const char *who, const struct packet *p, uint32_t length,
                    bool expected) {
  printf("%s: '%s' on %u bytes, expected %d:", who, text, length, expected);
  for (uint32_t i = 0; i < 80 && i < length; i++)
    printf(" %02x", p->bytes[i]);
  printf("\n");
  return 1;
}

static int judge_whole(const char *text, const struct sides *s, const struct packet *p) {
  bool right = theirs(s, p, p->whole);
  if (program(s->plain, p, p->whole) != right) return complain(text, "plain", p, p->whole, right);
  if (program(s->optimised, p, p->whole) != right)
    return complain(text, "optimised", p, p->whole, right);
  if (fused(s->plain, p, p->whole) != right)
    return complain(text, "fused plain", p, p->whole, right);
  if (fused(s->optimised, p, p->whole) != right) return complain(text, "fused", p, p->whole, right);
  if (s->kernel && kernel(s, p, p->whole) != right)
    return complain(text, "kernel", p, p->whole, right);
  return 0;
}

static int judge_cut(const char *text, const struct sides *s, const struct packet *p) {
  bool right = theirs(s, p, p->cut), whole = theirs(s, p, p->whole);
  bool ours = program(s->optimised, p, p->cut);
  if (program(s->plain, p, p->cut) != right) return complain(text, "plain", p, p->cut, right);
  if (fused(s->plain, p, p->cut) != right) return complain(text, "fused plain", p, p->cut, right);
  if (ours != right && (ours != whole || right))
    return complain(text, "optimised", p, p->cut, right);
  if (fused(s->optimised, p, p->cut) != ours) return complain(text, "fused", p, p->cut, ours);
  return 0;
}

static bool attach(struct sides *s) {
  const struct tap_program *p = tap_filter_kernel(s->optimised);
  struct sock_filter insns[TAP_PROGRAM_MAX];
  struct sock_fprog out = { .filter = insns };
  if (p == NULL || socketpair(AF_UNIX, SOCK_DGRAM, 0, s->pair) != 0) return false;
  out.len = (unsigned short)p->count;
  for (size_t i = 0; i < p->count; i++)
    insns[i] =
        (struct sock_filter){ p->insns[i].code, p->insns[i].jt, p->insns[i].jf, p->insns[i].k };
  return setsockopt(s->pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &out, sizeof out) == 0;
}

/* 1 where the two disagree on whether the text is a filter. */
static int open_sides(const char *text, struct sides *s) {
  struct tap_filter_options options = { .linktype = 1, .netmask = 0xffffff };
  struct tap_filter_error e;
  pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
  bool taken = pcap_compile(dead, &s->theirs, text, 0, 0xffffff) == 0;
  pcap_close(dead);
  s->optimised = tap_filter_compile(text, &options, &e);
  options.plain = true;
  s->plain = tap_filter_compile(text, &options, &e);
  if ((s->optimised != NULL) != taken || (s->plain != NULL) != taken) {
    printf("'%s': libpcap %s, we %s %s\n", text, taken ? "takes it" : "refuses",
           taken ? "refuse" : "take it", taken ? e.message : "");
    return 1;
  }
  if (taken) {
    s->kernel = attach(s);
    if (!s->kernel) printf("'%s': the kernel refuses the program\n", text);
    return !s->kernel;
  }
  return 0;
}

static void close_sides(struct sides *s) {
  if (s->optimised != NULL) {
    pcap_freecode(&s->theirs);
    close(s->pair[0]);
    close(s->pair[1]);
  }
  tap_filter_free(s->plain);
  tap_filter_free(s->optimised);
}

static int judge(const char *text, uint64_t *verdicts) {
  struct sides s = { .pair = { -1, -1 } };
  struct packet p;
  int bad = open_sides(text, &s);
  for (unsigned i = 0; i < PACKETS && s.optimised != NULL && s.plain != NULL && bad == 0; i++) {
    make_packet(&p);
    bad = judge_whole(text, &s, &p) || judge_cut(text, &s, &p);
    *verdicts += 10;
  }
  close_sides(&s);
  return bad;
}

int main(int argc, char **argv) {
  unsigned long expressions = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000, bad = 0;
  uint64_t verdicts = 0;
  state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  for (unsigned long i = 0; i < expressions; i++) {
    char text[TEXT] = "";
    put_expression(text, pick(DEPTH));
    bad += (unsigned long)judge(text, &verdicts);
  }
  printf("%lu expressions, %llu verdicts, %lu disagreements\n", expressions,
         (unsigned long long)verdicts, bad);
  return bad != 0;
}
