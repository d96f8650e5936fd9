--- Do two captures hold the same packets?
--
--   moontap compare -r a.pcap -r b.pcapng
--   moontap compare -r a.pcap -r b.pcap --ignore-time --rows=50
--
-- Packets are compared in order: time, length on the wire, link type and bytes. The exit status is
-- 0 where all are the same, 1 where they differ.
local tap = require "moontap"

local opt, general = tap.options {
  about = "Compares the packets of two capture files, in order.",
  { "ignore-time", false, "compare packets whatever their times" },
  { "rows", 10, "how many differences to print" },
}
assert(general.read and #general.read == 2, "compare: give two files, each by -r")

local function open(path)
  return assert(tap.open { file = path, filter = general.filter })
end
local a <close> = open(general.read[1])
local b <close> = open(general.read[2])

--- What of 'p' differs from 'q', in words, or nil.
local function difference(p, q)
  if not q then return "is missing in " .. general.read[2] end
  if not p then return "is missing in " .. general.read[1] end
  if not opt.ignore_time and p.time_ns ~= q.time_ns then
    return ("time %s, %s"):format(p.time_ns, q.time_ns)
  end
  for _, name in ipairs { "frame.len", "frame.linktype", "frame.cap_len" } do
    if p[name] ~= q[name] then return ("%s %d, %d"):format(name, p[name], q[name]) end
  end
  local x, y = p:bytes(), q:bytes()
  if x == y then return nil end
  local at = 1
  while x:byte(at) == y:byte(at) do at = at + 1 end
  return ("byte %d is %02x, %02x"):format(at - 1, x:byte(at), y:byte(at))
end

--- The next packet, or nil at the end, behind which the file would begin again.
local ended = {}
local function next_of(cap)
  if ended[cap] then return nil end
  local p, trouble = cap:next()
  assert(not trouble, trouble)
  ended[cap] = p == nil
  return p
end

local number, differ = 0, 0
while true do
  local p, q = next_of(a), next_of(b)
  if not (p or q) then break end
  number = number + 1
  local what = difference(p, q)
  if what then differ = differ + 1 end
  if what and differ <= opt.rows then print(("packet %d: %s"):format(number, what)) end
end
print(("%d of %d packets differ"):format(differ, number))
if differ > 0 then os.exit(1, true) end
