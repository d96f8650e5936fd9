--- The filter of the command line, through both doors: the host, and moontap.cli under plain lua5.4.
local build = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"
local tools = require "moontap.tools"
local wait = require "spec.support.wait"

local it_live = live.it(it, pending)

local main, path, folder, script

--- Frames to the ports 1 to 12, and three of ARP.
local function frames()
  local list = {}
  for i = 1, 12 do
    list[i] = { build.udp_frame { src = "192.0.2." .. (i % 3 + 1), dstport = i }, time_ns = i * 1000000 }
  end
  for i = 13, 15 do list[i] = { build.eth(build.arp {}, { type = 0x0806 }), time_ns = i * 1000000 } end
  return list
end

setup(function()
  main, path, folder = os.tmpname(), os.tmpname(), os.tmpname()
  os.remove(folder)
  folder = folder .. ".d"
  assert(run { "mkdir", folder }.code == 0)
  assert(run { "chmod", "a+rx", folder, path }.code == 0)
  run.write(path, build.pcap(frames()))
  run.write(main, 'os.exit(require("moontap.cli").main(arg), true)')
  script = folder .. "/ports.lua"
  run.write(script, 'for p in assert(require("moontap").capture()):packets() do print(p.dport) end')
end)

teardown(function()
  os.remove(main)
  os.remove(path)
  run { "rm", "-r", folder }
end)

--- Write a file into the folder.
local function put(name, text)
  run.write(folder .. "/" .. name, text)
  return folder .. "/" .. name
end

local DOORS <const> = {
  host = function(words) return run { run.moontap, table.unpack(words) } end,
  lua = function(words) return run { run.lua, main, table.unpack(words) } end,
}

local function counts(seen, delivered)
  return ("moontap: %d seen, %d delivered, %d filtered, 0 dropped, 0 unread\n"):format(seen, delivered,
    seen - delivered)
end

--- Run a line through both doors and expect the same of both.
local function both(words, code, out, err)
  for door, start in pairs(DOORS) do
    local r = start(words)
    assert.same({ code, out, err }, { r.code, r.out, r.err }, door .. ": " .. table.concat(words, " "))
  end
end

--- The same, with patterns for what is printed.
local function both_match(words, code, out, err)
  for door, start in pairs(DOORS) do
    local r = start(words)
    local line = door .. ": " .. table.concat(words, " ")
    assert.equal(code, r.code, line .. ": " .. r.err)
    assert.matches(out, r.out, 1, false, line)
    assert.matches(err, r.err, 1, false, line)
  end
end

--- What tap.filter says of a text that is none.
local function fault(text, ...)
  local filter, message = tap.filter(text, ...)
  assert.is_nil(filter)
  return message
end

