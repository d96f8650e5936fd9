--- What Lua adds to captures: options, units, and who is blamed.
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

local S <const> = 1000000000

--- Packets, one each 250 ms from a whole second on.
local function packets(count)
  local list = {}
  for i = 1, count do
    list[i] = { build.udp_frame { dstport = i, payload = ("x"):rep(i) }, time_ns = 1700000000 * S + (i - 1) * S // 4 }
  end
  return list
end

local function open(count, options)
  options = options or {}
  options.packets = packets(count)
  return assert(tap.open(options))
end

--- The message of a function that raises, which must be blamed on the spec's line that called.
local function blamed(fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  local at, text = message:match("^spec/lua/moontap/capture_spec.lua:(%d+): (.*)$")
  assert.is_truthy(at, message)
  local info = debug.getinfo(fn, "S")
  at = tonumber(at)
  assert.is_true(at >= info.linedefined and at <= info.lastlinedefined, message)
  return text
end

describe("cap:run", function()
  it("ends after so many packets", function()
    local cap <close> = open(10)
    assert.equal(3, cap:run({ count = 3 }).delivered)
    assert.equal(10, cap:run().delivered)
  end)

  it("ends after so much time of a file", function()
    local cap <close> = open(10)
    assert.equal(4, cap:run({ duration = "1s" }).delivered)
    assert.equal(2, cap:run({ duration = 0.5 }).delivered)
    assert.equal(1, cap:run({ duration = "1ns" }).delivered)
  end)

  it("returns what it handled where it shall not wait", function()
    local cap <close> = open(3)
    cap:each(function() end)
    local handled, why = cap:run { wait = false, count = 2 }
    assert.same({ 2, "more" }, { handled, why })
    handled, why = cap:run { wait = false, count = 2 }
    assert.same({ 1, "end" }, { handled, why })
  end)

  it("raises for wrong options and on a closed capture, at the caller", function()
    local cap <close> = open(1)
    assert.equal("run: unknown option 'cuont' (did you mean 'count'?)", blamed(function() cap:run { cuont = 1 } end))
    assert.equal("run: count is not within 1 and up", blamed(function() cap:run { count = 0 } end))
    assert.matches("^run: duration: '1x' is not a time", blamed(function() cap:run { duration = "1x" } end))
    assert.equal("run: wait is not true or false", blamed(function() cap:run { wait = 1 } end))
    cap:close()
    assert.equal("packets: the capture is closed", blamed(function() cap:run() end))
  end)

  it("raises inside a handler and inside a loop, at the caller", function()
    local cap <close> = open(2)
    local messages = {}
    cap:each(function() messages[#messages + 1] = blamed(function() cap:run() end) end)
    assert.equal(2, cap:run().delivered)
    local in_handler <const> = "cannot run: a function of this capture's pass is running"
    assert.same({ in_handler, in_handler }, messages)
    local loop <close> = open(2)
    for _ in loop:packets() do
      assert.equal("cannot run: a loop over this capture is running", blamed(function() loop:run() end))
    end
    assert.equal(2, loop:stats().delivered)
  end)

  it("leaves nothing behind of asking whether it may", function()
    local cap <close> = open(2)
    for _ = 1, 3 do cap:run() end
    assert.same({}, cap:stats().tables)
    assert.same({}, cap:stats().handlers)
  end)

  it("lets a handler's error through as it was raised", function()
    local cap <close> = open(5)
    local mark, seen = {}, 0
    cap:each(function()
      seen = seen + 1
      if seen == 2 then error(mark) end
    end)
    local ok, err = pcall(cap.run, cap)
    assert.is_false(ok)
    assert.equal(mark, err)
    assert.equal(2, cap:stats().delivered)
  end)

  it("counts a handler's errors and goes on where it was told so", function()
    local cap <close> = open(5, { on_error = "count" })
    local seen = 0
    cap:each(function()
      seen = seen + 1
      if seen % 2 == 0 then error("number " .. seen, 0) end
    end)
    local stats = assert(cap:run())
    assert.equal(5, stats.delivered)
    assert.equal(2, stats.errors)
    assert.equal("number 4", stats.last_error)
  end)
end)

describe("cap:every", function()
  it("reads a period and ticks at its multiples", function()
    local cap <close> = open(9)
    local ticks = {}
    cap:every("1s", function(now_ns, delta) ticks[#ticks + 1] = { now_ns - 1700000000 * S, delta.delivered } end)
    assert(cap:run())
    assert.same({ { S, 4 }, { 2 * S, 4 } }, ticks)
  end)

  it("raises for a wrong period, at the caller", function()
    local cap <close> = open(1)
    assert.matches("^every: '1x' is not a time", blamed(function() cap:every("1x", print) end))
    assert.equal("every: a period cannot be 0", blamed(function() cap:every(0, print) end))
    assert.matches("function expected", blamed(function() cap:every("1s") end))
  end)
end)

describe("cap:next", function()
  it("gives one packet at a time, then nil alone", function()
    local cap <close> = open(2)
    assert.equal(1, cap:next().dport)
    assert.equal(2, cap:next("100ms").dport)
    assert.same({ n = 1 }, table.pack(cap:next(0.1)))
  end)

  it("raises for a wrong timeout, at the caller", function()
    local cap <close> = open(1)
    assert.matches("^next: 'soon' is not a time", blamed(function() cap:next("soon") end))
    cap:close()
    assert.equal("packets: the capture is closed", blamed(function() cap:next() end))
    assert.equal("packets: the capture is closed", blamed(function() cap:next("1s") end))
  end)
end)

describe("the longest time that 64 bits hold", function()
  it("lets a run and a wait end as they would without", function()
    local largest <const> = math.maxinteger .. "ns"
    for _, time in ipairs { largest, (math.maxinteger - 1) .. "ns", "106751d", 0x1p33 } do
      local cap <close> = open(3)
      assert.equal(3, cap:run({ duration = time }).delivered)
      assert.equal(1, cap:next(time).dport)
      assert.equal(2, cap:next(time).dport)
    end
  end)

  it("is a limit, beyond which there is no time", function()
    local cap <close> = open(1)
    for _, time in ipairs { "9223372036854775808ns", "106752d", 0x1p63, math.huge, math.maxinteger } do
      assert.matches("^run: duration: .* is not a time", blamed(function() cap:run { duration = time } end))
      assert.matches("^next: .* is not a time", blamed(function() cap:next(time) end))
    end
  end)
end)

describe("methods that check nothing", function()
  it("are not to be had from a capture or an aggregate", function()
    local cap <close> = open(1)
    local talk = cap:aggregate { by = "src", "count()" }
    for _, name in ipairs { "aggregate", "every", "limit", "next", "run", "set_filter", "trouble" } do
      assert.is_nil(cap[name .. "_raw"])
    end
    assert.is_nil(talk.top_raw)
    assert.is_nil(cap.limit)
    assert.is_nil(cap.trouble)
  end)

  it("are found again where the module is loaded a second time", function()
    local r = run { run.lua, "-", stdin = [[
      local function packets() return { "a", "b", "c" } end
      local tap = require "moontap"
      local before = tap.open { packets = packets() }
      for name in pairs(package.loaded) do
        if name:match "^moontap" then package.loaded[name] = nil end
      end
      local again = require "moontap"
      assert(again ~= tap)
      for _, cap in ipairs { before, tap.open { packets = packets() }, again.open { packets = packets() } } do
        local talk = cap:aggregate { "n = count()" }
        cap:every("1s", print)
        cap:each(function() end)
        assert(cap:set_filter { { 6, 0, 0, 1 } })
        assert(cap:next())
        cap:stop()
        assert(cap:run().delivered == 3)
        for _ in cap:packets() do end
        for _ in cap:fields { "frame.len" } do end
        for row in talk:top(1) do print(row.n) end
        print(pcall(cap.run, cap, { cuont = 1 }))
      end
    ]] }
    local lines = ("10\nfalse\trun: unknown option 'cuont' (did you mean 'count'?)\n"):rep(3)
    assert.same({ 0, "", lines }, { r.code, r.err, (r.out:gsub("stdin:%d+: ", "")) })
  end)
end)

describe("handlers and loops", function()
  it("raise for a 'where' that does not compile, at the caller, with its place", function()
    local cap <close> = open(1)
    local wrong <const> = "filter:1:5: unknown word 'porf' after 'udp'"
    for name, call in pairs {
      on = function() cap:on({ "src" }, "udp porf 1", print) end,
      each = function() cap:each("udp porf 1", print) end,
      packets = function() cap:packets("udp porf 1") end,
      fields = function() cap:fields({ "src" }, "udp porf 1") end,
      aggregate = function() cap:aggregate { where = "udp porf 1", "count()" } end,
    } do
      local message = blamed(call)
      assert.is_truthy(message:find(wrong, 1, true), name .. ": " .. message)
      assert.matches("\n  udp porf 1\n      %^%^%^%^$", message)
    end
    assert.matches("filter: a text, a filter or a list of instructions expected, not number",
      blamed(function() cap:each(7, print) end))
    assert.equal(1, cap:run().delivered)
  end)

  it("raise for wrong names and arguments, at the caller", function()
    local cap <close> = open(1)
    assert.matches("no field 'scr' %(did you mean 'src'%?%)", blamed(function() cap:on({ "scr" }, print) end))
    assert.matches("no field 'scr' %(did you mean 'src'%?%)", blamed(function() cap:fields { "scr" } end))
    assert.matches("'src%?'.*must be required", blamed(function() cap:fields { "src?" } end))
    assert.matches("'fields' %(table expected", blamed(function() cap:fields("src") end))
    assert.matches("'on' %(function expected", blamed(function() cap:on({ "src" }) end))
    assert.matches("'each' %(function expected", blamed(function() cap:each(1) end))
    cap:close()
    assert.matches("closed", blamed(function() cap:packets() end))
  end)

  it("run beside a loop", function()
    local cap <close> = open(4)
    local ports, lengths = {}, {}
    cap:on({ "udp.length" }, function(length) lengths[#lengths + 1] = length end)
    for port in cap:fields { "dport" } do ports[#ports + 1] = port end
    assert.same({ 1, 2, 3, 4 }, ports)
    assert.same({ 9, 10, 11, 12 }, lengths)
  end)
end)

describe("cap:set_filter", function()
  it("takes raw instructions, and nil for none", function()
    local cap <close> = open(3)
    assert(cap:set_filter { { 0x6, 0, 0, 0 } })
    local stats = assert(cap:run())
    assert.same({ 0, 3 }, { stats.delivered, stats.filtered })
    assert(cap:set_filter(nil))
    assert.equal(3, cap:run().delivered)
  end)

  it("refuses what is no program", function()
    local cap <close> = open(1)
    assert.matches("instruction", blamed(function() cap:set_filter { { 1 } } end))
  end)
end)
