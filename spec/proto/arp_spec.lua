--- ARP and RARP (RFC 826, 903, 5227).
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "ff ff ff ff ff ff  00 00 5e 00 53 01  08 06"

-- ARP, Request who-has 192.0.2.2 tell 192.0.2.1, length 28
local REQUEST = ETH .. wire.hex [[
  00 01  08 00  06 04                                          # Ethernet, IPv4 and their sizes
  00 01                                                        # request
  00 00 5e 00 53 01  c0 00 02 01                               # sender
  00 00 00 00 00 00  c0 00 02 02                               # target
]]

--- The request with other values: operation, sender's and target's addresses.
local function arp(o)
  return ETH .. string.pack(">I2I2I1I1I2", o.hw or 1, o.proto or 0x0800, 6, 4, o.op or 1) ..
    wire.hex "00 00 5e 00 53 01" .. wire.hex(o.sender) .. wire.hex(o.mac or "00 00 00 00 00 00") .. wire.hex(o.target)
end

describe("arp", function()
  it("reads a request", function()
    local p = tap.packet(REQUEST)
    assert.same({ "eth", "arp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["arp.hw.type"] = 1, ["arp.proto.type"] = 0x0800, ["arp.hw.size"] = 6, ["arp.proto.size"] = 4,
      ["arp.opcode"] = 1, ["arp.opcode:text"] = "request",
      ["arp.src.hw_mac"] = "00:00:5e:00:53:01", ["arp.src.proto_ipv4"] = "192.0.2.1",
      ["arp.dst.hw_mac"] = "00:00:00:00:00:00", ["arp.dst.proto_ipv4"] = "192.0.2.2",
      ["arp.src.hw"] = "absent", ["arp.dst.proto"] = "absent", src = "absent", dst = "absent",
    })
  end)

  it("is found by RARP's type too", function()
    local p = tap.packet(REQUEST:sub(1, 12) .. "\x80\x35" .. REQUEST:sub(15))
    assert.same({ "eth", "arp" }, p:layers())
  end)

  it("tells messages about one's own address", function()
    local own, other, zero = "c0 00 02 01", "c0 00 02 02", "00 00 00 00"
    local mac = "00 00 5e 00 53 02"
    local rows = { -- what is sent, then: gratuitous, announcement, probe
      { arp { sender = own, target = other }, nil, nil, nil },
      { arp { sender = own, target = own }, true, true, nil },
      { arp { sender = own, target = own, mac = mac }, true, nil, nil },
      { arp { sender = own, target = own, op = 2 }, true, nil, nil },
      { arp { sender = own, target = own, op = 3 }, nil, nil, nil },
      { arp { sender = zero, target = own }, nil, nil, true },
      { arp { sender = zero, target = own, mac = mac }, nil, nil, nil },
      { arp { sender = zero, target = own, op = 2 }, nil, nil, nil },
    }
    for i, row in ipairs(rows) do
      local p = tap.packet(row[1])
      assert.equal(row[2], p["arp.isgratuitous"], "gratuitous in row " .. i)
      assert.equal(row[3], p["arp.isannouncement"], "announcement in row " .. i)
      assert.equal(row[4], p["arp.isprobe"], "probe in row " .. i)
    end
  end)

  it("gives addresses of other kinds as bytes", function()
    local p = tap.packet(arp { hw = 7, proto = 0x1234, sender = "01 02 03 04", target = "05 06 07 08" })
    wire.check(p, {
      ["arp.src.hw_mac"] = "absent", ["arp.src.hw"] = "\0\0\x5e\0\x53\1",
      ["arp.src.proto_ipv4"] = "absent", ["arp.src.proto"] = "\1\2\3\4",
      ["arp.dst.hw"] = "\0\0\0\0\0\0", ["arp.dst.proto"] = "\5\6\7\8", ["arp.isgratuitous"] = "absent",
    })
  end)

  it("believes the sizes in the header", function()
    local p = tap.packet(ETH .. wire.hex "0001 86dd 02 10 0002  aabb" .. ("\1"):rep(16) .. "\xcc\xdd" .. ("\2"):rep(16))
    wire.check(p, {
      ["arp.src.hw"] = "\xaa\xbb", ["arp.src.proto"] = ("\1"):rep(16),
      ["arp.dst.hw"] = "\xcc\xdd", ["arp.dst.proto"] = ("\2"):rep(16),
    })
    local none = tap.packet(ETH .. wire.hex "0001 0800 00 00 0001")
    assert.is_nil(none.fault)
    wire.check(none, { ["arp.src.hw"] = "absent", ["arp.src.proto"] = "absent", ["arp.opcode"] = 1 })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(REQUEST, 14 + 28)
    local p = tap.packet(REQUEST:sub(1, 14 + 27))
    assert.equal("arp: header cut short at byte 41", p.fault)
    wire.check(p, { ["arp.dst.hw_mac"] = "00:00:00:00:00:00", ["arp.dst.proto_ipv4"] = "absent" })
  end)

  it("finds sizes that the frame does not have a fault", function()
    local p = tap.packet(ETH .. wire.hex "0001 0800 ff ff 0001" .. ("\0"):rep(28))
    assert.matches("^arp: header cut short", p.fault)
    wire.check(p, { ["arp.hw.size"] = 255, ["arp.src.hw"] = "absent" })
  end)
end)
