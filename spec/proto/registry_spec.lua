--- How deep a packet is decoded for a name: as deep as tunnels can bring what it names.
local tap = require "moontap"
local tunnelled = require "spec.proto.tunnelled"

local PACKETS <const> = tunnelled()
local WHOLE <const> = {}
for i, bytes in ipairs(PACKETS) do WHOLE[i] = tap.packet(bytes) end

--- The names of what a packet's own bytes say.
local function names()
  local list = {}
  for _, field in ipairs(tap.fields()) do
    local of_pass = field.name:find("^flow%.") or field.name:find("^frame%.") and field.name ~= "frame.protocols"
    if not of_pass then list[#list + 1] = field end
  end
  return list
end

--- How a value stands in a filter, or nil.
local function literal(field, value)
  if field.type == "integer" or field.type == "address" then return tostring(value) end
  if field.type == "flag" then return value and "1" or "0" end
  return nil
end

--- The packets for which 'wanted' says yes, by number.
local function numbers_of(wanted)
  local list = {}
  for i, p in ipairs(WHOLE) do
    if wanted(p) then list[#list + 1] = i end
  end
  return table.concat(list, " ")
end

local function numbers_by(cap, where)
  local list = {}
  for number in cap:fields({ "frame.number" }, where) do list[#list + 1] = number end
  return table.concat(list, " ")
end

local function holds(p, name, value)
  for _, each in ipairs(p:all(name)) do
    if each == value then return true end
  end
  return false
end

describe("a name", function()
  it("is read as from a packet that is decoded whole", function()
    local cap <close> = assert(tap.open { packets = PACKETS })
    local read = 0
    for _, field in ipairs(names()) do
      for _, name in ipairs { field.name, field.name .. "#2" } do
        for number, value in cap:fields { "frame.number", name .. "?" } do
          local whole = WHOLE[number][name]
          if field.type == "presence" then whole = whole and true end
          assert.same({ name, number, whole }, { name, number, value })
          if value ~= nil then read = read + 1 end
        end
      end
    end
    assert.is_true(read > 5000)
  end)

  it("is there for a filter wherever it is in the packet", function()
    local cap <close> = assert(tap.open { packets = PACKETS })
    local found = 0
    for _, field in ipairs(names()) do
      local there = numbers_of(function(p) return p[field.name] ~= nil end)
      assert.equal(field.name .. ": " .. there, field.name .. ": " .. numbers_by(cap, "has " .. field.name))
      if there ~= "" then found = found + 1 end
    end
    assert.is_true(found > 250)
  end)

  it("is compared for a filter wherever it is in the packet", function()
    local cap <close> = assert(tap.open { packets = PACKETS })
    local compared = 0
    for _, field in ipairs(names()) do
      local innermost
      for _, p in ipairs(WHOLE) do
        local all = p:all(field.name)
        if #all > 1 then innermost = all[#all] end
      end
      local text = innermost ~= nil and literal(field, innermost)
      if text then
        local function equal(p) return holds(p, field.name, innermost) end
        local function other(p) return p[field.name] ~= nil and not equal(p) end
        for operator, wanted in pairs { ["=="] = equal, ["!="] = other } do
          local where = ("%s %s %s"):format(field.name, operator, text)
          assert.equal(where .. ": " .. numbers_of(wanted), where .. ": " .. numbers_by(cap, where))
        end
        compared = compared + 1
      end
    end
    assert.is_true(compared > 50)
  end)
end)
