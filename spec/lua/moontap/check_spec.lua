--- Tables of options against their rules.
local check = require "moontap.check"

local RULES <const> = {
  name = { kind = "text" },
  size = { kind = "size", default = 5, min = 1, max = 100, range = "1 to 100" },
  on = { kind = "boolean", default = true },
  mode = { kind = "text", choices = { a = true, b = true, text = "a, b" } },
  period = { kind = "time" },
  count = { kind = "integer" },
  fn = { kind = "callback" },
  interface = { kind = "interface" },
}

describe("check.options", function()
  it("fills defaults and leaves the given table alone", function()
    local given = { name = "x" }
    local options = check.options(RULES, given)
    assert.same({ name = "x", size = 5, on = true }, options)
    assert.same({ name = "x" }, given)
    assert.same({ size = 5, on = true }, check.options(RULES, nil))
  end)

  it("keeps false", function()
    assert.is_false(check.options(RULES, { on = false }).on)
  end)

  it("converts units", function()
    local options = check.options(RULES, { size = "0.05K", period = "2ms" })
    assert.equal(51, options.size)
    assert.equal(2000000, options.period)
  end)

  it("names the nearest of an unknown option", function()
    local options, message = check.options(RULES, { nmae = "x" })
    assert.is_nil(options)
    assert.equal("unknown option 'nmae' (did you mean 'name'?)", message)
  end)

  it("names no option where none is near, nor for one that is no name", function()
    local _, message = check.options(RULES, { zzzzzzzz = 1 })
    assert.equal("unknown option 'zzzzzzzz'", message)
    _, message = check.options(RULES, { "x" })
    assert.matches("^unknown option '1'", message)
  end)

  it("says what is wrong with a value", function()
    local wanted = {
      { { name = 1 }, "name is not a text" },
      { { on = 1 }, "on is not true or false" },
      { { size = "x" }, "size: 'x' is not a size (write 64K, 32M or 1G)" },
      { { size = 0 }, "size is not within 1 to 100" },
      { { size = 101 }, "size is not within 1 to 100" },
      { { mode = "c" }, "mode 'c' is none of a, b" },
      { { period = {} }, "period: .* is not a time" },
      { { count = 1.5 }, "count is not a whole number" },
      { { fn = "x" }, "fn is not a function" },
      { { interface = "" }, "interface is not an interface's name or index" },
      { { interface = 0 }, "interface is not an interface's name or index" },
    }
    for _, w in ipairs(wanted) do
      local options, message = check.options(RULES, w[1])
      assert.is_nil(options)
      assert.is_truthy(message:find(w[2], 1, true) or message:find(w[2]), message)
    end
  end)

  it("refuses what is no table", function()
    local options, message = check.options(RULES, "x")
    assert.is_nil(options)
    assert.equal("the options are not a table", message)
  end)
end)

describe("check.blame", function()
  local function method(fn, ...) return check.blame("method", pcall(fn, ...)) end

  it("passes results on, nil in between too", function()
    local results = table.pack(method(function() return 1, nil, 3 end))
    assert.same({ 1, nil, 3, n = 3 }, results)
  end)

  it("raises at the line that called the method", function()
    local line <const> = debug.getinfo(1, "l").currentline + 1
    local ok, message = pcall(function() method(error, "no field 'x'", 0) end)
    assert.is_false(ok)
    assert.matches("check_spec.lua:" .. line .. ": no field 'x'$", message)
  end)

  it("puts the method's name into messages about arguments", function()
    local _, message = pcall(function() method(error, "bad argument #2 to '?' (table expected)", 0) end)
    assert.matches("bad argument #1 to 'method' %(table expected%)$", message)
  end)

  it("leaves errors alone that are no text", function()
    local mark = {}
    local _, err = pcall(function() method(error, mark) end)
    assert.equal(mark, err)
  end)
end)
