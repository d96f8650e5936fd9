/* SPDX-License-Identifier: MIT
 *
 * Filters against a table of what libpcap says: each row names a filter, a
 * capture, how many packets match and a hash of which.  Every row is run four
 * times: plain and optimised, as a program and fused.  A second table has
 * texts that must be refused, with a position.
 *
 * Usage: rows FOLDER   which has filters.tsv, filters-netmask.tsv,
 * filters-reject.tsv and the captures in pcap/
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap.h>

#include "filter/filter.h"
#include "sys/resolver.h"

enum { LINE = 8192, COLUMNS = 7, FORMS = 4 };

struct capture {
  char name[512];
  struct tap_frame *frames;
  size_t count, room;
  uint16_t linktype;
};

static void keep(struct capture *c, const struct pcap_pkthdr *h, const uint8_t *bytes) {
  uint8_t *copy = malloc(h->caplen + 1);
  if (c->count == c->room) {
    c->room = c->room == 0 ? 64 : 2 * c->room;
    c->frames = realloc(c->frames, c->room * sizeof *c->frames);
  }
  if (copy == NULL || c->frames == NULL) exit(2);
  memcpy(copy, bytes, h->caplen);
  c->frames[c->count++] = (struct tap_frame){
    .data = copy, .caplen = h->caplen, .len = h->len, .linktype = c->linktype
  };
}

static void forget(struct capture *c) {
  for (size_t i = 0; i < c->count; i++)
    free((void *)(uintptr_t)c->frames[i].data);
  c->count = 0;
}

static void load(struct capture *c, const char *folder, const char *name) {
  char path[1024], reason[PCAP_ERRBUF_SIZE];
  struct pcap_pkthdr *h;
  const u_char *bytes;
  pcap_t *p;
  if (strcmp(c->name, name) == 0) return;
  forget(c);
  snprintf(c->name, sizeof c->name, "%s", name);
  snprintf(path, sizeof path, "%s/pcap/%s", folder, name);
  p = pcap_open_offline(path, reason);
  if (p == NULL) {
    printf("%s: %s\n", path, reason);
    exit(2);
  }
  c->linktype = (uint16_t)pcap_datalink(p);
  while (pcap_next_ex(p, &h, &bytes) == 1)
    keep(c, h, bytes);
  pcap_close(p);
}

/* 64-bit FNV-1a over the numbers of the packets that match. */
struct result {
  unsigned long matched;
  uint64_t hash;
};

static bool matches(const struct tap_filter *f, bool fused, const struct tap_frame *frame) {
  const struct tap_program *p = tap_filter_file(f);
  if (fused || p == NULL) return tap_filter_match_frame(f, frame);
  return tap_program_run(p, frame) != 0;
}

static struct result run(const struct tap_filter *f, bool fused, const struct capture *c) {
  struct result r = { 0, 0xcbf29ce484222325u };
  for (uint32_t i = 0; i < c->count; i++) {
    if (!matches(f, fused, &c->frames[i])) continue;
    r.matched++;
    for (unsigned shift = 0; shift < 32; shift += 8)
      r.hash = (r.hash ^ ((i + 1) >> shift & 0xff)) * 0x100000001b3u;
  }
  return r;
}

static bool equals(const struct result *r, const char *matched, const char *hash) {
  return matched[0] != '\0' && r->matched == strtoul(matched, NULL, 10) &&
         r->hash == strtoull(hash, NULL, 16);
}

/* Cut a line into its columns; missing ones are empty. */
static void cut(char *line, char *column[COLUMNS]) {
  static char empty[] = "";
  line[strcspn(line, "\n")] = '\0';
  for (int i = 0; i < COLUMNS; i++) {
    char *tab = line != NULL ? strchr(line, '\t') : NULL;
    column[i] = line != NULL ? line : empty;
    if (tab != NULL) *tab++ = '\0';
    line = tab;
  }
}

