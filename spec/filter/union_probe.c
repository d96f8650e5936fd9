/* SPDX-License-Identifier: MIT
 *
 * Unions of random filters on random packets: on a whole packet a union
 * accepts exactly when "all" and one of "any" do; on a cut one, and where a
 * member can only be said in part, it accepts at least then.  Live frames have
 * their outermost tag in the bytes or lifted out.
 *
 * Reads how many unions to try, and a seed.
 */
#include <stdlib.h>

#include "filter/filter.h"

#include "random.h"

enum { PACKETS = 48, MEMBERS = 4, FIELDS = 8 };

static const char *const fields[FIELDS] = {
  "tcp.dstport == 80", "ip.ttl < 60",  "sport in {22, 53}",      "src == 10.0.0.1", "udp",
  "frame.len > 100",   "vlan.id == 5", "payload contains \"x\"",
};

struct member {
  char text[TEXT];
  struct tap_filter *filter; /* NULL: the text is none */
};

struct counts {
  unsigned long unions, silent, wider, verdicts, sizes, alone, bad;
};

static void compile(struct member *m, const struct tap_filter_options *o) {
  struct tap_filter_error e;
  do {
    m->text[0] = '\0';
    if (pick(6) == 0)
      put(m->text, "%s", fields[pick(FIELDS)]);
    else
      put_expression(m->text, pick(3));
    m->filter = tap_filter_compile(m->text, o, &e);
  } while (m->filter == NULL);
}

/* What the kernel would say to this filter alone. */
static bool alone(const struct tap_filter *f, const struct tap_frame *frame) {
  const struct tap_program *p = tap_filter_kernel(f);
  return p == NULL || tap_program_run(p, frame) != 0;
}

static bool expected(const struct member *m, unsigned n, bool with_all,
                     const struct tap_frame *frame) {
  bool any = n == 0;
  for (unsigned i = 1; i <= n; i++)
    any = any || alone(m[i].filter, frame);
  return any && (!with_all || alone(m[0].filter, frame));
}

static void complain(const struct member *m, unsigned n, bool with_all, const struct tap_frame *f,
                     bool right) {
  printf("expected %d on %u bytes, flags %u:\n", right, f->caplen, f->flags);
  for (unsigned i = with_all ? 0 : 1; i <= n; i++)
    printf("  %s: %s\n", i == 0 ? "all" : "any", m[i].text);
  for (uint32_t i = 0; i < 60 && i < f->caplen; i++)
    printf(" %02x", f->data[i]);
  printf("\n");
}

static struct tap_frame frame_of(const struct packet *p, uint32_t length, bool lifted) {
  struct tap_frame f = { .data = p->bytes, .caplen = length, .len = length, .linktype = 1 };
  if (lifted) {
    f.flags = TAP_FRAME_TAG_LIFTED;
    f.vlan_tpid = 0x8100;
    f.vlan_tci = (uint16_t)(pick(2) ? 5 : pick(100));
  }
  return f;
}

/* A union may accept more on a cut packet alone: there loads fail, and it makes fewer. */
static void judge(const struct member *m, unsigned n, bool with_all, const struct tap_program *u,
                  struct counts *c) {
  struct packet p;
  for (unsigned i = 0; i < PACKETS && c->bad == 0; i++) {
    bool lifted = pick(2) == 0, cut = i & 1, right, got;
    struct tap_frame f;
    make_packet(&p);
    f = frame_of(&p, cut ? p.cut : p.whole, lifted);
    right = expected(m, n, with_all, &f);
    got = tap_program_run(u, &f) != 0;
    c->verdicts++;
    c->wider += got && !right;
    if (got == right || (got && cut)) continue;
    complain(m, n, with_all, &f, right);
    c->bad++;
  }
}

/* Is there nothing that the kernel could be told?  That a filter always holds is found late. */
static bool may_be_silent(const struct member *m, unsigned n, bool with_all) {
  bool any = n == 0, all = !with_all || tap_filter_kernel(m[0].filter) == NULL;
  struct packet p;
  for (unsigned i = 1; i <= n; i++)
    any = any || tap_filter_kernel(m[i].filter) == NULL;
  for (unsigned i = 0; i < PACKETS && !(any && all); i++) {
    struct tap_frame f;
    make_packet(&p);
    f = frame_of(&p, p.whole, pick(2));
    if (!expected(m, n, with_all, &f)) return false;
  }
  return true;
}

static void check(const struct member *m, unsigned n, bool with_all, const struct tap_program *u,
                  struct counts *c) {
  struct tap_err e;
  c->unions++;
  if (u->insns == NULL) {
    c->silent++;
    if (may_be_silent(m, n, with_all)) return;
    printf("nothing is said of '%s' and others\n", m[n].text);
    c->bad++;
    return;
  }
  if (tap_program_verify(u, &e) != 0) {
    printf("not verified: %s\n", e.what);
    c->bad++;
  }
  for (unsigned i = with_all ? 0 : 1; i <= n; i++)
    if (tap_filter_kernel(m[i].filter) != NULL) c->alone += tap_filter_kernel(m[i].filter)->count;
  c->sizes += u->count;
  judge(m, n, with_all, u, c);
}

static void try_union(const struct tap_registry *r, struct counts *c) {
  struct tap_filter_options o = { .registry = r, .linktype = 1, .netmask = 0xffffff };
  static struct member m[MEMBERS];
  const struct tap_filter *any[MEMBERS];
  unsigned n = pick(MEMBERS);
  bool with_all = n == 0 || pick(2);
  struct tap_program u;
  o.live = pick(2);
  o.plain = pick(8) == 0;
  for (unsigned i = 0; i <= n; i++) {
    compile(&m[i], &o);
    if (i > 0) any[i - 1] = m[i].filter;
  }
  u.insns = tap_filter_union(with_all ? m[0].filter : NULL, any, n, &u.count);
  check(m, n, with_all, &u, c);
  for (unsigned i = 0; i <= n; i++)
    tap_filter_free(m[i].filter);
  free((void *)(uintptr_t)u.insns);
}

int main(void) {
  unsigned long unions = read_rounds(1000);
  struct counts c = { 0 };
  struct tap_err e;
  struct tap_registry *r = tap_registry_new(&e);
  while (c.unions < unions && c.bad == 0)
    try_union(r, &c);
  tap_registry_free(r);
  printf("%lu unions, %lu silent, %lu verdicts, %lu wider, %lu instructions for %lu, %lu wrong\n",
         c.unions, c.silent, c.verdicts, c.wider, c.sizes, c.alone, c.bad);
  return c.bad != 0;
}
