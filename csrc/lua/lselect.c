/* SPDX-License-Identifier: MIT
 *
 * The life of a selection: read from what a script gave, compiled for the link
 * types that are met, closed once.  Names of hosts are asked while it is
 * compiled, and no Lua runs then.
 */
#include "lua/lselect.h"

#include <stdlib.h>
#include <string.h>

#include "lua/lcapture.h"
#include "sys/resolver.h"

static struct tapL_select *new_select(lua_State *L, const struct tap_filter_options *options) {
  struct tapL_select *s = lua_newuserdatauv(L, sizeof *s, TAPL_SELECT_VALUES);
  *s = (struct tapL_select){ .options = *options, .linktype = TAPL_NO_LINKTYPE };
  s->options.registry = tapL_context(L)->registry;
  s->changes = tap_registry_changes(s->options.registry);
  s->options.names = tap_resolver_system();
  s->options.sets = &s->sets;
  luaL_setmetatable(L, TAPL_SELECT);
  return s;
}

static void free_compiled(struct tapL_compiled *compiled, size_t count) {
  for (size_t i = 0; i < count; i++)
    tap_filter_free(compiled[i].filter);
  free(compiled);
}

void tapL_select_close(struct tapL_select *s) {
  struct tapL_compiled *compiled = s->compiled;
  struct tap_insn *insns = s->insns;
  const size_t count = s->compiled_count;
  s->text = NULL;
  s->compiled = NULL;
  s->insns = NULL;
  s->now = NULL;
  s->compiled_count = s->count = 0;
  s->linktype = TAPL_NO_LINKTYPE;
  free_compiled(compiled, count);
  free(insns);
}

/* --- compiling --- */

static struct tap_filter *find(const struct tapL_select *s, uint16_t linktype) {
  for (size_t i = 0; i < s->compiled_count; i++)
    if (s->compiled[i].linktype == linktype) return s->compiled[i].filter;
  return NULL;
}

bool tapL_select_turn(struct tapL_select *s, uint16_t linktype) {
  s->now = find(s, linktype);
  if (s->now == NULL && s->insns == NULL) {
    s->linktype = TAPL_NO_LINKTYPE;
    return false;
  }
  s->always = s->now != NULL && tap_filter_always(s->now);
  s->linktype = linktype;
  return true;
}

static bool add_compiled(struct tapL_select *s, uint16_t linktype, struct tap_filter *filter) {
  struct tapL_compiled *grown = realloc(s->compiled, (s->compiled_count + 1) * sizeof *s->compiled);
  if (grown == NULL) return false;
  s->compiled = grown;
  s->compiled[s->compiled_count++] = (struct tapL_compiled){ linktype, filter };
  if (tap_filter_level(filter) > s->level) s->level = tap_filter_level(filter);
  s->asks |= tap_filter_asks(filter);
  return true;
}

static bool compile(struct tapL_select *s, uint16_t linktype, struct tap_filter_error *e) {
  struct tap_filter_options options = s->options;
  struct tap_filter *filter;
  options.linktype = linktype;
  filter = tap_filter_compile(s->text, &options, e);
  if (filter == NULL) return false;
  if (add_compiled(s, linktype, filter)) return true;
  tap_filter_free(filter);
  return false;
}

/* Compile it for the link types of 'old'; false where that fails for one of them. */
static bool compile_all(struct tapL_select *s, const struct tapL_compiled *old, size_t count,
                        struct tap_filter_error *e) {
  s->compiled = NULL;
  s->compiled_count = 0;
  s->level = TAP_LEVEL_FRAME;
  for (size_t i = 0; i < count; i++)
    if (!compile(s, old[i].linktype, e)) return false;
  return true;
}

