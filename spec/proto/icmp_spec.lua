--- ICMP (RFC 792, 950, 1191, 1256, 4884, 8335).
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  08 00"

--- A frame of a message given in hex.
local function icmp(digits)
  local message = wire.hex(digits)
  local header = string.pack(">I1I1I2I4I1I1I2", 0x45, 0, 20 + #message, 0, 64, 1, 0)
  return ETH .. header .. wire.hex "c0 00 02 01  c0 00 02 02" .. message
end

-- IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 4660, seq 2, length 12
local ECHO = icmp "08 00 ab cd  12 34  00 02  61 62 63 64"

local QUOTED = "45 00 00 1c 00 00 00 00 40 11 00 00 c0 00 02 02 c0 00 02 01  00 09 9c 40 00 08 00 00"

describe("icmp", function()
  it("reads an echo", function()
    local p = tap.packet(ECHO)
    assert.same({ "eth", "ip", "icmp" }, p:layers())
    wire.check(p, {
      ["icmp.type"] = 8, ["icmp.code"] = 0, ["icmp.checksum"] = 0xabcd, ["icmp.ident"] = 0x1234,
      ["icmp.ident_le"] = 0x3412, ["icmp.seq"] = 2, ["icmp.seq_le"] = 512, ["icmp.mtu"] = "absent",
      ["icmp.type:text"] = "Echo request", sport = "absent", src = "192.0.2.1",
    })
    assert.equal("abcd", p:payload())
  end)

  it("gives identifier and sequence to the types that have them", function()
    local numbered = { [0] = true, [8] = true }
    for type = 13, 18 do numbered[type] = true end
    for type = 0, 255 do
      local p = tap.packet(icmp(("%02x 00 0000 0001 0002"):format(type) .. ("00"):rep(12)))
      assert.equal((numbered[type] or type == 42 or type == 43) and 1 or nil, p["icmp.ident"], "type " .. type)
      assert.equal(numbered[type] and 2 or nil, p["icmp.seq"], "type " .. type)
    end
  end)

  it("reads errors", function()
    local big = tap.packet(icmp("03 04 0000 0000 05dc" .. QUOTED))
    wire.check(big, { ["icmp.mtu"] = 1500, ["icmp.length"] = "absent" })
    assert.equal(wire.hex(QUOTED), big:bytes(8, 28, "icmp"))
    wire.check(tap.packet(icmp("03 03 0000 0005 05dc" .. QUOTED)), { ["icmp.mtu"] = "absent", ["icmp.length"] = 5 })
    wire.check(tap.packet(icmp("0b 00 0000 0000 0000" .. QUOTED)), { ["icmp.length"] = "absent" })
    wire.check(tap.packet(icmp("0c 00 0000 0705 0000" .. QUOTED)), { ["icmp.pointer"] = 7, ["icmp.length"] = 5 })
    wire.check(tap.packet(icmp("05 01 0000 c0000209" .. QUOTED)), {
      ["icmp.redir_gw"] = "192.0.2.9", ["icmp.pointer"] = "absent",
    })
  end)

  it("decodes the packet that an error quotes, and marks it", function()
    for _, type in ipairs { "03", "04", "05", "0b", "0c" } do
      local p = tap.packet(icmp(type .. " 01 0000 00000000" .. QUOTED))
      assert.same({ "eth", "ip", "icmp", "ip", "udp", quoted = 4 }, p:layers())
      assert.same({ "192.0.2.1", "192.0.2.2" }, p:all("ip.src"))
      wire.check(p, {
        src = "192.0.2.1", dst = "192.0.2.2", sport = "absent", dport = "absent", ["udp.dstport"] = 40000,
        ["ip.src#2"] = "192.0.2.2",
      })
      assert.matches("\nUser Datagram Protocol, quoted, 8 bytes at 62\n", p:show())
      assert.not_matches("40000", p:summary())
    end
    assert.is_nil(tap.packet(ECHO):layers().quoted)
    assert.same({ "eth", "ip", "icmp" }, tap.packet(icmp "03 01 0000 00000000"):layers())
  end)

  it("finds no fault in a quotation that is cut short or malformed", function()
    local whole = icmp("0b 00 0000 00000000" .. QUOTED)
    for n = 1, 27 do
      local p = tap.packet(whole:sub(1, 42 + n))
      assert.is_nil(p.fault)
      assert.same({ "eth", "ip", "icmp", "ip", n > 20 and "udp" or nil, quoted = 4 }, p:layers())
    end
    for _, first in ipairs { "65", "41" } do
      local p = tap.packet(icmp("0c 00 0000 00000000" .. first .. QUOTED:sub(3)))
      assert.is_nil(p.fault)
      assert.same({ "eth", "ip", "icmp", "ip", quoted = 4 }, p:layers())
    end
  end)

  it("reads what some types add to the header", function()
    local times = tap.packet(icmp "0e 00 0000 0001 0002 00000064 000000c8 fffffffe 99")
    wire.check(times, {
      ["icmp.originate_timestamp"] = 100, ["icmp.receive_timestamp"] = 200, ["icmp.transmit_timestamp"] = 0xfffffffe,
      ["icmp.address_mask"] = "absent",
    })
    assert.equal("\x99", times:payload())
    local mask = tap.packet(icmp "12 00 0000 0001 0002 ffffff00")
    wire.check(mask, { ["icmp.address_mask"] = "255.255.255.0", ["icmp.originate_timestamp"] = "absent" })
  end)

  it("lists the routers of an advertisement that are there", function()
    local p = tap.packet(icmp "09 00 0000 03 02 0708  c0000201 80000000  c0000202 00000001")
    wire.check(p, { ["icmp.num_addrs"] = 3, ["icmp.addr_entry_size"] = 2, ["icmp.lifetime"] = 1800 })
    assert.same({ "192.0.2.1", "192.0.2.2" }, p:all("icmp.router_address"))
    assert.same({ -2147483648, 1 }, p:all("icmp.pref_level"))
    local fewer = tap.packet(icmp "09 00 0000 01 02 0708  c0000201 80000000  c0000202 00000001")
    assert.same({ "192.0.2.1" }, fewer:all("icmp.router_address"))
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(ECHO, 14 + 20 + 8)
    wire.check_cuts(icmp "0d 00 0000 0001 0002 00000064 000000c8 0000012c", 14 + 20 + 20)
    wire.check(tap.packet(ECHO:sub(1, 40)), { ["icmp.ident"] = 0x1234, ["icmp.seq"] = "absent" })
  end)

  it("is found over IPv6 as well", function()
    local header = wire.hex "86 dd  60 00 00 00 00 08 01 40" .. ("\0"):rep(32)
    local p = tap.packet(ETH:sub(1, 12) .. header .. ECHO:sub(35, 42))
    assert.same({ "eth", "ipv6", "icmp" }, p:layers())
  end)
end)
