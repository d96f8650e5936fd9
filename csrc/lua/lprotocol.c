/* SPDX-License-Identifier: MIT
 *
 * Declared protocols: core.declare() makes a layout of rows, operations and
 * terms, which lua/moontap/layout.lua compiled, and registers it; core.bind()
 * lets a field's values lead to it.  What the layout borrows (names and the
 * tables of values) is kept by a table that goes with the Lua state.
 */
#include <string.h>

#include "lua/lapi.h"
#include "lua/lask.h"
#include "lua/lname.h"
#include "lua/lpacket.h"
#include "proto/layout.h"

enum { ARG_NAME = 1, ARG_TITLE, ARG_ROWS, ARG_OPS, ARG_TERMS, ARG_COUNT = ARG_TERMS };
enum { ANCHORS = TAPL_UPVALUES + 1 };

static const char *const type_names[] = {
  [TAP_UINT] = "uint",
  [TAP_INT] = "int",
  [TAP_FLAG] = "flag",
  [TAP_TIME] = "time",
  [TAP_SPAN] = "span",
  [TAP_IPV4] = "ipv4",
  [TAP_IPV6] = "ipv6",
  [TAP_MAC] = "mac",
  [TAP_BYTES] = "bytes",
  [TAP_STRING] = "text",
  [TAP_EUI64] = "eui64",
  [TAP_FLOAT] = "float",
  NULL,
};

static const char *const op_names[] = {
  [TAP_OP_RUN] = "run",           [TAP_OP_PLACE] = "place", [TAP_OP_BYTES] = "bytes",
  [TAP_OP_PREFIXED] = "prefixed", [TAP_OP_ZERO] = "zero",   [TAP_OP_BASE128] = "base128",
  [TAP_OP_QUIC] = "quic",         [TAP_OP_ALIGN] = "align", [TAP_OP_WHEN] = "when",
  [TAP_OP_COUNT] = "count",       [TAP_OP_UNTIL] = "until", [TAP_OP_TLV] = "tlv",
  [TAP_OP_CASE] = "case",         [TAP_OP_CODES] = NULL,
};

static const char *const term_names[] = {
  "end", "number", "kept", "rest", "not", "+",  "-",   "*",  "/",  "&",
  "==",  "!=",     "<",    "<=",   ">",   ">=", "and", "or", NULL,
};

static const char *const fill_names[] = { "none", "length", "count", "checksum", NULL };

_Static_assert(sizeof term_names / sizeof term_names[0] == TAP_TERM_CODES + 1, "a name for each");

/* Keep the value on top for as long as the Lua state lives, and pop it. */
static void keep(lua_State *L) {
  luaL_ref(L, lua_upvalueindex(ANCHORS));
}

/* The string of a table's key, kept; NULL where it is nil. */
static const char *kept_string(lua_State *L, int table, const char *key) {
  const char *s;
  lua_getfield(L, table, key);
  s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  keep(L);
  return s;
}

static uint8_t choice(lua_State *L, int table, const char *key, const char *const names[],
                      unsigned otherwise) {
  int at = lua_gettop(L) + 1;
  const char *word;
  if (lua_getfield(L, table, key) == LUA_TNIL) {
    lua_pop(L, 1);
    return (uint8_t)otherwise;
  }
  word = luaL_checkstring(L, at);
  for (uint8_t i = 0; names[i] != NULL; i++)
    if (strcmp(word, names[i]) == 0) {
      lua_pop(L, 1);
      return i;
    }
  return (uint8_t)luaL_error(L, "layout: no %s '%s'", key, word);
}

/* A number of a table, 'otherwise' where it is nil; raises over 'most'. */
static uint64_t number(lua_State *L, int table, const char *key, uint64_t otherwise,
                       uint64_t most) {
  uint64_t n = (uint64_t)tapL_optinteger(L, table, key, (lua_Integer)otherwise);
  if (n > most) luaL_error(L, "layout: %s is out of range", key);
  return n;
}

