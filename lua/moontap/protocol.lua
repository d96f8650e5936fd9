--- Protocols that scripts declare: tap.protocol{} checks and compiles a layout and registers it;
--- the object that it gives says where the protocol is found.
local check = require "moontap.check"
local core = require "moontap.core"
local layout = require "moontap.layout"

local M = {}

---@class moontap.Protocol
local Protocol = {}
Protocol.__index = Protocol
Protocol.__name = "moontap.protocol"

-- What decode_as said: it goes before all that a script binds, also to protocols that are declared
-- later.
local forced = {}

local function apply_forced()
  for _, one in ipairs(forced) do
    one.bound = core.is_protocol(one.protocol) and
      core.bind(one.protocol, one.field, one.low, one.high) ~= nil
  end
end

--- A name that a packet's methods do not have: p.name must mean one thing.
local function is_method(name)
  local flat = name:gsub("%.", "_")
  return flat == "fault" or core.packet_methods[flat] ~= nil
end

local function check_name(name)
  if type(name) ~= "string" then return "the name is not a text" end
  if not name:find("^%l[%l%d_]*$") then
    return ("'%s' is no name for a protocol (lower-case letters, digits and _)"):format(name)
  end
  if is_method(name) then return ("%s: a method of packets has this name"):format(name) end
end

local function check_rows(rows)
  for _, row in ipairs(rows) do
    if is_method(row.name) then
      return ("%s: a method of packets has this name"):format(row.name)
    end
  end
end