bool tapL_select_renew(struct tapL_select *s, struct tap_filter_error *e) {
  const uint32_t linktype = s->linktype;
  const enum tap_level level = s->level;
  struct tapL_compiled *old = s->compiled;
  const size_t count = s->compiled_count;
  *e = (struct tap_filter_error){ .set = false };
  if (s->text == NULL || s->changes == tap_registry_changes(s->options.registry)) return true;
  if (!compile_all(s, old, count, e)) {
    free_compiled(s->compiled, s->compiled_count);
    s->compiled = old;
    s->compiled_count = count;
    s->level = level;
    return false;
  }
  free_compiled(old, count);
  s->changes = tap_registry_changes(s->options.registry);
  if (linktype != TAPL_NO_LINKTYPE) tapL_select_turn(s, (uint16_t)linktype);
  return true;
}

bool tapL_select_prepare(struct tapL_select *s, uint16_t linktype, struct tap_filter_error *e) {
  if (!tapL_select_renew(s, e)) return false;
  if (s->insns != NULL || find(s, linktype) != NULL) return tapL_select_turn(s, linktype);
  if (s->text == NULL) return tap_filter_fail(e, (struct tap_span){ 0, 0 }, "it is closed");
  return compile(s, linktype, e) && tapL_select_turn(s, linktype);
}

/* --- reading --- */

/* Instructions as text begin with '{', or with their number on a line of its own. */
static bool is_program(const char *text) {
  size_t digits;
  text += strspn(text, " \t\r\n");
  digits = strspn(text, "0123456789");
  if (digits == 0) return *text == '{';
  return text[digits + strspn(text + digits, "\r")] == '\n';
}

static void copy_program(lua_State *L, struct tapL_select *s, const struct tap_program *program) {
  s->insns = malloc(program->count * sizeof *s->insns);
  if (s->insns == NULL) luaL_error(L, "not enough memory");
  memcpy(s->insns, program->insns, program->count * sizeof *s->insns);
  s->count = program->count;
}

/* Keep the string at 'index' and the sets at 'sets'; the selection is on top. */
static void keep_text(lua_State *L, struct tapL_select *s, int index, int sets) {
  lua_pushvalue(L, index);
  s->text = lua_tostring(L, -1);
  lua_setiuservalue(L, -2, TAPL_SELECT_TEXT);
  lua_pushvalue(L, sets);
  s->sets = tapL_namedsets(lua_touserdata(L, -1));
  lua_setiuservalue(L, -2, TAPL_SELECT_SETS);
}

/* What 'from', the object at 'index', was made of.  It is compiled anew, since a socket's filter
 * is another one than a file's. */
static void copy_object(lua_State *L, struct tapL_select *s, const struct tapL_select *from,
                        int index) {
  const int top = lua_gettop(L);
  if (from->insns != NULL) {
    copy_program(L, s, &(struct tap_program){ from->insns, from->count });
    return;
  }
  if (from->text == NULL) luaL_error(L, "filter is closed");
  if (s->options.netmask == (uint32_t)TAP_NETMASK_UNKNOWN)
    s->options.netmask = from->options.netmask;
  lua_getiuservalue(L, index, TAPL_SELECT_TEXT);
  lua_getiuservalue(L, index, TAPL_SELECT_SETS);
  lua_pushvalue(L, top);
  keep_text(L, s, top + 1, top + 2);
  lua_settop(L, top);
}

/* Fill the selection on top.  0, or -1 and 'e' where a program is none. */
static int read_given(lua_State *L, struct tapL_select *s, int index, int sets, struct tap_err *e) {
  const struct tapL_select *object = luaL_testudata(L, index, TAPL_SELECT);
  struct tap_program list;
  if (object != NULL) {
    copy_object(L, s, object, index);
  } else if (lua_type(L, index) != LUA_TSTRING && !lua_istable(L, index)) {
    luaL_error(L, "filter: a text, a filter or a list of instructions expected, not %s",
               luaL_typename(L, index));
  } else if (lua_istable(L, index)) {
    list = tapL_checkprogram(L, index);
    copy_program(L, s, &list);
    lua_pop(L, 1);
    return tap_program_verify(&list, e);
  } else if (is_program(lua_tostring(L, index))) {
    s->insns = tap_program_parse(lua_tostring(L, index), &s->count, e);
    return s->insns != NULL ? 0 : -1;
  } else {
    keep_text(L, s, index, sets);
  }
  return 0;
}

