/* SPDX-License-Identifier: MIT
 *
 * Sets behind host, net, port, portrange, proto and the words that have
 * numbers.  Addresses of IPv4 are one test of a set; those of IPv6 become a
 * tree that asks one 32-bit word after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/member.h"
#include "filter/numbers.h"

/* What a set is gathered into. */
struct gathering {
  struct tap_range *v4;
  struct tap_range6 *v6;
  size_t count4, room4, count6, room6;
  uint64_t most;  /* of numbers */
  unsigned proto; /* of names of services */
  unsigned type;
};

static bool grow(void **array, size_t *room, size_t count, size_t size) {
  size_t more = *room == 0 ? 64 : 2 * *room;
  void *grown;
  if (count < *room) return true;
  grown = realloc(*array, more * size);
  if (grown == NULL) return false;
  *array = grown;
  *room = more;
  return true;
}

static bool add4(struct tap_lowering *l, struct gathering *s, uint64_t low, uint64_t high) {
  void *array = s->v4;
  if (!grow(&array, &s->room4, s->count4, sizeof *s->v4)) {
    l->g->failed = true;
    return false;
  }
  s->v4 = array;
  s->v4[s->count4++] = (struct tap_range){ (uint32_t)low, (uint32_t)high };
  return true;
}

static bool add6(struct tap_lowering *l, struct gathering *s, const struct tap_member *m) {
  void *array = s->v6;
  if (!grow(&array, &s->room6, s->count6, sizeof *s->v6)) {
    l->g->failed = true;
    return false;
  }
  s->v6 = array;
  memcpy(s->v6[s->count6].low, m->low6, 16);
  memcpy(s->v6[s->count6++].high, m->high6, 16);
  return true;
}

static bool add_host(struct tap_lowering *l, struct gathering *s, const char *name) {
  const struct tap_resolver *names = l->options->names;
  struct tap_name_address found[64];
  size_t n =
      names != NULL && names->host != NULL ? names->host(names->context, name, found, 64) : 0;
  struct tap_member m;
  if (n == 0) {
    tap_lower_refuse(l, "unknown host '%.80s'", name);
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    const uint8_t *b = found[i].bytes;
    uint32_t v4 = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    memcpy(m.low6, b, 16);
    memcpy(m.high6, b, 16);
    if (!(found[i].ipv6 ? add6(l, s, &m) : add4(l, s, v4, v4))) return false;
  }
  return true;
}

static bool visit_address(struct tap_lowering *l, const struct tap_member *m, void *context) {
  struct gathering *s = context;
  switch (m->kind) {
  case MEMBER_IPV4: return add4(l, s, m->low, m->high);
  case MEMBER_IPV6: return add6(l, s, m);
  case MEMBER_TEXT: return add_host(l, s, m->text);
  default: tap_lower_refuse(l, "this is no IP address or network"); return false;
  }
}

static bool service_port(struct tap_lowering *l, const char *name, uint64_t *out) {
  static const char *const protocols[] = { "tcp", "udp", "sctp" };
  const struct tap_resolver *names = l->options->names;
  uint16_t port;
  for (unsigned i = 0; names != NULL && names->service != NULL && i < 3; i++)
    if (names->service(names->context, name, protocols[i], &port)) {
      *out = port;
      return true;
    }
  tap_lower_refuse(l, "unknown port '%.80s'", name);
  return false;
}

static bool visit_number(struct tap_lowering *l, const struct tap_member *m, void *context) {
  struct gathering *s = context;
  uint64_t low = m->low, high = m->high;
  uint8_t protocol;
  const struct tap_resolver *names = l->options->names;
  if (m->kind == MEMBER_TEXT && (s->type == W_PORT || s->type == W_PORTRANGE)) {
    if (!service_port(l, m->text, &low)) return false;
    high = low;
  } else if (m->kind == MEMBER_TEXT && s->type == W_PROTO && names != NULL &&
             names->protocol != NULL && names->protocol(names->context, m->text, &protocol)) {
    low = high = protocol;
  } else if (m->kind != MEMBER_NUMBER || m->negative) {
    tap_lower_refuse(l, "this is no number or range of numbers");
    return false;
  }
  if (high <= s->most) return add4(l, s, low, high);
  tap_lower_refuse(l, "%llu is over %llu", (unsigned long long)high, (unsigned long long)s->most);
  return false;
}