/* The list {{value, name}, ...} of the table on top, kept; NULL where there is none. */
static const struct tap_name *read_values(lua_State *L, int table) {
  struct tap_name *names;
  lua_Integer n;
  int list = lua_gettop(L) + 1;
  if (lua_getfield(L, table, "values") == LUA_TNIL) {
    lua_pop(L, 1);
    return NULL;
  }
  luaL_checktype(L, list, LUA_TTABLE);
  n = luaL_len(L, list);
  names = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *names, 0);
  for (lua_Integer i = 0; i < n; i++) {
    lua_geti(L, list, i + 1);
    luaL_checktype(L, list + 2, LUA_TTABLE);
    lua_geti(L, list + 2, 1);
    names[i].value = (uint64_t)luaL_checkinteger(L, -1);
    lua_geti(L, list + 2, 2);
    names[i].name = luaL_checkstring(L, -1);
    keep(L);
    lua_settop(L, list + 1);
  }
  names[n] = (struct tap_name){ 0, NULL };
  keep(L);
  lua_pop(L, 1);
  return names;
}

static void read_row(lua_State *L, int table, struct tap_field *row) {
  row->name = kept_string(L, table, "name");
  row->label = kept_string(L, table, "label");
  row->unit = kept_string(L, table, "unit");
  row->type = choice(L, table, "type", type_names, TAP_UINT);
  row->bits = (uint16_t)number(L, table, "bits", 0, UINT16_MAX);
  row->names = read_values(L, table);
  if (tapL_optboolean(L, table, "hex", 0)) row->flags |= TAP_HEX;
  if (tapL_optboolean(L, table, "repeats", 0)) row->flags |= TAP_REPEATS;
  if (tapL_optboolean(L, table, "hidden", 0)) row->flags |= TAP_HIDDEN;
  if (row->name == NULL || row->label == NULL) luaL_error(L, "layout: a field without a name");
}

static uint8_t op_flags(lua_State *L, int table) {
  static const char *const names[] = { "little", "const", "expect", "single",
                                       "stop",   "other", "padded" };
  unsigned flags = 0;
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    if (tapL_optboolean(L, table, names[i], 0)) flags |= 1u << i;
  return (uint8_t)flags;
}

static void read_op(lua_State *L, int table, struct tap_op *op) {
  op->code = choice(L, table, "op", op_names, TAP_OP_CODES);
  op->flags = op_flags(L, table);
  op->size = (uint8_t)number(L, table, "size", 0, UINT8_MAX);
  op->length_size = (uint8_t)number(L, table, "length_size", 0, UINT8_MAX);
  op->align = (uint8_t)number(L, table, "align", 0, UINT8_MAX);
  op->keep = (uint8_t)number(L, table, "keep", 0, UINT8_MAX);
  op->fill = choice(L, table, "fill", fill_names, TAP_FILL_NONE);
  op->fill_row = (uint16_t)number(L, table, "fill_row", TAP_NO_ROW, TAP_NO_ROW);
  op->row = (uint16_t)number(L, table, "row", TAP_NO_ROW, TAP_NO_ROW);
  op->bit = (uint32_t)number(L, table, "bit", 0, UINT32_MAX);
  op->bits = (uint16_t)number(L, table, "bits", 0, UINT16_MAX);
  op->to = (uint16_t)number(L, table, "to", 0, UINT16_MAX);
  op->term = (uint16_t)number(L, table, "term", TAP_NO_TERM, TAP_NO_TERM);
  op->value = (int64_t)number(L, table, "value", 0, UINT64_MAX);
}

static void read_term(lua_State *L, int table, struct tap_term *term) {
  term->code = choice(L, table, "term", term_names, TAP_TERM_END);
  term->value = (int64_t)number(L, table, "value", 0, UINT64_MAX);
}

