--- Every column of tshark's that there are fields for, for every packet of every capture of the
--- corpus that can be read: the text of the first value, and the whole list of values.
local core = require "moontap.core"
local corpus = require "spec.proto.corpus"
local tap = require "moontap"

local COLUMNS <const> = {
  "frame.number", "frame.len", "frame.cap_len", "frame.time_epoch", "frame.interface_id", "eth.src", "eth.dst",
  "eth.type", "vlan.id", "vlan.etype", "ieee8021ad.id", "mpls.label", "arp.opcode", "ip.src", "ip.dst", "ip.proto",
  "ip.ttl", "ip.len", "ip.id", "ip.frag_offset", "ip.flags", "ip.hdr_len", "ipv6.src", "ipv6.dst", "ipv6.nxt",
  "ipv6.hlim", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value",
  "tcp.len", "tcp.hdr_len", "udp.srcport", "udp.dstport", "udp.length", "icmp.type", "icmp.code", "icmpv6.type",
  "icmpv6.code",
}

-- Why a value may differ; the words are the printed columns.
local REASONS <const> = {
  link = "a link type that is not decoded here",
  inner = "a tunnel's layers, which are not decoded here: ours are the first values",
  quoted = "what an ICMP error quotes of a packet, of which tshark reads less",
  faulty = "a header that lies or ends early: where both have a value it is the same",
  unsaid = "tshark has no such column for this file: no interface in classic captures",
  pseudo = "SunATM, whose four bytes in front tshark does not count",
  wild = "a time whose fraction is over a second, which tshark prints wrong; a length of over 31 bits",
  cisco = "FabricPath and ISL, whose outer header tshark does not call Ethernet",
  fragment = "the segment's length in a first fragment, which tshark does not tell",
  port = "VXLAN at Linux's port from before it had one, which tshark does not know",
  guess = "a pseudowire, which does not say whether it has a control word: tshark asks for manufacturers",
  action = "an action of 802.11 behind Ethernet, without a header of 802.11, which tshark calls wlan all the same",
  bug = "rows where tshark says that it failed itself",
}
local ORDER <const> = {
  "link", "inner", "quoted", "faulty", "unsaid", "pseudo", "wild", "cisco", "fragment",
  "port", "guess", "action", "bug",
}

-- Files of which we read nothing and tshark something.
local REFUSED <const> = {
  ["moontap-badversion.pcap"] = true, -- a version 9.9
  ["moontap-modified.pcap"] = true, -- a format of its own
  -- a record of 4294901760 bytes, which tshark takes for an empty packet
  ["pcpp-clusterfuzz-testcase-minimized-FuzzTarget-6604968558198784.pcap"] = true,
}

-- The protocols and the fields that there are.
local KNOWN <const> = {}
for _, field in ipairs(tap.fields()) do KNOWN[field.name] = field.type end

