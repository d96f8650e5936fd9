--- The loopback headers of BSD: NULL in the byte order of whoever captured, LOOP in network order.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local NULL <const>, LOOP <const> = 0, 108

local ENDS <const> = { src = "2001:db8::1", dst = "2001:db8::2" }
local IPV4 <const> = build.udp_frame():sub(15)
local IPV6 <const> = build.ipv6(build.udp("hi", ENDS, { srcport = 40000, dstport = 9 }), ENDS, { next = 17 })

local LITTLE <const> = wire.hex "02 00 00 00" .. IPV4 -- AF_INET as x86 writes it
local BIG <const> = wire.hex "00 00 00 02" .. IPV4
local ETHERTYPE <const> = wire.hex "00 00 08 00" .. IPV4

describe("null", function()
  it("reads the family in either byte order", function()
    for _, bytes in ipairs { LITTLE, BIG, wire.hex "00 02 00 00" .. IPV4, wire.hex "00 00 02 00" .. IPV4 } do
      local p = tap.packet(bytes, { linktype = NULL })
      assert.same({ "null", "ip", "udp" }, p:layers())
      wire.check(p, { ["null.family"] = 2, ["null.type"] = "absent", ["null.family:text"] = "IP", dport = 9 })
    end
    assert.same({ "null", "ip", "udp" }, tap.packet(BIG, { linktype = LOOP }):layers())
  end)

  it("knows the numbers that systems gave to IPv6", function()
    for _, family in ipairs { 10, 24, 28, 30 } do
      local p = tap.packet(string.pack("<I4", family) .. IPV6, { linktype = NULL })
      assert.same({ "null", "ipv6", "udp" }, p:layers())
      wire.check(p, { ["null.family"] = family, src = "2001:db8::1" })
    end
  end)

  it("takes a large number for an EtherType", function()
    local p = tap.packet(ETHERTYPE, { linktype = NULL })
    assert.same({ "null", "ip", "udp" }, p:layers())
    wire.check(p, { ["null.family"] = "absent", ["null.type"] = 0x0800 })
  end)

  it("ends at a family that it does not know", function()
    local p = tap.packet(wire.hex "63 00 00 00" .. IPV4, { linktype = NULL })
    assert.same({ "null" }, p:layers())
    assert.is_nil(p.fault)
    assert.equal(IPV4, p:payload())
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(LITTLE, 4 + 20 + 8, { linktype = NULL })
    wire.check_cuts(BIG, 4 + 20 + 8, { linktype = LOOP })
    wire.check_damage(LITTLE, { linktype = NULL })
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { LITTLE, BIG, ETHERTYPE, wire.hex "1e 00 00 00" .. IPV6, wire.hex "00 02 00 00" .. IPV4 }
    assert.is_true(tshark.check(packets, { "null.", "ip.", "ipv6." }, { linktype = NULL }) > 50)
    assert.is_true(tshark.check({ BIG }, { "null.", "ip." }, { linktype = LOOP }) > 10)
  end)
end)
