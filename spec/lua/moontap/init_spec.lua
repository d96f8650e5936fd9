--- The module's public face.
local build = require "spec.support.build"
local core = require "moontap.core"
local run = require "spec.support.run"
local tap = require "moontap"

--- The message of a function that raises in a line of its own.
local function blamed(fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  local at, text = message:match("^spec/lua/moontap/init_spec.lua:(%d+): (.*)$")
  assert.is_truthy(at, message)
  assert.equal(debug.getinfo(fn, "S").linedefined, tonumber(at))
  return text
end

describe("require 'moontap'", function()
  it("prints nothing and leaves globals, signals and the command line alone", function()
    local r = run { run.lua, "-e", [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local print_before, exit_before = print, os.exit
      local function signals()
        local found = {}
        for line in io.lines("/proc/self/status") do
          if line:match("^Sig%u%l") then found[#found + 1] = line end
        end
        return table.concat(found, " ")
      end
      local signals_before = signals()
      require "moontap"
      for name in pairs(_G) do assert(before[name], name) end
      assert(print == print_before and os.exit == exit_before)
      assert(signals() == signals_before and signals_before:match("SigCgt:%s*%x+"))
    ]] }
    assert.same({ code = 0, out = "", err = "" }, r)
  end)
end)

describe("tap.open", function()
  local path
  setup(function()
    path = os.tmpname()
    run.write(path, build.pcap { build.udp_frame(), build.udp_frame() })
  end)
  teardown(function() os.remove(path) end)

  it("takes a file's name, options, and a file's bytes", function()
    for _, what in ipairs { path, { file = path }, { data = run.read(path) } } do
      local cap <close> = assert(tap.open(what))
      assert.equal(2, cap:run().delivered)
    end
  end)

  it("applies a filter of raw instructions", function()
    local cap <close> = assert(tap.open { file = path, filter = { { 0x6, 0, 0, 0 } } })
    assert.equal(2, cap:run().filtered)
  end)

  it("returns what the world refuses, with its error number", function()
    local cap, message, code = tap.open("/nowhere/x.pcap")
    assert.is_nil(cap)
    assert.equal("/nowhere/x.pcap: cannot open: No such file or directory", message)
    assert.equal(2, code)
  end)

  it("raises for options that mean nothing where no interface is, naming them", function()
    for name, value in pairs { snaplen = 64, promisc = false, buffer = "1M", block = "64K", latency = "1ms" } do
      local message <const> = "open: " .. name .. " is for interfaces only"
      assert.equal(message, blamed(function() tap.open { file = path, [name] = value } end))
      assert.equal(message, blamed(function() tap.open { data = "", [name] = value } end))
      assert.equal(message, blamed(function() tap.open { packets = {}, [name] = value } end))
    end
  end)

  it("raises for misuse, at the caller", function()
    local none <const> = "give one of file, data, packets, fd, interface"
    assert.equal("open: a file's name or a table of options expected", blamed(function() tap.open() end))
    assert.equal("open: " .. none, blamed(function() tap.open {} end))
    assert.equal("open: " .. none, blamed(function() tap.open { file = path, fd = 0 } end))
    assert.equal("open: unknown option 'fiel' (did you mean 'file'?)", blamed(function() tap.open { fiel = path } end))
    assert.equal("open: promisc is not true or false",
      blamed(function() tap.open { interface = "lo", promisc = 1 } end))
    assert.matches("^open: buffer: '1x' is not a size",
      blamed(function() tap.open { interface = "lo", buffer = "1x" } end))
    assert.equal("open: latency is not within 1ms to 10s",
      blamed(function() tap.open { interface = "lo", latency = "20us" } end))
    assert.equal("open: on_error 'ignore' is none of raise, count",
      blamed(function() tap.open { file = path, on_error = "ignore" } end))
    assert.matches("^filter: a text, a filter or a list of instructions expected, not number$",
      blamed(function() tap.open { file = path, filter = 7 } end))
    assert.matches("packets: number 1 is number", blamed(function() tap.open { packets = { 1 } } end))
  end)
end)

describe("a descriptor that 32 bits do not hold", function()
  it("is refused, and adopts no other one", function()
    for _, fd in ipairs { 1 << 32, (1 << 32) + 1, 0x80000000, -1, math.mininteger } do
      assert.equal("open: fd is not within the descriptors", blamed(function() tap.open { fd = fd } end))
    end
    local cap, message, code = tap.open { fd = 0x7fffffff }
    assert.same({ nil, "descriptor: cannot read: Bad file descriptor", 9 }, { cap, message, code })
  end)
end)

describe("an entry of packets", function()
  local frame <const> = build.udp_frame()

  it("is checked as tap.packet's options are, and named", function()
    local wanted <const> = {
      ["unknown option 'tme'"] = { frame, tme = 1 },
      ["unknown option 'time'"] = { frame, time = 1 },
      ["unknown option '2'"] = { frame, frame },
      ["linktype is not within 16 bits"] = { frame, linktype = 65537 },
      ["len is not within 32 bits"] = { frame, len = (1 << 32) + 5 },
      ["len is not a whole number"] = { frame, len = "1" },
      ["time_ns is not a whole number"] = { frame, time_ns = 1.5 },
    }
    for message, entry in pairs(wanted) do
      assert.equal("open: packets: number 3: " .. message,
        blamed(function() tap.open { packets = { frame, { frame }, entry } } end))
    end
    assert.matches("packets: number 2 is nil, not bytes",
      blamed(function() tap.open { packets = { frame, { time_ns = 1 } } } end))
  end)

  it("may have all that it can have, up to the limits", function()
    local entry <const> = { frame, linktype = 0xfffe, len = 0xffffffff, time_ns = math.maxinteger }
    local cap <close> = assert(tap.open { packets = { entry } })
    for p in cap:packets() do assert.same({ 0xffffffff, math.maxinteger }, { p.len, p.time_ns }) end
    assert.equal(0xfffe, cap:info().linktype)
    assert.same({ frame, linktype = 0xfffe, len = 0xffffffff, time_ns = math.maxinteger }, entry)
  end)
end)

describe("what later versions have", function()
  it("is no unknown option, and said not to be there", function()
    local wanted <const> = {
      direction = "in", protocol = 0x0800, method = "socket", cooked = true, timestamps = "adapter",
      fanout = 7, reopen = true, netns = "blue",
    }
    for name, value in pairs(wanted) do
      assert.equal("open: " .. name .. " is not part of this version",
        blamed(function() tap.open { interface = "lo", [name] = value } end))
    end
    assert.equal("open: a list for interface is not part of this version",
      blamed(function() tap.open { interface = { "lo", "eth0" } } end))
    assert.equal("open: interface 'any' is not part of this version",
      blamed(function() tap.open { interface = "any" } end))
  end)

  it("is told from what no version has", function()
    assert.equal("open: unknown option 'direktion'",
      blamed(function() tap.open { interface = "lo", direktion = "in" } end))
  end)
end)

describe("tap.packet", function()
  it("decodes bytes", function()
    local p = tap.packet(build.udp_frame { dstport = 53 }, { time_ns = 5, len = 1500 })
    assert.same({ 53, 5, 1500 }, { p.dport, p.time_ns, p.len })
  end)

  it("decodes other link types", function()
    local p = tap.packet(tap.hex "45000014 00000000 40fd0000 c0000201 c0000202", { linktype = 101 })
    assert.equal("192.0.2.1", p.src)
  end)

  it("raises for misuse, at the caller", function()
    assert.equal("packet: the bytes are not a string", blamed(function() tap.packet(nil) end))
    assert.equal("packet: linktype is not within 16 bits", blamed(function() tap.packet("", { linktype = -1 }) end))
    assert.equal("packet: unknown option 'link' (did you mean 'len'?)",
      blamed(function() tap.packet("", { link = 1 }) end))
  end)
end)

describe("tap.hex", function()
  it("raises for what is no hex, at the caller", function()
    assert.equal("\x45", tap.hex "45")
    assert.equal("hex: '4' has an odd number of digits", blamed(function() tap.hex "4" end))
    assert.equal("hex: a text expected", blamed(function() tap.hex(45) end))
  end)
end)

describe("tap.fields", function()
  local function names(pattern)
    local list = {}
    for i, field in ipairs(tap.fields(pattern)) do list[i] = field.name end
    return list
  end

  it("lists all fields", function()
    assert.equal(#core.fields(), #tap.fields())
    assert.is_true(#tap.fields() > 50)
  end)

  it("finds a text in names and labels, whatever its letters' case", function()
    local found = table.concat(names("DSTPORT"), " ")
    assert.matches("tcp.dstport", found, 1, true)
    assert.matches("udp.dstport", found, 1, true)
    local labelled = table.concat(names("TIME TO live"), " ")
    assert.matches("ip.ttl", labelled, 1, true)
    assert.not_matches("ip.src", labelled, 1, true)
    assert.same({}, names("no such thing"))
  end)

  it("takes a star for anything, in the whole name", function()
    local ports = names("*.srcport")
    assert.is_true(#ports >= 2)
    for _, name in ipairs(ports) do assert.matches("^%l+%.srcport$", name) end
    assert.same({ "udp.srcport" }, names("udp.src*"))
    assert.same({ "ip.ttl" }, names("ip.t*"))
    assert.same({}, names("*srcpor"))
    assert.same({}, names("ip?ttl*"))
  end)

  it("raises for what is no text, at the caller", function()
    assert.equal("fields: a text expected", blamed(function() tap.fields({}) end))
  end)
end)

describe("tap.interfaces", function()
  it("lists loopback with its addresses and flags", function()
    local found
    for _, interface in ipairs(assert(tap.interfaces())) do
      if interface.name == "lo" then found = interface end
    end
    assert.is_truthy(found)
    assert.matches("loopback", table.concat(found.flags, " "))
    assert.equal(1, found.linktype)
  end)
end)

describe("tap.filter", function()
  local frame <const> = build.udp_frame { srcport = 1, dstport = 53 }

  it("compiles tcpdump's language, and comparisons of fields", function()
    local dns <close> = assert(tap.filter "udp port 53")
    assert.is_true(dns:matches(frame))
    assert.equal("sometimes", dns:verdict())
    assert.is_true(assert(tap.filter "udp.dstport in {53, 5353} and ip.ttl > 1"):matches(frame))
    assert.is_false(assert(tap.filter "tcp"):matches(frame))
  end)

  it("gives instructions that a capture takes", function()
    local cap <close> = assert(tap.open { packets = { frame, build.udp_frame { dstport = 80 } } })
    assert(cap:set_filter(assert(tap.filter "dst port 53"):code()))
    local stats = assert(cap:run())
    assert.equal(1, stats.delivered)
    assert.equal(1, stats.filtered)
  end)

  it("says where a text is wrong", function()
    local filter, message, where = tap.filter "udp porf 53"
    assert.is_nil(filter)
    assert.is_string(message)
    assert.equal(5, where.position)
  end)

  it("raises for misuse, at the caller", function()
    for message, call in pairs {
      ["filter: a text or a list of instructions expected"] = function() tap.filter(7) end,
      ["filter: unknown option 'liv'"] = function() tap.filter("ip", 1, { liv = true }) end,
    } do
      local ok, said = pcall(call)
      assert.is_false(ok)
      assert.matches("init_spec%.lua:%d+: " .. message, said)
    end
  end)
end)