describe("a filter on the command line", function()
  it("is made of words or comes by -f, whatever runs", function()
    for _, filter in ipairs { { "udp", "dst", "port", "3" }, { "udp dst port 3" }, { "-f", "udp dst port 3" } } do
      local words = { "-r", path, table.unpack(filter) }
      both_match(words, 0, "^[^\n]+ 192%.0%.2%.1%.40000 > 192%.0%.2%.2%.3: UDP, length 0\n$",
        "15 seen, 1 delivered, 14 filtered")
      both_match({ "--fields=dport", table.unpack(words) }, 0, "^3\n$", "14 filtered")
      both_match({ "-e", "p.dport", table.unpack(words) }, 0, "^3\n$", "14 filtered")
      both({ "--count", table.unpack(words) }, 0, "1 packet\n", counts(15, 1))
      both({ script, table.unpack(words) }, 0, "3\n", counts(15, 1))
      both({ "top", "--by=dport", table.unpack(words) }, 0,
        "dport  packets  bytes   share\n    3        1     42  100.0%\n", counts(15, 1))
      local r = run { run.lua, script, table.unpack(words) }
      assert.same({ 0, "3\n", "" }, { r.code, r.out, r.err })
    end
  end)

  it("may ask for fields, and for what libpcap does not know", function()
    both({ "-r", path, "--count", "udp.dstport in {2, 4-6} and ip.ttl > 0" }, 0, "4 packets\n", counts(15, 4))
    both({ "-r", path, "--count", "udp", "and", "src", "in", "192.0.2.1,192.0.2.3" }, 0, "8 packets\n", counts(15, 8))
  end)

  it("that is one word with a slash behind a blank is no script", function()
    both({ "-r", path, "--count", "src net 192.0.2.2/32" }, 0, "4 packets\n", counts(15, 4))
    both({ "-r", path, "--count", "src", "net", "192.0.2.2/32" }, 0, "4 packets\n", counts(15, 4))
    local spaced = put("a b.lua", "print(1)")
    both({ spaced }, 0, "1\n", "")
  end)

  it("belongs to -f alone where the script takes words", function()
    local words = put("words.lua", [[
      local tap = require "moontap"
      local opt = tap.options { { "what", "none", positional = true } }
      local cap = assert(tap.capture())
      print(opt.what, assert(cap:run()).delivered)
    ]])
    both({ words, "-r", path, "arp" }, 0, "arp\t15\n", counts(15, 15))
    both({ words, "-r", path, "-f", "arp", "it" }, 0, "it\t3\n", counts(15, 3))
    both({ words, "-r", path, "arp", "or", "udp" }, 2, "",
      "moontap: 'or': a word too many (the filter comes by -f here)\n")
  end)

  it("is what moontap takes raw instructions for, too", function()
    local text = assert(tap.filter("arp")):dump("numbers")
    both({ "-r", path, "--count", "-f", text }, 0, "3 packets\n", counts(15, 3))
  end)

  it("that is none ends the run with its message and status 2", function()
    for _, words in ipairs {
      { "tcp", "prot", "80" }, { "tcp port 80 or" }, { "(", "arp", ")", ")" }, { "tcp.dtsport == 1" },
      { "ovreview", "or", "arp" }, { "host", "in", "@nobody" }, { "-f", "port" },
    } do
      local text = words[1] == "-f" and words[2] or table.concat(words, " ")
      local message = "moontap: " .. fault(text) .. "\n"
      both({ "-r", path, table.unpack(words) }, 2, "", message)
      both({ "-r", path, "top", table.unpack(words) }, 2, "", message)
      both({ script, "-r", path, table.unpack(words) }, 2, "", message)
      local r = run { run.lua, script, "-r", path, table.unpack(words) }
      assert.same({ 2, "", message }, { r.code, r.out, r.err })
    end
  end)

  it("is not looked at where the source is missing", function()
    both({ "-r", "/nowhere.pcap", "tcp", "prot" }, 1, "",
      "moontap: /nowhere.pcap: cannot open: No such file or directory\n")
  end)

  it("has warnings, once and before all else, unless they are not wanted", function()
    local text <const> = "arp or udp and dst port 3"
    local warning = assert(tap.filter(text)):warnings()[1]
    assert.is_truthy(warning)
    local told = "moontap: warning: " .. warning .. "\n"
    both({ "-r", path, "--count", text }, 0, "1 packet\n", told .. counts(15, 1))
    both({ "-r", path, "--count", "--no-warnings", text }, 0, "1 packet\n", counts(15, 1))
    both_match({ "-r", path, "-d", text }, 0, "^%(000%)", "^" .. told:gsub("%p", "%%%0") .. "$")
    both_match({ "-r", path, "-d", "--no-warnings", text }, 0, "^%(000%)", "^$")
  end)
end)

