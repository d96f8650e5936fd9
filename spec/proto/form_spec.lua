--- name:raw, name:text, name:id, name/24, name/10ms: what a value becomes in each form.
local b = require "spec.support.build"
local core = require "moontap.core"
local tap = require "moontap"

local ends <const> = { src = "192.0.2.77", dst = "198.51.100.5" }
local ends6 <const> = { src = "2001:db8:1:2:3:4:5:6", dst = "2001:db8:ffff::1" }

local function udp(srcport)
  return b.eth(b.ipv4(b.udp("0123456789", ends, { srcport = srcport or 40000, dstport = 9 }), ends, { proto = 17 }))
end

local function udp6()
  return b.eth(b.ipv6(b.udp("", ends6, { srcport = 1, dstport = 2 }), ends6, { next = 17 }), { type = 0x86dd })
end

local function refusal(name)
  local ok, message = pcall(function() return tap.packet(udp())[name] end)
  assert.is_false(ok, name)
  return message:gsub("^[^:]*:%d+: ", "")
end

describe("a prefix", function()
  it("keeps the first bits of an address", function()
    local p, six = tap.packet(udp()), tap.packet(udp6())
    for bits, want in pairs { [1] = "128.0.0.0/1", [8] = "192.0.0.0/8", [25] = "192.0.2.0/25",
      [26] = "192.0.2.64/26", [32] = "192.0.2.77/32" } do
      assert.equal(want, p["src/" .. bits])
      assert.equal(want, p["ip.src/" .. bits])
    end
    assert.equal("2001:db8:1::/48", six["ipv6.src/48"])
    assert.equal("2001:db8:1:2::/64", six["src/64"])
    assert.equal("2001:db8:1:2:3:4:5:6/128", six["src/128"])
    assert.equal("192.0.2.77/32", p["src/64"]) -- longer than the address
    assert.equal("02:00:00:00:00:00/24", p["eth.src/24"])
    assert.equal("198.51.100.0/24", p["ip.addr#2/24"])
    assert.is_nil(p["ipv6.src/48"])
  end)

  it("has the text of columns too", function()
    assert.equal("192.0.2.0/24\t192.0.2.77", core.columns({ "src/24", "src" }):line(tap.packet(udp())))
  end)

  it("is refused where an address has none, and of what is no address", function()
    for name, want in pairs {
      ["ip.src/0"] = "'ip.src/0': '/0' is no prefix of this address (/1 to /32)",
      ["ip.src/33"] = "'ip.src/33': '/33' is no prefix of this address (/1 to /32)",
      ["src/129"] = "'src/129': '/129' is no prefix of this address (/1 to /128)",
      ["eth.src/x"] = "'eth.src/x': '/x' is no prefix of this address (/1 to /48)",
      ["src/"] = "'src/': '/' is no prefix of this address (/1 to /128)",
      ["udp.payload/4"] = "'udp.payload/4': only addresses and numbers have ranges",
      ["ip.flags.df/2"] = "'ip.flags.df/2': only addresses and numbers have ranges",
      ["udp/4"] = "'udp/4': only addresses and numbers have ranges",
      ["src/24:raw"] = "'src/24:raw': a range has no other form",
      ["ip.scr/24"] = "no field 'ip.scr' (did you mean 'ip.src'?)",
    } do
      assert.equal(want, refusal(name))
    end
  end)
end)

