--- IEEE 802.11, with radiotap before it and without.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local WLAN <const>, RADIOTAP <const> = 105, 127
local IPV4 <const> = build.udp_frame():sub(15)
local SNAP <const> = wire.hex "aa aa 03 00 00 00 08 00"

local A1 <const>, A2 <const> = wire.hex "02 00 00 00 00 01", wire.hex "02 00 00 00 00 02"
local A3 <const>, A4 <const> = wire.hex "02 00 00 00 00 03", wire.hex "02 00 00 00 00 04"

--- A frame of three addresses: the two bytes of frame control, and what follows the header.
local function frame(control, rest, more)
  return wire.hex(control) .. "\x2c\0" .. A1 .. A2 .. A3 .. "\x40\x01" .. (more or "") .. rest
end

-- Beacon (home) [1.0* 2.0* 5.5 Mbit] ESS CH: 6, PRIVACY
local BEACON <const> = frame("80 00", wire.hex [[
  81 01 60 05 00 00 00 00                                      # timestamp
  64 00                                                        # 102.4 ms
  11 04                                                        # ESS, privacy, short slots
  00 04  68 6f 6d 65                                           # SSID
  01 03  82 84 0b                                              # rates
  03 01  06                                                    # channel
  05 04  00 01 00 00                                           # TIM
  07 06  44 45 20  01 0d 14                                    # Germany
  32 02  0c 12                                                 # more rates
  30 02  01 00                                                 # RSN
  dd 05  00 50 f2 02 01                                        # vendor
]])
local AUTHENTICATION <const> = frame("b0 00", wire.hex "00 00  02 00  0d 00")
local DEAUTHENTICATION <const> = frame("c0 00", wire.hex "07 00")
local ASSOCIATION <const> = frame("10 00", wire.hex "11 04  00 00  05 c0  01 01 82")
local REASSOCIATION <const> = frame("20 00", wire.hex "11 04  0a 00" .. A4 .. wire.hex "00 04  68 6f 6d 65")
local PROBE <const> = frame("40 00", wire.hex "00 00  01 01 82") -- for any network
local ACTION <const> = frame("d0 00", wire.hex "03 00 01 02 03")

local DATA <const> = {
  between = frame("08 00", SNAP .. IPV4),
  to = frame("08 01", SNAP .. IPV4),
  from = frame("08 02", SNAP .. IPV4),
  bridged = frame("08 03", SNAP .. IPV4, A4),
  qos = frame("88 02", SNAP .. IPV4, "\x36\0"), -- TID 6, end of service period, no acknowledgement
}
local PROTECTED <const> = frame("08 41", "\1\2\3\x20 secret")
local NULL <const> = frame("48 11", "")

local RTS <const> = wire.hex "b4 00 3a 01" .. A1 .. A2
local ACK <const> = wire.hex "d4 00 00 00" .. A1
local PS_POLL <const> = wire.hex "a4 10 01 c0" .. A1 .. A2
local CF_END <const> = wire.hex "e4 00 00 00" .. A1 .. A2
local BLOCK_ACK <const> = wire.hex "94 00 00 00" .. A1 .. A2 .. wire.hex "04 00 10 00 ff ff ff ff ff ff ff ff"

-- tsft, flags (FCS at end), 5.5 Mb/s, 2437 MHz 11b, -48dBm signal, antenna 1
local HEADER <const> = wire.hex [[
  00 00 1a 00                                                  # version, 26 bytes
  2f 48 00 00                                                  # which values
  01 02 03 04 05 06 07 00                                      # MAC time
  10 0b                                                        # flags, rate
  85 09 a0 00                                                  # channel
  d0 01 00 00                                                  # signal, antenna, RX flags
]]
-- the same, where a second bitmap brings the second antenna's signal
local TWO_ANTENNAS <const> = wire.hex [[
  00 00 14 00
  22 08 00 a0                                                  # flags, signal, antenna; more follow
  20 08 00 00                                                  # signal, antenna
  00  ce 00  ca 01  00 00 00
]]

