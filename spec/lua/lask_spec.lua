--- Functions of scripts that are asked about packets: guesses and fields.
local sensors = require "spec.lua.sensor"
local tap = require "moontap"

local fields, message = sensors.fields, sensors.message
local sensor, capture = sensors.declare, sensors.capture

teardown(sensors.forget)

describe("protocol:on with a function", function()
  local function guessed(fn)
    tap.protocol("sensor", fields()):on("udp", fn)
  end

  after_each(function() tap.protocol("sensor", fields()) end)

  it("is asked where nobody is bound", function()
    local asked = {}
    guessed(function(p)
      asked[#asked + 1] = ("%d %s %d"):format(p.udp_dstport, table.concat(p:layers(), " "), #p:payload())
      return p:u8(0, "payload") == 2
    end)
    local p = tap.packet(message(1, 7, 5, 4444))
    assert.same({ "eth", "ip", "udp", "sensor" }, p:layers())
    assert.equal(7, p["sensor.id"])
    assert.same({ "4444 eth ip udp 21" }, asked)
    tap.protocol("rival", { { "a", "u8" } }):on("udp.port", 4445)
    assert.equal("rival", tap.packet(message(1, 7, 5, 4445)):layers()[4])
    assert.equal(1, #asked)
    tap.protocol("rival", { { "a", "u8", const = 99 } }):on("udp.port", 4445)
    assert.equal("sensor", tap.packet(message(1, 7, 5, 4445)):layers()[4])
  end)

  it("may say no, and is asked again for each packet of a pass", function()
    local n = 0
    guessed(function(p)
      n = n + 1
      return p.udp.dstport == 9001
    end)
    local cap <close> = capture()
    local found = {}
    for p in cap:packets() do found[#found + 1] = p.sensor_id or 0 end
    assert.same({ 0, 0, 0, 0, 0, 7 }, found)
    assert.equal(6, n)
  end)

  it("raises what the function raises, and the capture stays usable", function()
    guessed(function() error("no idea", 0) end)
    assert.error_matches(function() tap.packet(message(1, 7, 5)) end, "^no idea$")
    local cap <close> = capture()
    cap:each(function() end)
    assert.error_matches(function() cap:run() end, "no idea")
    guessed(function() return false end)
    assert(cap:run())
    assert.equal(6, cap:stats().delivered)
  end)

  it("lends the packet for the call alone", function()
    local kept
    guessed(function(p)
      kept = p
      return true
    end)
    assert.truthy(tap.packet(message(1, 7, 5)).sensor)
    assert.error_matches(function() return kept.udp_dstport end, "packet used after its callback returned")
  end)

  it("cannot declare, and cannot go round in circles", function()
    guessed(function()
      tap.protocol("sensor", fields())
    end)
    assert.error_matches(function() tap.packet(message(1, 7, 5)) end,
      "a protocol cannot change while a packet is decoded")
    guessed(function() return tap.packet(message(1, 7, 5)).sensor ~= nil end)
    assert.is_nil(tap.packet(message(1, 7, 5)).sensor)
  end)

  it("needs a parent that there is", function()
    assert.error_matches(function() tap.protocol("sensor", fields()):on("upd", function() end) end,
      "sensor: on: no protocol 'upd'")
  end)
end)

describe("protocol:extra", function()
  local calls

  before_each(function()
    calls = 0
    sensor():extra("warm", function(p)
      calls = calls + 1
      return p["sensor.temp"] > 100
    end, "flag"):extra("double", function(p)
      return p.sensor_id < 8 and p.sensor_id * 2 or nil
    end, { label = "Twice", unit = "x", values = { [14] = "fourteen" } }):extra("what", function(p)
      return ("id %d"):format(p.sensor_id)
    end, "text")
  end)

  it("is a field like others, and runs only when asked for", function()
    local p = tap.packet(message(1, 7, 101))
    assert.equal(7, p.sensor_id)
    assert.equal(0, calls)
    assert.is_true(p.sensor.warm)
    assert.equal(14, p["sensor.double"])
    assert.equal("fourteen", p["sensor.double:text"])
    assert.equal("id 7", p.sensor_what)
    assert.equal(1, calls)
    assert.is_nil(tap.packet(message(1, 8, 101))["sensor.double"])
    assert.matches('"sensor.warm":true,"sensor.double":14,"sensor.what":"id 7"', p:json())
    assert.matches("Twice: 14 %(fourteen%) x +sensor.double\n", p:show())
    assert.is_nil(tap.packet(message(1, 7, 5, 9001))["sensor.warm"])
  end)

  it("filters and aggregates", function()
    assert.is_true(assert(tap.filter "sensor.warm == 1"):matches(message(1, 7, 101)))
    assert.is_false(assert(tap.filter "sensor.warm == 1"):matches(message(1, 7, 100)))
    assert.is_true(assert(tap.filter 'sensor.what contains "7"'):matches(message(1, 7, 1)))
    local cap <close> = capture()
    local t = cap:aggregate { by = { "sensor.what", "sensor.warm" }, "n = count()" }
    assert(cap:run())
    assert.equal(2, t:get("id 7", false).n)
    assert.equal(1, t:get("id 8", true).n)
  end)

  it("raises what the function raises, wherever it was asked for", function()
    sensor():extra("bad", function() error("bad luck", 0) end):extra("odd", function() return {} end)
    local p = tap.packet(message(1, 7, 5))
    assert.error_matches(function() return p.sensor_bad end, "^bad luck$")
    assert.error_matches(function() return p.sensor.bad end, "^bad luck$")
    assert.error_matches(function() return p:json() end, "^bad luck$")
    assert.error_matches(function() return p:all("sensor.bad") end, "^bad luck$")
    assert.error_matches(function() return p.sensor_odd end, "sensor.odd: the function gave table, not an integer")
    local cap <close> = capture()
    cap:aggregate { by = { "sensor.bad" }, "n = count()" }
    assert.error_matches(function() cap:run() end, "bad luck")
  end)

  it("may ask for others, but not for itself", function()
    sensor():extra("a", function(p) return p.sensor_b + 1 end):extra("b", function(p) return p.sensor_id end)
      :extra("c", function(p) return p.sensor_c end)
    local p = tap.packet(message(1, 7, 5))
    assert.equal(8, p.sensor_a)
    assert.is_nil(p.sensor_c)
  end)

  it("may read so many names that its own leaves the cache", function()
    local names = {}
    for _, field in ipairs(tap.fields()) do
      if field.type ~= "presence" and not field.name:find("^sensor") then
        for i = 1, 4 do names[#names + 1] = ("%s#%d"):format(field.name, i) end
      end
    end
    assert.is_true(#names > 800)
    sensor():extra("busy", function(p)
      for _, name in ipairs(names) do local _ = p[name] end
      return 14
    end, { values = { [14] = "fourteen" } })
    local p = tap.packet(message(1, 7, 5))
    assert.equal("fourteen", p["sensor.busy:text"])
    assert.equal("fourteen", p.sensor["busy:text"])
    assert.equal(14, p.sensor_busy)
  end)

  it("refuses what makes no field", function()
    local s = sensor()
    assert.error_matches(function() s:extra("id", print) end, "sensor.id: extra: the name is taken")
    assert.error_matches(function() s:extra("a.b", print) end, "sensor: extra: the name is not one of letters")
    assert.error_matches(function() s:extra("a") end, "sensor.a: extra: a function expected")
    assert.error_matches(function() s:extra("a", print, "intger") end,
      "type 'intger' is none of .*did you mean 'integer'")
    assert.error_matches(function() s:extra("a", print, { lable = 1 }) end, "unknown option 'lable'")
  end)
end)
