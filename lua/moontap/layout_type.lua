--- The words for types in layouts: what each is on the wire and what kind of value it makes.
local check = require "moontap.check"

local M = {}

local SIMPLE <const> = {
  bit = { type = "flag", bits = 1 },
  ipv4 = { type = "ipv4", bits = 32 },
  ipv6 = { type = "ipv6", bits = 128 },
  mac = { type = "mac", bits = 48 },
  eui64 = { type = "eui64", bits = 64 },
  float = { type = "float", bits = 32 },
  double = { type = "float", bits = 64 },
  f32 = { type = "float", bits = 32 },
  f64 = { type = "float", bits = 64 },
  f32le = { type = "float", bits = 32, little = true },
  f64le = { type = "float", bits = 64, little = true },
  bytes = { type = "bytes", op = "bytes" },
  text = { type = "text", op = "bytes" },
  textz = { type = "text", op = "zero" },
  cstring = { type = "text", op = "zero" },
  varint = { type = "uint", op = "base128" },
  quicint = { type = "uint", op = "quic" },
  pad = { type = "bytes", op = "bytes", unnamed = true },
  align = { op = "align", unnamed = true },
  group = { block = true },
  list = { block = true, repeats = true },
  tlv = { op = "tlv" },
}


--- An integer's type: "u16le" -> a description, or nil.
function M.integer(word)
  local sign, bits, order = word:match("^([ui])(%d+)(l?e?)$")
  bits = math.tointeger(tonumber(bits))
  if not bits or bits % 8 ~= 0 or bits < 8 or bits > 64 then return nil end
  if order ~= "" and order ~= "le" then return nil end
  local kind = sign == "u" and "uint" or "int"
  return { type = kind, bits = bits, little = order == "le" and bits > 8 or nil }
end

local function type_names()
  local names = { "bits:" }
  for bits = 8, 64, 8 do
    for _, form in ipairs { "u%d", "i%d", "u%dle", "i%dle" } do
      names[#names + 1] = form:format(bits)
    end
  end
  for name in pairs(SIMPLE) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- What a type's word says.
function M.find(word)
  if type(word) ~= "string" then return nil, "a type is missing" end
  local bits = math.tointeger(tonumber(word:match("^bits:(%d+)$")))
  if bits then
    if bits < 1 or bits > 64 then
      return nil, ("type: '%s' is not within 1 to 64 bits"):format(word)
    end
    return { type = "uint", bits = bits }
  end
  local found = SIMPLE[word] or M.integer(word)
  if found then return found end
  return nil, ("type: no type '%s'%s"):format(word, check.hint(word, type_names()))
end

return M
