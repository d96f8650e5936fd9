--- Cisco HDLC, SLARP, and frame relay.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local CHDLC <const>, FRAME_RELAY <const> = 104, 107
local IPV4 <const> = build.udp_frame():sub(15)

local IP_IN_HDLC <const> = wire.hex "0f 00 08 00" .. IPV4 -- unicast

-- SLARP (length: 18), keepalive: mineseen=0x5, yourseen=0x4, reliability=0xffff
local KEEPALIVE <const> = wire.hex [[
  8f 00 80 35                                                  # multicast, SLARP
  00 00 00 02                                                  # keepalive
  00 00 00 05  00 00 00 04
  ff ff
]]

-- SLARP reply, 192.0.2.1/255.255.255.0
local REPLY <const> = wire.hex "8f 00 80 35  00 00 00 01  c0 00 02 01  ff ff ff 00  00 00"

describe("chdlc", function()
  it("reads the header and leads on", function()
    local p = tap.packet(IP_IN_HDLC, { linktype = CHDLC })
    assert.same({ "chdlc", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["chdlc.address"] = 0x0f, ["chdlc.control"] = 0, ["chdlc.protocol"] = 0x0800, dport = 9,
      ["chdlc.address:text"] = "Unicast",
    })
  end)

  it("takes a number that is RARP's elsewhere for SLARP", function()
    local p = tap.packet(KEEPALIVE, { linktype = CHDLC })
    assert.same({ "chdlc", "slarp" }, p:layers())
    wire.check(p, {
      ["slarp.ptype"] = 2, ["slarp.mysequence"] = 5, ["slarp.yoursequence"] = 4, ["slarp.reliability"] = 0xffff,
      ["slarp.address"] = "absent", ["slarp.netmask"] = "absent",
    })
    wire.check(tap.packet(REPLY, { linktype = CHDLC }), {
      ["slarp.ptype"] = 1, ["slarp.address"] = "192.0.2.1", ["slarp.netmask"] = "255.255.255.0",
      ["slarp.mysequence"] = "absent", ["slarp.reliability"] = "absent",
    })
  end)

  it("has nothing but the type of a SLARP packet that it does not know", function()
    local p = tap.packet(KEEPALIVE:sub(1, 7) .. "\9" .. KEEPALIVE:sub(9), { linktype = CHDLC })
    wire.check(p, { ["slarp.ptype"] = 9, ["slarp.mysequence"] = "absent", ["slarp.address"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(IP_IN_HDLC, 4 + 20 + 8, { linktype = CHDLC })
    wire.check_cuts(KEEPALIVE, #KEEPALIVE, { linktype = CHDLC })
    wire.check_damage(KEEPALIVE, { linktype = CHDLC })
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { IP_IN_HDLC, KEEPALIVE, REPLY }
    assert.is_true(tshark.check(packets, { "chdlc.", "slarp.", "ip." }, { linktype = CHDLC }) > 25)
  end)
end)

-- Q.922, DLCI 301 (0x48 0xd1), UI, NLPID 0xcc
local NLPID <const> = wire.hex "48 d1 03 cc" .. IPV4
local PADDED <const> = wire.hex "48 d1 03 00 80 00 00 00 08 00" .. IPV4 -- SNAP, as RFC 2427 pads it
local BRIDGED <const> = wire.hex "48 d1 03 00 80 00 80 c2 00 07 02 00"  -- IEEE 802.1's organization
local CISCO <const> = wire.hex "48 d1 08 00" .. IPV4
local THREE <const> = wire.hex "80 ea 9d 08 00" .. IPV4                 -- DLCI 33703, FECN, DE
local FOUR <const> = wire.hex "04 10 02 05 03 cc" .. IPV4               -- DLCI 139329
local SIGNALLING <const> = wire.hex "00 01 03 08 00 75 95"              -- DLCI 0, LMI

describe("fr", function()
  it("reads circuits of each length", function()
    local lengths = { [301] = NLPID, [33703] = THREE, [139329] = FOUR }
    for dlci, bytes in pairs(lengths) do
      local p = tap.packet(bytes, { linktype = FRAME_RELAY })
      assert.same({ "fr", "ip", "udp" }, p:layers())
      wire.check(p, { ["fr.dlci"] = dlci, dport = 9 })
    end
    local p = tap.packet(THREE, { linktype = FRAME_RELAY })
    wire.check(p, { ["fr.cr"] = false, ["fr.fecn"] = true, ["fr.becn"] = false, ["fr.de"] = true, ["fr.dc"] = false })
    assert.same({ false, false, true }, p:all("fr.ea"))
  end)

  it("reads RFC 2427's ways to name a protocol, and Cisco's", function()
    local p = tap.packet(NLPID, { linktype = FRAME_RELAY })
    wire.check(p, { ["fr.control"] = 3, ["fr.nlpid"] = 0xcc, ["fr.nlpid:text"] = "IPv4", ["fr.dc"] = "absent" })
    p = tap.packet(PADDED, { linktype = FRAME_RELAY })
    assert.same({ "fr", "ip", "udp" }, p:layers())
    wire.check(p, { ["fr.snap.oui"] = 0, ["fr.snaptype"] = 0x0800, ["fr.snap.pid"] = "absent" })
    p = tap.packet(BRIDGED, { linktype = FRAME_RELAY })
    assert.same({ "fr" }, p:layers())
    wire.check(p, { ["fr.snap.oui"] = 0x0080c2, ["fr.snaptype"] = "absent", ["fr.snap.pid"] = 7 })
    p = tap.packet(CISCO, { linktype = FRAME_RELAY })
    assert.same({ "fr", "ip", "udp" }, p:layers())
    wire.check(p, { ["fr.chdlctype"] = 0x0800, ["fr.control"] = "absent", ["fr.nlpid"] = "absent" })
  end)

  it("takes what circuit 0 carries for data", function()
    local p = tap.packet(SIGNALLING, { linktype = FRAME_RELAY })
    assert.same({ "fr" }, p:layers())
    wire.check(p, { ["fr.dlci"] = 0, ["fr.control"] = 3, ["fr.nlpid"] = 8 })
    p = tap.packet("\0\1\x22\0abc", { linktype = FRAME_RELAY })
    wire.check(p, { ["fr.control"] = 0x22, ["fr.chdlctype"] = "absent" })
    assert.is_nil(p.fault)
  end)

  it("finds an address without an end malformed, or one that ends at once", function()
    for _, bytes in ipairs { "\x30\x30\x30\x30\x30", "\x31\x30\x03\xcc" } do
      local p = tap.packet(bytes, { linktype = FRAME_RELAY })
      assert.equal("fr: malformed header at byte 0", p.fault)
      wire.check(p, { ["fr.dlci"] = "absent" })
    end
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(NLPID, 4 + 20 + 8, { linktype = FRAME_RELAY })
    wire.check_cuts(PADDED, 10 + 20 + 8, { linktype = FRAME_RELAY })
    wire.check_cuts(FOUR, 6 + 20 + 8, { linktype = FRAME_RELAY })
    for _, bytes in ipairs { PADDED, FOUR, CISCO } do wire.check_damage(bytes, { linktype = FRAME_RELAY }) end
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local o = { linktype = FRAME_RELAY }
    assert.is_true(tshark.check({ NLPID, CISCO, THREE, FOUR, SIGNALLING }, { "fr.", "ip." }, o) > 70)
    o.except = { ["fr.nlpid"] = true } -- the padding is one too there
    assert.is_true(tshark.check({ PADDED, BRIDGED }, { "fr.", "ip." }, o) > 20)
  end)
end)
