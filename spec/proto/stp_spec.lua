--- Spanning tree, rapid spanning tree, and Cisco's one for each VLAN.
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local MACS <const> = wire.hex "01 80 c2 00 00 00  00 00 5e 00 53 02"

-- STP 802.1d, Config, Flags [Topology change], bridge-id 8001.00:00:5e:00:53:02.8041, length 35
local CONFIGURATION <const> = wire.hex [[
  00 00 00 00 01                                               # protocol, version, type, flags
  80 01 00 00 5e 00 53 01                                      # root 32768, 1
  00 00 00 0c                                                  # cost 12
  80 01 00 00 5e 00 53 02  80 41                               # bridge, port
  01 00 14 00 02 00 0f 00                                      # 1 s old of 20, hello 2, forward 15
]]
-- STP 802.1w, Rapid STP, Flags [Proposal, Learn, Forward, Agreement], port-role Designated
local RAPID <const> = wire.hex "00 00 02 02 7e" .. CONFIGURATION:sub(6) .. "\0"
local CHANGE <const> = wire.hex "00 00 00 80"

--- A BPDU behind LLC, and padding.
local function frame(bpdu)
  local llc = wire.hex "42 42 03" .. bpdu
  return MACS .. string.pack(">I2", #llc) .. llc .. ("\0"):rep(46 - #llc)
end

local PVST <const> = wire.hex [[
  01 00 0c cc cc cd  00 00 5e 00 53 02
  00 32
  aa aa 03  00 00 0c  01 0b
]] .. CONFIGURATION .. wire.hex "00  00 00 00 02 00 07" -- VLAN 7

describe("stp", function()
  it("reads a configuration", function()
    local p = tap.packet(frame(CONFIGURATION))
    assert.same({ "eth", "llc", "stp" }, p:layers())
    wire.check(p, {
      ["stp.protocol"] = 0, ["stp.version"] = 0, ["stp.type"] = 0, ["stp.flags"] = 1, ["stp.flags.tc"] = true,
      ["stp.flags.tcack"] = false, ["stp.flags.port_role"] = "absent", ["stp.root.prio"] = 32768,
      ["stp.root.ext"] = 1, ["stp.root.hw"] = "00:00:5e:00:53:01", ["stp.root.cost"] = 12,
      ["stp.bridge.hw"] = "00:00:5e:00:53:02", ["stp.port"] = 0x8041, ["stp.msg_age"] = 1, ["stp.max_age"] = 20,
      ["stp.hello"] = 2, ["stp.forward"] = 15, ["stp.pvst.origvlan"] = "absent",
    })
    assert.equal("", p:payload())
  end)

  it("reads the flags of rapid spanning tree", function()
    wire.check(tap.packet(frame(RAPID)), {
      ["stp.version"] = 2, ["stp.flags.port_role"] = 3, ["stp.flags.port_role:text"] = "Designated",
      ["stp.flags.agreement"] = true, ["stp.flags.forwarding"] = true, ["stp.flags.learning"] = true,
      ["stp.flags.proposal"] = true, ["stp.flags.tc"] = false,
    })
  end)

  it("reads a topology change, which ends behind its type", function()
    local p = tap.packet(frame(CHANGE))
    assert.is_nil(p.fault)
    wire.check(p, { ["stp.type"] = 0x80, ["stp.flags"] = "absent", ["stp.root.hw"] = "absent" })
  end)

  it("reads the VLAN that Cisco's is for", function()
    local p = tap.packet(PVST)
    assert.same({ "eth", "llc", "stp" }, p:layers())
    wire.check(p, { ["llc.oui"] = 0x0c, ["llc.pid"] = 0x010b, ["stp.pvst.origvlan"] = 7, ["stp.port"] = 0x8041 })
  end)

  it("reads nothing of another protocol identifier", function()
    local p = tap.packet(frame("\0\1" .. CONFIGURATION:sub(3)))
    assert.is_nil(p.fault)
    wire.check(p, { ["stp.protocol"] = 1, ["stp.root.prio"] = "absent", ["stp.root.hw"] = "absent" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(frame(CONFIGURATION), 14 + 3 + 35)
    wire.check_cuts(frame(RAPID), 14 + 3 + 36)
    wire.check_damage(PVST)
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local packets = { frame(CONFIGURATION), frame(RAPID), frame(CHANGE), PVST }
    assert.is_true(tshark.check(packets, { "stp.", "llc.", "eth." }) > 80)
  end)
end)
