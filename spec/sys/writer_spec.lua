-- csrc/sys/writer.c, csrc/pcap/encode.c and csrc/lua/lwriter.c: capture files as they are written,
-- read back by moontap, tshark and capinfos; and all that can keep a writer from writing.

local b = require "spec.support.build"
local blocks = require "spec.support.pcapng"
local corpus = require "spec.proto.corpus"
local long = require "spec.support.long"
local run = require "spec.support.run"
local tap = require "moontap"
local wait = require "spec.support.wait"

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

local function text(p)
  return ("%s %s %d %d %s %s %s %s"):format(p.time_ns or "-", p["frame.linktype"], p["frame.len"], p["frame.cap_len"],
    p["frame.interface_name"] or "-", p["frame.direction:text"] or "-", table.concat(p:all("frame.comment"), "|"),
    p:bytes())
end

local function read(source, show)
  local cap <close> = assert(tap.open(source))
  local list = {}
  cap:each(function(p) list[#list + 1] = (show or text)(p) end)
  local _, message = cap:run()
  return list, message
end

--- What another program says of a file; it must not complain.
local function tshark(path, ...)
  local words = { "tshark", "-n", "-r", path, "-T", "fields", ... }
  words.env = { LD_PRELOAD = false }
  local r = run(words)
  assert.equal(0, r.code, r.err)
  return r.out
end

--- Save all packets of a source into a file.
local function save(source, options)
  local cap <close> = assert(tap.open(source))
  local w = assert(tap.writer(options))
  cap:save(w)
  cap:run()
  assert(w:close())
  return w
end

local function frames(n)
  local list = {}
  for i = 1, n do
    local bytes = b.udp_frame { srcport = i % 60000, payload = ("x"):rep(i % 800) }
    list[i] = { bytes, time_ns = 1700000000000000000 + i * 1000003, len = #bytes + i % 3 }
  end
  return list
end

describe("a writer", function()
  it("writes both formats, told by the name, as other programs read them", function()
    local packets = frames(2003)
    local expected = read { packets = packets }
    for _, name in ipairs { "a.pcap", "a.pcapng", "a", "a.pcap.gz", "a.pcapng.zst", "a.xz", "a.pcap.lz4" } do
      local w = save({ packets = packets }, at(name))
      assert.equal(2003, w:stats().packets)
      assert.equal(0, w:stats().unsaved)
      assert.same(expected, (read(at(name))))
    end
    for _, name in ipairs { "a.pcap", "a.pcapng" } do
      local lines = {}
      for line in tshark(at(name), "-e", "frame.time_epoch", "-e", "frame.len", "-e", "udp.srcport"):gmatch("[^\n]+") do
        lines[#lines + 1] = line
      end
      assert.equal(2003, #lines)
      assert.equal("1700000002.003006009\t" .. packets[2003].len .. "\t2003", lines[2003])
      assert.equal(0, run { "capinfos", at(name), env = { LD_PRELOAD = false } }.code)
    end
    assert.equal("\x4d\x3c\xb2\xa1", run.read(at "a.pcap"):sub(1, 4))
    assert.equal("\x0a\x0d\x0d\x0a", run.read(at "a"):sub(1, 4))
    assert.equal("\x1f\x8b", run.read(at "a.pcap.gz"):sub(1, 2))
  end)

  it("cuts times to microseconds where that is wanted", function()
    save({ packets = { { "x", time_ns = -1 }, { "y", time_ns = 1234567 } } },
      { file = at "us", format = "pcap", nanoseconds = false })
    assert.equal("\xd4\xc3\xb2\xa1", run.read(at "us"):sub(1, 4))
    assert.equal(1234000, math.tointeger(read(at "us", function(p) return p.time_ns end)[2]))
  end)

  it("keeps interfaces, link types, directions and comments in pcapng", function()
    for _, order in ipairs { "<", ">" } do
      local s = blocks(order)
      local file = s.section() .. s.interface { name = "eth0", resolution = 9 } .. s.interface { linktype = 101 } ..
        s.enhanced("a", { ticks = 5, comment = "mine", flags = 1 }) .. s.enhanced("b", { interface = 1, flags = 2 }) ..
        s.enhanced("c", { options = { { 1, "one" }, { 1, "two" }, { 5, s.number(7) }, { 4, s.number(9) } } }) ..
        s.section() .. s.interface { name = "wlan0", linktype = 127 } .. s.enhanced("d", { ticks = 9 })
      local expected = read { data = file }
      save({ data = file }, at "kept.pcapng")
      assert.same(expected, (read(at "kept.pcapng")))
      assert.same({ "7 9" }, { (read(at "kept.pcapng", function(p)
        return ("%s %s"):format(p["frame.packet_id"] or "-", p["frame.drop_count"] or "-")
      end))[3] })
      assert.equal("mine\n", tshark(at "kept.pcapng", "-c", 1, "-e", "frame.comment"))
    end
  end)

  it("writes packets and bytes that a script gives it, with comments", function()
    local w = assert(tap.writer(at "given.pcapng"))
    local p = tap.packet(b.udp_frame(), { time_ns = 17 })
    assert.is_true(w:write(p))
    assert.is_true(w:write(p, { comment = "a word" }))
    assert.is_true(w:write("bytes", { time_ns = 19, linktype = 101, len = 9, comment = "another" }))
    assert.is_true(w:close())
    local list = read(at "given.pcapng")
    assert.equal(3, #list)
    assert.matches("^17 1 42 42 %- %- a word ", list[2])
    assert.equal("19 101 9 5 - - another bytes", list[3])
    assert.equal("another\n", tshark(at "given.pcapng", "-Y", "frame.number==3", "-e", "frame.comment"))
  end)

  it("has a file without packets that others read", function()
    for _, name in ipairs { "empty.pcap", "empty.pcapng" } do
      assert(assert(tap.writer(at(name))):close())
      assert.equal(0, #read(at(name)))
      assert.equal("", tshark(at(name), "-e", "frame.number"))
    end
  end)

  it("keeps every readable file of the corpus, through pcapng and pcap", function()
    local files = corpus.files(function() return true end)
    if not files then return pending("the corpus is not here") end
    local kept = 0
    local function plain(p)
      return ("%s %d %d %s"):format(p.time_ns or 0, p["frame.linktype"], p["frame.len"], p:bytes())
    end
    for _, file in ipairs(files) do
      local cap = tap.open(file.path)
      if cap then
        cap:close()
        local expected, whole = read(file.path, plain), read(file.path)
        save(file.path, at "c.pcapng")
        assert.same(#whole, #read(at "c.pcapng"), file.file)
        assert.same(expected, (read(at "c.pcapng", plain)), file.file)
        local wide = false
        for _, line in ipairs(expected) do
          local time = math.tointeger(tonumber(line:match("^%S+")))
          wide = wide or time < 0 or time >= 1 << 62 or math.type(time) ~= "integer"
        end
        if not file.linktypes:find(",") and not wide then
          save(at "c.pcapng", at "c.pcap")
          assert.same(expected, (read(at "c.pcap", plain)), file.file)
        end
        kept = kept + 1
      end
    end
    assert.is_true(kept > 200)
  end)

  it("refuses a packet of another link type in a pcap file", function()
    local w = assert(tap.writer(at "mixed.pcap"))
    assert(w:write("a"))
    local ok, message = w:write("b", { linktype = 101 })
    assert.is_nil(ok)
    assert.equal(at "mixed.pcap" .. ": cannot write: a pcap file of link type 1 cannot have a packet of 101", message)
    assert(w:write("c"))
    assert(w:close())
    assert.equal(2, w:stats().packets)
    assert.equal(1, w:stats().unsaved)
    assert.equal(2, #read(at "mixed.pcap"))
  end)

  it("writes packets longer than its buffer", function()
    local list = { "a", ("long"):rep(100000), "b" }
    for _, name in ipairs { "long.pcap", "long.pcapng" } do
      local w = assert(tap.writer { file = at(name), snaplen = 1 << 20 })
      for _, bytes in ipairs(list) do assert(w:write(bytes)) end
      assert(w:close())
      assert.same(list, (read(at(name), function(p) return p:bytes() end)))
    end
  end)

  it("writes at once where that is wanted", function()
    local w = assert(tap.writer { file = at "now.pcap", flush = true })
    assert(w:write("one"))
    assert.equal(1, #read(at "now.pcap"))
    assert(w:write("two"))
    assert.equal(2, #read(at "now.pcap"))
    w:close()
  end)

  it("that is closed writes nothing, and tells its counts", function()
    local w = assert(tap.writer(at "closed.pcap"))
    assert(w:write("one"))
    assert(w:close())
    assert(w:close())
    assert.equal(1, w:stats().packets)
    assert.has_error(function() w:write("two") end, at "closed.pcap" .. ": the writer is closed")
    assert.equal("writer (" .. at "closed.pcap" .. ", closed)", tostring(w))
  end)

  it("is asked for rightly, else it is misuse", function()
    assert.has_error(function() tap.writer {} end, "writer: the file is missing")
    assert.has_error(function() tap.writer { file = "x", fomat = "pcap" } end,
      "writer: unknown option 'fomat' (did you mean 'format'?)")
    assert.has_error(function() tap.writer { file = "x", format = "pcab" } end,
      "writer: format 'pcab' is none of pcap, pcapng")
    local w <close> = assert(tap.writer "/dev/null")
    assert.error_matches(function() w:write({}) end, "bad argument #1 to 'write'")
    assert.has_error(function() w:write("x", { coment = "y" }) end,
      "write: unknown option 'coment' (did you mean 'comment'?)")
  end)
end)

describe("saving", function()
  it("comes before handlers, and is counted", function()
    local cap <close> = assert(tap.open { packets = { "a", "b", "c" } })
    local w = assert(tap.writer { file = at "order.pcap", flush = true })
    cap:save(w)
    local seen = {}
    cap:each(function() seen[#seen + 1] = #read(at "order.pcap") end)
    local stats = assert(cap:run())
    assert.same({ 1, 2, 3 }, seen)
    assert.same({ { matched = 3, skipped = 0 } }, stats.writers)
    assert.same({}, stats.tables)
    w:close()
  end)

  it("is over when the pass is, without closing", function()
    local w <close> = assert(tap.writer(at "over.pcap"))
    local cap <close> = assert(tap.open { packets = { "a", "b", "c" } })
    cap:save(w)
    assert(cap:run())
    assert.equal(3, #read(at "over.pcap"))
    assert(cap:run { count = 1 })
    assert.equal(4, #read(at "over.pcap"))
  end)

  it("saves what 'where' accepts, each file its own part, and counts it", function()
    local packets = frames(97)
    local cap <close> = assert(tap.open { packets = packets, filter = "udp.srcport < 90" })
    local wheres <const> = { "udp.srcport < 20", "udp.length > 50", "tcp" }
    for i, where in ipairs(wheres) do cap:save(assert(tap.writer(at("part" .. i .. ".pcapng"))), where) end
    local stats = assert(cap:run())
    assert.same({ { matched = 19, skipped = 0 }, { matched = 47, skipped = 0 }, { matched = 0, skipped = 0 } },
      stats.writers)
    local expected = { "", "", "" }
    for i = 1, 89 do
      if i < 20 then expected[1] = expected[1] .. i .. "\n" end
      if 8 + i > 50 then expected[2] = expected[2] .. i .. "\n" end
    end
    for i = 1, 3 do assert.equal(expected[i], tshark(at("part" .. i .. ".pcapng"), "-e", "udp.srcport")) end
  end)

  it("says what is wrong with 'where', and then saves nothing", function()
    local cap <close> = assert(tap.open { packets = frames(3) })
    local w <close> = assert(tap.writer(at "wrong.pcapng"))
    assert.error_matches(function() cap:save(w, "udp.srcprot < 20") end, "did you mean 'udp%.srcport'")
    assert(cap:run())
    assert.equal(0, w:stats().packets)
  end)

  it("writes whole records at every length, beside packets of which more is said", function()
    local packets = {}
    for i = 0, 70 do packets[i + 1] = { ("x"):rep(i), time_ns = i - 7 } end
    local w = assert(tap.writer(at "lengths.pcapng"))
    local cap <close> = assert(tap.open { packets = packets })
    cap:save(w)
    cap:each(function(p) if #p:bytes() % 9 == 0 then w:write(p, { comment = "again" }) end end)
    assert(cap:run())
    assert(w:close())
    local list = read(at "lengths.pcapng", function(p) return p:bytes() end)
    assert.equal(71 + 8, #list)
    assert.equal(("x"):rep(70), list[#list])
    assert.equal(79, select(2, tshark(at "lengths.pcapng", "-e", "frame.len"):gsub("\n", "")))
  end)

  it("may go to several files, and saves what the filter passes", function()
    local cap <close> = assert(tap.open { packets = { "a", "bb", "cc" }, filter = { { 6, 0, 0, 65535 } } })
    for i = 1, 3 do cap:save(assert(tap.writer(at("several" .. i)))) end
    assert(cap:run())
    for i = 1, 3 do assert.equal(3, #read(at("several" .. i))) end
  end)
end)

describe("a file that cannot be written", function()
  --- Call 'fn' with the path of a small file system, where the system lets us make one.
  local function with_tmpfs(size, fn)
    local path = at "tmpfs"
    run { "mkdir", "-p", path }
    if run { "mount", "-t", "tmpfs", "-o", "size=" .. size, "none", path }.code ~= 0 then
      return pending("no file system can be mounted here")
    end
    local ok, e = xpcall(fn, debug.traceback, path)
    run { "umount", path }
    if not ok then error(e, 0) end
  end

  it("is named with step and reason", function()
    local w, message, code = tap.writer(at "missing/x.pcap")
    assert.is_nil(w)
    assert.equal(at "missing/x.pcap" .. ": cannot open for writing: No such file or directory", message)
    assert.equal(2, code)
    w, message = tap.writer(folder)
    assert.is_nil(w)
    assert.equal(folder .. ": cannot open for writing: Is a directory", message)
  end)

  it("on a full disk ends the pass, keeps what is whole and counts what is not", function()
    with_tmpfs("1M", function(path)
      for _, name in ipairs { "full.pcap", "full.pcapng", "full.pcap.gz" } do
        local packets = frames(6007)
        math.randomseed(5)
        for i = 1, #packets do -- what no program packs
          local bytes = {}
          for n = 1, 300 do bytes[n] = string.char(math.random(0, 255)) end
          packets[i] = { table.concat(bytes), time_ns = i }
        end
        local cap <close> = assert(tap.open { packets = packets })
        local w = assert(tap.writer(path .. "/" .. name))
        cap:save(w)
        local stats, message, code = cap:run()
        assert(w:close() == nil)
        assert.is_nil(stats, name)
        if not name:find("gz") then
          assert.equal(("packets: cannot save to %s/%s: write: No space left on device"):format(path, name), message)
          assert.equal(28, code)
          local whole, why = read(path .. "/" .. name)
          assert.is_true(#whole >= w:stats().packets and #whole > 2000)
          assert.is_truthy(why == nil or why:find("the file ends inside it"))
        end
        local counts = w:stats()
        assert.equal(cap:stats().delivered, counts.packets + counts.unsaved)
        assert.is_true(counts.unsaved > 0)
        os.remove(path .. "/" .. name)
      end
    end)
  end)

  it("lets the pass go on where the script says so", function()
    with_tmpfs("64k", function(path)
      local cap <close> = assert(tap.open { packets = frames(3001) })
      local w = assert(tap.writer { file = path .. "/full.pcap", on_error = "count" })
      cap:save(w)
      assert.equal(3001, assert(cap:run()).delivered)
      w:close()
      assert.equal(3001, w:stats().packets + w:stats().unsaved)
      assert.is_true(w:stats().unsaved > 0)
    end)
  end)

  it("because its reader has gone is an error like others", function()
    local fifo = at "fifo"
    assert.equal(0, run { "mkfifo", fifo }.code)
    local reader = assert(io.open(fifo, "r+b"))
    local w = assert(tap.writer { file = fifo, format = "pcap", flush = true })
    assert(w:write("one"))
    reader:close()
    local ok, message, code = w:write("two")
    assert.is_nil(ok)
    assert.equal(fifo .. ": cannot write: Broken pipe", message)
    assert.equal(32, code)
    assert.is_nil(w:close())
    assert.equal(1, w:stats().packets)
    assert.equal(1, w:stats().unsaved)
  end)

  it("for lack of the program that packs names it", function()
    local lua = run { "sh", "-c", "command -v " .. run.lua }.out:gsub("\n", "")
    local code = ("print(select(2, require('moontap').writer(%q)))"):format(at "x.pcap.zst")
    local r = run { "sh", "-c", "PATH=/nonexistent exec " .. run.quote { lua, "-e", code },
      env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") } }
    assert.equal(at "x.pcap.zst" .. ": cannot run zstd: No such file or directory\t2\n", r.out)
  end)
end)

describe("a writer that is killed", function()
  local code = [[
    local tap = require "moontap"
    local w = assert(tap.writer(arg[1]))
    local bytes = ("\2"):rep(12) .. "\8\0" .. ("x"):rep(700)
    io.stdout:write("go\n"):flush()
    for i = 1, math.maxinteger do w:write(bytes:sub(1, 100 + i % 600), { time_ns = i }) end
  ]]

  it("leaves a file that others read, with the first of what was written", function()
    math.randomseed(os.time())
    run.write(at "kill.lua", code)
    for i = 1, long and 200 or 20 do
      local path = at(i % 2 == 0 and "killed.pcap" or "killed.pcapng")
      os.remove(path)
      local p <close> = run.start { run.lua, at "kill.lua", path, env = { LD_PRELOAD = os.getenv("MOONTAP_PRELOAD") } }
      local least = math.random(1, 5000000)
      wait.until_true("something is written", function()
        local size = run { "stat", "-c", "%s", path }.out
        return (tonumber(size) or 0) >= least
      end)
      p:kill("KILL")
      p:finish()
      local n = 0
      local list, why = read(path, function(q)
        n = n + 1
        assert(q.time_ns == n and #q:bytes() == 100 + n % 600)
        return ""
      end)
      assert.is_true(#list > 0)
      assert.is_truthy(why == nil or why:find("the file ends inside it"), why)
      local r = run { "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", env = { LD_PRELOAD = false } }
      local lines = select(2, r.out:gsub("\n", ""))
      assert.equal(#list, lines, r.err)
    end
  end)
end)
