/* SPDX-License-Identifier: MIT
 *
 * The registry: every protocol and field that one Lua state knows, by name
 * and by number, and which protocol follows which.  Invariant: a name, with
 * dots and underscores held equal, means one thing.
 */
#ifndef TAP_PROTO_REGISTRY_H
#define TAP_PROTO_REGISTRY_H

#include <stddef.h>

#include "base/err.h"
#include "proto/field.h"
#include "proto/walk.h"

struct tap_registry;

/* A registry with all built-in protocols; NULL when memory is out or names collide. */
struct tap_registry *tap_registry_new(struct tap_err *e);
void tap_registry_free(struct tap_registry *r);

/* Register a protocol and its fields.  Returns its number, or -1. */
int tap_registry_add(struct tap_registry *r, const struct tap_protocol *p, struct tap_err *e);

/* Register fields that belong to no one layer.  0, or -1. */
int tap_registry_add_common(struct tap_registry *r, const struct tap_field *fields,
                            struct tap_err *e);

/* Register a declared protocol, in place of the one that was declared by its name before: it takes
 * over that one's number, and packets that are decoded from now on are decoded by it.  References
 * that were looked up before keep reading as they did.  Returns its number.  -1: nothing changed,
 * and the layout is still the caller's; -2: out of memory, and the layout is the registry's. */
int tap_registry_declare(struct tap_registry *r, struct tap_layout *l, struct tap_err *e);

/* Add a field that reads itself to a declared protocol. */
int tap_registry_extend(struct tap_registry *r, unsigned protocol, const struct tap_field *row,
                        struct tap_err *e);

/* The number of the table by which a field's values lead to protocols, or -1: that of a built-in
 * field ("udp.port"), or of a declared protocol's. */
int tap_registry_table(struct tap_registry *r, const char *field, struct tap_err *e);

/* Let the values 'low' to 'high' (below TAP_KEYS) of a table lead to a protocol. */
void tap_registry_bind(struct tap_registry *r, unsigned table, unsigned low, unsigned high,
                       unsigned protocol);

/* Ask 'guess' where nobody is bound to what follows its parent.  0, or -1. */
int tap_registry_guess(struct tap_registry *r, const struct tap_guess *guess, struct tap_err *e);

/* Show packets that are decoded in full to 'watch'.  0, or -1. */
int tap_registry_watch(struct tap_registry *r, const struct tap_watch *watch, struct tap_err *e);

/* How often it has changed who follows whom, or what a declared name means: filters that were
 * compiled before rest on what was. */
unsigned tap_registry_changes(const struct tap_registry *r);

/* Look 'name' up, with its forms (?, :raw, :id, :text, #n, /range).  0, or -1 with the nearest name
 * in 'e' ("no field 'tcp.dtsport' (did you mean 'tcp.dstport'?)"). */
int tap_registry_find(const struct tap_registry *r, const char *name, struct tap_ref *out,
                      struct tap_err *e);

/* The number of the protocol that is called 'name', or TAP_NO_PROTOCOL. */
unsigned tap_registry_protocol(const struct tap_registry *r, const char *name);
const struct tap_protocol *tap_registry_at(const struct tap_registry *r, unsigned protocol);
unsigned tap_registry_protocols(const struct tap_registry *r); /* how many there are */

/* All fields in order of registration, 'i' from 0; false past the last one. */
bool tap_registry_field(const struct tap_registry *r, size_t i, struct tap_ref *out);

/* What a walk reads; valid until the next protocol is added. */
const struct tap_walk *tap_registry_walk(const struct tap_registry *r);

/* The name of 'names' (count of them) that is most like 'word', or NULL if none is near. */
const char *tap_nearest(const char *word, const char *const *names, size_t count);

#endif
