--- Expressions in layouts, sizes and conditions on fields that stand earlier ("len - 4",
--- "kind == 2 and flags & 0x80"), made into the terms that the core's stack machine runs.
local M = {}

--- Operators of two operands, those that bind loosest first.
local LEVELS <const> = {
  { ["or"] = "or" },
  { ["and"] = "and" },
  { ["=="] = "==", ["!="] = "!=", ["~="] = "!=", ["<"] = "<", ["<="] = "<=", [">"] = ">",
    [">="] = ">=" },
  { ["&"] = "&" },
  { ["+"] = "+", ["-"] = "-" },
  { ["*"] = "*", ["/"] = "/" },
}

local PATTERNS <const> = { "^0[xX]%x+", "^%d+", "^[%a_][%w_%.]*", "^[=!~<>]=", "^[<>&+%-*/()]" }

local function words_of(text)
  local words, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then return words end
    local word
    for _, pattern in ipairs(PATTERNS) do
      word = word or text:sub(at):match(pattern)
    end
    if not word then return nil, ("'%s' is no part of an expression"):format(text:sub(at, at)) end
    words[#words + 1] = word
    at = at + #word
  end
end

local Parser = {}
Parser.__index = Parser

function Parser:word()
  return self.words[self.at]
end

function Parser:take(word)
  if self:word() ~= word then return false end
  self.at = self.at + 1
  return true
end

function Parser:put(term, value)
  self.terms[#self.terms + 1] = { term = term, value = value }
end

--- A number, a field, what is left, or a whole expression between parentheses.
function Parser:operand()
  local word = self:word()
  if self:take("(") then
    self:level(1)
    if not self:take(")") then error({ "a ')' is missing" }) end
    return
  end
  if self:take("-") then
    self:put("number", 0)
    self:operand()
    return self:put("-")
  end
  self.at = self.at + 1
  if word and word:find("^%d") then return self:put("number", math.tointeger(tonumber(word))) end
  if word == "rest" then return self:put("rest") end
  if not word or not word:find("^[%a_]") then
    local instead = word and (", not '%s'"):format(word) or ""
    error({ "a number or an earlier field expected" .. instead })
  end
  self:put("kept", self.register(word))
end

function Parser:level(n)
  local operators = LEVELS[n]
  if not operators then return self:operand() end
  if n == 3 and self:take("not") then
    self:level(3)
    return self:put("not")
  end
  self:level(n + 1)
  while operators[self:word() or ""] do
    local operator = operators[self:word()]
    self.at = self.at + 1
    self:level(n + 1)
    self:put(operator)
  end
end

--- The terms of an expression. 'register' tells which register has a field's number; it raises a
--- table with a message where there is no such field.
---@param text string|integer
---@param register fun(name: string): integer
---@return table[]? terms
---@return string? message
function M.terms(text, register)
  if math.type(text) == "integer" then
    return { { term = "number", value = text }, { term = "end" } }
  end
  if type(text) ~= "string" then return nil, "is neither a number nor an expression" end
  local words, message = words_of(text)
  if not words then return nil, message end
  local parser = setmetatable({ words = words, at = 1, terms = {}, register = register }, Parser)
  local ok, why = pcall(parser.level, parser, 1)
  if not ok then
    if type(why) ~= "table" then error(why, 0) end
    return nil, why[1]
  end
  if parser:word() then return nil, ("'%s' is not expected"):format(parser:word()) end
  parser:put("end")
  return parser.terms
end

return M
