local b = require "spec.support.build"
local live = require "spec.support.live"
local tap = require "moontap"

local it_live = live.it(it, pending)

local function packets(n)
  local list = {}
  for i = 1, n do list[i] = { b.udp_frame { srcport = i }, time_ns = i } end
  return list
end

describe("cap:next", function()
  it("gives one packet after the other, then nil", function()
    local cap <close> = assert(tap.open { packets = packets(3) })
    local got = {}
    for _ = 1, 3 do got[#got + 1] = cap:next().sport end
    assert.same({ 1, 2, 3 }, got)
    assert.is_nil(cap:next())
    assert.equal(3, cap:stats().delivered)
  end)

  it("feeds handlers beside, and ends with their error", function()
    local cap <close> = assert(tap.open { packets = packets(3) })
    local calls = 0
    cap:each(function(p)
      calls = calls + 1
      if p.sport == 2 then error("second") end
    end)
    assert.equal(1, cap:next().sport)
    assert.has_error(function() cap:next() end)
    assert.equal(2, calls)
  end)

  it_live("says timeout on a quiet link, and loses nothing between calls", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local p, why = cap:next("20ms")
    assert.is_nil(p)
    assert.equal("timeout", why)
    assert.equal(5, live.send(link.a, { count = 5 }))
    local got = 0
    while cap:next("500ms") do got = got + 1 end
    assert.equal(5, got)
    cap:stop()
    assert.equal(5, cap:stats().seen)
    assert.equal(0, cap:stats().unread)
  end)
end)

describe("cap:run with wait = false", function()
  it("tells how many it handled and whether there is more", function()
    local cap <close> = assert(tap.open { packets = packets(25) })
    local calls = 0
    cap:each(function() calls = calls + 1 end)
    assert.same({ 10, "more" }, { cap:run { wait = false, count = 10 } })
    assert.same({ 10, "more" }, { cap:run { wait = false, count = 10 } })
    assert.same({ 5, "end" }, { cap:run { wait = false, count = 10 } })
    assert.equal(25, calls)
  end)

  it("counts without handlers too", function()
    local cap <close> = assert(tap.open { packets = packets(25) })
    assert.same({ 10, "more" }, { cap:run { wait = false, count = 10 } })
    assert.same({ 15, "end" }, { cap:run { wait = false } })
  end)

  it_live("is idle on a quiet link", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
  end)
end)

describe("a wait function", function()
  it_live("is called instead of blocking, and may yield", function()
    local link <close> = live.pair()
    local waits = 0
    local cap <close> = assert(tap.open { interface = link.b, wait = function(c)
      waits = waits + 1
      assert.matches("^capture", tostring(c))
      coroutine.yield("waiting")
    end })
    local got = 0
    cap:each(function() got = got + 1 end)
    local co = coroutine.create(function() return cap:run { count = 7 } end)
    assert.same({ true, "waiting" }, { coroutine.resume(co) })
    live.send(link.a, { count = 7 })
    while coroutine.status(co) ~= "dead" do assert(coroutine.resume(co)) end
    assert.equal(7, got)
    assert.is_true(waits > 0)
  end)

  it_live("works in a for loop, and its error ends the pass", function()
    local link <close> = live.pair()
    local waits, got = 0, 0
    local cap <close> = assert(tap.open { interface = link.b, wait = function()
      waits = waits + 1
      if waits == 1 then live.send(link.a, { count = 1 }) end
      if got == 1 then error("no more waiting") end
    end })
    local ok, message = pcall(function()
      for _ in cap:packets() do got = got + 1 end
    end)
    assert.is_false(ok)
    assert.matches("no more waiting", message)
    assert.equal(1, cap:stats().delivered)
    assert.equal(1, cap:stats().seen)
  end)
end)

describe("cap:stop", function()
  it("ends the pass of a loop at once", function()
    local cap <close> = assert(tap.open { packets = packets(10) })
    local got = 0
    for _ in cap:packets() do
      got = got + 1
      cap:stop()
    end
    assert.equal(1, got)
    assert.equal(1, cap:stats().seen)
  end)

  it("does nothing where no pass runs", function()
    local cap <close> = assert(tap.open { packets = packets(1) })
    cap:stop()
    assert.equal(1, cap:run().delivered)
  end)
end)

describe("a pass whose handler failed under an error handler that returns nothing", function()
  it("is over, and the capture can be closed", function()
    local cap = assert(tap.open { packets = packets(3) })
    cap:each(function() error("lost") end)
    assert.is_false((xpcall(cap.run, function() end, cap)))
    assert.is_false((xpcall(cap.next, function() end, cap)))
    cap:close()
    assert.equal(1, cap:stats().delivered)
  end)
end)
