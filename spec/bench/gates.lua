--- Gates: what moontap may cost, in user-space instructions per packet.  Counts
--- do not depend on the machine's load, so they can be held: each script runs
--- under callgrind on two captures of the generator's small64, and what the
--- longer one cost more, divided by the packets that it has more, is the cost of
--- a packet without starting up.  Limits only go down.

package.path = "./?.lua;" .. package.path

local generate = require "spec.bench.generate"
local run = require "spec.support.run"

local SMALL <const>, LARGE <const> = 30000, 90000

-- Number, what it measures, instructions per packet at most, script ('cap' is the open capture).
local gates <const> = {
  { "G1", "read a file and count", 60, [[ cap:run() ]] },
  { "G3", "decode down to the ports", 150, [[ cap:aggregate { "sum(sport)", "sum(dport)" } cap:run() ]] },
  { "G4", "count and sum by source", 350,
    [[ cap:aggregate { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" } cap:run() ]] },
  { "G6", "Lua loop over 3 declared integers", 600,
    [[ local n = 0 for len, s, d in cap:fields { "frame.len", "sport", "dport" } do n = n + len + s + d end ]] },
  { "G7", "Lua loop over 3 declared fields, one an address", 800,
    [[ local n = 0 for src, d, len in cap:fields { "src", "dport", "frame.len" } do n = n + len + d + #src end ]] },
  { "G8", "Lua loop over packets, 3 fields", 1700,
    [[ local n = 0 for p in cap:packets() do
         local src, d, len = p["ip.src"], p["udp.dstport"], p["frame.len"]
         n = n + len + (d or 0) + #src
       end ]] },
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

--- Instructions of one run of 'script' over 'path'.
local function instructions(script, path)
  local code = ('local tap = require "moontap" local cap = assert(tap.open(%q)) %s'):format(path, script)
  local r = run {
    "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", run.lua, "-e", code,
    env = { LUA_PATH = "lua/?.lua;lua/?/init.lua;;", LUA_CPATH = run.build .. "/lua/?.so;;" },
  }
  local count = r.code == 0 and r.err:match("Collected : (%d+)")
  if count then return math.tointeger(count) end
  local why = r.err:gsub("==%d+==[^\n]*\n?", ""):gsub("%s+$", "")
  return nil, why
end

--- Instructions for one packet, or nil and why not.
local function per_packet(script)
  local counts = {}
  for i, packets in ipairs { SMALL, LARGE } do
    local count, why = instructions(script, capture(packets))
    if not count then return nil, why end
    counts[i] = count
  end
  return (counts[2] - counts[1]) / (LARGE - SMALL)
end

local passed, failed = 0, 0
print("gate  limit  instructions per packet")
for _, gate in ipairs(gates) do
  local name, what, limit, script = table.unpack(gate)
  local cost, why = per_packet(script)
  local good = cost and cost <= limit
  local figure = cost and ("%7.1f"):format(cost) or "      -"
  print(("%-4s %6d  %s  %-4s  %s"):format(name, limit, figure, good and "ok" or "FAIL", what))
  if why then print("      " .. why:gsub("\n", "\n      ")) end
  if good then passed = passed + 1 else failed = failed + 1 end
end
print(("%d passed, %d failed, 0 skipped"):format(passed, failed))
os.exit(failed == 0)
