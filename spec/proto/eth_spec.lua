--- Ethernet II, 802.3 and LLC with SNAP, against bytes whose meaning the standards give.
local tap = require "moontap"
local wire = require "spec.proto.wire"

-- IP 192.0.2.1.40000 > 192.0.2.2.9: UDP, length 2
local IPV4 = wire.hex [[
  45 00 00 1e 00 01 00 00 40 11 f6 ca c0 00 02 01 c0 00 02 02
  9c 40 00 09 00 0a 00 00                                      # UDP
  68 69                                                        # "hi"
]]

local ETHERNET = wire.hex [[
  03 00 5e 00 00 01                                            # to a group, locally administered
  00 00 5e 00 53 02                                            # from
  08 00                                                        # IPv4
]] .. IPV4

local SNAP = wire.hex [[
  01 80 c2 00 00 00 00 00 5e 00 53 02
  00 26                                                        # 38 bytes follow
  aa aa 03                                                     # SNAP, unnumbered information
  00 00 00 08 00                                               # OUI 0: an EtherType, IPv4
]] .. IPV4

local X25 = wire.hex [[
  01 80 c2 00 00 00 00 00 5e 00 53 02
  00 07                                                        # 7 bytes follow
  7e 7e 03                                                     # X.25
  00 00 00 00                                                  # its payload
  a5 a5 a5 a5 a5 a5 a5 a5                                      # padding
]]

local NUMBERED = wire.hex [[
  00 00 5e 00 53 01 00 00 5e 00 53 02
  00 06
  f0 f1 0a 15                                                  # NetBIOS, response, N(S) 5, N(R) 10
  01 02
]]

describe("eth", function()
  it("reads addresses and type", function()
    local p = tap.packet(ETHERNET)
    assert.same({ "eth", "ip", "udp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["eth.dst"] = "03:00:5e:00:00:01", ["eth.src"] = "00:00:5e:00:53:02", ["eth.type"] = 0x0800,
      ["eth.dst.ig"] = true, ["eth.dst.lg"] = true, ["eth.dst.oui"] = 0x03005e,
      ["eth.src.ig"] = false, ["eth.src.lg"] = false, ["eth.src.oui"] = 0x00005e,
      ["eth.len"] = "absent", ["eth.invalid_lentype"] = "absent", ["eth.type:text"] = "IPv4",
    })
  end)

  it("gives both addresses as eth.addr, the destination first", function()
    local p = tap.packet(ETHERNET)
    assert.same({ "03:00:5e:00:00:01", "00:00:5e:00:53:02" }, p:all("eth.addr"))
    assert.same({ 0x03005e, 0x00005e }, p:all("eth.addr.oui"))
    assert.same({ true, false }, p:all("eth.ig"))
    assert.same({ true, false }, p:all("eth.lg"))
    assert.equal("00:00:5e:00:53:02", p["eth.addr#2"])
    assert.is_nil(p["eth.addr#3"])
  end)

  it("takes up to 1500 as a length, and ends the payload there", function()
    local p = tap.packet(X25)
    assert.same({ "eth", "llc" }, p:layers())
    wire.check(p, { ["eth.len"] = 7, ["eth.type"] = "absent" })
    assert.equal("\0\0\0\0", p:payload())
  end)

  it("takes 1501 to 1535 as neither length nor type", function()
    for _, number in ipairs { 1501, 1535 } do
      local p = tap.packet(ETHERNET:sub(1, 12) .. string.pack(">I2", number) .. IPV4)
      assert.same({ "eth" }, p:layers())
      assert.is_nil(p.fault)
      wire.check(p, { ["eth.invalid_lentype"] = number, ["eth.len"] = "absent", ["eth.type"] = "absent" })
    end
    wire.check(tap.packet(ETHERNET:sub(1, 12) .. "\x05\xdc" .. IPV4), { ["eth.len"] = 1500 })
    wire.check(tap.packet(ETHERNET:sub(1, 12) .. "\x06\x00" .. IPV4), { ["eth.type"] = 1536 })
  end)

  it("takes 0 as a type, as Wireshark does", function()
    local p = tap.packet(ETHERNET:sub(1, 12) .. "\0\0" .. IPV4)
    assert.same({ "eth" }, p:layers())
    wire.check(p, { ["eth.type"] = 0, ["eth.len"] = "absent" })
  end)

  it("ends at a type that nothing is bound to", function()
    local p = tap.packet(ETHERNET:sub(1, 12) .. "\x88\xb5" .. IPV4)
    assert.same({ "eth" }, p:layers())
    assert.is_nil(p.fault)
    assert.equal(IPV4, p:payload())
  end)

  it("keeps what a cut frame holds whole", function()
    wire.check_cuts(ETHERNET, 14 + 20 + 8)
    local p = tap.packet(ETHERNET:sub(1, 11))
    assert.equal("eth: header cut short at byte 11", p.fault)
    wire.check(p, { ["eth.dst"] = "03:00:5e:00:00:01", ["eth.src"] = "absent", ["eth.type"] = "absent" })
  end)
end)

