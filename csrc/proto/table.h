/* SPDX-License-Identifier: MIT
 *
 * The names of the tables that lead from protocol to protocol: the fields of
 * built-in protocols whose values their keys are.
 */
#ifndef TAP_PROTO_TABLE_H
#define TAP_PROTO_TABLE_H

#include "base/err.h"

/* The table (enum tap_table) that a field is the key of, or -1. */
int tap_table_of(const char *field);

/* Say that no table has this field, and which is near.  Returns -1. */
int tap_table_none(const char *field, struct tap_err *e);

#endif
