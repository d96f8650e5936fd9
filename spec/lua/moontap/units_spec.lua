--- Sizes and times as people write them.
local units = require "moontap.units"

describe("units.size", function()
  it("reads powers of 1024", function()
    local wanted = {
      ["0"] = 0, ["1"] = 1, ["64K"] = 65536, ["64k"] = 65536, ["32M"] = 33554432,
      ["1G"] = 1073741824, ["2T"] = 2199023255552, ["1.5K"] = 1536, ["4KiB"] = 4096,
      ["4kib"] = 4096, [" 8 M "] = 8388608,
    }
    for text, bytes in pairs(wanted) do assert.equal(bytes, units.size(text), text) end
  end)

  it("takes whole numbers as bytes", function()
    assert.equal(4096, units.size(4096))
    assert.equal(0, units.size(0))
  end)

  it("counts numbers without a unit as it is told", function()
    assert.equal(4096, units.size("4", 1024))
    assert.equal(4096, units.size(4, 1024))
    assert.equal(4 << 20, units.size("4M", 1024))
  end)

  it("refuses what is no size", function()
    for _, text in ipairs { "", "K", "12x", "-1", "1e3", "0x10", "1..5K", "100B", "12 34", "1Ki B", "9E" } do
      local bytes, message = units.size(text)
      assert.is_nil(bytes, text)
      assert.equal(("'%s' is not a size (write 64K, 32M or 1G)"):format(text), message)
    end
  end)

  it("refuses numbers that are no whole sizes, and other types", function()
    for _, value in ipairs { -1, 1.5, true, {} } do
      local bytes, message = units.size(value)
      assert.is_nil(bytes)
      assert.matches("is not a size", message, 1, true)
    end
  end)

  it("refuses what 64 bits do not hold", function()
    assert.is_nil(units.size("9000000T"))
    assert.is_nil(units.size("8388608T"))
    assert.equal(8388607 << 40, units.size("8388607T"))
    assert.is_nil(units.size("99999999999999999999"))
  end)
end)

describe("units.time", function()
  it("reads units from nanoseconds to days", function()
    local wanted = {
      ["1ns"] = 1, ["3us"] = 3000, ["3µs"] = 3000, ["10ms"] = 10000000, ["1s"] = 1000000000,
      ["2m"] = 120000000000, ["1h"] = 3600000000000, ["1d"] = 86400000000000,
      ["0.5ms"] = 500000, ["1.25s"] = 1250000000, ["7"] = 7000000000, [" 5 s"] = 5000000000,
    }
    for text, ns in pairs(wanted) do assert.equal(ns, units.time(text), text) end
  end)

  it("takes numbers as seconds", function()
    assert.equal(2000000000, units.time(2))
    assert.equal(250000000, units.time(0.25))
    assert.equal("integer", math.type(units.time(0.25)))
  end)

  it("refuses what is no time", function()
    for _, value in ipairs { "", "s", "1 parsec", "-1s", "1S", "1e3", -1, 0 / 0, math.huge, false } do
      local ns, message = units.time(value)
      assert.is_nil(ns, tostring(value))
      assert.matches("is not a time (write 500us, 10ms, 1s or 2m)", message, 1, true)
    end
  end)

  it("refuses what 64 bits do not hold", function()
    assert.is_nil(units.time("106752d"))
    assert.equal(106751 * 86400000000000, units.time("106751d"))
    assert.is_nil(units.time(1e300))
  end)
end)

describe("units.size_text", function()
  it("has three digits and a unit", function()
    local wanted = {
      { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.00 KiB" }, { 10 * 1024, "10.0 KiB" },
      { 1023 * 1024, "1023 KiB" }, { 1024 * 1024 - 1, "1.00 MiB" }, { 5 << 30, "5.00 GiB" },
      { math.maxinteger, "8.00 EiB" },
    }
    for _, w in ipairs(wanted) do assert.equal(w[2], units.size_text(w[1])) end
  end)
end)

describe("units.time_text", function()
  it("picks the unit that people would", function()
    local wanted = {
      { 0, "0 ns" }, { 999, "999 ns" }, { 1500, "1.50 µs" }, { 999999, "1.00 ms" },
      { 12345678, "12.3 ms" }, { 8210000000, "8.21 s" }, { 59400000000, "59.4 s" },
      { 59600000000, "1 m 00 s" }, { 185000000000, "3 m 05 s" }, { 7800000000000, "2 h 10 m" },
      { 90000000000000, "1 d 01 h" },
    }
    for _, w in ipairs(wanted) do assert.equal(w[2], units.time_text(w[1])) end
  end)
end)

describe("units.count_text", function()
  it("parts thousands", function()
    local wanted = {
      { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" }, { -1000, "-1,000" },
      { 100000, "100,000" },
    }
    for _, w in ipairs(wanted) do assert.equal(w[2], units.count_text(w[1])) end
  end)
end)

describe("units.plural", function()
  it("is one alone of one", function()
    assert.same({ "packets", "packet", "packets" },
      { units.plural(0, "packet"), units.plural(1, "packet"), units.plural(2, "packet") })
  end)
end)

describe("units.ms", function()
  it("rounds up, to the largest time that there is", function()
    for ns, ms in pairs {
      [0] = 0, [1] = 1, [999999] = 1, [1000000] = 1, [1000001] = 2, [math.maxinteger] = 9223372036855,
    } do
      assert.equal(ms, units.ms(ns))
    end
  end)
end)
