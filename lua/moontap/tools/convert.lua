--- How does this capture look in another format, cut, or at another time?
--
--   moontap convert -r trace.pcapng.gz --to=trace.pcap
--   moontap convert -r trace.pcap --to=heads.pcap --cut=96       keep 96 bytes of each packet
--   moontap convert -r trace.pcap --to=later.pcap --later=1h --microseconds
--
-- The name that is written tells format and packing. What pcap cannot hold (comments, interfaces)
-- is left out there, and packets of different link types are refused. Packets that are cut or moved
-- keep their first comment, and no interface.
local tap = require "moontap"

local opt = tap.options {
  about = "Writes a capture in another format, cut or moved in time.",
  { "to", "", "the file to write; x.pcap, x.pcapng.zst" },
  { "cut", 0, "keep so many bytes of each packet (0: all)", type = "size" },
  { "later", 0, "move all times by so much", type = "time" },
  { "earlier", 0, "the same, towards the past", type = "time" },
  { "microseconds", false, "of pcap: times in microseconds, for old programs" },
}
assert(opt.to ~= "", "convert: no file to write, give --to")

local cap = assert(tap.capture())
local out = assert(tap.writer {
  file = opt.to, nanoseconds = not opt.microseconds, snaplen = opt.cut,
})
local moved = opt.later - opt.earlier

if opt.cut == 0 and moved == 0 then
  cap:save(out)
else
  cap:each(function(p)
    local bytes = p:bytes()
    assert(out:write(opt.cut > 0 and bytes:sub(1, opt.cut) or bytes, {
      time_ns = p.time_ns and p.time_ns + moved, len = p["frame.len"],
      linktype = p["frame.linktype"], comment = p["frame.comment"],
    }))
  end)
end
local stats, trouble = cap:run()
assert(out:close())
if opt.to ~= "-" then print(("%d packets to %s"):format(out:stats().packets, opt.to)) end
assert(stats, trouble)
