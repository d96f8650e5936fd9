/* SPDX-License-Identifier: MIT
 *
 * Protocols by number, names in a hash index, and an array for each table of
 * bindings.  A name is that of a field, or of a protocol (its presence).
 * Names and rows are borrowed and must outlive the registry.
 */
#include "proto/registry.h"

#include <stdlib.h>
#include <string.h>

#include "proto/builtin.h"
#include "proto/form.h"
#include "proto/spelling.h"
#include "proto/usual.h"

struct tap_registry {
  const struct tap_protocol **protocols;
  unsigned protocol_count;
  struct tap_ref *entries; /* first occurrence of each name, made ready */
  const char **names;      /* entries[i] is called names[i] */
  size_t entry_count, entry_size;
  uint32_t *index; /* of entries by name, 0: free, else 1 + entry */
  size_t index_size;
  struct tap_walker *walkers;  /* of each protocol */
  uint16_t *bound[TAP_TABLES]; /* TAP_KEYS each; the memory of keys never bound is never touched */
  struct tap_walk walk;
};

enum { FIRST_ENTRIES = 256 };

/* Dots and underscores are one: p.tcp_dstport is p["tcp.dstport"]. */
static char flat(char c) {
  return c == '.' ? '_' : c;
}

static uint32_t name_hash(const char *name) {
  uint32_t h = 0x811c9dc5u;
  for (; *name != '\0'; name++)
    h = (h ^ (uint8_t)flat(*name)) * 0x01000193u;
  return h;
}

static bool same_name(const char *a, const char *b) {
  while (*a != '\0' && flat(*a) == flat(*b))
    a++, b++;
  return *a == *b;
}

/* The slot that holds 'name', or the free one where it belongs. */
static uint32_t *slot_of(const struct tap_registry *r, const char *name) {
  size_t i = name_hash(name) & (r->index_size - 1);
  while (r->index[i] != 0 && !same_name(r->names[r->index[i] - 1], name))
    i = (i + 1) & (r->index_size - 1);
  return &r->index[i];
}

static bool grow_entries(struct tap_registry *r) {
  size_t size = r->entry_size == 0 ? FIRST_ENTRIES : 2 * r->entry_size;
  struct tap_ref *entries = realloc(r->entries, size * sizeof *entries);
  const char **names;
  uint32_t *index;
  if (entries == NULL) return false;
  r->entries = entries;
  if ((names = realloc(r->names, size * sizeof *names)) == NULL) return false;
  r->names = names;
  if ((index = calloc(2 * size, sizeof *index)) == NULL) return false;
  free(r->index);
  r->index = index;
  r->index_size = 2 * size;
  r->entry_size = size;
  for (size_t i = 0; i < r->entry_count; i++)
    *slot_of(r, r->names[i]) = (uint32_t)i + 1;
  return true;
}

static int add_name(struct tap_registry *r, const char *name, const struct tap_ref *ref,
                    struct tap_err *e) {
  uint32_t *slot;
  if (r->entry_count == r->entry_size && !grow_entries(r))
    return tap_fail(e, 0, "register '%s': out of memory", name);
  slot = slot_of(r, name);
  if (*slot != 0)
    return tap_fail(e, 0, "register '%s': '%s' is there already", name, r->names[*slot - 1]);
  r->names[r->entry_count] = name;
  r->entries[r->entry_count] = *ref;
  *slot = (uint32_t)++r->entry_count;
  return 0;
}

static int add_fields(struct tap_registry *r, const struct tap_field *field, unsigned protocol,
                      unsigned level, struct tap_err *e) {
  struct tap_ref ref;
  for (; field != NULL && field->name != NULL; field++) {
    if ((field->flags & TAP_SHARED) != 0 && protocol != TAP_ANY_PROTOCOL) continue;
    if (!tap_ref_init(&ref, field, protocol, level))
      return tap_fail(e, 0, "register '%s': its place does not fit its type", field->name);
    if (add_name(r, field->name, &ref, e) != 0) return -1;
  }
  return 0;
}

static enum tap_role role_of(const struct tap_protocol *p) {
  if (p->addresses.bytes != 0) return TAP_ROLE_NETWORK;
  return p->ports.bytes != 0 ? TAP_ROLE_TRANSPORT : TAP_ROLE_NONE;
}

static int add_protocol(struct tap_registry *r, const struct tap_protocol *p, struct tap_err *e) {
  size_t count = r->protocol_count + 1;
  const struct tap_protocol **list = realloc(r->protocols, count * sizeof *list);
  struct tap_walker *walkers;
  if (list == NULL) return tap_fail(e, 0, "register '%s': out of memory", p->name);
  r->protocols = list;
  r->walk.protocols = list;
  walkers = realloc(r->walkers, count * sizeof *walkers);
  if (walkers == NULL) return tap_fail(e, 0, "register '%s': out of memory", p->name);
  r->walkers = walkers;
  r->walk.walkers = walkers;
  list[count - 1] = p;
  walkers[count - 1] = (struct tap_walker){
    .parse = p->parse,
    .level = (uint8_t)p->level,
    .role = (uint8_t)role_of(p),
    .ends = p->addresses.bytes != 0 ? p->addresses : p->ports,
  };
  return (int)r->protocol_count++;
}

