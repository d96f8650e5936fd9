--- Values with a type and a length each, in layouts: the part of the compiler that makes them.
local M = {}

--- Raise what is wrong with a declaration.
function M.fail(...)
  error({ (...):format(select(2, ...)) })
end

local fail = M.fail

local Methods = {}

--- One case of a TLV: a field, a list of them, or a type of value.
function Methods:case(case, fields, in_value)
  local op = self:emit(case)
  if type(fields) == "string" then fields = { "other", fields } end
  if type(fields) == "table" and type(fields[1]) == "string" then fields = { fields } end
  if type(fields) ~= "table" then
    fail("%s: cases: a field or a list of fields expected", self:path())
  end
  local outside = self.in_value
  self.in_value = in_value
  self:items(fields)
  self.in_value = outside
  self:close(op)
end

local function numbers_of(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

--- Cases that have no fields: types that stand alone, and those that end the list.
function Methods:bare_cases(item, taken)
  for _, key in ipairs { "single", "stop" } do
    for _, number in ipairs(numbers_of(item[key])) do
      if math.type(number) ~= "integer" then
        fail("%s: %s: not a number or a list of them", self:path(), key)
      end
      local op = taken[number]
      if not op then
        op = self:emit { op = "case", value = number }
        self:close(op)
        taken[number] = op
      end
      op.single, op.stop = true, op.stop or key == "stop"
    end
  end
end

function Methods:cases(item)
  local taken, numbers = {}, {}
  local values = item.cases or {}
  for number in pairs(values) do
    if math.type(number) ~= "integer" then
      fail("%s: cases: '%s' is not a number", self:path(), tostring(number))
    end
    numbers[#numbers + 1] = number
  end
  table.sort(numbers)
  self:bare_cases(item, taken)
  for _, number in ipairs(numbers) do
    if taken[number] then
      fail("%s: cases: %d stands alone and has no value", self:path(), number)
    end
    self:case({ op = "case", value = number }, values[number], true)
  end
  if item.other then self:case({ op = "case", other = true }, item.other, true) end
end

--- How much of a length is not the value's.
local function included(item, size, length_size)
  if item.includes == nil or item.includes == "value" then return 0 end
  if item.includes == "header" then return size + length_size end
  if item.includes == "length" then return length_size end
  return math.type(item.includes) == "integer" and item.includes or nil
end

function Methods:check_cases(item)
  -- [1] and [2] beside them get lost under the name and the type, in silence: so this is asked
  -- for where "other" says all, too.
  if item.cases == nil then
    fail("%s: cases: missing (cases = { [1] = { name, type } }; {} where other = says all)",
      self:path(item))
  end
  if type(item.cases) ~= "table" then fail("%s: cases: is not a table", self:path(item)) end
  for key in pairs(item) do
    if math.type(key) == "integer" and key > 2 then
      fail("%s: %d: what a type means stands in cases = { [%d] = ... }", self:path(item), key, key)
    end
  end
end

--- The operation of a TLV, but for what stands in it.
function Methods:tlv_header(item)
  local size, little = self:prefix(item, "type", item.type)
  local length_size, length_little = self:prefix(item, "length", item.length)
  if size > 1 and length_size > 1 and little ~= length_little then
    fail("%s: length: has another byte order than its type", self:path(item))
  end
  local value = included(item, size, length_size)
  if not value then
    fail("%s: includes: is none of value, length, header or a number", self:path(item))
  end
  local term = item.size and self:expression(item, "size", item.size) or nil
  return self:emit {
    op = "tlv", size = size, length_size = length_size, little = little or length_little,
    align = item.align, padded = item.padded, value = value, term = term,
  }
end

function Methods:tlv(item)
  self:check_cases(item)
  self:whole_bytes(item, "begins")
  local op = self:tlv_header(item)
  self.loops = self.loops + 1
  self:scope(self:path(item), function()
    local row = { "type", label = "Type", values = item.values }
    op.row = self:row(row, { type = "uint", bits = op.size * 8 }, self:path { "type" })
    self:cases(item)
  end)
  self.loops = self.loops - 1
  self:close(op)
end

--- Give a compiler these methods.
function M.install(compiler)
  for name, method in pairs(Methods) do compiler[name] = method end
end

return M
