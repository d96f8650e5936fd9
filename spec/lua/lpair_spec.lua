--- Requests and the time that their replies took.
local sensors = require "spec.lua.sensor"
local tap = require "moontap"

local message, sensor = sensors.message, sensors.declare

teardown(sensors.forget)

describe("protocol:pair", function()
  local PAIR <const> = {
    key = { "ip.proto", "sensor.id" }, request = "sensor.kind == 1", reply = "sensor.kind == 2", timeout = "1s",
  }
  local S <const> = 1000000000

  --- A capture of { kind, id, time in ns }.
  local function capture_of(list, options)
    local packets = {}
    for i, m in ipairs(list) do packets[i] = { message(m[1], m[2], 0), time_ns = m[3] } end
    options = options or {}
    options.packets = packets
    return tap.open(options)
  end

  local function paired(options)
    local o = {}
    for key, value in pairs(PAIR) do o[key] = value end
    for key, value in pairs(options or {}) do o[key] = value end
    return sensor():pair(o)
  end

  it("gives the time to each reply", function()
    local s = paired()
    local list <const> =
      { { 1, 7, 100 }, { 1, 8, 150 }, { 2, 8, 400 }, { 2, 7, 1100 }, { 2, 9, 1200 }, { 2, 8, 1300 } }
    local cap <close> = capture_of(list)
    local sums = cap:aggregate { by = { "sensor.id" }, "t = sum(sensor.time)" }
    local times, copies = {}, {}
    cap:on({ "sensor.time", "sensor.id" }, function(t, id) times[#times + 1] = { id, t } end)
    assert(cap:run())
    assert.same({ { 8, 250 }, { 7, 1000 } }, times)
    assert.same({ 250, 1000 }, { sums:get(8).t, sums:get(7).t })
    assert.same({ requests = 2, matched = 2, unasked = 2, evicted = 0 }, s:pairs())
    for p in cap:packets() do copies[#copies + 1] = p:copy().sensor_time end
    assert.same({ 250, 1000 }, copies)
    assert.equal(2, s:pairs().matched)
  end)

  it("pairs in order where a key comes again and again", function()
    paired()
    local list, times = {}, {}
    for i = 0, 499 do
      list[#list + 1] = { 1, 7, 1 + i * 1000 }
      list[#list + 1] = { 2, 7, 1 + i * 1000 + i }
    end
    local cap <close> = capture_of(list)
    for t in cap:fields { "sensor.time" } do times[#times + 1] = t end
    assert.equal(500, #times)
    for i = 0, 499 do assert.equal(i, times[i + 1]) end
  end)

  it("waits no longer than its timeout", function()
    local s = paired()
    local cap <close> = capture_of { { 1, 7, 1 }, { 2, 7, S + 2 }, { 1, 8, 2 * S }, { 2, 8, 3 * S } }
    local times = {}
    for t in cap:fields { "sensor.time" } do times[#times + 1] = t end
    assert.same({ S }, times)
    assert.same({ requests = 2, matched = 1, unasked = 1, evicted = 0 }, s:pairs())
  end)

  it("keeps within its limit, and counts what went", function()
    local s = paired { limit = 64 }
    local list = {}
    for i = 1, 1000 do list[i] = { 1, i, i } end
    for i = 1, 1000 do list[1000 + i] = { 2, i, 1000 + i } end
    local cap <close> = capture_of(list)
    local n = 0
    for t, id in cap:fields { "sensor.time", "sensor.id" } do
      assert.equal(1000, t)
      assert.is_true(id > 936)
      n = n + 1
    end
    assert.equal(64, n)
    assert.same({ requests = 1000, matched = 64, unasked = 936, evicted = 936 }, s:pairs())
  end)

  it("filters by the time", function()
    paired()
    local slow = assert(tap.filter "sensor.time > 100ms")
    assert.is_false(slow:matches(message(2, 7, 0)))
    local cap <close> = capture_of { { 1, 7, 1 }, { 2, 7, S // 20 }, { 1, 8, S }, { 2, 8, S + S // 5 } }
    local n = 0
    for t in cap:fields { "sensor.time" } do
      if t > S // 10 then n = n + 1 end
    end
    assert.equal(1, n)
  end)

  it("refuses what makes no pair", function()
    local s = sensor()
    assert.error_matches(function() s:pair {} end, "sensor: pair: option 'key' is missing")
    assert.error_matches(function() paired { request = "sensor.knd == 1" } end, "sensor: pair: request: .*sensor.knd")
    assert.error_matches(function() paired { key = { "sensor.idd" } } end, "no field 'sensor.idd'")
    assert.error_matches(function() paired { key = {} } end, "pair")
    assert.error_matches(function() paired { limit = 0 } end, "limit is not within 1 to 16777216")
    assert.error_matches(function() sensor():pairs() end, "sensor: pairs: there is no pair")
    assert.error_matches(function() paired():pair(PAIR) end, "sensor: pair: the name is taken")
  end)
end)
