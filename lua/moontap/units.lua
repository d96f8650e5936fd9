--- Sizes and times as people write them ("32M", "10ms"), and back as text.
-- A plain number is bytes for a size and seconds for a time. Nothing here raises for a wrong
-- text: the answer is nil and a message that says what to write.
local M = {}

local SIZE <const> = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30, t = 1 << 40 }
local TIME <const> = {
  ns = 1,
  us = 1000,
  ["µs"] = 1000,
  ms = 1000000,
  [""] = 1000000000,
  s = 1000000000,
  m = 60 * 1000000000,
  h = 3600 * 1000000000,
  d = 86400 * 1000000000,
}

--- 'number' of 'unit' as an integer, or nil where 64 bits do not hold it.
local function scaled(number, unit)
  if math.type(number) == "integer" then
    return number <= math.maxinteger // unit and number * unit or nil
  end
  local value = number * unit
  return value < 0x1p63 and math.floor(value + 0.5) or nil
end

--- Read a number with a unit out of 'text'. Hexadecimal and exponents are not for people.
local function parse(text, units, fold)
  local digits, unit = text:match("^%s*(%d+%.?%d*)%s*(%D*)$")
  if not digits then return nil end
  unit = unit:gsub("%s+$", "")
  unit = units[fold and unit:lower():gsub("ib$", "") or unit]
  local number = unit and tonumber(digits)
  return number and scaled(number, unit)
end

local function number_is_sane(value)
  return value == value and value >= 0 and value < math.huge
end

local function refuse(value, what)
  local shown = type(value) == "string" and "'" .. value .. "'" or tostring(value)
  return nil, ("%s is not %s"):format(shown, what)
end

--- A size in bytes.
---@param value string|integer  "256K", "32M", "1G" (powers of 1024), or bytes
---@param plain? integer  what a number without a unit counts, in bytes (1)
---@return integer? bytes
---@return string? message
function M.size(value, plain)
  local bytes
  if math.type(value) == "integer" and value >= 0 then
    bytes = scaled(value, plain or 1)
  elseif type(value) == "string" then
    local digits = value:match("^%s*(%d+%.?%d*)%s*$")
    if digits then
      local number = tonumber(digits)
      bytes = scaled(math.tointeger(number) or number, plain or 1)
    else
      bytes = parse(value, SIZE, true)
    end
  end
  if not bytes then return refuse(value, "a size (write 64K, 32M or 1G)") end
  return bytes
end

--- A time in nanoseconds.
---@param value string|number  "100ns", "500us", "10ms", "1s", "2m", "1h", "1d", or seconds
---@return integer? ns
---@return string? message
function M.time(value)
  local ns
  if type(value) == "number" and number_is_sane(value) then
    ns = scaled(value, TIME.s)
  elseif type(value) == "string" then
    ns = parse(value, TIME)
  end
  if not ns then return refuse(value, "a time (write 500us, 10ms, 1s or 2m)") end
  return ns
end

--- Nanoseconds as whole milliseconds, rounded up; right up to the largest integer.
---@param ns integer
---@return integer
function M.ms(ns)
  return -(-ns // 1000000)
end

--- Three significant digits, as in "1.23", "12.3", "123".
local function digits3(value)
  if value < 9.995 then return ("%.2f"):format(value) end
  if value < 99.95 then return ("%.1f"):format(value) end
  return ("%.0f"):format(value)
end

local SIZE_NAMES <const> = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }

--- A number of bytes for people: "640 B", "3.20 MiB".
---@param bytes integer
---@return string
function M.size_text(bytes)
  if bytes < 1024 then return ("%d B"):format(bytes) end
  local value, name = bytes / 1024, 1
  while value >= 1023.5 and SIZE_NAMES[name + 1] do
    value, name = value / 1024, name + 1
  end
  return digits3(value) .. " " .. SIZE_NAMES[name]
end

--- A noun as it stands behind a number: "1 packet", "2 packets".
---@param count integer
---@param noun string
---@return string
function M.plural(count, noun)
  return count == 1 and noun or noun .. "s"
end

--- A time span for people: "250 µs", "8.21 s", "3 m 05 s", "2 h 10 m".
---@param ns integer
---@return string
function M.time_text(ns)
  if ns < 1000 then return ("%d ns"):format(ns) end
  if ns < 999500 then return digits3(ns / 1000) .. " µs" end
  if ns < 999500000 then return digits3(ns / 1000000) .. " ms" end
  local s = (ns + 500000000) // 1000000000
  if s < 60 then return digits3(ns / 1e9) .. " s" end
  if s < 3600 then return ("%d m %02d s"):format(s // 60, s % 60) end
  if s < 86400 then return ("%d h %02d m"):format(s // 3600, s % 3600 // 60) end
  return ("%d d %02d h"):format(s // 86400, s % 86400 // 3600)
end

--- A whole number for people: "1,234,567".
---@param number integer
---@return string
function M.count_text(number)
  local sign, digits = tostring(number):match("^(-?)(%d+)$")
  return sign .. digits:reverse():gsub("(%d%d%d)", "%1,"):gsub(",$", ""):reverse()
end

return M
