-- csrc/sys/offline.c: capture files from paths, descriptors and pipes, with blocks, restarts and
-- ends of every kind.

local b = require "spec.support.build"
local leaks = require "spec.support.leaks"
local run = require "spec.support.run"
local tap = require "moontap"

local BLOCK <const> = 256 << 10

--- Call 'fn' with the path of a file of these bytes.
local function with_file(bytes, fn)
  local path = os.tmpname()
  run.write(path, bytes)
  local ok, e = xpcall(fn, debug.traceback, path)
  os.remove(path)
  if not ok then error(e, 0) end
end

--- Call 'fn' with the path of a named pipe and its writing end, which does not block here.
local function with_pipe(fn)
  local path = os.tmpname()
  os.remove(path)
  assert(run { "mkfifo", path }.code == 0)
  local writer = assert(io.open(path, "r+b"))
  writer:setvbuf("no")
  local ok, e = xpcall(fn, debug.traceback, path, writer)
  if io.type(writer) == "file" then writer:close() end
  os.remove(path)
  if not ok then error(e, 0) end
end

local function bytes_of(cap)
  local list = {}
  cap:each(function(p) list[#list + 1] = p:bytes() end)
  local stats, message = cap:run()
  return list, message, stats
end

--- Packets whose records end everywhere in the reader's blocks.
local function many()
  math.randomseed(17)
  local list, size = {}, 0
  while size < 5 * BLOCK do
    list[#list + 1] = string.char(#list % 256):rep(math.random(0, 3000))
    size = size + #list[#list] + 16
  end
  return list
end

--- What a script that reads "-" prints, with the file on its standard input.
local function script(code, stdin, before)
  local words = { run.lua, "-e", code }
  if before then words = { "sh", "-c", before .. " | " .. run.quote(words) } end
  words.stdin = stdin
  words.env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") }
  return run(words)
end

local COUNT <const> = [[
  local tap = require "moontap"
  local cap = assert(tap.open "-")
  print(cap:info().kind, cap:run().delivered)
  print(select(2, cap:run()))
]]

describe("a file", function()
  it("is read whole over many blocks, with records across their ends", function()
    local packets = many()
    with_file(b.pcap(packets), function(path)
      local cap <close> = assert(tap.open(path))
      assert.equal("file", cap:info().kind)
      local list, message = bytes_of(cap)
      assert.is_nil(message)
      assert.same(packets, list)
    end)
  end)

  it("begins again with each pass, also after one that broke off", function()
    local packets = many()
    with_file(b.pcap(packets), function(path)
      local cap <close> = assert(tap.open(path))
      for _, count in ipairs { 1, 100, 700 } do
        local n = 0
        for p in cap:packets() do
          n = n + 1
          assert.equal(packets[n], p:bytes())
          if n == count then break end
        end
        assert.equal(count, n)
      end
      assert.equal(#packets, cap:run().delivered)
      assert.equal(#packets, cap:run().delivered)
    end)
  end)

  it("may have records longer than a block", function()
    local packets = { "small", ("x"):rep(5 << 20), "after", ("y"):rep(BLOCK), ("z"):rep(3 * BLOCK + 1) }
    with_file(b.pcap(packets, { snaplen = 8 << 20 }), function(path)
      local cap <close> = assert(tap.open(path))
      assert.same(packets, (bytes_of(cap)))
    end)
  end)

  it("that ends inside a record gives what is whole, then fails, each time", function()
    local packets = many()
    local last = #b.pcap(packets) - 16 - #packets[#packets]
    with_file(b.pcap(packets):sub(1, -2), function(path)
      local cap <close> = assert(tap.open(path))
      for _ = 1, 2 do
        local seen = 0
        local stats, message, code = cap:run()
        assert.is_nil(stats)
        assert.equal(("%s: cannot read record %d at byte %d: the file ends inside it"):format(path, #packets, last),
          message)
        assert.equal(0, code)
        local ok = pcall(function()
          for _ in cap:packets() do seen = seen + 1 end
        end)
        assert.is_false(ok)
        assert.equal(#packets - 1, seen)
        assert.equal(#packets - 1, cap:stats().delivered)
      end
    end)
  end)

  it("that grew is read to its new end in the next pass", function()
    with_file(b.pcap {}, function(path)
      local cap <close> = assert(tap.open(path))
      assert.equal(0, cap:run().delivered)
      run.write(path, b.pcap { "one", "two" })
      assert.equal(2, cap:run().delivered)
    end)
  end)

  it("that cannot be opened or read is named, with the system's reason", function()
    local cap, message, code = tap.open "/nonexistent/x.pcap"
    assert.is_nil(cap)
    assert.equal("/nonexistent/x.pcap: cannot open: No such file or directory", message)
    assert.equal(2, code)
    cap, message, code = tap.open "/"
    assert.is_nil(cap)
    assert.equal("/: cannot read: Is a directory", message)
    assert.equal(21, code)
    cap, message, code = tap.open "/dev/null"
    assert.is_nil(cap)
    assert.equal("/dev/null: cannot read header: the file is empty", message)
    assert.equal(0, code)
    -- Its first page is not mapped: the read fails, not the opening.
    cap, message, code = tap.open "/proc/self/mem"
    assert.is_nil(cap)
    assert.equal("/proc/self/mem: cannot read: Input/output error", message)
    assert.equal(5, code)
  end)

  it("leaves no descriptor behind, whether it opens or not", function()
    local before = leaks.count()
    with_file(b.pcap { "x" }, function(path)
      tap.open(path):close()
      assert(tap.open(path)):run()
    end)
    with_file("no capture file at all", function(path) assert.is_nil(tap.open(path)) end)
    with_file(b.pcap({}):sub(1, 20), function(path) assert.is_nil(tap.open(path)) end)
    assert.is_nil(tap.open "/")
    leaks.check(before)
  end)
end)

describe("a pipe", function()
  it("gives what has come, and never blocks for what has not", function()
    local file = b.pcap { "one", "two", ("three"):rep(1000) }
    local first = #b.pcap { "one" }
    with_pipe(function(path, writer)
      writer:write(file:sub(1, 24))
      local cap <close> = assert(tap.open(path))
      assert.equal("pipe", cap:info().kind)
      local list = {}
      cap:each(function(p) list[#list + 1] = p:bytes() end)
      assert.same({ 0, "idle" }, { cap:run { wait = false } })
      writer:write(file:sub(25, first - 1))
      assert.same({ 0, "idle" }, { cap:run { wait = false } })
      writer:write(file:sub(first, first))
      assert.equal(1, (cap:run { wait = false }))
      for i = first + 1, #file do -- byte by byte
        writer:write(file:sub(i, i))
        cap:run { wait = false }
      end
      writer:close()
      local n, state
      repeat n, state = cap:run { wait = false } until state ~= "more"
      assert.same({ 0, "end" }, { n, state })
      assert.same({ "one", "two", ("three"):rep(1000) }, list)
    end)
  end)

  it("is waited for no longer than was asked", function()
    with_pipe(function(path, writer)
      writer:write(b.pcap { "one" })
      local cap <close> = assert(tap.open(path))
      assert.equal("one", cap:next("5s"):bytes())
      local p, why = cap:next("1ms")
      assert.is_nil(p)
      assert.equal("timeout", why)
    end)
  end)

  it("that ends inside a record fails after what was whole", function()
    with_pipe(function(path, writer)
      writer:write(b.pcap { "one", "two" }:sub(1, -2))
      local cap <close> = assert(tap.open(path))
      writer:close()
      local list, message = bytes_of(cap)
      assert.same({ "one" }, list)
      assert.equal(path .. ": cannot read record 2 at byte 43: the file ends inside it", message)
    end)
  end)

  it("cannot begin again", function()
    with_pipe(function(path, writer)
      writer:write(b.pcap { "one" })
      local cap <close> = assert(tap.open(path))
      writer:close()
      assert.equal(1, cap:run().delivered)
      local stats, message = cap:run()
      assert.is_nil(stats)
      assert.equal(path .. ": cannot start again: the pipe was read already", message)
    end)
  end)
end)

describe("standard input", function()
  it("is read from a pipe, once", function()
    with_file(b.pcap(many()), function(path)
      local r = script(COUNT, nil, "cat " .. path)
      assert.equal(0, r.code, r.err)
      assert.equal(("pipe\t%d\n-: cannot start again: standard input was read already\t0\n"):format(#many()), r.out)
    end)
  end)

  it("is read like a file where it is one", function()
    local r = script(COUNT, b.pcap { "one", "two" })
    assert.equal(0, r.code, r.err)
    assert.equal("file\t2\n\n", r.out)
  end)

  it("stays open for the script", function()
    local r = script([[
      local tap = require "moontap"
      tap.open("-"):close()
      io.stdin:seek("set", 0)
      print(#io.read("a"))
    ]], b.pcap { "one" })
    assert.equal("43\n", r.out, r.err)
  end)
end)
