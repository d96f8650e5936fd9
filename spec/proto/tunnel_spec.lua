--- Tunnels with a header that is read at a glance: IP in IP, EtherIP, VXLAN, GENEVE, GTP, L2TP, ESP.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local INNER, INNER_ETH <const> = wire.INNER, wire.INNER_ETH

local function over(number)
  return function(digits) return wire.frame(digits, number < 256 and { proto = number } or { port = number }) end
end

local function layers(frame, ...) assert.same({ "eth", "ip", ... }, tap.packet(frame):layers()) end

describe("ip in ip", function()
  local ENDS <const> = { src = "2001:db8::1", dst = "2001:db8::2" }
  local SIX <const> = build.ipv6(wire.hex(INNER), ENDS, { next = 4 })
  local FRAMES <const> = { over(4)(INNER), over(41)(tshark.hex(SIX)), build.eth(SIX) }

  it("goes on with the inner packet, and leaves src and dst with the outer one", function()
    layers(FRAMES[1], "ip", "udp")
    layers(FRAMES[2], "ipv6", "ip", "udp")
    assert.same({ "eth", "ipv6", "ip", "udp" }, tap.packet(FRAMES[3]):layers())
    wire.check(tap.packet(FRAMES[1]), {
      src = "192.0.2.1", ["ip.src"] = "192.0.2.1", ["ip.src#2"] = "10.0.0.1", sport = 1,
    })
    wire.check(tap.packet(FRAMES[3]), { src = "2001:db8::1", ["ip.src"] = "10.0.0.1" })
    assert.is_nil(tap.packet(FRAMES[2]):layers().quoted)
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check(FRAMES, { "ip.", "ipv6." }) > 60)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(FRAMES[1], 14 + 20 + 28)
    wire.check_cuts(FRAMES[2], 14 + 20 + 40 + 28)
  end)

  it("finds a fault in the inner header", function()
    assert.equal("ip: malformed header at byte 34", tap.packet(over(4)("55" .. INNER:sub(3))).fault)
  end)

  it("is read whatever else a pass asks for", function()
    local rows = {}
    local cap <close> = assert(tap.open { packets = { FRAMES[1], FRAMES[3] } })
    for address in cap:fields { "ip.src" } do rows[#rows + 1] = address end
    assert.same({ "192.0.2.1", "10.0.0.1" }, rows)
    rows = {}
    for address in cap:fields { "ip.src#2" } do rows[#rows + 1] = address end
    assert.same({ "10.0.0.1" }, rows)
  end)
end)

describe("etherip", function()
  local FRAME <const> = over(97)("3000" .. INNER_ETH)

  it("carries Ethernet", function()
    layers(FRAME, "etherip", "eth", "ip", "udp")
    assert.is_true(tshark.check({ FRAME }, { "etherip.", "eth." }) > 10)
    wire.check_cuts(FRAME, 14 + 20 + 2 + 42)
  end)
end)

describe("vxlan", function()
  local PLAIN <const> = over(4789)("0800 0000 00abcd 00" .. INNER_ETH)
  local GROUP <const> = over(4789)("8848 1234 00abcd 00" .. INNER_ETH)
  local GENERIC <const> = over(4790)("0c00 0001 00abcd 00" .. INNER)
  local BRIDGED <const> = over(4790)("0d00 0003 00abcd 00" .. INNER_ETH)
  local LABELS <const> = over(4790)("0c00 0005 00abcd 00 0001013f" .. INNER)

  it("carries Ethernet, or what its extension says", function()
    layers(PLAIN, "udp", "vxlan", "eth", "ip", "udp")
    layers(over(8472)("0800 0000 000001 00" .. INNER_ETH), "udp", "vxlan", "eth", "ip", "udp")
    layers(GENERIC, "udp", "vxlan", "ip", "udp")
    layers(over(4790)("0800 0001 00abcd 00" .. INNER), "udp", "vxlan", "ip", "udp")
    layers(over(4789)("0c00 0001 00abcd 00" .. INNER), "udp", "vxlan", "ip", "udp")
    layers(BRIDGED, "udp", "vxlan", "eth", "ip", "udp")
    layers(LABELS, "udp", "vxlan", "mpls", "ip", "udp")
    layers(over(4790)("0c00 0009 00abcd 00" .. INNER), "udp", "vxlan")
    wire.check(tap.packet(PLAIN), {
      ["vxlan.vni"] = 0xabcd, ["vxlan.gbp"] = 0, ["vxlan.next_proto"] = "absent", dport = 4789,
      ["udp.dstport#2"] = 2, ["ip.src#2"] = "10.0.0.1",
    })
    wire.check(tap.packet(GENERIC), { ["vxlan.next_proto"] = 1, ["vxlan.ver"] = 0, ["vxlan.flag_g"] = "absent" })
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check({ PLAIN, GROUP }, { "vxlan.", "eth.", "ip.", "udp." }) > 80)
  end)

  it("keeps what a cut header holds whole", function() wire.check_cuts(PLAIN, 14 + 20 + 8 + 8 + 42) end)

  it("is no layer where no network is named", function()
    layers(over(4789)("0000 0000 000001 00" .. INNER_ETH), "udp")
    assert.is_nil(tap.packet(over(4789) "0000 0000 000001 00").fault)
  end)
end)

