-- What the kernel is asked anew, and what it is not asked, when those who listen to a live link change.
-- The sender's frames come from port 40000 + n % 64 (spec/support/send.c).

local live = require "spec.support.live"
local tap = require "moontap"
local wait = require "spec.support.wait"

local it = live.it(it, pending)

describe("the kernel's program for all that listen", function()
  local link
  before_each(function() link = live.pair() end)
  after_each(function() link:close() end)

  local function open(options)
    options.interface = link.b
    return assert(tap.open(options))
  end

  --- Send one frame from each of 64 ports, and read until the kernel has let 'more' of them through.
  local function feed(cap, more, options)
    local wanted = cap:stats().seen + more
    live.send(link.a, { count = 64, size = options and options.size or 60 })
    wait.until_true("they came", function()
      assert(cap:run { wait = false })
      return cap:stats().seen >= wanted
    end)
    assert.equal(wanted, cap:stats().seen)
  end

  it("changes with an aggregate that comes while the pass is kept open", function()
    local cap <close> = open {}
    cap:each("src port 40001", function() end)
    assert(cap:run { wait = false })
    feed(cap, 1)
    local talk = cap:aggregate { "n = count()", where = "src port 40002" }
    assert(cap:run { wait = false })
    feed(cap, 2)
    assert.equal(1, talk:get().n)
    cap:stop()
  end)

  it("is no more than the filter where a pass counts packets", function()
    local cap <close> = open { filter = "src portrange 40000-40009" }
    local sent
    cap:each("src port 40001", function() end)
    cap:every("10ms", function()
      if not sent then live.send(link.a, { count = 64, size = 60 }) end
      sent = true
    end)
    assert.equal(1, assert(cap:run { duration = "80ms" }).seen)
    sent = false
    assert.equal(11, assert(cap:run { duration = "80ms", count = 1000 }).seen)
  end)

  it("is checked here, although the filter alone would not be", function()
    local cap <close> = open { filter = "udp" }
    assert.equal("kernel", cap:info().filter)
    cap:each("src port 40001", function() end)
    assert(cap:run { wait = false })
    assert.equal("kernel, checked here", cap:info().filter)
    cap:stop()
  end)

  it("is the filter alone where less is kept of a packet than it may ask", function()
    local cap <close> = open { snaplen = 60, filter = "udp[100] = 0 and greater 500" }
    local n = 0
    cap:each("src port 40001", function() n = n + 1 end)
    assert(cap:run { wait = false })
    assert.equal("kernel", cap:info().filter)
    feed(cap, 64, { size = 1000 })
    cap:stop()
    assert.equal(1, n)
    assert.equal(64, cap:stats().delivered)
  end)
end)
