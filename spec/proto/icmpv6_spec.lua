--- ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861) and MLD (RFC 2710, 3810).
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  86 dd"
local TARGET = "fe80000000000000 0000000000000001"
local GROUP = "ff02000000000000 0000000000000016"

--- A frame of a message given in hex.
local function icmpv6(digits)
  local message = wire.hex(digits)
  return ETH .. string.pack(">I4I2I1I1", 6 << 28, #message, 58, 255) .. ("\0"):rep(15) .. "\1" ..
    ("\0"):rep(15) .. "\2" .. message
end

-- IP6 ::1 > ::2: ICMP6, echo request, id 4660, seq 2, length 12
local ECHO = icmpv6 "80 00 ab cd  12 34  00 02  61 62 63 64"

-- ICMP6, router advertisement, hop limit 64, Flags [managed, other], pref high, lifetime 1800s
local ADVERTISEMENT = icmpv6([[
  86 00 ab cd  40 c8 07 08  00 00 75 30  00 00 03 e8
  01 01 00 00 5e 00 53 01                                      # source link-layer address
  05 01 00 00 00 00 05 dc                                      # MTU 1500
  03 04 40 c0  00 27 8d 00  00 09 3a 80  00 00 00 00           # prefix, 64 bits, on link, autonomous
  20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 00
  19 05 00 00 00 00 0e 10                                      # two name servers
]] .. TARGET .. GROUP)

describe("icmpv6", function()
  it("reads an echo", function()
    local p = tap.packet(ECHO)
    assert.same({ "eth", "ipv6", "icmpv6" }, p:layers())
    wire.check(p, {
      ["icmpv6.type"] = 128, ["icmpv6.code"] = 0, ["icmpv6.checksum"] = 0xabcd,
      ["icmpv6.echo.identifier"] = 0x1234, ["icmpv6.echo.sequence_number"] = 2, ["icmpv6.opt.type"] = "absent",
      ["icmpv6.type:text"] = "Echo request", ["icmpv6.mtu"] = "absent", sport = "absent", src = "::1",
    })
    assert.equal("abcd", p:payload())
    wire.check(tap.packet(icmpv6 "a0 00 0000 0007 0100"), {
      ["icmpv6.echo.identifier"] = 7, ["icmpv6.echo.sequence_number"] = "absent",
    })
  end)

  it("reads errors, and decodes the packet that they quote", function()
    local big = tap.packet(icmpv6 "02 00 0000 000005dc 60")
    wire.check(big, { ["icmpv6.mtu"] = 1500, ["icmpv6.length"] = "absent", ["icmpv6.pointer"] = "absent" })
    assert.same({ "eth", "ipv6", "icmpv6", "ipv6", quoted = 4 }, big:layers())
    assert.is_nil(big.fault)
    local quoted = "60000000 0008 1140" .. TARGET .. GROUP .. "0009 9c40 0008 0000"
    local closed = tap.packet(icmpv6("01 04 0000 00000000" .. quoted))
    assert.same({ "eth", "ipv6", "icmpv6", "ipv6", "udp", quoted = 4 }, closed:layers())
    wire.check(closed, { ["ipv6.dst#2"] = "ff02::16", ["udp.dstport"] = 40000, dport = "absent", dst = "::2" })
    wire.check(tap.packet(icmpv6 "04 01 0000 00000028 60"), { ["icmpv6.pointer"] = 40, ["icmpv6.code"] = 1 })
    wire.check(tap.packet(icmpv6 "01 04 0000 02000000 60"), { ["icmpv6.length"] = 2 })
    wire.check(tap.packet(icmpv6 "03 00 0000 00000000 60"), { ["icmpv6.length"] = "absent" })
  end)

  it("reads neighbour messages", function()
    local ask = tap.packet(icmpv6("87 00 0000 00000000" .. TARGET .. "01 01 00005e005301"))
    wire.check(ask, {
      ["icmpv6.nd.ns.target_address"] = "fe80::1", ["icmpv6.nd.na.target_address"] = "absent",
      ["icmpv6.opt.type"] = 1, ["icmpv6.opt.length"] = 1, ["icmpv6.opt.src_linkaddr"] = "00:00:5e:00:53:01",
      ["icmpv6.opt.target_linkaddr"] = "absent", ["icmpv6.opt.linkaddr"] = "00:00:5e:00:53:01",
    })
    local answer = tap.packet(icmpv6("88 00 0000 a0000000" .. TARGET .. "02 01 00005e005302"))
    wire.check(answer, {
      ["icmpv6.nd.na.target_address"] = "fe80::1", ["icmpv6.nd.na.flag"] = 0xa0000000,
      ["icmpv6.nd.na.flag.r"] = true, ["icmpv6.nd.na.flag.s"] = false, ["icmpv6.nd.na.flag.o"] = true,
      ["icmpv6.opt.target_linkaddr"] = "00:00:5e:00:53:02", ["icmpv6.opt.src_linkaddr"] = "absent",
    })
    local redirect = tap.packet(icmpv6("89 00 0000 00000000" .. TARGET .. GROUP))
    wire.check(redirect, {
      ["icmpv6.nd.rd.target_address"] = "fe80::1", ["icmpv6.rd.na.destination_address"] = "ff02::16",
    })
    wire.check(tap.packet(icmpv6("87 00 0000 00000000" .. TARGET .. "0e 01 010203040506")), {
      ["icmpv6.opt.nonce"] = "\1\2\3\4\5\6", ["icmpv6.opt.linkaddr"] = "absent",
    })
  end)

  it("reads a router advertisement and its options", function()
    local p = tap.packet(ADVERTISEMENT)
    assert.same({ 1, 5, 3, 25 }, p:all("icmpv6.opt.type"))
    assert.same({ 1, 1, 4, 5 }, p:all("icmpv6.opt.length"))
    assert.same({ "fe80::1", "ff02::16" }, p:all("icmpv6.opt.rdnss"))
    wire.check(p, {
      ["icmpv6.nd.ra.cur_hop_limit"] = 64, ["icmpv6.nd.ra.flag"] = 0xc8, ["icmpv6.nd.ra.flag.m"] = true,
      ["icmpv6.nd.ra.flag.o"] = true, ["icmpv6.nd.ra.flag.prf"] = 1, ["icmpv6.nd.ra.flag.prf:text"] = "High",
      ["icmpv6.nd.ra.router_lifetime"] = 1800, ["icmpv6.nd.ra.reachable_time"] = 30000,
      ["icmpv6.nd.ra.retrans_timer"] = 1000, ["icmpv6.opt.mtu"] = 1500, ["icmpv6.mtu"] = "absent",
      ["icmpv6.opt.prefix"] = "2001:db8::", ["icmpv6.opt.prefix.length"] = 64,
      ["icmpv6.opt.prefix.flag.l"] = true, ["icmpv6.opt.prefix.flag.a"] = true,
      ["icmpv6.opt.prefix.valid_lifetime"] = 2592000, ["icmpv6.opt.prefix.preferred_lifetime"] = 604800,
      ["icmpv6.opt.rdnss.lifetime"] = 3600,
    })
  end)

  it("ends its options where one has no length or does not fit", function()
    for _, option in ipairs { "01 00 00005e005301", "01 02 00005e005301", "01" } do
      local p = tap.packet(icmpv6("87 00 0000 00000000" .. TARGET .. option))
      assert.is_nil(p.fault)
      wire.check(p, { ["icmpv6.opt.src_linkaddr"] = "absent", ["icmpv6.opt.type"] = "absent" })
    end
    wire.check(tap.packet(icmpv6("87 00 0000 00000000" .. TARGET .. "01 02" .. ("00"):rep(14))), {
      ["icmpv6.opt.type"] = 1, ["icmpv6.opt.src_linkaddr"] = "absent", -- longer than a MAC address
    })
  end)

  it("reads listener discovery", function()
    local query = tap.packet(icmpv6("82 00 0000 03e8 0000" .. GROUP))
    wire.check(query, {
      ["icmpv6.mld.maximum_response_delay"] = 1000, ["icmpv6.mld.maximum_response_code"] = "absent",
      ["icmpv6.mld.multicast_address"] = "ff02::16",
    })
    local second = tap.packet(icmpv6("82 00 0000 03e8 0000" .. GROUP .. "0a7d 0000"))
    wire.check(second, {
      ["icmpv6.mld.maximum_response_delay"] = "absent", ["icmpv6.mld.maximum_response_code"] = 1000,
    })
    local records = "04 01 0000" .. GROUP .. "aabbccdd  03 00 0001" .. TARGET .. GROUP
    local report = tap.packet(icmpv6("8f 00 0000 0000 0003" .. records))
    wire.check(report, {
      ["icmpv6.mldr.nb_mcast_records"] = 3, ["icmpv6.mldr.mar.record_type:text"] = "Change to exclude",
    })
    assert.same({ 4, 3 }, report:all("icmpv6.mldr.mar.record_type"))
    assert.same({ 0, 1 }, report:all("icmpv6.mldr.mar.nb_sources"))
    assert.same({ "ff02::16", "fe80::1" }, report:all("icmpv6.mldr.mar.multicast_address"))
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(ECHO, 14 + 40 + 8)
    wire.check_cuts(ADVERTISEMENT, 14 + 40 + 16)
    local p = tap.packet(icmpv6("87 00 0000 00000000" .. TARGET):sub(1, 14 + 40 + 20))
    assert.equal("icmpv6: header cut short at byte 74", p.fault)
    wire.check(p, { ["icmpv6.type"] = 135, ["icmpv6.nd.ns.target_address"] = "absent" })
  end)
end)
