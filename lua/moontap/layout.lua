--- Compiles a declaration, as tap.protocol takes it, into what the core makes a layout of: rows
--- (fields), operations and terms. Fields of a constant size that stand side by side are places in
--- one run, so that the core reads those of the first run as it reads built-in fields. Whatever is
--- wrong is raised as a table with a message that names the field, and M.compile returns it.
local check = require "moontap.check"
local expression = require "moontap.expression"
local layout_tlv = require "moontap.layout_tlv"
local layout_type = require "moontap.layout_type"

local M = {}

--- What an item may say beside its name and type.
local KEYS <const> = {
  "align", "cases", "const", "count", "expect", "fields", "fill", "format", "hidden", "includes",
  "label", "length", "of", "other", "padded", "single", "size", "stop", "type", "unit", "until",
  "values", "when",
}

local KNOWN <const> = {}
for _, key in ipairs(KEYS) do KNOWN[key] = true end

local Compiler = {}
Compiler.__index = Compiler

local fail = layout_tlv.fail
layout_tlv.install(Compiler)

--- The bytes and the order of a prefix ("u8", "u16le").
function Compiler:prefix(item, key, word)
  local found = type(word) == "string" and layout_type.integer(word)
  if not found or found.type ~= "uint" then
    local text = "%s: %s: '%s' is not u8, u16 or another unsigned number"
    fail(text, self:path(item), key, tostring(word))
  end
  return found.bits // 8, found.little
end

