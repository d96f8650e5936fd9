-- The build and its helpers: that the checks of "make check" see what they are for, that the
-- installer asks for what is missing, that Lua files come into the host whole, and the rock.

local lfs = require "lfs"
local run = require "spec.support.run"

local HERE <const> = lfs.currentdir()

local folder

before_each(function()
  folder = os.tmpname() .. ".d"
  assert(lfs.mkdir(folder))
end)

after_each(function()
  run { "rm", "-r", folder }
  os.remove((folder:gsub("%.d$", "")))
end)

describe("the interpreter", function()
  it("is Lua 5.4", function()
    assert.equal("Lua 5.4", _VERSION)
    assert.equal("Lua 5.4\n", run { run.lua, "-e", "print(_VERSION)" }.out)
  end)
end)

--- About how many C functions there are: each ends with a brace at a line's beginning.
local function function_count()
  local out = run { "sh", "-c", "cat csrc/*/*.c csrc/*/*.h spec/*/*.c | grep -c '^}'" }.out
  return math.tointeger(tonumber(out))
end

--- C that breaks one rule after the other; a fifth more functions, all of them longish.
local function bad_c()
  local long = ("  number++;\n"):rep(70)
  local longish = {}
  for i = 1, function_count() // 5 do
    longish[i] = ("int f%d(int n);\nint f%d(int n) {\n%s  return n;\n}\n"):format(i, i, ("  n++;\n"):rep(30))
  end
  return table.concat({
    '#include "lua/lapi.h"', "#include <lua.h>", "#include <stdio.h>", "#include <unistd.h>",
    "static int number; /* TO" .. "DO */",
    '__attribute__((visibility("default"))) void tap_bad(void);',
    "void tap_bad(void) {", '  printf("%d", number + getpid());', long, "}",
    table.concat(longish, "\n"), "",
  }, "\n")
end

describe("make check", function()
  it("finds whatever breaks a rule, and says in which file", function()
    for _, name in ipairs { "Makefile", "csrc", "lua", "spec", ".clang-format", ".luacheckrc" } do
      assert.equal(0, run { "cp", "-a", name, folder }.code)
    end
    run.write(folder .. "/csrc/base/bad.c", bad_c())
    run.write(folder .. "/csrc/host/long.h", ("/* */\n"):rep(601))
    run.write(folder .. "/lua/moontap/bad.lua", "local unused = 1\n")
    assert(lfs.mkdir(folder .. "/csrc/util"))
    run.write(folder .. "/csrc/util/helpers.h", "/* SPDX-License-Identifier: MIT */\n")
    -- Warnings are beside the point here, and speed is not.
    local quick = { MAKEFLAGS = false, WERROR = false, LD_PRELOAD = false }
    local r = run { "make", "-s", "-j2", "CFLAGS=-O0 -w", cwd = folder, env = quick }
    assert.equal(0, r.code, r.err)
    r = run { run.lua, "spec/check/run.lua", cwd = folder, env = quick }
    assert.equal(1, r.code)
    for _, complaint in ipairs {
      "FAIL every file of csrc has its place in the chain\n     csrc/util/helpers.h: ",
      "FAIL each folder includes only folders before it\n     csrc/base/bad.c:1: base may not include lua/lapi.h",
      "FAIL nothing below csrc/lua includes a header of Lua\n     csrc/base/bad.c:2: lua.h ",
      "FAIL the pure folders use memory, strings and numbers alone\n     csrc/base/bad.c: uses getpid, ",
      "FAIL the pure folders keep no state\n     build/obj/base/bad.o: number is state",
      "FAIL the core below csrc/lua never prints or exits\n     csrc/base/bad.c: uses printf, ",
      "FAIL the module exports its opening function alone\n     build/lua/moontap/core.so: exports tap_bad",
      "FAIL 9 of 10 functions are within 30 lines\n",
      "FAIL no function is over 60 lines, but one switch or table a file\n     csrc/base/bad.c:7: tap_bad has 7",
      "FAIL no file is over 500 lines\n     csrc/base/bad.c: ",
      "FAIL csrc/host is within 600 lines\n",
      "FAIL C is formatted\n     csrc/base/bad.c:",
      "FAIL Lua passes luacheck\n     lua/moontap/bad.lua:1:7: ",
      "FAIL each C file begins with its licence\n     csrc/base/bad.c: ",
      "FAIL nothing is left to do\n     csrc/base/bad.c:5:",
    } do
      assert.matches(complaint, r.out, 1, true)
    end
    assert.matches("\n0 passed, %d+ failed, 0 skipped\n$", r.out)
  end)
end)

--- A folder of programs to put before, or in place of, those of the system.
local function programs(list)
  for name, text in pairs(list) do
    run.write(folder .. "/" .. name, "#!/bin/sh\n" .. text .. "\n")
    run { "chmod", "755", folder .. "/" .. name }
  end
  run { "chmod", "755", folder }
  return folder
