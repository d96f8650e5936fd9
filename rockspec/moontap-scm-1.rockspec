-- Read by LuaRocks under any Lua from 5.1 on.
local package_name = "moontap"
local package_version = "scm"
local rockspec_revision = "1"
local minimum_lua = "5.4"
-- A placeholder until the project has a public address; "luarocks make" does not read it.
local repository = "git+https://example.invalid/moontap.git"

rockspec_format = "3.0"
package = package_name
version = package_version .. "-" .. rockspec_revision

source = {
  url = repository,
}

description = {
  summary = "A packet-capture engine for Lua with a C core of its own",
  detailed = [[
    Captures live through a mapped AF_PACKET ring, reads capture files, decodes
    headers, counts by any field in C, and hands packets to Lua scripts: as a
    module for lua5.4 and as the program moontap.  Needs no other library.
  ]],
  license = "MIT",
  labels = { "network", "linux" },
}

supported_platforms = { "linux" }

dependencies = {
  "lua >= " .. minimum_lua .. ", < 5.5",
}

test_dependencies = {
  "busted",
}

build = {
  type = "make",
  -- Both passes get all of them: a file is built anew when its flags change.
  variables = {
    BUILD = "build/rock",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    LUA_LIBDIR = "$(LUA_LIBDIR)",
    PREFIX = "$(PREFIX)",
    BINDIR = "$(BINDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
}

test = {
  type = "busted",
}
