--- p:summary() of tunnels and of what routers say, beside tcpdump's lines.
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"
local wire = require "spec.proto.wire"

local INNER, INNER_ETH <const> = wire.INNER, wire.INNER_ETH
local V6 <const> = { src = "2001:db8::1", dst = "2001:db8::2" }
local SCTP <const> = "0050 1f90 00000001 12345678"
local OSPF <const> = "01010101 00000000 0000 0000 0000000000000000"

local function over(number)
  return function(digits) return wire.frame(digits, number < 256 and { proto = number } or { port = number }) end
end

local gre, esp, igmp, vrrp, pim = over(47), over(50), over(2), over(112), over(103)
local function mpls(digits) return build.eth(wire.hex(digits), { type = 0x8847 }) end
local function sctp(digits) return over(132)(SCTP .. digits) end

local SAME <const> = {
  gre("0000 0800" .. INNER), gre("3000 6558 000000aa 00000007" .. INNER_ETH),
  gre("b000 0800 1234 0000 000000aa 00000007" .. INNER), gre "0000 88b5 0102", gre "3000 0800 00000001",
  mpls("00010a40 fffff13f" .. INNER), over(4)(INNER), build.eth(build.ipv6(wire.hex(INNER), V6, { next = 4 })),
  over(6081)("00 00 6558 000abc 00" .. INNER_ETH),
  over(6081)("03 40 0800 000abc 00  0101 81 02 0102030405060708" .. INNER),
  esp "00000001 00000002 aabbcc", esp "0000 0001", over(4500) "0000 0005 00000001 aabbccdd", over(4500) "ff",
  igmp "118f 0000 e0000101 0a 7d 0002 01020304 05060708", igmp "1164 0000 e0000000 0a 7d 0000",
  igmp "2200 0000 0000 0002 04 01 0001 e0000102 01020304 aabbccdd 03 00 0000 e0000103", igmp "1164 0000 00000000",
  igmp "1600 0000 e0000101", igmp "1700 0000 e0000101", igmp "1200 0000 e0000101", igmp "1100 0000 00000000",
  igmp "1105 0000 e0000101", sctp "0200 0014 0000000a 0000ffff 000a 000b 00000064 0a00 0008 aabbccdd",
  sctp "0003 0013 00000064 0001 0002 0000002e 616263 00", sctp "0601 0004", sctp "0700 0008 00000064",
  sctp "0100 0014 0000000a 0000ffff 000a 000b 00000064", sctp "0300 0010 00000064 0000ffff 0000 0000",
  sctp "0400 000c 0001 0008 11223344 0e00 0004",
  over(89)("0201 002c" .. OSPF .. "ffffff00 000a 02 01 00000028 c0000201 00000000"), over(89)("0205 0018" .. OSPF),
  vrrp "21 01 64 01 00 01 0000 c0000201 0000000000000000", vrrp "31 01 64 01 0064 0000 c0000201",
  pim "20 00 1234 0001 0002 0069",
}

describe("p:summary of tunnels", function()
  it("has tcpdump's words", function()
    local path = os.tmpname()
    run.write(path, build.pcap(SAME))
    local r, lines = run { "tcpdump", "-nn", "-t", "-r", path }, {}
    os.remove(path)
    assert.equal(0, r.code, r.err)
    for line in r.out:gmatch("[^\n]+") do lines[#lines + 1] = line end
    assert.equal(#SAME, #lines)
    for i, bytes in ipairs(SAME) do
      local theirs = lines[i]:gsub("%s+$", ""):gsub("  ", " ")
      assert.equal(theirs, tap.packet(bytes):summary())
    end
  end)

  it("puts in one line what tcpdump puts in two", function()
    local inside <const> = "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0"
    assert.equal("IP 192.0.2.1.40000 > 192.0.2.2.4789: VXLAN, flags [I] (0x08), vni 43981: " .. inside,
      tap.packet(over(4789)("0800 0000 00abcd 00" .. INNER_ETH)):summary())
    assert.equal("MPLS (label 16, tc 0, [S], ttl 63) " .. inside,
      tap.packet(mpls("0001013f 00000007" .. INNER_ETH)):summary())
  end)

  it("names what has no words", function()
    assert.matches("4789: UDP, length 8$", tap.packet(over(4789) "0000 0000 000001 00"):summary())
    assert.matches(": UDP, length 36: gtp: IP 10%.", tap.packet(over(2152)("30 ff 001c 00000001" .. INNER)):summary())
    assert.matches(": etherip: IP 10%.0", tap.packet(over(97)("3000" .. INNER_ETH)):summary())
  end)

  it("says where the bytes end", function()
    for _, bytes in ipairs(SAME) do
      for n = 14, #bytes - 1 do
        local line = tap.packet(bytes:sub(1, n), { len = #bytes }):summary()
        assert.is_nil(line:find("\n", 1, true))
      end
    end
    assert.equal("IP 192.0.2.1 > 192.0.2.2: [|igmp]", tap.packet(igmp "22"):summary())
    assert.matches("MPLS %(label 16, tc 0, ttl 63%) %[|mpls%]$", tap.packet(mpls "0001003f 0001"):summary())
    assert.matches("sctp %(1%) %[DATA%] %[|sctp%]$", tap.packet(sctp "0003 0013 0000"):summary())
  end)
end)
