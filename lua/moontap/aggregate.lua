--- Aggregates: what cap:aggregate takes, and how a table of results is read and printed. Keys are
-- counted in C; Lua sees only the rows that somebody asks for.
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").aggregate
local report = require "moontap.report"

local M = {}

local FUNCTIONS <const> = { "count", "sum" }
local LIMIT <const> = 1 << 20
local SHOWN <const> = 20

local RULES <const> = {
  by = { kind = "list", default = {} },
  where = { kind = "any" },
  limit = { kind = "integer", default = LIMIT, min = 1, max = 1 << 31, range = "1 to 2^31" },
}

--- One column: "bytes = sum(frame.len)", or without a name, which is the text itself then.
local function parse_column(text)
  if type(text) ~= "string" then return nil, "a column is not a text" end
  local name, rest = text:match("^%s*([%a_][%w_]*)%s*=(.*)$")
  local fn, field = (rest or text):match("^%s*([%a_]%w*)%s*%(%s*(.-)%s*%)%s*$")
  if not fn then
    return nil, ("column '%s' is not like 'name = count()' or 'name = sum(field)'"):format(text)
  end
  if fn ~= "count" and fn ~= "sum" then
    return nil, ("column '%s': no function '%s'%s"):format(text, fn, check.hint(fn, FUNCTIONS))
  end
  if (fn == "count") ~= (field == "") then
    return nil, ("column '%s': count takes no field, sum takes one"):format(text)
  end
  return {
    name = name or ("%s(%s)"):format(fn, field),
    kind = fn,
    field = fn == "sum" and field or nil,
  }
end

local function check_names(by, columns)
  local seen = {}
  for _, name in ipairs(by) do
    if type(name) ~= "string" then return "by: a field's name is not a text" end
    if seen[name] then return ("by: '%s' comes twice"):format(name) end
    seen[name] = true
  end
  for _, column in ipairs(columns) do
    if seen[column.name] then return ("two columns are called '%s'"):format(column.name) end
    seen[column.name] = true
  end
end

--- The raw form of what cap:aggregate takes.
---@param given table
---@return table? plan  { by =, columns =, limit =, where = }
---@return string? message
function M.plan(given)
  if type(given) ~= "table" then return nil, "a table expected" end
  local named, columns = {}, {}
  for key, value in pairs(given) do
    if math.type(key) ~= "integer" then named[key] = value end
  end
  if type(named.by) == "string" then named.by = { named.by } end
  local plan, message = check.options(RULES, named)
  if not plan then return nil, message end
  for i, text in ipairs(given) do
    columns[i], message = parse_column(text)
    if not columns[i] then return nil, message end
  end
  if #columns == 0 then return nil, "no column (write 'packets = count()')" end
  message = check_names(plan.by, columns)
  if message then return nil, message end
  return { by = plan.by, columns = columns, limit = plan.limit, where = plan.where }
end

local Aggregate = core.aggregate

--- The 'n' rows with the most in 'column', the most first.
function Aggregate:top(n, column)
  local names = self:columns().columns
  if n == nil then n = 10 end
  if column == nil then column = names[1] end
  if math.type(n) ~= "integer" or n < 0 then error("top: how many rows?", 2) end
  local known = false
  for _, name in ipairs(names) do known = known or name == column end
  if not known then
    local word = tostring(column)
    error(("top: no column '%s'%s"):format(word, check.hint(word, names)), 2)
  end
  return raw.top(self, n, column)
end

--- What is not in the table: rows beyond those shown, and packets beyond the limit.
local function footnotes(aggregate, shown)
  local notes = {}
  local more, others = aggregate:count() - shown, aggregate:others()
  if more > 0 then notes[1] = ("... %d more"):format(more) end
  if others then
    local parts = {}
    for i, name in ipairs(aggregate:columns().columns) do
      parts[i] = ("%s %d"):format(name, others[name])
    end
    notes[#notes + 1] = "others: " .. table.concat(parts, ", ")
  end
  return #notes > 0 and table.concat(notes, "\n") .. "\n" or ""
end

--- The table as text: the rows with the most in the first column.
---@param aggregate moontap.Aggregate
---@param rows? integer  at most (20)
---@return string  ends with a newline
function M.text(aggregate, rows)
  local shown, columns = {}, {}
  local names = aggregate:columns()
  for row in aggregate:top(rows or SHOWN) do shown[#shown + 1] = row end
  table.move(names.by, 1, #names.by, 1, columns)
  table.move(names.columns, 1, #names.columns, #columns + 1, columns)
  return report.table(columns, shown) .. footnotes(aggregate, #shown)
end

--- Teach the objects to become text. The core makes them, so their class is known with the first.
---@param aggregate moontap.Aggregate
---@return moontap.Aggregate
function M.dress(aggregate)
  local class = debug.getmetatable(aggregate)
  class.__tostring = class.__tostring or function(self)
    return (M.text(self):gsub("\n$", ""))
  end
  return aggregate
end

return M
