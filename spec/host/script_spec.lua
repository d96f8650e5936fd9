--- Scripts under the host: how they are read, what they find, how they end.

local run = require "spec.support.run"

local PCAP <const> = require("spec.support.build").pcap { ("x"):rep(60), ("y"):rep(60) }

--- Run the host on two packets and a script with this text: what run() returns.
local function script(text, spec)
  local name, file = os.tmpname(), os.tmpname()
  run.write(name, text)
  run.write(file, PCAP)
  spec = spec or {}
  local words = { run.moontap, "-r", file, name, stdout = spec.stdout, stdin = spec.stdin, env = spec.env }
  table.move(spec, 1, #spec, 5, words)
  local r = run(words)
  os.remove(name)
  os.remove(file)
  r.name, r.file = name, file
  return r
end

describe("a script's file", function()
  it("may begin with a line for the kernel, which counts as a line", function()
    local r = script('#!/usr/bin/env moontap\nprint(debug.getinfo(1, "l").currentline)\n')
    assert.same({ 0, "2\n" }, { r.code, r.out })
  end)

  it("may be empty, or no more than a comment for the kernel", function()
    for _, text in ipairs { "", "#", "#!moontap", "#\n" } do
      local r = script(text)
      assert.same({ 0, "", "" }, { r.code, r.out, r.err }, text)
    end
  end)

  it("may be larger than one read", function()
    local r = script(("-- " .. ("x"):rep(60) .. "\n"):rep(5000) .. "print(1)")
    assert.same({ 0, "1\n" }, { r.code, r.out })
  end)

  it("may be standard input", function()
    local r = run { run.moontap, "-r", "/nonexistent", "/dev/stdin", stdin = "print(42)" }
    assert.same({ 0, "42\n", "" }, { r.code, r.out, r.err })
  end)

  it("has to be there, to be a file and to be text", function()
    local r = run { run.moontap, "./no-such.lua" }
    assert.same({ 1, "", "moontap: ./no-such.lua: cannot open: No such file or directory\n" },
      { r.code, r.out, r.err })
    r = run { run.moontap, "/" }
    assert.same({ 1, "", "moontap: /: cannot read: Is a directory\n" }, { r.code, r.out, r.err })
    r = script("print(1)\0")
    assert.same({ 1, "", ("moontap: %s: cannot read text: it has a zero byte\n"):format(r.name) },
      { r.code, r.out, r.err })
  end)

  it("is named where its syntax is wrong", function()
    local r = script("local x = = 1")
    assert.same({ 1, "" }, { r.code, r.out })
    assert.equal(("moontap: %s:1: unexpected symbol near '='\n"):format(r.name), r.err)
  end)
end)

describe("a script", function()
  it("finds arg as under lua5.4", function()
    local r = script('for i = 0, #arg do print(i, arg[i]) end print(...)', { "--rows=5", "word" })
    assert.equal(("0\t%s\n1\t-r\n2\t%s\n3\t--rows=5\n4\tword\n-r\t%s\t--rows=5\tword\n"):format(
      r.name, r.file, r.file), r.out)
    local name = os.tmpname()
    run.write(name, 'for i = 0, #arg do print(i, arg[i]) end print(...)')
    local plain = run { run.lua, name, "-r", r.file, "--rows=5", "word" }
    os.remove(name)
    assert.equal(r.out:gsub(r.name, name, 1), plain.out)
  end)

  it("gets the modules of the host, from any folder and whatever the search path says", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(run { "mkdir", "-p", folder .. "/moontap" }.code == 0)
    run.write(folder .. "/moontap/init.lua", "error('another module')")
    local moontap = run { "readlink", "-f", run.moontap }.out:gsub("\n$", "")
    run.write(folder .. "/s.lua", [[
      local tap = require "moontap"
      print(debug.getinfo(tap.open, "S").source, debug.getinfo(require("moontap.units").size, "S").source)
      print(#tap.fields("tcp.dstport"))
    ]])
    for _, path in ipairs { false, folder .. "/?/init.lua" } do
      local r = run { moontap, "./s.lua", cwd = folder, env = { LUA_PATH = path, LUA_CPATH = "/none/?.so" } }
      assert.equal("@moontap/init.lua\t@moontap/units.lua\n1\n", r.out, r.err)
      assert.equal(0, r.code)
    end
    run { "rm", "-r", folder }
  end)

  it("sees the modules of the host under the names of their files", function()
    local list = run { "find", "lua/moontap", "-name", "*.lua" }.out
    for path in list:gmatch("lua/([^\n]+)") do
      local module = path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
      local r = script(([[
        local hidden = { ["moontap.core"] = true }
        for name in pairs(package.loaded) do if not hidden[name] then package.loaded[name] = nil end end
        local seen = {}
        debug.sethook(function() seen[debug.getinfo(2, "S").source] = true end, "call")
        pcall(package.preload["%s"], "%s")
        debug.sethook()
        print(seen["@%s"])
      ]]):format(module, module, path))
      assert.matches("true\n$", r.out, 1, false, path .. r.err)
    end
  end)

  it("finds tools and modules of others on the search path", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(run { "mkdir", "-p", folder .. "/moontap/tools" }.code == 0)
    run.write(folder .. "/moontap/tools/mine.lua", "print('my tool', arg[0])")
    local r = run { run.moontap, "mine", env = { LUA_PATH = folder .. "/?.lua" } }
    run { "rm", "-r", folder }
    assert.same({ 0, "my tool\tmine\n" }, { r.code, r.out }, r.err)
  end)

  it("ends the run with the status that it says", function()
    for _, status in ipairs { 0, 1, 7 } do
      assert.equal(status, script(("print(1) os.exit(%d)"):format(status)).code)
    end
  end)

  it("that fails is shown where, and fails the run", function()
    for _, case in ipairs {
      { 'local function deep() error("boom") end deep()', ":1: boom\n" },
      { 'local x = nil; x.y = 1', ":1: attempt to index a nil value (local 'x')\n" },
      { 'error(setmetatable({}, { __tostring = function() return "my error" end }))', "my error\n" },
      { 'error({})', ":1: the error raised is no text but a table value\nstack traceback:\n" },
      { 'error()', ":1: the error raised is no text but a nil value\nstack traceback:\n" },
      { 'error(setmetatable({}, { __tostring = function() error("again") end }))', "" },
    } do
      local r = script("io.write('before ') " .. case[1])
      assert.same({ 1, "before " }, { r.code, r.out }, case[1])
      assert.matches("^moontap: [^\n]*", r.err)
      assert.is_truthy(r.err:find(case[2], 1, true), case[1] .. ": " .. r.err)
    end
    local r = script('local function deep() error("boom") end deep()')
    assert.is_truthy(r.err:find(("\nstack traceback:\n\t[C]: in function 'error'\n\t%s:1: in "):format(r.name),
      1, true), r.err)
  end)

  it("that leaves moontap's own Lua without what it needs still gets a traceback", function()
    local r = script("io.stderr = nil error('boom')")
    assert.same({ 1, "" }, { r.code, r.out })
    assert.matches("^moontap: moontap/cli%.lua:%d+: attempt to index a nil value [^\n]*\n"
      .. "stack traceback:\n.*moontap/cli%.lua:%d+: in ", r.err)
  end)

  it("survives a reader that went away, and so do not the programs that it starts", function()
    local r = run { "sh", "-c", '"$@" | head -c 5', "sh", run.moontap, "/dev/stdin", stdin = [[
      local ok, message, code
      repeat ok, message, code = pcall(io.write, ("x"):rep(65536)) until not ok
      io.stderr:write("still here\n")
      print = nil
      io.stderr:write(table.concat({ "child", tostring(select(3, os.execute("kill -PIPE $$"))) }, " "), "\n")
    ]] }
    assert.equal("xxxxx", r.out)
    assert.equal("still here\nchild 13\n", r.err)
  end)
end)
