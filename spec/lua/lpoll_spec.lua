local b = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
local socket = require "socket"
local tap = require "moontap"
local wait = require "spec.support.wait"

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

--- An event loop on a quiet link.
local LOOP <const> = [[
  io.stdout:setvbuf("line")
  local socket = require "socket"
  arg = { "-i", "lo" }
  local cap = assert(require "moontap".capture())
  local function loop(ready)
    local state
    cap:pollfd()
    print(ready)
    repeat
      socket.select({ cap }, nil, cap:timeout())
      _, state = cap:run { wait = false }
    until state == "end"
    print("end", cap:stats().unread)
  end
]]

local function start_loop(rest)
  return run.start { run.lua, "-e", LOOP .. rest }
end

--- Wait until it said 'word' and sleeps.
local function wait_until_asleep(process, word)
  wait.until_true("the loop sleeps", function()
    return process:out():find(word, 1, true) and
      (run.read("/proc/" .. process.pid .. "/status") or ""):find("State:%s+S")
  end)
end

describe("Ctrl-C in an event loop", function()
  it_live("wakes a select on a quiet link, and run says that it is the end", function()
    for _, signal in ipairs { "INT", "TERM" } do
      local process <close> = start_loop 'loop "ready"'
      wait_until_asleep(process, "ready")
      assert.is_true(process:kill(signal))
      assert.same({ code = 0, out = "ready\nend\t0\n", err = "" }, process:finish())
    end
  end)

  it_live("wakes the next pass, too, which has a descriptor of its own", function()
    local process <close> = start_loop 'loop "first"; loop "second"'
    for _, word in ipairs { "first", "second" } do
      wait_until_asleep(process, word)
      assert.is_true(process:kill("INT"))
    end
    assert.same({ code = 0, out = "first\nend\t0\nsecond\nend\t0\n", err = "" }, process:finish())
  end)

  it_live("wakes a pass that run began, where the loop asks how long it may sleep", function()
    -- The descriptor is asked for once and the pass that it began is ended by hand.
    local process <close> = start_loop [[
      local fd = cap:pollfd()
      cap:stop()
      cap:run { wait = false }
      print "ready"
      local timeout = cap:timeout()
      socket.select({ { getfd = function() return fd end } }, nil, timeout)
      print(timeout, cap:timeout(), cap:dirty())
      print(cap:run { wait = false })
    ]]
    wait_until_asleep(process, "ready")
    assert.is_true(process:kill("INT"))
    assert.same({ code = 0, out = "ready\nnil\t0.0\ttrue\n0\tend\n", err = "" }, process:finish())
  end)

  it_live("leaves a loop alone that does not own signals", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local owner <close> = assert(tap.open { interface = link.a, signals = true })
    assert(cap:pollfd())
    assert(owner:pollfd())
    assert(os.execute("kill -TERM $PPID"))
    assert.is_true(owner:dirty())
    assert.equal(0, owner:timeout())
    assert.is_false(cap:dirty())
    assert.is_nil(cap:timeout())
    assert.same({ owner }, { (socket.select({ cap, owner }, nil, DEADLINE))[1] })
    assert.same({ 0, "end" }, { owner:run { wait = false } })
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
  end)
end)
