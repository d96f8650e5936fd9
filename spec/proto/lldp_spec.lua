--- Discovery of neighbours: LLDP and CDP.
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

--- An entry of LLDP.
local function entry(type, value) return string.pack(">I2", type << 9 | #value) .. value end

local SENDER <const> = wire.hex "00 00 5e 00 53 02"

-- LLDP: chassis 00:00:5e:00:53:02, port "eth0", TTL 120 ...
local ENTRIES <const> = {
  entry(1, "\4" .. SENDER), entry(2, "\5eth0"), entry(3, "\0\120"), entry(4, "uplink"), entry(5, "switch"),
  entry(6, "moontap\r\ntest"), entry(7, "\0\x14\0\4"), entry(8, "\5\1\xc0\0\2\1\2\0\0\0\7\0"),
  entry(127, "\0\x80\xc2\1\0\10"), entry(0, ""),
}
local LLDP <const> = wire.hex "01 80 c2 00 00 0e" .. SENDER .. "\x88\xcc" .. table.concat(ENTRIES)

local OTHERS <const> = wire.hex "01 80 c2 00 00 0e" .. SENDER .. "\x88\xcc" .. entry(1, "\5\1\xc0\0\2\1") ..
  entry(2, "\3" .. SENDER) .. entry(3, "\0\0") ..
  entry(8, "\x11\2" .. wire.hex "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01" .. "\2\0\0\0\7\0") .. entry(0, "")

--- An entry of CDP.
local function item(type, value) return string.pack(">I2I2", type, 4 + #value) .. value end

--- A CDP packet of these entries in its frame.
local function cdp(...)
  local body = wire.hex "aa aa 03 00 00 0c 20 00  02 b4 12 34" .. table.concat { ... }
  return wire.hex "01 00 0c cc cc cc" .. SENDER .. string.pack(">I2", #body) .. body
end

-- CDPv2, ttl: 180s, Device-ID (1): 'router' ...
local CDP <const> = cdp(item(1, "router"), item(2, wire.hex "00 00 00 01  01 01 cc 00 04 c0 00 02 01"),
  item(3, "Ethernet0/1"), item(4, "\0\0\0\x29"), item(5, "Version 15.5"), item(6, "Linux Unix"),
  item(9, "home"), item(10, "\0\1"), item(11, "\1"))

describe("lldp", function()
  it("reads the entries", function()
    local p = tap.packet(LLDP .. ("\0"):rep(6))
    assert.same({ "eth", "lldp" }, p:layers())
    wire.check(p, {
      ["lldp.chassis.subtype"] = 4, ["lldp.chassis.id.mac"] = "00:00:5e:00:53:02", ["lldp.chassis.id"] = "absent",
      ["lldp.port.subtype"] = 5, ["lldp.port.id"] = "eth0", ["lldp.time_to_live"] = 120,
      ["lldp.port.desc"] = "uplink", ["lldp.tlv.system.name"] = "switch",
      ["lldp.tlv.system.desc"] = "moontap\r\ntest", ["lldp.tlv.system_cap"] = 0x14,
      ["lldp.tlv.enable_system_cap"] = 4, ["lldp.mgn.addr.ip4"] = "192.0.2.1", ["lldp.orgtlv.oui"] = 0x0080c2,
      ["lldp.ieee.802_1.port_vlan.id"] = 10, ["lldp.mgn.addr.ip6"] = "absent",
    })
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 127, 0 }, p:all("lldp.tlv.type"))
    assert.equal("", p:payload())
  end)

  it("reads identifiers of other kinds", function()
    wire.check(tap.packet(OTHERS), {
      ["lldp.chassis.id.ip4"] = "192.0.2.1", ["lldp.chassis.id.mac"] = "absent",
      ["lldp.port.id.mac"] = "00:00:5e:00:53:02", ["lldp.port.id"] = "absent",
      ["lldp.mgn.addr.ip6"] = "2001:db8::1", ["lldp.mgn.addr.ip4"] = "absent",
    })
  end)

  it("finds an entry malformed that does not fit the frame", function()
    local p = tap.packet(LLDP:sub(1, 24) .. "\xff" .. LLDP:sub(26))
    assert.equal("lldp: malformed header at byte 14", p.fault)
    wire.check(p, { ["lldp.chassis.subtype"] = 4, ["lldp.port.id"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    local ends, at = {}, 14
    for _, text in ipairs(ENTRIES) do
      at = at + #text
      ends[at] = true
    end
    wire.check_cuts(LLDP, function(n) return not ends[n] end)
    wire.check_damage(LLDP)
    wire.check_damage(OTHERS)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ LLDP, OTHERS }, { "lldp." }) > 20)
  end)
end)

describe("cdp", function()
  it("reads the entries", function()
    local p = tap.packet(CDP)
    assert.same({ "eth", "llc", "cdp" }, p:layers())
    wire.check(p, {
      ["cdp.version"] = 2, ["cdp.ttl"] = 180, ["cdp.checksum"] = 0x1234, ["cdp.deviceid"] = "router",
      ["cdp.portid"] = "Ethernet0/1", ["cdp.capabilities"] = 0x29, ["cdp.capabilities.router"] = true,
      ["cdp.capabilities.switch"] = true, ["cdp.capabilities.host"] = false, ["cdp.platform"] = "Linux Unix",
      ["cdp.capabilities.voip_phone"] = false, ["cdp.software_version"] = "Version 15.5",
      ["cdp.vtp_management_domain"] = "home", ["cdp.native_vlan"] = 1, ["cdp.duplex"] = true,
      ["cdp.number_of_addresses"] = 1, ["cdp.nrgyz.ip_address"] = "192.0.2.1", ["cdp.system_name"] = "absent",
    })
    assert.same({ 1, 2, 3, 4, 5, 6, 9, 10, 11 }, p:all("cdp.tlv.type"))
  end)

  it("reads the addresses of IPv4 among others", function()
    local ipv6 = wire.hex "02 08 aa aa 03 00 00 00 86 dd  00 10" .. ("\xfe"):rep(16)
    local ipv4 = wire.hex "01 01 cc 00 04 c0 00 02 02"
    local p = tap.packet(cdp(item(2, "\0\0\0\2" .. ipv6 .. ipv4), item(22, "\0\0\0\1" .. ipv4)))
    assert.same({ "192.0.2.2", "192.0.2.2" }, p:all("cdp.nrgyz.ip_address"))
    assert.same({ 2, 1 }, p:all("cdp.number_of_addresses"))
  end)

  it("finds an entry malformed that has no room for its own header, or not the frame for its bytes", function()
    for _, length in ipairs { 3, 200 } do
      local p = tap.packet(cdp(item(1, "a"), string.pack(">I2I2", 3, length)))
      assert.equal("cdp: malformed header at byte 22", p.fault)
      wire.check(p, { ["cdp.deviceid"] = "a", ["cdp.portid"] = "absent" })
    end
  end)

  it("keeps what a cut header holds whole", function()
    local ends = {}
    for _, n in ipairs { 26, 36, 53, 68, 76, 92, 106, 114, 120, 125 } do ends[n] = true end
    wire.check_cuts(CDP, function(n) return not ends[n] end)
    wire.check_damage(CDP)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ CDP }, { "cdp.", "llc." }) > 25)
  end)
end)
