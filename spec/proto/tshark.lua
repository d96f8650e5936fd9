--- What tshark finds in frames, beside what we find: for specs that hold the fields of a protocol
--- against it.  Every field that both name is compared, but for those that are meant to differ.

local assert = require "luassert"
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

local M = {}

-- Fields whose value is meant to differ from tshark's.
local OWN <const> = {
  ["frame.number"] = true, -- ours are each the first one
  ["frame.time"] = true, -- printed as a date there
  ["frame.time_delta"] = true, ["frame.time_relative"] = true, -- of packets that stand alone, see frame_spec
  ["frame.protocols"] = true, -- goes on behind the transport there: its beginning is compared
  ["frame.interface_id"] = true, -- only pcapng has one there
  ["ip.version"] = true, -- there of IPv6 packets too
  ["ip.opt.type"] = true, ["ip.opt.len"] = true, -- options it does not know are left out there
  ["ip.opt.type.copy"] = true, ["ip.opt.type.class"] = true, ["ip.opt.type.number"] = true,
  ["llc.pid"] = true, -- named after each organization there
  ["tcp.window_size"] = true, -- scaled there by what other packets said
  ["nflog.timestamp"] = true, -- printed as a date there
  ["geneve.option.length"] = true, -- told twice there
}

-- Each packet for itself, as it stands on the wire, and its checksums checked.
local PREFERENCES <const> = {
  "ip.defragment:FALSE", "ipv6.defragment:FALSE", "wlan.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE", "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE",
  "udp.check_checksum:TRUE", "sctp.checksum:CRC-32C",
}

local SEPARATOR <const> = "\1"

--- Is the tshark here whose fields are known?
function M.is_here()
  return run { "tshark", "--version" }.out:find("^TShark %(Wireshark%) 4%.0%.") ~= nil
end

local known

--- The names of all fields that tshark knows, options of TCP included, which it calls protocols.
local function known_names()
  if known then return known end
  local r = run { "tshark", "-G", "fields" }
  known = {}
  for kind, name in r.out:gmatch("(%u)\t[^\t\n]*\t([^\t\n]+)") do
    if kind == "F" or kind == "P" then known[name] = true end
  end
  return known
end

local function begins_with_one(name, prefixes)
  for _, prefix in ipairs(prefixes) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return false
end

--- The rows of our registry that tshark has too and that mean the same there.
---@param prefixes? string[]  what their names begin with; nil: all of them
---@param except? table<string, boolean>  names left out
---@return table[]
function M.fields(prefixes, except)
  local names, fields = known_names(), {}
  for _, field in ipairs(tap.fields()) do
    local name = field.name
    local shared = field.type ~= "presence" and names[name] and not OWN[name] and not (except and except[name])
    if shared and (not prefixes or begins_with_one(name, prefixes)) then fields[#fields + 1] = field end
  end
  return fields
end

local function split(text, separator)
  local parts = {}
  for part in (text .. separator):gmatch("([^" .. separator .. "]*)" .. separator) do parts[#parts + 1] = part end
  return parts
end

--- A row for each packet of a capture file: what tshark printed, by field, "frame.protocols" with them.
---@param path string
---@param fields table[]
---@return table<string, string>[]
function M.rows(path, fields)
  local words = { "tshark", "-n", "-r", path, "-T", "fields", "-E", "aggregator=" .. SEPARATOR }
  for _, preference in ipairs(PREFERENCES) do table.move({ "-o", preference }, 1, 2, #words + 1, words) end
  local names = { "frame.protocols", "_ws.malformed", "_ws.short" }
  for _, field in ipairs(fields) do names[#names + 1] = field.name end
  for _, name in ipairs(names) do table.move({ "-e", name }, 1, 2, #words + 1, words) end
  local r = run(words)
  assert(r.code == 0, r.err)
  local rows = {}
  for line in r.out:gmatch("([^\n]*)\n") do
    local row = {}
    for i, cell in ipairs(split(line, "\t")) do row[names[i]] = cell end
    rows[#rows + 1] = row
  end
  return rows
end

-- What it prints of bytes that are none.
local EMPTY <const> = { ["<none>"] = "", ["<MISSING>"] = "" }

local READ <const> = {
  integer = function(text) return tostring(math.tointeger(tonumber(text)) or text) end,
  time = function(text) return ("%d"):format(math.tointeger(tonumber((text:gsub("%.", ""))))) end,
  bytes = function(text) return EMPTY[text] or text end,
}

--- Bytes as hex digits.
---@param bytes string
---@return string
function M.hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local WRITE <const> = {
  integer = tostring,
  flag = function(value) return value and "1" or "0" end,
  time = function(value) return ("%d"):format(value) end,
  address = tostring,
  text = function(value) return (value:gsub("\\", "\\\\"):gsub("\n", "\\n"):gsub("\r", "\\r"):gsub("\t", "\\t")) end,
  bytes = M.hex,
}

--- The texts that tshark printed of a field.
---@return string[]
function M.texts(row, field)
  local cell = row[field.name]
  return cell == "" and {} or split(cell, SEPARATOR)
end

--- tshark's values of a field, as text that can be compared with ours.
---@return string[]
function M.theirs(row, field)
  local values = M.texts(row, field)
  for i, text in ipairs(values) do values[i] = READ[field.type] and READ[field.type](text) or text end
  return values
end

--- Our values of a field, as such text.
---@return string[]
function M.ours(p, field)
  local values = p:all(field.name)
  for i, value in ipairs(values) do values[i] = WRITE[field.type](value) end
  return values
end

--- Hold a packet against a row: the first field that differs, in words, or how many are equal and there.
---@return string|nil difference
---@return integer equal
local function compare(p, row, fields)
  local chain, equal = (p["frame.protocols"] or ""):gsub(":data$", ""), 0
  local whole = row["frame.protocols"]:gsub("wlan_radio:", "") -- no header of the frame
  if (whole .. ":"):find(chain .. ":", 1, true) ~= 1 then
    return ("it is %s, but %s for tshark"):format(chain, whole), 0
  end
  for _, field in ipairs(fields) do
    local ours, theirs = table.concat(M.ours(p, field), "|"), table.concat(M.theirs(row, field), "|")
    if ours ~= theirs then return ("%s is '%s', but '%s' for tshark"):format(field.name, ours, theirs), equal end
    if ours ~= "" then equal = equal + 1 end
  end
  return nil, equal
end

--- Hold packets against tshark: our layers are the first ones of its, and all fields are equal whose
--- names begin with one of 'prefixes'.
---@param packets string[]
---@param prefixes string[]  "tcp.", "ip.checksum.status"
---@param o? { linktype?: integer, except?: table<string, boolean> }
---@return integer equal  how many values both have
function M.check(packets, prefixes, o)
  o = o or {}
  local path, fields, equal = os.tmpname(), M.fields(prefixes, o.except), 0
  run.write(path, build.pcap(packets, { linktype = o.linktype }))
  local rows = M.rows(path, fields)
  os.remove(path)
  assert.equal(#packets, #rows)
  for i, bytes in ipairs(packets) do
    local difference, n = compare(tap.packet(bytes, { linktype = o.linktype }), rows[i], fields)
    if difference then error(("packet %d: %s: %s"):format(i, difference, M.hex(bytes)), 2) end
    equal = equal + n
  end
  return equal
end

return M
