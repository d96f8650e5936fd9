/* SPDX-License-Identifier: MIT
 *
 * Fuzzes filters from text to verdict: whatever compiles verifies and runs,
 * plain, optimised and fused, and all agree on a whole packet; whatever does
 * not has an error whose span lies inside the text.  The union with a filter
 * of fields lets through what either accepts.  On the way packets are decoded:
 * no parser leads to a table that its protocol does not name.
 *
 * Built with clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "proto/decode.h"

enum { TEXT_MAX = 4096, BYTES = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t linktypes[] = { 1,   113, 276, 101, 228, 229, 0,   108, 9,   105,
                                      127, 192, 10,  8,   129, 104, 107, 123, 137, 284 };

static void require(bool holds, const char *what, const char *text) {
  if (holds) return;
  fprintf(stderr, "%s: '%s'\n", what, text);
  abort();
}

static bool name_known(void *context, const char *name) {
  (void)context;
  return strcmp(name, "a") == 0;
}

static const char *name_member(void *context, const char *name, size_t i) {
  static const char *const members[] = { "10.0.0.0/8", "80", "90-99", "2001:db8::/33", "::1" };
  (void)context;
  (void)name;
  return i < 2 ? members[i] : NULL;
}

static bool service(void *context, const char *name, const char *protocol, uint16_t *port) {
  (void)context;
  *port = 80;
  return strcmp(name, "http") == 0 && strcmp(protocol, "tcp") == 0;
}

static void check_error(const struct tap_filter_error *e, const char *text) {
  size_t n = strlen(text);
  require(e->set, "no error where nothing compiled", text);
  require(e->span.at <= n && e->span.at + e->span.length <= n, "span outside the text", text);
  require(e->message[0] != '\0' && e->line >= 1 && e->column >= 1, "no message", text);
}

static void check_program(const struct tap_program *p, const char *text) {
  struct tap_err e;
  char out[256];
  if (p == NULL) return;
  require(tap_program_verify(p, &e) == 0, "a program that does not verify", text);
  tap_program_dump(p, TAP_DUMP_TEXT, out, sizeof out);
}

/* A fuzzed filter may divide by what it loads, so only programs without loads that fail agree
 * for sure: what the plain program accepts must be accepted by all. */
static void run(const struct tap_filter *plain, const struct tap_filter *f,
                const struct tap_registry *r, const struct tap_frame *frame, const char *text) {
  struct tap_packet p;
  bool first, second;
  tap_decode(r, frame, TAP_LEVEL_ALL, &p);
  p.number = 1;
  first = tap_filter_match(plain, &p);
  second = tap_filter_match(f, &p);
  require(!first || second, "optimised rejects what plain accepts", text);
  if (tap_filter_file(f) != NULL)
    require((tap_program_run(tap_filter_file(f), frame) != 0) == second,
            "program and fused machine disagree", text);
  if (tap_filter_kernel(f) != NULL)
    require(!second || tap_program_run(tap_filter_kernel(f), frame) != 0,
            "the kernel's program rejects what the filter accepts", text);
}

static bool leads_to(const struct tap_registry *r, unsigned from, unsigned to) {
  const struct tap_protocol *p = tap_registry_at(r, to);
  for (unsigned i = 0; i < p->binding_count; i++)
    if (tap_registry_at(r, from)->leads >> p->bindings[i].table & 1) return true;
  return false;
}

static void check_leads(const struct tap_registry *r, const struct tap_packet *p,
                        const char *text) {
  for (unsigned i = 0; i + 1u < p->count; i++)
    if (p->layer[i].protocol != p->layer[i + 1].protocol)
      require(leads_to(r, p->layer[i].protocol, p->layer[i + 1].protocol),
              "a protocol leads where it does not say", text);
}

static void check_union(const struct tap_filter *f, const struct tap_filter_options *o,
                        const struct tap_frame *frame, const char *text) {
  struct tap_filter_error e;
  struct tap_filter *other = tap_filter_compile("tcp.dstport == 80 or ip6", o, &e);
  const struct tap_filter *any[2] = { f, other };
  struct tap_program u;
  struct tap_packet p;
  bool wanted;
  if (other == NULL) return; /* this link type has no such thing */
  tap_decode(o->registry, frame, TAP_LEVEL_ALL, &p);
  p.number = 1;
  check_leads(o->registry, &p, text);
  wanted = tap_filter_match(f, &p) || tap_filter_match(other, &p);
  u.insns = tap_filter_union(NULL, any, 2, &u.count);
  if (u.insns != NULL) {
    check_program(&u, text);
    require(!wanted || tap_program_run(&u, frame) != 0, "the union rejects what one accepts", text);
  }
  free((void *)(uintptr_t)u.insns);
  tap_filter_free(other);
}

static void compile_and_run(const char *text, uint16_t linktype, const uint8_t *bytes, size_t n) {
  const struct tap_resolver names = { .service = service };
  const struct tap_named_sets sets = { NULL, name_known, name_member };
  struct tap_err failed;
  struct tap_registry *r = tap_registry_new(&failed);
  struct tap_filter_options o = {
    .registry = r, .names = &names, .sets = &sets, .linktype = linktype, .netmask = 0xffffff00
  };
  struct tap_filter_error e;
  struct tap_filter *f = tap_filter_compile(text, &o, &e), *plain;
  struct tap_frame frame = {
    .data = bytes, .caplen = (uint32_t)n, .len = (uint32_t)n, .linktype = linktype
  };
  char out[512];
  if (f == NULL) {
    check_error(&e, text);
    tap_registry_free(r);
    return;
  }
  o.plain = true;
  plain = tap_filter_compile(text, &o, &e);
  require(plain != NULL, "plain does not compile", text);
  check_program(tap_filter_kernel(f), text);
  check_program(tap_filter_file(f), text);
  tap_filter_explain(f, out, sizeof out);
  for (size_t cut = 0; cut <= n; cut += 1 + n / 8) {
    frame.caplen = (uint32_t)(n - cut);
    run(plain, f, r, &frame, text);
  }
  frame.len = frame.caplen = (uint32_t)(n - n / 3);
  o.plain = false;
  check_union(f, &o, &frame, text);
  tap_filter_free(plain);
  tap_filter_free(f);
  tap_registry_free(r);
}

/* Link type, then text up to a zero byte, then a packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[TEXT_MAX + 1];
  uint8_t *packet;
  size_t n;
  if (size < 2) return 0;
  n = strnlen((const char *)data + 1, size - 1);
  if (n > TEXT_MAX) return 0;
  memcpy(text, data + 1, n);
  text[n] = '\0';
  packet = malloc(size); /* of its own, so that a read past its end is seen */
  if (packet == NULL) return 0;
  size = size - 1 - n > 0 ? size - 2 - n : 0;
  memcpy(packet, data + 2 + n, size);
  packet = realloc(packet, size > 0 ? size : 1);
  compile_and_run(text, linktypes[data[0] % (sizeof linktypes / sizeof linktypes[0])], packet,
                  size);
  free(packet);
  return 0;
}
