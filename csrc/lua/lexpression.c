/* SPDX-License-Identifier: MIT
 *
 * Filters as objects: core.filter(text, linktype, options) compiles one.  A
 * text of instructions, as tcpdump -dd and -ddd print them, or a list of them
 * makes a filter too.  The object owns the compiled filter and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "lua/lapi.h"
#include "lua/lcapture.h"
#include "lua/lexpression.h"
#include "proto/decode.h"
#include "sys/resolver.h"

#define EXPRESSION "moontap.filter"

enum { ARG_TEXT = 1, ARG_LINKTYPE, ARG_OPTIONS };

/* One of the two is there: a compiled text, or instructions. */
struct expression {
  struct tap_filter *filter;
  struct tap_insn *insns;
  size_t count;
  uint16_t linktype;
};

static struct expression *check_expression(lua_State *L) {
  return luaL_checkudata(L, 1, EXPRESSION);
}

const struct tap_filter *tapL_tofilter(lua_State *L, int index) {
  struct expression *x = luaL_testudata(L, index, EXPRESSION);
  return x != NULL ? x->filter : NULL;
}

static struct expression *new_expression(lua_State *L, uint16_t linktype) {
  struct expression *x = lua_newuserdatauv(L, sizeof *x, 0);
  *x = (struct expression){ .linktype = linktype };
  luaL_setmetatable(L, EXPRESSION);
  return x;
}

static int expression_close(lua_State *L) {
  struct expression *x = check_expression(L);
  struct tap_filter *f = x->filter;
  struct tap_insn *insns = x->insns;
  x->filter = NULL;
  x->insns = NULL;
  x->count = 0;
  tap_filter_free(f);
  free(insns);
  return 0;
}

/* Sets with names, made ready before anything is compiled: strings that a table keeps. */
struct named_set {
  const char *name;
  const char **member;
  size_t count;
};

struct named_sets {
  struct named_set *set;
  size_t count;
};

static const struct named_set *find_set(const void *context, const char *name) {
  const struct named_sets *sets = context;
  for (size_t i = 0; i < sets->count; i++)
    if (strcmp(sets->set[i].name, name) == 0) return &sets->set[i];
  return NULL;
}

static bool set_known(void *context, const char *name) {
  return find_set(context, name) != NULL;
}

static const char *set_member(void *context, const char *name, size_t i) {
  const struct named_set *s = find_set(context, name);
  return i < s->count ? s->member[i] : NULL;
}

/* The members of the list on top, as text; the array and new strings are kept in the table at
 * 'anchor'. */
static void read_members(lua_State *L, int anchor, struct named_set *s) {
  int list = lua_gettop(L);
  lua_Integer n = luaL_len(L, list);
  s->member = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(const char *), 0);
  luaL_ref(L, anchor);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_geti(L, list, i) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "filter: a member of set '%s' must be text or a number, not %s", s->name,
                 luaL_typename(L, -1));
    s->member[i - 1] = lua_tostring(L, -1);
    luaL_ref(L, anchor);
  }
  s->count = (size_t)n;
}

static size_t count_pairs(lua_State *L, int table) {
  size_t n = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    n++;
  return n;
}

/* Read options.sets; leaves one value on the stack that keeps all of it. */
static void read_sets(lua_State *L, struct named_sets *out) {
  int anchor, table;
  lua_newtable(L);
  anchor = lua_gettop(L);
  if (!lua_istable(L, ARG_OPTIONS)) return;
  if (lua_getfield(L, ARG_OPTIONS, "sets") == LUA_TTABLE) {
    table = lua_gettop(L);
    out->set = lua_newuserdatauv(L, (count_pairs(L, table) + 1) * sizeof *out->set, 0);
    luaL_ref(L, anchor);
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
      struct named_set *s = &out->set[out->count++];
      if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1))
        luaL_error(L, "filter: option 'sets' has names and lists");
      s->name = lua_tostring(L, -2);
      read_members(L, anchor, s);
    }
  }
  lua_settop(L, anchor);
}

static void read_options(lua_State *L, struct tap_filter_options *o) {
  if (!lua_istable(L, ARG_OPTIONS)) return;
  o->snaplen = (uint32_t)tapL_optinteger(L, ARG_OPTIONS, "snaplen", 0);
  o->netmask = (uint32_t)tapL_optinteger(L, ARG_OPTIONS, "netmask", o->netmask);
  o->live = tapL_optboolean(L, ARG_OPTIONS, "live", 0);
  o->cooked = tapL_optboolean(L, ARG_OPTIONS, "cooked", 0);
  o->swapped = tapL_optboolean(L, ARG_OPTIONS, "swapped", 0);
  o->plain = tapL_optboolean(L, ARG_OPTIONS, "plain", 0);
}

