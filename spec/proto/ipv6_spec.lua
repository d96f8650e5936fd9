--- IPv6 (RFC 8200) and its extension headers, each a layer of its own.
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  86 dd"
local ENDS = wire.hex [[
  20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01
  fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 02
]]
local UDP = wire.hex "9c 40 00 09 00 0a 00 00  68 69"

--- A packet with 'payload' behind the fixed header; 'length' replaces the right one.
local function ipv6(next_, payload, length)
  local start = wire.hex "6b a1 23 45"                          -- EF, ECT(0), flow label 0x12345
  return ETH .. start .. string.pack(">I2I1I1", length or #payload, next_, 63) .. ENDS .. payload
end

-- IP6 (class 0xba, flowlabel 0x12345, hlim 63, next-header UDP (17) payload length: 10)
--     2001:db8::1.40000 > fe80::2.9: UDP, length 2
local PLAIN = ipv6(17, UDP)

local HOPOPTS = wire.hex "3c 00  05 02 00 00  01 00"            -- then destination options; router alert, PadN
local DSTOPTS = wire.hex "2b 00  04 01 04  01 01 00"            -- then routing; tunnel limit 4, PadN
local ROUTING = wire.hex "2c 02 00 01 00000000  20010db8000000000000000000000099" -- then fragment
local FRAGMENT = wire.hex "33 00 00 01 de ad 00 09"             -- then AH; offset 0, more
local AH = wire.hex "11 04 00 00 00 00 01 00 00 00 00 07  0102030405060708090a0b0c"
local CHAIN = ipv6(0, HOPOPTS .. DSTOPTS .. ROUTING .. FRAGMENT .. AH .. UDP)

describe("ipv6", function()
  it("reads the fixed header", function()
    local p = tap.packet(PLAIN)
    assert.same({ "eth", "ipv6", "udp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["ipv6.version"] = 6, ["ipv6.tclass"] = 0xba, ["ipv6.tclass.dscp"] = 46, ["ipv6.tclass.ecn"] = 2,
      ["ipv6.flow"] = 0x12345, ["ipv6.plen"] = 10, ["ipv6.nxt"] = 17, ["ipv6.hlim"] = 63,
      ["ipv6.src"] = "2001:db8::1", ["ipv6.dst"] = "fe80::2", ["ipv6.nxt:text"] = "UDP",
      ["ipv6.opt.type"] = "absent", src = "2001:db8::1", dst = "fe80::2", dport = 9,
    })
    assert.same({ "2001:db8::1", "fe80::2" }, p:all("ipv6.addr"))
  end)

  it("cuts the link's padding off", function()
    local p = tap.packet(PLAIN .. "\xa5\xa5\xa5\xa5")
    assert.equal("hi", p:payload())
  end)

  it("takes a payload length of 0 as all there is", function()
    assert.same({ "eth", "ipv6", "udp" }, tap.packet(ipv6(17, UDP, 0)):layers())
    local jumbo = tap.packet(ipv6(0, wire.hex "11 00 c2 04 00 01 00 00" .. UDP, 0))
    assert.same({ "eth", "ipv6", "ipv6.hopopts", "udp" }, jumbo:layers())
    wire.check(jumbo, { ["ipv6.opt.jumbo"] = 65536, ["ipv6.plen"] = 0, ["udp.payload"] = "hi" })
  end)

  it("ends at 'no next header'", function()
    local p = tap.packet(ipv6(59, "data"))
    assert.same({ "eth", "ipv6" }, p:layers())
    assert.is_nil(p.fault)
    assert.equal("data", p:payload())
  end)

  it("finds another version malformed", function()
    local p = tap.packet(ETH .. "\x45" .. PLAIN:sub(16))
    assert.equal("ipv6: malformed header at byte 14", p.fault)
    wire.check(p, { ["ipv6.version"] = 4, ["ipv6.src"] = "absent", src = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(PLAIN, 14 + 40 + 8)
    wire.check_cuts(CHAIN, 14 + 40 + 8 + 8 + 24 + 8 + 24 + 8)
  end)

  it("is found behind other link headers", function()
    assert.same({ "ipv6", "udp" }, tap.packet(PLAIN:sub(15), { linktype = 229 }):layers())
    assert.same({ "raw", "ipv6", "udp" }, tap.packet(PLAIN:sub(15), { linktype = 101 }):layers())
  end)
end)

describe("extension headers", function()
  it("are layers in their order", function()
    local p = tap.packet(CHAIN)
    assert.same({
      "eth", "ipv6", "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr", "ah", "udp",
    }, p:layers())
    wire.check(p, {
      ["ipv6.hopopts.nxt"] = 60, ["ipv6.hopopts.len"] = 0, ["ipv6.hopopts.len_oct"] = 8,
      ["ipv6.dstopts.nxt"] = 43, ["ipv6.dstopts.len"] = 0, ["ipv6.dstopts.len_oct"] = 8,
      ["ipv6.routing.nxt"] = 44, ["ipv6.routing.len"] = 2, ["ipv6.routing.len_oct"] = 24,
      ["ipv6.routing.type"] = 0, ["ipv6.routing.segleft"] = 1, ["ipv6.routing.src.addr"] = "2001:db8::99",
      ["ipv6.fraghdr.nxt"] = 51, ["ipv6.fraghdr.offset"] = 0, ["ipv6.fraghdr.more"] = true,
      ["ipv6.fraghdr.ident"] = 0xdead0009, ["ipv6.fraghdr.reserved_octet"] = 0, ["ipv6.fraghdr.reserved_bits"] = 0,
      ["ah.next_header"] = 17, ["ah.length"] = 4, ["ah.spi"] = 256, ["ah.sequence"] = 7, ["ah.reserved"] = "\0\0",
      ["ah.icv"] = "\1\2\3\4\5\6\7\8\9\10\11\12", dport = 9,
    })
  end)

  it("have options, counted over all headers", function()
    local p = tap.packet(CHAIN)
    assert.same({ 5, 1, 4, 1 }, p:all("ipv6.opt.type"))
    assert.same({ 2, 0, 1, 1 }, p:all("ipv6.opt.length"))
    assert.same({ "", "\0" }, p:all("ipv6.opt.padn"))
    wire.check(p, { ["ipv6.opt.router_alert"] = 0, ["ipv6.opt.tel"] = 4, ["ipv6.opt.type:text"] = "Router Alert" })
  end)

  it("tell what to do with an unknown option", function()
    local home = wire.hex "11 02 c9 10  20010db8000000000000000000000077  3e 02 ab cd"
    local p = tap.packet(ipv6(60, home .. UDP))
    assert.same({ "eth", "ipv6", "ipv6.dstopts", "udp" }, p:layers())
    assert.same({ 0xc9, 0x3e }, p:all("ipv6.opt.type"))
    assert.same({ 3, 0 }, p:all("ipv6.opt.type.action"))
    assert.same({ false, true }, p:all("ipv6.opt.type.change"))
    wire.check(p, { ["ipv6.opt.mipv6.home_address"] = "2001:db8::77", ["ipv6.opt.experimental"] = "\xab\xcd" })
  end)

  it("end their options where one does not fit", function()
    local p = tap.packet(ipv6(60, wire.hex "11 00  05 02 00 01  04 01" .. UDP))
    assert.same({ 5 }, p:all("ipv6.opt.type"))
    wire.check(p, { ["ipv6.opt.router_alert"] = 1, ["ipv6.opt.tel"] = "absent", ["udp.dstport"] = 9 })
  end)

  it("have no payload's protocol in later fragments", function()
    local p = tap.packet(ipv6(44, wire.hex "11 00 05 c9 00 00 00 01" .. UDP))
    assert.same({ "eth", "ipv6", "ipv6.fraghdr" }, p:layers())
    wire.check(p, { ["ipv6.fraghdr.offset"] = 185, ["ipv6.fraghdr.more"] = true, sport = "absent" })
    assert.equal(UDP, p:payload())
    local last = tap.packet(ipv6(44, wire.hex "11 aa 05 cf 00 00 00 01" .. UDP))
    wire.check(last, { ["ipv6.fraghdr.reserved_bits"] = 3, ["ipv6.fraghdr.reserved_octet"] = 0xaa })
  end)

  it("name segments and home addresses of Routing headers", function()
    local segments = wire.hex [[
      11 04 04 01  01 20 00 09
      20010db8000000000000000000000098 20010db8000000000000000000000099
    ]]
    local p = tap.packet(ipv6(43, segments .. UDP))
    assert.same({ "2001:db8::98", "2001:db8::99" }, p:all("ipv6.routing.srh.addr"))
    wire.check(p, {
      ["ipv6.routing.srh.last_entry"] = 1, ["ipv6.routing.srh.flags"] = 0x20, ["ipv6.routing.srh.tag"] = "\0\9",
      ["ipv6.routing.src.addr"] = "absent", ["ipv6.routing.type:text"] = "Segment Routing",
    })
    local home = tap.packet(ipv6(43, wire.hex "11 02 02 01 00000000 20010db8000000000000000000000097" .. UDP))
    wire.check(home, { ["ipv6.routing.mipv6.home_address"] = "2001:db8::97", ["ipv6.routing.srh.addr"] = "absent" })
  end)

  it("are malformed where an AH says that it is too short", function()
    local p = tap.packet(ipv6(51, wire.hex "11 00 00 00 00 00 01 00 00 00 00 07" .. UDP))
    assert.equal("ah: malformed header at byte 54", p.fault)
    local shortest = tap.packet(ipv6(51, wire.hex "11 01 00 00 00 00 01 00 00 00 00 07" .. UDP))
    assert.same({ "eth", "ipv6", "ah", "udp" }, shortest:layers())
    wire.check(shortest, { ["ah.icv"] = "absent" })
  end)

  it("are cut where the payload length says so", function()
    local p = tap.packet(ipv6(0, wire.hex "11 01 01 0c 000000000000000000000000" .. UDP, 8))
    assert.equal("ipv6.hopopts: header cut short at byte 62", p.fault)
  end)
end)
