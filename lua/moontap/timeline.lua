--- Amounts over time, for pictures: however long a capture runs and whatever gaps its times have,
-- memory stays small, because steps grow tenfold when there are too many of them. Invariant: a
-- step's number is its time divided by the width, rounded down, so that nothing moves when steps
-- are merged.
local report = require "moontap.report"

local M = {}

local STEPS_MAX <const> = 4096
local NS <const> = 1000000000

---@class moontap.Timeline
---@field private width integer  of a step, nanoseconds: 1ms times a power of ten
---@field private steps table<integer, number>  amounts by number
---@field private count integer  of steps
local Timeline = {}
Timeline.__index = Timeline

---@return moontap.Timeline
function M.new()
  return setmetatable({ width = 1000000, steps = {}, count = 0 }, Timeline)
end

local function merged(steps, factor)
  local out, count = {}, 0
  for number, amount in pairs(steps) do
    local wider = number // factor
    if not out[wider] then count = count + 1 end
    out[wider] = (out[wider] or 0) + amount
  end
  return out, count
end

--- Add an amount at a time. Times may come in any order.
---@param time_ns integer
---@param amount number
function Timeline:add(time_ns, amount)
  local number = time_ns // self.width
  local before = self.steps[number]
  self.steps[number] = (before or 0) + amount
  if before then return end
  self.count = self.count + 1
  while self.count > STEPS_MAX do
    self.width = self.width * 10
    self.steps, self.count = merged(self.steps, 10)
  end
end

--- The first and last number of a table of steps.
local function bounds(steps)
  local first, last
  for number in pairs(steps) do
    if not first or number < first then first = number end
    if not last or number > last then last = number end
  end
  return first, last
end

--- Merge until there are at most 'rows' from the first to the last, by 1, 2, 5, 10, ...
local function fit(steps, width, rows)
  local scale = 1
  while true do
    for _, step in ipairs({ 1, 2, 5 }) do
      local out = merged(steps, step * scale)
      local first, last = bounds(out)
      if last - first < rows then return out, width * step * scale, first, last end
    end
    scale = scale * 10
  end
end

--- A step's beginning by the local clock, as exactly as the width asks for.
local function clock(time_ns, width)
  local second = time_ns // NS
  if width >= 86400 * NS then return os.date("%Y-%m-%d", second) end
  if width >= NS then return os.date("%H:%M:%S", second) end
  return os.date("%H:%M:%S", second) .. (".%03d"):format(time_ns % NS // 1000000)
end

--- The picture: a line for each step, with its amount and a bar.
---@param format fun(amount: number): string
---@param rows? integer  lines at most (20)
---@return string text  empty where nothing was added
---@return integer? width  of a step, ns
function Timeline:text(format, rows)
  if self.count == 0 then return "" end
  local steps, width, first, last = fit(self.steps, self.width, rows or 20)
  local largest, lines = 0, {}
  for _, amount in pairs(steps) do largest = math.max(largest, amount) end
  for number = first, last do
    local amount = steps[number] or 0
    lines[#lines + 1] = {
      clock(number * width, width), amount, report.bar(amount, largest, 40),
    }
  end
  return report.table({
    { name = 1, label = "from" },
    { name = 2, label = "amount", right = true, format = format },
    { name = 3, label = "" },
  }, lines, "  "), width
end

return M
