-- csrc/pcap/pcapng.c and clock.c: what a file of blocks says, in both byte orders, and what of it
-- is damage.

local blocks = require "spec.support.pcapng"
local run = require "spec.support.run"
local tap = require "moontap"

local ORDERS <const> = { "<", ">" }

local function text(p)
  local t = p.time_ns and ("%d.%09d"):format(p.time_ns // 1000000000, p.time_ns % 1000000000) or "-"
  return ("%s %s %d %d %s"):format(p["frame.interface_id"] or "-", t, p["frame.linktype"], p["frame.len"], p:bytes())
end

--- All packets of a file's bytes as texts, and how it ended.
local function read(bytes, show)
  local cap <close> = assert(tap.open { data = bytes })
  local list = {}
  cap:each(function(p) list[#list + 1] = (show or text)(p) end)
  local _, message = cap:run()
  return list, message
end

--- How reading of a section with one interface and then 'bytes' fails, and how many packets came before.
local function failure(s, bytes)
  local start = s.section() .. s.interface()
  local list, message = read(start .. s.enhanced("first", { ticks = 1 }) .. bytes .. s.enhanced "after")
  assert.equal(1, #list)
  local at = #start + #s.enhanced("first", { ticks = 1 })
  local found, reason = message:match("^data: cannot read block 4 at byte (%d+): (.*)$")
  assert.equal(at, math.tointeger(tonumber(found)), message)
  return reason
end

describe("a pcapng file", function()
  it("gives enhanced, simple and obsolete packets, in both byte orders", function()
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local file = s.section() .. s.interface { linktype = 1 } .. s.interface { linktype = 101, resolution = 9 } ..
        s.enhanced("one", { ticks = 1700000000123456 }) ..
        s.enhanced("two22", { interface = 1, ticks = 1700000000123456789, len = 1500 }) ..
        s.simple("three", { len = 5 }) .. s.obsolete("four", { interface = 1, ticks = 7 }) .. s.enhanced("")
      assert.same({
        "0 1700000000.123456000 1 3 one", "1 1700000000.123456789 101 1500 two22", "0 - 1 5 three",
        "1 0.000000007 101 4 four", "0 0.000000000 1 0 ",
      }, (read(file)))
    end
  end)

  it("has sections of either byte order, each with its own interfaces", function()
    local l, g = blocks "<", blocks ">"
    local file = l.section() .. l.interface { linktype = 101 } .. l.enhanced "a" ..
      g.section() .. g.interface { linktype = 1 } .. g.interface { linktype = 113 } ..
      g.enhanced("b", { interface = 1 }) .. l.section() .. l.interface { linktype = 228 } .. l.enhanced "c"
    assert.same({ "0 0.000000000 101 1 a", "1 0.000000000 113 1 b", "0 0.000000000 228 1 c" }, (read(file)))
    local _, message = read(l.section() .. l.interface() .. l.section() .. l.enhanced "x")
    assert.matches("there is no interface of this number %(0%)$", message)
  end)

  it("counts time as each interface says", function()
    local s = blocks "<"
    local year = 1700000000
    local cases = {
      { { resolution = 0 }, year, "1700000000.000000000" },
      { { resolution = 3 }, year * 1000 + 7, "1700000000.007000000" },
      { { resolution = 9 }, year * 1000000000 + 7, "1700000000.000000007" },
      { { resolution = 12 }, 5 * 1000000000000 + 123456789012, "5.123456789" },
      { { resolution = 19 }, 0x8ac7230489e80000, "1.000000000" },
      { { resolution = 21 }, 7000000000000000000, "0.007000000" },
      { { resolution = 127 }, -1, "0.000000000" },
      { { resolution = 0x80 }, year, "1700000000.000000000" },
      { { resolution = 0x80 | 10 }, year << 10 | 512, "1700000000.500000000" },
      { { resolution = 0x80 | 63 }, (1 << 63) + (1 << 62), "1.500000000" },
      { { resolution = 0x80 | 64 }, 1 << 63, "0.500000000" },
      { { resolution = 0x80 | 127 }, -1, "0.000000000" },
      { { offset = 1000 }, 1500000, "1001.500000000" },
      { { offset = -1 }, 2500000, "1.500000000" },
      { { resolution = 9, offset = 1700000000 }, 1, "1700000000.000000001" },
      -- beyond what 64 bits of nanoseconds hold: the last time that they do
      { { resolution = 0 }, -1, "9223372036.854775807" },
      { { resolution = 0, offset = math.maxinteger }, 1, "9223372036.854775807" },
      { {}, -1, "9223372036.854775807" },
    }
    for _, case in ipairs(cases) do
      local file = s.section() .. s.interface(case[1]) .. s.enhanced("x", { ticks = case[2] })
      assert.equal(("0 %s 1 1 x"):format(case[3]), read(file)[1])
    end
  end)

  it("says what its packets came with", function()
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local file = s.section() .. s.interface { name = "eth0" } .. s.interface() ..
        s.enhanced("a", { comment = "mine", flags = 1 | 1 << 10 }) ..
        s.enhanced("b", { flags = 2, interface = 1, options = { { 1, "one" }, { 1, "two" }, { 5, s.number(77) } } }) ..
        s.enhanced("c", { options = { { 4, s.number(3) } } }) .. s.enhanced("d", { interface = 1 })
      local function show(p)
        return ("%s %s %s %s %s %s"):format(p["frame.interface_name"] or "-", p["frame.direction:text"] or "-",
          table.concat(p:all("frame.comment"), "+"), p["frame.packet_id"] or "-", p["frame.drop_count"] or "-",
          p:bytes())
      end
      local expected = { "eth0 in mine - - a", "- out one+two 77 - b", "eth0 -  - 3 c", "- -  - - d" }
      assert.same(expected, (read(file, show)))
      local kept = {}
      local cap = assert(tap.open { data = file })
      for p in cap:packets() do kept[#kept + 1] = p:copy() end
      cap:close()
      for i, p in ipairs(kept) do assert.equal(expected[i], show(p)) end
    end
  end)

  it("may have blocks that are passed over, of any length", function()
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local file = s.section() .. s.block(0xbad, ("z"):rep(50)) .. s.interface() .. s.block(4, "names") ..
        s.block(10, ("secret"):rep(20000)) .. s.enhanced "a" .. s.block(5, ("s"):rep(8)) ..
        s.block(0x40000bad, ("y"):rep(20 << 20)) .. s.block(0x4242, "") .. s.enhanced "b"
      assert.same({ "0 0.000000000 1 1 a", "0 0.000000000 1 1 b" }, (read(file)))
    end
  end)

  it("may leave padding out of its lengths", function()
    local s = blocks "<"
    local file = s.section() .. s.interface() .. s.enhanced("abcde", { length = 37, trailer = 37 }) .. s.enhanced "b"
    assert.same({ "0 0.000000000 1 5 abcde", "0 0.000000000 1 1 b" }, (read(file)))
  end)

  it("has simple packets no longer than the snap length", function()
    local s = blocks "<"
    assert.same({ "0 - 1 9 abc" }, (read(s.section() .. s.interface { snaplen = 3 } .. s.simple("abc", { len = 9 }))))
  end)

  it("tells its link type where that is one, and its snap length", function()
    local s = blocks "<"
    local cap <close> = assert(tap.open { data = s.section() .. s.interface { linktype = 113, snaplen = 99 } })
    assert.equal(113, cap:info().linktype)
    assert.equal(99, cap:info().snaplen)
    local mixed <close> = assert(tap.open { data = s.section() .. s.interface() .. s.interface { linktype = 113 } })
    assert.is_nil(mixed:info().linktype)
  end)

  it("gives the packets before a damaged block, then says what is wrong with it", function()
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      assert.equal("a block cannot be so short (11)", failure(s, s.block(6, "", { length = 11 })))
      assert.equal("a block of this type cannot be so long (4294967295)",
        failure(s, s.block(6, "", { length = 0xffffffff })))
      assert.equal("its two lengths differ (99)", failure(s, s.enhanced("x", { trailer = 99 })))
      assert.equal("a block of a packet cannot be so short (0)", failure(s, s.block(6, ("x"):rep(16))))
      assert.equal("a block of a packet cannot be so short (0)", failure(s, s.block(3, "")))
      assert.equal("there is no interface of this number (9)", failure(s, s.enhanced("x", { interface = 9 })))
      assert.equal("the captured length is over the block's (500)", failure(s, s.enhanced("x", { caplen = 500 })))
      assert.equal("an interface's block cannot be so short (0)", failure(s, s.block(1, "abcd")))
      assert.equal("an option is longer than its block (0)",
        failure(s, s.block(1, ("\0"):rep(8) .. "\1\1\0\0"):gsub("\1\1\0\0", "\1\1\255\255")):gsub("%d+", "0"))
      assert.equal("this version is not supported (2)", failure(s, s.section { major = 2 }))
      assert.equal("a section's header cannot be so short (0)", failure(s, s.block(0x0a0d0d0a,
        string.pack(order .. "I4", 0x1a2b3c4d))))
      assert.matches("^no byte order has this magic number", failure(s, s.block(0x0a0d0d0a, ("x"):rep(16))))
    end
  end)

  it("is read as far as it goes wherever it is cut, whatever its blocks", function()
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local parts = {
        s.section(), s.interface { name = "eth0", resolution = 9 }, s.enhanced("one", { comment = "c", flags = 1 }),
        s.block(5, ("s"):rep(8)), s.simple "twotwo", s.block(4, ("n"):rep(12)), s.obsolete("three", { ticks = 3 }),
        s.block(10, ("k"):rep(16)), s.block(0xbad, "custom"), s.section(), s.interface(), s.enhanced "last",
      }
      local file, ends, packets, total = table.concat(parts), {}, {}, 0
      for i, part in ipairs(parts) do
        total = total + #part
        ends[i] = total
        packets[i] = (packets[i - 1] or 0) + ((i == 3 or i == 5 or i == 7 or i == 12) and 1 or 0)
      end
      local whole = read(file)
      assert.equal(4, #whole)
      for size = 1, #file do
        local blocks_whole = 0
        while (ends[blocks_whole + 1] or math.huge) <= size do blocks_whole = blocks_whole + 1 end
        local cap, message = tap.open { data = file:sub(1, size) }
        local list = {}
        if cap then
          cap:each(function(p) list[#list + 1] = text(p) end)
          message = select(2, cap:run())
          cap:close()
        end
        assert.same({ table.unpack(whole, 1, packets[blocks_whole] or 0) }, list)
        if blocks_whole == 0 then
          assert.equal("data: cannot read header: the file ends inside it", message)
        elseif ends[blocks_whole] == size then
          assert.is_nil(message)
        else
          assert.equal(("data: cannot read block %d at byte %d: the file ends inside it"):format(blocks_whole + 1,
            ends[blocks_whole]), message)
        end
      end
    end
  end)

  it("gives what tshark gives", function()
    math.randomseed(7)
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local parts, path, expected = { s.section() }, os.tmpname(), {}
      for i, resolution in ipairs { 6, 9, 3, 0x80 | 20, 0 } do
        parts[#parts + 1] = s.interface { resolution = resolution, offset = i }
      end
      for _ = 1, 500 do
        local bytes = ("x"):rep(math.random(14, 99))
        parts[#parts + 1] = s.enhanced(bytes, { interface = math.random(0, 4), ticks = math.random(0, 1 << 31),
          len = #bytes + math.random(0, 9), comment = math.random() < 0.3 and "word" .. math.random(9) or nil })
      end
      run.write(path, table.concat(parts))
      local r = run { "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len",
        "-e", "frame.interface_id", "-e", "frame.comment" }
      assert.equal(0, r.code, r.err)
      for line in r.out:gmatch("[^\n]+") do expected[#expected + 1] = line end
      local got = read(table.concat(parts), function(p)
        return ("%d.%09d\t%d\t%d\t%s"):format(p.time_ns // 1000000000, p.time_ns % 1000000000, p["frame.len"],
          p["frame.interface_id"], p["frame.comment"] or "")
      end)
      os.remove(path)
      assert.equal(500, #expected)
      assert.same(expected, got)
    end
  end)

  it("of random bytes never does more than fail", function()
    math.randomseed(3)
    for _, order in ipairs(ORDERS) do
      local s = blocks(order)
      local file = s.section() .. s.interface { name = "eth0" } .. s.enhanced("one", { comment = "c" }) ..
        s.simple "two" .. s.obsolete "three" .. s.section() .. s.interface() .. s.enhanced "four"
      for _ = 1, 3001 do
        local bytes = { file:byte(1, -1) }
        for _ = 1, math.random(8) do bytes[math.random(5, #bytes)] = math.random(0, 255) end
        local cap, message = tap.open { data = string.char(table.unpack(bytes, 1, math.random(#bytes))) }
        if cap then
          local stats, why = cap:run()
          assert.is_true(stats ~= nil or why:find("^data: cannot read block %d+ at byte %d+: ") ~= nil)
          cap:close()
        else
          assert.matches("^data: cannot read ", message)
        end
      end
    end
  end)
end)
