/* SPDX-License-Identifier: MIT
 *
 * The filter object, for those who take one as an argument.
 */
#ifndef TAP_LUA_LEXPRESSION_H
#define TAP_LUA_LEXPRESSION_H

#include <lua.h>

#include "filter/filter.h"

/* The compiled filter at 'index', or NULL where there is none.  It lives as long as the object. */
const struct tap_filter *tapL_tofilter(lua_State *L, int index);

#endif
