--- Protocols that scripts declare: that of the design, from its declaration to aggregates.
local build = require "spec.support.build"
local protocol = require "moontap.protocol"
local sensors = require "spec.lua.sensor"
local tap = require "moontap"

local fields, message = sensors.fields, sensors.message
local sensor, capture = sensors.declare, sensors.capture

teardown(sensors.forget)

describe("a declared protocol", function()
  before_each(sensor)

  it("decodes", function()
    local p = tap.packet(message(1, 7, -200))
    assert.same({ "eth", "ip", "udp", "sensor" }, p:layers())
    assert.equal(7, p["sensor.id"])
    assert.equal(-200, p.sensor_temp)
    assert.is_true(p.sensor.alarm)
    assert.equal("room", p.sensor.name)
    assert.equal("request", p["sensor.kind:text"])
    assert.equal("\0\7", p["sensor.id:raw"])
    assert.equal(256, p.sensor["opt.seq"])
    assert.is_nil(p.fault)
    assert.is_nil(tap.packet(message(1, 7, 0, 9001)).sensor)
  end)

  it("prints", function()
    local p = tap.packet(message(2, 7, -200))
    local text = p:show()
    assert.matches("\nSensor, 21 bytes at 42\n", text)
    assert.matches("\n    43  kind: 2 %(reply%) +sensor%.kind\n", text)
    assert.matches("\n    47  temperature: %-200 x 0%.1 °C +sensor%.temp\n", text)
    assert.matches('"sensor.temp":%-200,"sensor.namelen":4,"sensor.name":"room","sensor.opt.type":%[1,2%]', p:json())
    assert.matches(": sensor$", p:summary())
  end)

  it("filters", function()
    local warm = assert(tap.filter "sensor.temp > 100")
    assert.is_true(warm:matches(message(1, 7, 101)))
    assert.is_false(warm:matches(message(1, 7, 100)))
    assert.is_false(warm:matches(message(1, 7, -200)))
    assert.is_false(warm:matches(message(1, 7, 101, 9001)))
    assert.is_true(assert(tap.filter "sensor.kind == reply and sensor.name == \"room\""):matches(message(2, 7, 1)))
    assert.is_true(assert(tap.filter "sensor.opt.seq == 256"):matches(message(2, 7, 1)))
    assert.is_true(assert(tap.filter "sensor"):matches(message(2, 7, 1)))
    assert.is_false(assert(tap.filter "sensor"):matches(message(2, 7, 1, 53)))
  end)

  it("aggregates", function()
    local cap <close> = capture()
    local by_id = cap:aggregate { by = { "sensor.id" }, "n = count()", "t = sum(sensor.temp)" }
    local by_kind = cap:aggregate { by = { "sensor.kind:text", "sensor.name" }, "n = count()" }
    assert(cap:run())
    local found = {}
    for row in by_id:rows() do found[row["sensor.id"]] = { row.n, row.t } end
    assert.same({ [7] = { 3, 340 }, [8] = { 2, 81 } }, found)
    local row = by_kind:get("request", "room") or by_kind:get(1, "room")
    assert.equal(3, row.n)
  end)

  it("gives declared fields", function()
    local cap <close> = capture()
    local list = {}
    for id, temp, seq in cap:fields { "sensor.id", "sensor.temp", "sensor.opt.seq?" } do
      list[#list + 1] = ("%d %d %d"):format(id, temp, seq)
    end
    assert.same({ "7 90 256", "7 150 256", "8 101 256", "8 -20 256", "7 100 256" }, list)
  end)

  it("is listed", function()
    local temp
    for _, field in ipairs(tap.fields("sensor")) do
      if field.name == "sensor.temp" then temp = field end
    end
    assert.same({ "integer", "temperature", "0.1 °C", "sensor" }, { temp.type, temp.label, temp.unit, temp.protocol })
  end)
end)

describe("a declared protocol's fractions and EUI-64", function()
  it("are keys, and values of lists", function()
    tap.protocol("sensor", { { "f", "float" }, { "e", "eui64" } }):on("udp.port", 9000)
    local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
    local function frame(f, e)
      local udp = build.udp(string.pack(">f c8", f, e), ends, { srcport = 1, dstport = 9000 })
      return build.eth(build.ipv4(udp, ends, { proto = 17 }))
    end
    local packets = { frame(1.5, "12345678"), frame(1.5, "12345679"), frame(-2.25, "12345678") }
    local cap <close> = tap.open { packets = packets }
    local by_f = cap:aggregate { by = { "sensor.f" }, "n = count()" }
    local by_e = cap:aggregate { by = { "sensor.e" }, "n = count()" }
    local seen = {}
    for f, e in cap:fields { "sensor.f", "sensor.e" } do seen[#seen + 1] = f .. " " .. e end
    assert.equal("-2.25 31:32:33:34:35:36:37:38", seen[3])
    assert.same({ 2, 1 }, { by_f:get(1.5).n, by_f:get(-2.25).n })
    assert.equal(2, by_e:get("31:32:33:34:35:36:37:38").n)
    local found = {}
    for row in by_f:rows() do found[row["sensor.f"]] = row.n end
    assert.same({ [1.5] = 2, [-2.25] = 1 }, found)
  end)

  it("are refused by filters, but for their presence", function()
    tap.protocol("sensor", { { "f", "float" }, { "e", "eui64" } }):on("udp.port", 9000)
    local filter, text = tap.filter("sensor.f > 1")
    assert.is_nil(filter)
    assert.matches("'sensor.f' is a number with a fraction: a filter can only ask whether it is there", text)
    assert.matches("'sensor.e' is an EUI%-64", select(2, tap.filter("sensor.e == 1")))
    assert.truthy(tap.filter("sensor.f"))
  end)
end)

describe("protocol:on", function()
  it("takes numbers, ranges and lists of both", function()
    tap.protocol("sensor", fields()):on("udp.port", { 9000, "9100-9199", "0x2500" })
    local ports <const> =
      { [9000] = true, [9001] = false, [9100] = true, [9199] = true, [9200] = false, [0x2500] = true }
    for port, found in pairs(ports) do
      assert.equal(found, tap.packet(message(1, 7, 0, port)).sensor ~= nil)
    end
  end)

  it("refuses what leads nowhere", function()
    local s = sensor()
    assert.error_matches(function() s:on("udp.prt", 1) end,
      "sensor: on: no protocol is found by 'udp.prt' %(did you mean 'udp.port'%?%)")
    assert.error_matches(function() s:on("sensor.name", 1) end,
      "'sensor.name' is not a number that a protocol can be found by")
    assert.error_matches(function() s:on("udp.port", 65536) end, "'65536' is not a number within 0 to 65535")
    assert.error_matches(function() s:on("udp.port", "9-8") end, "'9%-8' is not a number")
    assert.error_matches(function() s:on("udp.port") end, "a value of 'udp.port' is missing")
    assert.error_matches(function() s:on(9000) end, "the field is not a name")
    assert.error_matches(function() s.on({}, "udp.port", 1) end, "not a protocol")
  end)

  it("leads from a declared protocol to others, to any depth", function()
    local s = sensor()
    local inner = tap.protocol("inner", { { "kind", "u8" }, { "len", "u8" }, { "x", "bytes", size = "len" } })
    local most = tap.protocol("innermost", { { "last", "u16le" } })
    tap.protocol("sensor", { { "kind", "u8" }, { "sub", "u16" } }):on("udp.port", 9000)
    inner:on("sensor.sub", { 5, "7-8" })
    most:on("inner.kind", 1)
    local function layers(payload)
      local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
      local udp = build.udp(payload, ends, { srcport = 40000, dstport = 9000 })
      return tap.packet(build.eth(build.ipv4(udp, ends, { proto = 17 })))
    end
    local p = layers("\9\0\7\1\2ab\3\4")
    assert.same({ "eth", "ip", "udp", "sensor", "inner", "innermost" }, p:layers())
    assert.equal(0x403, p["innermost.last"])
    assert.same({ "eth", "ip", "udp", "sensor" }, layers("\9\0\6\1\2ab\3\4"):layers())
    assert.same({ "eth", "ip", "udp", "sensor", "inner" }, layers("\9\0\5\2\2ab\3\4"):layers())
    tap.protocol("sensor", { { "pad0", "u8" }, { "sub", "u16" } }):on("udp.port", 9000)
    assert.same({ "eth", "ip", "udp", "sensor", "inner" }, layers("\9\0\5\2\2ab\3\4"):layers())
    assert.truthy(s)
  end)
end)

describe("declaring again", function()
  it("replaces fields and bindings", function()
    sensor()
    tap.protocol("sensor", { { "other", "u32" } }):on("udp.port", 9001)
    assert.error_matches(function() return tap.packet("")["sensor.temp"] end, "no field 'sensor.temp'")
    assert.is_nil(tap.packet(message(1, 7, 0)).sensor)
    assert.equal(0x2010007, tap.packet(message(1, 7, 0, 9001))["sensor.other"])
    sensor()
    assert.equal(7, tap.packet(message(1, 7, 0))["sensor.id"])
    assert.is_nil(tap.packet(message(1, 7, 0, 9001)).sensor)
  end)

  it("leaves open captures what they looked up, and no dangling end", function()
    sensor()
    local cap <close> = capture()
    local ids, others = {}, {}
    local names = cap:aggregate { by = { "sensor.name" }, "n = count()" }
    cap:on({ "sensor.id", "sensor.name?" }, function(id)
      ids[#ids + 1] = id
      if #ids > 2 then return end
      tap.protocol("sensor", { { "other", "u32" } }):on("udp.port", 9000)
      collectgarbage()
      others[#others + 1] = tap.packet(message(1, 7, 0))["sensor.other"]
      sensor()
      collectgarbage()
    end)
    assert(cap:run())
    assert.same({ 7, 7, 8, 8, 7 }, ids)
    assert.same({ 0x2010007, 0x2010007 }, others)
    assert.equal(5, names:get("room").n)
  end)

  it("a hundred times is safe", function()
    for i = 1, 100 do
      tap.protocol("sensor", { { "f" .. i, "u8" }, { "t" .. i, "text", size = "rest" } }):on("udp.port", 9000)
      assert.equal(2, tap.packet(message(1, 7, 0))["sensor.f" .. i])
    end
    sensor()
  end)
end)

describe("tap.decode_as", function()
  it("goes before what a script binds, declared before or later", function()
    tap.protocol("sensor", fields()):on("udp.port", 9400)
    tap.protocol("rival", { { "a", "u8" } }):on("udp.port", 9400)
    assert.same("rival", tap.packet(message(1, 7, 0, 9400)):layers()[4])
    tap.decode_as("udp.port=9400:sensor")
    assert.same("sensor", tap.packet(message(1, 7, 0, 9400)):layers()[4])
    tap.protocol("rival", { { "a", "u8" } }):on("udp.port", 9400)
    assert.same("sensor", tap.packet(message(1, 7, 0, 9400)):layers()[4])
    tap.decode_as("udp.port=9300-9301:later")
    assert.equal("no protocol 'later'", protocol.undeclared())
    tap.protocol("later", { { "a", "u8" } })
    assert.is_nil(protocol.undeclared())
    assert.same("later", tap.packet(message(1, 7, 0, 9301)):layers()[4])
  end)

  it("refuses what is no rule", function()
    assert.error_matches(function() tap.decode_as("udp.port:9000=x") end,
      "decode_as: 'udp.port:9000=x' is not field=value:protocol")
    assert.error_matches(function() tap.decode_as("udp.port=70000:udp") end,
      "'70000' is not a number within 0 to 65535")
    assert.error_matches(function() tap.decode_as("udp.prt=1:udp") end, "did you mean 'udp.port'")
    assert.error_matches(function() tap.decode_as(1) end, "decode_as: a text expected")
  end)
end)

describe("tap.protocol", function()
  --- What is wrong with a declaration.
  local function wrong(items, name)
    local ok, text = pcall(tap.protocol, name or "wrong", items)
    assert.is_false(ok, items[1] and items[1][1])
    return text
  end

  it("names the field and the reason", function()
    for text, items in pairs {
      ["wrong.name: size: no earlier field 'nmlen' %(did you mean 'namelen'%?%)$"] =
        { { "namelen", "u8" }, { "name", "text", size = "nmlen" } },
      ["wrong.a: type: no type 'u17' %(did you mean 'u%d+'%?%)$"] = { { "a", "u17" } },
      ["wrong.a: type: 'bits:65' is not within 1 to 64 bits$"] = { { "a", "bits:65" } },
      ["wrong.a: a type is missing$"] = { { "a" } },
      ["wrong: '1a' is no name for a field"] = { { "1a", "u8" } },
      ["wrong: a field is { name, type }, not string$"] = { "a" },
      ["wrong.a: unknown key 'lable' %(did you mean 'label'%?%)$"] = { { "a", "u8", lable = "x" } },
      ["wrong.a: size: missing"] = { { "a", "text" } },
      ["wrong.a: size: ' ?%$' is no part of an expression"] = { { "n", "u8" }, { "a", "text", size = "n $" } },
      ["wrong.a: size: a '%)' is missing"] = { { "n", "u8" }, { "a", "text", size = "(n" } },
      ["wrong.a: size: 'n' is not expected"] = { { "n", "u8" }, { "a", "text", size = "n n" } },
      ["wrong.a: size: a number or an earlier field expected"] = { { "n", "u8" }, { "a", "text", size = "n -" } },
      ["wrong.a: size: is neither a number nor an expression"] = { { "a", "text", size = {} } },
      ["wrong.b: size: 'a' is not a number$"] = { { "a", "text", size = 2 }, { "b", "text", size = "a" } },
      ["wrong.b: begins 3 bits into a byte$"] = { { "a", "bits:3" }, { "b", "u8" } },
      ["wrong: ends 3 bits into a byte$"] = { { "a", "bits:3" } },
      ["wrong.a: is there twice$"] = { { "a", "u8" }, { "a", "u8" } },
      ["wrong.a: values: only numbers have them$"] = { { "a", "text", size = 1, values = { [1] = "x" } } },
      ["wrong.a: values: not a table from numbers to names$"] = { { "a", "u8", values = { x = 1 } } },
      ["wrong.a: format: 'oct' is neither hex nor dec$"] = { { "a", "u8", format = "oct" } },
      ["wrong.a: const: is not a whole number$"] = { { "a", "u8", const = "x" } },
      ["wrong.a: count: missing"] = { { "a", "list", { { "b", "u8" } } } },
      ["wrong.a: until: a count says it$"] = { { "a", "u8", count = 1, ["until"] = "rest" } },
      ["wrong.a: fields: missing$"] = { { "a", "group" } },
      ["wrong.a: label: is not a text$"] = { { "a", "u8", label = 1 } },
      ["wrong.o: type: 'nil' is not u8"] = { { "o", "tlv", cases = {}, other = "bytes" } },
      ["wrong.o: cases: missing"] = { { "o", "tlv", type = "u8", length = "u8" } },
      ["wrong.o: 3: what a type means stands in cases"] =
        { { "o", "tlv", type = "u8", length = "u8", cases = {}, other = "bytes", [3] = { "x", "u8" } } },
      ["wrong.o: cases: 1 stands alone and has no value$"] =
        { { "o", "tlv", type = "u8", length = "u8", single = 1, cases = { { "x", "u8" } } } },
      ["wrong.o: includes: is none of"] =
        { { "o", "tlv", type = "u8", length = "u8", includes = "x", cases = {}, other = "bytes" } },
      ["wrong.a: fill: 'x' is none of"] = { { "a", "u8", fill = "x" } },
      ["wrong.a: of: no field 'b'$"] = { { "a", "u8", fill = "length", of = "b" } },
      ["wrong.x: align: is not within 1 to 255$"] = { { "x", "align" } },
      ["wrong: a list of fields expected$"] = {},
      ["wrong: unknown key 'titel' %(did you mean 'title'%?%)$"] = { titel = "x", { "a", "u8" } },
    } do
      local ok, why = pcall(tap.protocol, "wrong", items)
      assert.is_false(ok, text)
      assert.matches(text, why)
    end
    assert.matches("wrong: ends 1 bits into a byte", wrong { { "a", "bit", when = "1" } })
  end)

  it("names cases where the types of values stand beside a name and a type", function()
    for _, rest in ipairs { "", 'other = "bytes"', "single = 0", 'includes = "header", other = "bytes"' } do
      local text = ([[return { { "o", "tlv", type = "u8", length = "u8",
        [1] = { "unit", "text" }, [2] = { "seq", "u32" }, %s } }]]):format(rest)
      assert.matches("wrong%.o: cases: missing %(cases = { %[1%] = { name, type } }; ", wrong(assert(load(text))()))
    end
  end)

  it("refuses names that would mean two things", function()
    assert.matches("'wrong.a_b' and 'wrong.a.b' are one name$",
      wrong { { "a_b", "u8" }, { "a", "group", { { "b", "u8" } } } })
    tap.protocol("first", { { "flags_x", "u8" } })
    assert.matches("first_flags: the name is taken: 'first.flags_x' of first$",
      wrong({ { "x", "u8" } }, "first_flags"))
    assert.matches("tcp: 'tcp' is built in$", wrong({ { "a", "u8" } }, "tcp"))
    assert.matches("sport: 'sport' is a field of every packet$", wrong({ { "a", "u8" } }, "sport"))
    for _, name in ipairs { "summary", "json", "fault", "copy" } do
      assert.matches(name .. ": a method of packets has this name", wrong({ { "a", "u8" } }, name))
    end
    assert.matches("'Sensor' is no name for a protocol", wrong({ { "a", "u8" } }, "Sensor"))
    assert.matches("the name is not a text", wrong({ { "a", "u8" } }, {}))
  end)

  it("leaves everything as it was when it refuses", function()
    sensor()
    assert.matches("sensor.b: size: missing", wrong({ { "a", "u8" }, { "b", "text" } }, "sensor"))
    assert.matches("one name", wrong({ { "a_b", "u8" }, { "a", "group", { { "b", "u8" } } } }, "sensor"))
    assert.equal(7, tap.packet(message(1, 7, 0))["sensor.id"])
  end)
end)

describe("protocol:decode", function()
  it("gives the fields of a header alone", function()
    local s = sensor()
    assert.same({
      version = 2, kind = 1, id = 7, alarm = true, mode = 3, temp = -200, namelen = 4, name = "room",
      ["opt.type"] = { 1, 9 }, ["opt.unit"] = { "C" }, ["opt.other"] = { "z" },
    }, (s:decode("\2\1\0\7\x83\xff\x38\4room\1\1C\9\1z")))
    local values, fault = s:decode("\2\1\0\7")
    assert.same({ version = 2, kind = 1, id = 7 }, values)
    assert.equal("sensor: header cut short at byte 4", fault)
  end)

  it("tells what is not of the protocol", function()
    local s = tap.protocol("magic", { { "m", "text", const = "OK" } })
    assert.same({ m = "OK" }, (s:decode("OK")))
    local values, fault = s:decode("NO")
    assert.is_nil(values)
    assert.equal("magic: the bytes are not of it", fault)
    assert.error_matches(function() s:decode(1) end, "magic: decode: the bytes are not a string")
  end)
end)
