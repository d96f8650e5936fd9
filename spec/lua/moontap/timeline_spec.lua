--- Amounts over time.
local timeline = require "moontap.timeline"

local S <const> = 1000000000

--- The amounts of a picture, without their times and bars.
local function amounts(line, rows)
  local out, text = {}, line:text(tostring, rows)
  for amount in text:gmatch("\n  %S+ +(%d+)") do out[#out + 1] = math.tointeger(tonumber(amount)) end
  return out
end

local function sum(list)
  local total = 0
  for _, n in ipairs(list) do total = total + n end
  return total
end

describe("timeline", function()
  it("is no text while nothing was added", function()
    assert.equal("", timeline.new():text(tostring))
  end)

  it("puts amounts into steps from the first to the last, empty ones too", function()
    local line = timeline.new()
    for _, at in ipairs { 100, 100, 101, 104 } do line:add(at * S, 1) end
    local text, width = line:text(tostring, 5)
    assert.equal(S, width)
    assert.same({ 2, 1, 0, 0, 1 }, amounts(line, 5))
    assert.matches(os.date("%H:%M:%S", 100), text, 1, true)
  end)

  it("has as many rows as asked for at most, and loses nothing", function()
    for _, span in ipairs { 1, 7, 50, 1000, 123456, 1000000000 } do
      local line = timeline.new()
      for i = 0, 999 do line:add(1700000000 * S + i * span * S // 999, 3) end
      local rows = amounts(line, 20)
      assert.is_true(#rows <= 20 and #rows >= 5, #rows .. " rows")
      assert.equal(3000, sum(rows))
    end
  end)

  it("keeps few steps however many times there are", function()
    local line = timeline.new()
    for i = 1, 50000 do line:add(i * 86400 * S, 1) end
    assert.is_true(line.count <= 4096)
    assert.equal(50000, sum(amounts(line, 20)))
  end)

  it("takes times in any order, negative ones too", function()
    local line = timeline.new()
    for _, at in ipairs { 3, -2, 0 } do line:add(at * S, 1) end
    assert.same({ 1, 0, 1, 0, 0, 1 }, amounts(line, 6))
  end)

  it("takes a gap of half a century", function()
    local line = timeline.new()
    line:add(0, 1)
    line:add(1700000000 * S, 2)
    assert.equal(3, sum(amounts(line, 20)))
  end)
end)