static uint32_t as_set(struct tap_lowering *l, const struct gathering *s) {
  tap_set_begin(l->g);
  for (size_t i = 0; i < s->count4; i++)
    tap_set_add(l->g, s->v4[i].low, s->v4[i].high);
  return tap_set_end(l->g);
}

bool tap_lower_numbers(struct tap_lowering *l, const struct tap_set *set, uint32_t most,
                       uint32_t *out) {
  struct gathering s = { .most = most };
  bool done = tap_members(l, set, visit_number, &s);
  if (done) *out = as_set(l, &s);
  free(s.v4);
  return done && !l->g->failed;
}

static int by_low6(const void *a, const void *b) {
  const struct tap_range6 *x = a, *y = b;
  int order = memcmp(x->low, y->low, 16);
  return order != 0 ? order : memcmp(y->high, x->high, 16);
}

/* Sort, and drop ranges that lie inside others; prefixes never overlap in another way. */
static size_t normalise6(struct tap_range6 *r, size_t n) {
  size_t kept = 0;
  qsort(r, n, sizeof *r, by_low6);
  for (size_t i = 0; i < n; i++) {
    if (kept > 0 && memcmp(r[i].low, r[kept - 1].high, 16) <= 0) {
      if (memcmp(r[i].high, r[kept - 1].high, 16) > 0) memcpy(r[kept - 1].high, r[i].high, 16);
      continue;
    }
    r[kept++] = r[i];
  }
  return kept;
}

static uint32_t word_of(const uint8_t bytes[16], unsigned word) {
  return (uint32_t)bytes[4 * word] << 24 | (uint32_t)bytes[4 * word + 1] << 16 |
         (uint32_t)bytes[4 * word + 2] << 8 | bytes[4 * word + 3];
}

static bool all_bytes(const uint8_t *bytes, size_t n, uint8_t value) {
  for (size_t i = 0; i < n; i++)
    if (bytes[i] != value) return false;
  return true;
}

/* Where the address that is looked for lies. */
struct place6 {
  struct tap_place network;
  uint32_t offset;
};

static struct tap_formula *tree6(struct tap_lowering *l, const struct place6 *p,
                                 const struct tap_range6 *r, size_t n, unsigned word);

static struct tap_formula *word_in(struct tap_lowering *l, const struct place6 *p, unsigned word,
                                   uint32_t low, uint32_t high) {
  return tap_lower_in(l, p->network, p->offset + 4 * word, 4, tap_set_range(l->g, low, high));
}

/* One range from a word on: its first word's rest, the whole words between, its last word's. */
static struct tap_formula *range_from(struct tap_lowering *l, const struct place6 *p,
                                      const struct tap_range6 *r, unsigned word) {
  uint32_t low = word_of(r->low, word), high = word_of(r->high, word);
  size_t rest = 12 - 4 * (size_t)word, at = 4 * (size_t)word + 4;
  bool low_whole = all_bytes(r->low + at, rest, 0),
       high_whole = all_bytes(r->high + at, rest, 0xff);
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  struct tap_range6 part = *r;
  if (low == high && !(low_whole && high_whole))
    return tap_both(l, word_in(l, p, word, low, low), tree6(l, p, r, 1, word + 1));
  if (!low_whole) {
    memset(part.high + at, 0xff, rest);
    f = tap_both(l, word_in(l, p, word, low, low), tree6(l, p, &part, 1, word + 1));
    low++;
  }
  if (!high_whole) {
    part = *r;
    memset(part.low + at, 0, rest);
    f = tap_either(l, f,
                   tap_both(l, word_in(l, p, word, high, high), tree6(l, p, &part, 1, word + 1)));
    high--;
  }
  return low <= high ? tap_either(l, f, word_in(l, p, word, low, high)) : f;
}

