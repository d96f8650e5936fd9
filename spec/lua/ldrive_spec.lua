local b = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
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

describe("200 declared fields", function()
  local names, lengths <const> = {}, { 9, 45, 80, 200 }
  for i = 1, 200 do names[i] = i % 2 == 0 and "udp.srcport" or "ip.src" end

  it("fit the stack in every step of a loop, whatever the collector does, in any thread", function()
    for _, n in ipairs(lengths) do
      local cap <close> = assert(tap.open { packets = packets(50) })
      local wanted, steps = table.move(names, 1, n, 1, {}), 0
      for first, second in cap:fields(wanted) do
        steps = steps + 1
        assert.equal("192.0.2.1", first)
        assert.equal(steps, second)
        collectgarbage()
      end
      assert.equal(50, steps)
      local step = cap:fields(wanted)
      for i = 1, 20 do
        assert.equal(n, select("#", coroutine.wrap(function() return step() end)()))
        if i % 5 == 0 then collectgarbage() end
      end
    end
  end)

  it("fit it in a handler beside a loop", function()
    local cap <close> = assert(tap.open { packets = packets(50) })
    local calls = 0
    cap:on(names, function(...)
      calls = calls + 1
      assert.equal(200, select("#", ...))
    end)
    for _ in cap:packets() do collectgarbage() end
    assert.equal(50, calls)
  end)
end)

describe("an iterator that is called by hand", function()
  it("leaves a capture that can be used after a handler failed in it", function()
    local cap <close> = assert(tap.open { packets = packets(5) })
    local failing = true
    cap:each(function() if failing then error("by hand") end end)
    local step = cap:packets()
    local ok, message = pcall(step)
    assert.is_false(ok)
    assert.matches("by hand", message)
    failing = false
    assert.equal(5, cap:run().delivered)
    failing = true
    assert.is_false((pcall((cap:packets()))))
    cap:stop()
    cap:close()
    assert.equal(1, cap:stats().delivered)
  end)
end)

describe("the longest spans of time", function()
  local longest <const> = 9223372036

  it("are no end of a pass, and no time-out", function()
    local cap <close> = assert(tap.open { packets = packets(3) })
    assert.equal(3, cap:run { duration = longest }.delivered)
    assert.equal(1, cap:next(longest).sport)
  end)

  it_live("are none of a live pass either", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    assert(cap:pollfd())
    live.send(link.a, { count = 3 })
    assert.equal(3, cap:run { duration = longest, count = 3 }.delivered)
  end)

  it("tick no further than time goes", function()
    local list = { { b.udp_frame {}, time_ns = math.maxinteger }, { b.udp_frame {}, time_ns = math.mininteger + 1 } }
    local cap <close> = assert(tap.open { packets = list })
    cap:every("1s", function() error("ticked") end)
    assert.equal(2, cap:run().delivered)
  end)
end)

describe("the counts of a second pass on a file", function()
  it("begin again, those of loops and errors too", function()
    local cap <close> = assert(tap.open { packets = packets(4), on_error = "count" })
    for _ in cap:fields { "tcp.len" } do error("none") end
    assert.same({ matched = 0, skipped = 4 }, cap:stats().loop)
    cap:each(function() error("each") end)
    for _ = 1, 2 do
      local stats = assert(cap:run())
      assert.same({ matched = 0, skipped = 0 }, stats.loop)
      assert.equal(4, stats.errors)
    end
    cap:next()
    cap:next()
    assert.same({ matched = 2, skipped = 0 }, cap:stats().loop)
  end)
end)

describe("a pipe on which nothing comes", function()
  it("ends by the clock when its duration is over", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(b.pcap(packets(2)))
    file:close()
    local script = ([[
      local cap = assert(require("moontap").open("-"))
      print(cap:run { duration = "100ms" }.delivered)
      os.exit(0, true)
    ]])
    local r = run { "bash", "-c",
      ('coproc { cat %s; exec sleep 60; }; lua5.4 -e "$0" <&${COPROC[0]}; kill $COPROC_PID'):format(path), script }
    os.remove(path)
    assert.equal("2\n", r.out, r.err)
  end)
end)
