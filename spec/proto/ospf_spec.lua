--- Routers among themselves: OSPF (RFC 2328, 5340), VRRP (RFC 3768, 5798) and PIM (RFC 7761).
local build = require "spec.support.build"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local V6 <const> = { src = "fe80::1", dst = "ff02::5" }

local function over4(proto, digits) return wire.frame(digits, { proto = proto }) end
local function over6(proto, digits) return build.eth(build.ipv6(wire.hex(digits), V6, { next = proto })) end

local HEADER <const> = "01010101 00000000 0000 0000 0000000000000000"
local LSA <const> = "0001 22 01 01010101 02020202 80000001 1234 0018"

describe("ospf", function()
  local HELLO <const> = over4(89, "0201 0030" .. HEADER .. "ffffff00 000a 02 01 00000028 c0000201 00000000 03030303")
  local UPDATE <const> = over4(89, "0204 004c" .. HEADER .. "00000002" .. LSA .. "01020304" .. LSA .. "05060708")
  local FRAMES <const> = {
    HELLO, over4(89, "0202 0034" .. HEADER .. "05dc 02 07 00000001" .. LSA), over4(89, "0205 002c" .. HEADER .. LSA),
    over6(89, "0301 0024 01010101 00000000 0000 00 00  00000005 01 000013 000a 0028 00000000 00000000"),
    over6(89, "0305 0024 01010101 00000000 0000 00 00  0001 2001 00000000 02020202 80000001 1234 0018"),
    over6(89, "0302 001c 01010101 00000000 0000 00 00  00 000013 05dc 00 07 00000001"),
  }

  it("reads the header, hello and the list of advertisements", function()
    wire.check(tap.packet(HELLO), {
      ["ospf.msg:text"] = "Hello", ["ospf.srcrouter"] = "1.1.1.1", ["ospf.hello.hello_interval"] = 10,
      ["ospf.hello.router_dead_interval"] = 40, ["ospf.hello.active_neighbor"] = "3.3.3.3", ["ospf.lsa"] = "absent",
    })
    assert.same({ "2.2.2.2", "2.2.2.2" }, tap.packet(UPDATE):all("ospf.advrouter"))
    wire.check(tap.packet(FRAMES[5]), {
      ["ospf.v3.lsa"] = 0x2001, ["ospf.link_state_id"] = "0.0.0.0", ["ospf.lsa"] = "absent",
    })
  end)

  it("has tshark's values", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check(FRAMES, { "ospf." }) > 70)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(HELLO, 14 + 20 + 24)
    wire.check_cuts(UPDATE, 14 + 20 + 24)
    wire.check_cuts(FRAMES[4], 14 + 40 + 16)
  end)

  it("ends its list where an advertisement's length cannot be", function()
    local p = tap.packet(over4(89, "0204 004c" .. HEADER .. "00000002" .. LSA:gsub("0018", "0010") .. LSA))
    assert.same({ 16 }, p:all("ospf.lsa.length"))
  end)
end)

describe("vrrp", function()
  local SECOND <const> = over4(112, "21 01 64 01 00 01 0000 c0000201 0000000000000000")
  local THIRD <const> = over4(112, "31 01 64 02 0064 0000 c0000201 c0000202")
  local SIXTH <const> = over6(112, "31 01 64 01 0064 0000 fe800000000000000000000000000009")

  it("reads both versions, and the addresses of either family", function()
    wire.check(tap.packet(SECOND), {
      ["vrrp.adver_int"] = 1, ["vrrp.auth_type"] = 0, ["vrrp.short_adver_int"] = "absent",
    })
    wire.check(tap.packet(THIRD), { ["vrrp.adver_int"] = "absent", ["vrrp.short_adver_int"] = 100 })
    assert.same({ "192.0.2.1", "192.0.2.2" }, tap.packet(THIRD):all("vrrp.ip_addr"))
    wire.check(tap.packet(SIXTH), { ["vrrp.ipv6_addr"] = "fe80::9", ["vrrp.ip_addr"] = "absent" })
  end)

  it("has tshark's values", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check({ SECOND, THIRD, SIXTH }, { "vrrp." }) > 20)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(THIRD, 14 + 20 + 8)
    wire.check_cuts(SIXTH, 14 + 40 + 8)
  end)
end)

describe("pim", function()
  local FRAME <const> = over4(103, "20 00 1234 0001 0002 0069")

  it("reads its header", function()
    wire.check(tap.packet(FRAME), { ["pim.version"] = 2, ["pim.type:text"] = "Hello", ["pim.cksum"] = 0x1234 })
    wire.check_cuts(FRAME, 14 + 20 + 4)
  end)
end)