static int judge_row(const struct tap_registry *registry, char *column[COLUMNS],
                     const struct capture *c, uint32_t netmask) {
  const char *text = strcmp(column[0], "<empty>") == 0 ? "" : column[0];
  for (unsigned form = 0; form < FORMS; form++) {
    struct tap_filter_options o = { .registry = registry,
                                    .names = tap_resolver_system(),
                                    .netmask = netmask,
                                    .linktype = c->linktype,
                                    .plain = form & 1 };
    struct tap_filter_error e;
    struct tap_filter *f = tap_filter_compile(text, &o, &e);
    struct result r;
    bool right;
    if (f == NULL) {
      printf("%s: refused: %s\n", column[1], e.message);
      return 1;
    }
    r = run(f, form >> 1, c);
    tap_filter_free(f);
    right = equals(&r, column[3], column[4]) || equals(&r, column[5], column[6]);
    if (right) continue;
    printf("%s: '%s' form %u: %lu packets, expected %s %s\n", c->name, text, form, r.matched,
           column[3], column[5]);
    return 1;
  }
  return 0;
}

static FILE *open_table(const char *folder, const char *name, char *line) {
  char path[1024];
  FILE *table;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  table = fopen(path, "r");
  if (table == NULL || fgets(line, LINE, table) == NULL) {
    printf("%s: cannot be read\n", path);
    exit(2);
  }
  return table;
}

static unsigned long judge_table(const struct tap_registry *registry, const char *folder,
                                 const char *name, uint32_t netmask) {
  static char line[LINE];
  struct capture c = { .name = "" };
  char *column[COLUMNS];
  unsigned long rows = 0, bad = 0;
  FILE *table = open_table(folder, name, line);
  while (fgets(line, LINE, table) != NULL) {
    cut(line, column);
    load(&c, folder, column[1]);
    bad += (unsigned long)judge_row(registry, column, &c, netmask);
    rows++;
  }
  fclose(table);
  forget(&c);
  free(c.frames);
  printf("%s: %lu rows, %lu wrong\n", name, rows, bad);
  return bad;
}

/* libpcap's optimiser takes a mask of all ones for a test that cannot fail, and then refuses what
 * its own program, not optimised, matches on packets that begin with zeros. */
static bool refused_wrongly(const char *text) {
  return strcmp(text, "link[0:2] & 0xFFFFFFFF == 0") == 0;
}

/* 1 where a text that must be refused is not, or has no position; what libpcap's optimiser alone
 * refuses, since no packet matches, may be taken and must say the same. */
static int judge_refusal(const struct tap_registry *registry, char *column[COLUMNS]) {
  struct tap_filter_options o = { .registry = registry,
                                  .names = tap_resolver_system(),
                                  .netmask = TAP_NETMASK_UNKNOWN };
  struct tap_filter_error e;
  struct tap_filter *f;
  bool never;
  int linktype = pcap_datalink_name_to_val(column[1]);
  o.linktype = (uint16_t)(linktype >= 0 ? linktype : atoi(column[1]));
  f = tap_filter_compile(column[0], &o, &e);
  never = f != NULL && tap_filter_never(f);
  tap_filter_free(f);
  if (f == NULL && e.set && e.column >= 1 && e.span.at + e.span.length <= strlen(column[0]))
    return 0;
  if (strcmp(column[2], "optimizer") == 0 && (never || refused_wrongly(column[0]))) return 0;
  printf("'%s' on %s: %s\n", column[0], column[1], f != NULL ? "taken" : "has no position");
  return 1;
}

static unsigned long judge_refusals(const struct tap_registry *registry, const char *folder) {
  static char line[LINE];
  char *column[COLUMNS];
  unsigned long rows = 0, bad = 0;
  FILE *table = open_table(folder, "filters-reject.tsv", line);
  while (fgets(line, LINE, table) != NULL) {
    cut(line, column);
    bad += (unsigned long)judge_refusal(registry, column);
    rows++;
  }
  fclose(table);
  printf("filters-reject.tsv: %lu rows, %lu wrong\n", rows, bad);
  return bad;
}

int main(int argc, char **argv) {
  struct tap_err e;
  struct tap_registry *registry = tap_registry_new(&e);
  unsigned long bad;
  if (argc < 2 || registry == NULL) return 2;
  bad = judge_table(registry, argv[1], "filters.tsv", TAP_NETMASK_UNKNOWN);
  /* The table was made with 255.255.255.0 in the network's byte order. */
  bad += judge_table(registry, argv[1], "filters-netmask.tsv", 0x00ffffff);
  bad += judge_refusals(registry, argv[1]);
  tap_registry_free(registry);
  return bad != 0;
}
