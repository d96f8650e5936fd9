--- MPLS (RFC 3032) and the pseudowires in it (RFC 4385, 4448).
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local INNER, INNER_ETH <const> = wire.INNER, wire.INNER_ETH

local function mpls(digits) return build.eth(wire.hex(digits), { type = 0x8847 }) end

-- MPLS (label 16, tc 5, ttl 64) (label 1048575, tc 0, [S], ttl 63), IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0
local TWO = mpls("00010a40 fffff13f" .. INNER)

local SIX = mpls("0001013f 6000000000083b40" .. ("00"):rep(32) .. "01020304 05060708")
local CONTROL = mpls("0001013f 00000007" .. INNER_ETH)
local PLAIN = mpls("0001013f" .. INNER_ETH)
local CHANNEL = mpls("0001013f 10000021" .. INNER)

describe("mpls", function()
  it("reads a stack as one layer", function()
    local p = tap.packet(TWO)
    assert.same({ "eth", "mpls", "ip", "udp" }, p:layers())
    assert.same({ 16, 1048575 }, p:all("mpls.label"))
    assert.same({ 5, 0 }, p:all("mpls.exp"))
    assert.same({ 0, 1 }, p:all("mpls.bottom"))
    assert.same({ 64, 63 }, p:all("mpls.ttl"))
    wire.check(p, { src = "10.0.0.1", dport = 2 })
  end)

  it("tells by the first bits what is inside", function()
    assert.same({ "eth", "mpls", "ipv6" }, tap.packet(SIX):layers())
    assert.same({ "eth", "mpls", "pwethheuristic", "pwethcw", "eth", "ip", "udp" }, tap.packet(CONTROL):layers())
    assert.same({ "eth", "mpls", "pwethheuristic", "pwethnocw", "eth", "ip", "udp" }, tap.packet(PLAIN):layers())
    assert.same({ "eth", "mpls", "pwach", "ip", "udp" }, tap.packet(CHANNEL):layers())
    assert.same({ "eth", "mpls" }, tap.packet(mpls "0001013f"):layers())
    wire.check(tap.packet(CONTROL), { ["pweth.cw.sequence_number"] = 7, ["ip.src"] = "10.0.0.1" })
    wire.check(tap.packet(CHANNEL), { ["pwach.channel_type"] = 0x21 })
  end)

  it("has tshark's values", function()
    local frames = { TWO, SIX, CHANNEL, mpls "0001013f", wire.frame("0001013f" .. INNER, { proto = 137 }) }
    assert.is_true(tshark.check(frames, { "mpls.", "pwach.", "ip.", "ipv6." }) > 60)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(TWO, 14 + 8 + 28)
    wire.check_cuts(CONTROL, 14 + 4 + 4 + 42)
  end)

  it("is cut where no label ends the stack", function()
    assert.equal("mpls: header cut short at byte 22", tap.packet(mpls "00010040 00010040").fault)
  end)
end)
