-- The same traffic seen by another program at the same time: what moontap takes from the ring is,
-- byte for byte, what tcpdump takes by libpcap, and what both say was sent is what the kernel counts.

local live = require "spec.support.live"
local run = require "spec.support.run"
local wait = require "spec.support.wait"

local it = live.it(it, pending)

--- The records of a classic capture file of this machine's byte order: { bytes, time in ns }.
local function records(path)
  local bytes = run.read(path)
  local list, at = {}, 25
  while at <= #bytes do
    local seconds, fraction, caplen, _, body = string.unpack("<I4I4I4I4", bytes, at)
    list[#list + 1] = { bytes:sub(body, body + caplen - 1), seconds * 1000000000 + fraction * 1000 }
    at = body + caplen
  end
  return list
end

--- What the script below writes: the same.
local function packed(text)
  local list, at = {}, 1
  while at <= #text do
    local frame, time_ns
    frame, time_ns, at = string.unpack("<s4i8", text, at)
    list[#list + 1] = { frame, time_ns }
  end
  return list
end

--- How many packet sockets of the run take frames in.
local function captures()
  return select(2, run.read("/proc/net/packet"):gsub("%x+ +%d+ +3 +%x+ +%d+ +1 ", ""))
end

local TAKE_ALL <const> = [[
  local tap = require "moontap"
  for p in assert(tap.capture()):packets() do
    io.write(string.pack("<s4i8", p:bytes(), p.time_ns))
  end
]]

describe("moontap beside tcpdump", function()
  local link, base

  before_each(function()
    link, base = live.pair(), os.tmpname()
    run.write(base .. ".lua", TAKE_ALL)
  end)

  after_each(function()
    link:close()
    for _, ending in ipairs { "", ".lua", ".pcap" } do os.remove(base .. ending) end
  end)

  it("takes the same frames at the same times, in both directions", function()
    -- It ends by -c: at a signal it would throw away what lies in its ring.
    local tcpdump <close> = run.start {
      "tcpdump", "-i", link.b, "-w", base .. ".pcap", "-Z", "root", "-B", "32768", "-c", "4004",
    }
    local moontap <close> = run.start { run.moontap, base .. ".lua", "-i", link.b }
    wait.until_true("both capture", function() return captures() == 2 end)
    assert.equal(3003, live.send(link.a, { count = 3003 }))
    assert.equal(1001, live.send(link.b, { count = 1001, size = 99, taps = 1 }))
    local theirs = tcpdump:finish()
    moontap:kill("INT")
    local ours = moontap:finish()
    assert.same({ 0, 0 }, { ours.code, theirs.code }, ours.err .. theirs.err)
    assert.equal("moontap: 4004 seen, 4004 delivered, 0 filtered, 0 dropped, 0 unread\n", ours.err)
    assert.matches("\n0 packets dropped by kernel", theirs.err)
    local mine, other = packed(ours.out), records(base .. ".pcap")
    assert.same({ 4004, 4004 }, { #mine, #other })
    for i, record in ipairs(other) do
      assert.is_true(mine[i][1] == record[1], ("frame %d differs"):format(i))
      assert.is_true(math.abs(mine[i][2] - record[2]) < 20000000, ("frame %d came at another time"):format(i))
    end
    local counters = live.counters(link.b)
    assert.same({ 3003, 1001 }, { counters.rx_packets, counters.tx_packets })
  end)

  it("prints the same lines for packets that come at that time", function()
    local words = { "-i", link.b, "-n", "-c", "300" }
    local tcpdump <close> = run.start { "tcpdump", "-t", "-S", "-Z", "root", table.unpack(words) }
    local moontap <close> = run.start { run.moontap, table.unpack(words) }
    wait.until_true("both capture", function() return captures() == 2 end)
    live.send(link.a, { count = 300, size = 80 })
    local ours, theirs = moontap:finish(), tcpdump:finish()
    assert.same({ 0, 0 }, { ours.code, theirs.code }, ours.err .. theirs.err)
    assert.equal(theirs.out, (ours.out:gsub("%d%d:%d%d:%d%d%.%d+ (%C+\n)", "%1")))
    assert.equal(300, select(2, theirs.out:gsub("\n", "")))
  end)
end)
