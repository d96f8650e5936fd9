--- What tshark reads of a capture, held against what we read of it: every field that both name.
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

local M = {}

-- Fields whose value is meant to differ from tshark's.
local OWN <const> = {
  ["frame.number"] = true, -- ours are each the first one
  ["frame.time"] = true, -- printed as a date there
  ["frame.interface_id"] = true, -- only pcapng has one there
  ["ip.version"] = true, -- there of IPv6 packets too
  ["llc.pid"] = true, -- named after each organization there
  ["tcp.window_size"] = true, -- scaled there by what other packets said
}

local SEPARATOR <const> = "\1"

local known

--- The names of all fields that tshark has.
local function known_names()
  if known then return known end
  local r = run { "tshark", "-G", "fields" }
  known = {}
  for kind, name in r.out:gmatch("(%u)\t[^\t\n]*\t([^\t\n]+)") do
    if kind == "F" then known[name] = true end
  end
  return known
end

--- Is the tshark here that the specs were written with?
function M.is_here()
  return run { "tshark", "--version" }.out:find("^TShark %(Wireshark%) 4%.0%.") ~= nil
end

--- The rows of our registry that tshark has too; 'prefixes' limits them to some protocols.
---@param prefixes? string[]
function M.fields(prefixes)
  local names, list = known_names(), {}
  local function wanted(name)
    if not prefixes then return true end
    for _, prefix in ipairs(prefixes) do
      if name:sub(1, #prefix + 1) == prefix .. "." then return true end
    end
  end
  for _, field in ipairs(tap.fields()) do
    if field.type ~= "presence" and names[field.name] and not OWN[field.name] and wanted(field.name) then
      list[#list + 1] = field
    end
  end
  return list
end

local function split(text, separator)
  local parts = {}
  for part in (text .. separator):gmatch("([^" .. separator .. "]*)" .. separator) do parts[#parts + 1] = part end
  return parts
end

--- A row for each packet of a capture file: cells by field, "frame.protocols" with them.
function M.rows(path, fields)
  local words = { "tshark", "-n", "-r", path, "-T", "fields", "-E", "aggregator=" .. SEPARATOR }
  local names = { "frame.protocols", "_ws.malformed", "_ws.short" }
  for _, field in ipairs(fields) do names[#names + 1] = field.name end
  for _, name in ipairs(names) do table.move({ "-e", name }, 1, 2, #words + 1, words) end
  for _, option in ipairs { "ip.defragment:FALSE", "wlan.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE" } do
    table.move({ "-o", option }, 1, 2, #words + 1, words)
  end
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
  bytes = function(text) return EMPTY[text] or text end,
}

local WRITE <const> = {
  integer = tostring,
  flag = function(value) return value and "1" or "0" end,
  address = tostring,
  text = function(value) return (value:gsub("\\", "\\\\"):gsub("\n", "\\n"):gsub("\r", "\\r"):gsub("\t", "\\t")) end,
  bytes = function(value)
    return (value:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
  end,
}

local function theirs_of(row, field)
  local cell = row[field.name]
  if cell == "" then return "" end
  local values = split(cell, SEPARATOR)
  for i, text in ipairs(values) do values[i] = READ[field.type] and READ[field.type](text) or text end
  return table.concat(values, "|")
end

local function ours_of(p, field)
  local values = p:all(field.name)
  for i, value in ipairs(values) do values[i] = WRITE[field.type](value) end
  return table.concat(values, "|")
end

--- The fields of a packet that differ from tshark's, as lines; and how many are equal and there.
---@param p moontap.Packet
---@param row table<string, string>
---@param fields table[]
function M.differences(p, row, fields)
  local lines, equal = {}, 0
  for _, field in ipairs(fields) do
    if field.type ~= "time" then
      local ours, theirs = ours_of(p, field), theirs_of(row, field)
      if ours ~= theirs then
        lines[#lines + 1] = ("%s is '%s', but '%s' for tshark (%s)"):format(field.name, ours, theirs,
          row["frame.protocols"])
      elseif ours ~= "" then
        equal = equal + 1
      end
    end
  end
  return lines, equal
end

--- Hold packets of a link type against tshark: each field of these protocols, and no difference.
---@param packets string[]
---@param o { linktype: integer, prefixes: string[], except?: table<string, boolean> }
---@return integer equal  how many values both have
function M.check(packets, o)
  local path, all, equal = os.tmpname(), {}, 0
  for _, field in ipairs(M.fields(o.prefixes)) do
    if not (o.except and o.except[field.name]) then all[#all + 1] = field end
  end
  run.write(path, build.pcap(packets, { linktype = o.linktype }))
  local rows = M.rows(path, all)
  os.remove(path)
  assert(#rows == #packets, "tshark read other packets")
  for i, bytes in ipairs(packets) do
    local lines, n = M.differences(tap.packet(bytes, { linktype = o.linktype }), rows[i], all)
    if #lines > 0 then error(("packet %d: %s"):format(i, table.concat(lines, "\n")), 2) end
    equal = equal + n
  end
  return equal
end

return M
