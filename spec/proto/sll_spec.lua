--- Linux cooked captures, both versions.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local SLL <const>, SLL2 <const> = 113, 276
local IPV4 <const> = build.udp_frame():sub(15)

-- Out 02:00:00:00:00:01 ethertype IPv4: 192.0.2.1.40000 > 192.0.2.2.9: UDP, length 0
local ONE <const> = wire.hex [[
  00 04                                                        # sent by us
  00 01                                                        # Ethernet
  00 06  02 00 00 00 00 01 00 00                               # its address, filled up
  08 00
]] .. IPV4

-- ifindex 3 In: the same
local TWO <const> = wire.hex [[
  08 00
  00 00                                                        # reserved
  00 00 00 03                                                  # interface
  00 01                                                        # Ethernet
  00                                                           # to us
  06  02 00 00 00 00 01 00 00
]] .. IPV4

-- from a tunnel, whose end has an IPv4 address
local TUNNEL <const> = wire.hex "00 00  03 00  00 04  c0 00 02 09 00 00 00 00  08 00" .. IPV4

-- GRE, without an address
local GRE <const> = wire.hex "00 00  03 0a  00 00  00 00 00 00 00 00 00 00  08 00" .. IPV4

-- 802.2 LLC behind it, STP
local LLC <const> = wire.hex "00 02  00 01  00 06  02 00 00 00 00 01 00 00  00 04  42 42 03 00 00 00 00"

-- Infiniband: longer than its room
local LONG <const> = wire.hex "00 00  00 20  00 14  80 01 02 03 04 05 06 07  86 dd"

describe("sll", function()
  it("reads version 1", function()
    local p = tap.packet(ONE, { linktype = SLL })
    assert.same({ "sll", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["sll.pkttype"] = 4, ["sll.hatype"] = 1, ["sll.halen"] = 6, ["sll.src.eth"] = "02:00:00:00:00:01",
      ["sll.unused"] = "\0\0", ["sll.etype"] = 0x0800, ["sll.ltype"] = "absent", ["sll.ifindex"] = "absent",
      ["sll.src.ipv4"] = "absent", ["sll.src.other"] = "absent", ["sll.pkttype:text"] = "Sent by us", dport = 9,
    })
  end)

  it("reads version 2", function()
    local p = tap.packet(TWO, { linktype = SLL2 })
    assert.same({ "sll", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["sll.pkttype"] = 0, ["sll.hatype"] = 1, ["sll.halen"] = 6, ["sll.src.eth"] = "02:00:00:00:00:01",
      ["sll.ifindex"] = 3, ["sll.etype"] = 0x0800,
    })
  end)

  it("reads addresses of other sizes", function()
    wire.check(tap.packet(TUNNEL, { linktype = SLL }), { ["sll.src.ipv4"] = "192.0.2.9", ["sll.src.eth"] = "absent" })
    wire.check(tap.packet(LONG, { linktype = SLL }), {
      ["sll.src.other"] = "\x80\1\2\3\4\5\6\7", ["sll.halen"] = 20, ["sll.unused"] = "absent",
    })
    local p = tap.packet(GRE, { linktype = SLL })
    wire.check(p, {
      ["sll.src.other"] = "absent", ["sll.unused"] = ("\0"):rep(8), ["sll.gretype"] = 0x0800, ["sll.etype"] = "absent",
    })
  end)

  it("leads to LLC where Linux has no EtherType", function()
    local p = tap.packet(LLC, { linktype = SLL })
    assert.equal("llc", p:layers()[2])
    wire.check(p, { ["sll.ltype"] = 4, ["sll.ltype:text"] = "802.2 LLC", ["llc.dsap"] = 0x42 })
  end)

  it("ends at a type that is no protocol's", function()
    local p = tap.packet(ONE:sub(1, 14) .. "\0\x60" .. IPV4, { linktype = SLL })
    assert.same({ "sll" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, { ["sll.ltype"] = 0x60 })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(ONE, 16 + 20 + 8, { linktype = SLL })
    wire.check_cuts(TWO, 20 + 20 + 8, { linktype = SLL2 })
    for _, bytes in ipairs { ONE, TUNNEL, LONG } do wire.check_damage(bytes, { linktype = SLL }) end
    wire.check_damage(TWO, { linktype = SLL2 })
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { ONE, TUNNEL, GRE, LONG, LLC }
    assert.is_true(tshark.check(packets, { "sll.", "ip." }, { linktype = SLL }) > 40)
    assert.is_true(tshark.check({ TWO }, { "sll.", "ip." }, { linktype = SLL2 }) > 15)
  end)
end)
