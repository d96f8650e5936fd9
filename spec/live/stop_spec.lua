-- How a live run ends: by a signal in the middle of a flood, after so many packets, by the script, by
-- a reader that goes away, by force.  Whatever it is, what the kernel counted and what the script saw
-- agree, through both doors.

local live = require "spec.support.live"
local long = require "spec.support.long"
local run = require "spec.support.run"
local wait = require "spec.support.wait"

local it = live.it(it, pending)
local STOPS <const> = long and 300 or 100

-- Counts by itself, with the numbers that the sender wrote into the frames.
local COUNTING <const> = [[
  local tap = require "moontap"
  local cap = assert(tap.capture())
  local n, first, last, back = 0, nil, nil, 0
  cap:each(function(p)
    local number = p:u32(42)
    n, first = n + 1, first or number
    if last and number <= last then back = back + 1 end
    last = number
  end)
  local s = assert(cap:run())
  print(n, first or 0, last or -1, back, s.seen, s.delivered, s.filtered, s.dropped, s.unread, s.lost_at_stop)
]]

--- A script's file that is removed at the end of the block.
local function temporary(text)
  local base = os.tmpname()
  run.write(base .. ".lua", text)
  return setmetatable({ name = base .. ".lua" }, { __close = function()
    os.remove(base)
    os.remove(base .. ".lua")
  end })
end

local link, counting, script

setup(function()
  counting = temporary(COUNTING)
  script = counting.name
end)

teardown(function() getmetatable(counting).__close() end)

--- True once a packet socket of the run takes frames in: the kernel's table says so.
local function captures()
  return run.read("/proc/net/packet"):find("%x+ +%d+ +3 +0003 +%d+ +1 ") ~= nil
end

--- Start a program on the link and wait until it captures.
local function start(words)
  local process = run.start(words)
  wait.until_true("it captures", function() return captures() or process:ended() end)
  assert.is_false(process:ended(), process:err())
  return process
end

--- Let so many more frames arrive.
local function let_pass(frames)
  local goal = live.counters(link.b).rx_packets + frames
  wait.until_true("more frames have come", function() return live.counters(link.b).rx_packets >= goal end)
end

