--- Gates: what moontap may cost, in user-space instructions per packet.  Counts
--- do not depend on the machine's load, so they can be held: each script runs
--- under callgrind on two captures of the generator's small64, and what the
--- longer one cost more, divided by the packets that it has more, is the cost of
--- a packet without starting up.  Limits only go down.  The longer capture has
--- 2,803 sources, which are the keys that G4 counts by.

package.path = "./?.lua;" .. package.path

local generate = require "spec.bench.generate"
local run = require "spec.support.run"

local SMALL <const>, LARGE <const> = 30000, 90000

-- Number, what it measures, the limit that is aimed at, what is kept until it is reached, what runs:
-- a script ('cap' is the open capture), or a program of this folder; and the file's format.
local gates <const> = {
  { "G1", "read a file and count", 60, nil, [[ cap:run() ]] },
  { "G1n", "the same of pcapng", 60, nil, [[ cap:run() ]], "pcapng" },
  { "G2", "read a file, filter and count", 150, 152,
    [[ assert(cap:set_filter "tcp port 80 or (udp port 53 and ip)") cap:run() ]] },
  { "G3", "read a file and decode down to the ports", 150, nil, { "decode" } },
  { "G4", "count and sum by source", 350, nil,
    [[ cap:aggregate { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" } cap:run() ]] },
  { "G6", "Lua loop over 3 declared integers", 600, 606,
    [[ for len, s, d in cap:fields { "frame.len", "sport", "dport" } do local _ = len, s, d end ]] },
  { "G7", "Lua loop over 3 declared fields, one an address", 800, nil,
    [[ for src, d, len in cap:fields { "src", "dport", "frame.len" } do local _ = src, d, len end ]] },
  { "G8", "Lua loop over packets, 3 fields", 1700, 1900,
    [[ for p in cap:packets() do
         local src, d, len = p["ip.src"], p["udp.dstport"], p["frame.len"]
         local _ = src, d, len
       end ]] },
  { "G9", "save matching packets to a file", 250, nil,
    [[ cap:save(tap.writer "/dev/null", "tcp port 80 or (udp port 53 and ip)") cap:run() ]] },
  { "G9a", "save all packets to a file", 250, 265, [[ cap:save(tap.writer "/dev/null") cap:run() ]] },
}

local folder <const> = run.build .. "/bench"

--- The capture of so many packets, made when it is not there.
local function capture(packets)
  local path = ("%s/small64-%d.pcap"):format(folder, packets)
  if not io.open(path) then
    run { "mkdir", "-p", folder }
    generate.write("small64", path .. ".new", packets)
    assert(os.rename(path .. ".new", path))
  end
  return path
end

--- The same capture in blocks.
local function capture_pcapng(packets)
  local path = ("%s/small64-%d.pcapng"):format(folder, packets)
  if not io.open(path) then
    local r = run { "editcap", "-F", "pcapng", capture(packets), path .. ".new" }
    assert(r.code == 0, r.err)
    assert(os.rename(path .. ".new", path))
  end
  return path
end

--- The command that does a gate's work over 'path'.
local function command(work, path)
  if type(work) == "table" then return { run.build .. "/bench/" .. work[1], work[2] or path, work[2] and path } end
  local code = ('local tap = require "moontap" local cap = assert(tap.open(%q)) %s'):format(path, work)
  return { run.lua, "-e", code,
    env = { LUA_PATH = "lua/?.lua;lua/?/init.lua;;", LUA_CPATH = run.build .. "/lua/?.so;;" } }
end

--- Instructions of one run of 'work' over 'path'.
local function instructions(work, path)
  local words = command(work, path)
  table.move({ "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", table.unpack(words) },
    1, 3 + #words, 1, words)
  local r = run(words)
  local count = r.code == 0 and r.err:match("Collected : (%d+)")
  if count then return math.tointeger(count) end
  local why = r.err:gsub("==%d+==[^\n]*\n?", ""):gsub("%s+$", "")
  return nil, why
end

--- Instructions for one packet, or nil and why not.
local function per_packet(work, format)
  local make = format == "pcapng" and capture_pcapng or capture
  local counts = {}
  for i, packets in ipairs { SMALL, LARGE } do
    local count, why = instructions(work, make(packets))
    if not count then return nil, why end
    counts[i] = count
  end
  return (counts[2] - counts[1]) / (LARGE - SMALL)
end

--- How a cost stands: at its limit, kept where it was, or worse.
local function verdict(cost, limit, kept)
  if cost and cost <= limit then return "ok" end
  return cost and kept and cost <= kept and "kept" or "FAIL"
end

local passed, failed = 0, 0
print("gate  limit  instructions per packet")
for _, gate in ipairs(gates) do
  local name, what, limit, kept, work, format = table.unpack(gate, 1, 6)
  local cost, why = per_packet(work, format)
  local figure = cost and ("%7.1f"):format(cost) or "      -"
  local stands = verdict(cost, limit, kept)
  print(("%-4s %6d  %s  %-4s  %s"):format(name, limit, figure, stands, what))
  if stands == "kept" then print(("      %.0f over the limit; held at %d"):format(cost - limit, kept)) end
  if why then print("      " .. why:gsub("\n", "\n      ")) end
  if stands == "FAIL" then failed = failed + 1 else passed = passed + 1 end
end
--- Instructions to read a field, or nil and why not.
local function per_read(field)
  local counts = {}
  for i, times in ipairs { 1000, 11000 } do
    local count, why = instructions({ "layout", field }, times)
    if not count then return nil, why end
    counts[i] = count
  end
  return (counts[2] - counts[1]) / 10000
end

-- What a declared field may cost more than a built-in one of the same type.
local usual, why_not = per_read("udp.length")
if why_not then print("      " .. why_not) end
for _, field in ipairs { "lay.u16", "lay.u16le", "lay.u32le", "lay.i16", "lay.bits" } do
  local cost = per_read(field)
  local ratio = cost and usual and cost / usual or 99
  local stands = verdict(ratio, 1.2)
  local line = "GD   %6.1f  %7.2f  %-4s  read %s of a declared protocol, in reads of udp.length"
  print(line:format(1.2, ratio, stands, field))
  if stands == "FAIL" then failed = failed + 1 else passed = passed + 1 end
end
print(("%d passed, %d failed, 0 skipped"):format(passed, failed))
os.exit(failed == 0)
