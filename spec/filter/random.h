/* SPDX-License-Identifier: MIT
 *
 * Random filters and packets that meet them: few addresses, ports and numbers,
 * many kinds of headers.  For programs of one file, which read
 * how many rounds to make, and the seed, from standard input.
 */
#ifndef TAP_SPEC_FILTER_RANDOM_H
#define TAP_SPEC_FILTER_RANDOM_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 640, TEXT = 4096, DEPTH = 4 };

static uint64_t state;

/* How many rounds; 'state' becomes the seed. */
static inline unsigned long read_rounds(unsigned long usual) {
  unsigned long rounds, seed;
  int got = scanf("%lu %lu", &rounds, &seed);
  state = got < 2 ? 1 : seed;
  return got < 1 ? usual : rounds;
}

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

static inline void put_expression(char *out, unsigned depth) {
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

#endif