/* Ranges that begin and end in the same word at 'word' stand next to each other. */
static size_t same_word(const struct tap_range6 *r, size_t n, unsigned word) {
  size_t i = 0;
  while (i < n && word_of(r[i].low, word) == word_of(r[0].low, word) &&
         word_of(r[i].high, word) == word_of(r[0].low, word))
    i++;
  return i;
}

/* Where to cut ranges in two, near the middle, so that no word is on both sides; 0: nowhere. */
static size_t cut6(const struct tap_range6 *r, size_t n, unsigned word) {
  size_t at = n / 2;
  while (at < n && word_of(r[at].low, word) <= word_of(r[at - 1].high, word))
    at++;
  if (at < n) return at;
  at = n / 2;
  while (at > 0 && word_of(r[at].low, word) <= word_of(r[at - 1].high, word))
    at--;
  return at;
}

static struct tap_formula *tree6(struct tap_lowering *l, const struct place6 *p,
                                 const struct tap_range6 *r, size_t n, unsigned word) {
  size_t same, middle;
  uint32_t pivot;
  struct tap_formula *right;
  if (n == 1) return range_from(l, p, r, word);
  same = same_word(r, n, word);
  pivot = word_of(r[0].low, word);
  if (same == n) return tap_both(l, word_in(l, p, word, pivot, pivot), tree6(l, p, r, n, word + 1));
  middle = cut6(r, n, word);
  if (middle == 0) {
    right = tree6(l, p, r + 1, n - 1, word);
    return tap_either(l, range_from(l, p, r, word), right);
  }
  pivot = word_of(r[middle].low, word);
  right = tree6(l, p, r + middle, n - middle, word);
  return tap_formula_choose(l->arena, tap_lower_load(l, p->network, p->offset + 4 * word, 4),
                            tap_set_range(l->g, pivot, UINT32_MAX), right,
                            tree6(l, p, r, middle, word));
}

static struct tap_formula *directed(struct tap_lowering *l, unsigned dir, struct tap_formula *src,
                                    struct tap_formula *dst) {
  if (dir == W_SRC) return src;
  if (dir == W_DST) return dst;
  return dir == W_AND ? tap_both(l, src, dst) : tap_either(l, src, dst);
}

static struct tap_formula *hosts4(struct tap_lowering *l, uint32_t type, uint32_t src, uint32_t dst,
                                  uint32_t set, unsigned dir) {
  struct tap_formula *f = tap_lower_type(l, type);
  struct tap_place network = tap_place_network(l);
  return tap_both(l, f,
                  directed(l, dir, tap_lower_in(l, network, src, 4, set),
                           tap_lower_in(l, network, dst, 4, set)));
}

static struct tap_formula *family4(struct tap_lowering *l, uint32_t set, struct tap_qualifier q) {
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  if (q.proto == W_NONE || q.proto == W_IP) f = hosts4(l, ETHERTYPE_IP, 12, 16, set, q.dir);
  if (l->now.labels > 0) return f;
  if (q.proto == W_NONE || q.proto == W_ARP)
    f = tap_either(l, f, hosts4(l, ETHERTYPE_ARP, 14, 24, set, q.dir));
  if (q.proto == W_NONE || q.proto == W_RARP)
    f = tap_either(l, f, hosts4(l, ETHERTYPE_RARP, 14, 24, set, q.dir));
  return f;
}

enum { LONG_LIST = 250 }; /* more have no room in the kernel, whatever is done */

/* The address is on a list: one search, in user space. */
static struct tap_formula *on_list(struct tap_lowering *l, const struct place6 *p,
                                   const struct gathering *s) {
  void *lists = l->lists;
  struct tap_range6 *copy = tap_arena_take(l->arena, s->count6 * sizeof *copy);
  struct tap_formula *f;
  if (copy == NULL || !grow(&lists, &l->list_room, l->list_count, sizeof *l->lists)) {
    l->g->failed = true;
    return NULL;
  }
  memcpy(copy, s->v6, s->count6 * sizeof *copy);
  l->lists = lists;
  l->lists[l->list_count] = (struct tap_list6){ p->network.at + p->offset, copy, s->count6 };
  f = tap_formula_test(l->arena, tap_val_member6(l->g, p->network.base, (uint32_t)l->list_count++),
                       tap_set_range(l->g, 1, 1));
  if (f == NULL) return NULL;
  f->outside = true;
  f->fixed = p->network.base != VALUE_NONE; /* behind what finds the place */
  return f;
}

