--- What do several capture files hold together, in order of time?
--
--   moontap merge -r a.pcap -r b.pcapng.gz -w all.pcapng
--   moontap merge -r a.pcap -r b.pcap -w web.pcap tcp port 80       what a filter accepts
--
-- The files of -r are merged by time and -w saves them; this counts what came from where.
local tap = require "moontap"
local report = require "moontap.report"

local _, general = tap.options { about = "Merges capture files (-r, several times) into one (-w)." }
assert(general.write, "merge: no file to write, give -w")
assert(general.read, "merge: no files to read, give -r for each")

local cap = assert(tap.capture())
local files = cap:aggregate {
  by = { "frame.file?" }, "packets = count()", "bytes = sum(frame.len)",
}
local stats, trouble = cap:run()
if general.write ~= "-" then
  local rows = {}
  for row in files:top(1000, "packets") do rows[#rows + 1] = row end
  io.write(report.table({ { name = "frame.file?", label = "file" }, "packets", "bytes" }, rows))
end
assert(stats, trouble)
