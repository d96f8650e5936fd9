/* SPDX-License-Identifier: MIT
 *
 * The texts of addresses, so that reading the same ones again makes no
 * garbage.  The cache is a hash table of 16384 entries, of which half are ever
 * used: when they are, it begins anew, so it goes with the traffic.  A search
 * ends at a free entry; one that gives up behind 64 takes the place of the
 * entry where it began.  The texts themselves are Lua strings in the table that
 * every function of the module has as an upvalue, at the entry's number.
 */
#ifndef TAP_LUA_LADDRESS_H
#define TAP_LUA_LADDRESS_H

#include <stdbool.h>
#include <string.h>

#include "lua/lapi.h"

enum { TAPL_ADDRESS_BITS = 14, TAPL_ADDRESSES = 1 << TAPL_ADDRESS_BITS };

struct tapL_address {
  uint64_t low, high;
  uint64_t kind; /* its size, then a byte of its type and the bits of a prefix; 0: a free entry */
};

struct tapL_addresses {
  unsigned used;
  struct tapL_address entry[TAPL_ADDRESSES];
};

/* Push an empty cache. */
struct tapL_addresses *tapL_newaddresses(lua_State *L);

/* Push the text of an address that is not at home, and let it have an entry. */
void tapL_pushstrayed(lua_State *L, struct tapL_addresses *addresses, unsigned home,
                      const uint8_t *bytes, uint64_t kind);

static inline struct tapL_address tapL_addressof(const uint8_t *bytes, uint64_t kind) {
  const size_t size = kind & 0xff;
  struct tapL_address a = { 0, 0, kind };
  if (size == 4) {
    uint32_t low;
    memcpy(&low, bytes, 4);
    a.low = low;
  } else if (size == 16) {
    memcpy(&a.low, bytes, 8);
    memcpy(&a.high, bytes + 8, 8);
  } else {
    memcpy(&a.low, bytes, size < 8 ? size : 8);
  }
  return a;
}

static inline bool tapL_sameaddress(const struct tapL_address *a, const struct tapL_address *b) {
  return a->low == b->low && a->high == b->high && a->kind == b->kind;
}

/* Push the text of an address, or of the prefix of so many bits (0: of all of it). */
static inline void tapL_pushaddress(lua_State *L, struct tapL_addresses *addresses,
                                    const struct tap_value *v, uint64_t bits) {
  const uint64_t kind = v->size | (uint64_t)v->type << 8 | bits << 16;
  const struct tapL_address wanted = tapL_addressof(v->bytes, kind);
  /* a product's upper bits depend on all of the address */
  const unsigned home =
      (unsigned)((wanted.low ^ wanted.high * 31) * 0x9e3779b97f4a7c15u >> (64 - TAPL_ADDRESS_BITS));
  if (tapL_sameaddress(&addresses->entry[home], &wanted))
    lua_rawgeti(L, lua_upvalueindex(TAPL_TEXTS), home + 1);
  else
    tapL_pushstrayed(L, addresses, home, v->bytes, kind);
}

#endif
