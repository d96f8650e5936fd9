--- What is known of a frame without decoding it.
local tap = require "moontap"
local wire = require "spec.proto.wire"

local BYTES = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  88 b5  00"

describe("frame", function()
  it("has lengths, link type and number", function()
    local p = tap.packet(BYTES, { len = 1500 })
    wire.check(p, {
      ["frame.len"] = 1500, ["frame.cap_len"] = 15, ["frame.linktype"] = 1, ["frame.number"] = 1,
      ["frame.interface_id"] = "absent", ["frame.direction"] = "absent", ["frame.rxhash"] = "absent",
    })
    assert.equal("ETHERNET", p["frame.linktype:text"])
    wire.check(tap.packet(BYTES), { ["frame.len"] = 15 })
  end)

  it("has the time to the nanosecond", function()
    local p = tap.packet(BYTES, { time_ns = 1700000000123456789 })
    wire.check(p, {
      ["frame.time"] = 1700000000123456789, ["frame.time_epoch"] = 1700000000123456789,
      ["frame.time_ns"] = 1700000000123456789,
    })
    wire.check(tap.packet(BYTES, { time_ns = -1 }), { ["frame.time_ns"] = -1, ["frame.time"] = -1 })
  end)

  it("has no time where none is known", function()
    wire.check(tap.packet(BYTES), {
      ["frame.time"] = "absent", ["frame.time_epoch"] = "absent", ["frame.time_ns"] = "absent", time_ns = "absent",
    })
  end)

  it("is there for link types that nothing decodes", function()
    local p = tap.packet("\1\2\3", { linktype = 147, time_ns = 5 })
    assert.same({}, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, { ["frame.linktype"] = 147, ["frame.len"] = 3, ["frame.time_ns"] = 5, src = "absent" })
    assert.equal("147", p["frame.linktype:text"])
  end)

  it("is there for an empty one", function()
    local p = tap.packet("")
    wire.check(p, { ["frame.len"] = 0, ["frame.cap_len"] = 0, ["eth.dst"] = "absent" })
    assert.equal("eth: header cut short at byte 0", p.fault)
  end)

  it("counts the frames of a pass", function()
    local cap <close> = assert(tap.open { packets = { BYTES, BYTES, BYTES } })
    local numbers = {}
    for number in cap:fields { "frame.number" } do numbers[#numbers + 1] = number end
    assert.same({ 1, 2, 3 }, numbers)
  end)

  it("is timed from the frame before and from the first, whatever the batch", function()
    local packets, n = {}, 0
    for i = 1, 500 do packets[i] = { BYTES, time_ns = 1000 + i * i - (i == 7 and 100 or 0) } end
    for _, batch in ipairs { 1, 2, 64, 256 } do
      local cap <close>, i = assert(tap.open { packets = packets, batch = batch }), 0
      for p in cap:packets() do
        i, n = i + 1, n + 1
        local now, before = packets[i].time_ns, packets[math.max(i - 1, 1)].time_ns
        local copy = p:copy()
        for _, one in ipairs { p, copy } do
          assert.equal(now - before, one["frame.time_delta"])
          assert.equal(now - packets[1].time_ns, one["frame.time_relative"])
        end
      end
    end
    assert.equal(2000, n)
  end)

  it("is timed anew in each pass over a file", function()
    local cap <close> = assert(tap.open { packets = { { BYTES, time_ns = 5 }, { BYTES, time_ns = 9 } } })
    for _ = 1, 2 do
      local seen = {}
      for delta, relative in cap:fields { "frame.time_delta", "frame.time_relative" } do
        seen[#seen + 1] = { delta, relative }
      end
      assert.same({ { 0, 0 }, { 4, 4 } }, seen)
    end
    assert.is_nil(tap.packet(BYTES, { time_ns = 5 })["frame.time_delta"])
  end)

  it("has the chain of its protocols", function()
    local b = require "spec.support.build"
    local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
    local udp = b.ipv4(b.udp("x", ends, { srcport = 1, dstport = 2 }), ends, { proto = 17 })
    local empty = b.ipv4(b.udp("", ends, { srcport = 1, dstport = 2 }), ends, { proto = 17 })
    for chain, bytes in pairs {
      ["eth:ethertype:ip:udp:data"] = b.eth(udp),
      ["eth:ethertype:ip:udp"] = b.eth(empty),
      ["eth:ethertype:vlan:ethertype:ip:udp:data"] = b.eth(b.vlan(udp, { id = 7 }), { type = 0x8100 }),
      ["eth:ethertype:arp"] = b.eth(b.arp {}, { type = 0x0806 }) .. ("\0"):rep(18),
      ["eth:ethertype:data"] = BYTES,
      ["eth"] = BYTES:sub(1, 13),
      ["eth:ethertype:ip"] = b.eth(udp):sub(1, 30),
    } do
      assert.equal(chain, tap.packet(bytes)["frame.protocols"])
    end
    assert.equal("raw:ip:udp:data", tap.packet(udp, { linktype = 101 })["frame.protocols"])
    assert.is_nil(tap.packet("x", { linktype = 147 })["frame.protocols"])
  end)
end)