--- Declare a protocol.
function M.declare(name, items)
  local message = check_name(name)
  if not message and (type(items) ~= "table" or #items == 0) then
    message = name .. ": a list of fields expected"
  end
  if message then error("protocol: " .. message, 2) end
  for key in pairs(items) do
    if type(key) == "string" and key ~= "title" then
      error(("protocol: %s: unknown key '%s'%s"):format(name, key, check.hint(key, { "title" })), 2)
    end
  end
  local compiled
  compiled, message = layout.compile(name, items)
  message = message or check_rows(compiled.rows)
  if message then error("protocol: " .. message, 2) end
  local number
  number, message =
    core.declare(name, items.title or name, compiled.rows, compiled.ops, compiled.terms)
  if not number then error(("protocol: %s: %s"):format(name, message), 2) end
  apply_forced()
  return setmetatable({ name = name, number = number }, Protocol)
end

--- The first and last of a value: 9000, "9000-9010", { 9000, 9010 } is a list.
local function range_of(value)
  if math.type(value) == "integer" then return value, value end
  if type(value) ~= "string" then return nil end
  local low, high = value:match("^(%w+)%-(%w+)$")
  return math.tointeger(tonumber(low or value)), math.tointeger(tonumber(high or value))
end

local function bind_one(protocol, field, value)
  local low, high = range_of(value)
  if not low or not high or low < 0 or high > 65535 or high < low then
    return ("'%s' is not a number within 0 to 65535, or a range of them"):format(tostring(value))
  end
  local ok, message = core.bind(protocol, field, low, high)
  if not ok then return message end
end

--- Bind a protocol to a field's values, or ask a function behind a parent.
function Protocol:on(field, values)
  if getmetatable(self) ~= Protocol then error("on: not a protocol", 2) end
  if type(field) ~= "string" then error(self.name .. ": on: the field is not a name", 2) end
  if type(values) == "function" then
    local ok, message = core.guess(self.name, field, values)
    if not ok then error(("%s: on: %s"):format(self.name, message), 2) end
    return self
  end
  local list = type(values) == "table" and values or { values }
  if #list == 0 then error(("%s: on: a value of '%s' is missing"):format(self.name, field), 2) end
  for _, value in ipairs(list) do
    local message = bind_one(self.name, field, value)
    if message then error(("%s: on: %s"):format(self.name, message), 2) end
  end
  apply_forced()
  return self
end

local EXTRA <const> = {
  type = { kind = "text", default = "integer" },
  label = { kind = "text" },
  unit = { kind = "text" },
  values = { kind = "list" },
  format = { kind = "text", choices = { dec = true, hex = true, text = "dec and hex" } },
}

local EXTRA_TYPES <const> = { integer = "int", flag = "flag", text = "text", bytes = "bytes" }

local function extra_row(self, name, options)
  local kind = EXTRA_TYPES[options.type]
  if not kind then
    local names = { "bytes", "flag", "integer", "text" }
    local hint = check.hint(options.type, names)
    return nil, ("type '%s' is none of %s%s"):format(options.type, table.concat(names, ", "), hint)
  end
  local row = { name = self.name .. "." .. name, label = options.label or name, type = kind,
    unit = options.unit, hex = options.format == "hex" }
  if options.values then
    row.values = layout.values(options.values)
    if not row.values then return nil, "values: not a table from numbers to names" end
  end
  return row, check_rows { row }
end

--- Add a field that a function works out.
function Protocol:extra(name, fn, options)
  if getmetatable(self) ~= Protocol then error("extra: not a protocol", 2) end
  local where = ("%s: extra: "):format(self.name)
  if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
    error(where .. "the name is not one of letters, digits and _", 2)
  end
  where = ("%s.%s: extra: "):format(self.name, name)
  if type(fn) ~= "function" then error(where .. "a function expected", 2) end
  if type(options) == "string" then options = { type = options } end
  local o, message = check.options(EXTRA, options)
  local row
  if o then row, message = extra_row(self, name, o) end
  local ok = not message
  if ok then ok, message = core.extra(self.name, row, fn) end
  if not ok then error(where .. message, 2) end
  return self
end

local PAIR <const> = {
  key = { kind = "list" },
  request = { kind = "text" },
  reply = { kind = "text" },
  timeout = { kind = "time", default = 10 * 1000000000 },
  limit = { kind = "integer", default = 65536, min = 1, max = 1 << 24, range = "1 to 16777216" },
}

local function pair_options(options)
  local o, message = check.options(PAIR, options)
  for _, name in ipairs { "key", "request", "reply" } do
    if o and o[name] == nil then return nil, ("option '%s' is missing"):format(name) end
  end
  return o, message
end

local function condition(name, text)
  local filter, message = core.filter(text)
  if not filter then error({ ("%s: %s"):format(name, message) }) end
  return filter
end

--- Add the time that replies took.
function Protocol:pair(options)
  if getmetatable(self) ~= Protocol then error("pair: not a protocol", 2) end
  local o, message = pair_options(options)
  if not o then error(("%s: pair: %s"):format(self.name, message), 2) end
  local ok, pair, why = pcall(function()
    local request, reply = condition("request", o.request), condition("reply", o.reply)
    return core.pair(self.name, self.name .. ".time", o.key, request, reply, o.timeout, o.limit)
  end)
  if not ok then why = type(pair) == "table" and pair[1] or pair end
  if why then error(("%s: pair: %s"):format(self.name, why), 2) end
  self.paired = pair
  return self
end

--- What became of requests and replies.
function Protocol:pairs()
  if getmetatable(self) ~= Protocol then error("pairs: not a protocol", 2) end
  if not self.paired then error(self.name .. ": pairs: there is no pair", 2) end
  return self.paired:counts()
end

--- The value of a field, or all of one that repeats.
local function value_of(p, field)
  if not field.repeats then return p[field.name] end
  local all = p:all(field.name)
  return #all > 0 and all or nil
end

--- Decode a header and what it has, without what stands around it.
function Protocol:decode(bytes)
  if getmetatable(self) ~= Protocol then error("decode: not a protocol", 2) end
  if type(bytes) ~= "string" then error(self.name .. ": decode: the bytes are not a string", 2) end
  local p = core.header(self.name, bytes)
  if p:layers()[1] ~= self.name then return nil, self.name .. ": the bytes are not of it" end
  local out = {}
  for _, field in ipairs(core.fields()) do
    if field.protocol == self.name and field.type ~= "presence" then
      out[field.name:sub(#self.name + 2)] = value_of(p, field)
    end
  end
  return out, p.fault
end

--- Take a rule apart: "udp.port=9000-9010:sensor".
local function rule_of(text)
  if type(text) ~= "string" then return nil, "a text expected" end
  local field, value, protocol = text:match("^%s*([%w_.]+)%s*=%s*([%w%-]+)%s*:%s*([%w_]+)%s*$")
  if not field then return nil, ("'%s' is not field=value:protocol"):format(text) end
  local low, high = range_of(value)
  if not low or not high or low < 0 or high > 65535 or high < low then
    return nil, ("'%s' is not a number within 0 to 65535, or a range of them"):format(value)
  end
  return { field = field, low = low, high = high, protocol = protocol }
end

--- Take a rule of decode_as and heed it from now on.
---@param text string
---@return boolean? done
---@return string? message
function M.force(text)
  local rule, message = rule_of(text)
  if rule and core.is_protocol(rule.protocol) then
    rule.bound, message = core.bind(rule.protocol, rule.field, rule.low, rule.high)
  end
  if message then return nil, message end
  forced[#forced + 1] = rule
  return true
end

--- Let a field's values lead to a protocol, whatever else is said of them.
function M.decode_as(text)
  local _, message = M.force(text)
  if message then error("decode_as: " .. message, 2) end
end

--- The first rule whose protocol or field nobody has declared, or nil.
---@return string? message
function M.undeclared()
  apply_forced()
  for _, one in ipairs(forced) do
    if not core.is_protocol(one.protocol) then return ("no protocol '%s'"):format(one.protocol) end
    if not one.bound then return ("no protocol is found by '%s'"):format(one.field) end
  end
end

function Protocol:__tostring()
  return ("protocol (%s)"):format(self.name)
end

M.methods = Protocol

return M
