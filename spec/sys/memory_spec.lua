-- csrc/sys/memory.c: a list of packets as a source.

local b = require "spec.support.build"
local tap = require "moontap"

local function bytes_of(cap)
  local list = {}
  for p in cap:packets() do list[#list + 1] = p:bytes() end
  return list
end

describe("a list of packets", function()
  it("is delivered once, in order, and again in the next pass", function()
    local packets = {}
    for i = 1, 1009 do packets[i] = ("%d"):format(i) end
    local cap <close> = assert(tap.open { packets = packets })
    assert.same(packets, bytes_of(cap))
    assert.same(packets, bytes_of(cap))
    assert.equal("packets", cap:info().kind)
    assert.is_false(cap:info().live)
  end)

  it("begins again after a loop that broke off", function()
    local cap <close> = assert(tap.open { packets = { "a", "b", "c" } })
    local first = 0
    for p in cap:packets() do
      first = first + 1
      if p:bytes() == "b" then break end
    end
    assert.equal(2, first)
    assert.same({ "a", "b", "c" }, bytes_of(cap))
  end)

  it("may be empty, and so may a packet", function()
    local none <close> = assert(tap.open { packets = {} })
    assert.equal(0, none:run().seen)
    local cap <close> = assert(tap.open { packets = { "", "x", "" } })
    assert.same({ "", "x", "" }, bytes_of(cap))
  end)

  it("keeps the bytes while it is open, whatever becomes of the list", function()
    local packets = { ("first"):rep(100), { ("second"):rep(100), time_ns = 7 } }
    local cap <close> = assert(tap.open { packets = packets })
    packets[1], packets[2][1] = nil, nil
    collectgarbage()
    collectgarbage()
    assert.same({ ("first"):rep(100), ("second"):rep(100) }, bytes_of(cap))
  end)

  it("has a link type where all packets have the same", function()
    local same <close> = assert(tap.open { packets = { { "E", linktype = 101 }, { "E", linktype = 101 } } })
    assert.equal(101, same:info().linktype)
    local ip = b.udp_frame():sub(15)
    local mixed <close> = assert(tap.open { packets = { b.udp_frame(), { ip, linktype = 101 } } })
    local protocols = {}
    for p in mixed:packets() do protocols[#protocols + 1] = (p.eth and "eth " or "") .. p.dst end
    assert.same({ "eth 192.0.2.2", "192.0.2.2" }, protocols)
  end)

  it("has the times and lengths that it was given", function()
    local cap <close> = assert(tap.open { packets = { { "x", time_ns = -5, len = 900 }, { "yz", time_ns = 1 << 62 } } })
    local seen = {}
    for p in cap:packets() do seen[#seen + 1] = { p.time_ns, p.len } end
    assert.same({ { -5, 900 }, { 1 << 62, 2 } }, seen)
  end)
end)