/* Read the list at 'arg' with 'read_' into an array of its own, which is pushed. */
#define READ_LIST(L_, arg_, type_, read_, out_, count_)                                            \
  do {                                                                                             \
    size_t n_ = (size_t)luaL_len(L_, arg_);                                                        \
    type_ *list_ = lua_newuserdatauv(L_, (n_ + 1) * sizeof(type_), 0);                             \
    memset(list_, 0, (n_ + 1) * sizeof(type_));                                                    \
    for (size_t i_ = 0; i_ < n_; i_++) {                                                           \
      lua_geti(L_, arg_, (lua_Integer)i_ + 1);                                                     \
      luaL_checktype(L_, -1, LUA_TTABLE);                                                          \
      read_(L_, lua_gettop(L_), &list_[i_]);                                                       \
      lua_pop(L_, 1);                                                                              \
    }                                                                                              \
    (out_) = list_;                                                                                \
    (count_) = n_;                                                                                 \
  } while (0)

static void read_parts(lua_State *L, struct tap_layout_parts *parts) {
  parts->name = luaL_checkstring(L, ARG_NAME);
  parts->title = luaL_checkstring(L, ARG_TITLE);
  for (int i = ARG_NAME; i <= ARG_TITLE; i++) {
    lua_pushvalue(L, i);
    keep(L);
  }
  for (int i = ARG_ROWS; i <= ARG_COUNT; i++)
    luaL_checktype(L, i, LUA_TTABLE);
  READ_LIST(L, ARG_ROWS, struct tap_field, read_row, parts->rows, parts->row_count);
  READ_LIST(L, ARG_OPS, struct tap_op, read_op, parts->ops, parts->op_count);
  READ_LIST(L, ARG_TERMS, struct tap_term, read_term, parts->terms, parts->term_count);
}

/* A function that is asked about a packet cannot change what is walked meanwhile. */
static void check_not_asked(lua_State *L, struct tapL_context *x) {
  if (x->asker->depth > 0) luaL_error(L, "a protocol cannot change while a packet is decoded");
}

/* core.declare(name, title, rows, ops, terms): the protocol's number, or nil and why not. */
static int declare(lua_State *L) {
  struct tapL_context *x = tapL_context(L);
  struct tap_layout_parts parts;
  struct tap_layout *layout;
  struct tap_err e;
  int protocol;
  lua_settop(L, ARG_COUNT);
  check_not_asked(L, x);
  read_parts(L, &parts);
  layout = tap_layout_new(&parts, &e);
  protocol = layout == NULL ? -1 : tap_registry_declare(x->registry, layout, &e);
  if (protocol == -1) tap_layout_free(layout);
  if (protocol < 0) {
    luaL_pushfail(L);
    lua_pushstring(L, e.what);
    return 2;
  }
  tapL_forgetnames(x->names);
  lua_pushinteger(L, protocol);
  return 1;
}

/* core.bind(protocol's name, field, low, high): true, or nil and why not. */
static int bind(lua_State *L) {
  struct tap_registry *r = tapL_context(L)->registry;
  unsigned protocol = tap_registry_protocol(r, luaL_checkstring(L, 1));
  lua_Integer low = luaL_checkinteger(L, 3), high = luaL_checkinteger(L, 4);
  struct tap_err e;
  int table;
  luaL_argcheck(L, protocol != TAP_NO_PROTOCOL, 1, "no such protocol");
  luaL_argcheck(L, low >= 0 && low < TAP_KEYS, 3, "not within 0 to 65535");
  check_not_asked(L, tapL_context(L));
  luaL_argcheck(L, high >= low && high < TAP_KEYS, 4, "not within 0 to 65535");
  table = tap_registry_table(r, luaL_checkstring(L, 2), &e);
  if (table < 0) {
    luaL_pushfail(L);
    lua_pushstring(L, e.what);
    return 2;
  }
  tap_registry_bind(r, (unsigned)table, (unsigned)low, (unsigned)high, protocol);
  lua_pushboolean(L, 1);
  return 1;
}

/* --- functions of the script --- */

static bool is_it(void *owner, int number, const struct tap_packet *p) {
  struct tap_value v;
  return tapL_ask(owner, number, "guess", p, TAP_FLAG, &v) && v.number != 0;
}

