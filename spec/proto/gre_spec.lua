--- GRE (RFC 2784, 2890, 1701, 2637).
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local INNER, INNER_ETH <const> = wire.INNER, wire.INNER_ETH

local function gre(digits) return wire.frame(digits, { proto = 47 }) end

-- IP 192.0.2.1 > 192.0.2.2: GREv0, key=0xaa, seq 7, length 44: IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0
local ALL = gre("b000 0800  1234 0000  000000aa  00000007 " .. INNER)

local FRAMES <const> = {
  gre("0000 0800" .. INNER), ALL,
  gre("3081 880b  0004 0001  00000005  00000006  ff03 c021"), -- PPTP
  gre("2081 880b  0000 0001  00000006"), -- which acknowledges
  gre("3081 880b  0020 0001  00000007  00000006  ff03 0021" .. INNER),
  gre("2000 6558  00abcd01" .. INNER_ETH), -- NVGRE
  gre("4000 0800  0000 0000  0800 00 04 01020304  0000 00 00" .. INNER), -- a source route
  gre("0700 0800" .. INNER), gre("0078 0800" .. INNER), gre("0000 0000"), gre("0000 88b5 01"),
  gre("0000 8847 0001 01 40" .. INNER), gre("0000 0806 0001 0800 06 04 0001" .. ("00"):rep(20)),
}

describe("gre", function()
  it("reads what its flags announce", function()
    local p = tap.packet(ALL)
    assert.same({ "eth", "ip", "gre", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["gre.key"] = 0xaa, ["gre.sequence_number"] = 7, ["gre.checksum"] = 0x1234, ["gre.offset"] = 0,
      ["gre.ack_number"] = "absent", ["gre.key.call_id"] = "absent", src = "192.0.2.1", dst = "192.0.2.2",
      sport = 1, ["ip.src#2"] = "10.0.0.1", ["udp.dstport"] = 2,
    })
    local pptp = tap.packet(FRAMES[3])
    wire.check(pptp, {
      ["gre.key"] = "absent", ["gre.key.call_id"] = 1, ["gre.key.payload_length"] = 4,
      ["gre.sequence_number"] = 5, ["gre.ack_number"] = 6,
    })
  end)

  it("carries PPP, or nothing where it acknowledges", function()
    assert.same({ "eth", "ip", "gre", "ppp" }, tap.packet(FRAMES[3]):layers())
    assert.same({ "eth", "ip", "gre", "ppp", "ip", "udp" }, tap.packet(FRAMES[5]):layers())
    local ack = tap.packet(FRAMES[4])
    assert.same({ "eth", "ip", "gre" }, ack:layers())
    assert.is_nil(ack.fault)
    assert.equal("ppp: header cut short at byte 46", tap.packet(FRAMES[4], { len = #FRAMES[4] + 4 }).fault)
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check(FRAMES, { "gre.", "ppp.", "ip.", "udp.dstport", "eth.src" }) > 150)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(ALL, 14 + 20 + 16 + 28)
    wire.check_cuts(FRAMES[7], 14 + 20 + 20 + 28)
    wire.check_cuts(FRAMES[3], 14 + 20 + 16 + 4)
  end)

  it("is cut where a source route has no end", function()
    local p = tap.packet(gre "4000 0800  0000 0000  0800 00 04 01020304")
    assert.matches("^gre: header cut short at byte 50", p.fault)
    wire.check(p, { ["gre.routing.src_length"] = 4, ["gre.routing.information"] = "\1\2\3\4" })
  end)

  it("ends where the depth of a packet does", function()
    local deep = ("0000 0800 4500 ffff 0000 0000 40 2f 0000 0a000001 0a000002"):rep(40)
    local p = tap.packet(gre(deep))
    assert.equal("more than 24 layers", p.fault)
    assert.equal(24, #p:layers())
  end)
end)

describe("erspan", function()
  local FIRST <const> = gre("0000 88be" .. INNER_ETH)
  local SECOND <const> = gre("1000 88be 00000001  1005 a801 00012345" .. INNER_ETH)
  local THIRD <const> = gre("1000 22eb 00000001  2005 a801 00012345 0001 0002" .. INNER_ETH)
  local LONG <const> = gre("1000 22eb 00000001  2005 a801 00012345 0001 0003 1c000001 00000002" .. INNER_ETH)
  local RAW <const> = gre("1000 22eb 00000001  2005 a801 00012345 0001 0800 4500")
  local OTHER <const> = gre("1000 88be 00000001  7005 a801 00012345")

  it("reads three types of header", function()
    for _, frame in ipairs { FIRST, SECOND, THIRD, LONG } do
      local p = tap.packet(frame)
      assert.same({ "eth", "ip", "gre", "erspan", "eth", "ip", "udp" }, p:layers())
      wire.check(p, { ["eth.src#2"] = "02:00:00:00:00:0b", ["ip.dst#2"] = "10.0.0.2" })
    end
    wire.check(tap.packet(SECOND), { ["erspan.spanid"] = 1, ["erspan.vlan"] = 5, ["erspan.index"] = 0x12345 })
    wire.check(tap.packet(FIRST), { ["erspan.version"] = "absent" })
    assert.same({ "eth", "ip", "gre", "erspan" }, tap.packet(RAW):layers())
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check({ FIRST, SECOND, THIRD, LONG }, { "erspan.", "eth.", "ip." }) > 100)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(SECOND, 14 + 20 + 8 + 8 + 42)
    wire.check_cuts(LONG, 14 + 20 + 8 + 20 + 42)
  end)

  it("has nothing behind a version or a frame type that it does not know", function()
    assert.same({ "eth", "ip", "gre", "erspan" }, tap.packet(OTHER):layers())
    assert.is_nil(tap.packet(OTHER).fault)
  end)
end)
