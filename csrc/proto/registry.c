/* SPDX-License-Identifier: MIT
 *
 * Protocols by number, names in a hash index, and an array for each table of
 * bindings.  A name is that of a field, or of a protocol (its presence).
 * Names and rows are borrowed and must outlive the registry; layouts are its
 * own and stay, declared again or not, until it goes.
 */
#include "proto/registry.h"

#include <stdlib.h>
#include <string.h>

#include "proto/builtin.h"
#include "proto/form.h"
#include "proto/layout.h"
#include "proto/names.h"
#include "proto/spelling.h"
#include "proto/table.h"
#include "proto/usual.h"

/* A table that a declared protocol's field leads through. */
struct own_table {
  unsigned protocol;
  const char *field;
};

struct tap_registry {
  const struct tap_protocol **protocols;
  unsigned protocol_count;
  struct tap_names names;
  struct tap_walker *walkers;           /* of each protocol */
  uint16_t *bound[TAP_TABLES_MAX];      /* TAP_KEYS each; never bound: memory never touched */
  struct own_table own[TAP_TABLES_MAX]; /* of tables from TAP_TABLES on */
  struct tap_layout *layouts; /* all that were declared: who looked a name up may use it yet */
  unsigned changes;
  struct tap_walk walk;
};

/* How deep a packet must be decoded to read fields of a level's protocols: tunnels, which are
 * decoded with the transports, may hold the outermost layer of any protocol. */
static unsigned depth_of(unsigned level) {
  return level > TAP_LEVEL_TRANSPORT ? level : TAP_LEVEL_TRANSPORT;
}

static int add_fields(struct tap_registry *r, const struct tap_field *field, unsigned protocol,
                      unsigned level, struct tap_err *e) {
  struct tap_ref ref;
  for (; field != NULL && field->name != NULL; field++) {
    bool shared = (field->flags & TAP_SHARED) != 0;
    if (shared && protocol != TAP_ANY_PROTOCOL) continue;
    if (!tap_ref_init(&ref, field, protocol, shared ? depth_of(level) : level))
      return tap_fail(e, 0, "register '%s': its place does not fit its type", field->name);
    if (tap_names_add(&r->names, field->name, &ref, e) != 0) return -1;
  }
  return 0;
}

static enum tap_role role_of(const struct tap_protocol *p) {
  if (p->addresses.bytes != 0) return TAP_ROLE_NETWORK;
  return p->ports.bytes != 0 ? TAP_ROLE_TRANSPORT : TAP_ROLE_NONE;
}

static void put_protocol(struct tap_registry *r, unsigned number, const struct tap_protocol *p) {
  r->protocols[number] = p;
  r->walkers[number] = (struct tap_walker){
    .parse = p->parse,
    .layout = p->layout,
    .level = (uint8_t)p->level,
    .role = (uint8_t)role_of(p),
    .ends = p->addresses.bytes != 0 ? p->addresses : p->ports,
  };
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
  put_protocol(r, (unsigned)count - 1, p);
  return (int)r->protocol_count++;
}

/* A key of a table leads to a protocol. */
static void note_binding(struct tap_registry *r, unsigned table, unsigned number) {
  bool by_port = table == TAP_BY_TCP_PORT || table == TAP_BY_UDP_PORT;
  if (by_port && r->walkers[number].level < r->walk.over_ports)
    r->walk.over_ports = r->walkers[number].level;
}

static void note_bindings(struct tap_registry *r, unsigned table) {
  for (unsigned key = 0; key < TAP_KEYS; key++)
    if (r->bound[table][key] != 0) note_binding(r, table, r->bound[table][key] - 1u);
}

/* What the walk knows of its tables at once, found anew where bindings went or changed. */
static void look_at_tables(struct tap_registry *r) {
  r->walk.over_ports = UINT8_MAX;
  note_bindings(r, TAP_BY_TCP_PORT);
  note_bindings(r, TAP_BY_UDP_PORT);
  r->walk.is_usual = tap_usual_bound(&r->walk);
}

static void bind_all(struct tap_registry *r, const struct tap_protocol *p, unsigned number) {
  for (const struct tap_binding *b = p->bindings; b < p->bindings + p->binding_count; b++) {
    r->bound[b->table][b->key] = (uint16_t)(number + 1);
    note_binding(r, b->table, number);
  }
}

static int add(struct tap_registry *r, const struct tap_protocol *p, struct tap_err *e) {
  struct tap_ref presence;
  int number = add_protocol(r, p, e);
  if (number < 0) return -1;
  tap_ref_init(&presence, NULL, (unsigned)number, depth_of(p->level));
  if (tap_names_add(&r->names, p->name, &presence, e) != 0) return -1;
  if (add_fields(r, p->fields, (unsigned)number, depth_of(p->level), e) != 0) return -1;
  bind_all(r, p, (unsigned)number);
  return number;
}

int tap_registry_add(struct tap_registry *r, const struct tap_protocol *p, struct tap_err *e) {
  int number = add(r, p, e);
  look_at_tables(r);
  r->changes++;
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
    if (add(r, tap_builtin_protocols[i], e) < 0) return -1;
  r->walk.is_usual = tap_usual_bound(&r->walk);
  return 0;
}

