--- Every field that Wireshark has too, on random frames, against tshark.
local build = require "spec.support.build"
local frames = require "spec.proto.random"
local run = require "spec.support.run"
local tap = require "moontap"

local FRAMES <const> = 3000

-- Fields whose value is meant to differ from tshark's.
local OWN <const> = {
  ["frame.number"] = true, -- ours are each the first one
  ["frame.time"] = true, -- printed as a date there
  ["frame.time_delta"] = true, ["frame.time_relative"] = true, -- of packets that stand alone, see frame_spec
  ["frame.protocols"] = true, -- what lies behind the transport too, see corpus_spec
  ["ip.version"] = true, -- there of IPv6 packets too
  ["tcp.window_size"] = true, -- scaled there by what other packets said
  ["llc.pid"] = true, -- named after each organization there
  ["ip.opt.type"] = true, ["ip.opt.len"] = true, -- options it does not know are left out there
  ["ip.opt.type.copy"] = true, ["ip.opt.type.class"] = true, ["ip.opt.type.number"] = true,
}

local OPTIONS <const> = {
  "tcp.relative_sequence_numbers:FALSE", "tcp.desegment_tcp_streams:FALSE", "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
}

--- The names of all fields that tshark knows, options of TCP included, which it calls protocols.
local function known_names()
  local r, names = run { "tshark", "-G", "fields" }, {}
  for kind, name in r.out:gmatch("(%u)\t[^\t\n]*\t([^\t\n]+)") do
    if kind == "F" or kind == "P" then names[name] = true end
  end
  return names
end

--- The rows of our registry that can be compared.
local function shared_fields()
  local known, fields = known_names(), {}
  for _, field in ipairs(tap.fields()) do
    if field.type ~= "presence" and known[field.name] and not OWN[field.name] then fields[#fields + 1] = field end
  end
  return fields
end

--- A row for each packet: what tshark printed, by field.
local function ask_tshark(path, fields)
  local words = { "tshark", "-n", "-r", path, "-T", "fields" }
  for _, option in ipairs(OPTIONS) do table.move({ "-o", option }, 1, 2, #words + 1, words) end
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
  bytes = function(text) return text == "<none>" and "" or text end,
}

local WRITE <const> = {
  integer = tostring,
  flag = function(value) return value and "1" or "0" end,
  time = function(value) return ("%d"):format(value) end,
  address = tostring,
  bytes = function(value)
    return (value:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
  end,
}

local function theirs_of(row, field)
  local values, cell = {}, row[field.name]
  if cell == "" then return values end
  for text in (cell .. ","):gmatch("([^,]*),") do values[#values + 1] = READ[field.type](text) end
  return values
end

local function ours_of(p, field)
  local values = p:all(field.name)
  for i, value in ipairs(values) do values[i] = WRITE[field.type](value) end
  return values
end

local FRAGMENTARY <const> = { ["tcp.len"] = true, ["tcp.nxtseq"] = true, ["tcp.payload"] = true }

local function is_fragment(p)
  local more = p["ip.flags.mf"]
  for _, value in ipairs(p:all("ipv6.fraghdr.more")) do more = more or value end
  return more
end

--- Is one list the beginning of the other?
local function begins_alike(a, b)
  local n = math.min(#a, #b)
  return table.concat(a, ",", 1, n) == table.concat(b, ",", 1, n)
end

--- May the values differ?  Where a header is at fault either may read further, as in what an ICMP
--- error quotes of a packet; a first fragment has no segment length there, and a UDP payload there
--- takes the padding in.
local function may_differ(p, row, field, ours, theirs)
  if p.fault or row["_ws.malformed"] ~= "" or row["_ws.short"] ~= "" then
    return #ours == 0 or #theirs == 0 or ours[1] == theirs[1] or field.type == "bytes"
  end
  if FRAGMENTARY[field.name] and #theirs == 0 then return is_fragment(p) end
  if field.name == "udp.payload" then return #theirs == 1 and theirs[1]:find(ours[1], 1, true) == 1 end
  return p:layers().quoted and begins_alike(ours, theirs)
end

local function hex(bytes) return WRITE.bytes(bytes) end

local function compare(p, row, fields, bytes)
  local equal = 0
  for _, field in ipairs(fields) do
    local ours, theirs = ours_of(p, field), theirs_of(row, field)
    local a, b = table.concat(ours, ","), table.concat(theirs, ",")
    if a ~= b and not may_differ(p, row, field, ours, theirs) then
      error(("%s is '%s', but '%s' for tshark: %s %s"):format(field.name, a, b, row["frame.protocols"], hex(bytes)), 0)
    end
    if a == b and a ~= "" then equal = equal + 1 end
  end
  return equal
end

--- Compare as many frames as FRAMES says, made from a seed; returns how many values were equal.
local function compare_round(fields, seed)
  frames.seed(seed)
  local list = {}
  for i = 1, FRAMES do
    local bytes, len = frames.frame()
    list[i] = { bytes, len = len, time_ns = i * 1000 }
  end
  local path = os.tmpname()
  run.write(path, build.pcap(list))
  local rows, equal = ask_tshark(path, fields), 0
  os.remove(path)
  assert.equal(FRAMES, #rows)
  for i, packet in ipairs(list) do
    local p = tap.packet(packet[1], { len = packet.len, time_ns = packet.time_ns })
    equal = equal + compare(p, rows[i], fields, packet[1])
  end
  return equal
end

describe("random frames", function()
  it("have the values that tshark finds in them", function()
    if not run { "tshark", "--version" }.out:find("^TShark %(Wireshark%) 4%.0%.") then
      return pending("tshark 4.0 is not here")
    end
    local fields = shared_fields()
    assert.is_true(#fields > 200)
    for seed = 1, os.getenv("MOONTAP_LONG") == "1" and 20 or 1 do
      local equal = compare_round(fields, seed)
      print(("seed %d: %d frames, %d fields, %d values equal"):format(seed, FRAMES, #fields, equal))
      assert.is_true(equal > 20 * FRAMES)
    end
  end)
end)
