--- What tshark finds in frames, beside what we find: for specs that hold the
--- fields of a protocol against it.

local assert = require "luassert"
local build = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

local M = {}

local OPTIONS <const> = {
  "tcp.relative_sequence_numbers:FALSE", "tcp.desegment_tcp_streams:FALSE", "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
}

--- Is the tshark here whose fields are known?
function M.is_here()
  return run { "tshark", "--version" }.out:find("^TShark %(Wireshark%) 4%.0%.") ~= nil
end

--- The names of all fields that tshark knows, options of TCP included, which it calls protocols.
local function known_names()
  local r, names = run { "tshark", "-G", "fields" }, {}
  for kind, name in r.out:gmatch("(%u)\t[^\t\n]*\t([^\t\n]+)") do
    if kind == "F" or kind == "P" then names[name] = true end
  end
  return names
end

--- The rows of our registry that tshark has too and 'wanted' takes.
---@param wanted fun(name: string): boolean
---@return table[]
function M.shared_fields(wanted)
  local known, fields = known_names(), {}
  for _, field in ipairs(tap.fields()) do
    if field.type ~= "presence" and known[field.name] and wanted(field.name) then fields[#fields + 1] = field end
  end
  return fields
end

--- A row for each packet: what tshark printed, by field.
---@param path string
---@param fields table[]
---@param options? string[]  preferences, "ip.check_checksum:TRUE"
---@return table<string, string>[]
function M.ask(path, fields, options)
  local words = { "tshark", "-n", "-r", path, "-T", "fields" }
  for _, list in ipairs { OPTIONS, options or {} } do
    for _, option in ipairs(list) do table.move({ "-o", option }, 1, 2, #words + 1, words) end
  end
  local names = { "frame.protocols", "_ws.malformed", "_ws.short" }
  for _, field in ipairs(fields) do names[#names + 1] = field.name end
  for _, name in ipairs(names) do table.move({ "-e", name }, 1, 2, #words + 1, words) end
  local r = run(words)
  assert(r.code == 0, r.err)
  local rows = {}
  for line in r.out:gmatch("([^\n]*)\n") do
    local row, i = {}, 0
    for cell in (line .. "\t"):gmatch("([^\t]*)\t") do
      i = i + 1
      row[names[i]] = cell
    end
    rows[#rows + 1] = row
  end
  return rows
end

local READ <const> = {
  integer = function(text) return tostring(math.tointeger(tonumber(text)) or text) end,
  flag = function(text) return text end,
  time = function(text) return ("%d"):format(math.tointeger(tonumber((text:gsub("%.", ""))))) end,
  address = function(text) return text end,
  text = function(text) return text end,
  bytes = function(text) return text == "<none>" and "" or text end,
}

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

M.hex = hex

local WRITE <const> = {
  integer = tostring,
  flag = function(value) return value and "1" or "0" end,
  time = function(value) return ("%d"):format(value) end,
  address = tostring,
  text = tostring,
  bytes = hex,
}

--- tshark's values of a field, as text that can be compared with ours.
---@return string[]
function M.theirs(row, field)
  local values, cell = {}, row[field.name]
  if cell == "" then return values end
  for text in (cell .. ","):gmatch("([^,]*),") do values[#values + 1] = READ[field.type](text) end
  return values
end

--- Our values of a field, as such text.
---@return string[]
function M.ours(p, field)
  local values = p:all(field.name)
  for i, value in ipairs(values) do values[i] = WRITE[field.type](value) end
  return values
end

--- The layers that tshark names, as they are called here, as far as ours could go.
local function layers_of(row, count)
  local layers = {}
  for name in row["frame.protocols"]:gmatch("[^:]+") do
    if name ~= "ethertype" and #layers < count then layers[#layers + 1] = name end
  end
  return table.concat(layers, ":")
end

-- Fields that mean the same and occur in other layers or more often there.
local EXCEPT <const> = { ["ip.version"] = true, ["geneve.option.length"] = true }

--- Hold frames against tshark: our layers are the first ones of its, and all fields are equal
--- whose names begin with one of 'prefixes'.  Returns how many values were equal.
---@param frames string[]
---@param prefixes string[]
---@param options? { preferences: string[], linktype: integer }
---@return integer
function M.check(frames, prefixes, options)
  options = options or {}
  local fields = M.shared_fields(function(name)
    if EXCEPT[name] then return false end
    for _, prefix in ipairs(prefixes) do
      if name:sub(1, #prefix) == prefix then return true end
    end
    return false
  end)
  local path = os.tmpname()
  run.write(path, build.pcap(frames, { linktype = options.linktype }))
  local rows, equal = M.ask(path, fields, options.preferences), 0
  os.remove(path)
  assert.equal(#frames, #rows)
  for i, bytes in ipairs(frames) do
    local p = tap.packet(bytes, { linktype = options.linktype })
    local layers = p:layers()
    assert.equal(layers_of(rows[i], #layers), table.concat(layers, ":"), "frame " .. i)
    for _, field in ipairs(fields) do
      local ours, theirs = table.concat(M.ours(p, field), ","), table.concat(M.theirs(rows[i], field), ",")
      if ours ~= theirs then
        error(("frame %d: %s is '%s', but '%s' for tshark: %s"):format(i, field.name, ours, theirs, hex(bytes)), 2)
      end
      if ours ~= "" then equal = equal + 1 end
    end
  end
  return equal
end

return M
