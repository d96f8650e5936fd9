--- Who or what is most active?
--
--   moontap top -i eth0                          hosts, by what they sent
--   moontap top -r trace.pcap --by=dst,dport --rows=5
--   moontap top --by=eth.type --order=packets --duration=10s
--
-- --by takes any fields (--list-fields lists them). A packet that lacks one of them is left out;
-- write its name with ? (vlan.id?) to keep such packets.
local tap = require "moontap"
local report = require "moontap.report"

local opt = tap.options {
  about = "Prints the most active hosts, or whatever else the packets are grouped by.",
  { "by", "src", "fields to group by", type = "keys" },
  { "rows", 10, "how many to print", min = 1 },
  { "order", "bytes", "what counts", choices = { "bytes", "packets" } },
}

local cap = assert(tap.capture())
local talk = cap:aggregate { by = opt.by, "packets = count()", "bytes = sum(frame.len)" }
local total = cap:aggregate { "packets = count()", "bytes = sum(frame.len)" }
local stats, trouble = cap:run()

local sum = total:get() or { packets = 0, bytes = 0 }
local rows = {}
for row in talk:top(opt.rows, opt.order) do
  row.share = sum[opt.order] > 0 and 100 * row[opt.order] / sum[opt.order] or 0
  rows[#rows + 1] = row
end

local columns = table.move(opt.by, 1, #opt.by, 1, {})
table.move({
  "packets", "bytes",
  { name = "share", right = true, format = function(share) return ("%.1f%%"):format(share) end },
}, 1, 3, #columns + 1, columns)
io.write(report.table(columns, rows))
if talk:count() > #rows then io.write(("... %d more\n"):format(talk:count() - #rows)) end
io.write(report.left_out(talk))
assert(stats, trouble)
