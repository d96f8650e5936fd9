/* SPDX-License-Identifier: MIT
 *
 * Aggregates: made from a plan in a table, filled by passes, read as rows.  A
 * row is a fresh table with the keys by their names as written and the
 * columns by theirs.
 */
#include <string.h>

#include "lua/lcapture.h"
#include "lua/lvalue.h"

#define AGGREGATE "moontap.aggregate"

/* User value: the names, keys first and then columns. */
struct aggregate {
  struct tap_aggregate *table;
};

/* Of the aggregate at 'index'.  One that is collected may still be called by other finalizers. */
static struct tap_aggregate *check_table_at(lua_State *L, int index) {
  struct tap_aggregate *table = ((struct aggregate *)luaL_checkudata(L, index, AGGREGATE))->table;
  if (table == NULL) luaL_error(L, "the aggregate has been collected");
  return table;
}

static struct tap_aggregate *check_table(lua_State *L) {
  return check_table_at(L, 1);
}

/* --- making --- */

/* Append the string on top to the list of names at 'names'; pops it. */
static void add_name(lua_State *L, int names) {
  lua_rawseti(L, names, luaL_len(L, names) + 1);
}

static void read_keys(lua_State *L, int options, int names, struct tap_plan *plan) {
  lua_Integer count;
  if (lua_getfield(L, options, "by") != LUA_TTABLE) luaL_error(L, "by: a list of fields expected");
  count = luaL_len(L, -1);
  if (count > TAP_KEYS_MAX) luaL_error(L, "by: at most %d fields make a key", TAP_KEYS_MAX);
  for (int i = 1; i <= count; i++) {
    lua_geti(L, -1, i);
    tapL_checkref(L, lua_gettop(L), &plan->by[plan->key_count++]);
    add_name(L, names);
  }
  lua_pop(L, 1);
}

