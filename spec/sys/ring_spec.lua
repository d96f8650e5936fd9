-- The ring as the kernel made it: its geometry, and that its blocks come in order however often
-- they go round.

local live = require "spec.support.live"
local long = require "spec.support.long"
local tap = require "moontap"

local it = live.it(it, pending)

local PAGE <const> = 4096

--- The ring of a capture on loopback that is opened with these options.
local function ring(options)
  options.interface = "lo"
  local cap <close> = assert(tap.open(options))
  local info = cap:info()
  return { buffer = info.buffer, block = info.block, blocks = info.blocks }
end

describe("a ring", function()
  it("has 128 blocks of 256 KiB unless told otherwise", function()
    assert.same({ buffer = 32 << 20, block = 256 << 10, blocks = 128 }, ring {})
  end)

  it("has the asked number of bytes in blocks of the asked size", function()
    assert.same({ buffer = 8 << 20, block = 1 << 20, blocks = 8 }, ring { buffer = "8M", block = "1M" })
  end)

  it("rounds a block up to whole pages", function()
    local got = ring { buffer = "1M", block = 3 * PAGE - 1000 }
    assert.equal(3 * PAGE, got.block)
    assert.equal((1 << 20) // (3 * PAGE), got.blocks)
    assert.equal(got.block * got.blocks, got.buffer)
  end)

  it("has two blocks at least, smaller ones where the buffer is small", function()
    assert.same({ buffer = 64 << 10, block = 32 << 10, blocks = 2 }, ring { buffer = "64K" })
    assert.same({ buffer = 2 * PAGE, block = PAGE, blocks = 2 }, ring { buffer = 1, block = 1 })
  end)

  -- A table of 2^20 blocks is more than the kernel allocates at once.  Half of it takes seconds.
  local it_long = long and it or function() end
  it_long("has fewer blocks where the kernel has no room for all", function()
    local got = ring { buffer = "4G", block = PAGE }
    assert.equal(PAGE, got.block)
    assert.is_true(got.blocks >= 2 and got.blocks < (4 << 30) // PAGE)
    assert.equal(got.block * got.blocks, got.buffer)
  end)

  it("is refused beyond 4 GiB, and with blocks beyond 1 GiB", function()
    local cap, message = tap.open { interface = "lo", buffer = (4 << 30) + 1 }
    assert.is_nil(cap)
    assert.matches("^lo: cannot create a ring of 4294967297 bytes: the limit is 4 GiB$", message)
    cap, message = tap.open { interface = "lo", buffer = "4G", block = (1 << 30) + 1 }
    assert.is_nil(cap)
    assert.matches("^lo: cannot create a ring with blocks of 1073741825 bytes: the limit is 1 GiB$", message)
  end)

  it("goes round many times, and gives each frame once and in order", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b, buffer = 4 * PAGE, block = PAGE, latency = "1ms" })
    local last, count = -1, 0
    cap:pollfd() -- lets traffic in
    local flood <close> = live.flood(link.a, { count = 3001, size = 60, pps = 5000 })
    while count < 3001 do
      local p = cap:next("5s")
      if not p then break end
      local n = p:u32(42)
      assert.is_true(n > last, "frame " .. n .. " came after " .. last)
      last, count = n, count + 1
      if count + cap:stats().dropped == 3001 then break end
    end
    assert.equal(3001, flood:stop())
    cap:stop()
    local stats = cap:stats()
    assert.equal(3001, stats.seen)
    assert.equal(3001, count + stats.dropped)
    -- 4 blocks hold 112 frames of 144 bytes: it went round at least ten times.
    assert.is_true(count > 1120)
  end)

  it("holds more frames the less is kept of each", function()
    local link <close> = live.pair()
    local held = {}
    for _, snaplen in ipairs { 0, 60 } do
      local cap <close> = assert(tap.open {
        interface = link.b, buffer = 4 * PAGE, block = PAGE, latency = "10s", snaplen = snaplen,
      })
      cap:pollfd()
      live.send(link.a, { count = 1000, size = 1000 })
      cap:stop()
      held[#held + 1] = cap:stats().unread
    end
    -- Three records of 1088 bytes go into a block, but 28 of 144.
    assert.is_true(held[1] > 0 and held[1] <= 4 * 3)
    assert.is_true(held[2] > 3 * 28 and held[2] <= 4 * 28)
  end)

  it("keeps the frames it has while it is full, and counts how often that was", function()
    local link <close> = live.pair()
    -- With such a latency blocks go over because they are full, hardly ever because of their time.
    local cap <close> = assert(tap.open { interface = link.b, buffer = 4 * PAGE, block = PAGE, latency = "10s" })
    cap:pollfd()
    assert.equal(5003, live.send(link.a, { count = 5003, size = 60 }))
    cap:stop()
    local stats = cap:stats()
    assert.equal(5003, stats.seen)
    -- A record takes 144 of the 4048 bytes that a block has for them.
    assert.is_true(stats.unread > 3 * 28 and stats.unread <= 4 * 28)
    assert.equal(5003 - stats.unread, stats.dropped)
    assert.is_true(stats.frozen >= 1)
    local numbers = {}
    for p in cap:packets() do
      numbers[#numbers + 1] = p:u32(42)
      if #numbers == stats.unread then break end
    end
    assert.equal(stats.unread, #numbers)
    for i, n in ipairs(numbers) do assert.equal(i - 1, n) end
  end)
end)
