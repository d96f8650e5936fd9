local b = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"

local ends = { src = "192.0.2.1", dst = "192.0.2.2" }

--- A TCP segment in two VLAN tags, "hello" in it.
local function frame()
  local tcp = b.tcp("hello", ends, { srcport = 1024, dstport = 80, seq = 7, flags = 0x12 })
  local inner = b.vlan(b.ipv4(tcp, ends, { proto = 6 }), { id = 20, type = 0x0800 })
  return b.eth(b.vlan(inner, { id = 10, type = 0x8100 }), { type = 0x8100 })
end

local function packet(bytes, options)
  return tap.packet(bytes or frame(), options)
end

describe("a packet", function()
  it("reads fields by dotted and by flat name", function()
    local p = packet()
    assert.equal(80, p["tcp.dstport"])
    assert.equal(80, p.tcp_dstport)
    assert.equal("192.0.2.1", p["ip.src"])
    assert.is_true(p.tcp_flags_syn)
    assert.is_false(p["tcp.flags.fin"])
    assert.equal(0x12, p["tcp.flags"])
  end)

  it("reads families without dots", function()
    local p = packet(nil, { time_ns = 1234567890123456789 })
    assert.equal("192.0.2.1", p.src)
    assert.equal("192.0.2.2", p.dst)
    assert.equal(1024, p.sport)
    assert.equal(80, p.dport)
    assert.equal(#frame(), p.len)
    assert.equal(1234567890123456789, p.time_ns)
  end)

  it("gives nil where it has no such field", function()
    local p = packet()
    assert.is_nil(p["udp.dstport"])
    assert.is_nil(p.ipv6)
    assert.is_nil(p.time_ns)
    assert.is_nil(packet(b.eth(b.arp {}, { type = 0x0806 })).src)
  end)

  it("shows layers by views", function()
    local p = packet()
    assert.equal(80, p.tcp.dstport)
    assert.is_true(p.tcp.flags_ack)
    assert.equal(10, p.vlan.id)
    assert.equal("layer (tcp)", tostring(p.tcp))
    assert.equal(p.tcp, p.tcp)
    assert.same({ "eth", "vlan", "vlan", "ip", "tcp" }, p:layers())
  end)

  it("gives every occurrence, and one by its number", function()
    local p = packet()
    assert.same({ 10, 20 }, p:all("vlan.id"))
    assert.same({ 80 }, p:all("tcp.dstport"))
    assert.same({}, p:all("udp.srcport"))
    assert.equal(20, p["vlan.id#2"])
    assert.is_nil(p["vlan.id#3"])
  end)

  it("gives a value's bytes and its name", function()
    local p = packet()
    assert.equal("\192\0\2\1", p["ip.src:raw"])
    assert.equal("\0\80", p["tcp.dstport:raw"])
    assert.equal("192.0.2.1", p["ip.src:text"])
    assert.equal("request", packet(b.eth(b.arp { opcode = 1 }, { type = 0x0806 }))["arp.opcode:text"])
  end)

  it("names the nearest field where there is none of a name", function()
    local p = packet()
    assert.has_error(function() return p["tcp.dtsport"] end,
      "no field 'tcp.dtsport' (did you mean 'tcp.dstport'?)")
    assert.has_error(function() return p.tcp.dtsport end,
      "no field 'tcp.dtsport' (did you mean 'tcp.dstport'?)")
    assert.has_error(function() return p["ip.src:colour"] end,
      "'ip.src:colour': unknown form ':colour' (there are :raw, :id and :text)")
    assert.has_error(function() return p["ip.src#0"] end)
    assert.has_error(function() return p[{}] end, "a field's name must be a string, not table")
    assert.has_error(function() return p.tcp[nil] end, "a field's name must be a string, not nil")
    assert.has_error(function() return p[1] end, "a field's name must be a string, not number")
  end)

  it("cannot be written", function()
    local p = packet()
    assert.has_error(function() p.src = "192.0.2.9" end, "a packet cannot be written")
    assert.has_error(function() p.tcp.dstport = 1 end, "a packet's layer cannot be written")
    assert.equal("moontap.packet", getmetatable(p))
  end)

  it("keeps what decoded where it is cut, and says where", function()
    local whole = frame()
    for n = 0, #whole - 6 do
      local p = packet(whole:sub(1, n), { len = #whole })
      assert.equal(#whole, p.len)
      assert.is_string(p.fault)
      assert.is_string(p:summary())
      assert.equal(n >= 14 and 0x8100 or nil, p["eth.type"])
      assert.equal(n >= 38 and "192.0.2.1" or nil, p.src)
      assert.equal(n >= 46 and 80 or nil, p.dport)
    end
    assert.equal("tcp: header cut short at byte 50", packet(whole:sub(1, 50)).fault)
    assert.is_nil(packet().fault)
  end)

  it("anchors the names that it learns", function()
    local p = packet()
    for i = 1, 2000 do
      local name = ("tcp.dstport#%d"):format(i % 200 + 1)
      assert.equal(i % 200 == 0 and 80 or nil, p[name])
      if i % 500 == 0 then collectgarbage() end
    end
  end)
end)

describe("a packet's bytes", function()
  it("are read big-endian from the frame, a header or the payload", function()
    local p = packet()
    assert.equal(0x8100, p:u16(12))
    assert.equal(1024, p:u16(0, "tcp"))
    assert.equal(80, p:u16(2, "tcp"))
    assert.equal(7, p:u32(4, "tcp"))
    assert.equal(0x45, p:u8(0, "ip"))
    assert.equal(("h"):byte(), p:u8(0, "payload"))
    assert.equal("ell", p:bytes(1, 3, "payload"))
    assert.equal("hello", p:bytes(0, nil, "payload"))
    assert.equal("hello", p:payload())
    assert.equal(frame(), p:bytes())
    assert.equal(#frame() - 22, #p:bytes(0, nil, "ip"))
  end)

  it("are read signed, and little-endian", function()
    local bytes = "\255\254\253\252\251\250\249\248"
    local p = packet(bytes, { linktype = 147 })
    assert.equal(-1, p:i8(0))
    assert.equal(255, p:u8(0))
    assert.equal(-2, p:i16(0))
    assert.equal(0xfffe, p:u16(0))
    assert.equal(string.unpack("<I2", bytes), p:u16le(0))
    assert.equal(string.unpack("<i2", bytes), p:i16le(0))
    assert.equal(string.unpack(">I4", bytes), p:u32(0))
    assert.equal(string.unpack(">i4", bytes), p:i32(0))
    assert.equal(string.unpack("<I4", bytes), p:u32le(0))
    assert.equal(string.unpack("<i4", bytes), p:i32le(0))
    assert.equal(string.unpack(">i8", bytes), p:i64(0))
    assert.equal(string.unpack(">i8", bytes), p:u64(0))
    assert.equal(string.unpack("<i8", bytes), p:i64le(0))
    assert.equal(string.unpack("<i8", bytes), p:u64le(0))
    assert.equal(bytes, p:payload())
  end)

  it("are nil behind the captured ones, at every offset", function()
    local p = packet("\1\2\3", { linktype = 147, len = 100 })
    assert.equal(3, p:u8(2))
    assert.is_nil(p:u8(3))
    assert.is_nil(p:u16(2))
    assert.is_nil(p:u32(0))
    assert.is_nil(p:u8(math.maxinteger))
    assert.is_nil(p:bytes(4))
    assert.equal("", p:bytes(3))
    assert.is_nil(p:bytes(2, 2))
    assert.is_nil(p:u8(0, "tcp"))
  end)

  it("raise for offsets and bases that cannot be", function()
    local p = packet()
    assert.has_error(function() p:u8(-1) end, "bad argument #1 to 'u8' (an offset cannot be negative)")
    assert.has_error(function() p:u8(0, "tpc") end, "bad argument #2 to 'u8' (no protocol 'tpc')")
    assert.has_error(function() p:bytes(0, -1) end)
    assert.has_error(function() p.u8({}, 0) end)
    assert.has_error(function() p.u8(io.stdout, 0) end)
  end)
end)

describe("tap.packet", function()
  it("owns its bytes", function()
    local list = {}
    for i = 1, 100 do list[i] = packet(b.udp_frame { srcport = i }) end
    collectgarbage()
    for i = 1, 100 do assert.equal(i, list[i].sport) end
  end)

  it("takes any link type, time and length", function()
    local p = packet("abc", { linktype = 147, time_ns = 5, len = 9 })
    assert.equal(147, p["frame.linktype"])
    assert.equal(5, p["frame.time_ns"])
    assert.equal(9, p["frame.len"])
    assert.equal(3, p["frame.cap_len"])
    assert.same({}, p:layers())
    assert.is_nil(p.fault)
  end)

  it("refuses what it does not know", function()
    assert.has_error(function() tap.packet(7.5) end)
    assert.has_error(function() tap.packet("x", { linktyp = 1 }) end)
    assert.has_error(function() tap.packet("x", { linktype = 70000 }) end)
  end)
end)

describe("a packet whose VLAN tag the kernel lifted", function()
  local ways <const> = {
    fault = function(p) return p.fault end,
    json = function(p) return p:json():match('"eth%.dst.*') end,
    payload = function(p) return p:payload() end,
    show = function(p) return p:show():match("Ethernet.*") end,
    ["u16 of a protocol"] = function(p) return p:u16(0, "vlan") end,
    ["bytes of a protocol"] = function(p) return p:bytes(0, nil, "udp") end,
    ["bytes of the payload"] = function(p) return p:bytes(0, nil, "payload") end,
    ["bytes of the frame"] = function(p) return p:bytes() end,
    ["u32 of the frame"] = function(p) return p:u32(12) end,
    hex = function(p) return p:hex() end,
  }

  --- Send whole frames from an interface to its peer.
  local function send(name, frames)
    local path = os.tmpname()
    run.write(path, b.pcap(frames))
    local r = run { "tcpreplay", "--quiet", "--topspeed", "-i", name, path }
    os.remove(path)
    assert.equal(0, r.code, r.err)
  end

  live.it(it, pending)("reads the same before and after its bytes were looked at, and as on the wire", function()
    local link <close> = live.pair()
    local udp = b.udp("hello", ends, { srcport = 1024, dstport = 9 })
    local whole = b.eth(b.vlan(b.ipv4(udp, ends, { proto = 17 }), { id = 100, priority = 5 }), { type = 0x8100 })
    local cut = b.eth(b.vlan(b.ipv4(udp, ends, { proto = 17 }):sub(1, 24), { id = 7 }), { type = 0x8100 })
    for name, read in pairs(ways) do
      local cap <close> = assert(tap.open { interface = link.b })
      assert.same({ 0, "idle" }, { cap:run { wait = false } })
      send(link.a, { whole, cut })
      for _, bytes in ipairs { whole, cut } do
        local p = assert(cap:next("5s"))
        local before = read(p)
        p:hex()
        assert.equal(before, read(p), name)
        assert.equal(read(tap.packet(bytes)), before, name)
      end
    end
  end)
end)
