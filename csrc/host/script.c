/* SPDX-License-Identifier: MIT
 *
 * Every call into Lua, under one protected call.  The host only sets the
 * stage: modules, the words of the command line and the capture that is open
 * already; moontap.cli decides what to do with them.
 */
#include "host/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/modules.h"
#include "lua/lmoontap.h"
#include "lua/lopen.h"

int host_script_read(struct host_run *run, const char *path, struct tap_err *e) {
  int result = 0;
  size_t room = 0;
  FILE *f = fopen(path, "re");
  if (f == NULL) return tap_fail(e, errno, "open");
  bool some = getdelim(&run->text, &room, '\0', f) >= 0;
  if (!feof(f))
    result = tap_fail(e, some ? 0 : errno, some ? "read text: it has a zero byte" : "read");
  else if (!some)
    run->text[0] = '\0';
  fclose(f);
  return result;
}

/* The words of the command line; number 0 is the program. */
static void push_words(lua_State *L, const struct host_run *run) {
  lua_createtable(L, run->argc, 1);
  for (int i = 0; i < run->argc; i++) {
    lua_pushstring(L, run->argv[i]);
    lua_rawseti(L, -2, i);
  }
}

static void push_info(lua_State *L, const struct host_run *run) {
  lua_createtable(L, 0, 2);
  lua_pushboolean(L, run->subject != NULL);
  lua_setfield(L, -2, "prepared");
  if (run->text == NULL) return;
  /* A first line that names the interpreter is no Lua. */
  lua_pushstring(L, run->text + (run->text[0] == '#' ? strcspn(run->text, "\n") : 0));
  lua_setfield(L, -2, "script_source");
}

static void hand_over_source(lua_State *L, struct host_run *run) {
  struct tap_source *source = run->source;
  run->source = NULL; /* Lua owns it from here on, also when an error is raised */
  if (source != NULL)
    tapL_prepare(L, source, run->subject);
  else if (run->subject != NULL)
    tapL_prepare_error(L, run->subject, &run->refusal);
}

static int run_protected(lua_State *L) {
  struct host_run *run = lua_touserdata(L, 1);
  luaL_openlibs(L);
  host_modules_preload(L);
  luaL_requiref(L, "moontap.core", luaopen_moontap_core, 0);
  hand_over_source(L, run);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moontap.cli");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "main");
  push_words(L, run);
  push_info(L, run);
  lua_call(L, 2, 1);
  return 1;
}

/* The message, whatever was raised, and where. */
static int add_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static int run_in(lua_State *L, struct host_run *run) {
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, run_protected);
  lua_pushlightuserdata(L, run);
  if (lua_pcall(L, 1, 1, 1) == LUA_OK) return (int)lua_tointeger(L, -1);
  fprintf(stderr, "moontap: %s\n", lua_tostring(L, -1));
  return EXIT_FAILURE;
}

int host_script_run(struct host_run *run) {
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    fputs("moontap: not enough memory\n", stderr);
    return EXIT_FAILURE;
  }
  int status = run_in(L, run);
  lua_close(L);
  free(run->text);
  return status;
}
