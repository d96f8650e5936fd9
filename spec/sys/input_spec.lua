-- csrc/sys/input.c, child.c and packing.c: compressed files, of any name, from paths, pipes and
-- standard input; and files that grow.

local b = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"
local wait = require "spec.support.wait"

local PROGRAMS <const> = { "gzip", "zstd", "xz", "lz4" }

local folder

--- A path in the spec's folder.
local function at(name)
  return folder .. "/" .. name
end

local function sh(command)
  local r = run { "sh", "-c", command, cwd = folder }
  assert(r.code == 0, r.err)
  return r.out
end

--- How many packets a capture gives, and what ended it.
local function count(cap)
  local stats, message = cap:run()
  return stats and stats.delivered or cap:stats().delivered, message
end

--- Processes that are children of this one, and no others.
local function children()
  local own = run.read("/proc/self/stat"):match("^(%d+)")
  return run.read(("/proc/%s/task/%s/children"):format(own, own))
end

--- What a script that counts the packets of "-" prints.
local function count_stdin(command, file)
  local code = [[
    local cap, message = require("moontap").open "-"
    if not cap then print(message) os.exit(0) end
    local stats, why = cap:run()
    print(cap:info().kind, cap:stats().delivered, why)
    print(select(2, cap:run()))
  ]]
  local line = run.quote { run.lua, "-e", code }
  line = file and line .. " < " .. file or command .. " | " .. line
  local r = run { "sh", "-c", line, env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") } }
  assert(r.code == 0, r.err)
  return r.out
end

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(run { "mkdir", folder }.code == 0)
  local packets = {}
  math.randomseed(11)
  for i = 1, 4001 do packets[i] = ("%d"):format(math.random(1 << 40)):rep(math.random(1, 20)) end
  run.write(at "plain", b.pcap(packets))
  run.write(at "small", b.pcap { "one", "two" })
  for _, program in ipairs(PROGRAMS) do sh(("%s -c < plain > plain.%s"):format(program, program)) end
end)

teardown(function()
  run { "rm", "-r", folder }
end)

after_each(function()
  assert.equal("", children())
end)

