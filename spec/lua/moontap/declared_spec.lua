--- Declared protocols where captures and the command line use them.
local build = require "spec.support.build"
local it_live = require("spec.support.live").it(it, pending)
local live = require "spec.support.live"
local run = require "spec.support.run"
local sensors = require "spec.lua.sensor"
local tap = require "moontap"

local message, sensor = sensors.message, sensors.declare

teardown(sensors.forget)

--- A capture of messages { kind, id, temp, port, time_ns }.
local function capture_of(list, options)
  local packets = {}
  for i, m in ipairs(list) do packets[i] = { message(m[1], m[2], m[3], m[4]), time_ns = m[5] or i } end
  options = options or {}
  options.packets = packets
  return assert(tap.open(options))
end

local FIVE <const> = { { 1, 7, 90 }, { 2, 7, 150 }, { 1, 8, 101 }, { 2, 8, -20 }, { 1, 7, 500, 9001 } }

describe("a capture with declared fields", function()
  before_each(sensor)

  it("is filtered by text", function()
    local cap <close> = capture_of(FIVE, { filter = "sensor.temp > 100" })
    local ids = {}
    for id, temp in cap:fields { "sensor.id", "sensor.temp" } do ids[#ids + 1] = { id, temp } end
    assert.same({ { 7, 150 }, { 8, 101 } }, ids)
    assert.same({ 5, 2, 3 }, { cap:stats().seen, cap:stats().delivered, cap:stats().filtered })
  end)

  it("says what is wrong with a text", function()
    local cap, text = tap.open { data = build.pcap {}, filter = "sensor.tmp > 100" }
    assert.is_nil(cap)
    assert.matches("did you mean '?sensor%.temp", text)
  end)

  it("counts by them where a condition holds", function()
    local cap <close> = capture_of(FIVE)
    local by_id = cap:aggregate { by = "sensor.id", "n = count()", "t = sum(sensor.temp)",
      where = "sensor.kind == request" }
    assert(cap:run())
    assert.same({ 1, 90 }, { by_id:get(7).n, by_id:get(7).t })
    assert.same({ 1, 101 }, { by_id:get(8).n, by_id:get(8).t })
  end)

  it("takes the time of a pair in units", function()
    sensor():pair { key = { "sensor.id" }, request = "sensor.kind == 1", reply = "sensor.kind == 2" }
    local ms <const> = 1000000
    local cap <close> = capture_of { { 1, 7, 0, 9000, 10 * ms }, { 1, 8, 0, 9000, 20 * ms },
      { 2, 7, 0, 9000, 111 * ms }, { 2, 8, 0, 9000, 119 * ms } }
    local slow = {}
    cap:each("sensor.time > 100ms", function(p) slow[#slow + 1] = { p["sensor.id"], p["sensor.time"] } end)
    assert(cap:run())
    assert.same({ { 7, 101 * ms } }, slow)
  end)

  it("pairs packets of any link type", function()
    sensor():pair { key = { "sensor.id" }, request = "sensor.kind == 1", reply = "sensor.kind == 2" }
    local raw = message(1, 7, 0):sub(15)
    local cap <close> = assert(tap.open { packets = {
      { raw, time_ns = 5, linktype = 101 }, { message(2, 7, 0), time_ns = 12, linktype = 1 } } })
    local times = {}
    cap:on({ "sensor.time" }, function(t) times[#times + 1] = t end)
    assert(cap:run())
    assert.same({ 7 }, times)
  end)
end)

describe("a protocol bound later", function()
  before_each(sensor)

  it("is found by a filter that was compiled before", function()
    local warm = assert(tap.filter "sensor.temp > 100")
    tap.protocol("outer", { { "n", "u8" } }):on("udp.port", 9700)
    local mine = sensor()
    assert.is_false(warm:matches(message(1, 7, 200, 9100)))
    mine:on("udp.port", 9100)
    assert.is_true(warm:matches(message(1, 7, 200, 9100)))
  end)

  it("tells why a filter has no meaning any more", function()
    local cap <close> = capture_of(FIVE, { filter = "sensor.temp > 100" })
    local warm = assert(tap.filter "sensor.temp > 100")
    tap.protocol("sensor", { { "other", "u32" } }):on("udp.port", 9000)
    local ok, text = cap:run()
    assert.is_nil(ok)
    assert.matches("^packets: cannot filter: no field or protocol 'sensor%.temp'", text)
    assert.error_matches(function() warm:matches(message(1, 7, 0)) end, "no field or protocol 'sensor%.temp'")
    sensor()
    assert.equal(2, assert(cap:run()).delivered)
  end)

  it("is heeded by a pass from the next batch on", function()
    local list = {}
    for i = 1, 1000 do list[i] = { 1, 7, 200, i % 2 == 0 and 9000 or 9100 } end
    local cap <close> = capture_of(list)
    local ports = {}
    cap:each("sensor.temp > 100", function(p)
      if not next(ports) then sensor():on("udp.port", 9100) end
      ports[p.dport] = (ports[p.dport] or 0) + 1
    end)
    assert(cap:run())
    assert.equal(500, ports[9000])
    assert.is_true(ports[9100] > 300)
  end)

  it("stands where a usual packet's headers lead", function()
    local frame = message(1, 7, 200)
    local mine = tap.protocol("mine", { { "first", "u8" } }):on("eth.type", 0x0800)
    assert.same({ "eth", "mine" }, tap.packet(frame):layers())
    assert.is_false(assert(tap.filter "ip.ttl == 64"):matches(frame))
    tap.protocol("mine", { { "first", "u8" } })
    assert.same({ "eth", "ip", "udp", "sensor" }, tap.packet(frame):layers())
    mine:on("ip.proto", 17)
    assert.same({ "eth", "ip", "mine" }, tap.packet(frame):layers())
    tap.protocol("mine", { { "first", "u8" } })
    assert.same({ "eth", "ip", "udp", "sensor" }, tap.packet(frame):layers())
  end)

  it("gives a port back to the one that is built in", function()
    local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
    local inner = build.eth("inside", { type = 0x88b5 })
    local udp = build.udp("\8\0\0\0\0\0\1\0" .. inner, ends, { srcport = 1, dstport = 4789 })
    local frame = build.eth(build.ipv4(udp, ends, { proto = 17 }))
    assert.equal("vxlan", tap.packet(frame):layers()[4])
    tap.protocol("mine", { { "first", "u8" } }):on("udp.port", 4789)
    assert.equal("mine", tap.packet(frame):layers()[4])
    tap.protocol("mine", { { "first", "u8" } })
    assert.equal("vxlan", tap.packet(frame):layers()[4])
  end)

  it("lets what it carries be filtered, whatever the kernel asks before", function()
    tap.protocol("outer", { { "kind", "u8" } }):on("udp.port", 9500)
    tap.decode_as("outer.kind=4:ip")
    local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
    local inside = build.ipv4(build.udp("x", ends, { srcport = 1, dstport = 77 }), ends, { proto = 17, ttl = 9 })
    local udp = build.udp("\4" .. inside, ends, { srcport = 1, dstport = 9500 })
    local frame = build.eth(build.ipv4(udp, ends, { proto = 17 }))
    assert.same({ "eth", "ip", "udp", "outer", "ip", "udp" }, tap.packet(frame):layers())
    assert.is_true(assert(tap.filter "ip.ttl == 9"):matches(frame))
    assert.is_true(assert(tap.filter("udp.dstport == 77", 1, { live = true })):matches(frame))
  end)

  it_live("is let through by the kernel in a capture that was open before", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b, latency = "1ms" })
    local found = {}
    tap.protocol("sensor", { { "number", "u32" } }):on("udp.port", 9000)
    cap:on({ "sensor.number" }, "sensor.number < 100 and ip.ttl > 1", function(n)
      found[#found + 1] = n
      if n == 2 then cap:stop() end
    end)
    cap:run { wait = false }
    tap.protocol("sensor", { { "number", "u32" } }):on("udp.port", 9)
    cap:run { wait = false }
    live.send(link.a, { count = 3, size = 60 })
    assert(cap:run { duration = "5s" })
    assert.same({ 0, 1, 2 }, found)
  end)
end)

describe("--load and --decode-as", function()
  local folder, path

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    run.write(folder .. "/sensor.lua", [[
      local tap = require "moontap"
      tap.protocol("sensor", {
        { "version", "u8" }, { "kind", "u8", values = { [1] = "request", [2] = "reply" } }, { "id", "u16" },
        { "alarm", "bit" }, { "mode", "bits:7" }, { "temp", "i16" },
      }):on("udp.port", 9000)
    ]])
    path = folder .. "/sensors.pcap"
    local packets = {}
    for i, m in ipairs(FIVE) do packets[i] = { message(table.unpack(m)), time_ns = i } end
    run.write(path, build.pcap(packets))
  end)

  teardown(function() os.execute("rm -r " .. folder) end)

  local function moontap(words)
    local line = { run.moontap, "-r", path, "--load", folder .. "/sensor.lua" }
    return run(table.move(words, 1, #words, #line + 1, line))
  end

  it("make fields for the filter and the text", function()
    local r = moontap { "--fields", "sensor.id,sensor.temp,sensor.kind:text", "sensor.temp > 100" }
    assert.same({ 0, "7\t150\treply\n8\t101\trequest\n" }, { r.code, r.out })
    r = moontap { "--json", "-c", "1" }
    assert.matches('"sensor.version":2,"sensor.kind":1,"sensor.id":7,', r.out)
    r = moontap { "-v", "-c", "1" }
    assert.matches("\n +44  id: 7 +sensor%.id\n", r.out)
    r = moontap { "--count", "sensor.kind == reply" }
    assert.equal("2 packets\n", r.out)
  end)

  it("find a protocol at other values", function()
    local r = moontap { "--decode-as", "udp.port=9001-9003:sensor", "--count", "sensor" }
    assert.same({ 0, "5 packets\n" }, { r.code, r.out })
    r = moontap { "--count", "sensor" }
    assert.equal("4 packets\n", r.out)
  end)

  it("tell what is no rule, and what nobody declares", function()
    for rule, text in pairs {
      ["udp.port=x"] = "'udp.port=x' is not field=value:protocol",
      ["udp.prt=9001:sensor"] = "no protocol is found by 'udp.prt' (did you mean 'udp.port'?)",
      ["udp.port=70000:sensor"] = "'70000' is not a number within 0 to 65535, or a range of them",
      ["udp.port=9001:nobody"] = "no protocol 'nobody'",
    } do
      local r = moontap { "--decode-as", rule }
      assert.same({ 2, "moontap: --decode-as: " .. text }, { r.code, r.err:match("[^\n]*") })
    end
  end)
end)
