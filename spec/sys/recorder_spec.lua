-- csrc/sys/recorder.c: the last packets, kept in memory until they are wanted in a file.

local run = require "spec.support.run"
local tap = require "moontap"

local S <const> = 1000000000

local path

before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

--- Save 'n' packets of 1000 bytes, a second apart.
local function record(w, n)
  local packets = {}
  for i = 1, n do packets[i] = { ("%08d"):format(i) .. ("x"):rep(992), time_ns = i * S } end
  local cap <close> = assert(tap.open { packets = packets })
  cap:save(w)
  assert(cap:run())
end

local function dumped(w)
  local count = assert(w:dump(path))
  local cap <close> = assert(tap.open(path))
  local list = {}
  cap:each(function(p) list[#list + 1] = math.tointeger(tonumber(p:bytes(0, 8))) end)
  assert(cap:run())
  assert.equal(#list, count)
  for i, number in ipairs(list) do assert.equal(list[1] + i - 1, number) end
  return list
end

describe("a recorder", function()
  it("keeps the newest packets of a size, whole and in order", function()
    local w <close> = assert(tap.writer { keep = "1M" })
    record(w, 5003)
    local list = dumped(w)
    assert.equal(5003, list[#list])
    assert.is_true(#list * 1000 > 600000 and #list * 1000 < 1 << 20, #list)
    assert.same({ packets = 5003, bytes = 5003000, unsaved = 0 }, w:stats())
  end)

  it("keeps the packets of a time", function()
    local w <close> = assert(tap.writer { keep = "60s" })
    record(w, 1009)
    local list = dumped(w)
    assert.same({ 949, 1009 }, { list[1], list[#list] })
  end)

  it("goes on after it was dumped, and takes single packets", function()
    local w = assert(tap.writer { keep = "1M" })
    assert.same({}, dumped(w))
    assert(w:write("00000001", { time_ns = 7 }))
    assert.same({ 1 }, dumped(w))
    assert(w:write("00000002", { time_ns = 8 }))
    assert.same({ 1, 2 }, dumped(w))
    assert(w:flush())
    assert(w:close())
    assert.equal("writer (recorder, closed)", tostring(w))
    assert.equal(2, w:stats().packets)
    assert.has_error(function() w:dump(path) end, "recorder: the writer is closed")
  end)

  it("keeps one packet at least, however long", function()
    local w <close> = assert(tap.writer { keep = 1 })
    for i = 1, 3 do assert(w:write(("%08d"):format(i) .. ("x"):rep(300000))) end
    assert.same({ 3 }, dumped(w))
  end)

  it("writes the format that the name asks for", function()
    local w <close> = assert(tap.writer { keep = "1M" })
    assert(w:write("x"))
    assert.equal(1, w:dump(path))
    assert.equal("\x0a\x0d\x0d\x0a", run.read(path):sub(1, 4))
    assert.equal(1, w:dump(path .. ".pcap"))
    assert.equal("\x4d\x3c\xb2\xa1", run.read(path .. ".pcap"):sub(1, 4))
    os.remove(path .. ".pcap")
  end)

  it("says which file cannot be written, and keeps what it has", function()
    local w <close> = assert(tap.writer { keep = "1M" })
    assert(w:write("00000001"))
    local count, message, code = w:dump("/nope/x.pcap")
    assert.is_nil(count)
    assert.equal("/nope/x.pcap: cannot open for writing: No such file or directory", message)
    assert.equal(2, code)
    count, message = w:dump("/dev/full")
    assert.is_nil(count)
    assert.equal("/dev/full: cannot write: No space left on device", message)
    assert.same({ 1 }, dumped(w))
  end)

  it("is asked for rightly, else it is misuse", function()
    assert.has_error(function() tap.writer { keep = "much" } end,
      "writer: keep: 'much' is not a size (write 64K, 32M or 1G)")
    assert.has_error(function() tap.writer { keep = 0 } end, "writer: keep: nothing would be kept")
    assert.has_error(function() tap.writer { keep = "1M", file = "x" } end, "writer: file does not go with keep")
    local file <close> = assert(tap.writer(path))
    assert.has_error(function() file:dump(path) end, path .. ": the writer keeps no packets")
    local w <close> = assert(tap.writer { keep = "1M" })
    assert.has_error(function() w:turn() end, "recorder: the writer does not rotate")
    assert.error_matches(function() w:dump() end, "bad argument #1 to 'dump'")
  end)
end)
