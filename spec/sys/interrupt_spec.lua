-- Signals while a pass runs: the first one ends it, the second one kills, and what was there
-- before comes back.

local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"
local wait = require "spec.support.wait"

local it = live.it(it, pending)

--- Start a Lua script that captures on loopback, and wait until it says that it is ready.
local function start(script)
  local process = run.start { run.lua, "-e", script }
  wait.until_true("the script is ready", function()
    return process:out():find("ready", 1, true) or process:ended()
  end)
  return process
end

--- Send a signal and wait until the process took it: two at once would be one.
local function deliver(process, signal)
  assert.is_true(process:kill(signal))
  wait.until_true("the signal is taken", function()
    local status = run.read("/proc/" .. process.pid .. "/status")
    return not status or status:find("ShdPnd:%s+0+\n")
  end)
end

local OPEN <const> = [[
  io.stdout:setvbuf("line")
  local tap = require "moontap"
  local cap = assert(tap.open { interface = "lo", signals = true })
]]

for _, signal in ipairs { "INT", "TERM" } do
  describe("SIG" .. signal, function()
    it("ends a pass that waits, and the script goes on", function()
      local script <close> = start(OPEN .. [[
        cap:every("20ms", function() if not told then print "ready"; told = true end end)
        local stats = assert(cap:run())
        print("unread", stats.unread, "lost", stats.lost_at_stop)
      ]])
      assert.is_true(script:kill(signal))
      local r = script:finish()
      assert.equal("", r.err)
      assert.equal(0, r.code)
      assert.equal("ready\nunread\t0\tlost\t0\n", r.out)
    end)

    it("kills when it is the second one", function()
      local script <close> = start(OPEN .. [[
        cap:every("20ms", function() print "ready"; while true do end end)
        cap:run()
      ]])
      deliver(script, signal)
      assert.matches("State:%s+R", run.read("/proc/" .. script.pid .. "/status"))
      deliver(script, signal)
      local r = script:finish()
      assert.is_nil(r.code)
      assert.equal(signal == "INT" and 2 or 15, r.signal)
    end)
  end)
end

describe("a signal", function()
  it("finds the handlers from before the pass once the pass is over", function()
    -- SIGTERM has no handler of its own in the interpreter, so it kills.
    local script <close> = start(OPEN .. [[
      cap:run { duration = "20ms" }
      print "ready"
      while true do end
    ]])
    assert.is_true(script:kill("TERM"))
    assert.equal(15, script:finish().signal)
  end)

  it("is left alone by a capture that was not asked to take it", function()
    local script <close> = start([[
      io.stdout:setvbuf("line")
      local cap = assert(require "moontap".open { interface = "lo" })
      cap:every("20ms", function() print "ready" end)
      cap:run()
    ]])
    assert.is_true(script:kill("TERM"))
    assert.equal(15, script:finish().signal)
  end)

  it("ends the outer pass too when an inner one takes signals as well", function()
    local script <close> = start(OPEN .. [[
      local inner = assert(tap.open { interface = "lo", signals = true })
      inner:every("20ms", function() if not told then print "ready"; told = true end end)
      cap:every("20ms", function() if not done then done = true; inner:run(); print "inner ended" end end)
      cap:run()
      print "outer ended"
    ]])
    assert.is_true(script:kill("INT"))
    local r = script:finish()
    assert.equal("", r.err)
    assert.equal("ready\ninner ended\nouter ended\n", r.out)
  end)

  it("that came before an inner pass began ends that one, too", function()
    local script <close> = run.start { run.lua, "-e", OPEN .. [[
      local inner = assert(tap.open { interface = "lo", signals = true })
      cap:every("5ms", function()
        if done then return end
        done = true
        os.execute "kill -TERM $PPID"
        inner:run()
        print "inner ended"
      end)
      cap:run()
      print "outer ended"
    ]] }
    local r = script:finish(10)
    assert.equal("", r.err)
    assert.equal("inner ended\nouter ended\n", r.out)
  end)

  it("is waited for by a descriptor that is gone after the pass", function()
    -- The leak check of the run sees what a pass leaves; here it has to come and go in one process.
    local cap <close> = assert(tap.open { interface = "lo", signals = true })
    for _ = 1, 3 do assert(cap:run { duration = "2ms" }) end
  end)
end)
