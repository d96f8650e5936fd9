--- Link aggregation (LACP), and 802.1X.
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

-- LACPv1, length 110
local LACP <const> = wire.hex [[
  01 80 c2 00 00 02  00 00 5e 00 53 02  88 09
  01 01                                                        # LACP, version 1
  01 14  80 00  00 00 5e 00 53 02  00 0d  80 00  00 16  85  00 00 00
  02 14  40 00  00 00 5e 00 53 01  00 0e  00 10  00 19  36  00 00 00
  03 10  80 00  00 00 00 00 00 00 00 00 00 00 00 00
  00 00
]] .. ("\0"):rep(50)

-- EAPOL key (3) v1, len 95: message 1 of the handshake
local KEY <const> = wire.hex [[
  00 00 5e 00 53 01  00 00 5e 00 53 02  88 8e
  01 03 00 5f
  02 00 8a 00 10  00 00 00 00 00 00 00 05
]] .. ("\0"):rep(82)

local START <const> = wire.hex "01 80 c2 00 00 03  00 00 5e 00 53 02  88 8e  02 01 00 00" .. ("\0"):rep(42)

describe("lacp", function()
  it("reads both ends of the link", function()
    local p = tap.packet(LACP)
    assert.same({ "eth", "slow", "lacp" }, p:layers())
    wire.check(p, {
      ["slow.subtype"] = 1, ["lacp.version"] = 1, ["lacp.actor.sys_priority"] = 32768,
      ["lacp.actor.sysid"] = "00:00:5e:00:53:02", ["lacp.actor.key"] = 13, ["lacp.actor.port_priority"] = 32768,
      ["lacp.actor.port"] = 22, ["lacp.actor.state"] = 0x85, ["lacp.actor.state.activity"] = true,
      ["lacp.actor.state.expired"] = true, ["lacp.actor.state.timeout"] = false,
      ["lacp.partner.sys_priority"] = 16384, ["lacp.partner.sysid"] = "00:00:5e:00:53:01",
      ["lacp.partner.port"] = 25, ["lacp.partner.state.timeout"] = true,
      ["lacp.partner.state.collecting"] = true, ["lacp.collector.max_delay"] = 32768,
    })
    assert.same({ 1, 2, 3, 0 }, p:all("lacp.tlv_type"))
  end)

  it("ends at another subtype", function()
    local p = tap.packet(LACP:sub(1, 14) .. "\3" .. LACP:sub(16))
    assert.same({ "eth", "slow" }, p:layers())
    wire.check(p, { ["slow.subtype:text"] = "OAM", ["lacp.version"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(LACP, #LACP)
    wire.check_damage(LACP)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ LACP }, { "slow.", "lacp." }) > 30)
  end)
end)

describe("eapol", function()
  it("reads the header and a key's number, and ends where its length says", function()
    local p = tap.packet(START)
    assert.same({ "eth", "eapol" }, p:layers())
    wire.check(p, { ["eapol.version"] = 2, ["eapol.type"] = 1, ["eapol.len"] = 0, ["eapol.keydes.type"] = "absent" })
    assert.equal("", p:payload())
    wire.check(tap.packet(KEY), {
      ["eapol.version"] = 1, ["eapol.type:text"] = "Key", ["eapol.len"] = 95, ["eapol.keydes.type"] = 2,
      ["eapol.keydes.key_len"] = 16, ["eapol.keydes.replay_counter"] = 5,
    })
  end)

  it("reads the key of the older kind, and nothing of one that it does not know", function()
    local rc4 = KEY:sub(1, 18) .. wire.hex "01  00 0d  00 00 00 00 00 00 00 09" .. KEY:sub(30)
    wire.check(tap.packet(rc4), { ["eapol.keydes.key_len"] = 13, ["eapol.keydes.replay_counter"] = 9 })
    local unknown = tap.packet(KEY:sub(1, 18) .. "\9" .. KEY:sub(20))
    wire.check(unknown, { ["eapol.keydes.type"] = 9, ["eapol.keydes.key_len"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(KEY, 18)
    wire.check_damage(KEY)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ KEY, START }, { "eapol." }) >= 9)
  end)
end)