static int add_table(struct tap_registry *r, struct tap_err *e) {
  unsigned i = r->walk.table_count;
  if (i == TAP_TABLES_MAX) return tap_fail(e, 0, "make a table: there are %u already", i);
  r->bound[i] = calloc(TAP_KEYS, sizeof *r->bound[i]);
  if (r->bound[i] == NULL) return tap_fail(e, 0, "make a table: out of memory");
  r->walk.bound[i] = r->bound[i];
  return (int)r->walk.table_count++;
}

static int make_tables(struct tap_registry *r, struct tap_err *e) {
  while (r->walk.table_count < TAP_TABLES)
    if (add_table(r, e) < 0) return -1;
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
  tap_names_free(&r->names);
  free(r->walkers);
  tap_late_free(&r->walk.late);
  for (unsigned i = 0; i < r->walk.table_count; i++)
    free(r->bound[i]);
  for (struct tap_layout *l = r->layouts, *next; l != NULL; l = next) {
    next = l->next;
    tap_layout_free(l);
  }
  free(r);
}

/* --- declared protocols --- */

/* Is 'name' free, or a name of protocol 'own', which is to be declared again? */
static int check_free(const struct tap_registry *r, const char *name, unsigned own,
                      struct tap_err *e) {
  const struct tap_ref *ref = tap_names_find(&r->names, name);
  if (ref == NULL) return 0;
  if (ref->protocol == TAP_ANY_PROTOCOL)
    return tap_fail(e, 0, "'%s' is a field of every packet", name);
  if (ref->protocol == own) return 0;
  return tap_fail(e, 0, "the name is taken: '%s' of %s", tap_names_spelt(&r->names, ref),
                  r->protocols[ref->protocol]->title);
}

static int check_names(const struct tap_registry *r, const struct tap_layout *l, unsigned own,
                       struct tap_err *e) {
  if (check_free(r, l->protocol.name, own, e) != 0) return -1;
  for (const struct tap_field *row = l->rows; row->name != NULL; row++) {
    if (check_free(r, row->name, own, e) != 0) return -1;
    if (tap_names_same(row->name, l->protocol.name))
      return tap_fail(e, 0, "'%s' is there twice", row->name);
    for (const struct tap_field *other = l->rows; other < row; other++)
      if (tap_names_same(row->name, other->name))
        return tap_fail(e, 0, "'%s' and '%s' are one name", other->name, row->name);
  }
  return 0;
}

/* Keys that a protocol had taken from built-in ones are theirs again. */
static void forget_bindings(struct tap_registry *r, unsigned protocol) {
  for (unsigned table = 0; table < r->walk.table_count; table++)
    for (unsigned key = 0; key < TAP_KEYS; key++)
      if (r->bound[table][key] == protocol + 1) r->bound[table][key] = 0;
  for (unsigned i = 0; i < tap_builtin_protocol_count; i++) {
    const struct tap_protocol *p = tap_builtin_protocols[i];
    for (const struct tap_binding *b = p->bindings; b < p->bindings + p->binding_count; b++)
      if (r->bound[b->table][b->key] == 0) r->bound[b->table][b->key] = (uint16_t)(i + 1);
  }
}

/* Let the layout's field lead through a table.  The layout is then decoded as early as what it
 * leads to may be asked for. */
static int add_key(struct tap_registry *r, struct tap_layout *l, unsigned protocol,
                   const char *field, unsigned table, struct tap_err *e) {
  if (l->key_count == TAP_LAYOUT_KEYS_MAX)
    return tap_fail(e, 0, "bind to '%s': %s leads on by %d fields already", field, l->protocol.name,
                    TAP_LAYOUT_KEYS_MAX);
  for (unsigned i = 0; i < l->first_rows; i++) {
    if (strcmp(l->rows[i].name, field) != 0) continue;
    l->keys[l->key_count++] = (struct tap_layout_key){ (uint16_t)i, (uint8_t)table };
    l->protocol.leads = UINT32_C(1) << TAP_OWN_TABLES;
    r->walkers[protocol].level = TAP_LEVEL_LINK;
  }
  look_at_tables(r);
  r->changes++;
  return 0;
}

int tap_registry_guess(struct tap_registry *r, const struct tap_guess *guess, struct tap_err *e) {
  r->changes++;
  return tap_late_guess(&r->walk.late, guess, e);
}

int tap_registry_watch(struct tap_registry *r, const struct tap_watch *watch, struct tap_err *e) {
  return tap_late_watch(&r->walk.late, watch, e);
}

static int register_layout(struct tap_registry *r, struct tap_layout *l, unsigned number,
                           struct tap_err *e) {
  struct tap_ref presence;
  tap_ref_init(&presence, NULL, number, l->protocol.level);
  if (tap_names_add(&r->names, l->protocol.name, &presence, e) != 0) return -1;
  if (add_fields(r, l->rows, number, l->protocol.level, e) != 0) return -1;
  for (unsigned i = TAP_TABLES; i < r->walk.table_count; i++)
    if (r->own[i].protocol == number) add_key(r, l, number, r->own[i].field, i, e);
  return 0;
}