describe("a filter on an interface", function()
  it_live("lets through what it accepts, and nothing else", function()
    local SEND <const> = "for port in 9998 9999; do echo x > /dev/udp/127.0.0.1/$port; done"
    for _, words in ipairs { { "udp", "dst", "port", "9999" }, { "-f", "udp.dstport == 9999 and not icmp" } } do
      local line = table.move(words, 1, #words, 6, { run.moontap, "-i", "lo", "-qtc", "3" })
      local process <close> = run.start(line)
      wait.until_true("three packets have come", function()
        run { "bash", "-c", SEND }
        return process:ended()
      end)
      local r = process:finish()
      assert.equal(0, r.code, r.err)
      local wanted = ("127%.0%.0%.1%.%d+ > 127%.0%.0%.1%.9999 udp 44\n"):rep(3)
      assert.matches("^" .. wanted .. "$", r.out)
      assert.matches("^moontap: %d+ seen, 3 delivered, %d+ filtered, 0 dropped, %d+ unread\n$", r.err)
    end
  end)
end)

describe("warnings", function()
  it("are of each 'where', too, before the first pass", function()
    local wheres = put("wheres.lua", [[
      local cap = assert(require "moontap".capture())
      cap:each("arp or udp and dst port 3", function() end)
      assert(cap:run())
      for p in cap:packets("udp or arp and arp") do print(p.dport) break end
    ]])
    local one = assert(tap.filter("arp or udp and dst port 3")):warnings()[1]
    both({ wheres, "-r", path }, 0, "nil\n", "moontap: warning: " .. one .. "\n" .. counts(13, 13))
    local loop = put("loop.lua", [[
      for p in require "moontap".capture():packets("udp or arp and arp") do print(p.dport) break end
    ]])
    local other = assert(tap.filter("udp or arp and arp")):warnings()[1]
    both({ loop, "-r", path }, 0, "nil\n", "moontap: warning: " .. other .. "\n" .. counts(13, 13))
  end)

  it("are of a filter object in a loop, too", function()
    local loop = put("object.lua", [[
      local tap = require "moontap"
      local cap, where = tap.capture(), assert(tap.filter "udp or arp and arp")
      for p in cap:packets(where) do print(p.dport) break end
    ]])
    local warning = assert(tap.filter("udp or arp and arp")):warnings()[1]
    both({ loop, "-r", path }, 0, "nil\n", "moontap: warning: " .. warning .. "\n" .. counts(13, 13))
    both_match({ loop, "-r", path, "--explain" }, 0, "\nloop, where:\nfilter: udp or arp and arp\n", "warning")
  end)

  it("leave it to a loop to say what is wrong with its 'where'", function()
    local loop = put("wrong.lua", [[
      local tap = require "moontap"
      local cap, closed = tap.capture(), assert(tap.filter "udp")
      closed:close()
      local where = ({ text = "tcp prt", kind = true, closed = closed })[WHAT]
      print(select(2, pcall(function() for _ in cap:packets(where) do return end end)))
    ]])
    for what, message in pairs {
      text = "filter:1:5: unknown word 'prt' after 'tcp'", closed = "filter is closed",
      kind = "filter: a text, a filter or a list of instructions expected, not boolean",
    } do
      local line = { "--load", put("what.lua", ("WHAT = %q"):format(what)), loop, "-r", path }
      both_match(line, 0, "^%S+/wrong.lua:5: " .. message, "0 seen")
    end
  end)
end)

describe("a tool's name", function()
  it("can begin no filter", function()
    for _, tool in ipairs(tools) do
      for _, more in ipairs { "", " or arp", " 80", " host 192.0.2.1", " == 1", " > 1", ".x == 1", " in {1}" } do
        local filter, _, why = tap.filter(tool[1] .. more)
        assert.is_nil(filter, tool[1] .. more)
        assert.equal(1, why.position, tool[1] .. more)
      end
    end
  end)
end)

describe("-d", function()
  local TCP <const> = "tcp port 80"

  it("prints the program as tcpdump does, by the number of its letters", function()
    for letters, form in pairs { ["-d"] = "text", ["-dd"] = "c", ["-ddd"] = "numbers" } do
      both({ letters, TCP }, 0, assert(tap.filter(TCP, 1, { live = true })):dump(form), "")
      local ours = DOORS.host { letters, "arp" }
      local theirs = run { "tcpdump", "-y", "EN10MB", letters, "-r", path, "arp" }
      assert.equal(0, theirs.code, theirs.err)
      assert.equal(theirs.out, ours.out)
    end
    both({ "-d", "-nd", "arp" }, 0, DOORS.host({ "-dd", "arp" }).out, "")
  end)

  it("prints the program that lets all through where there is no filter", function()
    both({ "-d" }, 0, "(000) ret      #262144\n", "")
    both({ "-d", "-s", "96" }, 0, "(000) ret      #96\n", "")
  end)

  it("is for a file the program for its link type, with tags in place", function()
    local raw = put("raw.pcap", build.pcap({}, { linktype = 101 }))
    both({ "-d", "-r", raw, "udp" }, 0, assert(tap.filter("udp", 101)):dump("text", "file"), "")
    both({ "-d", "-r", path, "vlan" }, 0, assert(tap.filter("vlan")):dump("text", "file"), "")
    both({ "-d", "vlan" }, 0, assert(tap.filter("vlan", 1, { live = true })):dump(), "")
    local swapped = put("swapped.pcap", build.pcap({}, { linktype = 0, order = ">" }))
    both({ "-d", "-r", swapped, "ip" }, 0, assert(tap.filter("ip", 0, { swapped = true })):dump("text", "file"), "")
    assert.is_nil(DOORS.host { "-d", "-r", path, "vlan" }.out:find("vlanp", 1, true))
  end)

  it("runs nothing, neither script nor tool nor code", function()
    local loud = put("loud.lua", [[
      local tap = require "moontap"
      tap.options {}
      print("it runs")
    ]])
    for _, words in ipairs { { loud }, { "top" }, { "-e", "print(1)" }, { "--count" } } do
      both({ "-r", path, "-d", "-f", "arp", table.unpack(words) }, 0, assert(tap.filter("arp")):dump(), "")
    end
  end)

  it("says so where the program is not all of the filter", function()
    both({ "-d", "ip.ttl > 5" }, 0, assert(tap.filter("ip.ttl > 5", 1, { live = true })):dump(),
      "moontap: warning: this program accepts no less than the filter; what is left is tested here,"
        .. " see --explain\n")
    both_match({ "-r", path, "-d", "ip.ttl > 5" }, 1, "^$", "^moontap: filter has no program, because [^\n]+\n$")
  end)

  it("fails for a wrong filter and for a missing source", function()
    both({ "-d", "tcp prot" }, 2, "", "moontap: " .. fault("tcp prot") .. "\n")
    both({ "-d", "-r", "/nowhere.pcap" }, 1, "", "moontap: /nowhere.pcap: cannot open: No such file or directory\n")
  end)

  it("needs no power without a source", function()
    local r = run { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
      run.moontap, "-d", "arp" }
    assert.same({ 0, assert(tap.filter("arp")):dump(), "" }, { r.code, r.out, r.err })
  end)

  it_live("is for an interface the form of its live program", function()
    both({ "-i", "lo", "-d", "vlan" }, 0, assert(tap.filter("vlan", 1, { live = true })):dump(), "")
    both({ "-i", "lo", "-d", "ip", "broadcast" }, 0,
      assert(tap.filter("ip broadcast", 1, { live = true, netmask = 0xff000000 })):dump(), "")
    assert.is_nil(tap.filter("ip broadcast", 1, { live = true }))
    both({ "-i", "nope0", "-d" }, 1, "", "moontap: nope0: cannot find interface: No such device\n")
  end)
end)

describe("--explain", function()
  it("tells what of the filter runs where", function()
    both({ "--explain", "tcp", "port", "80" }, 0,
      assert(tap.filter("tcp port 80", 1, { live = true })):explain(), "")
    both_match({ "--explain", "-r", path, "ip.ttl > 5" }, 0, "^filter: ip%.ttl > 5\n.*user space: all of it", "^$")
  end)

  it("tells what a script's, a tool's or code's pass would do, and does not make it", function()
    local wheres = put("wheres.lua", [[
      local cap = assert(require "moontap".capture())
      cap:aggregate { "n = count()", where = "arp" }
      cap:on({ "udp.length" }, "udp port 53", print)
      for _ in cap:packets("dst port 7") do print "loop" end
      print "after"
    ]])
    both_match({ wheres, "-r", path, "--explain", "udp" }, 0,
      "^filter: udp\n.*\naggregate 1, where:\nfilter: arp\n.*\nhandler 1, where:\nfilter: udp port 53\n.*" ..
        "\nloop, where:\nfilter: dst port 7\n", "^$")
    for _, way in ipairs { "cap:run()", "for _ in cap:fields { 'src' } do end", "print(cap:next())" } do
      local runs = put("runs.lua", "local cap = require 'moontap'.capture() " .. way .. " print 'after'")
      both_match({ runs, "-r", path, "--explain", "udp" }, 0, "^filter: udp\n.*user space", "^$")
    end
    both_match({ "top", "-r", path, "--explain" }, 0, "^filter: none, every packet\n", "^$")
    both_match({ "-r", path, "--explain", "-e", "print(1)", "arp" }, 0, "^filter: arp\n", "^$")
  end)
end)

describe("--set", function()
  it("names sets for filters, one member a line", function()
    local hosts = put("hosts", "# those\n192.0.2.1  # one\r\n\n  192.0.2.3/32\n192.0.2.4-192.0.2.9\n2001:db8::/32")
    local ports = put("ports", "3\n\t7-8\n")
    both({ "-r", path, "--count", "--set", "h=" .. hosts, "udp and src in @h" }, 0, "8 packets\n", counts(15, 8))
    both({ "-r", path, "--count", "--set=h=" .. hosts, "--set", "@p=" .. ports, "src", "in", "@h", "and",
      "dst port in @p" }, 0, "2 packets\n", counts(15, 2))
    both_match({ "-d", "--set=p=" .. ports, "port in @p" }, 0, "#0x3 ", "^$")
  end)

  it("takes a hundred thousand members without a wait", function()
    local lines = {}
    for i = 1, 100000 do lines[i] = ("10.%d.%d.%d"):format(i >> 16, i >> 8 & 255, i & 254) end
    lines[#lines + 1] = "192.0.2.2"
    local many = put("many", table.concat(lines, "\n"))
    local before = os.time()
    both({ "-r", path, "--count", "--set=m=" .. many, "udp and src host in @m" }, 0, "4 packets\n", counts(15, 4))
    assert.is_true(os.time() - before < 20)
  end)

  it("tells the file and the line of what is wrong", function()
    local wanted = {
      ["192.0.2.1\n192.0.2.2 192.0.2.3\n"] = ":2: '192.0.2.3' follows '192.0.2.2', a line has one member",
      ["\n\n192.0.2.1,\n"] = ":3: '192.0.2.1,' is no address, network, range or number",
      ["a\0b"] = ":1: 'a\\x00b' is no address, network, range or number",
      ["\27[2J"] = ":1: '\\x1b[2J' is no address, network, range or number",
      ["a\1m \27[1m"] = ":1: '\\x1b[1m' follows 'a\\x01m', a line has one member",
      ["ä"] = ":1: 'ä' is no address, network, range or number",
    }
    for text, message in pairs(wanted) do
      local name = put("bad", text)
      both({ "-r", path, "--set=b=" .. name, "host in @b" }, 1, "", "moontap: " .. name .. message .. "\n")
    end
    both({ "-r", path, "--set=b=/nowhere", "arp" }, 1, "",
      "moontap: /nowhere: cannot open: No such file or directory\n")
    both({ "-r", path, "--set=b=/", "arp" }, 1, "", "moontap: /: cannot read: Is a directory\n")
    both({ "-r", path, "--set=b=" .. script, "--set=b=" .. script }, 2, "", "moontap: --set: 'b' is given twice\n")
  end)

  it("tells the line of a member that the filter cannot take", function()
    local good, bad = put("good", "1-7\n"), put("bad", "80\n# none\n90\n192.0.2.1\n443\n192.0.2.2\n")
    local sets = { g = { "1-7" }, b = { "80", "90", "192.0.2.1", "443", "192.0.2.2" } }
    local text <const> = "port in @g or port in @b"
    both({ "-r", path, "--set=g=" .. good, "--set=b=" .. bad, text }, 2, "",
      ("moontap: %s:4: '192.0.2.1': %s\n"):format(bad, fault(text, 1, { sets = sets })))
    for at = 1, 7 do -- wherever it stands
      local lines = {}
      for i = 1, 7 do lines[i] = i == at and "192.0.2.1" or tostring(i) end
      local r = DOORS.host { "-d", "--set=b=" .. put("bad", table.concat(lines, "\n")), "port in @b" }
      assert.matches(("^moontap: %s:%d: '192.0.2.1': "):format(bad, at), r.err)
    end
    -- what is wrong elsewhere is not the file's fault
    both({ "-r", path, "--set=g=" .. good, "port in @g or prot 80" }, 2, "",
      "moontap: " .. fault("port in @g or prot 80", 1, { sets = { g = { "1-7" } } }) .. "\n")
  end)
end)

describe("--load", function()
  it("runs Lua first: files and modules, in order", function()
    local one = put("one.lua", "#!/usr/bin/env lua\nLOADED = (LOADED or '') .. (...) .. ' '")
    local two = put("two.lua", "LOADED = (LOADED or '') .. (...)")
    local says = put("says.lua", "require('moontap').options {} print(LOADED)")
    local words = { "--load", one, "--load=two", says }
    local path_of = folder .. "/?.lua;;"
    for door, start in pairs { host = { run.moontap }, lua = { run.lua, main } } do
      local line = table.move(words, 1, #words, #start + 1, { table.unpack(start) })
      line.env = { LUA_PATH = door == "host" and path_of or "lua/?.lua;lua/?/init.lua;" .. path_of }
      local r = run(line)
      assert.same({ 0, one .. " two\n", "" }, { r.code, r.out, r.err }, door)
    end
    local r = run { run.lua, says, "--load", two }
    assert.same({ 0, two .. "\n", "" }, { r.code, r.out, r.err })
  end)

  it("fails with the message of what went wrong", function()
    local wrong, raises = put("wrong.lua", "x x"), put("raises.lua", "\nerror 'no'")
    both({ "-r", path, "--load", wrong }, 1, "", ("moontap: %s:1: syntax error near 'x'\n"):format(wrong))
    both({ "-r", path, "--load", raises }, 1, "", ("moontap: %s:2: no\n"):format(raises))
    both({ "-r", path, "--load", "/nowhere.lua" }, 1, "",
      "moontap: /nowhere.lua: cannot open: No such file or directory\n")
    both_match({ "-r", path, "--load", "nosuchmodule" }, 1, "^$", "^moontap: module 'nosuchmodule' not found:")
  end)
end)
