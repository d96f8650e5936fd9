--- Every column of tshark's that the built-in protocols have, for every packet of the corpus whose
--- file can be read and whose link type is decoded.
local corpus = require "spec.proto.corpus"
local tap = require "moontap"

local COLUMNS <const> = {
  "frame.number", "frame.len", "frame.cap_len", "frame.time_epoch", "eth.src", "eth.dst", "eth.type", "vlan.id",
  "vlan.etype", "ieee8021ad.id", "arp.opcode", "ip.src", "ip.dst", "ip.proto", "ip.ttl", "ip.len", "ip.id",
  "ip.frag_offset", "ip.flags", "ip.hdr_len", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.hlim", "tcp.srcport",
  "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len", "tcp.hdr_len",
  "udp.srcport", "udp.dstport", "udp.length", "icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code",
}

local LINKTYPES <const> = { ["1"] = true, ["101"] = true, ["228"] = true, ["229"] = true }

-- The protocols that are built in.
local PROTOCOLS <const> = {}
for _, field in ipairs(tap.fields()) do
  if field.type == "presence" then PROTOCOLS[field.name] = true end
end

-- What IP follows; behind anything else it is a tunnel's or a quoted packet's, as Ethernet is behind
-- any layer, and nothing leads there.
local LINKS <const> = { eth = true, vlan = true, ieee8021ad = true, llc = true, raw = true }

