--- Packets for the specs of protocols: bytes as hex with comments, and what
--- holds of every packet that is cut short.

local assert = require "luassert"
local build = require "spec.support.build"
local tap = require "moontap"

local M = {}

--- Bytes of hex digits; from a # to the end of its line is comment.
---@param text string
---@return string
function M.hex(text)
  return tap.hex((text:gsub("#[^\n]*", "")))
end

--- Ethernet and IPv4 before the bytes of a protocol, given in hex; 'over' is its number, or a UDP port.
---@param digits string
---@param over { proto?: integer, port?: integer }
---@return string
function M.frame(digits, over)
  local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
  local payload = M.hex(digits)
  if over.port then payload = build.udp(payload, ends, { srcport = 40000, dstport = over.port }) end
  return build.eth(build.ipv4(payload, ends, { proto = over.proto or 17 }))
end

--- IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0
M.INNER = "4500 001c 0000 0000 40 11 66d2 0a000001 0a000002  0001 0002 0008 0000"

--- The same in an Ethernet frame.
M.INNER_ETH = "02000000000a 02000000000b 0800 " .. M.INNER

--- Hold fields of a packet against expected values; "absent" stands for nil.
---@param p moontap.Packet
---@param expected table<string, any>
function M.check(p, expected)
  for name, value in pairs(expected) do
    local want = value
    if value == "absent" then want = nil end
    assert.same({ [name] = want }, { [name] = p[name] })
  end
end

--- Fields whose value may be a part of the whole one, since they take what is there; or another one,
--- since they tell of what is there.
local function may_shrink(name)
  return name == "frame.cap_len" or name == "frame.protocols" or name:find("%.payload$") or name:find("%.options$")
    or name == "ah.icv" or name:find("sum%.status$")
end

local function check_values(values, short, names, n)
  for _, name in ipairs(names) do
    local value = short[name]
    if value ~= nil and value ~= values[name] and not may_shrink(name) then
      error(("%s of the first %d bytes is %s, of all %s"):format(name, n, value, values[name]))
    end
  end
end

--- The names of the fields that a packet of these layers may have, and what it has in them.
local function fields_of(packet)
  local names, values, known = {}, {}, { frame = true, pweth = true }
  for _, layer in ipairs(packet:layers()) do known[layer:match("^%w+")] = true end
  for _, field in ipairs(tap.fields()) do
    local protocol = field.name:match("^(%w+)%.")
    if field.type ~= "presence" and (not protocol or known[protocol]) then
      names[#names + 1] = field.name
      values[field.name] = packet[field.name]
    end
  end
  return names, values
end

local function check_layers(whole, short, n)
  local all = whole:layers()
  for i, name in ipairs(short:layers()) do
    assert.equal(all[i], name, "layer " .. i .. " of the first " .. n .. " bytes")
  end
end

local function is_cut(headers, n)
  if type(headers) == "function" then return headers(n) end
  return n < headers
end

--- Decode every beginning of 'bytes': layers are the first ones of the whole packet, each value is
--- the whole packet's or absent, and a fault says where the bytes end as long as a header is cut.
---@param bytes string
---@param headers integer|fun(n: integer): boolean  bytes of all headers together; or whether the
--- first 'n' bytes cut one, for headers that are lists, which may end behind any entry
---@param options? table  for tap.packet
function M.check_cuts(bytes, headers, options)
  options = options or {}
  options.len = #bytes
  local whole = tap.packet(bytes, options)
  local names, values = fields_of(whole)
  for n = 0, #bytes - 1 do
    local short = tap.packet(bytes:sub(1, n), options)
    check_layers(whole, short, n)
    check_values(values, short, names, n)
    local fault = is_cut(headers, n) and ("header cut short at byte %d$"):format(n) or nil
    if fault then assert.matches(fault, short.fault) else assert.is_nil(short.fault) end
  end
end

--- Decode copies of 'bytes' with a few bytes changed, cut anywhere, and read all of each: nothing may
--- crash or lie outside of the packet, which a build with sanitizers sees.
---@param bytes string
---@param options? table  for tap.packet
function M.check_damage(bytes, options)
  math.randomseed(#bytes)
  for _ = 1, 300 do
    local damaged = bytes:sub(1, math.random(0, #bytes))
    for _ = 1, math.random(0, 4) do
      local at = math.random(1, #damaged + 1)
      damaged = (damaged:sub(1, at - 1) .. string.char(math.random(0, 255)) .. damaged:sub(at + 1)):sub(1, #bytes)
    end
    local p = tap.packet(damaged, options)
    assert.is_string(p:summary() .. p:show() .. p:json())
    for _, field in ipairs(tap.fields()) do p:all(field.name) end
  end
end

return M