--- The name of an item as messages have it.
function Compiler:path(item)
  local name = item and item[1]
  return self.prefixes[#self.prefixes] .. (type(name) == "string" and "." .. name or "")
end

function Compiler:emit(op)
  self.ops[#self.ops + 1] = op
  if op.op ~= "place" then self.run = nil end
  return op, #self.ops - 1
end

--- Close a block: what comes next stands behind it.
function Compiler:close(op)
  self:whole_bytes(op)
  self.run = nil
  op.to = #self.ops
end

--- Fields of less than a byte must fill bytes before anything else begins.
function Compiler:whole_bytes(item, before)
  local left = self.run and self.run.bit % 8 or 0
  if left == 0 then return end
  fail("%s: %s %d bits into a byte", self:path(item), before or "ends", left)
end

--- Room for so many bits in the run at hand, or a new one.
function Compiler:reserve(bits)
  local run = self.run or self:emit { op = "run", bit = 0 }
  self.run = run
  local bit = run.bit
  run.bit = bit + bits
  return bit
end

--- The register that keeps an earlier field's number.
function Compiler:register(item, key, name)
  for i = #self.scopes, 1, -1 do
    local op = self.scopes[i][name]
    if op then
      if op.text then fail("%s: %s: '%s' is not a number", self:path(item), key, name) end
      if not op.keep then
        self.registers = self.registers + 1
        if self.registers > 16 then
          fail("%s: %s: more than 16 fields are referred to", self:path(item), key)
        end
        op.keep = self.registers
      end
      return op.keep - 1
    end
  end
  local names = {}
  for _, scope in ipairs(self.scopes) do
    for known in pairs(scope) do names[#names + 1] = known end
  end
  table.sort(names)
  fail("%s: %s: no earlier field '%s'%s", self:path(item), key, name, check.hint(name, names))
end

--- Put an expression; the number of its first term.
function Compiler:expression(item, key, text)
  local terms, message = expression.terms(text, function(name)
    return self:register(item, key, name)
  end)
  if not terms then
    -- A message with the path in it comes from the register.
    if message:find(self:path(item), 1, true) == 1 then fail("%s", message) end
    fail("%s: %s: %s", self:path(item), key, message)
  end
  local first = #self.terms
  table.move(terms, 1, #terms, first + 1, self.terms)
  return first
end

local function is_number(what)
  return what.type == "uint" or what.type == "int" or what.type == "flag"
end

local function sorted_values(values)
  local list = {}
  for value, name in pairs(values) do
    if math.type(value) ~= "integer" or type(name) ~= "string" then return nil end
    list[#list + 1] = { value, name }
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

M.values = sorted_values

--- The names of an item's values.
function Compiler:values(item, what)
  local values = type(item.values) == "table" and sorted_values(item.values)
  if not values then fail("%s: values: not a table from numbers to names", self:path(item)) end
  if not is_number(what) then fail("%s: values: only numbers have them", self:path(item)) end
  return values
end

--- A row for a field; its number.
function Compiler:row(item, what, name)
  local row = {
    name = name, label = item.label or item[1], unit = item.unit, type = what.type,
    bits = what.bits, repeats = self.loops > 0, hidden = item.hidden, hex = item.format == "hex",
  }
  if item.values then row.values = self:values(item, what) end
  if item.format ~= nil and item.format ~= "hex" and item.format ~= "dec" then
    fail("%s: format: '%s' is neither hex nor dec", self:path(item), tostring(item.format))
  end
  for _, key in ipairs { "label", "unit" } do
    if row[key] ~= nil and type(row[key]) ~= "string" then
      fail("%s: %s: is not a text", self:path(item), key)
    end
  end
  if self.names[name] then fail("%s: is there twice", self:path(item)) end
  self.names[name] = #self.rows
  self.rows[#self.rows + 1] = row
  return #self.rows - 1
end

local FILLS <const> = { length = true, count = true, checksum = true }

--- Note what an item must be, and what fills it.
function Compiler:demand(item, op)
  for _, key in ipairs { "const", "expect" } do
    if item[key] ~= nil then
      if math.type(item[key]) ~= "integer" then
        fail("%s: %s: is not a whole number", self:path(item), key)
      end
      op[key], op.value = true, item[key]
    end
  end
  if not item.fill then return end
  if not FILLS[item.fill] then
    local text = "%s: fill: '%s' is none of length, count, checksum"
    fail(text, self:path(item), tostring(item.fill))
  end
  op.fill = item.fill
  if item.of then
    local of = self:path() .. "." .. tostring(item.of)
    self.fills[#self.fills + 1] = { op, item, of, self:path(item) }
  end
end

--- A field of a constant size: a place in the run.
function Compiler:place(item, what)
  if what.bits % 8 == 0 and not item[2]:find("^bits:") then
    self:whole_bytes(item, "begins")
  end
  local row = not what.unnamed and self:row(item, what, self:path(item)) or nil
  local bit = self:reserve(what.bits)
  local little <const> = what.little
  local op = self:emit { op = "place", bit = bit, bits = what.bits, little = little, row = row }
  op.text = not is_number(what)
  self:demand(item, op)
  return op
end

--- Bytes that are known: each is a number that must be so, and they lie where the field does.
function Compiler:magic(item)
  local bytes = item.const or item.expect
  for i = 1, #bytes do
    self:emit {
      op = "place", bit = self:reserve(8), bits = 8, value = bytes:byte(i),
      const = item.const and true, expect = item.expect and true,
    }
  end
  self.run.bit = self.run.bit - 8 * #bytes
end

local function constant_size(item)
  for _, key in ipairs { "const", "expect" } do
    if type(item[key]) == "string" and item[key] ~= "" then return #item[key] end
  end
  return math.type(item.size) == "integer" and item.size or nil
end

--- Bytes of a constant number.
function Compiler:constant_bytes(item, what, size)
  local plain = {}
  for key, value in pairs(item) do plain[key] = value end
  plain.const, plain.expect = nil, nil
  if type(item.const or item.expect) == "string" then
    self:whole_bytes(item, "begins")
    self:magic(item)
  end
  return self:place(plain, { type = what.type, bits = size * 8, unnamed = what.unnamed })
end

--- Bytes behind their own length.
function Compiler:prefixed_bytes(item, what)
  if item.size then fail("%s: size: its length says it", self:path(item)) end
  local size, little = self:prefix(item, "length", item.length)
  local row = self:row(item, what, self:path(item))
  return self:emit { op = "prefixed", size = size, little = little, row = row, text = true }
end

--- Bytes or text.
function Compiler:bytes(item, what)
  local size = constant_size(item)
  if size and size > 0 and size < 8192 and not item.length then
    return self:constant_bytes(item, what, size)
  end
  self:whole_bytes(item, "begins")
  if item.length then return self:prefixed_bytes(item, what) end
  if item.size == nil and not self.in_value then
    fail('%s: size: missing (a number, an earlier field, or "rest")', self:path(item))
  end
  local term = self:expression(item, "size", item.size or "rest")
  local row = not what.unnamed and self:row(item, what, self:path(item)) or nil
  return self:emit { op = "bytes", term = term, row = row, text = true }
end

--- The list of items in a block.
local function items_of(item)
  return type(item[3]) == "table" and item[3] or item.fields
end

function Compiler:scope(prefix, body)
  self.prefixes[#self.prefixes + 1] = prefix
  self.scopes[#self.scopes + 1] = {}
  body()
  self.prefixes[#self.prefixes] = nil
  local inner = table.remove(self.scopes)
  for name, op in pairs(inner) do
    self.scopes[#self.scopes][prefix:match("[^.]+$") .. "." .. name] = op
  end
end

function Compiler:block(item)
  local items = items_of(item)
  if type(items) ~= "table" or #items == 0 then fail("%s: fields: missing", self:path(item)) end
  self:scope(self:path(item), function() self:items(items) end)
end

--- One item without what stands around it.
function Compiler:plain(item, what)
  if what.block then return self:block(item) end
  if what.op == "tlv" then return self:tlv(item) end
  if what.op == "align" then
    local step = item.align or item.size
    if math.type(step) ~= "integer" or step < 1 or step > 255 then
      fail("%s: align: is not within 1 to 255", self:path(item))
    end
    self:whole_bytes(item, "begins")
    return self:emit { op = "align", size = step }
  end
  local op
  if what.op == "bytes" then
    op = self:bytes(item, what)
  elseif what.op then
    self:whole_bytes(item, "begins")
    local row = self:row(item, what, self:path(item))
    op = self:emit { op = what.op, row = row, text = what.type == "text" }
    self:demand(item, op)
  else
    op = self:place(item, what)
  end
  if not what.unnamed then self.scopes[#self.scopes][item[1]] = op end
  return op
end

local AROUND <const> = { "when", "count", "until" }

local function check_around(path, item, what)
  if item.count and item["until"] then fail("%s: until: a count says it", path) end
  if what.repeats and not item.count and not item["until"] then
    fail('%s: count: missing (a number, an earlier field, or until = "rest")', path)
  end
end

--- What stands around an item, outermost first: when, then count or until. Whether it ends may
--- depend on what it has just read, so that an expression for "until" comes behind it.
function Compiler:wrapped(item, what)
  local open = {}
  check_around(self:path(item), item, what)
  for _, key in ipairs(AROUND) do
    if item[key] ~= nil then
      self:whole_bytes(item, "begins")
      local term = key ~= "until" and self:expression(item, key, item[key]) or nil
      open[#open + 1] = self:emit { op = key, term = term }
      if key ~= "when" then self.loops = self.loops + 1 end
    end
  end
  self:plain(item, what)
  for i = #open, 1, -1 do
    local op = open[i]
    if op.op == "until" then
      local condition = item["until"]
      op.term = self:expression(item, "until", condition == "rest" and 0 or condition)
    end
    self:close(op)
    if op.op ~= "when" then self.loops = self.loops - 1 end
  end
end

function Compiler:item(item)
  if type(item) ~= "table" then
    fail("%s: a field is { name, type }, not %s", self:path(), type(item))
  end
  if type(item[1]) ~= "string" or not item[1]:find("^[%a_][%w_]*$") then
    fail("%s: '%s' is no name for a field (letters, digits and _)", self:path(), tostring(item[1]))
  end
  for key in pairs(item) do
    if type(key) == "string" and not KNOWN[key] then
      fail("%s: unknown key '%s'%s", self:path(item), key, check.hint(key, KEYS))
    end
  end
  local what, message = layout_type.find(item[2])
  if not what then fail("%s: %s", self:path(item), message) end
  self:wrapped(item, what)
end

function Compiler:items(items)
  for _, item in ipairs(items) do self:item(item) end
  self:whole_bytes(nil)
end

--- What a length or a checksum is of can stand behind it.
function Compiler:resolve_fills()
  for _, one in ipairs(self.fills) do
    local op, item, name, path = table.unpack(one)
    op.fill_row = self.names[name]
    if not op.fill_row then fail("%s: of: no field '%s'", path, tostring(item.of)) end
  end
end

--- Compile a declaration.
---@param name string
---@param items table[]
---@return table? compiled  { rows, ops, terms }
---@return string? message
function M.compile(name, items)
  local compiler = setmetatable({
    prefixes = { name }, scopes = { {} }, rows = {}, ops = {}, terms = {}, names = {}, fills = {},
    registers = 0, loops = 0, in_value = false,
  }, Compiler)
  local ok, why = pcall(function()
    compiler:items(items)
    compiler:resolve_fills()
  end)
  if ok then return { rows = compiler.rows, ops = compiler.ops, terms = compiler.terms } end
  if type(why) ~= "table" then error(why, 0) end
  return nil, why[1]
end

return M
