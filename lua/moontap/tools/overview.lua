--- Who talked to whom, how much, with which protocols, and when?
--
--   moontap overview -i eth0 --duration=10s
--   moontap overview -r trace.pcap --rows=20
--
-- C counts all but the time line, which takes two values of each packet into Lua.
local tap = require "moontap"
local report = require "moontap.report"
local timeline = require "moontap.timeline"
local units = require "moontap.units"

local opt = tap.options {
  about = "Prints who talked to whom, how much, with which protocols, and when.",
  { "rows", 10, "rows of each table, at most", min = 1 },
}
local cap = assert(tap.capture())

local function count_by(by)
  return cap:aggregate { by = by, "packets = count()", "bytes = sum(frame.len)" }
end

local total = count_by {}
local talks = count_by {
  "src", "dst", "icmp?", "icmpv6?", "tcp?", "udp?", "ip.proto:text?", "ipv6.nxt:text?",
}
local arps = count_by { "arp.src.proto_ipv4", "arp.dst.proto_ipv4" }
local ports = count_by { "sport", "dport", "udp?" }
local over_time, first_ns, last_ns = timeline.new(), math.maxinteger, math.mininteger
cap:on({ "time_ns", "len" }, function(time_ns, len)
  first_ns, last_ns = math.min(first_ns, time_ns), math.max(last_ns, time_ns)
  over_time:add(time_ns, len)
end)

local stats, trouble = cap:run()

local hosts, protocols, services = report.sums(), report.sums(), report.sums()
local pair_of = {}

--- Both directions between two hosts go to one row, in the words of who was seen first.
local function add_talk(from, to, protocol, row)
  local name = pair_of[to .. " " .. from] or from .. " " .. to
  pair_of[name] = name
  local talk = hosts:add(name, row)
  talk.a, talk.b, talk.with = talk.a or from, talk.b or to, talk.with or ""
  local way = talk.a == from and "there" or "back"
  talk[way] = (talk[way] or 0) + row.bytes
  if not (" " .. talk.with .. " "):find(" " .. protocol .. " ", 1, true) then
    talk.with = (talk.with .. " " .. protocol):gsub("^ ", "")
  end
  protocols:add(protocol, row)
end

for row in talks:rows() do
  local protocol = row["icmp?"] and "icmp" or row["icmpv6?"] and "icmpv6"
    or row["tcp?"] and "tcp" or row["udp?"] and "udp"
    or row["ip.proto:text?"] or row["ipv6.nxt:text?"]
  add_talk(row.src, row.dst, tostring(protocol):lower(), row)
end
for row in arps:rows() do
  add_talk(row["arp.src.proto_ipv4"], row["arp.dst.proto_ipv4"], "arp", row)
end
for row in ports:rows() do
  services:add((row["udp?"] and "udp " or "tcp ") .. math.min(row.sport, row.dport), row)
end

local whole, info = total:get() or { packets = 0, bytes = 0 }, cap:info()

--- A title, the largest rows and how many more there are. Each row's share of all bytes is a bar.
local function section(title, sums, ...)
  if #sums == 0 then return end
  local columns, rows = { ... }, sums:largest(opt.rows)
  for _, row in ipairs(rows) do row.share = report.bar(row.bytes, whole.bytes, 20) end
  table.move({ "packets", { name = "bytes", right = true, format = units.size_text },
    { name = "share", label = "" } }, 1, 3, #columns + 1, columns)
  io.write("\n", title, "\n", report.table(columns, rows, "  "))
  if #sums > #rows then io.write(("  ... %d more\n"):format(#sums - #rows)) end
end

io.write(("%s: %s %s, %s"):format(info.interface or info.name, units.count_text(whole.packets),
  units.plural(whole.packets, "packet"), units.size_text(whole.bytes)))
if first_ns <= last_ns then
  io.write((" in %s, from %s"):format(units.time_text(last_ns - first_ns),
    os.date("%Y-%m-%d %H:%M:%S", first_ns // 1000000000)))
end
io.write("\n")
io.write(report.left_out(talks), report.left_out(ports))
section("Who talked to whom", hosts,
  { name = "a", label = "host a" }, { name = "b", label = "host b" }, "with",
  { name = "there", label = "a → b", format = units.size_text, right = true },
  { name = "back", label = "a ← b", format = units.size_text, right = true })
section("With which protocols", protocols, { name = "name", label = "protocol" })
section("At which ports", services, { name = "name", label = "port" })
if whole.packets > 0 then io.write("\nWhen\n", (over_time:text(units.size_text))) end
io.write("\nCounts\n  ", report.counts(stats or cap:stats()), "\n")
assert(stats, trouble)
