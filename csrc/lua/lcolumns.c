/* SPDX-License-Identifier: MIT
 *
 * Columns of text: the values of some fields of a packet as one line, made
 * in C.  core.columns(names) -> columns; columns:line(p) -> string.
 */
#include "lua/lcapture.h"
#include "lua/lpacket.h"
#include "lua/lvalue.h"

#define COLUMNS "moontap.columns"

enum { LINE_BUFFER = 1024 };

struct columns {
  struct tapL_handler fields;
};

/* The bytes on the wire, in hex. */
static void put_raw(struct tap_text *text, const struct tap_ref *ref, const struct tap_value *v) {
  if (tap_type_is_number(v->type))
    tap_text_put_hex(text, v->number, 2 * (int)tap_ref_width(ref));
  else
    tap_text_put_dump(text, v->bytes, v->size);
}

static void put_field(struct tap_text *text, const struct tap_ref *ref,
                      const struct tap_packet *p) {
  struct tap_value v;
  const char *name;
  if (!tap_ref_read(ref, p, &v)) return;
  if (ref->form == TAP_FORM_RAW) {
    put_raw(text, ref, &v);
    return;
  }
  name = ref->form == TAP_FORM_TEXT ? tap_field_value_name(ref->field, v.number) : NULL;
  if (name != NULL)
    tap_text_put(text, name);
  else
    tap_value_put(text, ref->field, &v);
}

struct line {
  const struct columns *columns;
  const struct tap_packet *packet;
};

static void write_line(struct tap_text *text, const void *what) {
  const struct line *line = what;
  for (int i = 0; i < line->columns->fields.ref_count; i++) {
    if (i > 0) tap_text_put_char(text, '\t');
    put_field(text, &line->columns->fields.refs[i], line->packet);
  }
}

static int columns_line(lua_State *L) {
  struct line line = { luaL_checkudata(L, 1, COLUMNS), tapL_checkpacket(L, 2)->packet };
  return tapL_pushgrown(L, LINE_BUFFER, write_line, &line);
}

static int columns_gc(lua_State *L) {
  struct columns *columns = luaL_checkudata(L, 1, COLUMNS);
  tapL_freehandler(&columns->fields);
  return 0;
}

/* core.columns(names) */
static int new_columns(lua_State *L) {
  struct columns *columns;
  luaL_checktype(L, 1, LUA_TTABLE);
  columns = lua_newuserdatauv(L, sizeof *columns, 0);
  *columns = (struct columns){ { 0 } };
  luaL_setmetatable(L, COLUMNS);
  tapL_readnames(L, 1, &columns->fields);
  return 1;
}

static const luaL_Reg methods[] = {
  { "line", columns_line },
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
