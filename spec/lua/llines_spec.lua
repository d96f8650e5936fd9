--- Lines of packets as the program prints them, held against tcpdump's: times, link headers, bytes.
local b = require "spec.support.build"
local core = require "moontap.core"
local run = require "spec.support.run"
local tap = require "moontap"

local version = run { "tcpdump", "--version" }
local has_tcpdump = (version.out .. version.err):find("tcpdump version 4.99", 1, true) ~= nil

local ALL <const> = ("\0\1\t\n\r\n x\r\127\128\255"):rep(3) .. "end\r"

--- A UDP frame with its EtherType behind tags.
local function tagged(tags, payload)
  local frame = b.udp_frame { dstport = 40001, payload = payload }
  return frame:sub(1, 12) .. tags .. frame:sub(13)
end

--- Frames whose words both programs agree on, at times that jump to and fro.
local function frames()
  local ends = { src = "2001:db8::1", dst = "2001:db8::2" }
  local list = {
    b.udp_frame { dstport = 40001, payload = ALL },
    b.eth(b.arp {}, { type = 0x0806 }),
    tagged("\x81\x00\x60\x05", "a"),
    tagged("\x81\x00\x10\x05", "dei"),
    tagged("\x88\xa8\x60\x05\x81\x00\x00\x07", ""),
    b.eth(b.ipv6(b.udp("six", ends, { srcport = 1024, dstport = 40001 }), ends, { next = 17 }), { type = 0x86dd }),
  }
  for n = 0, 33 do
    local payload = ALL:sub(1, n)
    -- tcpdump -A drops a return before the last byte, whatever that is
    if payload:byte(-2) ~= 13 then list[#list + 1] = b.udp_frame { dstport = 40001, payload = payload } end
  end
  local time_ns = 1700000000999999999
  for i, frame in ipairs(list) do
    time_ns = time_ns + (i % 5 == 0 and -1500000777 or i * 37000000111)
    list[i] = { frame, time_ns = time_ns }
  end
  return list
end

describe("moontap's lines", function()
  local path

  setup(function()
    path = os.tmpname()
    run.write(path, b.pcap(frames(), { nanoseconds = true }))
  end)

  teardown(function() os.remove(path) end)

  local function equal(ours, theirs)
    if not has_tcpdump then return pending("tcpdump 4.99 is not here") end
    for _, zone in ipairs { "UTC", "Asia/Kolkata", "America/St_Johns" } do
      local env = { TZ = zone }
      local wanted = run { "tcpdump", "-Z", "root", "--micro", "-nn", "-r", path, env = env, table.unpack(theirs) }
      local r = run { run.moontap, "-r", path, env = env, table.unpack(ours) }
      assert.is_true(#wanted.out > 1000, wanted.err)
      assert.equal(wanted.out, r.out, table.concat(ours, " ") .. " " .. zone)
      assert.equal(0, r.code)
    end
  end

  for _, option in ipairs { "-x", "-xx", "-X", "-XX", "-A", "-AA", "-t", "-tt", "-ttt", "-tttt", "-ttttt" } do
    it("are tcpdump's with " .. option, function() equal({ option }, { option }) end)
  end

  it("have link headers as tcpdump's with -e", function()
    equal({ "--link" }, { "-e" })
    equal({ "--link", "-ttXX" }, { "-ettXX" })
  end)

  it("show bytes in one form: -X before -x before -A", function()
    equal({ "-xXA" }, { "-xXA" })
    equal({ "-xA" }, { "-xA" })
  end)

  it("keep their form with -q and -v", function()
    local quiet = run { run.moontap, "-r", path, "-c1", "-qtX" }.out
    assert.matches("^192%.0%.2%.1%.40000 > 192%.0%.2%.2%.40001 udp %d+\n\t0x0000:  4500 ", quiet)
    local full = run { run.moontap, "-r", path, "-c1", "-vttx" }.out
    assert.matches("^1700000038%.000000 IP 192[^\n]+\nFrame", full)
    assert.matches("\n\n\t0x0000:  4500 [^\n]+\n", full)
  end)
end)

local udp_header <const> = b.udp_frame():sub(1, 12) .. "\x12\x34"

local function lines(options) return core.lines(options) end

describe("core.lines", function()
  local udp = b.udp_frame { dstport = 40001 }

  it("has a place for a time that is not known", function()
    local p = tap.packet(udp)
    assert.equal("--:--:--.------ ", lines({}):line(p):match("^%S+ "))
    assert.equal("--:--:--.------", lines({ time = 3 }):time(p))
    assert.equal("", lines({ time = 1 }):time(p))
  end)

  it("tells times before 1970, and spans of more than a day", function()
    local function at(ns) return tap.packet(udp, { time_ns = ns }) end
    assert.equal("-1.500000", lines({ time = 2 }):time(at(-1500000000)))
    assert.equal("-0.000001", lines({ time = 2 }):time(at(-1)))
    local since = lines { time = 3 }
    assert.equal(" 00:00:00.000000", since:time(at(0)))
    assert.equal(" 27:46:40.000000", since:time(at(100000 * 1000000000)))
    assert.equal("-27:46:40.000000", since:time(at(0)))
    local first = lines { time = 5 }
    assert.equal(" 00:00:00.000000", first:time(at(5000)))
    assert.equal(" 00:00:00.000001", first:time(at(6999)))
    assert.equal("-00:00:00.000001", first:time(at(4000)))
  end)

  it("shows no bytes where there is nothing behind the link header", function()
    for n = 1, 14 do
      assert.equal("", lines({ bytes = "both" }):bytes(tap.packet(udp:sub(1, n))), n)
      assert.matches("^\t0x0000: ", lines({ bytes = "both", whole = true }):bytes(tap.packet(udp:sub(1, n))))
    end
    assert.equal("\t0x0000:  45", lines({ bytes = "hex" }):bytes(tap.packet(udp:sub(1, 15))))
    assert.equal("\t0x0000:  4142                                     AB",
      lines({ bytes = "both" }):bytes(tap.packet(udp:sub(1, 12) .. "\x12\x34AB")))
  end)

  it("holds packets of any length", function()
    local p = tap.packet(udp .. ("z"):rep(5000), { time_ns = 0 })
    local text = lines({ bytes = "ascii", whole = true }):bytes(p)
    assert.equal(#udp + 5000, #text)
    assert.equal(("z"):rep(5000), text:sub(-5000))
  end)

  it("refuses what it does not know", function()
    assert.has_error(function() lines { time = 6 } end, "bad argument #1 to 'lines' (time is 0 to 5)")
    assert.error_matches(function() lines { bytes = "octal" } end, "invalid option 'octal'")
    assert.error_matches(function() lines({}):line("p") end, "packet expected")
  end)
end)

describe("bytes as characters", function()
  it("keep white space but for the return that ends a line", function()
    local function ascii(text)
      return lines({ bytes = "ascii" }):bytes(tap.packet(udp_header .. text))
    end
    assert.equal("a\tb c\n", ascii "a\tb c\r\n")
    assert.equal(".a", ascii "\ra")
    assert.equal(".\n", ascii "\r\r\n")
    assert.equal("a", ascii "a\r")
    assert.equal("..~.", ascii "\0\31~\127")
  end)
end)

describe("columns as CSV", function()
  it("have commas between values, and quotes where RFC 4180 wants them", function()
    local p = tap.packet(b.eth(b.arp {}, { type = 0x0806 }))
    assert.equal("42,,192.0.2.1", core.columns({ "frame.len", "udp.dstport", "arp.src.proto_ipv4" }, "csv"):line(p))
    assert.error_matches(function() core.columns({ "frame.len" }, "xml") end, "invalid option 'xml'")
  end)
end)