end

describe("the installer", function()
  it("does nothing where nothing is missing", function()
    local r = run { "sh", "spec/support/install.sh", "build", "run", "test" }
    assert.same({ 0, "", "" }, { r.code, r.out, r.err })
  end)

  it("tells an ordinary user the line to run", function()
    local path = programs { ["apt-get"] = "exit 7", id = "echo 1000" }
    local r = run { "/bin/sh", "spec/support/install.sh", "run", env = { PATH = path } }
    assert.equal(1, r.code)
    assert.equal("", r.out)
    assert.matches("sudo apt%-get install %-y %-%-no%-install%-recommends .*socat.*\n$", r.err)
    assert.is_nil(r.err:find("busted"))
  end)

  it("installs as root what is missing, and looks whether it is there then", function()
    local path = programs {
      ["apt-get"] = ('echo "$@" >>%s/log'):format(folder), id = "echo 0",
      mktemp = ("echo %s/out"):format(folder), rm = "exit 0",
    }
    local r = run { "/bin/sh", "spec/support/install.sh", "run", env = { PATH = path } }
    assert.matches("^installing .*socat", r.out)
    assert.matches("^update %-q\ninstall %-q %-y %-%-no%-install%-recommends .*socat", run.read(folder .. "/log"))
    assert.equal(1, r.code)
    assert.matches("^still missing after the installation: .*socat", r.err)
  end)

  it("shows what apt-get said where that failed", function()
    local path = programs {
      ["apt-get"] = "echo no such mirror; exit 100", id = "echo 0", cat = "exec /bin/cat \"$@\"",
      mktemp = ("echo %s/out"):format(folder), rm = "exit 0",
    }
    local r = run { "/bin/sh", "spec/support/install.sh", "run", env = { PATH = path } }
    assert.equal(1, r.code)
    assert.matches("^no such mirror\napt%-get could not install: .*socat", r.err)
  end)
end)

describe("the embedded Lua files", function()
  it("are whole, whatever bytes they have", function()
    local bytes = {}
    for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) .. "7" end
    local text = table.concat(bytes)
    assert(lfs.mkdir(folder .. "/lua") and lfs.mkdir(folder .. "/lua/a"))
    run.write(folder .. "/lua/a/init.lua", text)
    run.write(folder .. "/lua/a/b.lua", "")
    local script = HERE .. "/spec/support/embed.sh"
    local r = run { "sh", script, "lua/a/init.lua", "lua/a/b.lua", cwd = folder, stdout = folder .. "/embed.c" }
    assert.equal(0, r.code, r.err)
    assert(lfs.mkdir(folder .. "/host"))
    run.write(folder .. "/host/modules.h", [[
      #include <stddef.h>
      struct host_module { const char *name, *text; size_t size; };
      extern const struct host_module host_modules[];
    ]])
    run.write(folder .. "/main.c", [[
      #include <stdio.h>
      #include "host/modules.h"
      int main(void) {
        const struct host_module *m = host_modules;
        for (; m->name != NULL; m++) {
          printf("%s %zu ", m->name, m->size);
          fwrite(m->text, 1, m->size, stdout);
        }
        return 0;
      }
    ]])
    local program = folder .. "/program"
    local words = { "cc", "-I" .. folder, "-o", program, folder .. "/main.c", folder .. "/embed.c" }
    words.env = { LD_PRELOAD = false }
    r = run(words)
    assert.equal(0, r.code, r.err)
    assert.equal("a 512 " .. text .. "a.b 0 ", run { program }.out)
  end)
end)

describe("make doc", function()
  it("writes pages of all functions, fields and options", function()
    local r = run { run.lua, "spec/support/doc.lua", folder .. "/doc", run.moontap }
    assert.equal(0, r.code, r.err)
    assert.matches("\n### tap.open%(what%)\n\nOpen a capture", run.read(folder .. "/doc/api.md"))
    assert.matches("\n| `tcp.dstport` | integer | Destination Port |\n", run.read(folder .. "/doc/fields.md"), 1, true)
    assert.matches("%-%-duration=TIME", run.read(folder .. "/doc/program.md"))
  end)
end)

describe("the rock", function()
  it("is described in the format of today, built by make and tested by busted", function()
    local rock = {}
    assert(loadfile("rockspec/moontap-scm-1.rockspec", "t", rock))()
    assert.same({ "3.0", "moontap", "scm-1" }, { rock.rockspec_format, rock.package, rock.version })
    assert.same({ "make", "busted" }, { rock.build.type, rock.test.type })
    assert.same({ "linux" }, rock.supported_platforms)
    assert.matches("^git%+https://", rock.source.url)
  end)

  it("satisfies luarocks", function()
    local r = run { "luarocks", "--lua-version", "5.4", "lint", "rockspec/moontap-scm-1.rockspec" }
    assert.equal(0, r.code, r.err)
  end)
end)
