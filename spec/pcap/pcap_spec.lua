-- csrc/pcap/pcap.c: what a capture file says, in both byte orders and units, and what of it is
-- damage.  Read from memory, so that nothing of sys/ but its smallest part takes part.

local b = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

--- All packets of a file's bytes as "seconds.fraction captured length bytes", and how it ended.
local function read(bytes)
  local cap <close> = assert(tap.open { data = bytes })
  local list = {}
  cap:each(function(p)
    list[#list + 1] = ("%d.%09d %d %s"):format(p.time_ns // 1000000000, p.time_ns % 1000000000, p.len, p:bytes())
  end)
  local _, message = cap:run()
  return list, message
end

--- The message that refuses to open a file's bytes.
local function refusal(bytes)
  local cap, message, code = tap.open { data = bytes }
  assert.is_nil(cap)
  assert.equal(0, code)
  return message
end

--- The variants of the format: byte order and unit.
local function variants()
  local list = {}
  for _, order in ipairs { "<", ">" } do
    for _, nanoseconds in ipairs { false, true } do list[#list + 1] = { order = order, nanoseconds = nanoseconds } end
  end
  return list
end

describe("a capture file", function()
  it("is read in both byte orders, with microseconds and nanoseconds", function()
    for _, o in ipairs(variants()) do
      local packets = { { "one", time_ns = 1234567890123456789, len = 1500 }, { "", time_ns = 0 }, "three" }
      local fraction = o.nanoseconds and "123456789" or "123456000"
      assert.same({ "1234567890." .. fraction .. " 1500 one", "0.000000000 0 ", "1700000000.003000000 5 three" },
        (read(b.pcap(packets, o))))
    end
  end)

  it("gives what tshark gives, whatever its variant", function()
    math.randomseed(5)
    local path = os.tmpname()
    for _, o in ipairs(variants()) do
      local packets, expected = {}, {}
      for i = 1, 211 do
        local bytes = b.udp_frame { payload = ("x"):rep(math.random(0, 900)), srcport = i }
        packets[i] = { bytes, len = #bytes + math.random(0, 9), time_ns = math.random(0, (1 << 32) * 1000000000 - 1) }
      end
      local data = b.pcap(packets, o)
      run.write(path, data)
      local r = run { "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len",
        "-e", "udp.srcport", "-e", "frame.cap_len" }
      assert.equal(0, r.code, r.err)
      for line in r.out:gmatch("[^\n]+") do expected[#expected + 1] = line end
      local got = {}
      local cap <close> = assert(tap.open { data = data })
      for p in cap:packets() do
        got[#got + 1] = ("%d.%09d\t%d\t%d\t%d"):format(p.time_ns // 1000000000, p.time_ns % 1000000000, p.len,
          p.sport, #p:bytes())
      end
      assert.equal(211, #expected)
      assert.same(expected, got)
    end
    os.remove(path)
  end)

  it("keeps a captured length over the original one, and a fraction over a second", function()
    local file = b.pcap { { "long", len = 2 } }
    assert.same({ "1700000000.001000000 2 long" }, (read(file)))
    -- 2^32 - 1 microseconds after 2^32 - 1 seconds
    local record = string.pack("<I4I4I4I4", 0xffffffff, 0xffffffff, 1, 1) .. "x"
    assert.same({ "4294971589.967295000 1 x" }, (read(b.pcap {} .. record)))
  end)

  it("may announce any link type and any snap length", function()
    local cap <close> = assert(tap.open { data = b.pcap({ "x" }, { linktype = 0x14000071, snaplen = 0 }) })
    assert.equal(113, cap:info().linktype) -- above it stands how frames end in a checksum
    assert.equal(1, cap:run().delivered)
  end)

  it("of Kuznetzov's making has longer records, which tell the direction", function()
    local file = "\x34\xcd\xb2\xa1" .. b.pcap({}):sub(5)
    for _, kind in ipairs { 0, 4 } do
      file = file .. string.pack("<I4I4I4I4I4I2I1I1", 1, 2, 3, 4, 7, 0x800, kind, 0) .. "abc"
    end
    local list = {}
    local cap <close> = assert(tap.open { data = file })
    for p in cap:packets() do
      list[#list + 1] = ("%s %s %d"):format(p["frame.direction:text"], p:bytes(), p["frame.len"])
    end
    assert.same({ "in abc 4", "out abc 4" }, list)
  end)

  it("of an old version has its two lengths exchanged", function()
    for version, expected in pairs { [2] = { "long", 9 }, [3] = { "long", 9 }, [4] = { "long", 4 } } do
      local first, second = #"long", 9
      if version < 4 then first, second = 9, #"long" end
      if version == 4 then second = 4 end
      local file = b.pcap({}, { version = version }) .. string.pack("<I4I4I4I4", 1, 2, first, second) .. "long"
      local cap <close> = assert(tap.open { data = file })
      local p = cap:next()
      assert.same(expected, { p:bytes(), p["frame.len"] })
    end
  end)

  it("is refused when it is none, with the reason", function()
    local whole = b.pcap { "x" }
    assert.equal("data: cannot read header: the file is empty", refusal "")
    assert.equal("data: cannot read header: not a capture file", refusal(("text "):rep(10)))
    assert.equal("data: cannot read header: not a capture file", refusal("\xd4\xc3\xb2\xa2" .. whole:sub(5)))
    assert.equal("data: cannot read header: version 3.4 is not supported",
      refusal(whole:sub(1, 4) .. "\3\0" .. whole:sub(7)))
  end)

  it("is read as far as it goes wherever it is cut", function()
    for _, o in ipairs(variants()) do
      local packets, ends, whole = {}, { 24 }, {}
      for i = 1, 5 do
        packets[i] = ("p"):rep(i * 7 % 11)
        ends[i + 1] = ends[i] + 16 + #packets[i]
      end
      local file = b.pcap(packets, o)
      for i, line in ipairs((read(file))) do whole[i] = line end
      for size = 1, 23 do
        assert.equal("data: cannot read header: the file ends inside it", refusal(file:sub(1, size)))
      end
      for size = 24, #file do
        local list, message = read(file:sub(1, size))
        local count = 0
        while count < 5 and ends[count + 2] <= size do count = count + 1 end
        assert.same({ table.unpack(whole, 1, count) }, list)
        local expected = ends[count + 1] ~= size and
          ("data: cannot read record %d at byte %d: the file ends inside it"):format(count + 1,
            ends[count + 1]) or nil
        assert.equal(expected, message)
      end
    end
  end)

  it("delivers what stands before a length that cannot be", function()
    for _, order in ipairs { "<", ">" } do
      local list, message = read(b.pcap({ "a", "b", { "c", caplen = 0xffffffff }, "d" }, { order = order }))
      assert.equal(2, #list)
      assert.equal("data: cannot read record 3 at byte 58: captured length 4294967295 is over 262144", message)
    end
  end)

  it("bounds a length by its own snap length where that is larger, and by 16 MiB", function()
    local bytes = ("x"):rep(262145)
    local _, message = read(b.pcap { bytes })
    assert.equal("data: cannot read record 1 at byte 24: captured length 262145 is over 262144", message)
    assert.equal(1, #read(b.pcap({ bytes }, { snaplen = 262145 })))
    _, message = read(b.pcap({ { "x", caplen = 0x1000001 } }, { snaplen = 0xffffffff }))
    assert.equal("data: cannot read record 1 at byte 24: captured length 16777217 is over 16777216", message)
  end)

  it("of random bytes never does more than fail", function()
    math.randomseed(3)
    local file = b.pcap { "one", "two", ("three"):rep(20) }
    for _ = 1, 2003 do
      local bytes = { file:byte(1, -1) }
      for _ = 1, math.random(8) do bytes[math.random(5, #bytes)] = math.random(0, 255) end
      local cap = tap.open { data = string.char(table.unpack(bytes, 1, math.random(#bytes))) }
      if cap then
        local stats, message = cap:run()
        assert.is_true(stats ~= nil or message:find("^data: cannot read record %d+ at byte %d+: ") ~= nil)
        cap:close()
      end
    end
  end)
end)
