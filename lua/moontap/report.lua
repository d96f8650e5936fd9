--- Text for people: aligned tables, bars, the line of counts.
-- Everything here returns text and prints nothing.
local units = require "moontap.units"

local M = {}

--- How many columns of a terminal 'text' takes. Bytes that are no UTF-8 count one each.
local function width(text)
  return utf8.len(text) or #text
end

local function pad(text, columns, right)
  local space = (" "):rep(columns - width(text))
  return right and space .. text or text .. space
end

--- A text that no terminal obeys: control characters are escaped.
---@param text string
---@return string
function M.escape(text)
  return (text:gsub("%c", function(c) return ("\\x%02x"):format(c:byte()) end))
end

--- What a cell shows: absent values are a dash, control characters are escaped.
local function cell_text(value)
  if value == nil then return "-" end
  if math.type(value) == "float" then return ("%.2f"):format(value) end
  return M.escape(tostring(value))
end

--- Bring a column's description into one form.
local function normal_column(column)
  if type(column) ~= "table" then column = { name = column } end
  return {
    name = column.name,
    label = column.label or tostring(column.name),
    format = column.format or cell_text,
    right = column.right,
  }
end

--- The cells of one column as text. Numbers stand at the right, unless the column says where.
local function column_cells(column, rows)
  local cells, numbers = {}, #rows > 0
  for i, row in ipairs(rows) do
    local value = row[column.name]
    if value ~= nil and type(value) ~= "number" then numbers = false end
    cells[i] = value == nil and "-" or column.format(value)
  end
  if column.right == nil then column.right = numbers end
  return cells
end

--- An aligned table with a line of labels.
---
---     report.table({ "src", { name = "bytes", format = units.size_text, right = true } }, rows)
---
---@param columns (string|integer|table)[]  keys into a row, or {name=, label=, format=, right=}
---@param rows table[]
---@param indent? string  put before each line
---@return string text  ends with a newline
function M.table(columns, rows, indent)
  local lines = {}
  for i = 0, #rows do lines[i] = {} end
  for c, description in ipairs(columns) do
    local column = normal_column(description)
    local cells = column_cells(column, rows)
    local widest = width(column.label)
    for _, text in ipairs(cells) do widest = math.max(widest, width(text)) end
    lines[0][c] = pad(column.label, widest, column.right)
    for i, text in ipairs(cells) do lines[i][c] = pad(text, widest, column.right) end
  end
  local out = {}
  for i = 0, #rows do
    out[#out + 1] = (indent or "") .. table.concat(lines[i], "  "):gsub("%s+$", "")
  end
  return table.concat(out, "\n") .. "\n"
end

local EIGHTHS <const> = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" }

--- A bar whose length is to 'columns' as 'value' is to 'largest'. What is not zero shows.
---@param value number
---@param largest number
---@param columns integer
---@return string
function M.bar(value, largest, columns)
  if largest <= 0 or value <= 0 then return "" end
  local eighths = math.max(1, math.floor(value / largest * columns * 8 + 0.5))
  return ("█"):rep(eighths // 8) .. (EIGHTHS[eighths % 8] or "")
end

--- Rows added up by name, where an aggregate's keys are finer than what a report tells.
---@class moontap.Sums
---@field [integer] table  { name =, packets =, bytes = }, in the order of their first row
local Sums = {}
Sums.__index = Sums

---@return moontap.Sums
function M.sums()
  return setmetatable({}, Sums)
end

--- Add a row's packets and bytes under a name. Returns the sum, for the caller to add to.
---@param name string
---@param row table  with packets and bytes
---@return table sum
function Sums:add(name, row)
  local key = "name:" .. name
  local sum = rawget(self, key)
  if not sum then
    sum = { name = name, packets = 0, bytes = 0 }
    self[key], self[#self + 1] = sum, sum
  end
  sum.packets, sum.bytes = sum.packets + row.packets, sum.bytes + row.bytes
  return sum
end

--- The 'n' largest by bytes, equal ones in order of their first row.
---@param n integer
---@return table[]
function Sums:largest(n)
  local order, rows = {}, table.move(self, 1, #self, 1, {})
  for i, sum in ipairs(rows) do order[sum] = i end
  table.sort(rows, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes > b.bytes end
    return order[a] < order[b]
  end)
  return table.move(rows, 1, math.min(#rows, n), 1, {})
end

local ALWAYS <const> = { "seen", "delivered", "filtered", "dropped", "unread" }

--- A line that tells what found no room in a table with packets and bytes; "" where all did.
---@param aggregate moontap.Aggregate
---@param indent? string
---@return string
function M.left_out(aggregate, indent)
  local others = aggregate:others()
  if not others then return "" end
  local function counted(count, noun)
    return units.count_text(count) .. " " .. units.plural(count, noun)
  end
  return ("%s%s, %s of others are not shown: the table is full at %s\n"):format(indent or "",
    counted(others.packets, "packet"), units.size_text(others.bytes),
    counted(aggregate:count(), "key"))
end

--- What is told of a run only where it is not zero.
local function extras(stats)
  local evicted = 0
  for _, one in ipairs(stats.tables or {}) do evicted = evicted + (one.evicted or 0) end
  return {
    { stats.lost_at_stop, "lost at stop" },
    { stats.frozen, "times frozen" },
    { evicted, "evicted" },
    { stats.errors, "errors" },
  }
end

--- The counts of a run, as the host prints them last.
---@param stats moontap.Stats
---@return string  "12 seen, 12 delivered, 0 filtered, 0 dropped, 0 unread"
function M.counts(stats)
  local parts = {}
  for i, name in ipairs(ALWAYS) do parts[i] = ("%d %s"):format(stats[name] or 0, name) end
  for _, extra in ipairs(extras(stats)) do
    if (extra[1] or 0) ~= 0 then parts[#parts + 1] = ("%d %s"):format(extra[1], extra[2]) end
  end
  return table.concat(parts, ", ")
end

return M
