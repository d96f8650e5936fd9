--- Which packets are there? One line for each, in the manner of tcpdump.
--
--   moontap -r trace.pcap                        the tool that runs where none is named
--   moontap print -i eth0 -v                     -v all fields of each packet, -q less
--   moontap -r trace.pcap -X -tttt               bytes behind each line, and the date before it
--   moontap -r trace.pcap --fields src,dst,frame.len --header
--
-- Times are of the local clock; --fields prints them as seconds since 1970.
local tap = require "moontap"
local core = require "moontap.core"

local _, general = tap.options {
  about = "Prints packets.",
  heeds = {
    "ascii", "csv", "fields", "header", "hex", "hex_ascii", "json", "link", "quiet", "time",
    "verbose",
  },
}
local cap = assert(tap.capture())

local bytes = general.hex_ascii and "both" or general.hex and "hex" or general.ascii and "ascii"
local lines = core.lines {
  time = general.time, link = general.link, bytes = bytes,
  whole = (general.hex_ascii or general.hex or general.ascii) == 2,
}

local function print_fields(names)
  for i, name in ipairs(names) do names[i] = name:gsub("%?$", "") end
  local columns = core.columns(names, general.csv and "csv" or "tsv")
  if columns:tracked() then cap:flows() end
  if general.header then io.write(table.concat(names, general.csv and "," or "\t"), "\n") end
  for p in cap:packets() do io.write(columns:line(p), "\n") end
end

--- "21:04:05.000123 10.0.0.1.4000 > 10.0.0.2.53 udp 60"
local function short_line(p)
  local layers = p:layers()
  local from, to = p.src or p.eth_src or "?", p.dst or p.eth_dst or "?"
  if p.sport then from, to = from .. "." .. p.sport, to .. "." .. p.dport end
  local time = lines:time(p)
  return ("%s%s%s > %s %s %d"):format(time, time ~= "" and " " or "", from, to,
    layers[#layers] or "?", p.len)
end

local function print_packet(p)
  io.write(general.quiet and short_line(p) or lines:line(p), "\n")
  if general.verbose then io.write(p:show(), "\n\n") end
  local dump = bytes and lines:bytes(p)
  if dump and dump ~= "" then io.write(dump, "\n") end
end

if general.fields then
  print_fields(general.fields)
elseif general.json then
  for p in cap:packets() do io.write(p:json(), "\n") end
else
  for p in cap:packets() do print_packet(p) end
end