--- A cell as a list of values: numbers as numbers (times as nanoseconds), the rest as text.
local function read_cell(column, cell)
  if cell == "" then return {} end
  local values = {}
  for text in (cell .. ","):gmatch("([^,]*),") do
    if column == "frame.time_epoch" then text = text:gsub("%.", "") end
    values[#values + 1] = math.tointeger(tonumber(text)) or text
  end
  return values
end

--- The protocols of a row, as layers are called here: 'ethertype' is no layer.
local function read_layers(row)
  local layers = {}
  -- tshark leaves the header of VXLAN's generic extension out, has two names for version 2 of GTP
  -- and one more for the port of its version 0
  local chain = row["frame.protocols"]:gsub("udp:ip", "udp:vxlan:ip"):gsub("udp:nsh", "udp:vxlan:nsh")
    :gsub("gtp:gtpv2", "gtpv2"):gsub("gtpprime", "gtp")
  for name in chain:gmatch("[^:]+") do
    if name ~= "ethertype" then layers[#layers + 1] = name end
  end
  return layers
end

--- How many of 'list' are equal to those of 'whole' from the first on.
local function common(list, whole)
  local n = 0
  while n < #list and list[n + 1] == whole[n + 1] do n = n + 1 end
  return n
end

--- Has this row a fault, for tshark or, in the column's own layer, for us?
local function is_faulty(row, column, p, layers)
  if row["_ws.malformed"] ~= "" or row["_ws.short"] ~= "" then return true end
  return p.fault and column:find(layers[#layers] .. ".", 1, true) == 1
end

--- Linux's port for VXLAN from before it had one, which tshark does not know.
local function is_old_vxlan(p)
  return p.vxlan and (p.sport == 8472 or p.dport == 8472)
end

--- Why a difference in this row need not be ours, or nil.  The words are the printed columns.
local function excuse(row, column, p, ours, theirs, layers)
  local chain = row["frame.protocols"]
  -- Cisco's FabricPath and ISL, whose outer header tshark does not call Ethernet
  if column:find("^eth%.") and (chain:find("^eth:cfp") or chain:find("^eth:eth:")) then return "cisco" end
  -- tshark holds no length over 31 bits
  if column == "frame.len" and theirs[1] == 0x7fffffff and ours[1] > theirs[1] then return "faulty" end
  if is_faulty(row, column, p, layers) then
    -- either may have read further, but fields that both have are equal
    return (ours[1] == theirs[1] or #ours == 0 or #theirs == 0) and "faulty" or nil
  end
  if is_old_vxlan(p) and common(ours, theirs) == #theirs then return "inner" end
  -- of a quoted packet tshark reads less than is there
  if p:layers().quoted and common(ours, theirs) == math.min(#ours, #theirs) then return "quoted" end
  -- tunnels and quoted packets, which only tshark looks into: our values are the first ones
  if common(ours, theirs) == #ours and #read_layers(row) > #layers then return "inner" end
  -- tshark knows no segment length in a first fragment
  if column == "tcp.len" and (math.tointeger(tonumber(row["ip.flags"])) or 0) & 1 == 1 then return "fragment" end
end

local function count(counts, column, what)
  counts[column] = counts[column] or { compared = 0, equal = 0 }
  counts[column][what] = (counts[column][what] or 0) + 1
end

local function compare(counts, p, row, column, layers, where)
  local ours, theirs = p:all(column), read_cell(column, row[column])
  if #ours == 0 and #theirs == 0 then return end
  count(counts, column, "compared")
  if #ours == #theirs and common(ours, theirs) == #ours then return count(counts, column, "equal") end
  local why = excuse(row, column, p, ours, theirs, layers)
  if why then return count(counts, column, why) end
  error(("%s: %s is %s, but %s for tshark (%s)"):format(where, column, table.concat(ours, ","),
    table.concat(theirs, ","), row["frame.protocols"]))
end

--- Could our layers have gone on to the next of theirs?
local function stopped_early(ours, theirs)
  local last, following = ours[#ours], theirs[#ours + 1]
  if following == "ip" or following == "ipv6" then return LINKS[last] end
  if following == "eth" then return false end
  return PROTOCOLS[following]
end

--- Our layers are the first ones of tshark's, as far as we know protocols; where tshark gave up
--- either may have gone further.
local function compare_layers(counts, p, row, where)
  local ours, theirs = p:layers(), read_layers(row)
  count(counts, "layers", "compared")
  if common(ours, theirs) == #ours and not stopped_early(ours, theirs) then
    return count(counts, "layers", "equal")
  end
  if p.fault or is_faulty(row, "layers", p, ours) then return count(counts, "layers", "faulty") end
  if row["frame.protocols"]:find("^eth:eth:") then return count(counts, "layers", "cisco") end
  if is_old_vxlan(p) then return count(counts, "layers", "inner") end
  error(("%s: layers are %s, but %s for tshark"):format(where, table.concat(ours, ":"), row["frame.protocols"]))
end

--- Compare one file and return how many packets were read, and how many tshark read.
local function compare_file(counts, file)
  local rows, read = corpus.truth(file), 0
  local capture <close> = tap.open(file.path)
  if not capture then return 0, #rows end
  capture:each(function(p)
    read = read + 1
    local row = rows[read]
    if not row then return end
    local where, layers = file.file .. " packet " .. read, p:layers()
    compare_layers(counts, p, row, where)
    for _, column in ipairs(COLUMNS) do compare(counts, p, row, column, layers, where) end
  end)
  capture:run()
  return read, #rows
end

local function print_counts(counts)
  local names = { "compared", "equal", "inner", "quoted", "faulty", "cisco", "fragment" }
  print(("%-22s" .. ("%10s"):rep(#names)):format("", table.unpack(names)))
  for _, column in ipairs { "layers", table.unpack(COLUMNS) } do
    local cells = { column }
    for i, name in ipairs(names) do cells[i + 1] = counts[column][name] or 0 end
    print(("%-22s" .. ("%10d"):rep(#names)):format(table.unpack(cells)))
  end
end

describe("the built-in protocols", function()
  it("read every packet of the corpus as tshark does", function()
    local files = corpus.files(function(row)
      return row.format:find("^pcap [un]sec ") and LINKTYPES[row.linktypes] and
        -- tshark prints such a time wrong
        not row.notes:find("wild time fraction") and not row.notes:find("version 2.2;", 1, true)
    end)
    if not files then return pending("the corpus is not here") end
    local counts, packets, missing = {}, 0, {}
    for _, file in ipairs(files) do
      local read, rows = compare_file(counts, file)
      packets = packets + read
      if read < rows then missing[#missing + 1] = file.file end
    end
    print_counts(counts)
    print(("%d packets of %d files; fewer packets than tshark's in: %s"):format(packets, #files,
      table.concat(missing, " ")))
    assert.is_true(packets > 20000)
    for _, column in ipairs(COLUMNS) do assert.is_true((counts[column].equal or 0) > 0, column) end
    -- a version 9.9, and a record of 4294901760 bytes, which tshark takes for an empty packet
    assert.is_true(#missing <= 2)
  end)
end)
