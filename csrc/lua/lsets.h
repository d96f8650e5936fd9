/* SPDX-License-Identifier: MIT
 *
 * Sets with names, as a script gives them for @NAME in filters: a table of
 * lists, read once.  They live in a userdata that keeps all of their text.
 */
#ifndef TAP_LUA_LSETS_H
#define TAP_LUA_LSETS_H

#include <lua.h>

#include "filter/filter.h"

struct tapL_sets;

/* Read the table at 'index' (nil: no sets) and push what keeps them; raises where it is wrong. */
const struct tapL_sets *tapL_pushsets(lua_State *L, int index);

/* The same for a compiler; NULL has no sets. */
struct tap_named_sets tapL_namedsets(const struct tapL_sets *sets);

#endif
