/* SPDX-License-Identifier: MIT
 *
 * What is not hot of address texts: making the cache, and all but the first
 * look into it.
 */
#include "lua/laddress.h"

#include "proto/form.h"

enum { USED_MAX = TAPL_ADDRESSES / 2, SEARCHED = 64, SHORT_TEXT = 64 };

struct tapL_addresses *tapL_newaddresses(lua_State *L) {
  struct tapL_addresses *addresses = lua_newuserdatauv(L, sizeof *addresses, 0);
  memset(addresses, 0, sizeof *addresses);
  return addresses;
}

static void push_formatted(lua_State *L, const uint8_t *bytes, uint64_t kind) {
  char buffer[SHORT_TEXT];
  const struct tap_ref ref = { .form = kind >> 16 == 0 ? TAP_FORM_VALUE : TAP_FORM_PREFIX,
                               .range = kind >> 16 };
  struct tap_value v;
  struct tap_text text;
  v.type = (uint8_t)(kind >> 8);
  v.size = (uint8_t)kind;
  v.bytes = bytes;
  tap_text_begin(&text, buffer, sizeof buffer);
  tap_form_put(&text, &ref, &v);
  lua_pushlstring(L, buffer, (size_t)(text.at - buffer));
}

/* Its text is set first: that may raise, and then the entry still means the text that it had. */
void tapL_pushstrayed(lua_State *L, struct tapL_addresses *addresses, unsigned home,
                      const uint8_t *bytes, uint64_t kind) {
  const struct tapL_address wanted = tapL_addressof(bytes, kind);
  unsigned at = home, left = SEARCHED;
  while (left > 0 && addresses->entry[at].kind != 0) {
    if (tapL_sameaddress(&addresses->entry[at], &wanted)) {
      lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), at + 1);
      return;
    }
    at = (at + 1) & (TAPL_ADDRESSES - 1);
    left--;
  }
  if (left == 0) at = home;
  if (addresses->used == USED_MAX) {
    memset(addresses, 0, sizeof *addresses);
    at = home;
  }
  push_formatted(L, bytes, kind);
  lua_pushvalue(L, -1);
  lua_rawseti(L, lua_upvalueindex(TAPL_TEXTS), at + 1);
  if (addresses->entry[at].kind == 0) addresses->used++;
  addresses->entry[at] = wanted;
}
