--- Every field that Wireshark has too, on random frames, against tshark.
local build = require "spec.support.build"
local core = require "moontap.core"
local frames = require "spec.proto.random"
local long = require "spec.support.long"
local run = require "spec.support.run"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"

local FRAMES <const> = 3000

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
--- error quotes of a packet; a first fragment has no segment length there, a UDP payload there
--- takes the padding in; behind an option of multipath TCP that it cannot read tshark reads no other
--- option, and of an option of ICMPv6 that ends early it tells the type all the same.
local function may_differ(p, row, field, ours, theirs)
  if p.fault or row["_ws.malformed"] ~= "" or row["_ws.short"] ~= "" then
    return #ours == 0 or #theirs == 0 or ours[1] == theirs[1] or field.type == "bytes"
  end
  if FRAGMENTARY[field.name] and #theirs == 0 then return is_fragment(p) end
  if field.name == "udp.payload" then return #theirs == 1 and theirs[1]:find(ours[1], 1, true) == 1 end
  if field.name:find("^tcp%.option") and row["frame.protocols"]:find("mptcp") then return begins_alike(ours, theirs) end
  if field.name:find("^icmpv6%.opt") then return #ours < #theirs and begins_alike(ours, theirs) end
  return p:layers().quoted and begins_alike(ours, theirs)
end

local AT_ONCE <const> = 100 -- columns of one line

--- Columns of all fields, as lists of as many as one line can have.
local function columns_of(fields)
  local list = {}
  for first = 1, #fields, AT_ONCE do
    local names = {}
    for i = first, math.min(first + AT_ONCE - 1, #fields) do names[#names + 1] = fields[i].name end
    list[#list + 1] = core.columns(names)
  end
  return list
end

--- The text of each field of a packet.
local function texts_of(p, columns)
  local texts = {}
  for _, part in ipairs(columns) do
    for text in (part:line(p) .. "\t"):gmatch("([^\t]*)\t") do texts[#texts + 1] = text end
  end
  return texts
end

--- The text of a column is tshark's first value, character by character.
local function compare_text(row, field, text)
  local theirs = (field.type == "bytes" and tshark.theirs or tshark.texts)(row, field)[1] or ""
  if field.name == "llc.control.ftype" then return end -- of two or four digits there, by its control field's size
  if text ~= theirs then
    error(("%s is printed as '%s', but '%s' by tshark"):format(field.name, text, theirs), 0)
  end
end

local function compare(p, row, fields, texts, bytes)
  local equal = 0
  for i, field in ipairs(fields) do
    local ours, theirs = tshark.ours(p, field), tshark.theirs(row, field)
    local a, b = table.concat(ours, ","), table.concat(theirs, ",")
    if a ~= b and not may_differ(p, row, field, ours, theirs) then
      error(("%s is '%s', but '%s' for tshark: %s %s"):format(field.name, a, b, row["frame.protocols"],
        tshark.hex(bytes)), 0)
    end
    if a == b and a ~= "" then equal = equal + 1 end
    if a == b then compare_text(row, field, texts[i]) end
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
  local rows, columns, equal = tshark.rows(path, fields), columns_of(fields), 0
  os.remove(path)
  assert.equal(FRAMES, #rows)
  for i, packet in ipairs(list) do
    local p = tap.packet(packet[1], { len = packet.len, time_ns = packet.time_ns })
    equal = equal + compare(p, rows[i], fields, texts_of(p, columns), packet[1])
  end
  return equal
end

describe("random frames", function()
  it("have the values that tshark finds in them", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local fields = tshark.fields()
    assert.is_true(#fields > 200)
    for seed = 1, long and 20 or 1 do
      local equal = compare_round(fields, seed)
      print(("seed %d: %d frames, %d fields, %d values equal"):format(seed, FRAMES, #fields, equal))
      assert.is_true(equal > 20 * FRAMES)
    end
  end)
end)
