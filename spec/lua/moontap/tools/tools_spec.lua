--- The tools, on captures whose content is known.
local build = require "spec.support.build"
local lfs = require "lfs"
local run = require "spec.support.run"
local tools = require "moontap.tools"

local S <const> = 1000000000

--- Two hosts talk: ARP, UDP to port 53 and back, one TCP segment, ICMP; five seconds in all.
local function traffic()
  local a, b = { src = "192.0.2.1", dst = "192.0.2.2" }, { src = "192.0.2.2", dst = "192.0.2.1" }
  local t0 <const> = 1700000000 * S
  return build.pcap({
    { build.eth(build.arp {}, { type = 0x0806 }), time_ns = t0 },
    { build.udp_frame { dstport = 53, payload = ("q"):rep(20) }, time_ns = t0 + S },
    { build.udp_frame { src = b.src, dst = b.dst, srcport = 53, dstport = 40000, payload = ("r"):rep(100) },
      time_ns = t0 + S + 500 },
    { build.eth(build.ipv4(build.tcp("hello", a, { srcport = 40001, dstport = 80 }), a, { proto = 6 })),
      time_ns = t0 + 4 * S },
    { build.eth(build.ipv4(build.icmp("", {}), a, { proto = 1 })), time_ns = t0 + 5 * S },
  }, { nanoseconds = true })
end

describe("the registry of tools", function()
  it("lists the files of the folder, each with one line of text", function()
    local listed, found = {}, {}
    for _, tool in ipairs(tools) do
      listed[#listed + 1] = tool[1]
      assert.is_true(#tool[2] > 10 and not tool[2]:find("\n"))
    end
    for file in lfs.dir("lua/moontap/tools") do
      local name = file:match("^(.*)%.lua$")
      if name then found[#found + 1] = name end
    end
    table.sort(found)
    assert.same(found, listed)
  end)

  it("has tools that say their question, usage and example first, and are short", function()
    for _, tool in ipairs(tools) do
      local text = run.read("lua/moontap/tools/" .. tool[1] .. ".lua")
      assert.matches("^%-%-%- [^\n]*%?", text)
      assert.matches("\n%-%-   moontap ", text:match("^(.-)\nlocal"), 1, false)
      local _, lines = text:gsub("\n", "")
      assert.is_true(lines <= 100, tool[1])
    end
  end)
end)

describe("tools", function()
  local path
  setup(function()
    path = os.tmpname()
    run.write(path, traffic())
  end)
  teardown(function() os.remove(path) end)

  local function tool(name, ...)
    local host = run { run.moontap, name, "-r", path, ... }
    local lua = run { run.lua, "lua/moontap/tools/" .. name .. ".lua", "-r", path, ... }
    assert.equal(host.out, lua.out)
    assert.same({ 0, 0, "" }, { host.code, lua.code, lua.err })
    return host.out
  end

  it("print prints one line a packet", function()
    local out = tool "print"
    local lines = {}
    for line in out:gmatch("[^\n]+") do lines[#lines + 1] = line:gsub("^%S+ ", "") end
    assert.equal(5, #lines)
    assert.matches("^ARP, Request who%-has 192%.0%.2%.2 tell 192%.0%.2%.1", lines[1])
    assert.equal("IP 192.0.2.1.40000 > 192.0.2.2.53: UDP, length 20", lines[2])
  end)

  it("print has the same clock as tcpdump", function()
    local function clocks(text)
      local list = {}
      for clock in ("\n" .. text):gmatch("\n(%d%d:%d%d:%d%d%.%d%d%d%d%d%d) ") do list[#list + 1] = clock end
      return list
    end
    local theirs = run { "tcpdump", "-nn", "--micro", "-r", path, env = { TZ = "Asia/Kolkata" } }
    if theirs.err:find("tcpdump: Couldn't change to", 1, true) then
      pending("tcpdump cannot give up root in this user namespace")
      return
    end
    local wanted = clocks(theirs.out)
    assert.equal(5, #wanted)
    assert.same(wanted, clocks(run { run.moontap, "-r", path, env = { TZ = "Asia/Kolkata" } }.out))
  end)

  it("print shortens and lengthens its lines", function()
    assert.matches("\n%S+ 192%.0%.2%.1%.40000 > 192%.0%.2%.2%.53 udp 62\n", tool("print", "-q"))
    local full = tool("print", "-v")
    for _, name in ipairs { "arp%.opcode", "udp%.dstport", "tcp%.dstport", "icmp%.type" } do
      assert.matches(name, full)
    end
  end)

  it("print prints fields as tshark does", function()
    local names <const> = { "frame.len", "ip.src", "ip.dst", "udp.dstport", "tcp.dstport", "arp.opcode" }
    local words = { "tshark", "-r", path, "-T", "fields" }
    for _, name in ipairs(names) do table.move({ "-e", name }, 1, 2, #words + 1, words) end
    assert.equal(run(words).out, tool("print", "--fields", table.concat(names, ",")))
  end)

  it("top prints whom to look at first", function()
    assert.equal("src        packets  bytes  share\n" ..
      "192.0.2.1        3    163  47.0%\n192.0.2.2        1    142  40.9%\n", tool "top")
  end)

  it("top groups by any fields, and orders by packets", function()
    local out = tool("top", "--by=dst,dport?", "--order=packets", "--rows=1")
    assert.matches("^dst +dport%? +packets +bytes +share\n192%.0%.2%.%d +%d* *%S* +1 .*\n... 3 more\n$", out)
  end)

  it("overview tells who, how much, with which protocols, at which ports and when", function()
    local out = tool "overview"
    assert.matches("^" .. path:gsub("%p", "%%%0") .. ": 5 packets, %d+ B in 5%.00 s, from %d+%-%d%d%-%d%d ", out)
    assert.matches("\nWho talked to whom\n[^\n]*\n" ..
      "  192%.0%.2%.1  192%.0%.2%.2  udp tcp icmp arp +205 B +142 B +5 +347 B  █", out)
    assert.matches("\nWith which protocols\n.*\n  udp +2 +204 B .*\n  arp +1 +42 B ", out)
    assert.matches("\nAt which ports\n.*\n  udp 53 +2 +204 B .*\n  tcp 80 +1 +59 B ", out)
    assert.matches("\nWhen\n.*\n  %d%d:%d%d:%d%d.* +204 B  █", out)
    assert.matches("\nCounts\n  5 seen, 5 delivered, 0 filtered, 0 dropped, 0 unread\n$", out)
  end)

  it("overview cuts its tables", function()
    assert.matches("\nWith which protocols\n[^\n]+\n  udp [^\n]+\n  ... 3 more\n", tool("overview", "--rows=1"))
  end)

  it("overview and top say little of an empty capture", function()
    run.write(path, build.pcap {})
    assert.equal(path .. ": 0 packets, 0 B\n\nCounts\n  0 seen, 0 delivered, 0 filtered, 0 dropped, 0 unread\n",
      tool "overview")
    assert.equal("src  packets  bytes  share\n", tool "top")
    run.write(path, traffic())
  end)
end)