describe("a range", function()
  it("is told by its lower end", function()
    local p = tap.packet(udp(40000))
    assert.equal(39000, p["udp.srcport/1500"])
    assert.equal(40000 // 1024 * 1024, p["sport/1k"])
    assert.equal(40, p["frame.len/20"])
    assert.equal(0, p["frame.len/1M"])
  end)

  it("of times has a unit, and goes below zero", function()
    for _, time_ns in ipairs { 0, 1, 9999999, 10000000, 1234567890123456789, -1, -10000000, -10000001 } do
      local p = tap.packet(udp(), { time_ns = time_ns })
      local units = { ["10ms"] = 10000000, ["1s"] = 1000000000, ["3ns"] = 3, ["5us"] = 5000, ["2h"] = 7200000000000 }
      for unit, ns in pairs(units) do
        assert.equal(time_ns // ns * ns, p["frame.time/" .. unit])
        assert.equal(time_ns // ns * ns, p["frame.time_ns/" .. unit])
      end
    end
    assert.equal("12.000000000", core.columns({ "frame.time/1s" }):line(tap.packet(udp(), { time_ns = 12999999999 })))
  end)

  it("is refused without a width", function()
    assert.equal("'frame.len/0': '/0' is no width of ranges (write /100 or /1k)", refusal "frame.len/0")
    assert.equal("'frame.len/1ms': '/1ms' is no width of ranges (write /100 or /1k)", refusal "frame.len/1ms")
    assert.equal("'frame.time/10': '/10' is no width of ranges (write /10ms or /1s)", refusal "frame.time/10")
    assert.equal("'len/99999999999999999999': '/99999999999999999999' is no width of ranges (write /100 or /1k)",
      refusal "len/99999999999999999999")
    assert.equal("'len/9223372036854775807k': '/9223372036854775807k' is no width of ranges (write /100 or /1k)",
      refusal "len/9223372036854775807k")
  end)
end)

describe("a form", function()
  it("is a value's bytes, or its text", function()
    local p = tap.packet(udp(), { time_ns = 5 })
    assert.equal("\x9c\x40", p["udp.srcport:raw"])
    assert.equal("\xc0\0\2\x4d", p["src:raw"])
    assert.equal("40000", p["udp.srcport:text"])
    assert.equal("UDP", p["ip.proto:text"])
    assert.equal("0.000000005", p["frame.time:text"])
    assert.equal("192.0.2.77", p["src:text"])
    assert.equal("30313233343536373839", p["udp.payload:text"])
    assert.equal("1", p["udp:text"])
  end)

  it("of long bytes is whole", function()
    local payload = ("\xa5"):rep(9000)
    local p = tap.packet(b.eth(b.ipv4(b.udp(payload, ends, { srcport = 1, dstport = 2 }), ends, { proto = 17 })))
    assert.equal(("a5"):rep(9000), p["udp.payload:text"])
    assert.equal(payload, p["udp.payload:raw"])
    local hex = ("a5"):rep(9000)
    assert.equal(hex .. "\t" .. hex, core.columns({ "udp.payload:text", "udp.payload:raw" }):line(p))
  end)

  it("that there is not is named with its field", function()
    assert.equal("'ip.src:colour': unknown form ':colour' (there are :raw, :id and :text)", refusal "ip.src:colour")
    assert.equal("'vlan.id#0': '#0' is no occurrence (they count from #1 to #255)", refusal "vlan.id#0")
    assert.equal("'vlan.id#x:raw': '#x' is no occurrence (they count from #1 to #255)", refusal "vlan.id#x:raw")
  end)
end)

describe("name:id", function()
  it("is one number for one value, from 1 on, and leads back to it", function()
    local other <const> = { src = "203.0.113.1", dst = "203.0.113.2" }
    local held, p = tap.ids().held, tap.packet(b.eth(b.ipv4("", other, { proto = 99 })))
    assert.equal(held + 1, p["ip.src:id"])
    assert.equal(held + 2, p["dst:id"])
    assert.equal(held + 1, p["src:id"])
    assert.equal(held + 3, p["ip.proto:id"])
    assert.equal(tostring(held + 1), core.columns({ "src:id" }):line(p))
    assert.equal("203.0.113.1", tap.id_value(held + 1))
    assert.equal(99, tap.id_value(held + 3))
    assert.is_nil(tap.id_value(held + 4))
    assert.is_nil(tap.id_value(0))
    assert.equal(held + 3, tap.ids().held)
    assert.has_error(function() tap.id_value("x") end, "id_value: a number expected")
  end)

  it("is 0, and counted, for bytes that are too long to be told apart", function()
    local refused = tap.ids().refused
    local p = tap.packet(b.eth(b.ipv4(b.udp(("x"):rep(255), ends, { srcport = 1, dstport = 2 }), ends, { proto = 17 })))
    assert.equal(0, p["udp.payload:id"])
    assert.equal(refused + 1, tap.ids().refused)
  end)

  it("is 0, and counted, beyond the limit", function()
    local packets, limit = {}, tap.ids().limit
    assert.equal(1 << 20, limit)
    for i = 1, 64 do packets[i] = b.eth("", { src = ("02:00:00:00:01:%02x"):format(i) }) end
    local before, fresh = tap.ids(), 0
    for _, bytes in ipairs(packets) do
      if tap.packet(bytes)["eth.src:id"] > before.held then fresh = fresh + 1 end
    end
    assert.equal(64, fresh)
    assert.equal(before.held + 64, tap.ids().held)
  end)
end)

describe("keys in forms", function()
  local function count(packets, by)
    local list = {}
    for i, bytes in ipairs(packets) do list[i] = { bytes, time_ns = i * 4000000 } end
    local cap <close> = tap.open { packets = list }
    local a = cap:aggregate { by = by, "n = count()" }
    cap:run()
    return a
  end

  it("gather all values that they do not tell apart", function()
    local packets = { udp(1), udp(2), udp(1999), udp(2000), udp6() }
    local a = count(packets, { "src/16" })
    assert.equal(4, a:get("192.0.0.0/16").n)
    assert.equal(4, a:get("192.0.99.1").n)
    assert.equal(1, a:get("2001::").n)
    assert.is_nil(a:get("10.0.0.0/16"))
    assert.equal(2, a:count())
    a = count(packets, { "sport/1000", "src/8" })
    assert.equal(2, a:get(0, "192.0.0.0/8").n)
    assert.equal(1, a:get(1500, "192.0.0.0/8").n)
    assert.same({ ["sport/1000"] = 2000, ["src/8"] = "192.0.0.0/8", n = 1 }, a:get(2000, "192.0.0.0/8"))
    a = count(packets, { "frame.time/10ms" })
    assert.equal(2, a:get(0).n)
    assert.equal(2, a:get(10000000).n)
    assert.equal(1, a:get(20000000).n)
  end)

  it("by text gather values of one name, and are found by it at once", function()
    local packets = { udp(1), udp(1), udp6() }
    assert.equal(2, count(packets, { "ip.proto:text" }):get("UDP").n)
    assert.equal(3, count(packets, { "udp.srcport:text" }):get("1").n)
  end)

  it("by id show the number and are found by it", function()
    local a = count({ udp(1), udp(2), udp6() }, { "src:id" })
    local id = tap.packet(udp())["src:id"]
    assert.equal(2, a:get(id).n)
    assert.has_error(function() a:get(1 << 40) end)
  end)

  it("are declared fields too", function()
    local cap <close>, seen = tap.open { packets = { { udp(1234), time_ns = 25000000 } } }, nil
    for net, range, time in cap:fields { "src/24", "sport/100", "frame.time/10ms" } do seen = { net, range, time } end
    assert.same({ "192.0.2.0/24", 1200, 20000000 }, seen)
  end)

  it("do not add up", function()
    local cap <close> = tap.open { packets = { udp() } }
    assert.has_error(function() cap:aggregate { "sum(frame.len/100)" } end)
  end)
end)