/* core.guess(protocol's name, parent's name, function): true, or nil and why not. */
static int add_guess(lua_State *L) {
  struct tapL_context *x = tapL_context(L);
  unsigned protocol = tap_registry_protocol(x->registry, luaL_checkstring(L, 1));
  unsigned parent = tap_registry_protocol(x->registry, luaL_checkstring(L, 2));
  struct tap_guess guess = { (uint16_t)parent, (uint16_t)protocol, is_it, x, 0 };
  struct tap_err e;
  luaL_checktype(L, 3, LUA_TFUNCTION);
  luaL_argcheck(L, protocol != TAP_NO_PROTOCOL, 1, "no such protocol");
  check_not_asked(L, x);
  if (parent == TAP_NO_PROTOCOL) {
    luaL_pushfail(L);
    lua_pushfstring(L, "no protocol '%s'", lua_tostring(L, 2));
    return 2;
  }
  guess.number = tapL_keepasked(L, 3);
  if (tap_registry_guess(x->registry, &guess, &e) != 0) luaL_error(L, "%s", e.what);
  lua_pushboolean(L, 1);
  return 1;
}

/* A field that a function works out. */
struct extra {
  struct tapL_context *context;
  int number;
};

/* The function sees the packet and not the layer: its answer is the outermost one's. */
static bool read_extra(const struct tap_field *field, const struct tap_packet *p,
                       const struct tap_layer *layer, unsigned nth, struct tap_value *out) {
  const struct extra *extra = field->self;
  if (nth > 0 || layer != tap_packet_layer(p, layer->protocol, 0)) return false;
  out->bytes = NULL;
  return tapL_ask(extra->context, extra->number, field->name, p, field->type, out);
}

/* core.extra(protocol's name, row, function): true, or nil and why not. */
static int add_extra(lua_State *L) {
  struct tapL_context *x = tapL_context(L);
  unsigned protocol = tap_registry_protocol(x->registry, luaL_checkstring(L, 1));
  struct tap_field row = { 0 };
  struct extra *extra;
  struct tap_err e;
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  luaL_argcheck(L, protocol != TAP_NO_PROTOCOL, 1, "no such protocol");
  check_not_asked(L, x);
  read_row(L, 2, &row);
  extra = lua_newuserdatauv(L, sizeof *extra, 0);
  *extra = (struct extra){ x, tapL_keepasked(L, 3) };
  keep(L);
  row.read_self = read_extra;
  row.self = extra;
  if (tap_registry_extend(x->registry, protocol, &row, &e) != 0) {
    luaL_pushfail(L);
    lua_pushstring(L, e.what);
    return 2;
  }
  tapL_forgetnames(x->names);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.header(protocol's name, bytes): a packet that begins with its header. */
static int decode_header(lua_State *L) {
  unsigned protocol = tap_registry_protocol(tapL_context(L)->registry, luaL_checkstring(L, 1));
  size_t size;
  const char *bytes = luaL_checklstring(L, 2, &size);
  luaL_argcheck(L, protocol != TAP_NO_PROTOCOL, 1, "no such protocol");
  luaL_argcheck(L, size <= UINT32_MAX, 2, "too long");
  tapL_pushheader(L, bytes, size, protocol);
  return 1;
}

static int is_protocol(lua_State *L) {
  const struct tap_registry *r = tapL_context(L)->registry;
  lua_pushboolean(L, tap_registry_protocol(r, luaL_checkstring(L, 1)) != TAP_NO_PROTOCOL);
  return 1;
}

static const luaL_Reg functions[] = {
  { "bind", bind },
  { "guess", add_guess },
  { "header", decode_header },
  { "is_protocol", is_protocol },
  { NULL, NULL },
};

void tapL_open_protocol(lua_State *L) {
  int module = lua_gettop(L), anchors = module + 1;
  tapL_setfuncs(L, functions);
  lua_newtable(L); /* what layouts borrow */
  lua_pushvalue(L, anchors);
  tapL_pushclosure(L, declare, 1);
  lua_setfield(L, module, "declare");
  lua_pushvalue(L, anchors);
  tapL_pushclosure(L, add_extra, 1);
  lua_setfield(L, module, "extra");
  lua_settop(L, module);
}
