/* SPDX-License-Identifier: MIT
 *
 * Columns of text: the values of some fields of a packet as one line, made
 * in C.  core.columns(names, form) -> columns; columns:line(p) -> string.  The
 * form is "tsv" unless it is "csv".
 */
#include "lua/lcapture.h"
#include "lua/lpacket.h"
#include "lua/lvalue.h"
#include "proto/form.h"

#define COLUMNS "moontap.columns"

enum { LINE_BUFFER = 1024 };

struct columns {
  struct tapL_handler fields;
  bool csv;
};

/* What is long goes into the line as it is: bytes as hex, text escaped, in any form. */
static bool is_long(const struct tap_value *v) {
  return v->type == TAP_BYTES || v->type == TAP_STRING;
}

struct line {
  lua_State *L;
  const struct columns *columns;
  const struct tap_packet *packet;
};

static void put_field(struct tap_text *text, const struct tap_ref *ref, const struct line *line) {
  struct tap_value v;
  if (!tap_ref_read(ref, line->packet, &v)) return;
  if (ref->form == TAP_FORM_ID) {
    tap_text_put_uint(text, tapL_idof(line->L, tapL_context(line->L), &v));
    return;
  }
  if (ref->form == TAP_FORM_RAW || !is_long(&v)) tap_form_apply(ref, &v);
  tap_form_put(text, ref, &v);
}

static void write_line(struct tap_text *text, const void *what) {
  const struct line *line = what;
  for (int i = 0; i < line->columns->fields.ref_count; i++) {
    if (i > 0) tap_text_put_char(text, line->columns->csv ? ',' : '\t');
    char *start = text->at;
    put_field(text, &line->columns->fields.refs[i], line);
    if (line->columns->csv) tap_text_quote(text, start);
  }
}

static int columns_line(lua_State *L) {
  struct line line = { L, luaL_checkudata(L, 1, COLUMNS), tapL_checkpacket(L, 2)->packet };
  return tapL_pushgrown(L, LINE_BUFFER, write_line, &line);
}

/* columns:tracked(): does one of them need the packet's flow? */
static int columns_tracked(lua_State *L) {
  const struct columns *columns = luaL_checkudata(L, 1, COLUMNS);
  bool tracked = false;
  for (int i = 0; i < columns->fields.ref_count; i++)
    tracked = tracked || tap_ref_tracked(&columns->fields.refs[i]);
  lua_pushboolean(L, tracked);
  return 1;
}

static int columns_gc(lua_State *L) {
  struct columns *columns = luaL_checkudata(L, 1, COLUMNS);
  tapL_freehandler(&columns->fields);
  return 0;
}

/* core.columns(names, form) */
static int new_columns(lua_State *L) {
  static const char *const forms[] = { "tsv", "csv", NULL };
  struct columns *columns;
  bool csv = luaL_checkoption(L, 2, "tsv", forms) == 1;
  luaL_checktype(L, 1, LUA_TTABLE);
  columns = lua_newuserdatauv(L, sizeof *columns, 0);
  *columns = (struct columns){ .csv = csv };
  luaL_setmetatable(L, COLUMNS);
  tapL_readnames(L, 1, &columns->fields);
  return 1;
}

static const luaL_Reg methods[] = {
  { "line", columns_line },
  { "tracked", columns_tracked },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__gc", columns_gc },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "columns", new_columns },
  { NULL, NULL },
};

void tapL_open_columns(lua_State *L) {
  tapL_setfuncs(L, functions);
  tapL_newclass(L, COLUMNS, metamethods, methods);
  lua_pop(L, 1);
}
