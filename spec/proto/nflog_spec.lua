--- Packets that netfilter logged.
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local NFLOG <const> = 239
local IPV4 <const> = build.udp_frame():sub(15)

--- An attribute with its filling, in a byte order.
local function attribute(order, type, value)
  return string.pack(order .. "I2I2", 4 + #value, type) .. value .. ("\0"):rep(-#value % 4)
end

--- A packet of NFLOG group 20, as the kernel logs one.
local function logged(order, family, payload)
  return string.pack(">I1I1I2", family, 0, 20) ..
    attribute(order, 1, "\x08\x00\x01\x00") .. -- IPv4, hook input
    attribute(order, 10, "in: \0") ..
    attribute(order, 4, "\0\0\0\2") ..
    attribute(order, 11, string.pack(">I4", 1000)) ..
    attribute(order, 3, string.pack(">I8I8", 1700000000, 5)) ..
    attribute(order, 9, payload)
end

local LITTLE <const>, BIG <const> = logged("<", 2, IPV4), logged(">", 2, IPV4)
local BEFORE <const> = #LITTLE - #IPV4 -- bytes before the packet, which needs no filling

describe("nflog", function()
  it("reads attributes in either byte order, and leads to the packet", function()
    for _, bytes in ipairs { LITTLE, BIG } do
      local p = tap.packet(bytes, { linktype = NFLOG })
      assert.same({ "nflog", "ip", "udp" }, p:layers())
      wire.check(p, {
        ["nflog.family"] = 2, ["nflog.version"] = 0, ["nflog.res_id"] = 20, ["nflog.protocol"] = 0x0800,
        ["nflog.hook"] = 1, ["nflog.prefix"] = "in: ", ["nflog.ifindex_indev"] = 2, ["nflog.uid"] = 1000,
        ["nflog.gid"] = "absent", ["nflog.timestamp"] = 1700000000000005000, dport = 9,
      })
      assert.same({ 1, 10, 4, 11, 3, 9 }, p:all("nflog.tlv_type"))
      assert.same({ 8, 9, 8, 8, 20, 4 + #IPV4 }, p:all("nflog.tlv_length"))
    end
  end)

  it("ends with the packet, whatever follows", function()
    local p = tap.packet(logged("<", 3, "abcde") .. attribute("<", 14, "\0\0\0\7"), { linktype = NFLOG })
    assert.equal("abcde", p:payload())
    wire.check(p, { ["nflog.gid"] = "absent" })
  end)

  it("has no packet of a family that it does not know", function()
    local p = tap.packet(logged("<", 3, IPV4), { linktype = NFLOG })
    assert.same({ "nflog" }, p:layers())
    assert.is_nil(p.fault)
    assert.equal(IPV4, p:payload())
  end)

  it("finds an attribute cut that its length says is longer, or that has no room for itself", function()
    for _, length in ipairs { 200, 3 } do
      local p = tap.packet(LITTLE:sub(1, 12) .. string.pack("<I2", length) .. LITTLE:sub(15), { linktype = NFLOG })
      assert.matches("^nflog: header cut short at byte %d+$", p.fault)
      wire.check(p, { ["nflog.hook"] = 1, ["nflog.prefix"] = "absent" })
    end
  end)

  it("keeps what a cut header holds whole", function()
    local ends = { [4] = true, [12] = true, [24] = true, [32] = true, [40] = true, [60] = true }
    -- nor is one cut whose filling alone is missing
    for n = 21, 23 do ends[n] = true end
    local function is_cut(n) return n < BEFORE + 28 and not ends[n] end
    wire.check_cuts(LITTLE, is_cut, { linktype = NFLOG })
    wire.check_damage(LITTLE, { linktype = NFLOG })
    wire.check_damage(BIG, { linktype = NFLOG })
  end)

  it("reads as tshark does", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ LITTLE }, { "nflog.", "ip." }, { linktype = NFLOG }) > 25)
  end)
end)