static void read_column(lua_State *L, int column, int names, struct tap_column *out) {
  const char *kind;
  lua_getfield(L, column, "kind");
  kind = luaL_checkstring(L, -1);
  out->kind = strcmp(kind, "sum") == 0 ? TAP_SUM : TAP_COUNT;
  if (out->kind == TAP_SUM) {
    lua_getfield(L, column, "field");
    tapL_checkref(L, lua_gettop(L), &out->field);
    if (out->field.form != TAP_FORM_VALUE)
      luaL_error(L, "sum(%s): a sum is of plain values, without a form", lua_tostring(L, -1));
    if (out->field.field != NULL && !tap_type_is_number(out->field.field->type))
      luaL_error(L, "sum(%s): the field is no number", lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_getfield(L, column, "name");
  add_name(L, names);
}

static void read_columns(lua_State *L, int options, int names, struct tap_plan *plan) {
  lua_Integer count;
  int list = lua_gettop(L) + 1;
  if (lua_getfield(L, options, "columns") != LUA_TTABLE) luaL_error(L, "columns: a list expected");
  count = luaL_len(L, list);
  if (count < 1 || count > TAP_COLUMNS_MAX)
    luaL_error(L, "an aggregate has 1 to %d columns", TAP_COLUMNS_MAX);
  for (int i = 1; i <= count; i++) {
    lua_geti(L, list, i);
    read_column(L, list + 1, names, &plan->column[plan->column_count++]);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

struct tap_aggregate *tapL_newaggregate(lua_State *L, int index) {
  struct tap_plan plan = { .limit = (size_t)tapL_optinteger(L, index, "limit", 1000000) };
  struct aggregate *a = lua_newuserdatauv(L, sizeof *a, 1);
  int self = lua_gettop(L);
  a->table = NULL;
  luaL_setmetatable(L, AGGREGATE);
  lua_newtable(L);
  read_keys(L, index, self + 1, &plan);
  read_columns(L, index, self + 1, &plan);
  lua_setiuservalue(L, self, 1);
  a->table = tap_aggregate_new(&plan, tapL_freshseed());
  if (a->table == NULL) luaL_error(L, "not enough memory");
  return a->table;
}

/* --- rows --- */

static bool is_signed(const struct tap_column *column) {
  return column->kind == TAP_SUM && column->field.field != NULL &&
         tap_type_is_signed(column->field.field->type);
}

static void push_cell(lua_State *L, const struct tap_aggregate *t, size_t row, unsigned column) {
  uint64_t cell = tap_aggregate_cell(t, row, column);
  if (cell > INT64_MAX && !is_signed(&tap_aggregate_plan(t)->column[column]))
    lua_pushnumber(L, (lua_Number)cell); /* a sum beyond what an integer holds */
  else
    lua_pushinteger(L, (lua_Integer)cell);
}

/* Push row 'row' of the aggregate at index 'self'. */
static void push_row(lua_State *L, int self, size_t row) {
  struct tap_aggregate *t = check_table_at(L, self);
  const struct tap_plan *plan = tap_aggregate_plan(t);
  struct tap_value v;
  int names;
  lua_getiuservalue(L, self, 1);
  names = lua_gettop(L);
  lua_createtable(L, 0, (int)(plan->key_count + plan->column_count));
  for (unsigned i = 0; i < plan->key_count && row < tap_aggregate_rows(t); i++) {
    if (!tap_aggregate_key(t, row, i, &v)) continue;
    lua_rawgeti(L, names, i + 1);
    tapL_pushshaped(L, tapL_context(L), &plan->by[i], &v);
    lua_rawset(L, -3);
  }
  for (unsigned i = 0; i < plan->column_count; i++) {
    lua_rawgeti(L, names, plan->key_count + i + 1);
    push_cell(L, t, row, i);
    lua_rawset(L, -3);
  }
  lua_remove(L, names);
}

enum { ROWS_SELF = TAPL_UPVALUES + 1, ROWS_AT, ROWS_LIST, ROWS_COUNT };

/* The next row, by number or by a list of numbers (a buffer of size_t). */
static int next_row(lua_State *L) {
  size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(ROWS_AT));
  const size_t *list = lua_touserdata(L, lua_upvalueindex(ROWS_LIST));
  size_t count = (size_t)lua_tointeger(L, lua_upvalueindex(ROWS_COUNT));
  if (at >= count) return 0;
  lua_pushinteger(L, (lua_Integer)at + 1);
  lua_replace(L, lua_upvalueindex(ROWS_AT));
  lua_pushvalue(L, lua_upvalueindex(ROWS_SELF));
  push_row(L, lua_gettop(L), list == NULL ? at : list[at]);
  return 1;
}

/* Push the iterator; the list of row numbers, or nil for all, is on top. */
static int push_rows(lua_State *L, size_t count) {
  lua_pushvalue(L, 1);
  lua_insert(L, -2);
  lua_pushinteger(L, 0);
  lua_insert(L, -2);
  lua_pushinteger(L, (lua_Integer)count);
  tapL_pushclosure(L, next_row, 4);
  return 1;
}

static int aggregate_rows(lua_State *L) {
  size_t count = tap_aggregate_rows(check_table(L));
  lua_pushnil(L);
  return push_rows(L, count);
}

static const char *column_name(lua_State *L, int names, unsigned i) {
  lua_rawgeti(L, names, i);
  return lua_tostring(L, -1);
}

/* The number of the column that argument 'index' names; nil is the first. */
static unsigned check_column(lua_State *L, const struct tap_plan *plan, int index) {
  const char *wanted = luaL_optstring(L, index, NULL);
  int names;
  if (wanted == NULL) return 0;
  lua_getiuservalue(L, 1, 1);
  names = lua_gettop(L);
  for (unsigned i = 0; i < plan->column_count; i++) {
    if (strcmp(column_name(L, names, plan->key_count + i + 1), wanted) == 0) return i;
    lua_pop(L, 1);
  }
  return (unsigned)luaL_argerror(L, index, lua_pushfstring(L, "no column '%s'", wanted));
}

/* agg:top_raw(n, column) */
static int aggregate_top(lua_State *L) {
  struct tap_aggregate *t = check_table(L);
  size_t held = tap_aggregate_rows(t), n;
  lua_Integer wanted = luaL_optinteger(L, 2, 10);
  unsigned column = check_column(L, tap_aggregate_plan(t), 3);
  size_t *list;
  luaL_argcheck(L, wanted >= 0, 2, "a number of rows cannot be negative");
  n = (size_t)wanted < held ? (size_t)wanted : held;
  list = lua_newuserdatauv(L, (n + 1) * sizeof *list, 0);
  return push_rows(L, tap_aggregate_top(t, column, n, list));
}

/* --- one row by its key --- */

/* A key as get() is given it: parts of the plan from stack index 2 on. */
struct key {
  struct tap_value part[TAP_KEYS_MAX];
  bool present[TAP_KEYS_MAX];
};

static void refuse_part(lua_State *L, unsigned i) {
  const char *name;
  lua_getiuservalue(L, 1, 1);
  lua_rawgeti(L, -1, i + 1);
  name = lua_tostring(L, -1);
  luaL_error(L, "get: %s is no value of '%s'", luaL_tolstring(L, 2 + (int)i, NULL), name);
}

static void read_key(lua_State *L, const struct tap_plan *plan, struct key *key) {
  for (unsigned i = 0; i < plan->key_count; i++) {
    int at = 2 + (int)i;
    key->present[i] = !lua_isnil(L, at);
    if (key->present[i] && !tapL_tovalue(L, at, &plan->by[i], &key->part[i])) refuse_part(L, i);
  }
}

/* agg:get(key...): the row of that key, or nil */
static int aggregate_get(lua_State *L) {
  struct tap_aggregate *t = check_table(L);
  struct key key;
  long row;
  lua_settop(L, 1 + (int)tap_aggregate_plan(t)->key_count);
  read_key(L, tap_aggregate_plan(t), &key);
  row = tap_aggregate_find(t, key.part, key.present);
  if (row == TAP_NO_ROW)
    lua_pushnil(L);
  else
    push_row(L, 1, (size_t)row);
  return 1;
}

static int aggregate_count(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)tap_aggregate_rows(check_table(L)));
  return 1;
}

static int aggregate_evicted(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)tap_aggregate_evicted(check_table(L)));
  return 1;
}

