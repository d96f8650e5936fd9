/* SPDX-License-Identifier: MIT
 *
 * csrc/base/text.c as a program, for its spec: each line of standard input is
 * a verb and its arguments, each line of output the text that came of it.
 * The verb "random" compares many values with what libc makes of them.
 */
#include "base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT = 4096, NS_PER_S = 1000000000 };

struct argument {
  uint8_t bytes[TEXT];
  size_t size;
};

static struct argument from_hex(const char *digits) {
  struct argument a = { .size = 0 };
  unsigned byte;
  for (; a.size < sizeof a.bytes && sscanf(digits, "%2x", &byte) == 1; digits += 2)
    a.bytes[a.size++] = (uint8_t)byte;
  return a;
}

static bool put_number(struct tap_text *t, const char *verb, const char *number, int digits) {
  if (strcmp(verb, "uint") == 0)
    tap_text_put_uint(t, strtoull(number, NULL, 10));
  else if (strcmp(verb, "int") == 0)
    tap_text_put_int(t, strtoll(number, NULL, 10));
  else if (strcmp(verb, "padded") == 0)
    tap_text_put_padded(t, strtoull(number, NULL, 10), digits);
  else if (strcmp(verb, "hex") == 0)
    tap_text_put_hex(t, strtoull(number, NULL, 10), digits);
  else if (strcmp(verb, "seconds") == 0)
    tap_text_put_seconds(t, strtoll(number, NULL, 10));
  else if (strcmp(verb, "rfc3339") == 0)
    tap_text_put_rfc3339(t, strtoll(number, NULL, 10));
  else
    return false;
  return true;
}

static bool put_bytes(struct tap_text *t, const char *verb, const struct argument *a) {
  if (strcmp(verb, "ipv4") == 0)
    tap_text_put_ipv4(t, a->bytes);
  else if (strcmp(verb, "ipv6") == 0)
    tap_text_put_ipv6(t, a->bytes);
  else if (strcmp(verb, "mac") == 0)
    tap_text_put_mac(t, a->bytes);
  else if (strcmp(verb, "dump") == 0)
    tap_text_put_dump(t, a->bytes, a->size);
  else if (strcmp(verb, "quote") == 0) {
    char *start = t->at;
    tap_text_put_bytes(t, (const char *)a->bytes, a->size);
    tap_text_quote(t, start);
  } else if (strcmp(verb, "escaped") == 0)
    tap_text_put_escaped(t, a->bytes, a->size);
  else
    return false;
  return true;
}

/* What a buffer of 'size' bytes, allocated to the byte, holds of the word. */
static void print_cut(const char *word, size_t size) {
  struct tap_text t;
  char *buffer = malloc(size);
  tap_text_begin(&t, buffer, size);
  tap_text_put(&t, word);
  printf("%s %s %s\n", buffer, t.cut ? "cut" : "whole",
         t.at == buffer + strlen(buffer) ? "ended" : "not ended");
  free(buffer);
}

/* What such a buffer holds of a text that needs quotes: all or nothing. */
static void print_quote_cut(size_t size) {
  struct tap_text t;
  char *buffer = malloc(size);
  tap_text_begin(&t, buffer, size);
  tap_text_put(&t, "a,\"");
  tap_text_quote(&t, buffer);
  printf("%s %s %s\n", t.cut ? "" : buffer, t.cut ? "cut" : "whole",
         t.at == buffer + strlen(buffer) ? "ended" : "not ended");
  free(buffer);
}

static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static unsigned compare(const char *verb, const char *argument, int digits, const char *expected) {
  char text[TEXT];
  struct tap_text t;
  struct argument a = from_hex(argument);
  tap_text_begin(&t, text, sizeof text);
  if (!put_number(&t, verb, argument, digits)) put_bytes(&t, verb, &a);
  if (strcmp(text, expected) == 0) return 0;
  printf("%s %s: %s, libc has %s\n", verb, argument, text, expected);
  return 1;
}

static unsigned compare_numbers(uint64_t n, int digits) {
  char decimal[32], signed_decimal[32], expected[64];
  unsigned differ = 0;
  snprintf(decimal, sizeof decimal, "%" PRIu64, n);
  snprintf(signed_decimal, sizeof signed_decimal, "%" PRId64, (int64_t)n);
  differ += compare("uint", decimal, 0, decimal);
  differ += compare("int", signed_decimal, 0, signed_decimal);
  snprintf(expected, sizeof expected, "%0*" PRIx64, digits, n);
  differ += compare("hex", decimal, digits, expected);
  snprintf(expected, sizeof expected, "%0*" PRIu64, digits, n);
  return differ + compare("padded", decimal, digits, expected);
}

static unsigned compare_time(int64_t ns) {
  char number[32], expected[64];
  int64_t rest = (ns % NS_PER_S + NS_PER_S) % NS_PER_S;
  time_t seconds = (time_t)(ns / NS_PER_S - (ns % NS_PER_S < 0));
  struct tm tm;
  size_t n = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
  snprintf(expected + n, sizeof expected - n, ".%09" PRId64 "Z", rest);
  snprintf(number, sizeof number, "%" PRId64, ns);
  return compare("rfc3339", number, 0, expected);
}

/* Addresses with many zeros, some of them IPv4's in IPv6. */
static unsigned compare_addresses(void) {
  uint8_t bytes[16];
  char hex[33], expected[64];
  unsigned differ;
  for (int i = 0; i < 16; i += 2) {
    uint64_t group = next_random() % 3 == 0 ? next_random() >> next_random() % 16 : 0;
    if (next_random() % 9 == 0) group = 0xffff;
    bytes[i] = (uint8_t)(group >> 8);
    bytes[i + 1] = (uint8_t)group;
  }
  for (int i = 0; i < 16; i++)
    snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  differ = compare("ipv6", hex, 0, inet_ntop(AF_INET6, bytes, expected, sizeof expected));
  return differ +
         compare("ipv4", hex + 24, 0, inet_ntop(AF_INET, bytes + 12, expected, sizeof expected));
}

static void compare_random(long count) {
  unsigned differ = 0;
  for (long i = 0; i < count; i++) {
    uint64_t n = next_random() >> next_random() % 64;
    differ += compare_numbers(n, (int)(next_random() % 17));
    differ += compare_time((int64_t)next_random() >> next_random() % 40);
    differ += compare_addresses();
  }
  printf("%ld rounds, %u differ\n", count, differ);
}

int main(void) {
  static char line[3 * TEXT], verb[16], argument[2 * TEXT + 1], text[4 * TEXT];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int digits = 0;
    struct tap_text t;
    struct argument a;
    argument[0] = '\0';
    if (sscanf(line, "%15s %8192s %d", verb, argument, &digits) < 1) continue;
    a = from_hex(argument);
    tap_text_begin(&t, text, sizeof text);
    if (strcmp(verb, "cut") == 0)
      print_cut(argument, (size_t)digits);
    else if (strcmp(verb, "quotecut") == 0)
      print_quote_cut(strtoul(argument, NULL, 10));
    else if (strcmp(verb, "random") == 0)
      compare_random(strtol(argument, NULL, 10));
    else if (put_number(&t, verb, argument, digits) || put_bytes(&t, verb, &a))
      puts(text);
    else
      printf("no verb '%s'\n", verb);
  }
  return 0;
}