int tap_registry_declare(struct tap_registry *r, struct tap_layout *l, struct tap_err *e) {
  unsigned old = tap_registry_protocol(r, l->protocol.name);
  int number = (int)old;
  if (old != TAP_NO_PROTOCOL && r->protocols[old]->layout == NULL)
    return tap_fail(e, 0, "'%s' is built in", l->protocol.name);
  if (check_names(r, l, old, e) != 0) return -1;
  if (old == TAP_NO_PROTOCOL) {
    if ((number = add_protocol(r, &l->protocol, e)) < 0) return -1;
  } else {
    tap_names_forget(&r->names, old);
    forget_bindings(r, old);
    tap_late_forget(&r->walk.late, old);
    put_protocol(r, old, &l->protocol);
    look_at_tables(r);
  }
  r->changes++;
  l->walk = &r->walk;
  l->next = r->layouts;
  r->layouts = l;
  return register_layout(r, l, (unsigned)number, e) == 0 ? number : -2;
}

int tap_registry_extend(struct tap_registry *r, unsigned protocol, const struct tap_field *row,
                        struct tap_err *e) {
  struct tap_layout *l = r->layouts;
  struct tap_ref ref;
  while (l != NULL && &l->protocol != r->protocols[protocol])
    l = l->next;
  if (l == NULL) return tap_fail(e, 0, "'%s' is built in", r->protocols[protocol]->name);
  if (check_free(r, row->name, TAP_NO_PROTOCOL, e) != 0) return -1;
  row = tap_layout_add_row(l, row);
  if (row == NULL) return tap_fail(e, 0, "more than %d fields were added", TAP_ROWS_SPARE);
  tap_ref_init(&ref, row, protocol, l->protocol.level);
  return tap_names_add(&r->names, row->name, &ref, e);
}

/* The table of a declared protocol's field, made when it is asked for first. */
static int own_table(struct tap_registry *r, const struct tap_ref *ref, struct tap_err *e) {
  struct tap_layout *l = r->layouts;
  int table;
  for (unsigned i = TAP_TABLES; i < r->walk.table_count; i++)
    if (r->own[i].protocol == ref->protocol && strcmp(r->own[i].field, ref->field->name) == 0)
      return (int)i;
  while (&l->protocol != r->protocols[ref->protocol])
    l = l->next;
  if ((table = add_table(r, e)) < 0) return -1;
  r->own[table] = (struct own_table){ ref->protocol, ref->field->name };
  if (add_key(r, l, ref->protocol, ref->field->name, (unsigned)table, e) != 0) return -1;
  return table;
}

int tap_registry_table(struct tap_registry *r, const char *field, struct tap_err *e) {
  const struct tap_ref *ref = tap_names_find(&r->names, field);
  int table = tap_table_of(field);
  if (table >= 0) return table;
  if (ref == NULL || ref->field == NULL || ref->protocol == TAP_ANY_PROTOCOL ||
      r->protocols[ref->protocol]->layout == NULL)
    return tap_table_none(field, e);
  if (ref->field->type != TAP_UINT && ref->field->type != TAP_FLAG)
    return tap_fail(e, 0, "'%s' is not a number that a protocol can be found by", field);
  return own_table(r, ref, e);
}

void tap_registry_bind(struct tap_registry *r, unsigned table, unsigned low, unsigned high,
                       unsigned protocol) {
  for (unsigned key = low; key <= high && key < TAP_KEYS; key++)
    r->bound[table][key] = (uint16_t)(protocol + 1);
  look_at_tables(r);
  r->changes++;
}

unsigned tap_registry_changes(const struct tap_registry *r) {
  return r->changes;
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
  const struct tap_ref *ref = tap_names_find(&r->names, name);
  return ref == NULL || ref->field != NULL ? TAP_NO_PROTOCOL : ref->protocol;
}

bool tap_registry_field(const struct tap_registry *r, size_t i, struct tap_ref *out) {
  if (i >= r->names.count) return false;
  *out = r->names.refs[i];
  return true;
}

static int no_such_field(const struct tap_registry *r, const char *name, struct tap_err *e) {
  const char *near = tap_nearest(name, r->names.names, r->names.count);
  if (near == NULL) return tap_fail(e, 0, "no field '%s'", name);
  return tap_fail(e, 0, "no field '%s' (did you mean '%s'?)", name, near);
}

int tap_registry_find(const struct tap_registry *r, const char *name, struct tap_ref *out,
                      struct tap_err *e) {
  struct tap_spelling s;
  const struct tap_ref *ref;
  if (tap_spelling_read(&s, name, e) != 0) return -1;
  if ((ref = tap_names_find(&r->names, s.base)) == NULL) return no_such_field(r, s.base, e);
  *out = *ref;
  tap_ref_turn(out, s.nth);
  out->form = (uint8_t)s.form;
  out->optional = s.optional;
  if (s.form != TAP_FORM_VALUE || s.range != NULL) out->access = TAP_ACCESS_ANY;
  return s.range == NULL ? 0 : tap_form_range(out, name, s.range, e);
}
