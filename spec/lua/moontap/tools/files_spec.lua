--- The tools about capture files, against capinfos, mergecap and editcap.
local build = require "spec.support.build"
local generate = require "spec.bench.generate"
local run = require "spec.support.run"
local tap = require "moontap"

local folder, trace

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(run { "install", "-d", "-m", "777", folder }.code == 0)
  trace = folder .. "/trace.pcap"
  generate.write("imix", trace, 1009)
end)

teardown(function() run { "rm", "-r", folder } end)

local function at(name) return folder .. "/" .. name end

--- What a tool prints under plain Lua, which gives no power away.
local function tool(name, ...)
  local r = run { run.lua, "lua/moontap/tools/" .. name .. ".lua", ... }
  assert.equal(0, r.code, r.err)
  return r.out
end

local function fails(name, pattern, ...)
  local r = run { run.moontap, name, ... }
  assert.equal(1, r.code)
  assert.matches(pattern, r.err)
end

local function wireshark(...)
  local words = { ... }
  words.env = { LD_PRELOAD = false }
  local r = run(words)
  assert.equal(0, r.code, r.err)
  return r.out
end

local function packets(path, filter)
  local cap <close> = assert(tap.open { file = path, filter = filter })
  local list = {}
  cap:each(function(p) list[#list + 1] = ("%s %d %s"):format(p.time_ns, p.len, p:bytes()) end)
  assert(cap:run())
  return list
end

describe("info", function()
  it("says what capinfos says", function()
    wireshark("editcap", "-s", "70", trace, at "cut.pcapng")
    for _, path in ipairs { trace, at "cut.pcapng" } do
      local out = tool("info", "-r", path)
      local theirs = wireshark("capinfos", "-Tmr", "-cduaeoz", "-S", path)
      local count, size, span, first, last, average, order =
        theirs:match(",(%d+),(%d+),([%d.]+),([%d.]+),([%d.]+),([%d.]+),(%a+)")
      local function says(name) return out:match("\n" .. name .. "%s+([%d.]+)") end
      assert.equal(count, says "packets")
      assert.equal(size, says "bytes on the wire")
      assert.equal(tonumber(span), tonumber(says "duration"))
      assert.equal(average, says "average size")
      assert.equal(order == "True", out:match "\nin order of time%s+(%a+)" == "yes")
      assert.equal(tonumber("0" .. first:match("%.%d+")), tonumber("0" .. out:match("first packet[^\n]*(%.%d+)\n")))
      assert.equal(tonumber("0" .. last:match("%.%d+")), tonumber("0" .. out:match("last packet[^\n]*(%.%d+)\n")))
      assert.matches("interface  link type  packets +bytes\n *%S+ +1 +1009 +%d+\n$", out)
    end
  end)

  it("tells when times go back, and of an empty capture", function()
    run.write(at "back.pcap", build.pcap { { "b", time_ns = 2000 }, { "a", time_ns = 1000 } })
    assert.matches("in order of time  no\n", tool("info", "-r", at "back.pcap"))
    run.write(at "empty.pcap", build.pcap {})
    assert.matches("packets           0\n", tool("info", "-r", at "empty.pcap"))
    fails("info", "/nope: cannot open", "-r", "/nope")
  end)
end)

describe("merge", function()
  it("writes what mergecap writes, and counts what is from where", function()
    wireshark("editcap", trace, at "one.pcap", "1-400")
    wireshark("editcap", "-r", trace, at "two.pcap", "1-300")
    wireshark("mergecap", "-F", "pcap", "-w", at "theirs.pcap", at "one.pcap", at "two.pcap")
    local out = tool("merge", "-r", at "one.pcap", "-r", at "two.pcap", "-w", at "ours.pcap")
    local theirs, ours = packets(at "theirs.pcap"), packets(at "ours.pcap")
    table.sort(theirs)
    table.sort(ours)
    assert.same(theirs, ours)
    assert.matches("two%.pcap +300 ", out)
  end)

  it("says what it needs", function()
    fails("merge", "merge: no file to write, give %-w", "-r", trace)
  end)
end)

describe("split", function()
  it("puts each packet where its value says", function()
    tool("split", "-r", trace, "--by=ip.proto", "--into=" .. at "proto-%s.pcap")
    for _, proto in ipairs { 6, 17, 1 } do
      assert.same(packets(trace, "ip.proto == " .. proto), packets(at("proto-" .. proto .. ".pcap")))
    end
  end)

  it("refuses too many files, and a name for all of them", function()
    fails("split", "split: more than 2 files, see %-%-files", "-r", trace, "--files=2", "--into=" .. at "x%s")
    fails("split", "split: %-%-into has no %%s", "-r", trace, "--into=x")
  end)
end)

describe("convert", function()
  it("changes the format and nothing else", function()
    tool("convert", "-r", trace, "--to=" .. at "c.pcapng.gz")
    tool("convert", "-r", at "c.pcapng.gz", "--to=" .. at "c.pcap")
    assert.same(packets(trace), packets(at "c.pcap"))
  end)

  it("cuts and moves as editcap does", function()
    wireshark("editcap", "-F", "pcap", "-s", "60", "-t", "-1.5", trace, at "theirs.pcap")
    tool("convert", "-r", trace, "--to=" .. at "ours.pcap", "--cut=60", "--earlier=1.5s")
    assert.same(packets(at "theirs.pcap"), packets(at "ours.pcap"))
    fails("convert", "convert: no file to write, give %-%-to", "-r", trace)
  end)
end)

describe("compare", function()
  it("is content with the same packets, whatever the format", function()
    tool("convert", "-r", trace, "--to=" .. at "same.pcapng")
    assert.equal("0 of 1009 packets differ\n", tool("compare", "-r", trace, "-r", at "same.pcapng"))
  end)

  it("finds each difference", function()
    local a = { { "same", time_ns = 1000 }, { "abc", time_ns = 2000 }, { "x", time_ns = 3000 },
      { "end", time_ns = 4000 } }
    local b = { { "same", time_ns = 1000 }, { "abd", time_ns = 2000 }, { "x", time_ns = 4000 } }
    run.write(at "a.pcap", build.pcap(a))
    run.write(at "b.pcap", build.pcap(b))
    local r = run { run.moontap, "compare", "-r", at "a.pcap", "-r", at "b.pcap" }
    assert.equal(1, r.code)
    assert.equal("packet 2: byte 2 is 63, 64\npacket 3: time 3000, 4000\n" ..
      ("packet 4: is missing in %s\n3 of 4 packets differ\n"):format(at "b.pcap"), r.out)
    r = run { run.moontap, "compare", "-r", at "a.pcap", "-r", at "b.pcap", "--ignore-time", "--rows=1" }
    assert.equal("packet 2: byte 2 is 63, 64\n2 of 4 packets differ\n", r.out)
    fails("compare", "compare: give two files, each by %-r", "-r", trace)
  end)
end)
