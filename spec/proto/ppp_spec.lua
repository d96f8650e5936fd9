--- PPP (RFC 1661, 1662), and PPP over Ethernet (RFC 2516).
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local PPP <const>, PPP_HDLC <const> = 9, 50
local IPV4 <const> = build.udp_frame():sub(15)

local FRAMED <const> = wire.hex "ff 03 00 21" .. IPV4 -- address, control, protocol
local BARE <const> = wire.hex "00 21" .. IPV4 -- without framing
local SHORT <const> = wire.hex "21" .. IPV4 -- and the protocol in one byte
local LCP <const> = wire.hex "ff 03 c0 21 01 01 00 04" -- configure request, empty

local MACS <const> = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01"

-- PPPoE  [ses 0x11] PPP-IP: 192.0.2.1.40000 > 192.0.2.2.9: UDP, length 0, and padding
local SESSION <const> = MACS .. wire.hex [[
  88 64
  11 00  00 11  00 1e                                          # version, type, code, session, 30 bytes
  00 21
]] .. IPV4 .. ("\0"):rep(10)

-- PPPoE PADO [AC-Name "test"] [Service-Name] [Host-Uniq 0x00001761] [AC-Cookie ..]
local OFFER <const> = MACS .. wire.hex [[
  88 63
  11 07  00 00  00 1a
  01 02  00 04  74 65 73 74
  01 01  00 00
  01 03  00 04  00 00 17 61
  01 04  00 02  af b0
]] .. ("\0"):rep(14)

describe("ppp", function()
  it("reads the header with and without framing", function()
    for _, linktype in ipairs { PPP, PPP_HDLC } do
      local p = tap.packet(FRAMED, { linktype = linktype })
      assert.same({ "ppp", "ip", "udp" }, p:layers())
      wire.check(p, { ["ppp.address"] = 0xff, ["ppp.control"] = 3, ["ppp.protocol"] = 0x21, dport = 9 })
    end
    for _, bytes in ipairs { BARE, SHORT } do
      local p = tap.packet(bytes, { linktype = PPP })
      assert.same({ "ppp", "ip", "udp" }, p:layers())
      wire.check(p, { ["ppp.address"] = "absent", ["ppp.control"] = "absent", ["ppp.protocol"] = 0x21 })
    end
  end)

  it("ends at a protocol that it does not know", function()
    local p = tap.packet(LCP, { linktype = PPP })
    assert.same({ "ppp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, { ["ppp.protocol"] = 0xc021, ["ppp.protocol:text"] = "Link Control Protocol" })
    assert.equal("\1\1\0\4", p:payload())
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(FRAMED, 4 + 20 + 8, { linktype = PPP })
    wire.check_cuts(SHORT, 1 + 20 + 8, { linktype = PPP })
    for _, bytes in ipairs { FRAMED, BARE, SHORT } do wire.check_damage(bytes, { linktype = PPP }) end
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { FRAMED, BARE, SHORT, LCP }
    assert.is_true(tshark.check(packets, { "ppp.", "ip." }, { linktype = PPP }) > 40)
    assert.is_true(tshark.check({ FRAMED }, { "ppp.", "ip." }, { linktype = PPP_HDLC }) > 10)
  end)
end)

describe("pppoe", function()
  it("reads a session, and ends where its length says", function()
    local p = tap.packet(SESSION)
    assert.same({ "eth", "pppoes", "ppp", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["pppoe.version"] = 1, ["pppoe.type"] = 1, ["pppoe.code"] = 0, ["pppoe.session_id"] = 0x11,
      ["pppoe.payload_length"] = 30, ["ppp.protocol"] = 0x21, dport = 9,
    })
    local unknown = SESSION:sub(1, 20) .. "\xc0\x21" .. SESSION:sub(23)
    assert.equal(IPV4, tap.packet(unknown):payload())
  end)

  it("reads the tags of discovery", function()
    local p = tap.packet(OFFER)
    assert.same({ "eth", "pppoed" }, p:layers())
    wire.check(p, {
      ["pppoe.code"] = 7, ["pppoe.code:text"] = "PADO", ["pppoe.session_id"] = 0, ["pppoed.tags.ac_name"] = "test",
      ["pppoed.tags.service_name"] = "", ["pppoed.tags.host_uniq"] = "\0\0\x17\x61",
      ["pppoed.tags.ac_cookie"] = "\xaf\xb0", ["pppoed.tags.max_payload"] = "absent",
    })
    assert.same({ 0x102, 0x101, 0x103, 0x104 }, p:all("pppoed.tag"))
    assert.same({ 4, 0, 4, 2 }, p:all("pppoed.tag_length"))
    assert.equal("", p:payload())
  end)

  it("shows the fields that both share with each, and once", function()
    for _, bytes in ipairs { SESSION, OFFER } do
      local tree = tap.packet(bytes):show()
      assert.matches("PPP%-over%-Ethernet [^\n]+\n +14  Version: 1 +pppoe.version\n", tree)
      local _, times = tree:gsub("pppoe%.code", "")
      assert.equal(1, times)
      _, times = tap.packet(bytes):json():gsub("pppoe%.code", "")
      assert.equal(1, times)
    end
    assert.is_nil(tap.packet(SESSION:sub(1, 14))["pppoe.code"])
  end)

  it("finds a tag malformed that does not fit the list", function()
    local p = tap.packet(OFFER:sub(1, 22) .. "\0\x40" .. OFFER:sub(25))
    assert.equal("pppoed: malformed header at byte 14", p.fault)
    wire.check(p, { ["pppoe.code"] = 7, ["pppoed.tag"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(SESSION, 14 + 6 + 2 + 20 + 8)
    local ends = { [20] = true, [28] = true, [32] = true, [40] = true }
    wire.check_cuts(OFFER, function(n) return n < 46 and not ends[n] end)
    wire.check_damage(SESSION)
    wire.check_damage(OFFER)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    -- tshark has these two of unknown tags alone
    local o = { except = { ["pppoed.tag"] = true, ["pppoed.tag_length"] = true } }
    assert.is_true(tshark.check({ SESSION, OFFER }, { "pppoe.", "pppoed.", "ppp.", "ip." }, o) > 25)
  end)
end)
