--- Which packets are there? One line for each, in the manner of tcpdump.
--
--   moontap -r trace.pcap                        the tool that runs where none is named
--   moontap print -i eth0 -v                     -v all fields of each packet, -q less
--   moontap -r trace.pcap --fields src,dst,frame.len --header
--
-- Times are of the local clock; --fields prints them as seconds since 1970.
local tap = require "moontap"
local core = require "moontap.core"

local _, general = tap.options {
  about = "Prints packets.",
  heeds = { "fields", "header", "quiet", "verbose" },
}
local cap = assert(tap.capture())

local second, clock_text

--- "21:04:05.000123"
local function clock(time_ns)
  if not time_ns then return "--:--:--.------" end
  if time_ns // 1000000000 ~= second then
    second = time_ns // 1000000000
    clock_text = os.date("%H:%M:%S.", second)
  end
  return clock_text .. ("%06d"):format(time_ns // 1000 % 1000000)
end

local function print_fields(names, header)
  for i, name in ipairs(names) do names[i] = name:gsub("%?$", "") end
  local columns = core.columns(names)
  if header then io.write(table.concat(names, "\t"), "\n") end
  for p in cap:packets() do io.write(columns:line(p), "\n") end
end

--- "21:04:05.000123 10.0.0.1.4000 > 10.0.0.2.53 udp 60"
local function print_short()
  for p in cap:packets() do
    local layers = p:layers()
    local from, to = p.src or p.eth_src or "?", p.dst or p.eth_dst or "?"
    if p.sport then from, to = from .. "." .. p.sport, to .. "." .. p.dport end
    io.write(clock(p.time_ns), " ", from, " > ", to, " ", layers[#layers] or "?", " ", p.len, "\n")
  end
end

if general.fields then
  print_fields(general.fields, general.header)
elseif general.quiet then
  print_short()
else
  for p in cap:packets() do
    io.write(clock(p.time_ns), " ", p:summary(), "\n")
    if general.verbose then io.write(p:show(), "\n\n") end
  end
end
