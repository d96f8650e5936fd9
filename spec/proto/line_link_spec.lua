--- p:summary() of the links beside Ethernet and of what neighbours tell each other, against tcpdump's
--- lines where both say the same.
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"
local wire = require "spec.proto.wire"

local version = run { "tcpdump", "--version" }
local has_tcpdump = (version.out .. version.err):find("tcpdump version 4.99", 1, true) ~= nil

local SENDER <const> = wire.hex "00 00 5e 00 53 02"
local IPV4 <const> = build.udp_frame():sub(15)

--- Compare both programs' lines about packets of a link type, but for white space.
local function check(packets, linktype)
  if not has_tcpdump then return pending("tcpdump 4.99 is not here") end
  local file = build.pcap(packets, { linktype = linktype })
  local r, i = run { "tcpdump", "-Z", "root", "-nn", "-t", "-r", "-", stdin = file }, 0
  for line in r.out:gmatch("[^\n]+") do
    i = i + 1
    local ours = tap.packet(packets[i], { linktype = linktype }):summary()
    assert.equal((line:gsub("%s", "")), (ours:gsub("%s", "")))
  end
  assert.equal(#packets, i)
end

--- A frame to a group of bridges.
local function group(type, body)
  return wire.hex "01 80 c2 00 00 00" .. SENDER .. string.pack(">I2", type) .. body
end

local CONFIGURATION <const> = wire.hex [[
  00 00 00 00 01  80 01 00 00 5e 00 53 01  00 00 00 0c  80 01 00 00 5e 00 53 02  80 41
  01 00 14 00 02 00 0f 00
]]

local function bpdu(bytes) return group(3 + #bytes, "\x42\x42\3" .. bytes) end

--- A management frame of 802.11.
local function management(control, body)
  return wire.hex(control) .. "\0\0" .. SENDER .. SENDER .. SENDER .. "\0\0" .. body
end

describe("summary", function()
  it("keeps silent about a link that leads on", function()
    check({ wire.hex "02 00 00 00" .. IPV4 }, 0)
    check({ wire.hex "00 00 00 02" .. IPV4 }, 108)
    check({ wire.hex "ff 03 00 21" .. IPV4, wire.hex "00 21" .. IPV4 }, 9)
    check({ wire.hex "0f 00 08 00" .. IPV4 }, 104)
    check({ wire.hex "48 d1 03 cc" .. IPV4 }, 107)
    check({ wire.hex "00 00 00 01 00 06" .. SENDER .. wire.hex "00 00 08 00" .. IPV4 }, 113)
    local snap = wire.hex "aa aa 03 00 00 00 08 00"
    check({ wire.hex "08 00 00 00" .. SENDER .. SENDER .. SENDER .. "\0\0" .. snap .. IPV4 }, 105)
  end)

  it("names a link that leads nowhere", function()
    assert.equal("Null/Loopback, length 8", tap.packet("\99\0\0\0abcd", { linktype = 0 }):summary())
    assert.equal("PPP, Link Control Protocol (0xc021), length 4",
      tap.packet(wire.hex "ff 03 c0 21 01 01 00 04", { linktype = 9 }):summary())
    assert.equal("[|null]", tap.packet("\2\0", { linktype = 0 }):summary())
  end)

  it("tells PPPoE's sessions and tags", function()
    local ethernet = SENDER .. SENDER
    check({
      ethernet .. wire.hex "88 64 11 00 00 11 00 1e 00 21" .. IPV4,
      ethernet .. wire.hex "88 63 11 09 00 00 00 0c  01 01 00 00  01 03 00 04 00 00 17 61",
      ethernet .. wire.hex "88 63 11 65 00 01 00 08  01 02 00 04 74 65 73 74",
    }, 1)
  end)

  it("tells spanning trees", function()
    check({ bpdu(CONFIGURATION), bpdu(wire.hex "00 00 02 02 7e" .. CONFIGURATION:sub(6) .. "\0"),
      bpdu(wire.hex "00 00 00 80"), bpdu(wire.hex "00 00 00 00 00" .. CONFIGURATION:sub(6)) }, 1)
    assert.matches("%[|stp%]$", tap.packet(bpdu(CONFIGURATION):sub(1, 30)):summary())
  end)

  it("tells LLDP, LACP and 802.1X", function()
    check({
      group(0x88cc, wire.hex "02 07 04" .. SENDER .. wire.hex "04 05 05 65 74 68 30 06 02 00 78 0a 02 61 62 00 00"),
      group(0x8809, wire.hex "01 01 01 14" .. ("\0"):rep(18) .. wire.hex "02 14" .. ("\0"):rep(18) ..
        wire.hex "03 10" .. ("\0"):rep(66)),
      group(0x888e, wire.hex "02 01 00 00" .. ("\0"):rep(42)), group(0x888e, wire.hex "01 00 00 05 01 01 00 05 01"),
    }, 1)
  end)

  it("tells CDP's device and port", function()
    local body = wire.hex "aa aa 03 00 00 0c 20 00  02 b4 12 34  00 01 00 0a 72 6f 75 74 65 72  00 03 00 07 45 2f 31"
    assert.equal("CDPv2, ttl: 180s, Device-ID 'router', Port-ID 'E/1', length 21",
      tap.packet(group(#body, body)):summary())
  end)

  it("tells 802.11's networks, reasons and receivers, and how radiotap heard them", function()
    local beacon = management("80 00", wire.hex "00 00 00 00 00 00 00 00 64 00 11 04 00 04 68 6f 6d 65 03 01 06")
    local header = wire.hex "00 00 0f 00  2c 00 00 00  0b 00 85 09 a0 00 d0"
    assert.equal("Beacon (home) CH: 6, PRIVACY", tap.packet(beacon, { linktype = 105 }):summary())
    assert.equal("5.5 Mb/s 2437 MHz -48dBm signal Beacon (home) CH: 6, PRIVACY",
      tap.packet(header .. beacon, { linktype = 127 }):summary())
    assert.equal("Deauthentication: Frame needs association",
      tap.packet(management("c0 00", "\7\0"), { linktype = 105 }):summary())
    assert.equal("Acknowledgement RA:00:00:5e:00:53:02",
      tap.packet(wire.hex "d4 00 00 00" .. SENDER, { linktype = 105 }):summary())
  end)
end)