describe("wlan", function()
  it("reads a beacon", function()
    local p = tap.packet(BEACON, { linktype = WLAN })
    assert.same({ "wlan" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["wlan.fc"] = 0x8000, ["wlan.fc.type_subtype"] = 8, ["wlan.fc.type"] = 0, ["wlan.fc.subtype"] = 8,
      ["wlan.fc.type_subtype:text"] = "Beacon", ["wlan.duration"] = 44, ["wlan.seq"] = 20, ["wlan.frag"] = 0,
      ["wlan.ra"] = "02:00:00:00:00:01", ["wlan.da"] = "02:00:00:00:00:01", ["wlan.sa"] = "02:00:00:00:00:02",
      ["wlan.bssid"] = "02:00:00:00:00:03", ["wlan.staa"] = "absent",
      ["wlan.fixed.timestamp"] = 0x5600181, ["wlan.fixed.beacon"] = 100, ["wlan.fixed.capabilities"] = 0x0411,
      ["wlan.fixed.capabilities.ess"] = true, ["wlan.fixed.capabilities.ibss"] = false,
      ["wlan.fixed.capabilities.privacy"] = true, ["wlan.ssid"] = "home", ["wlan.ds.current_channel"] = 6,
      ["wlan.tim.dtim_count"] = 0, ["wlan.tim.dtim_period"] = 1, ["wlan.country_info.code"] = "DE",
      ["wlan.rsn.version"] = 1, ["wlan.tag.oui"] = 0x0050f2,
    })
    assert.same({ 0, 1, 3, 5, 7, 50, 48, 221 }, p:all("wlan.tag.number"))
    assert.same({ 0x82, 0x84, 0x0b }, p:all("wlan.supported_rates"))
    assert.same({ 12, 18 }, p:all("wlan.extended_supported_rates"))
    assert.same({ "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03" }, p:all("wlan.addr"))
  end)

  it("reads what other management frames have in fixed places", function()
    local function read(bytes) return tap.packet(bytes, { linktype = WLAN }) end
    wire.check(read(AUTHENTICATION), {
      ["wlan.fixed.auth.alg"] = 0, ["wlan.fixed.auth_seq"] = 2, ["wlan.fixed.status_code"] = 13,
      ["wlan.fixed.reason_code"] = "absent", ["wlan.fixed.beacon"] = "absent",
    })
    wire.check(read(DEAUTHENTICATION), { ["wlan.fixed.reason_code"] = 7, ["wlan.fixed.status_code"] = "absent" })
    wire.check(read(ASSOCIATION), { ["wlan.fixed.aid"] = 5, ["wlan.fixed.status_code"] = 0 })
    wire.check(read(REASSOCIATION), {
      ["wlan.fixed.listen_ival"] = 10, ["wlan.fixed.current_ap"] = "02:00:00:00:00:04", ["wlan.ssid"] = "home",
    })
    wire.check(read(PROBE), { ["wlan.ssid"] = "", ["wlan.fixed.capabilities"] = "absent" })
    wire.check(read(ACTION), { ["wlan.fixed.category_code"] = 3, ["wlan.tag.number"] = "absent" })
  end)

  it("gives the addresses their roles by direction", function()
    local roles = { -- da, sa, bssid, staa
      between = { "01", "02", "03" }, to = { "03", "02", "01", "02" }, from = { "01", "03", "02", "01" },
      bridged = { "03", "04" },
    }
    for direction, want in pairs(roles) do
      local p = tap.packet(DATA[direction], { linktype = WLAN })
      assert.same({ "wlan", "llc", "ip", "udp" }, p:layers())
      for i, name in ipairs { "wlan.da", "wlan.sa", "wlan.bssid", "wlan.staa" } do
        assert.equal(want[i] and "02:00:00:00:00:" .. want[i], p[name], direction .. " " .. name)
      end
      wire.check(p, { ["wlan.ra"] = "02:00:00:00:00:01", ["wlan.ta"] = "02:00:00:00:00:02", dport = 9 })
    end
  end)

  it("reads QoS", function()
    local p = tap.packet(DATA.qos, { linktype = WLAN })
    assert.same({ "wlan", "llc", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["wlan.qos"] = 0x36, ["wlan.qos.tid"] = 6, ["wlan.qos.priority"] = 6, ["wlan.qos.eosp"] = true,
      ["wlan.qos.ack"] = 1, ["wlan.qos.amsdupresent"] = false,
    })
    wire.check(tap.packet(DATA.from, { linktype = WLAN }), { ["wlan.qos"] = "absent" })
  end)

  it("ends as data where the body is protected, a later fragment or several", function()
    local later = DATA.to:sub(1, 22) .. "\x41\x01" .. DATA.to:sub(25)
    local several = frame("88 02", SNAP .. IPV4, "\x80\0")
    for _, bytes in ipairs { PROTECTED, later, several, NULL } do
      local p = tap.packet(bytes, { linktype = WLAN })
      assert.same({ "wlan" }, p:layers())
      assert.is_nil(p.fault)
    end
    assert.equal("\1\2\3\x20 secret", tap.packet(PROTECTED, { linktype = WLAN }):payload())
    local beacon = tap.packet("\x80\x40" .. BEACON:sub(3), { linktype = WLAN })
    wire.check(beacon, { ["wlan.fixed.beacon"] = "absent", ["wlan.ssid"] = "absent" })
  end)

  it("reads control frames", function()
    local function read(bytes) return tap.packet(bytes, { linktype = WLAN }) end
    wire.check(read(RTS), { ["wlan.ra"] = "02:00:00:00:00:01", ["wlan.ta"] = "02:00:00:00:00:02",
      ["wlan.da"] = "absent", ["wlan.duration"] = 314, ["wlan.seq"] = "absent" })
    wire.check(read(ACK), { ["wlan.ra"] = "02:00:00:00:00:01", ["wlan.ta"] = "absent" })
    wire.check(read(PS_POLL), { ["wlan.aid"] = 1, ["wlan.duration"] = "absent",
      ["wlan.bssid"] = "02:00:00:00:00:01", ["wlan.ta"] = "02:00:00:00:00:02" })
    wire.check(read(CF_END), { ["wlan.ra"] = "02:00:00:00:00:01", ["wlan.bssid"] = "02:00:00:00:00:02" })
  end)

  it("ends the tags at one that its length says is longer", function()
    local p = tap.packet(BEACON:sub(1, 43) .. "\xff" .. BEACON:sub(45), { linktype = WLAN })
    assert.is_nil(p.fault)
    assert.same({ 0 }, p:all("wlan.tag.number"))
    wire.check(p, { ["wlan.ssid"] = "home", ["wlan.ds.current_channel"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(BEACON, 24 + 12, { linktype = WLAN })
    wire.check_cuts(DATA.qos, 26 + 8 + 20 + 8, { linktype = WLAN })
    wire.check_cuts(DATA.bridged, 30 + 8 + 20 + 8, { linktype = WLAN })
    wire.check_cuts(PS_POLL, 16, { linktype = WLAN })
    for _, bytes in ipairs { BEACON, REASSOCIATION, DATA.qos, BLOCK_ACK } do
      wire.check_damage(bytes, { linktype = WLAN })
    end
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { BEACON, AUTHENTICATION, DEAUTHENTICATION, ASSOCIATION, REASSOCIATION, PROBE, DATA.between,
      DATA.to, DATA.from, DATA.bridged, DATA.qos, PROTECTED, NULL, RTS, ACK, PS_POLL, CF_END, BLOCK_ACK, ACTION }
    assert.is_true(tshark.check(packets, { "wlan.", "llc.", "ip." }, { linktype = WLAN }) > 350)
  end)
end)

describe("radiotap", function()
  it("reads values at their alignments, and takes the check sequence off the frame", function()
    local p = tap.packet(HEADER .. BEACON .. "\x04\x03\x02\x01", { linktype = RADIOTAP })
    assert.same({ "radiotap", "wlan" }, p:layers())
    wire.check(p, {
      ["radiotap.version"] = 0, ["radiotap.length"] = 26, ["radiotap.present.word"] = 0x482f,
      ["radiotap.mactime"] = 0x7060504030201, ["radiotap.flags"] = 0x10, ["radiotap.flags.fcs"] = true,
      ["radiotap.flags.datapad"] = false, ["radiotap.rate"] = 11, ["radiotap.channel.freq"] = 2437,
      ["radiotap.channel.flags"] = 0xa0, ["radiotap.dbm_antsignal"] = -48, ["radiotap.antenna"] = 1,
      ["radiotap.dbm_antnoise"] = "absent", ["wlan.fcs"] = 0x01020304, ["wlan.ssid"] = "home",
    })
    assert.equal(221, p["wlan.tag.number#8"])
    assert.equal(#BEACON - 36, #p:payload())
  end)

  it("takes nothing off a frame that the capture cut", function()
    local p = tap.packet(HEADER .. BEACON, { linktype = RADIOTAP, len = 26 + #BEACON + 4 })
    assert.equal(#BEACON - 36, #p:payload())
    wire.check(p, { ["wlan.fcs"] = "absent", ["radiotap.flags.fcs"] = true })
  end)

  it("reads each antenna's values", function()
    local p = tap.packet(TWO_ANTENNAS .. BEACON, { linktype = RADIOTAP })
    assert.same({ -50, -54 }, p:all("radiotap.dbm_antsignal"))
    assert.same({ 0, 1 }, p:all("radiotap.antenna"))
    assert.equal(2, #p:all("radiotap.present.word"))
  end)

  it("skips the filling of a header that was filled up", function()
    local header = wire.hex "00 00 09 00 02 00 00 00 20" -- flags: filled up
    local p = tap.packet(header .. DATA.qos:sub(1, 26) .. "\0\0" .. DATA.qos:sub(27), { linktype = RADIOTAP })
    assert.same({ "radiotap", "wlan", "llc", "ip", "udp" }, p:layers())
    wire.check(p, { dport = 9, ["radiotap.flags.datapad"] = true })
  end)

  it("finds a length malformed that has no room for its own header", function()
    local p = tap.packet("\0\0\7\0" .. HEADER:sub(5), { linktype = RADIOTAP })
    assert.equal("radiotap: malformed header at byte 0", p.fault)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(TWO_ANTENNAS .. DATA.qos, 20 + 26 + 8 + 20 + 8, { linktype = RADIOTAP })
    wire.check_damage(HEADER .. BEACON .. "abcd", { linktype = RADIOTAP })
    wire.check_damage(TWO_ANTENNAS .. DATA.bridged, { linktype = RADIOTAP })
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { HEADER .. BEACON .. "abcd", HEADER .. DATA.qos .. "abcd", HEADER .. ACK .. "abcd",
      TWO_ANTENNAS .. BEACON, TWO_ANTENNAS .. DATA.to }
    assert.is_true(tshark.check(packets, { "radiotap.", "wlan.", "ip." }, { linktype = RADIOTAP }) > 150)
  end)
end)
