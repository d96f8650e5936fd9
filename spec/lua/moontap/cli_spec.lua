--- The program moontap as its users run it, on files. The same lines run through both doors where
-- both know them: the host, and moontap.cli under plain lua5.4.
local build = require "spec.support.build"
local live = require "spec.support.live"
local options = require "moontap.options"
local run = require "spec.support.run"
local wait = require "spec.support.wait"

local COUNTS <const> = "moontap: %d seen, %d delivered, 0 filtered, 0 dropped, 0 unread\n"

local function counts(n) return COUNTS:format(n, n) end

local path, main, scripts = nil, nil, {}

setup(function()
  path, main = os.tmpname(), os.tmpname()
  local frames = {}
  for i = 1, 12 do
    frames[i] = { build.udp_frame { src = "192.0.2." .. (i % 3 + 1), dstport = i }, time_ns = 1700000000123456789 + i }
  end
  run.write(path, build.pcap(frames, { nanoseconds = true }))
  run.write(main, 'os.exit(require("moontap.cli").main(arg), true)')
end)

teardown(function()
  os.remove(path)
  os.remove(main)
  for _, script in ipairs(scripts) do os.remove(script) end
end)

local function script(text)
  local name = os.tmpname()
  os.remove(name)
  name = name .. ".lua"
  run.write(name, text)
  scripts[#scripts + 1] = name
  return name
end

local DOORS <const> = {
  host = function(words) return run { run.moontap, table.unpack(words) } end,
  lua = function(words) return run { run.lua, main, table.unpack(words) } end,
}

--- Run a line through both doors and expect the same of both.
local function both(words, wanted)
  for door, start in pairs(DOORS) do
    local r = start(words)
    assert.same(wanted, { code = r.code, out = r.out, err = r.err }, door .. ": " .. table.concat(words, " "))
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

describe("moontap without script or tool", function()
  it("prints packets, and the counts last", function()
    both_match({ "-r", path, "-c", "1" }, 0,
      "^%d%d:%d%d:20%.123456 IP 192%.0%.2%.2%.40000 > 192%.0%.2%.2%.1: UDP, length 0\n$",
      "^moontap: 1 seen, 1 delivered, 0 filtered, 0 dropped, 0 unread\n$")
  end)

  it("prints shorter lines and whole packets", function()
    both_match({ "-qr", path, "-c1" }, 0, "^%d%d:%d%d:20%.123456 192%.0%.2%.2%.40000 > 192%.0%.2%.2%.1 udp 42\n$", "")
    both_match({ "-vr", path, "-c1" }, 0, "^[^\n]+ UDP, length 0\n[^\n]*Frame.*ip%.ttl.*udp%.dstport.*\n\n$", "")
  end)

  it("prints fields with tabs between them, and their names", function()
    both({ "-r", path, "--fields", "frame.time,src,tcp.dstport,udp.dstport", "--header", "-c2" }, {
      code = 0, err = counts(2),
      out = "frame.time\tsrc\ttcp.dstport\tudp.dstport\n" ..
        "1700000000.123456790\t192.0.2.2\t\t1\n1700000000.123456791\t192.0.2.3\t\t2\n",
    })
    both_match({ "-r", path, "--fields=vlan.id?,frame.len", "-c1" }, 0, "^\t42\n$", "")
  end)

  it("counts alone", function()
    both({ "-r", path, "--count" }, { code = 0, out = "12 packets\n", err = counts(12) })
  end)

  it("reads standard input", function()
    for _, words in ipairs { { run.moontap }, { run.lua, main } } do
      local all = table.move({ "-r", "-", "--count" }, 1, 3, #words + 1, words)
      all.stdin = run.read(path)
      local r = run(all)
      assert.equal("12 packets\n", r.out)
    end
  end)
end)

describe("moontap -e", function()
  it("prints values, but not nil and false", function()
    both({ "-r", path, "-e", "p.dport > 10 and p.dport, p.src" },
      { code = 0, out = "11\t192.0.2.3\n12\t192.0.2.1\n", err = counts(12) })
    both({ "-r", path, "-e", "p.tcp" }, { code = 0, out = "", err = counts(12) })
  end)

  it("runs statements, which share their globals with --begin and --end", function()
    both({ "-r", path, "--begin", "n = 0; local seen", "-e", "n = n + p.dport", "--end", "n" },
      { code = 0, out = "78\n", err = counts(12) })
  end)

  it("knows the capture and the module", function()
    both({ "-r", path, "--begin", "limit = 3", "-e", "if p.dport == limit then cap:stop() end", "--end",
      "tap.hex('41'), cap:stats().delivered" }, { code = 0, out = "A\t3\n", err = counts(3) })
  end)

  it("prints aggregates that are left in globals, by name", function()
    local code = "b = cap:aggregate { by = 'src', 'n = count()' } a = cap:aggregate { 'n = count()' }"
    both({ "-r", path, "--begin", code }, {
      code = 0, err = counts(12),
      out = "a:\n n\n12\nb:\nsrc        n\n192.0.2.2  4\n192.0.2.3  4\n192.0.2.1  4\n",
    })
  end)

  it("says where code is wrong, before a packet is read", function()
    both({ "-r", path, "-e", "p.src =" }, { code = 1, out = "", err = "moontap: -e:1: unexpected symbol near <eof>\n" })
    both({ "-r", path, "-e", "1", "--end", "x x" },
      { code = 1, out = "", err = "moontap: --end:1: syntax error near 'x'\n" })
  end)

  it("ends at an error, with a traceback and the counts", function()
    both_match({ "-r", path, "-e", "if p.dport == 5 then error('five') end" }, 1, "^$",
      "^moontap: %-e:1: five\nstack traceback:\n.*\nmoontap: 5 seen, 5 delivered, 0 filtered, 0 dropped, 0 unread\n$")
    both_match({ "-r", path, "-e", "error {}" }, 1, "^$",
      "^moontap: %-e:1: the error raised is no text but a table value\nstack traceback:\n.*%-e:1: in")
    both_match({ "-r", path, "--begin", "\nerror()" }, 1, "^$",
      "^moontap: %-%-begin:2: the error raised is no text but a nil value\nstack traceback:\n")
    both_match({ "-r", path, "-e", "p.scr" }, 1, "^$", "^moontap: %-e:1: no field 'scr' %(did you mean 'src'%?%)\n")
  end)
end)

describe("a script", function()
  it("gets its words and options", function()
    local name = script [[
      local tap = require "moontap"
      local opt, general = tap.options { { "rows", 3, "rows" }, { "what", positional = true } }
      print(arg[0] == ..., opt.rows, opt.what, general.quiet, select("#", ...))
      for p in assert(tap.capture()):packets() do print(p.dport) break end
    ]]
    for _, start in pairs(DOORS) do
      local r = start { "-r", path, name, "x", "--rows", "5", "-q" }
      assert.equal("false\t5\tx\ttrue\t6\n1\n", r.out)
      assert.equal(counts(1), r.err)
    end
    local r = run { run.lua, name, "-r", path, "x", "--rows=5", "-q" }
    assert.same({ code = 0, out = "false\t5\tx\ttrue\t5\n1\n", err = "" }, r)
  end)

  it("may begin with the name of its interpreter", function()
    both({ script "#!/usr/bin/env moontap\nprint(debug.getinfo(1, 'l').currentline)" },
      { code = 0, out = "2\n", err = "" })
  end)

  it("that fails leaves a traceback, the counts and status 1", function()
    for _, at in ipairs { 1, 6, 12 } do
      local name = script(("local tap = require 'moontap'\nfor p in assert(tap.capture()):packets() do\n" ..
        "  if p.dport == %d then error('boom') end\nend"):format(at))
      both_match({ name, "-r", path }, 1, "^$", "^moontap: " .. name:gsub("%p", "%%%0") .. ":3: boom\n" ..
        "stack traceback:\n.*moontap: " .. at .. " seen, " .. at .. " delivered, .* 0 unread\n$")
    end
  end)

  it("that raises no text fails with its type, or its own words", function()
    local name = script "local function deep() error({}) end\ndeep()"
    both_match({ name }, 1, "^$", "^moontap: " .. name:gsub("%p", "%%%0")
      .. ":1: the error raised is no text but a table value\nstack traceback:\n.*:2: in main chunk")
    both_match({ script "error(setmetatable({}, { __tostring = function() return 'own words' end }))" }, 1, "",
      "^moontap: own words\n")
  end)

  it("that does not compile fails", function()
    both_match({ script "x x" }, 1, "^$", "^moontap: /[^\n]*:1: syntax error near 'x'\n$")
  end)

  it("is text: what was compiled before is refused", function()
    local name = os.tmpname()
    scripts[#scripts + 1] = name
    run.write(name, string.dump(function() end))
    both_match({ name }, 1, "^$", "^moontap: " .. name:gsub("%p", "%%%0") .. ": cannot [^\n]+\n$")
    -- the host reads no zero bytes at all; without them the text's mode decides
    run.write(name, "\27Lua")
    both({ name }, { code = 1, out = "",
      err = ("moontap: %s: cannot load: attempt to load a binary chunk (mode is 't')\n"):format(name) })
  end)

  it("that is not there fails", function()
    both({ "/nowhere/x.lua" },
      { code = 1, out = "", err = "moontap: /nowhere/x.lua: cannot open: No such file or directory\n" })
  end)

  it("that ends the process gives its status, and leaves the counts", function()
    local name = script "for p in assert(require'moontap'.capture()):packets() do print(1) os.exit(7) end"
    both({ name, "-r", path }, { code = 7, out = "1\n", err = counts(1) })
  end)

  it("leaves no counts where it opened nothing", function()
    both({ script "print(1)" }, { code = 0, out = "1\n", err = "" })
  end)

  it("is shown in a traceback without what runs it", function()
    local r = DOORS.lua { script "error('x')" }
    assert.is_nil(r.err:match("xpcall"))
  end)
end)

describe("a reader that goes away", function()
  local PIPE <const> = [[ "$@" | true; echo "${PIPESTATUS[0]}" >&2 ]]

  it("ends the run cleanly, with the counts", function()
    local name = script [[
      local cap = assert(require "moontap".capture())
      local line = ("x"):rep(50000)
      for p in cap:packets() do print(line) end
      error("not reached")
    ]]
    local r = run { "bash", "-c", PIPE, "bash", run.moontap, name, "-r", path }
    local delivered = r.err:match("^moontap: (%d+) seen, %1 delivered, 0 filtered, 0 dropped, 0 unread\n0\n$")
    assert.is_truthy(delivered, r.err)
    assert.is_true(tonumber(delivered) < 12)
  end)

  it("is noticed by io.write and file:write too", function()
    for _, write in ipairs { "io.write(line)", "io.stdout:write(line)", "io.output():write(line)" } do
      local name = script(("local line = ('x'):rep(100000) while true do %s end"):format(write))
      local r = run { "bash", "-c", PIPE, "bash", run.moontap, name }
      assert.equal("0\n", r.err)
    end
  end)

  it("may have been away from the start", function()
    local CLOSED <const> = [[ "$@" >&- ]]
    for door, start in pairs { host = { run.moontap }, lua = { run.lua, main } } do
      for _, more in ipairs { {}, { "-e", "1" }, { "top" } } do
        local words = table.move(start, 1, #start, 5, { "bash", "-c", CLOSED, "bash" })
        table.move({ "-r", path, table.unpack(more) }, 1, 2 + #more, #words + 1, words)
        local r = run(words)
        assert.equal(0, r.code, door .. ": " .. r.err)
        assert.matches("^moontap: (%d+) seen, %1 delivered, 0 filtered, 0 dropped, 0 unread\n$", r.err)
      end
    end
    local r = run { "bash", "-c", CLOSED, "bash", run.moontap, "--list" }
    assert.same({ 0, "" }, { r.code, r.err })
  end)

  it("is no full disk, which fails", function()
    both_match({ script "for i = 1, 1000 do print(('x'):rep(100)) end" }, 0, "^x+\n", "^$")
    local r = run { run.moontap, script "for i = 1, 1000 do print(('x'):rep(100)) end", stdout = "/dev/full" }
    assert.equal(1, r.code)
    assert.matches("standard output: cannot write: No space left on device", r.err, 1, true)
    r = run { run.moontap, "-D", stdout = "/dev/full" }
    assert.equal(1, r.code)
  end)
end)

describe("wrong usage", function()
  it("is told in one line, with status 2", function()
    local wanted = {
      [{ "--intreface=x" }] = "unknown option '--intreface' (did you mean '--interface'?)",
      [{ "-r" }] = "-r needs a value",
      [{ "-c", "0", "-r", path }] = "-c: '0' is not a number of packets",
      [{ "-r", path, "--duration", "0" }] = "--duration: a duration cannot be 0",
      [{ "-r", path, "top", "--rows=-3" }] = "--rows: -3 is less than 1",
      [{ "-r", path, "overview", "--rows=0" }] = "--rows: 0 is less than 1",
      [{ "-r", path, "top", "--by=src,src" }] = "--by: 'src' comes twice",
      [{ "-r", path, "top", "--by=src,scr" }] = "--by: no field 'scr' (did you mean 'src'?)",
      [{ "-r", path, "top", "--by=src,dst,sport,dport,eth.src,eth.dst,ip.id,ip.ttl,len" }] =
        "--by: at most 8 fields make a key",
      [{ "-r", path, "ovreview" }] =
        "'ovreview' is neither a tool nor a filter (did you mean 'overview'?), --list lists the tools",
      [{ "-r", path, "xyzzy" }] = "'xyzzy' is neither a tool nor a filter, --list lists the tools",
      [{ "-r", path, "TCP" }] =
        "'TCP' is neither a tool nor a filter (did you mean 'tcp'?), --list lists the tools",
      [{ "-r", path, "-f", "arp", "tcp" }] = "give the filter by -f or in words, not both",
      [{ "-r", path, "top", "-f", "arp", "tcp" }] = "give the filter by -f or in words, not both",
      [{ "-r", path, "-e", "1", "--count" }] = "give code or --count, not both",
      [{ "-r", path, "--count", "--fields=src" }] = "give --count or --fields, not both",
      [{ "-r", path, "--count", "-t" }] = "give --count or -t, not both",
      [{ "-r", path, "-e", "1", "--json" }] = "give code or --json, not both",
      [{ "-r", path, "top", "-X" }] = "-X does not go with a script",
      [{ "-r", path, "-e", "1", "--fields=src" }] = "give code or --fields, not both",
      [{ "-r", path, "--fields=scr" }] = "--fields: no field 'scr' (did you mean 'src'?)",
      [{ "-r", path, "top", "--count" }] = "--count does not go with a script",
      [{ "-r", path, "top", "--fields=src" }] = "--fields does not go with a script",
      [{ "-r", path, "top", "--rows=x" }] = "--rows: 'x' is not a whole number",
    }
    for words, message in pairs(wanted) do
      both(words, { code = 2, out = "", err = "moontap: " .. message .. "\n" })
    end
  end)

  it("is a filter's own error where the word looks like a filter, and none where it is one", function()
    for text, message in pairs {
      ["any tcp.port == 80"] = "filter:1:1: unknown word 'any'",
      ["tpc[0]=1"] = "filter:1:1: unknown word 'tpc'", ["(dns)"] = "filter:1:2: unknown word 'dns'",
      ["ether[0]/2 = 1 x"] = "filter:1:16: unknown word 'x'", ["10.0.0.0/8"] = "filter:1:1: an address needs a word",
    } do
      both_match({ "-r", path, text }, 2, "^$", "^moontap: " .. message:gsub("%p", "%%%0") .. ".*\n  %S.*%^+\n$")
    end
    both_match({ "-r", path, "-q", "ether[0]/2 = 1", "--count" }, 0, "^12 packets\n$", "^")
    both_match({ "-r", path, "a/b" }, 1, "^$", "^moontap: a/b: cannot open: No such file or directory\n$")
  end)

  it("is an unknown option, before a word that names no tool", function()
    both({ "-ö", "x", "-r", path }, { code = 2, out = "", err = "moontap: unknown option '-ö'\n" })
    both({ "--zzyzx", "x", "-r", path }, { code = 2, out = "", err = "moontap: unknown option '--zzyzx'\n" })
  end)

  it("is an option with a value that comes twice", function()
    for _, option in ipairs(options.general) do
      if option.value and option.scope ~= "host" and not option.repeated then
        local name = option.long and "--" .. option.long or "-" .. option.short
        local value = option.type == "fields" and "src" or option.type == "rotation" and "size=1" or "1"
        local word = ("%s%s%s"):format(name, option.long and "=" or "", value)
        both({ word, word }, { code = 2, out = "", err = ("moontap: %s is given twice\n"):format(name) })
      end
    end
    both({ "-w", path, "-w", path }, { code = 2, out = "", err = "moontap: -w is given twice\n" })
    both({ "-ilo", "--interface=lo" }, { code = 2, out = "", err = "moontap: --interface is given twice\n" })
    both({ "-r", path, "-c1", "-c1" }, { code = 2, out = "", err = "moontap: -c is given twice\n" })
    both({ "-r", path, "top", "--rows=1", "--rows=2" },
      { code = 2, out = "", err = "moontap: --rows is given twice\n" })
  end)

  it("is an option for interfaces with a file", function()
    for as, words in pairs {
      ["-s"] = { "-s64" }, ["-B"] = { "-B", "1M" }, ["-p"] = { "-np" }, ["--snaplen"] = { "--snaplen=64" },
    } do
      local line = table.move(words, 1, #words, 3, { "-r", path })
      both(line, { code = 2, out = "",
        err = ("moontap: %s does not go with -r, it is for interfaces only\n"):format(as) })
    end
  end)

  it("is asking plain Lua for power", function()
    for _, word in ipairs { "--sealed", "--keep-privileges", "-Znobody" } do
      local r = DOORS.lua { "-r", path, word }
      assert.equal(2, r.code)
      assert.matches("^moontap: %-%S+ needs the program moontap", r.err)
    end
  end)
end)

describe("what cannot be opened or read", function()
  it("fails with one line and status 1", function()
    local empty, text, dir = script "", script "this is no capture", "/"
    for name, message in pairs {
      [empty] = "cannot read header: the file is empty", [text] = "cannot read header: not a capture file",
      [dir] = "cannot read: Is a directory", ["/nowhere.pcap"] = "cannot open: No such file or directory",
    } do
      for _, more in ipairs { { "-q" }, { "top" }, { "--count" }, { "-e", "1" }, { "overview" } } do
        local r = run { run.moontap, "-r", name, table.unpack(more) }
        assert.equal(1, r.code)
        assert.matches("^moontap: " .. name:gsub("%p", "%%%0") .. ": " .. message .. "[^\n]*\n$", r.err)
      end
    end
  end)

  it("delivers what is whole of a file that is cut off", function()
    local name = script(run.read(path):sub(1, -2))
    both_match({ "-r", name }, 1, "UDP, length 0\n$",
      "^moontap: [^\n]*: cannot read record 12 at byte %d+: [^\n]+\nmoontap: 11 seen, 11 delivered, [^\n]*\n$")
    both_match({ "-r", name, "top" }, 1, "^src +packets.*192%.0%.2%.2",
      "cannot read record 12 at byte %d+: [^\n]+\nmoontap: 11 seen")
    both_match({ "-r", name, "overview" }, 1,
      "11 packets", "cannot read record 12 at byte %d+: [^\n]+\nmoontap: 11 seen")
    both_match({ "-r", name, "-e", "n = (n or 0) + 1", "--end", "n" }, 1, "^11\n$", "cannot read record 12")
  end)
end)

describe("lists and texts", function()
  it("come on standard output, with status 0 and without a capture", function()
    both_match({ "--version" }, 0, "^moontap %S+\n$", "^$")
    both_match({ "--list" }, 0, "^  compare +.*\n  overview +who.*\n  print +.*\n  top +.*\n$", "^$")
    both_match({ "-D" }, 0, "^index +name.*\n +1 +lo +", "^$")
    both_match({ "--list-fields", "udp.dst" }, 0, "^name +type +unit +label\nudp%.dstport +integer", "^$")
    both_match({ "--list-fields" }, 0, "tcp%.flags%.syn", "^$")
  end)

  it("hold every option in --help, with its letter, name and value", function()
    for _, start in pairs(DOORS) do
      local help = start({ "--help" }).out
      for _, option in ipairs(options.general) do
        local start_of = option.short and "^  %-" .. option.short .. "[, ]" or "^      %-%-"
        local found
        for line in help:gmatch("[^\n]+") do
          local left = line:sub(1, 26) .. " "
          local named = not option.long or left:find("%-%-" .. option.long:gsub("%-", "%%-") .. "[%s=%[]")
          if line:match(start_of) and named then found = found or line end
        end
        assert.is_truthy(found, option.short or option.long)
        if option.value then assert.matches(option.value, found, 1, true) end
        assert.matches(option.help, help, 1, true)
      end
    end
  end)

  it("hold a script's own options first", function()
    local name = script [[
      require "moontap".options {
        about = "Does something.",
        { "rows", 10, "rows to print" }, { "order", "up", "which way", choices = { "up", "down" } },
        { "file", type = "file", positional = true },
      }
    ]]
    for _, start in pairs(DOORS) do
      local r = start { name, "--help" }
      assert.equal(0, r.code)
      assert.matches("^usage: [%w_]+%.lua %[options%] %[FILE%]\n\nDoes something%.\n\nIts own:\n" ..
        "      %-%-rows=N +rows to print %(10%)\n      %-%-order=CHOICE +which way: up, down %(up%)\n", r.out)
      assert.is_nil(r.out:match("%-%-begin"))
      assert.is_nil(r.out:match("%-%-fields"))
    end
  end)
end)

describe("tap.options and tap.capture", function()
  it("are called in that order", function()
    both_match({ "-r", path, script "local tap = require 'moontap' tap.capture() tap.options {}" }, 1, "",
      ":1: options: the command line was read already, declare before tap.capture\n")
  end)

  it("raise for wrong declarations, at the script's line", function()
    both_match({ script "\n\nrequire 'moontap'.options { { 'help', 1 } }" }, 1, "",
      ":3: options: option 'help' is moontap's own\n")
  end)

  it("give the same capture each time", function()
    both_match({ "-r", path, script "local tap = require 'moontap' print(tap.capture() == tap.capture())" }, 0,
      "^true\n$", "")
  end)

  it("return what the world refuses", function()
    both_match({ "-r", "/nowhere.pcap", script "print(require 'moontap'.capture())" }, 0,
      "^nil\t/nowhere%.pcap: cannot open: No such file or directory\t2\n$", "^$")
  end)

  it("end each pass as -c and --duration say, and sooner where the script says so", function()
    local name = script [[
      local cap = assert(require "moontap".capture())
      print(cap:run().delivered, cap:run({ count = 2 }).delivered, cap:run({ count = 9 }).delivered)
      local n = 0
      for _ in cap:packets() do n = n + 1 end
      print(n)
    ]]
    both_match({ "-r", path, "-c5", name }, 0, "^5\t2\t5\n5\n$", "")
    both_match({ "-r", path, "--duration=4ns", name }, 0, "^4\t2\t4\n4\n$", "")
  end)
end)

describe("a live capture from the command line", function()
  local it_lives = live.it(it, pending)

  it_lives("takes an interface by name, by index, or the first that is up", function()
    for _, where in ipairs { { "-i", "lo" }, { "-i1" }, { "-p" } } do
      both_match({ "--count", "--duration=20ms", table.unpack(where) }, 0, "^%d+ packets\n$",
        "^moontap: (%d+) seen, %1 delivered, 0 filtered, 0 dropped, 0 unread\n$")
    end
  end)

  it_lives("fails with one line where there is no such interface", function()
    for _, name in ipairs { "nope0", "4294967" } do
      both({ "-i", name, "--count" },
        { code = 1, out = "", err = "moontap: " .. name .. ": cannot find interface: No such device\n" })
    end
  end)

  it_lives("prints results when a signal ends it", function()
    local name = script [[
      local tap = require "moontap"
      local cap = assert(tap.capture())
      io.stderr:write("ready\n")
      local stats = assert(cap:run())
      print("result", stats.seen - stats.delivered)
    ]]
    for _, words in ipairs { { run.moontap, name, "-i", "lo" }, { run.lua, name, "-i", "lo" } } do
      for _, signal in ipairs { "INT", "TERM" } do
        local process <close> = run.start(words)
        wait.until_true("the script owns its signals", function()
          local status = run.read(("/proc/%d/status"):format(process.pid)) or ""
          local caught = tonumber(status:match("SigCgt:%s*(%x+)") or "0", 16)
          return process:err():find("ready") and caught & 0x4002 == 0x4002
        end)
        process:kill(signal)
        local r = process:finish()
        assert.same({ 0, "result\t0\n" }, { r.code, r.out })
      end
    end
  end)
end)