--- The numbers of the last line that the counting script printed.
local function numbers(text)
  local list = {}
  for number in text:gmatch("-?%d+") do list[#list + 1] = math.tointeger(tonumber(number)) end
  local n, first, last, back, seen, delivered, filtered, dropped, unread, lost = table.unpack(list)
  return {
    n = n, first = first, last = last, back = back, seen = seen, delivered = delivered,
    filtered = filtered, dropped = dropped, unread = unread, lost = lost,
  }
end

--- The counts in the host's last line.
local function counts_line(err)
  local seen, delivered, dropped, unread =
    err:match("moontap: (%d+) seen, (%d+) delivered, 0 filtered, (%d+) dropped, (%d+) unread[^\n]*\n$")
  assert.is_truthy(seen, err)
  return math.tointeger(seen), math.tointeger(delivered), math.tointeger(dropped), math.tointeger(unread)
end

--- What has to hold after a stop that reads the last packets.
local function assert_nothing_missing(c)
  assert.same({ 0, 0, 0, 0 }, { c.unread, c.filtered, c.lost, c.back })
  assert.equal(c.n, c.delivered)
  assert.equal(c.seen, c.delivered + c.dropped)
  -- The frames between the first and the last one were delivered or dropped; with none dropped, all
  -- of their numbers are there.
  local span = c.last - c.first + 1
  assert.is_true(span >= c.n and span <= c.n + c.dropped,
    ("%d frames, %d numbers, %d dropped"):format(c.n, span, c.dropped))
end

describe("a run under full flood", function()
  local flood

  before_each(function()
    link = live.pair()
    flood = live.flood(link.a, { size = 64 })
  end)

  after_each(function()
    assert.is_true(flood:stop() > 0)
    link:close()
  end)

  for door, program in pairs { host = run.moontap, ["lua5.4"] = run.lua } do
    it(("is exact at each of %d stops by SIGINT through %s"):format(STOPS, door), function()
      math.randomseed(STOPS)
      local read, lossy = 0, 0
      for stop = 1, STOPS do
        local process <close> = start { program, script, "-i", link.b, "-B", stop % 3 == 0 and "192" or "8M" }
        let_pass(math.random(0, 12000))
        process:kill("INT")
        local r = process:finish()
        assert.equal(0, r.code, r.err)
        local c = numbers(r.out)
        assert_nothing_missing(c)
        if door == "host" then
          assert.same({ c.seen, c.delivered, c.dropped, 0 }, { counts_line(r.err) })
        end
        read, lossy = read + c.n, lossy + (c.dropped > 0 and 1 or 0)
      end
      -- The flood was one, and the small ring did lose frames: the sums above were tested.
      assert.is_true(read > STOPS * 100)
      assert.is_true(lossy > 0)
    end)
  end

  it("ends after -c packets and names what it did not read", function()
    for _, buffer in ipairs { "8M", "192" } do
      local r = run { run.moontap, script, "-i", link.b, "-B", buffer, "-c", "10" }
      assert.equal(0, r.code, r.err)
      local c = numbers(r.out)
      assert.same({ 10, 10, 0, 0 }, { c.n, c.delivered, c.back, c.lost })
      assert.is_true(c.unread > 0)
      assert.equal(c.seen, 10 + c.dropped + c.unread)
      assert.same({ c.seen, 10, c.dropped, c.unread }, { counts_line(r.err) })
    end
  end)

  it("ends by break and by cap:stop with exact sums", function()
    for _, body in ipairs {
      "local n = 0 for p in cap:packets() do n = n + 1 if n == 777 then break end end",
      "local n = 0 for len in cap:fields { 'frame.len' } do n = n + 1 if n == 777 then break end end",
      "local n = 0 cap:each(function() n = n + 1 if n == 777 then cap:stop() end end) assert(cap:run())",
    } do
      local path <close> = temporary("local cap = assert(require('moontap').capture()) " .. body)
      local r = run { run.moontap, path.name, "-i", link.b }
      assert.equal(0, r.code, r.err)
      local seen, delivered, dropped, unread = counts_line(r.err)
      assert.equal(777, delivered)
      assert.is_true(unread > 0)
      assert.equal(seen, delivered + dropped + unread)
    end
  end)

  it("ends cleanly when nobody reads what it prints", function()
    for _, option in ipairs { "-n", "-l" } do
      local words = { "timeout", "20", run.moontap, "-i", link.b, option }
      local r = run { "bash", "-c", '"$@" | head -n 3; echo "${PIPESTATUS[0]}" >&2', "bash", table.unpack(words) }
      assert.equal(3, select(2, r.out:gsub("\n", "")))
      local err, status = r.err:match("^(.*\n)(%d+)\n$")
      assert.equal("0", status, "with " .. option .. ": " .. r.err)
      local seen, delivered, dropped, unread = counts_line(err)
      assert.equal(seen, delivered + dropped + unread)
    end
  end)

  it("leaves no promiscuity behind when it is killed", function()
    local process <close> = start { run.moontap, script, "-i", link.b }
    assert.equal(1, live.promiscuity(link.b))
    process:kill("KILL")
    assert.equal(9, process:finish().signal)
    wait.until_true("the socket is gone", function() return live.promiscuity(link.b) == 0 end)
  end)

  it("dies by its second SIGINT where the script does not come to an end", function()
    local path <close> = temporary [[
      local cap = assert(require("moontap").capture())
      cap:each(function() while true do end end)
      cap:run()
    ]]
    local process <close> = start { run.moontap, path.name, "-i", link.b }
    let_pass(1000)
    process:kill("INT")
    wait.until_true("the first signal was taken", function()
      local pending_signals = run.read(("/proc/%d/status"):format(process.pid)):match("ShdPnd:%s*(%x+)")
      return tonumber(pending_signals, 16) & 2 == 0
    end)
    process:kill("INT")
    assert.equal(2, process:finish().signal)
  end)
end)