describe("llc", function()
  it("leads through SNAP to an EtherType", function()
    local p = tap.packet(SNAP)
    assert.same({ "eth", "llc", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["eth.len"] = 38, ["llc.dsap"] = 0xaa, ["llc.ssap"] = 0xaa, ["llc.control"] = 3, ["llc.control.ftype"] = 3,
      ["llc.oui"] = 0, ["llc.type"] = 0x0800, ["llc.pid"] = "absent", ["udp.dstport"] = 9,
      ["llc.dsap:text"] = "SNAP", ["llc.control.u_modifier_cmd"] = 0, ["llc.control.u_modifier_resp"] = "absent",
    })
  end)

  it("leaves the numbers of other organizations alone", function()
    local p = tap.packet(SNAP:sub(1, 17) .. "\x00\x00\x0c" .. SNAP:sub(21))
    assert.same({ "eth", "llc" }, p:layers())
    wire.check(p, { ["llc.oui"] = 0x00000c, ["llc.pid"] = 0x0800, ["llc.type"] = "absent" })
  end)

  it("follows no SNAP type under 0x600", function()
    local p = tap.packet(SNAP:sub(1, 20) .. "\x00\x04" .. SNAP:sub(23))
    assert.same({ "eth", "llc" }, p:layers())
    assert.equal(4, p["llc.type"])
  end)

  it("leads to IP by its own access point", function()
    local p = tap.packet(SNAP:sub(1, 12) .. "\x00\x21\x06\x06\x03" .. IPV4)
    assert.same({ "eth", "llc", "ip", "udp" }, p:layers())
    local test = tap.packet(SNAP:sub(1, 12) .. "\x00\x21\x06\x06\xe3" .. IPV4)
    assert.same({ "eth", "llc" }, test:layers())
  end)

  it("reads numbered frames with a control field of two bytes", function()
    local p = tap.packet(NUMBERED)
    wire.check(p, {
      ["llc.dsap"] = 0xf0, ["llc.dsap.ig"] = false, ["llc.dsap.sap"] = 0x78,
      ["llc.ssap"] = 0xf1, ["llc.ssap.cr"] = true, ["llc.ssap.sap"] = 0x78,
      ["llc.control"] = 0x150a, ["llc.control.ftype"] = 0, ["llc.control.n_s"] = 5, ["llc.control.n_r"] = 10,
      ["llc.control.u_modifier_resp"] = "absent", ["llc.oui"] = "absent",
    })
    assert.equal("\1\2", p:payload())
  end)

  it("is not there in Novell's raw frames", function()
    assert.same({ "eth" }, tap.packet(NUMBERED:sub(1, 14) .. "\xff\xff" .. NUMBERED:sub(17)):layers())
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(SNAP, 14 + 8 + 20 + 8)
    wire.check_cuts(NUMBERED, 14 + 4)
  end)
end)