/* --- errors --- */

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
static void push_refusal(lua_State *L, const struct tap_filter_error *e) {
  if (!e->set) luaL_error(L, "not enough memory");
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
}

/* All that can be said before it is known for which packets it will be compiled. */
static bool parses(const struct tapL_select *s, struct tap_filter_error *e) {
  return s->text == NULL || tap_filter_parses(s->text, s->options.registry, e);
}

/* A compiler would take a zero byte for the text's end. */
static bool holds_zero(lua_State *L, int index, struct tap_filter_error *e) {
  size_t n, zero;
  const char *text;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  text = lua_tolstring(L, index, &n);
  zero = strlen(text);
  if (zero == n) return false;
  *e = (struct tap_filter_error){ .set = false };
  tap_filter_fail(e, (struct tap_span){ (uint32_t)zero, 1 }, "a zero byte");
  tap_filter_error_finish(e, text);
  return true;
}

struct tapL_select *tapL_pushselect(lua_State *L, int index, int sets,
                                    const struct tap_filter_options *options, uint16_t linktype) {
  struct tapL_select *s;
  struct tap_filter_error fe;
  struct tap_err e;
  index = lua_absindex(L, index);
  sets = lua_absindex(L, sets);
  if (holds_zero(L, index, &fe)) {
    push_refusal(L, &fe);
    return NULL;
  }
  s = new_select(L, options);
  if (read_given(L, s, index, sets, &e) != 0) {
    tapL_fail(L, "filter", &e);
    return NULL;
  }
  if (linktype == TAP_LINKTYPE_NONE ? parses(s, &fe) : tapL_select_prepare(s, linktype, &fe))
    return s;
  push_refusal(L, &fe);
  return NULL;
}

struct tapL_select *tapL_checkselect(lua_State *L, int index, int sets,
                                     const struct tap_filter_options *options, uint16_t linktype) {
  struct tapL_select *s = tapL_pushselect(L, index, sets, options, linktype);
  if (s == NULL) {
    lua_pop(L, 1);
    lua_error(L);
  }
  return s;
}

/* --- what is known of it --- */

void tapL_select_explain(const struct tapL_select *s, luaL_Buffer *b) {
  size_t n;
  if (s->compiled_count > 0) {
    n = tap_filter_explain(s->compiled[0].filter, NULL, 0);
    tap_filter_explain(s->compiled[0].filter, luaL_prepbuffsize(b, n + 1), n + 1);
    luaL_addsize(b, n);
    return;
  }
  lua_pushfstring(b->L, s->insns != NULL ? "program: %d instruction%s\n" : "", (int)s->count,
                  s->count == 1 ? "" : "s");
  luaL_addvalue(b);
  if (s->text == NULL) return;
  lua_pushfstring(b->L, "filter: %s\nnot compiled: no packet has come yet\n", s->text);
  luaL_addvalue(b);
}

static bool is_listed(lua_State *L, const char *text) {
  bool found = false;
  for (lua_Integer i = luaL_len(L, -1); !found && i > 0; i--) {
    lua_rawgeti(L, -1, i);
    found = strcmp(lua_tostring(L, -1), text) == 0;
    lua_pop(L, 1);
  }
  return found;
}

void tapL_select_warnings(lua_State *L, const struct tapL_select *s) {
  const char *text;
  for (size_t i = 0; i < s->compiled_count; i++) {
    for (size_t n = 0; (text = tap_filter_warning(s->compiled[i].filter, n)) != NULL; n++) {
      if (is_listed(L, text)) continue;
      lua_pushstring(L, text);
      lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    }
  }
}
