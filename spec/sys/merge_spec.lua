-- csrc/sys/merge.c: several files as one, in the order of time.

local b = require "spec.support.build"
local blocks = require "spec.support.pcapng"
local run = require "spec.support.run"
local tap = require "moontap"

local folder

local function at(name)
  return folder .. "/" .. name
end

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(run { "mkdir", folder }.code == 0)
end)

teardown(function()
  run { "rm", "-r", folder }
end)

--- Make a file of packets with these times (ns), whose bytes are its name and the time.
local function write(name, times)
  local packets = {}
  for i, time in ipairs(times) do packets[i] = { ("%s%d"):format(name, time), time_ns = time } end
  run.write(at(name), b.pcap(packets, { nanoseconds = true }))
end

local function read(names)
  local paths = {}
  for i, name in ipairs(names) do paths[i] = at(name) end
  local cap <close> = assert(tap.open { file = paths })
  local list = {}
  cap:each(function(p)
    assert.equal(at(p:bytes():match("^%a+")), p["frame.file"])
    list[#list + 1] = p:bytes()
  end)
  local _, message = cap:run()
  return list, message
end

describe("several files", function()
  it("are merged by time, equal times in the order of the files", function()
    write("a", { 1, 3, 5, 5, 9 })
    write("b", { 2, 3, 4, 5, 6 })
    write("c", {})
    assert.same({ "a1", "b2", "a3", "b3", "b4", "a5", "a5", "b5", "b6", "a9" }, (read { "a", "b", "c" }))
    assert.same({ "b2", "b3", "b4", "b5", "b6" }, (read { "b" }))
  end)

  it("are merged as mergecap does, over many batches and passes", function()
    math.randomseed(29)
    local names, paths = { "d", "e", "f", "g" }, {}
    for i, name in ipairs(names) do
      local times, time = {}, 0
      for n = 1, 1500 * i do
        time = time + math.random(1, n % 300 == 0 and 4000 or 40)
        times[n] = time * 8 + i -- no two are equal
      end
      write(name, times)
      paths[i] = at(name)
    end
    local words = { "mergecap", "-F", "nsecpcap", "-w", at "merged", env = { LD_PRELOAD = false } }
    local merged = run(table.move(paths, 1, #paths, #words + 1, words))
    assert.equal(0, merged.code, merged.err)
    local expected = {}
    local whole <close> = assert(tap.open(at "merged"))
    for p in whole:packets() do expected[#expected + 1] = p:bytes() end
    assert.equal(15000, #expected)
    local cap <close> = assert(tap.open { file = paths })
    assert.equal("files", cap:info().kind)
    for _ = 1, 2 do
      local n = 0
      for p in cap:packets() do
        n = n + 1
        if expected[n] ~= p:bytes() then error(("%d: %s is not %s"):format(n, p:bytes(), expected[n])) end
      end
      assert.equal(15000, n)
    end
  end)

  it("may be of different formats, compressed, of different link types", function()
    local s = blocks ">"
    write("h", { 1000, 3000 })
    run.write(at "i", s.section() .. s.interface { linktype = 101, name = "eth9" } .. s.enhanced("i2", { ticks = 2 }) ..
      s.simple("i", { len = 1 }))
    assert.equal(0, run { "sh", "-c", "gzip -c h > j", cwd = folder }.code)
    local cap <close> = assert(tap.open { file = { at "h", at "i", at "j" } })
    assert.is_nil(cap:info().linktype)
    local list = {}
    for p in cap:packets() do
      list[#list + 1] = ("%s %d %s"):format(p:bytes(), p["frame.linktype"], p["frame.interface_name"] or "-")
    end
    assert.same({ "h1000 1 -", "h1000 1 -", "i2 101 eth9", "i 101 eth9", "h3000 1 -", "h3000 1 -" }, list)
  end)

  it("that fail are named, behind what all others have", function()
    write("k", { 1, 5 })
    write("l", { 2, 3, 9 })
    run.write(at "k", run.read(at "k"):sub(1, -2))
    local list, message = read { "k", "l" }
    assert.same({ "k1", "l2", "l3", "l9" }, list)
    assert.equal(("2 files: cannot read %s: read record 2 at byte 42: the file ends inside it"):format(at "k"), message)
    local cap
    cap, message = tap.open { file = { at "l", at "missing" } }
    assert.is_nil(cap)
    assert.equal(("2 files: cannot read %s: open: No such file or directory"):format(at "missing"), message)
  end)

  it("may be pipes, and wait for the one that has nothing yet", function()
    write("m", { 1, 4 })
    local pipe = at "pipe"
    assert.equal(0, run { "mkfifo", pipe }.code)
    local writer <close> = assert(io.open(pipe, "r+b"))
    writer:setvbuf("no")
    local file = b.pcap({ { "p2", time_ns = 2 }, { "p5", time_ns = 5 } }, { nanoseconds = true })
    writer:write(file:sub(1, 24))
    local cap <close> = assert(tap.open { file = { at "m", pipe } })
    local list = {}
    cap:each(function(p) list[#list + 1] = p:bytes() end)
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
    writer:write(file:sub(25))
    local state
    repeat state = select(2, cap:run { wait = false }) until state == "idle" and #list > 0
    assert.same({ "m1", "p2", "m4", "p5" }, list)
    writer:close()
    repeat state = select(2, cap:run { wait = false }) until state == "end"
  end)

  it("are a list of names, else it is misuse", function()
    assert.has_error(function() tap.open { file = {} } end, "open: file is not a file's name or a list of names")
    assert.has_error(function() tap.open { file = { "a", 1 } } end, "open: file has no name of a file at 2")
    assert.has_error(function() tap.open { file = { "a" }, follow = true } end, "open: follow is for one file only")
  end)
end)