local fields <const> = {}
for _, name in ipairs(COLUMNS) do
  if KNOWN[name] then fields[#fields + 1] = name end
end

-- What IP follows. Behind anything else it is a tunnel's or a quoted packet's, as Ethernet is behind
-- any layer.
local LINKS <const> = {}
for name in ("eth vlan ieee8021ad llc raw sll null ppp pppoes mpls chdlc fr"):gmatch("%S+") do LINKS[name] = true end

local function split(text, pattern)
  local list = {}
  for part in text:gmatch(pattern) do list[#list + 1] = part end
  return list
end

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

--- The steps of a chain; wlan_radio is no layer, and data is nobody's.
local function read_chain(text)
  -- tshark leaves the header of VXLAN's generic extension out, has two names for version 2 of GTP
  -- and one more for the port of its version 0, and says IGMP twice
  local chain = text:gsub("udp:ip", "udp:vxlan:ip"):gsub("udp:nsh", "udp:vxlan:nsh")
    :gsub("gtp:gtpv2", "gtpv2"):gsub("gtpprime", "gtp"):gsub("igmp:igmp", "igmp")
  local steps = split(chain, "[^:]+")
  for i = #steps, 1, -1 do
    if steps[i] == "wlan_radio" then table.remove(steps, i) end
  end
  while steps[#steps] == "data" do steps[#steps] = nil end
  return steps
end

--- How many of 'list' are equal to those of 'whole' from the first on.
local function common(list, whole)
  local n = 0
  while n < #list and list[n + 1] == whole[n + 1] do n = n + 1 end
  return n
end

local function is_faulty(at, column)
  if at.row["_ws.malformed"] ~= "" or at.row["_ws.short"] ~= "" then return true end
  return at.p.fault and (not column or column:find(at.layers[#at.layers] .. ".", 1, true) == 1)
end

local function is_old_vxlan(p)
  return p.vxlan and (p.sport == 8472 or p.dport == 8472)
end

--- Did tshark find a control word where we found none?
local function is_guess(at)
  return at.p.pwethnocw and at.row["frame.protocols"]:find("pwethcw", 1, true)
end

local function is_fragment(p)
  local more = p["ip.flags.mf"]
  for _, value in ipairs(p:all("ipv6.fraghdr.more")) do more = more or value end
  return more
end

--- Why a difference of a column need not be ours, or nil.
local function excuse(at, column, ours, theirs)
  local chain = at.row["frame.protocols"]
  if #at.layers == 0 and not at.p.fault and #ours == 0 then return "link" end
  if column == "frame.interface_id" and #theirs == 0 and at.file.format:find("^pcap ") then return "unsaid" end
  if at.file.linktypes == "123" and theirs[1] and theirs[1] + 4 == ours[1] then return "pseudo" end
  if column == "frame.time_epoch" and (at.file.notes:find("wild time fraction") or theirs[1] > 1 << 60) then
    return "wild"
  end
  if column == "frame.len" and theirs[1] == 0x7fffffff and ours[1] > theirs[1] then return "wild" end
  if column:find("^eth%.") and (chain:find("^eth:cfp") or chain:find("^eth:eth:")) then return "cisco" end
  if is_faulty(at, column) then
    return (ours[1] == theirs[1] or #ours == 0 or #theirs == 0) and "faulty" or nil
  end
  if is_old_vxlan(at.p) and common(ours, theirs) == #theirs then return "port" end
  if is_guess(at) then return "guess" end
  -- of a quoted packet tshark reads less than is there
  if at.p:layers().quoted and common(ours, theirs) == math.min(#ours, #theirs) then return "quoted" end
  if common(ours, theirs) == #ours and #at.theirs > #at.ours then return "inner" end
  if column == "tcp.len" and is_fragment(at.p) then return "fragment" end
  if at.file.tshark_says:find("Dissector bug") then return "bug" end
end

local function count(counts, column, what)
  counts[column] = counts[column] or { compared = 0, equal = 0 }
  counts[column][what] = (counts[column][what] or 0) + 1
end

local function complain(at, column, ours, theirs)
  at.complaints[#at.complaints + 1] = ("%s packet %d: %s is %s, but %s for tshark (%s)"):format(at.file.file, at.number,
    column, ours, theirs, at.row["frame.protocols"])
end

local function compare(at, column, text)
  local ours, theirs = at.p:all(column), read_cell(column, at.row[column])
  if #ours == 0 and #theirs == 0 then return end
  count(at.counts, column, "compared")
  local first = at.row[column]:match("^[^,]*")
  if #ours == #theirs and common(ours, theirs) == #ours and text == first then
    return count(at.counts, column, "equal")
  end
  local why = excuse(at, column, ours, theirs)
  if why then return count(at.counts, column, why) end
  complain(at, column, text .. " of " .. table.concat(ours, ","), at.row[column])
end

--- Could our layers have gone on to the next of theirs?
local function stopped_early(ours, theirs)
  local last, following = ours[#ours], theirs[#ours + 1]
  if following == "ip" or following == "ipv6" then return LINKS[last] or last == "ethertype" end
  if following == "eth" then return false end
  return KNOWN[following] == "presence"
end

--- Why another chain need not be ours, or nil.
local function excuse_chain(at, chain)
  if is_faulty(at) then return "faulty" end
  if chain:find("^eth:eth:") then return "cisco" end
  if is_old_vxlan(at.p) then return "port" end
  if is_guess(at) then return "guess" end
  if at.p["eth.type"] == 0x890d and chain == "eth:ethertype:wlan" then return "action" end
  if at.file.tshark_says:find("Dissector bug") then return "bug" end
end

--- Our chain is the beginning of tshark's, as far as protocols are known here.
local function compare_chain(at)
  local column = "frame.protocols"
  count(at.counts, column, "compared")
  if common(at.ours, at.theirs) == #at.ours then
    if #at.layers == 0 and not at.p.fault then return count(at.counts, column, "link") end
    if not stopped_early(at.ours, at.theirs) then return count(at.counts, column, "equal") end
  end
  local why = excuse_chain(at, at.row[column])
  if why then return count(at.counts, column, why) end
  complain(at, column, table.concat(at.ours, ":"), "another")
end

local columns <const> = core.columns(fields)

local function compare_packet(at)
  at.layers, at.theirs = at.p:layers(), read_chain(at.row["frame.protocols"])
  at.ours = read_chain(at.p["frame.protocols"] or "")
  compare_chain(at)
  local texts = split(columns:line(at.p) .. "\t", "([^\t]*)\t")
  for i, column in ipairs(fields) do compare(at, column, texts[i]) end
end

--- Compare one file and return how many packets were read, and how many tshark read.
local function compare_file(run, file)
  local rows, read = corpus.truth(file), 0
  local capture <close> = tap.open(file.path)
  if not capture then return 0, #rows end
  capture:each(function(p)
    read = read + 1
    if not rows[read] then return end
    compare_packet {
      p = p, row = rows[read], number = read, file = file, counts = run.counts, complaints = run.complaints,
    }
  end)
  capture:run()
  return read, #rows
end

local function print_counts(counts)
  local names = { "compared", "equal", table.unpack(ORDER) }
  print(("%-22s" .. ("%9s"):rep(#names)):format("", table.unpack(names)))
  for _, column in ipairs { "frame.protocols", table.unpack(fields) } do
    local cells = { column }
    for i, name in ipairs(names) do cells[i + 1] = counts[column] and counts[column][name] or 0 end
    print(("%-22s" .. ("%9d"):rep(#names)):format(table.unpack(cells)))
  end
  for _, name in ipairs(ORDER) do print(("%-9s %s"):format(name, REASONS[name])) end
end

describe("the built-in protocols", function()
  it("read every packet of the corpus as tshark does", function()
    local files = corpus.files(function() return true end)
    if not files then return pending("the corpus is not here") end
    local run, packets, opened, ng, fewer, unread = { counts = {}, complaints = {} }, 0, 0, false, {}, {}
    for _, file in ipairs(files) do
      local read, rows = compare_file(run, file)
      packets = packets + read
      opened = opened + (read > 0 and 1 or 0)
      ng = ng or read > 0 and file.format:find("^pcapng") ~= nil
      if read < rows and read > 0 then fewer[#fewer + 1] = file.file end
      if read == 0 and rows > 0 then unread[#unread + 1] = file.file .. " (" .. file.format .. ")" end
    end
    print_counts(run.counts)
    print(("%d packets of %d files; fewer packets than tshark's in: %s; none in %d: %s"):format(packets, opened,
      table.concat(fewer, " "), #unread, table.concat(unread, " ")))
    assert.equal("", table.concat(run.complaints, "\n", 1, math.min(#run.complaints, 30)))
    assert.is_true(packets > 25000)
    for _, column in ipairs(fields) do
      local n = run.counts[column]
      assert.is_true(n and n.equal > 0 or column == "frame.interface_id" and not ng, column)
    end
    assert.same({}, fewer)
    for _, name in ipairs(unread) do assert.is_truthy(REFUSED[name:match("^%S+")] or name:find("pcapng "), name) end
  end)
end)
