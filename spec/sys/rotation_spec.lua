-- csrc/sys/rotation.c: when a writer goes on in another file, how files are called and which stay;
-- -C -G -W as tcpdump itself does it.

local b = require "spec.support.build"
local lfs = require "lfs"
local run = require "spec.support.run"
local tap = require "moontap"
local wait = require "spec.support.wait"

local S <const> = 1000000000
local BEGIN <const> = 1700000000 * S

local folder

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(run { "install", "-d", "-m", "777", folder }.code == 0)
end)

after_each(function() run { "rm", "-r", folder } end)

local function names()
  local list = {}
  for name in lfs.dir(folder) do
    if not name:match("^%.") then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

--- Numbers of the packets of each file, which are their lengths.
local function content()
  local files = {}
  for _, name in ipairs(names()) do
    local cap <close> = assert(tap.open(folder .. "/" .. name))
    local list = {}
    cap:each(function(p) list[#list + 1] = p.len end)
    assert(cap:run())
    files[name] = table.concat(list, " ")
  end
  return files
end

--- Save packets of length 1 to n, a second apart, into files that turn so.
local function save(n, name, rotate)
  local packets = {}
  for i = 1, n do packets[i] = { ("x"):rep(i), time_ns = BEGIN + i * S } end
  local cap <close> = assert(tap.open { packets = packets })
  local w = assert(tap.writer { file = folder .. "/" .. name, rotate = rotate })
  cap:save(w)
  assert(cap:run())
  assert(w:close())
  return w:stats()
end

describe("rotate", function()
  it("turns after a number of packets, and numbers names that say nothing", function()
    assert.same({ packets = 7, bytes = 28, unsaved = 0 }, save(7, "x.pcap.gz", { packets = 3 }))
    assert.same({ ["x-00000.pcap.gz"] = "1 2 3", ["x-00001.pcap.gz"] = "4 5 6", ["x-00002.pcap.gz"] = "7" }, content())
    assert.equal("\x1f\x8b", run.read(folder .. "/x-00002.pcap.gz"):sub(1, 2))
  end)

  it("keeps the newest files and removes the oldest", function()
    save(23, "%i-ring.pcapng", { packets = 2, files = 3 })
    assert.same({ ["00009-ring.pcapng"] = "19 20", ["00010-ring.pcapng"] = "21 22", ["00011-ring.pcapng"] = "23" },
      content())
  end)

  it("lets no file be larger than it may", function()
    save(100, "x.pcap", { size = 400 })
    local all, sizes = {}, 0
    for _, name in ipairs(names()) do
      local size = #run.read(folder .. "/" .. name)
      assert.is_true(size <= 400)
      sizes = sizes + size
      all[#all + 1] = content()[name]
    end
    local list = {}
    for i = 1, 100 do list[i] = i end
    assert.equal(table.concat(list, " "), table.concat(all, " "))
    assert.equal(#all * 24 + 100 * 16 + 5050, sizes)
  end)

  it("turns on the time of packets, from the first one or at multiples", function()
    save(10, "at-%s.pcap", { every = "4s" })
    assert.same({ ["at-1700000001.pcap"] = "1 2 3 4", ["at-1700000005.pcap"] = "5 6 7 8",
      ["at-1700000009.pcap"] = "9 10" }, content())
    run { "sh", "-c", "rm " .. folder .. "/*" }
    save(10, "x.pcap", { every = "4s", align = true })
    assert.same({ ["x-00000.pcap"] = "1 2 3", ["x-00001.pcap"] = "4 5 6 7", ["x-00002.pcap"] = "8 9 10" }, content())
  end)

  it("tells the script each finished file, in a pass and in writing", function()
    local told = {}
    local function done(path) told[#told + 1] = path:match("[^/]+$") .. " " .. #run.read(path) end
    save(5, "x.pcap", { packets = 2, done = done })
    assert.same({ "x-00000.pcap 59", "x-00001.pcap 63", "x-00002.pcap 45" }, told)
    local w = assert(tap.writer { file = folder .. "/w.pcap", rotate = { packets = 1, done = done } })
    assert(w:write("abc"))
    assert.equal(3, #told)
    assert(w:write("abc"))
    assert.equal("w-00000.pcap 43", told[4])
    w:turn()
    assert(w:close())
    assert.equal("w-00001.pcap 43", told[5])
  end)

  it("lets an error of the script's function end the pass, as handlers do", function()
    local packets = {}
    for i = 1, 600 do packets[i] = "x" end
    local cap <close> = assert(tap.open { packets = packets })
    local w <close> = assert(tap.writer { file = folder .. "/x.pcap",
      rotate = { packets = 1, done = function() error("no more", 0) end } })
    cap:save(w)
    assert.has_error(function() cap:run() end, "no more")
  end)

  it("turns when the script asks", function()
    local w = assert(tap.writer { file = folder .. "/x.pcap", rotate = { packets = 100 } })
    assert(w:write("a"))
    w:turn()
    assert(w:write("bb"))
    assert(w:close())
    assert.same({ ["x-00000.pcap"] = "1", ["x-00001.pcap"] = "2" }, content())
    local one <close> = assert(tap.writer(folder .. "/y.pcap"))
    assert.has_error(function() one:turn() end, folder .. "/y.pcap: the writer does not rotate")
  end)

  it("runs a command on each file that another one follows", function()
    save(5, "x.pcap", { packets = 2, command = "gzip" })
    wait.until_true("two files are packed", function()
      return table.concat(names(), " ") == "x-00000.pcap.gz x-00001.pcap.gz x-00002.pcap"
    end)
  end)

  it("says why the next file cannot be, and what is not saved then", function()
    local w = assert(tap.writer { file = folder .. "/%i/x.pcap", rotate = { packets = 1 } } == nil and
      (lfs.mkdir(folder .. "/00000") and tap.writer { file = folder .. "/%i/x.pcap", rotate = { packets = 1 } }))
    assert(w:write("a"))
    local ok, message, code = w:write("b")
    assert.is_nil(ok)
    assert.equal(folder .. "/%i/x.pcap: cannot open for writing: No such file or directory", message)
    assert.equal(2, code)
    assert.same({ packets = 1, bytes = 1, unsaved = 1 }, w:stats())
    assert.is_nil(w:close())
  end)

  it("is refused where there is no room for the files", function()
    local w, message, code = tap.writer { file = folder .. "/x.pcap", rotate = { size = "64G", files = 1000000 } }
    assert.is_nil(w)
    assert.matches("/x%.pcap: cannot keep 68719476736000000 bytes where %d+ are free: No space left", message)
    assert.equal(28, code)
    assert.same({}, names())
  end)

  it("is asked for rightly, else it is misuse", function()
    for text, rotate in pairs {
      ["writer: rotate: give one of size, packets, every"] = { files = 3 },
      ["writer: rotate: align goes with every"] = { size = 100, align = true },
      ["writer: rotate: unknown option 'sizes' (did you mean 'size'?)"] = { sizes = 100 },
      ["writer: rotate: packets is not within 1 and up"] = { packets = 0 },
    } do
      assert.has_error(function() tap.writer { file = "x", rotate = rotate } end, text)
    end
    assert.has_error(function() tap.writer { file = "-", rotate = { size = 1 } } end,
      "writer: rotate: standard output is one file")
  end)
end)

describe("-C -G -W", function()
  local capture

  setup(function()
    capture = os.tmpname()
    local frames = {}
    for i = 1, 3000 do
      frames[i] = { b.udp_frame { srcport = i, payload = ("x"):rep(1300) }, time_ns = BEGIN + i * 1000 }
    end
    run.write(capture, b.pcap(frames))
  end)

  teardown(function() os.remove(capture) end)

  --- What is in which file after a program ran with these words.
  local function files_of(program, words)
    run { "sh", "-c", "rm -f " .. folder .. "/*" }
    local r = run { table.unpack(table.move(words, 1, #words, #program + 1, { table.unpack(program) })) }
    assert.equal(0, r.code, r.err)
    local files = {}
    for _, name in ipairs(names()) do
      local cap <close> = assert(tap.open(folder .. "/" .. name))
      local list = {}
      cap:on({ "udp.srcport" }, function(port) list[#list + 1] = port end)
      assert(cap:run())
      files[name] = table.concat(list, " ")
    end
    return files
  end

  it("write the files that tcpdump writes", function()
    local theirs <const> = { "tcpdump", "-Z", "root", "-r", capture, "-w", folder .. "/x.pcap" }
    local ours <const> = { run.moontap, "--keep-privileges", "-r", capture, "-w", folder .. "/x.pcap" }
    for line in ([[
      -C 1
      -C 1 -W 1
      -C 1 -W 2
      -C 1 -W 11
      -C 1 -W 3 -G 3600
      -C 2 -G 3600
      -G 3600
      -G 3600 -W 2
      -W 2
      -C 1 -z true
    ]]):gmatch("[^\n]+") do
      local words = {}
      for word in line:gmatch("%S+") do words[#words + 1] = word end
      if #words > 0 then
        local wanted = files_of(theirs, words)
        if next(wanted) == nil then return pending("tcpdump cannot write here") end
        assert.same(wanted, files_of(ours, words), line)
      end
    end
  end)

  it("turn by the clock, and end after so many files", function()
    local w = assert(tap.writer { file = folder .. "/%s.pcap", rotate = { every = 1, files = 2, letters = true } })
    local ok, message
    local count = 0
    repeat
      ok, message = w:write("x")
      count = count + 1
    until not ok
    assert.equal(folder .. "/%s.pcap: cannot write: the last file is full", message)
    assert(w:close())
    assert.equal(2, #names())
    assert.equal(1, tonumber(names()[2]:match("%d+")) - tonumber(names()[1]:match("%d+")))
    assert.equal(count - 1, w:stats().packets)
  end)

  it("are refused where they mean nothing", function()
    for line, message in pairs {
      ["-C 1"] = "-C goes with -w",
      ["-G 1 -w -"] = "-G does not go with -w -, which is one file",
      ["-C 0 -w x"] = "-C: a file of size 0 has no packets",
      ["-W 0 -C 1 -w x"] = "-W: '0' is not a whole number above 0",
      ["--rotate=files=3 -w x"] = "--rotate: give one of size, packets, every",
      ["--rotate=size=1M -C 1 -w x"] = "give -C or --rotate, not both",
    } do
      local words = { run.moontap, "-r", capture }
      for word in line:gmatch("%S+") do words[#words + 1] = word end
      local r = run(words)
      assert.same({ 2, "moontap: " .. message .. "\n" }, { r.code, r.err }, line)
    end
  end)

  it("have a kin that keeps the newest files", function()
    local files = files_of({ run.moontap, "--keep-privileges", "-r", capture, "-w", folder .. "/x.pcap" },
      { "--rotate", "size=1M,files=2" })
    assert.same({ "x-00002.pcap", "x-00003.pcap" }, names())
    assert.matches(" 3000$", files["x-00003.pcap"])
  end)
end)
