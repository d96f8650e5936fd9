--- IGMP (RFC 1112, 2236, 3376).
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local function igmp(digits) return wire.frame(digits, { proto = 2 }) end

-- IP 192.0.2.1 > 192.0.2.2: igmp query v3 [max resp time 24.8s] [gaddr 224.0.1.1 { 1.2.3.4 5.6.7.8 }]
local QUERY = igmp "118f 0000 e0000101  0a 7d 0002  01020304 05060708"

-- IP 192.0.2.1 > 192.0.2.2: igmp v3 report, 2 group record(s)
local REPORT = igmp [[
  2200 0000 0000 0002
  04 01 0001 e0000102  01020304  aabbccdd                      # one source, one word of data
  03 00 0002 e0000103  05060708  090a0b0c
]]

local FRAMES <const> = {
  QUERY, REPORT, igmp "1164 0000 00000000", igmp "1200 0000 e0000101", igmp "1600 0000 e0000101",
  igmp "1700 0000 e0000002", igmp "1100 0000 00000000", igmp "1105 0000 e0000101 0285 0000",
}

describe("igmp", function()
  it("reads a query and the records of a report", function()
    local query = tap.packet(QUERY)
    wire.check(query, {
      ["igmp.version"] = 3, ["igmp.max_resp"] = 248, ["igmp.qqic"] = 125, ["igmp.s"] = true, ["igmp.qrv"] = 2,
      ["igmp.num_grp_recs"] = "absent",
    })
    assert.same({ "1.2.3.4", "5.6.7.8" }, query:all("igmp.saddr"))
    local report = tap.packet(REPORT)
    assert.same({ "224.0.1.2", "224.0.1.3" }, report:all("igmp.maddr"))
    assert.same({ "1.2.3.4", "5.6.7.8", "9.10.11.12" }, report:all("igmp.saddr"))
    assert.same({ 1, 2 }, report:all("igmp.num_src"))
    wire.check(report, { ["igmp.record_type:text"] = "Change to exclude" })
  end)

  it("has tshark's values", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check(FRAMES, { "igmp." }) > 45)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(REPORT, 14 + 20 + 8)
    wire.check_cuts(FRAMES[5], 14 + 20 + 8)
  end)

  it("lists no more records and sources than are there", function()
    local p = tap.packet(igmp "2200 0000 0000 ffff 0400 ffff e0000102 01020304")
    assert.same({ "224.0.1.2" }, p:all("igmp.maddr"))
    assert.same({ "1.2.3.4" }, p:all("igmp.saddr"))
    assert.same({}, tap.packet(igmp "2200 0000 0000 0000 0400 0000 e0000102"):all("igmp.maddr"))
  end)
end)
