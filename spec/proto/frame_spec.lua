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
end)