static void set_integer(lua_State *L, const char *key, lua_Integer n) {
  lua_pushinteger(L, n);
  lua_setfield(L, -2, key);
}

static void set_text(lua_State *L, const char *key, const char *text) {
  if (text[0] == '\0') return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

/* nil, the message, and where and what as a table. */
static int refuse(lua_State *L, const struct tap_filter_error *e) {
  if (!e->set) return luaL_error(L, "not enough memory");
  luaL_pushfail(L);
  lua_pushstring(L, e->message);
  lua_createtable(L, 0, 7);
  set_integer(L, "position", (lua_Integer)e->span.at + 1);
  set_integer(L, "length", e->span.length);
  set_integer(L, "line", e->line);
  set_integer(L, "column", e->column);
  set_text(L, "what", e->what);
  set_text(L, "expected", e->expected);
  set_text(L, "suggestion", e->suggestion);
  return 3;
}

/* Instructions as text begin with '{', or with their number on a line of its own. */
static bool is_program(const char *text) {
  size_t digits;
  text += strspn(text, " \t\r\n");
  digits = strspn(text, "0123456789");
  return *text == '{' || (digits > 0 && text[digits] == '\n');
}

static int filter_program(lua_State *L, uint16_t linktype) {
  struct expression *x = new_expression(L, linktype);
  struct tap_program given;
  struct tap_err e;
  if (lua_istable(L, ARG_TEXT)) {
    given = tapL_checkprogram(L, ARG_TEXT);
    x->insns = malloc(given.count * sizeof *x->insns);
    if (x->insns == NULL) return luaL_error(L, "not enough memory");
    memcpy(x->insns, given.insns, given.count * sizeof *x->insns);
    x->count = given.count;
    lua_pop(L, 1);
    given.insns = x->insns;
    return tap_program_verify(&given, &e) == 0 ? 1 : tapL_fail(L, "filter", &e);
  }
  x->insns = tap_program_parse(lua_tostring(L, ARG_TEXT), &x->count, &e);
  if (x->insns == NULL) return tapL_fail(L, "filter", &e);
  return 1;
}

static int core_filter(lua_State *L) {
  lua_Integer linktype = luaL_optinteger(L, ARG_LINKTYPE, TAP_LINKTYPE_ETHERNET);
  struct named_sets sets = { NULL, 0 };
  struct tap_named_sets known = { &sets, set_known, set_member };
  struct tap_filter_options o = { .registry = tapL_context(L)->registry,
                                  .names = tap_resolver_system(),
                                  .sets = &known,
                                  .netmask = TAP_NETMASK_UNKNOWN };
  struct tap_filter_error e;
  struct expression *x;
  luaL_argcheck(L, linktype >= 0 && linktype <= UINT16_MAX, ARG_LINKTYPE, "no link type");
  if (lua_istable(L, ARG_TEXT) || is_program(luaL_checkstring(L, ARG_TEXT)))
    return filter_program(L, (uint16_t)linktype);
  lua_settop(L, ARG_OPTIONS);
  o.linktype = (uint16_t)linktype;
  read_options(L, &o);
  read_sets(L, &sets);
  x = new_expression(L, o.linktype);
  x->filter = tap_filter_compile(lua_tostring(L, ARG_TEXT), &o, &e);
  return x->filter != NULL ? 1 : refuse(L, &e);
}

/* The filter's program of one kind; NULL where it has none. */
static const struct tap_program *program_of(lua_State *L, const struct expression *x,
                                            struct tap_program *raw, const char *which) {
  *raw = (struct tap_program){ x->insns, x->count };
  if (x->insns != NULL) return raw;
  if (x->filter == NULL) luaL_error(L, "filter is closed");
  if (strcmp(which, "file") == 0) return tap_filter_file(x->filter);
  if (strcmp(which, "kernel") == 0) return tap_filter_kernel(x->filter);
  luaL_error(L, "a filter has a 'kernel' and a 'file' program, no '%s'", which);
  return NULL;
}

/* x:matches(bytes, {len =, vlan_tci =, vlan_tpid =}) */
static int expression_matches(lua_State *L) {
  struct expression *x = check_expression(L);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  struct tap_frame frame = { .data = (const uint8_t *)bytes,
                             .caplen = (uint32_t)n,
                             .len = (uint32_t)n,
                             .linktype = x->linktype };
  struct tap_packet p;
  struct tap_program raw = { x->insns, x->count };
  luaL_argcheck(L, n <= UINT32_MAX, 2, "too long");
  if (lua_istable(L, 3)) {
    lua_Integer tci = tapL_optinteger(L, 3, "vlan_tci", -1);
    frame.len = (uint32_t)tapL_optinteger(L, 3, "len", (lua_Integer)n);
    frame.vlan_tpid = (uint16_t)tapL_optinteger(L, 3, "vlan_tpid", 0x8100);
    if (tci >= 0) frame.flags = TAP_FRAME_TAG_LIFTED;
    frame.vlan_tci = (uint16_t)(tci >= 0 ? tci : 0);
  }
  if (x->insns != NULL) {
    lua_pushboolean(L, tap_program_run(&raw, &frame) != 0);
    return 1;
  }
  if (x->filter == NULL) return luaL_error(L, "filter is closed");
  tap_decode(tapL_context(L)->registry, &frame, tap_filter_level(x->filter), &p);
  p.number = 1;
  lua_pushboolean(L, tap_filter_match(x->filter, &p));
  return 1;
}

static int expression_explain(lua_State *L) {
  struct expression *x = check_expression(L);
  luaL_Buffer b;
  size_t n;
  if (x->insns != NULL) {
    lua_pushfstring(L, "program: %d instructions\n", (int)x->count);
    return 1;
  }
  if (x->filter == NULL) return luaL_error(L, "filter is closed");
  n = tap_filter_explain(x->filter, NULL, 0);
  tap_filter_explain(x->filter, luaL_buffinitsize(L, &b, n + 1), n + 1);
  luaL_pushresultsize(&b, n);
  return 1;
}

/* x:dump("text" | "c" | "numbers", "kernel" | "file"); nil and why where there is no program. */
static int expression_dump(lua_State *L) {
  static const char *const forms[] = { "text", "c", "numbers", NULL };
  struct expression *x = check_expression(L);
  enum tap_dump form = (enum tap_dump)luaL_checkoption(L, 2, "text", forms);
  struct tap_program raw;
  const struct tap_program *p = program_of(L, x, &raw, luaL_optstring(L, 3, "kernel"));
  luaL_Buffer b;
  size_t n;
  if (p == NULL) {
    luaL_pushfail(L);
    lua_pushfstring(L, "filter has no program, because %s", tap_filter_reason(x->filter));
    return 2;
  }
  n = tap_program_dump(p, form, NULL, 0);
  tap_program_dump(p, form, luaL_buffinitsize(L, &b, n + 1), n + 1);
  luaL_pushresultsize(&b, n);
  return 1;
}

static void push_insn(lua_State *L, const struct tap_insn *insn) {
  const lua_Integer parts[] = { insn->code, insn->jt, insn->jf, insn->k };
  lua_createtable(L, 4, 0);
  for (int i = 0; i < 4; i++) {
    lua_pushinteger(L, parts[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* x:code("kernel" | "file"): the list of instructions, or nil and why. */
static int expression_code(lua_State *L) {
  struct expression *x = check_expression(L);
  struct tap_program raw;
  const struct tap_program *p = program_of(L, x, &raw, luaL_optstring(L, 2, "kernel"));
  if (p == NULL) {
    luaL_pushfail(L);
    lua_pushfstring(L, "filter has no program, because %s", tap_filter_reason(x->filter));
    return 2;
  }
  lua_createtable(L, (int)p->count, 0);
  for (size_t i = 0; i < p->count; i++) {
    push_insn(L, &p->insns[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int expression_warnings(lua_State *L) {
  struct expression *x = check_expression(L);
  const char *text;
  lua_newtable(L);
  if (x->filter == NULL) return 1;
  for (size_t i = 0; (text = tap_filter_warning(x->filter, i)) != NULL; i++) {
    lua_pushstring(L, text);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int expression_exact(lua_State *L) {
  struct expression *x = check_expression(L);
  lua_pushboolean(L, x->insns != NULL || (x->filter != NULL && tap_filter_exact(x->filter)));
  return 1;
}

/* "always", "never" or "sometimes" */
static int expression_verdict(lua_State *L) {
  struct expression *x = check_expression(L);
  const char *verdict = "sometimes";
  if (x->filter != NULL && tap_filter_always(x->filter)) verdict = "always";
  if (x->filter != NULL && tap_filter_never(x->filter)) verdict = "never";
  lua_pushstring(L, verdict);
  return 1;
}

static const luaL_Reg methods[] = {
  { "close", expression_close },
  { "code", expression_code },
  { "dump", expression_dump },
  { "exact", expression_exact },
  { "explain", expression_explain },
  { "matches", expression_matches },
  { "verdict", expression_verdict },
  { "warnings", expression_warnings },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", expression_close },
  { "__gc", expression_close },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "filter", core_filter },
  { NULL, NULL },
};

void tapL_open_expression(lua_State *L) {
  tapL_newclass(L, EXPRESSION, metamethods, methods);
  lua_setfield(L, -2, "filter_methods");
  tapL_setfuncs(L, functions);
}
