--- Checks a table of options against what is allowed, and fills what was left out.
-- A wrong table is misuse: whoever asks raises the message, blaming its own caller.
local core = require "moontap.core"
local units = require "moontap.units"

local M = {}

--- " (did you mean 'x'?)" where a name of 'names' is near to 'word', else "".
---@param word string
---@param names string[]
---@return string
function M.hint(word, names)
  local near = core.nearest(word, names)
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

local function lua_type(wanted, text)
  return function(value)
    if type(value) == wanted then return value end
    return nil, ("is not %s"):format(text)
  end
end

--- What turns a value into what the core takes: the value, or nil and what is wrong with it.
local KINDS <const> = {
  any = function(value) return value end,
  boolean = lua_type("boolean", "true or false"),
  text = lua_type("string", "a text"),
  list = lua_type("table", "a table"),
  callback = lua_type("function", "a function"),
  number = lua_type("number", "a number"),
  integer = function(value)
    if math.type(value) == "integer" then return value end
    return nil, "is not a whole number"
  end,
  size = function(value)
    local bytes, message = units.size(value)
    return bytes, message and ": " .. message
  end,
  time = function(value)
    local ns, message = units.time(value)
    return ns, message and ": " .. message
  end,
  interface = function(value)
    if type(value) == "string" and value ~= "" then return value end
    if math.type(value) == "integer" and value > 0 then return value end
    return nil, "is not an interface's name or index"
  end,
}

--- A file's name, or a list of names.
function KINDS.files(value)
  if type(value) == "string" then return value end
  if type(value) ~= "table" or #value == 0 then
    return nil, "is not a file's name or a list of names"
  end
  for i = 1, #value do
    if type(value[i]) ~= "string" then return nil, ("has no name of a file at %d"):format(i) end
  end
  return value
end

local function join(name, message)
  return message:sub(1, 1) == ":" and name .. message or name .. " " .. message
end

--- One value by its rule: { kind =, min =, max =, choices =, default = }.
local function check_one(name, rule, value)
  local result, message = KINDS[rule.kind](value)
  if result == nil then return nil, join(name, message) end
  if rule.min and result < rule.min or rule.max and result > rule.max then
    return nil, ("%s is not within %s"):format(name, rule.range)
  end
  if rule.choices and not rule.choices[result] then
    return nil, ("%s '%s' is none of %s"):format(name, result, rule.choices.text)
  end
  return result
end

local function names_of(rules)
  local names = {}
  for name in pairs(rules) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Check 'given' by 'rules', a table from names to rules.
---@param rules table<string, table>
---@param given table?
---@return table? options  a fresh table, defaults filled in
---@return string? message
function M.options(rules, given)
  if given == nil then given = {} end
  if type(given) ~= "table" then return nil, "the options are not a table" end
  local out = {}
  for name, rule in pairs(rules) do out[name] = rule.default end
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then
      local word = tostring(name)
      return nil, ("unknown option '%s'%s"):format(word, M.hint(word, names_of(rules)))
    end
    local result, message = check_one(name, rule, value)
    if result == nil then return nil, message end
    out[name] = result
  end
  return out
end

--- The message of an error in a protected method, with the method's name put in. Lua does not
--- know it there, and counts the object as the first argument.
local function named(message, name)
  local number, rest = message:match("^bad argument #(%d+) to '%?' (.*)$")
  if not number then return message end
  return ("bad argument #%d to '%s' %s"):format(math.max(1, number - 1), name, rest)
end

--- Pass on what a protected call of a method returned, or raise its error again and blame the
--- caller of the function that ends with: return check.blame(name, pcall(...)).
---@param name string  the method
---@param ok boolean
function M.blame(name, ok, ...)
  if ok then return ... end
  local message = ...
  error(type(message) == "string" and named(message, name) or message, 2)
end

return M
