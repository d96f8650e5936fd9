--- What is in a capture: how many packets, how long, from when, with which losses?
--
--   moontap info -r trace.pcapng
--   moontap info -r a.pcap.gz -r b.pcap.gz       several files, as they are when merged by time
--   moontap info -r trace.pcap tcp port 80       of the packets that a filter accepts
local tap = require "moontap"
local report = require "moontap.report"
local units = require "moontap.units"

tap.options { about = "Tells how many packets a capture has, how long it is and from when." }
local cap = assert(tap.capture())
local interfaces = cap:aggregate {
  by = { "frame.interface_name?", "frame.linktype" }, "packets = count()",
  "bytes = sum(frame.cap_len)",
}

local first, last, before
local captured, whole, cut, strict, lost = 0, 0, 0, true, 0
cap:on({ "frame.cap_len", "frame.len", "frame.time_ns?" }, function(kept, len, time)
  captured, whole = captured + kept, whole + len
  if kept < len then cut = cut + 1 end
  if not time then return end
  if before and time < before then strict = false end
  before = time
  first, last = math.min(first or time, time), math.max(last or time, time)
end)
cap:on({ "frame.drop_count" }, function(count) lost = lost + count end)
local stats, trouble = cap:run()

local function put(name, value, ...)
  io.write(("%-18s%s\n"):format(name, value:format(...)))
end

local function time_text(ns)
  return ("%s.%09d"):format(os.date("%Y-%m-%d %H:%M:%S", ns // 1000000000), ns % 1000000000)
end

local n = cap:stats().delivered
put("name", "%s", cap:info().name or cap:info().kind)
put("packets", "%d", n)
put("bytes captured", "%d", captured)
put("bytes on the wire", "%d", whole)
put("packets cut short", "%d", cut)
put("packets lost", "%d", lost)
if first then
  put("first packet", "%s", time_text(first))
  put("last packet", "%s", time_text(last))
  put("duration", "%d.%09d s", (last - first) // 1000000000, (last - first) % 1000000000)
  put("in order of time", strict and "yes" or "no")
end
if n > 0 then put("average size", "%.2f bytes", whole / n) end
if first and last > first then
  local seconds <const> = (last - first) / 1e9
  local bytes <const> = units.size_text(whole / seconds // 1 | 0)
  put("average rate", "%.2f packets/s, %s/s", n / seconds, bytes)
end
if n > 0 then
  local rows = {}
  for row in interfaces:top(100, "packets") do rows[#rows + 1] = row end
  io.write("\n", report.table({
    { name = "frame.interface_name?", label = "interface" },
    { name = "frame.linktype", label = "link type" }, "packets", "bytes",
  }, rows))
end
assert(stats, trouble)
