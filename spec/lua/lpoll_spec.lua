local b = require "spec.support.build"
local live = require "spec.support.live"
local socket = require "socket"
local tap = require "moontap"

local it_live = live.it(it, pending)

local DEADLINE <const> = 10

describe("a capture in an event loop", function()
  it_live("gives every packet of two links to a program that polls both", function()
    local first <close> = live.pair()
    local second <close> = live.pair()
    local caps, of, got = {}, {}, {}
    for i, link in ipairs { first, second } do
      local cap = assert(tap.open { interface = link.b })
      cap:each(function() got[i] = got[i] + 1 end)
      assert.is_true(math.type(assert(cap:pollfd())) == "integer")
      assert.equal(cap:pollfd(), cap:getfd())
      assert.equal("r", cap:events())
      caps[i], of[cap], got[i] = cap, i, 0
    end
    live.send(first.a, { count = 3000 })
    live.send(second.a, { count = 500 })
    local turns, ends = 0, socket.gettime() + DEADLINE
    while got[1] + got[2] < 3500 do
      assert.is_true(socket.gettime() < ends, "not all packets came")
      for _, cap in ipairs(socket.select(caps, nil, ends - socket.gettime())) do
        local handled, state = cap:run { wait = false, count = 100 }
        assert.is_true(handled <= 100)
        assert.is_true(state == "more" or state == "idle")
        turns = turns + 1
      end
    end
    assert.is_true(turns >= 35)
    for cap, i in pairs(of) do
      assert.same({ 0, "idle" }, { cap:run { wait = false } })
      assert.is_false(cap:dirty())
      assert.is_nil(cap:timeout())
      cap:close()
      assert.equal(got[i], cap:stats().seen)
      assert.has_error(function() cap:pollfd() end)
    end
    assert.same({ 3000, 500 }, got)
  end)

  it_live("sleeps on a quiet link", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    assert(cap:pollfd())
    assert.same({}, (socket.select({ cap }, nil, 0.05)))
  end)

  it_live("says how long it may sleep until a tick", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local ticks, ends = 0, socket.gettime() + DEADLINE
    cap:every("30ms", function() ticks = ticks + 1 end)
    assert(cap:pollfd())
    while ticks < 3 and socket.gettime() < ends do
      assert.is_true(cap:timeout() <= 0.041)
      socket.select({ cap }, nil, cap:timeout())
      cap:run { wait = false }
    end
    assert.equal(3, ticks)
  end)

  it("is always ready where it reads from memory or a file", function()
    local cap <close> = assert(tap.open { packets = { b.udp_frame(), b.udp_frame() } })
    assert.equal(1, #socket.select({ cap }, nil, DEADLINE))
    assert.equal(0, cap:timeout())
    assert.is_true(cap:dirty())
    assert.same({ 2, "end" }, { cap:run { wait = false } })
  end)
end)