/* How deep a packet must be decoded to read a protocol's fields: tunnels, which are decoded with
 * the transports, may hold the outermost layer of any protocol. */
static unsigned depth_of(const struct tap_protocol *p) {
  return p->level > TAP_LEVEL_TRANSPORT ? p->level : TAP_LEVEL_TRANSPORT;
}

static void bind(struct tap_registry *r, const struct tap_binding *b, unsigned number) {
  uint8_t level = r->walkers[number].level;
  bool by_port = b->table == TAP_BY_TCP_PORT || b->table == TAP_BY_UDP_PORT;
  r->bound[b->table][b->key] = (uint16_t)(number + 1);
  r->walk.is_usual = tap_usual_bound(&r->walk);
  if (by_port && level < r->walk.over_ports) r->walk.over_ports = level;
}

int tap_registry_add(struct tap_registry *r, const struct tap_protocol *p, struct tap_err *e) {
  struct tap_ref presence;
  int number = add_protocol(r, p, e);
  if (number < 0) return -1;
  tap_ref_init(&presence, NULL, (unsigned)number, depth_of(p));
  if (add_name(r, p->name, &presence, e) != 0) return -1;
  if (add_fields(r, p->fields, (unsigned)number, depth_of(p), e) != 0) return -1;
  for (unsigned i = 0; i < p->binding_count; i++)
    bind(r, &p->bindings[i], (unsigned)number);
  return number;
}

int tap_registry_add_common(struct tap_registry *r, const struct tap_field *fields,
                            struct tap_err *e) {
  return add_fields(r, fields, TAP_ANY_PROTOCOL, TAP_LEVEL_FRAME, e);
}

static int add_builtin(struct tap_registry *r, struct tap_err *e) {
  if (tap_registry_add_common(r, tap_frame_fields, e) != 0) return -1;
  if (tap_registry_add_common(r, tap_family_fields, e) != 0) return -1;
  if (tap_registry_add_common(r, tap_pppoe_fields, e) != 0) return -1;
  for (unsigned i = 0; i < tap_builtin_protocol_count; i++)
    if (tap_registry_add(r, tap_builtin_protocols[i], e) < 0) return -1;
  return 0;
}

static int make_tables(struct tap_registry *r, struct tap_err *e) {
  for (unsigned i = 0; i < TAP_TABLES; i++) {
    r->bound[i] = calloc(TAP_KEYS, sizeof *r->bound[i]);
    if (r->bound[i] == NULL) return tap_fail(e, 0, "make the registry: out of memory");
    r->walk.bound[i] = r->bound[i];
  }
  return 0;
}

struct tap_registry *tap_registry_new(struct tap_err *e) {
  struct tap_registry *r = calloc(1, sizeof *r);
  if (r == NULL) {
    tap_fail(e, 0, "make the registry: out of memory");
    return NULL;
  }
  r->walk.over_ports = UINT8_MAX;
  if (make_tables(r, e) == 0 && add_builtin(r, e) == 0) return r;
  tap_registry_free(r);
  return NULL;
}

void tap_registry_free(struct tap_registry *r) {
  if (r == NULL) return;
  free(r->protocols);
  free(r->entries);
  free(r->names);
  free(r->index);
  free(r->walkers);
  for (unsigned i = 0; i < TAP_TABLES; i++)
    free(r->bound[i]);
  free(r);
}

const struct tap_walk *tap_registry_walk(const struct tap_registry *r) {
  return &r->walk;
}

const struct tap_protocol *tap_registry_at(const struct tap_registry *r, unsigned protocol) {
  return r->protocols[protocol];
}

unsigned tap_registry_protocols(const struct tap_registry *r) {
  return r->protocol_count;
}

unsigned tap_registry_protocol(const struct tap_registry *r, const char *name) {
  uint32_t entry = *slot_of(r, name);
  if (entry == 0 || r->entries[entry - 1].field != NULL) return TAP_NO_PROTOCOL;
  return r->entries[entry - 1].protocol;
}

bool tap_registry_field(const struct tap_registry *r, size_t i, struct tap_ref *out) {
  if (i >= r->entry_count) return false;
  *out = r->entries[i];
  return true;
}

static int no_such_field(const struct tap_registry *r, const char *name, struct tap_err *e) {
  const char *near = tap_nearest(name, r->names, r->entry_count);
  if (near == NULL) return tap_fail(e, 0, "no field '%s'", name);
  return tap_fail(e, 0, "no field '%s' (did you mean '%s'?)", name, near);
}

int tap_registry_find(const struct tap_registry *r, const char *name, struct tap_ref *out,
                      struct tap_err *e) {
  struct tap_spelling s;
  uint32_t entry;
  if (tap_spelling_read(&s, name, e) != 0) return -1;
  entry = *slot_of(r, s.base);
  if (entry == 0) return no_such_field(r, s.base, e);
  *out = r->entries[entry - 1];
  out->nth = (uint8_t)s.nth;
  out->form = (uint8_t)s.form;
  out->optional = s.optional;
  return s.range == NULL ? 0 : tap_form_range(out, name, s.range, e);
}
