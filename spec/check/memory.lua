--- Uses all of moontap once and again, for the leak checker of the sanitizers to
--- look at when the program ends: captures that ran, broke off, failed and were
--- refused, packets that were kept, objects that were closed and forgotten.

local build = require "spec.support.build"
local tap = require "moontap"

local frames = {}
for i = 1, 300 do frames[i] = build.udp_frame { src = "10.0.0." .. i % 250, dstport = i, payload = ("x"):rep(i) } end
local file = build.pcap(frames)

local function each_way(cap)
  cap:aggregate { by = { "src", "frame.len" }, "packets = count()", "bytes = sum(frame.len)", limit = 100 }
  cap:on({ "src", "tcp.options?" }, function() end)
  cap:every("10ms", function() end)
  for p in cap:packets() do
    local kept = p:copy()
    assert(#kept:json() + #kept:show() + #kept:summary() + #kept:hex() + #p.udp.payload > 0)
    if p["frame.number"] == 200 then break end
  end
end

for _ = 1, 3 do
  each_way(assert(tap.open { data = file }))
  each_way(assert(tap.open { packets = frames, strict = true }))
  local cap <close> = assert(tap.open { data = file, filter = { { 6, 0, 0, 65535 } } })
  cap:each(function() error("on purpose") end)
  assert(not pcall(cap.run, cap))
  assert(not tap.open { data = "no capture" })
  assert(not tap.open { interface = "nope0" })
  assert(not tap.open { data = file:sub(1, 5000) }:run())
  assert(not pcall(tap.open, { data = file, nonsense = 1 }))
  local live = tap.open { interface = "lo", buffer = "1M" }
  if live then assert(live:run { duration = "20ms" }) end
end
