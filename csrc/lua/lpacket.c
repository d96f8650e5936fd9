/* SPDX-License-Identifier: MIT
 *
 * Fields by name, text, and copies of a packet.  __index does no full check
 * of its first argument: scripts cannot get at the metatable, so only handles
 * arrive there.
 */
#include "lua/lpacket.h"

#include <string.h>

#include "base/about.h"
#include "flow/flow.h"
#include "lua/lask.h"
#include "lua/lname.h"
#include "lua/lvalue.h"
#include "proto/builtin.h"
#include "proto/decode.h"
#include "proto/show.h"

#define PACKET "moontap.packet"

enum { TEXT_BUFFER = 4096 };

static const char magic[] = PACKET;

/* A handle, and what it points at. 'bytes' leaves room for a tag in front; behind the packet's
 * lies what 'about' says. */
struct owned {
  struct tapL_packet handle;
  struct tap_packet packet;
  struct tap_frame frame;
  struct tap_about about;
  struct tap_times times; /* of the pass that it was copied from, */
  struct tap_flow flow;   /* and how its conversation stood */
  uint8_t bytes[];
};

int tapL_stalepacket(lua_State *L) {
  return luaL_error(L, "packet used after its callback returned; "
                       "read the fields you need inside it or keep p:copy()");
}

static struct tapL_packet *new_handle(lua_State *L, size_t size) {
  struct tapL_packet *h = lua_newuserdatauv(L, size, 1);
  *h = (struct tapL_packet){ .context = tapL_context(L), .magic = magic };
  luaL_setmetatable(L, PACKET);
  return h;
}

struct tapL_packet *tapL_newpacket(lua_State *L) {
  return new_handle(L, sizeof(struct tapL_packet));
}

struct tapL_packet *tapL_checkpacket(lua_State *L, int index) {
  struct tapL_packet *h = lua_touserdata(L, index);
  if (h == NULL || lua_rawlen(L, index) < sizeof *h || h->magic != magic)
    h = luaL_checkudata(L, index, PACKET);
  if (h->packet == NULL) tapL_stalepacket(L);
  return h;
}

struct tapL_packet *tapL_checkwhole(lua_State *L, int index) {
  struct tapL_packet *h = tapL_checkpacket(L, index);
  tap_packet_restore_tag(h->packet, h->frame);
  return h;
}

/* A handle with a copy of the frame, which is yet to be decoded. */
static struct owned *new_owned(lua_State *L, const struct tap_frame *frame) {
  size_t size = frame->caplen + tap_about_size(frame->about);
  struct owned *o = (struct owned *)new_handle(L, sizeof *o + size);
  memcpy(o->bytes, frame->data, frame->caplen);
  o->frame = *frame;
  o->frame.data = o->bytes;
  if (frame->about != NULL) {
    o->about = tap_about_copy(frame->about, o->bytes + frame->caplen);
    o->frame.about = &o->about;
  }
  return o;
}

/* It is decoded: the handle may be used. */
static void aim_owned(lua_State *L, struct owned *o, uint64_t number) {
  o->packet.number = number;
  o->handle.packet = &o->packet;
  o->handle.frame = &o->frame;
  tapL_checkask(L, o->handle.context);
}

static struct owned *push_owned(lua_State *L, const struct tap_frame *frame, uint64_t number) {
  struct owned *o = new_owned(L, frame);
  tap_decode(tapL_context(L)->registry, &o->frame, TAP_LEVEL_ALL, &o->packet);
  aim_owned(L, o, number);
  return o;
}

void tapL_pushheader(lua_State *L, const char *bytes, size_t size, unsigned protocol) {
  struct tap_frame frame = { .data = (const uint8_t *)bytes,
                             .caplen = (uint32_t)size,
                             .len = (uint32_t)size,
                             .linktype = TAP_LINKTYPE_NONE,
                             .interface = TAP_NO_INTERFACE,
                             .flags = TAP_FRAME_NO_TIME };
  struct owned *o = new_owned(L, &frame);
  tap_decode_from(tapL_context(L)->registry, &o->frame, protocol, &o->packet);
  aim_owned(L, o, 1);
}