/* agg:others(): what packets with keys beyond the limit added up to, or nil. */
static int aggregate_others(lua_State *L) {
  struct tap_aggregate *t = check_table(L);
  if (tap_aggregate_evicted(t) == 0)
    lua_pushnil(L);
  else
    push_row(L, 1, tap_aggregate_rows(t));
  return 1;
}

static void push_names(lua_State *L, int names, unsigned from, unsigned count) {
  lua_createtable(L, (int)count, 0);
  for (unsigned i = 0; i < count; i++) {
    lua_rawgeti(L, names, from + i);
    lua_rawseti(L, -2, i + 1);
  }
}

static int aggregate_columns(lua_State *L) {
  const struct tap_plan *plan = tap_aggregate_plan(check_table(L));
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 1);
  lua_createtable(L, 0, 2);
  push_names(L, 2, 1, plan->key_count);
  lua_setfield(L, 3, "by");
  push_names(L, 2, plan->key_count + 1, plan->column_count);
  lua_setfield(L, 3, "columns");
  return 1;
}

static int aggregate_gc(lua_State *L) {
  struct aggregate *a = luaL_checkudata(L, 1, AGGREGATE);
  struct tap_aggregate *table = a->table;
  a->table = NULL; /* captures that feed it may share it yet */
  tap_aggregate_free(table);
  return 0;
}

static const luaL_Reg methods[] = {
  { "columns", aggregate_columns }, { "count", aggregate_count },
  { "evicted", aggregate_evicted }, { "get", aggregate_get },
  { "others", aggregate_others },   { "rows", aggregate_rows },
  { "top_raw", aggregate_top },     { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__gc", aggregate_gc },
  { NULL, NULL },
};

void tapL_open_aggregate(lua_State *L) {
  tapL_newclass(L, AGGREGATE, metamethods, methods);
  lua_setfield(L, -2, "aggregate");
}
