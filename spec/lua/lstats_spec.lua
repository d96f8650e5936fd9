local live = require "spec.support.live"
local tap = require "moontap"
local wait = require "spec.support.wait"

local it_live = live.it(it, pending)

local function sum(s)
  return s.delivered + s.filtered + s.dropped + s.unread
end

--- Begin a pass, so that traffic is let in, and keep it open.
local function begin(cap)
  assert.same({ 0, "idle" }, { cap:run { wait = false } })
end

describe("the counts of a live capture", function()
  it_live("name what a pass that ended early left unread, and the next one delivers it", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    begin(cap)
    assert.equal(100, live.send(link.a, { count = 100 }))
    local stats = assert(cap:run { count = 10 })
    assert.equal(100, stats.seen)
    assert.equal(10, stats.delivered)
    assert.equal(90, stats.unread)
    assert.equal(0, stats.lost_at_stop)
    local got = 0
    for _ in cap:packets() do
      got = got + 1
      if got == 40 then break end
    end
    stats = cap:stats()
    assert.equal(50, stats.delivered)
    assert.equal(50, stats.unread)
    assert.equal(100, stats.seen)
    stats = assert(cap:run { duration = "50ms" })
    assert.equal(100, stats.delivered)
    assert.equal(0, stats.unread)
    assert.equal(100, stats.seen)
  end)

  it_live("do not change by being closed, and are there afterwards", function()
    local link <close> = live.pair()
    local cap = assert(tap.open { interface = link.b })
    begin(cap)
    live.send(link.a, { count = 30 })
    assert.equal(7, cap:run { count = 7 }.delivered)
    cap:close()
    local stats = cap:stats()
    assert.equal(30, stats.seen)
    assert.equal(7, stats.delivered)
    assert.equal(23, stats.unread)
    assert.same(stats.seen, stats.interfaces[link.b].seen)
    cap:close()
    assert.matches("closed", tostring(cap))
    assert.is_true(cap:info().closed)
    assert.has_error(function() cap:run() end)
  end)

  it_live("are those up to the packet at hand while a pass runs", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local n = 0
    cap:each(function()
      n = n + 1
      local s = cap:stats()
      assert.equal(n, s.seen)
      assert.equal(n, s.delivered)
      assert.equal(s.seen, sum(s))
    end)
    begin(cap)
    live.send(link.a, { count = 200 })
    local stats = assert(cap:run { count = 200 })
    assert.equal(200, stats.seen)
    assert.equal(0, stats.unread)
  end)

  it_live("leave out what the kernel's filter rejects", function()
    local link <close> = live.pair()
    -- ldh [36]; jeq #9; ret: the sender's UDP goes to one port, so nothing or all is accepted
    local none = { { 0x28, 0, 0, 12 }, { 0x15, 0, 1, 0x86dd }, { 0x06, 0, 0, 0xffffffff }, { 0x06, 0, 0, 0 } }
    local cap <close> = assert(tap.open { interface = link.b, filter = none })
    begin(cap)
    local before = live.counters(link.b).rx_packets
    live.send(link.a, { count = 50, size = 100 })
    wait.until_true("all have come", function()
      return live.counters(link.b).rx_packets - before == 50
    end)
    cap:stop()
    assert.equal(0, cap:stats().seen)
    assert(cap:set_filter(nil))
    begin(cap)
    live.send(link.a, { count = 20, size = 100 })
    assert.equal(20, cap:run { count = 20 }.seen)
  end)

  it_live("are exact when a slow script and a small ring lose packets", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b, buffer = "64K", block = "16K" })
    begin(cap)
    local sent = live.send(link.a, { count = 20000 })
    local stats = assert(cap:run { duration = "100ms" })
    assert.equal(sent, stats.seen)
    assert.is_true(stats.dropped > 0)
    assert.equal(stats.seen, sum(stats))
    assert.equal(0, stats.unread)
    assert.equal(0, stats.lost_at_stop)
    assert.is_true(stats.frozen > 0)
  end)

  it_live("tick with what came since the last tick, on a quiet link too", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local ticks, delivered, last = 0, 0, nil
    cap:every("20ms", function(now, delta)
      assert.equal(0, now % 20000000)
      if last then assert.equal(20000000, now - last) end
      last = now
      ticks, delivered = ticks + 1, delivered + delta.delivered
      if ticks == 3 then live.send(link.a, { count = 10 }) end
      if ticks == 10 then cap:stop() end
    end)
    local stats = assert(cap:run())
    assert.equal(10, ticks)
    assert.equal(10, delivered)
    assert.equal(10, stats.seen)
  end)
end)