/* A batch of one frame, which came after the one that it came after. */
static void copy_times(struct owned *copy, const struct tap_packet *p) {
  const struct tap_times *times = p->times;
  if (times == NULL) return;
  copy->times = (struct tap_times){
    .frames = &copy->frame,
    .first_ns = times->first_ns,
    .before_ns = p->frame == times->frames ? times->before_ns : p->frame[-1].ts_ns,
  };
  copy->packet.times = &copy->times;
}

/* Where the fault lies is told by the bytes as they were on the wire. */
static int push_fault(lua_State *L, struct tapL_packet *h) {
  char buffer[128];
  const struct tap_registry *registry = tapL_context(L)->registry;
  tap_packet_restore_tag(h->packet, h->frame);
  lua_pushstring(L, tap_packet_fault(h->packet, registry, buffer, sizeof buffer));
  return 1;
}

/* Nothing is there, or a function of the script failed to work it out. */
static __attribute__((noinline)) void push_absent(lua_State *L, struct tapL_context *x) {
  tapL_checkask(L, x);
  lua_pushnil(L);
}

/* The reference is a copy: what the function reads may take the name's place in the cache. */
static __attribute__((noinline)) int push_asked(lua_State *L, struct tapL_packet *h,
                                                struct tap_ref ref) {
  if (!tapL_pushsearched(L, h->context, &ref, h->packet)) push_absent(L, h->context);
  return 1;
}

/* Names that are no plain field's: a method, which stale handles have too, a layer or the fault. */
static int index_other(lua_State *L, struct tapL_packet *h, const struct tapL_name *name) {
  if (name->meaning == TAPL_METHOD) {
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(TAPL_METHODS));
    return 1;
  }
  if (h->packet == NULL) return tapL_stalepacket(L);
  if (name->meaning == TAPL_FAULT) return push_fault(L, h);
  if (name->meaning == TAPL_ASKED) return push_asked(L, h, name->ref);
  tapL_pushlayer(L, 1, name->ref.protocol);
  return 1;
}

static int packet_index(lua_State *L) {
  struct tapL_packet *h = lua_touserdata(L, 1);
  const struct tapL_name *name = tapL_name(L, h->context, 2, TAP_ANY_PROTOCOL);
  if (name->meaning != TAPL_FIELD) return index_other(L, h, name);
  if (h->packet == NULL) return tapL_stalepacket(L);
  if (!tapL_pushfield(L, h->context, &name->ref, h->packet)) push_absent(L, h->context);
  return 1;
}

/* Every occurrence of a field, outermost first: p:all("vlan.id") -> {10, 20}. */
static int packet_all(lua_State *L) {
  struct tapL_packet *h = tapL_checkpacket(L, 1);
  struct tap_ref ref;
  lua_settop(L, 2);
  tapL_checkref(L, 2, &ref);
  lua_newtable(L);
  for (unsigned n = 1; tapL_pushfield(L, h->context, &ref, h->packet); n++) {
    lua_rawseti(L, 3, n);
    if (n == UINT8_MAX) break;
    tap_ref_turn(&ref, n);
  }
  tapL_checkask(L, h->context);
  return 1;
}

static void copy_flow(struct owned *copy, const struct tap_packet *p) {
  if (p->flow == NULL) return;
  copy->flow = *p->flow;
  copy->packet.flow = &copy->flow;
  copy->packet.flow_way = p->flow_way;
}

static int packet_copy(lua_State *L) {
  struct tapL_packet *h = tapL_checkwhole(L, 1);
  struct owned *copy = push_owned(L, h->frame, h->packet->number);
  copy_times(copy, h->packet);
  copy_flow(copy, h->packet);
  return 1;
}

/* The names of the layers; 'quoted' is the place of the first one that an error message quotes. */
static int packet_layers(lua_State *L) {
  const struct tap_packet *p = tapL_checkpacket(L, 1)->packet;
  const struct tap_registry *registry = tapL_context(L)->registry;
  int last = p->count;
  lua_createtable(L, p->count, 0);
  for (int i = 0; i < p->count; i++) {
    lua_pushstring(L, tap_registry_at(registry, p->layer[i].protocol)->name);
    lua_rawseti(L, -2, i + 1);
  }
  while (last > 0 && tap_layer_quoted(p, &p->layer[last - 1]))
    last--;
  if (last < p->count) {
    lua_pushinteger(L, last + 1);
    lua_setfield(L, -2, "quoted");
  }
  return 1;
}

