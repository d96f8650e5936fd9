/* SPDX-License-Identifier: MIT
 *
 * The view of one layer: p.tcp, and p.tcp.dstport through it.  A view holds
 * its handle, and each handle keeps the views that were made of it, so that
 * a pool's handles make each view once.
 */
#include "lua/lask.h"
#include "lua/lname.h"
#include "lua/lpacket.h"
#include "lua/lvalue.h"

#define LAYER "moontap.layer"

struct view {
  struct tapL_packet *handle; /* kept alive by the view's user value */
  uint16_t protocol;
};

static void new_view(lua_State *L, int handle, unsigned protocol) {
  struct view *v = lua_newuserdatauv(L, sizeof *v, 1);
  v->handle = lua_touserdata(L, handle);
  v->protocol = (uint16_t)protocol;
  lua_pushvalue(L, handle);
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, LAYER);
}

void tapL_pushlayer(lua_State *L, int handle, unsigned protocol) {
  struct tapL_packet *h = lua_touserdata(L, handle);
  if (tap_packet_layer(h->packet, protocol, 0) == NULL) {
    lua_pushnil(L);
    return;
  }
  if (lua_getiuservalue(L, handle, 1) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, handle, 1);
  }
  if (lua_rawgeti(L, -1, protocol + 1) == LUA_TNIL) {
    lua_pop(L, 1);
    new_view(L, handle, protocol);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, protocol + 1);
  }
  lua_remove(L, -2);
}

static struct view *check_view(lua_State *L) {
  struct view *v = luaL_checkudata(L, 1, LAYER);
  if (v->handle->packet == NULL) tapL_stalepacket(L);
  return v;
}

static int layer_index(lua_State *L) {
  struct view *v = lua_touserdata(L, 1);
  struct tap_ref ref;
  if (v->handle->packet == NULL) return tapL_stalepacket(L);
  ref = tapL_name(L, v->handle->context, 2, v->protocol)->ref; /* a copy, as for packets */
  if (!tapL_pushfield(L, v->handle->context, &ref, v->handle->packet)) {
    tapL_checkask(L, v->handle->context);
    lua_pushnil(L);
  }
  return 1;
}

static int layer_newindex(lua_State *L) {
  return luaL_error(L, "a packet's layer cannot be written");
}

static int layer_tostring(lua_State *L) {
  struct view *v = check_view(L);
  lua_pushfstring(L, "layer (%s)", tap_registry_at(tapL_context(L)->registry, v->protocol)->name);
  return 1;
}

static const luaL_Reg metamethods[] = {
  { "__newindex", layer_newindex },
  { "__tostring", layer_tostring },
  { NULL, NULL },
};

void tapL_newlayerclass(lua_State *L, int anchors) {
  tapL_newclass(L, LAYER, metamethods, NULL);
  luaL_getmetatable(L, LAYER);
  lua_pushnil(L); /* no methods */
  lua_pushvalue(L, anchors);
  tapL_pushclosure(L, layer_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}
