/* SPDX-License-Identifier: MIT
 *
 * core.interfaces(): the machine's interfaces as a list of tables, and which
 * of them is the first to capture on.
 */
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/text.h"
#include "lua/lapi.h"
#include "sys/iface.h"

struct flag {
  unsigned bit;
  const char *name;
};

static const struct flag flags[] = {
  { IFF_UP, "up" },
  { IFF_RUNNING, "running" },
  { IFF_LOOPBACK, "loopback" },
  { IFF_POINTOPOINT, "pointopoint" },
  { IFF_BROADCAST, "broadcast" },
  { IFF_MULTICAST, "multicast" },
  { IFF_PROMISC, "promisc" },
  { 0, NULL },
};

static void set_flags(lua_State *L, unsigned bits) {
  int n = 0;
  lua_newtable(L);
  for (const struct flag *f = flags; f->name != NULL; f++) {
    if ((bits & f->bit) == 0) continue;
    lua_pushstring(L, f->name);
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, -2, "flags");
}

static void set_addresses(lua_State *L, const struct tap_iface *iface) {
  lua_createtable(L, (int)iface->address_count, 0);
  for (unsigned i = 0; i < iface->address_count; i++) {
    lua_pushstring(L, iface->address[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "addresses");
}

static void set_integer(lua_State *L, const char *key, lua_Integer n) {
  lua_pushinteger(L, n);
  lua_setfield(L, -2, key);
}

static void set_mac(lua_State *L, const struct tap_iface *iface) {
  char buffer[32];
  struct tap_text text;
  if (!iface->has_mac) return;
  tap_text_begin(&text, buffer, sizeof buffer);
  tap_text_put_mac(&text, iface->mac);
  lua_pushstring(L, buffer);
  lua_setfield(L, -2, "mac");
}

static void push_interface(lua_State *L, const struct tap_iface *iface) {
  lua_createtable(L, 0, 8);
  lua_pushstring(L, iface->name);
  lua_setfield(L, -2, "name");
  set_integer(L, "index", iface->index);
  set_integer(L, "mtu", iface->mtu);
  if (iface->linktype != TAP_LINKTYPE_NONE) set_integer(L, "linktype", iface->linktype);
  set_flags(L, iface->flags);
  set_mac(L, iface);
  set_addresses(L, iface);
}

static int list_interfaces(lua_State *L) {
  size_t count = 0, size;
  struct tap_err e;
  struct tap_iface *list, *kept;
  list = tap_iface_list(&count, &e);
  if (list == NULL) return tapL_fail(L, "interfaces", &e);
  size = count * sizeof *list;
  kept = lua_newuserdatauv(L, size, 0); /* memory that an error below cannot lose */
  memcpy(kept, list, size);
  free(list);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_interface(L, &kept[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* core.first_interface(): the name of the one to capture on where none was named. */
static int first_interface(lua_State *L) {
  char name[TAP_IFACE_NAME];
  struct tap_err e;
  if (tap_iface_first(name, &e) != 0) return tapL_fail(L, "network", &e);
  lua_pushstring(L, name);
  return 1;
}

static const luaL_Reg functions[] = {
  { "first_interface", first_interface },
  { "interfaces", list_interfaces },
  { NULL, NULL },
};

void tapL_open_interface(lua_State *L) {
  tapL_setfuncs(L, functions);
}