describe("a compressed file", function()
  it("is read whatever its name is, as often as is asked", function()
    for _, program in ipairs(PROGRAMS) do
      local cap <close> = assert(tap.open(at("plain." .. program)))
      assert.equal("file", cap:info().kind)
      for _ = 1, 3 do assert.same({ 4001 }, { count(cap) }) end
    end
  end)

  it("begins again after a pass that broke off", function()
    for _, program in ipairs(PROGRAMS) do
      local cap <close> = assert(tap.open(at("plain." .. program)))
      for _ = 1, 3 do
        local n = 0
        for _ in cap:packets() do
          n = n + 1
          if n == 100 then break end
        end
      end
      assert.same({ 4001 }, { count(cap) })
    end
  end)

  it("may be of pcapng, or a small one", function()
    sh "gzip -c < small > small.gz"
    local cap <close> = assert(tap.open(at "small.gz"))
    assert.same({ 2 }, { count(cap) })
  end)

  it("leaves no process and no descriptor behind when it is closed early", function()
    local cap = assert(tap.open(at "plain.gzip"))
    assert(cap:next())
    assert.not_equal("", children())
    cap:close()
    assert.equal("", children())
  end)

  it("that is cut gives what is whole, then what the program said", function()
    local said = { gzip = "gzip: stdin: unexpected end of file", xz = "xz: %(stdin%): ", zstd = "zstd: ",
      lz4 = "lz4: " }
    for _, program in ipairs(PROGRAMS) do
      sh(("head -c $(($(stat -c %%s plain.%s) / 2)) plain.%s > cut"):format(program, program))
      local cap, message = tap.open(at "cut")
      local n = 0
      if cap then -- one program gives nothing of a block that is not whole
        n, message = count(cap)
        cap:close()
      end
      assert.is_true(n < 4001)
      if program == "gzip" or program == "xz" then assert.is_true(n > 100, program) end
      assert.matches("^" .. at "cut" .. ": cannot unpack: " .. said[program], message)
    end
  end)

  it("that holds no capture, or is damaged, is refused", function()
    sh "echo hello | gzip > text.gz"
    local cap, message = tap.open(at "text.gz")
    assert.is_nil(cap)
    assert.equal(at "text.gz" .. ": cannot read header: not a capture file", message)
    run.write(at "bad.gz", "\x1f\x8b\x08" .. ("nonsense"):rep(100))
    cap, message = tap.open(at "bad.gz")
    assert.is_nil(cap)
    assert.matches("bad%.gz: cannot unpack: gzip: ", message)
  end)

  it("names the program that is missing", function()
    local lua = sh("command -v " .. run.lua):gsub("\n", "")
    local code = ("print(select(2, require('moontap').open(%q)))"):format(at "plain.zstd")
    local r = run { "sh", "-c", "PATH=/nonexistent exec " .. run.quote { lua, "-e", code },
      env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") } }
    assert.equal(at "plain.zstd" .. ": cannot run zstd: No such file or directory\t2\n", r.out)
  end)
end)

describe("compressed standard input", function()
  it("is read from a file and from a pipe, which cannot begin again", function()
    for _, program in ipairs(PROGRAMS) do
      local path = at("plain." .. program)
      assert.equal("file\t4001\tnil\n\n", count_stdin("", path))
      assert.equal("pipe\t4001\tnil\n-: cannot start again: standard input was read already\t0\n",
        count_stdin("cat " .. path))
      -- the first bytes come one by one
      assert.equal("pipe\t4001\tnil\n-: cannot start again: standard input was read already\t0\n",
        count_stdin(("(export LD_PRELOAD=; for i in 0 1 2 3 4 5 6; do " ..
          "dd if=%s bs=1 skip=$i count=1 2>/dev/null; done; tail -c +8 %s)"):format(path, path)))
    end
  end)

  it("that ends early fails behind what was whole", function()
    assert.matches("^pipe\t%d+\t%-: cannot unpack: gzip: ", (count_stdin("head -c 30000 " .. at "plain.gzip")))
  end)
end)

describe("a file that is followed", function()
  it("is waited for where it ends, also inside a packet", function()
    local path, file = at "growing", b.pcap { "one", "two", "three" }
    local first = #b.pcap { "one" }
    run.write(path, file:sub(1, first + 5))
    local cap <close> = assert(tap.open { file = path, follow = true })
    local list = {}
    cap:each(function(p) list[#list + 1] = p:bytes() end)
    local state
    repeat state = select(2, cap:run { wait = false }) until state ~= "more"
    assert.same({ "idle", "one" }, { state, list[1] })
    local writer = assert(io.open(path, "ab"))
    for i = first + 6, #file do
      writer:write(file:sub(i, i))
      writer:flush()
      cap:run { wait = false }
    end
    writer:close()
    assert.same({ "one", "two", "three" }, list)
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
  end)

  it("wakes who waits for it, without spinning", function()
    local path = at "waking"
    run.write(path, b.pcap { "one" })
    local code = ([[
      local cap = require("moontap").open { file = %q, follow = true }
      io.stdout:setvbuf "line"
      local before = os.clock()
      for p in cap:packets() do
        print(p:bytes())
        if p:bytes() == "last" then break end
      end
      print(os.clock() - before < 0.3)
    ]]):format(path)
    local p <close> = run.start { run.lua, "-e", code, env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") } }
    local record = b.pcap({ "last" }):sub(25)
    wait.until_true("the first packet is there", function() return p:out() == "one\n" end)
    local writer <close> = assert(io.open(path, "ab"))
    writer:write(record)
    writer:close()
    assert.equal("one\nlast\ntrue\n", p:finish().out)
  end)

  it("ends its pass by duration", function()
    local path = at "quiet"
    run.write(path, b.pcap { "one" })
    local cap <close> = assert(tap.open { file = path, follow = true })
    assert.equal(1, cap:run { duration = "20ms" }.delivered)
  end)

  it("fails when it becomes shorter", function()
    local path = at "shorter"
    run.write(path, b.pcap { "one", "two" })
    local cap <close> = assert(tap.open { file = path, follow = true })
    assert.equal("more", select(2, cap:run { wait = false, count = 1 }))
    repeat local _, state = cap:run { wait = false } until state ~= "more"
    run.write(path, "x")
    local stats, message = cap:run()
    assert.is_nil(stats)
    assert.equal(path .. ": cannot follow: the file was cut", message)
  end)

  it("is no compressed one, and nothing but a file", function()
    local cap, message = tap.open { file = at "plain.gzip", follow = true }
    assert.is_nil(cap)
    assert.equal(at "plain.gzip" .. ": cannot follow a compressed file", message)
    assert.has_error(function() tap.open { data = "x", follow = true } end, "open: follow is for files only")
  end)
end)
