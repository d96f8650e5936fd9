--- The code of the command line: -e for each packet, --begin before, --end after. They share
-- their globals, which nothing else sees; aggregates left there are printed at the end.
local M = {}

local PARAMETERS <const> = "local p, tap, cap = ... "

--- 'code' as a function of p, tap and cap: an expression if it can be one, else statements.
local function compile(code, name, env)
  local fn = load(PARAMETERS .. "return " .. code, name, "t", env)
  if fn then return fn end
  local message
  fn, message = load(PARAMETERS .. code, name, "t", env)
  return fn, message
end

--- Print an expression's values. Nothing is printed where the first is nil or false, so that
--- "p.dport == 53 and p:summary()" is a filter.
local function print_values(first, ...)
  if first then print(first, ...) end
end

--- The aggregates among the globals, in order of their names.
local function aggregates_in(env)
  local found = {}
  for name, value in pairs(env) do
    local class = type(name) == "string" and debug.getmetatable(value)
    if type(class) == "table" and class.__name == "moontap.aggregate" then
      found[#found + 1] = { name = name, aggregate = value }
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

--- Compile all code before the capture is opened, so that a wrong line costs nothing.
---@param general table  moontap's own options: code, begin, finish
---@return table? program
---@return string? message
function M.compile(general)
  local env = setmetatable({}, { __index = _G })
  local program = { env = env }
  for key, name in pairs({ begin = "=--begin", code = "=-e", finish = "=--end" }) do
    if general[key] then
      local message
      program[key], message = compile(general[key], name, env)
      if message then return nil, message end
    end
  end
  return program
end

--- Run it on a capture.
---@param program table  of compile
---@param tap table
---@param cap moontap.Capture
function M.run(program, tap, cap)
  local env, each = program.env, program.code
  env.tap, env.cap = tap, cap
  if program.begin then program.begin(nil, tap, cap) end
  if each then cap:each(function(p) print_values(each(p, tap, cap)) end) end
  local stats, trouble = cap:run()
  if program.finish then print_values(program.finish(nil, tap, cap)) end
  for _, one in ipairs(aggregates_in(env)) do
    print(("%s:\n%s"):format(one.name, one.aggregate))
  end
  assert(stats, trouble)
end

return M
