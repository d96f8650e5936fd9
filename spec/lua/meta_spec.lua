--- The types for editors against what there is.
local build = require "spec.support.build"
local core = require "moontap.core"
local protocols = require "moontap.protocol"
local run = require "spec.support.run"
local sensors = require "spec.lua.sensor"
local tap = require "moontap"

local meta = require("spec.support.meta").text()

--- Functions that meta.lua declares for a class, with the comment before each.
local function declared(prefix)
  local found = {}
  local comment = {}
  for line in meta:gmatch("[^\n]*") do
    local name = line:match("^function " .. prefix .. "([%a_][%w_]*)%(")
    if name then found[name] = table.concat(comment, "\n") end
    if line:match("^%-%-%-") then comment[#comment + 1] = line else comment = {} end
  end
  return found
end

--- Methods that are declared as fields of a class.
local function declared_fields(class)
  local text = meta:match("%-%-%-@class " .. class:gsub("%.", "%%.") .. "\n(.-)\nlocal ")
  local found = {}
  for name in text:gmatch("%-%-%-@field ([%a_][%w_]*) fun%(self") do found[name] = text end
  return found
end

local function sorted_keys(list)
  local keys = {}
  for key in pairs(list) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- Run an example where captures read a packet from memory and nothing is printed.
local function run_example(text, name)
  local function open() return tap.open { packets = { { build.udp_frame(), time_ns = 1 } } } end
  local cap <close> = open()
  local env = { cap = cap, kept = {}, p = tap.packet(build.udp_frame()), print = function() end }
  env.web = assert(tap.filter "udp")
  env.sensor = tap.protocol("sensor", { { "kind", "u8" }, { "id", "u16" } })
  env.talk = cap:aggregate { by = "src", "packets = count()", "bytes = sum(frame.len)" }
  env.tap = setmetatable({ open = open, capture = open, options = function() return {} end }, { __index = tap })
  if name ~= "run" then cap:run { wait = false } end
  assert(load(text, name, "t", setmetatable(env, { __index = _G })))()
end

describe("meta.lua", function()
  it("has every public function of the module, and no other", function()
    assert.same(sorted_keys(tap), sorted_keys(declared("M%.")))
  end)

  it("has every method of captures, aggregates, filters, packets and protocols, and no other", function()
    assert.same(sorted_keys(core.capture), sorted_keys(declared("Capture:")))
    assert.same(sorted_keys(core.aggregate), sorted_keys(declared("Aggregate:")))
    assert.same(sorted_keys(core.filter_methods), sorted_keys(declared("Filter:")))
    assert.same(sorted_keys(core.writer_methods), sorted_keys(declared("Writer:")))
    local methods = {}
    for name, value in pairs(protocols.methods) do
      if type(value) == "function" and not name:find("^__") then methods[name] = value end
    end
    assert.same(sorted_keys(methods), sorted_keys(declared("Protocol:")))
    local packet = declared("Packet:")
    for name, text in pairs(declared_fields("moontap.Packet")) do packet[name] = text end
    assert.same(sorted_keys(core.packet_methods), sorted_keys(packet))
  end)

  it("gives each a sentence and an example that compiles", function()
    for _, prefix in ipairs { "M%.", "Capture:", "Aggregate:", "Filter:", "Packet:", "Protocol:", "Writer:" } do
      for name, comment in pairs(declared(prefix)) do
        assert.matches("^%-%-%- %u[^\n]*", comment, 1, false, name)
        local example = {}
        for line in comment:gmatch("%-%-%-     ([^\n]*)") do example[#example + 1] = line end
        assert.is_true(#example > 0, name .. " has no example")
        assert.is_truthy(load(table.concat(example, "\n")), name .. "'s example does not compile")
      end
    end
  end)

  it("has examples that run", function()
    finally(sensors.forget)
    for _, prefix in ipairs { "M%.", "Capture:", "Aggregate:", "Filter:", "Packet:", "Protocol:", "Writer:" } do
      for name, comment in pairs(declared(prefix)) do
        local example = {}
        for line in comment:gmatch("%-%-%-     ([^\n]*)") do example[#example + 1] = line end
        assert.has_no.errors(function() run_example(table.concat(example, "\n"), name) end, name)
      end
    end
  end)

  it("shows a packet's fault as it reads", function()
    local example = meta:match('@field fault%? string  what is malformed or cut off: "(.-)"')
    local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
    local frame = build.eth(build.ipv4(build.tcp("", ends, { srcport = 1, dstport = 2 }), ends, { proto = 6 }))
    assert.equal(example, tap.packet(frame:sub(1, 44), { len = #frame }).fault)
  end)

  it("has the undotted fields of packets, and no other", function()
    local wanted, got = { "fault" }, {}
    for _, field in ipairs(tap.fields()) do
      if field.type ~= "presence" and not field.name:find(".", 1, true) then wanted[#wanted + 1] = field.name end
    end
    for name, rest in meta:match("@class moontap.Packet\n(.-)\nlocal "):gmatch("@field (%l[%w_]*)%??(%s[^\n]*)") do
      if not rest:find("^ fun%(") then got[#got + 1] = name end
    end
    table.sort(wanted)
    table.sort(got)
    assert.same(wanted, got)
  end)

  it("names fields in its examples and texts that there are", function()
    local seen = 0
    for name in meta:gmatch('"(%l[%l%d_]*%.[%l%d_.]+)[%d/?:#%l]*"') do
      local protocol = name:match("^[^.]*")
      if #tap.fields(protocol .. ".*") > 0 then
        seen = seen + 1
        local first = tap.fields(name .. "*")[1]
        assert.equal(name, first and first.name)
      end
    end
    assert.is_true(seen > 5)
  end)

  it("has the types that fields are of, and no other", function()
    local wanted, got = {}, {}
    for name in meta:match("@class moontap.Field\n.-@field type ([^\n]*)"):gmatch('"(%l+)"') do wanted[name] = true end
    for _, field in ipairs(tap.fields()) do got[field.type] = true end
    for name in pairs(got) do assert.is_true(wanted[name], name) end
    local source = run.read("csrc/lua/lfield.c"):match("names%[%] = {(.-)};") .. '"presence"'
    for name in pairs(wanted) do assert.is_truthy(source:find('"' .. name .. '"', 1, true), name) end
  end)

  it("names every parameter of every function", function()
    for parameters, at in meta:gmatch("\nfunction [%w:%.]+%((.-)%) end()") do
      local before = meta:sub(1, at):match(".*\n\n(.-)$")
      for parameter in parameters:gmatch("[%w_%.]+") do
        assert.is_truthy(before:find("---@param " .. parameter .. "[ ?]"), before)
      end
    end
  end)

  it("tells how those fail that the world can refuse", function()
    for _, name in ipairs { "open", "capture", "interfaces", "writer" } do
      assert.matches("@return string%? message.*@return integer%? errno", declared("M%.")[name])
    end
    for _, name in ipairs { "run", "next", "set_filter", "pollfd", "getfd" } do
      assert.matches("@return string%? message.*@return integer%? errno", declared("Capture:")[name])
    end
  end)

  it("has every option of tap.open, and no other but the specs' own", function()
    local wanted = {}
    for name in meta:match("@class moontap.OpenOptions\n(.-)\n\n"):gmatch("@field ([%w_]+)") do wanted[name] = true end
    for name in pairs(wanted) do
      local _, message = pcall(tap.open, { [name] = function() end })
      assert.is_nil(message:match("unknown option"), message)
    end
    local source = run.read("lua/moontap/source.lua")
    for name in source:match("local RULES <const> = {\n(.-)\n}\n"):gmatch("\n? *([%w_]+) = { kind") do
      assert.is_true(name == "batch" or wanted[name] or false, name)
    end
  end)
end)
