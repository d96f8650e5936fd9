--- UDP (RFC 768).
local tap = require "moontap"
local wire = require "spec.proto.wire"

local IP = wire.hex [[
  02 00 00 00 00 02  02 00 00 00 00 01  08 00
  45 00 00 1f 00 01 00 00 40 11 00 00 c0 00 02 01 c0 00 02 02
]]

-- IP 192.0.2.1.40000 > 192.0.2.2.53: UDP, length 3
local PLAIN = IP .. wire.hex [[
  9c 40  00 35                                                 # ports
  00 0b                                                        # 11 bytes
  12 34                                                        # checksum
  61 62 63
]]

--- PLAIN with another length in the UDP header.
local function with_length(length)
  return PLAIN:sub(1, 38) .. string.pack(">I2", length) .. PLAIN:sub(41)
end

describe("udp", function()
  it("reads the header", function()
    local p = tap.packet(PLAIN)
    assert.same({ "eth", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["udp.srcport"] = 40000, ["udp.dstport"] = 53, ["udp.length"] = 11, ["udp.checksum"] = 0x1234,
      ["udp.payload"] = "abc", sport = 40000, dport = 53,
    })
    assert.same({ 40000, 53 }, p:all("udp.port"))
    assert.equal("abc", p:payload("udp"))
  end)

  it("ends its payload where its length does", function()
    wire.check(tap.packet(with_length(9)), { ["udp.payload"] = "a" })
    wire.check(tap.packet(with_length(8)), { ["udp.payload"] = "absent", ["udp.length"] = 8 })
  end)

  it("takes a length of 0, or one past the packet, as all there is", function()
    for _, length in ipairs { 0, 12, 65535 } do
      local p = tap.packet(with_length(length))
      assert.is_nil(p.fault)
      wire.check(p, { ["udp.payload"] = "abc", ["udp.length"] = length })
    end
  end)

  it("finds a length malformed that its header does not fit in", function()
    for length = 1, 7 do
      local p = tap.packet(with_length(length))
      assert.equal("udp: malformed header at byte 34", p.fault)
      wire.check(p, { ["udp.dstport"] = 53, ["udp.length"] = length, ["udp.payload"] = "absent", dport = 53 })
    end
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(PLAIN, 14 + 20 + 8)
    wire.check(tap.packet(PLAIN:sub(1, 37)), { ["udp.srcport"] = 40000, ["udp.dstport"] = "absent" })
  end)

  it("is cut where the IP length ends inside it", function()
    local p = tap.packet(PLAIN:sub(1, 16) .. "\0\x18" .. PLAIN:sub(19))
    assert.equal("udp: header cut short at byte 38", p.fault)
    wire.check(p, { ["udp.dstport"] = 53, ["udp.length"] = "absent" })
  end)
end)
