--- How does a capture fall apart, by hosts, ports, link types, or whatever its packets have?
--
--   moontap split -r trace.pcap --by=src,dst --into=pair-%s.pcap
--   moontap split -i eth0 --by=vlan.id --into='/tmp/vlan-%s.pcapng.gz'
--
-- Each value of the fields gets a file, with the value in place of %s. A packet without one of the
-- fields is in none. By size, number or time, files are split without a tool: see --rotate.
local tap = require "moontap"
local report = require "moontap.report"

local opt = tap.options {
  about = "Saves packets to a file for each value of some fields.",
  { "by", "src", "fields to split by", type = "fields" },
  { "into", "part-%s.pcapng", "the files' names, with %s for the value" },
  { "files", 500, "how many files there may be", min = 1 },
}
assert(opt.into:find("%s", 1, true), "split: --into has no %s")

--- A value as a part of a file's name.
local function name_of(values)
  local text = table.concat(values, "_"):gsub("[^%w%.:%-_]", "_")
  return (opt.into:gsub("%%s", function() return text end, 1))
end

local cap = assert(tap.capture())
local writers, rows = {}, {}

local function writer_for(path)
  if writers[path] then return writers[path] end
  assert(#rows < opt.files, "split: more than " .. opt.files .. " files, see --files")
  writers[path] = assert(tap.writer(path))
  rows[#rows + 1] = { file = path }
  return writers[path]
end

cap:each(function(p)
  local values = {}
  for i, name in ipairs(opt.by) do
    local value = p[name]
    if value == nil then return end
    values[i] = tostring(value)
  end
  assert(writer_for(name_of(values)):write(p))
end)
local stats, trouble = cap:run()

for _, row in ipairs(rows) do
  assert(writers[row.file]:close())
  row.packets, row.bytes = writers[row.file]:stats().packets, writers[row.file]:stats().bytes
end
table.sort(rows, function(a, b) return a.file < b.file end)
io.write(report.table({ "file", "packets", "bytes" }, rows))
assert(stats, trouble)
