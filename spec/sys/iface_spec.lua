-- Interfaces as the module lists them, against what ip(8) and the kernel's own table say.

local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"

local it = live.it(it, pending)

local function ip(...)
  local r = run { "ip", ... }
  assert(r.code == 0, r.err)
  return r.out
end

local function find(name)
  for _, interface in ipairs(assert(tap.interfaces())) do
    if interface.name == name then return interface end
  end
end

local function has(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

describe("tap.interfaces", function()
  local link

  before_each(function() link = live.pair { mtu = 1400 } end)
  after_each(function() link:close() end)

  it("names the interfaces that ip names, in order of their index", function()
    local expected = {}
    for index, name in ip("-o", "link"):gmatch("(%d+): ([^:@]+)[^\n]*\n?") do
      expected[#expected + 1] = { index = math.tointeger(tonumber(index)), name = name }
    end
    table.sort(expected, function(a, b) return a.index < b.index end)
    local got = {}
    for i, interface in ipairs(tap.interfaces()) do
      got[i] = { index = interface.index, name = interface.name }
    end
    assert.is_true(#expected >= 3)
    assert.same(expected, got)
  end)

  it("tells size, hardware address, link type and state", function()
    local interface = find(link.a)
    assert.equal(1400, interface.mtu)
    assert.equal(ip("-o", "link", "show", link.a):match("link/ether (%S+)"), interface.mac)
    assert.equal(1, interface.linktype)
    assert.is_true(has(interface.flags, "up"))
    assert.is_false(has(interface.flags, "loopback"))
    live.down(link.a)
    assert.is_false(has(find(link.a).flags, "up"))
  end)

  it("tells addresses of both families with their prefix, labelled ones too", function()
    run.write("/proc/sys/net/ipv6/conf/" .. link.a .. "/disable_ipv6", "0")
    ip("addr", "add", "192.0.2.9/25", "dev", link.a)
    ip("addr", "add", "198.51.100.1/32", "dev", link.a, "label", link.a .. ":two")
    ip("addr", "add", "2001:db8::5/64", "dev", link.a, "nodad")
    local addresses = find(link.a).addresses
    for _, address in ipairs { "192.0.2.9/25", "198.51.100.1/32", "2001:db8::5/64" } do
      assert.is_true(has(addresses, address), address .. " is missing")
    end
    assert.is_false(has(find(link.b).addresses, "192.0.2.9/25"))
  end)

  it("tells loopback apart", function()
    local lo = find("lo")
    assert.is_true(has(lo.flags, "loopback"))
    assert.is_true(has(lo.addresses, "127.0.0.1/8"))
    assert.equal(1, lo.linktype)
    assert.is_nil(lo.mac)
  end)

  it("lists an interface without a hardware address, whose frames begin with IP", function()
    if run { "ip", "tuntap", "add", "mode", "tun", "name", "mttun" }.code ~= 0 then
      return pending("this system has no tun interfaces")
    end
    local interface = find("mttun")
    ip("link", "del", "mttun")
    assert.equal(101, interface.linktype)
    assert.is_nil(interface.mac)
  end)

  it("does not know interfaces that are not there", function()
    for _, name in ipairs { "nope0", "a-name-that-is-far-too-long-for-one", link.a .. ":1" } do
      local cap, message, code = tap.open { interface = name }
      assert.is_nil(cap)
      assert.equal(name .. ": cannot find interface: No such device", message)
      assert.equal(19, code)
    end
  end)
end)