static struct tap_formula *listed6(struct tap_lowering *l, const struct place6 *p,
                                   const struct gathering *s) {
  if (s->count6 > LONG_LIST) return on_list(l, p, s);
  return tree6(l, p, s->v6, s->count6, 0);
}

static struct tap_formula *family6(struct tap_lowering *l, struct gathering *s,
                                   struct tap_qualifier q) {
  struct tap_formula *f = tap_lower_type(l, ETHERTYPE_IPV6), *src, *dst;
  struct place6 at = { tap_place_network(l), 8 };
  s->count6 = normalise6(s->v6, s->count6);
  src = q.dir == W_DST ? f : listed6(l, &at, s);
  at.offset = 24;
  dst = q.dir == W_SRC ? f : listed6(l, &at, s);
  return tap_both(l, f, directed(l, q.dir, src, dst));
}

static struct tap_formula *addresses(struct tap_lowering *l, struct gathering *s,
                                     struct tap_qualifier q) {
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  if (q.proto != W_NONE && q.proto != W_IP && q.proto != W_IP6 && q.proto != W_ARP &&
      q.proto != W_RARP)
    return tap_lower_refuse(l, "'%s' has no IP addresses", tap_word_text(q.proto));
  if (s->count4 > 0 && q.proto != W_IP6) f = family4(l, as_set(l, s), q);
  if (s->count6 > 0 && (q.proto == W_NONE || q.proto == W_IP6))
    f = tap_either(l, f, family6(l, s, q));
  return f;
}

/* Each number of a set of protocols is a test of its own: sets of them are small. */
static struct tap_formula *protocols(struct tap_lowering *l, const struct gathering *s,
                                     unsigned proto) {
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  for (size_t i = 0; i < s->count4; i++)
    for (uint32_t n = s->v4[i].low; n <= s->v4[i].high; n++)
      f = tap_either(l, f, tap_lower_proto(l, n, proto));
  return f;
}

static bool is_address_type(unsigned type) {
  return type == W_NONE || type == W_HOST || type == W_NET;
}

static struct tap_formula *gathered(struct tap_lowering *l, struct gathering *s,
                                    struct tap_qualifier q) {
  switch (q.type) {
  case W_PORT:
  case W_PORTRANGE: return tap_lower_ports(l, as_set(l, s), q.proto, q.dir);
  case W_PROTO: return protocols(l, s, q.proto);
  default: return addresses(l, s, q);
  }
}

static bool visit_mac(struct tap_lowering *l, const struct tap_member *m, void *context) {
  struct tap_formula **f = context;
  uint8_t mac[6];
  if (m->kind != MEMBER_MAC || m->low != m->high) {
    tap_lower_refuse(l, "this is no hardware address");
    return false;
  }
  for (int i = 0; i < 6; i++)
    mac[i] = (uint8_t)(m->low >> (40 - 8 * i));
  *f = tap_either(l, *f, tap_lower_mac(l, mac, l->dir));
  return *f != NULL;
}

struct tap_formula *tap_lower_set(struct tap_lowering *l, const struct tap_ast *ast) {
  bool hosts = is_address_type(ast->q.type);
  struct gathering s = { .most = ast->q.type == W_PROTO ? 255 : 65535, .type = ast->q.type };
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  bool done;
  l->dir = ast->q.dir;
  if (ast->q.type == W_PROTOCHAIN || ast->q.type == W_GATEWAY)
    return tap_lower_refuse(l, "'%s' takes no set", tap_word_text(ast->q.type));
  if (hosts && ast->q.proto == W_LINK) return tap_members(l, &ast->set, visit_mac, &f) ? f : NULL;
  done = tap_members(l, &ast->set, hosts ? visit_address : visit_number, &s);
  l->span = ast->span;
  f = done ? gathered(l, &s, ast->q) : NULL;
  free(s.v4);
  free(s.v6);
  return l->g->failed ? NULL : f;
}