/* A packet to be made text of. */
struct shown {
  const struct tap_registry *registry;
  const struct tap_packet *packet;
};

static void write_hex(struct tap_text *t, const void *what) {
  tap_show_hex(t, ((const struct shown *)what)->packet);
}
static void write_json(struct tap_text *t, const void *what) {
  tap_show_json(t, ((const struct shown *)what)->registry, ((const struct shown *)what)->packet);
}
static void write_line(struct tap_text *t, const void *what) {
  tap_show_line(t, ((const struct shown *)what)->registry, ((const struct shown *)what)->packet);
}
static void write_tree(struct tap_text *t, const void *what) {
  tap_show_tree(t, ((const struct shown *)what)->registry, ((const struct shown *)what)->packet);
}

static int push_shown(lua_State *L, const struct tapL_packet *h, tapL_writer *write) {
  struct shown shown = { tapL_context(L)->registry, h->packet };
  tapL_pushgrown(L, TEXT_BUFFER, write, &shown);
  tapL_checkask(L, h->context);
  return 1;
}

static int packet_hex(lua_State *L) {
  return push_shown(L, tapL_checkwhole(L, 1), write_hex);
}

static int packet_json(lua_State *L) {
  return push_shown(L, tapL_checkwhole(L, 1), write_json);
}

static int packet_show(lua_State *L) {
  return push_shown(L, tapL_checkwhole(L, 1), write_tree);
}

static int packet_summary(lua_State *L) {
  return push_shown(L, tapL_checkpacket(L, 1), write_line);
}

static int packet_newindex(lua_State *L) {
  return luaL_error(L, "a packet cannot be written");
}

static int packet_tostring(lua_State *L) {
  struct tapL_packet *h = luaL_checkudata(L, 1, PACKET);
  if (h->packet == NULL) {
    lua_pushliteral(L, "packet (used up)");
    return 1;
  }
  return push_shown(L, h, write_line);
}

static lua_Integer in_range(lua_State *L, int index, lua_Integer otherwise, lua_Integer most) {
  lua_Integer n = luaL_optinteger(L, index, otherwise);
  luaL_argcheck(L, n >= 0 && n <= most, index, "out of range");
  return n;
}

/* core.packet(bytes, linktype, time_ns, len) */
static int decode_packet(lua_State *L) {
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  struct tap_frame frame = { .data = (const uint8_t *)bytes, .interface = TAP_NO_INTERFACE };
  luaL_argcheck(L, size <= UINT32_MAX, 1, "too long");
  frame.caplen = (uint32_t)size;
  frame.linktype = (uint16_t)in_range(L, 2, TAP_LINKTYPE_ETHERNET, UINT16_MAX);
  frame.ts_ns = luaL_optinteger(L, 3, 0);
  if (lua_isnoneornil(L, 3)) frame.flags = TAP_FRAME_NO_TIME;
  frame.len = (uint32_t)in_range(L, 4, (lua_Integer)size, UINT32_MAX);
  push_owned(L, &frame, 1);
  return 1;
}

static const luaL_Reg methods[] = {
  { "all", packet_all },         { "copy", packet_copy },
  { "hex", packet_hex },         { "json", packet_json },
  { "layers", packet_layers },   { "show", packet_show },
  { "summary", packet_summary }, { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__newindex", packet_newindex },
  { "__tostring", packet_tostring },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "packet", decode_packet },
  { NULL, NULL },
};

void tapL_open_packet(lua_State *L) {
  int module = lua_gettop(L);
  tapL_setfuncs(L, functions);
  lua_newtable(L); /* anchors of names */
  tapL_newclass(L, PACKET, metamethods, methods);
  tapL_setfuncs(L, tapL_byte_methods);
  luaL_getmetatable(L, PACKET); /* module, anchors, methods, metatable */
  lua_pushvalue(L, module + 2);
  lua_pushvalue(L, module + 1);
  tapL_pushclosure(L, packet_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_setfield(L, module, "packet_methods");
  tapL_newlayerclass(L, module + 1);
  lua_settop(L, module);
}
