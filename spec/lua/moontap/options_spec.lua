--- The table of options: moontap's own and those that scripts declare.
local options = require "moontap.options"

local function declare(...)
  return options.declare { ... }
end

describe("options.general", function()
  it("has each letter, name and key once", function()
    local seen = {}
    for _, option in ipairs(options.general) do
      for _, name in ipairs { option.short or false, option.long or false, "key " .. option.key } do
        if name then
          assert.is_nil(seen[name], name)
          seen[name] = true
        end
      end
    end
  end)

  it("has what is promised, with a value or without", function()
    local promised = {
      ["-i"] = true, ["-r"] = true, ["-c"] = true, ["-D"] = false, ["-s"] = true, ["-p"] = false, ["-B"] = true,
      ["-e"] = true, ["--begin"] = true, ["--end"] = true, ["--fields"] = true, ["--header"] = false,
      ["--count"] = false, ["--duration"] = true, ["--list"] = false, ["--list-fields"] = true, ["-q"] = false,
      ["-v"] = false, ["-n"] = false, ["-l"] = false, ["--keep-privileges"] = false, ["--sealed"] = false,
      ["-Z"] = true, ["--help"] = false, ["--version"] = false, ["-f"] = true, ["-d"] = false,
      ["--explain"] = false, ["--set"] = true, ["--no-warnings"] = false,
      ["-x"] = false, ["-X"] = false, ["-A"] = false, ["-t"] = false, ["--json"] = false, ["--csv"] = false,
      ["--link"] = false, ["--load"] = true, ["--decode-as"] = true,
    }
    for name, has_value in pairs(promised) do
      local found
      for _, option in ipairs(options.general) do
        local letter, long = "-" .. (option.short or "?"), "--" .. (option.long or "?")
        if letter == name or long == name then found = option end
      end
      assert.is_truthy(found, name)
      assert.equal(has_value, found.value ~= nil, name)
      assert.is_truthy(found.help and found.scope, name)
    end
  end)
end)

describe("options.declare", function()
  it("infers types from defaults", function()
    local declared = declare({ "rows", 10 }, { "share", 0.5 }, { "deep", false }, { "by", "src" }, { "name" },
      { "mode", "a", choices = { "a", "b" } })
    local types = {}
    for i, option in ipairs(declared) do types[i] = option.type end
    assert.same({ "number", "number", "flag", "text", "text", "choice" }, types)
  end)

  it("reads defaults with units", function()
    local declared = declare({ "size", "32M", type = "size" }, { "period", "10ms", type = "time" },
      { "by", "src,dst", type = "fields" })
    assert.equal(32 << 20, declared[1].default)
    assert.equal(10000000, declared[2].default)
    assert.same({ "src", "dst" }, declared[3].default)
  end)

  it("writes names with dashes and keys with underscores", function()
    local declared = declare({ "max_rows", 1 }, { "min-rows", 1 })
    assert.equal("max-rows", declared[1].long)
    assert.equal("max_rows", declared[1].key)
    assert.equal("min_rows", declared[2].key)
  end)

  it("keeps what the script is about and what it heeds", function()
    local declared = options.declare { about = "Does it.", heeds = { "fields" }, { "rows", 1 } }
    assert.equal("Does it.", declared.about)
    assert.is_true(declared.heeds.fields)
  end)

  it("refuses wrong declarations", function()
    local wanted = {
      { { 1 }, "1 is not a text" },
      { { "" }, "an option has no name" },
      { { "-x" }, "an option has no name" },
      { { "x", type = "numbr" }, "option 'x': no type 'numbr'" },
      { { "x", tpye = "number" }, "unknown option 'tpye' (did you mean 'type'?)" },
      { { "help", false }, "option 'help' is moontap's own" },
      { { "list_fields", "" }, "option 'list_fields' is moontap's own" },
      { { "x", "12x", type = "size" }, "--x: '12x' is not a size (write 64K, 32M or 1G)" },
      { { "by", "scr", type = "field" }, "--by: no field 'scr' (did you mean 'src'?)" },
    }
    for _, w in ipairs(wanted) do
      local declared, message = declare(w[1])
      assert.is_nil(declared)
      assert.equal(w[2], message)
    end
    local _, message = declare({ "x", 1 }, { "x", 2 })
    assert.equal("option 'x' comes twice", message)
    _, message = options.declare { abuot = "x" }
    assert.equal("unknown option 'abuot' (did you mean 'about'?)", message)
  end)

  it("lets positional arguments have any name", function()
    assert.equal("count", declare({ "count", positional = true })[1].key)
  end)
end)

describe("options.read", function()
  local function read(text, entry)
    return options.read(assert(declare(entry))[1], text)
  end

  it("reads values by type", function()
    assert.equal(12, read("12", { "n", 1 }))
    assert.equal(-3, read("-3", { "n", 1 }))
    assert.equal(0.5, read("0.5", { "n", 1.5 }))
    assert.equal(7, read("7", { "n", type = "number" }))
    assert.equal(4096, read("4K", { "n", type = "size" }))
    assert.equal(1500000000, read("1.5", { "t", type = "time" }))
    assert.equal("ip.src#2", read("ip.src#2", { "f", type = "field" }))
    assert.same({ "src", "vlan.id?" }, read("src, vlan.id?", { "f", type = "fields" }))
    assert.equal("b", read("b", { "c", "a", choices = { "a", "b" } }))
    assert.equal("", read("", { "c", "a" }))
  end)

  it("says what is wrong, and with which option", function()
    local wanted = {
      { "x", { "n", 1 }, "--n: 'x' is not a whole number" },
      { "1.5", { "n", 1 }, "--n: '1.5' is not a whole number" },
      { "x", { "n", 1.5 }, "--n: 'x' is not a number" },
      { "", { "n", 1 }, "--n: '' is not a whole number" },
      { "x", { "t", type = "time" }, "--t: 'x' is not a time (write 500us, 10ms, 1s or 2m)" },
      { "c", { "c", "a", choices = { "a", "b" } }, "--c: 'c' is none of a, b" },
      { "src,,dst", { "f", type = "fields" }, "--f: no field ''" },
      { "tcp.dtsport", { "f", type = "fields" }, "--f: no field 'tcp.dtsport' (did you mean 'tcp.dstport'?)" },
    }
    for _, w in ipairs(wanted) do
      local value, message = read(w[1], w[2])
      assert.is_nil(value)
      assert.equal(w[3], message)
    end
  end)
end)