describe("geneve", function()
  local FRAME <const> = over(6081)("03 40 6558 000abc 00  0101 81 02 0102030405060708" .. INNER_ETH)
  local DIRECT <const> = over(6081)("00 00 0800 000abc 00" .. INNER)

  it("reads options, and goes on by type", function()
    layers(FRAME, "udp", "geneve", "eth", "ip", "udp")
    layers(DIRECT, "udp", "geneve", "ip", "udp")
    wire.check(tap.packet(FRAME), {
      ["geneve.vni"] = 0xabc, ["geneve.option.class"] = 0x101, ["geneve.option.type.critical"] = true,
      ["geneve.option.unknown.data"] = "\1\2\3\4\5\6\7\8", ["geneve.flags.critical"] = true,
    })
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check({ FRAME, DIRECT }, { "geneve.", "eth.", "ip." }) > 60)
  end)

  it("keeps what a cut header holds whole", function() wire.check_cuts(FRAME, 14 + 20 + 8 + 20 + 42) end)

  it("is no layer of another version", function() layers(over(6081)("40 00 0800 000abc 00" .. INNER), "udp") end)
end)

describe("gtp", function()
  local PLAIN <const> = over(2152)("30 ff 001c 00000001" .. INNER)
  local SESSION <const> = over(2152)("34 ff 0024 00000001  1234 05 85  01 00 09 00" .. INNER)
  local FRAMES <const> = {
    PLAIN, SESSION, over(2152) "32 01 0004 00000001 1234 00 00", over(2123) "32 10 0006 00000000 1234 00 00 0102",
    over(2152)("1e ff 001c 0001 0002 ff ffffff 0102030405060708" .. INNER),
    over(2152)("31 ff 0020 00000001 1234 07 00" .. INNER), over(2152) "30 fe 0000 00000001",
  }

  it("reads the header, and goes on with user data", function()
    layers(PLAIN, "udp", "gtp", "ip", "udp")
    layers(SESSION, "udp", "gtp", "ip", "udp")
    layers(FRAMES[4], "udp", "gtp")
    wire.check(tap.packet(SESSION), {
      ["gtp.teid"] = 1, ["gtp.message"] = 255, ["gtp.ext_hdr.pdu_ses_con.qos_flow_id"] = 9,
      ["gtp.seq_number"] = "absent", ["gtp.npdu_number"] = "absent",
    })
    assert.same({ 0x85, 0 }, tap.packet(SESSION):all("gtp.ext_hdr.next"))
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check(FRAMES, { "gtp.", "ip.", "udp.dstport" }) > 150)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(SESSION, 14 + 20 + 8 + 16 + 28)
    wire.check_cuts(FRAMES[5], 14 + 20 + 8 + 20 + 28)
  end)

  it("is cut by an extension header without a length", function()
    assert.matches("^gtp: header cut short", tap.packet(over(2152) "34 ff 0008 00000001 1234 05 85 00 00 09 00").fault)
  end)

  it("is no layer of version 2 or of charging", function()
    layers(over(2123) "48 20 0008 00000001 123456 00", "udp")
    layers(over(3386) "2e 01 0000 00000001 0000", "udp")
  end)
end)

describe("l2tp", function()
  local DATA <const> = over(1701) "0002 0001 0002 ff03 c021 0900 0004"
  local ALL <const> = over(1701) "4b02 0016 0001 0002 0003 0004 0002 0000 ff03 c021 0900"
  local CONTROL <const> = over(1701) "c802 0014 0001 0002 0003 0004 8008 0000 0000 0001"
  local FRAMES <const> = {
    DATA, ALL, CONTROL, over(1701) "0003 0000 00000007 0102",
    over(1701) "c803 0014 00000001 0003 0004 8008 0000 0000 0001", over(115) "00000007 0102",
    over(115) "00000000 c803 0014 00000001 0003 0004 8008 0000 0000 0001",
  }

  it("reads both versions", function()
    wire.check(tap.packet(ALL), {
      ["l2tp.tunnel"] = 1, ["l2tp.session"] = 2, ["l2tp.Ns"] = 3, ["l2tp.Nr"] = 4, ["l2tp.offset"] = 2,
      ["l2tp.sid"] = "absent",
    })
    wire.check(tap.packet(FRAMES[6]), { ["l2tp.sid"] = 7, ["l2tp.flags"] = "absent", ["l2tp.tunnel"] = "absent" })
    wire.check(tap.packet(FRAMES[7]), { ["l2tp.sid"] = 0, ["l2tp.ccid"] = 1, ["l2tp.version"] = 3 })
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check(FRAMES, { "l2tp." }) > 45)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(CONTROL, 14 + 20 + 8 + 12)
    wire.check_cuts(FRAMES[7], 14 + 20 + 16)
  end)

  it("is no layer of a version that nobody has, and malformed where its length is too small", function()
    layers(over(1701) "0004 0001 0002", "udp")
    assert.equal("l2tp: malformed header at byte 42", tap.packet(over(1701) "4002 0004 0001 0002").fault)
  end)
end)

describe("esp", function()
  local FRAMES <const> = {
    over(50) "00000001 00000002 aabbcc", over(4500) "00000005 00000001 aabbccdd", over(4500) "ff",
    over(4500) "0000 0000 01",
  }

  it("reads two numbers, and its encapsulation in UDP", function()
    layers(FRAMES[1], "esp")
    layers(FRAMES[2], "udp", "udpencap", "esp")
    layers(FRAMES[3], "udp", "udpencap")
    layers(FRAMES[4], "udp", "udpencap")
    wire.check(tap.packet(FRAMES[2]), { ["esp.spi"] = 5, ["esp.sequence"] = 1, ["udpencap.nat_keepalive"] = "absent" })
    wire.check(tap.packet(FRAMES[3]), { ["udpencap.nat_keepalive"] = true })
    wire.check(tap.packet(FRAMES[4]), { ["udpencap.non_esp_marker"] = true, ["esp.spi"] = "absent" })
  end)

  it("has tshark's values", function()
    assert.is_true(tshark.check(FRAMES, { "esp.", "udpencap." }) >= 6)
  end)

  it("keeps what a cut header holds whole", function() wire.check_cuts(FRAMES[1], 14 + 20 + 8) end)
end)
