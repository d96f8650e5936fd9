-- csrc/filter/vm.c: the kernel's results, on bytes and on metadata, and tcpdump's on a file.

local b = require "spec.support.build"
local live = require "spec.support.live"
local long = require "spec.support.long"
local probe = require "spec.base.probe"
local run = require "spec.support.run"
local tap = require "moontap"

local FOLDERS <const> = { "base", "proto", "filter" }

--- How many of the packets of 'options' pass the program.
local function passed(program, options)
  options.filter = program
  local cap <close> = assert(tap.open(options))
  return assert(cap:run()).delivered
end

--- The instructions that tcpdump compiles for the packets of a file.
local function compiled(file, expression)
  local r = run { "tcpdump", "-ddd", "-r", file, expression }
  assert(r.code == 0, r.err)
  local program = {}
  for code, jt, jf, k in r.out:gmatch("(%d+) (%d+) (%d+) (%d+)\n") do
    program[#program + 1] = { tonumber(code), tonumber(jt), tonumber(jf), tonumber(k) }
  end
  return program
end

--- How many packets of a file tcpdump's own machine lets pass.
local function counted(file, expression)
  local r = run { "tcpdump", "-r", file, "--count", expression }
  return tonumber(r.out:match("^(%d+) packet"))
end

--- Frames of many kinds and sizes, some cut short.
local function mixed_packets()
  math.randomseed(11)
  local list = {}
  for i = 1, 1201 do
    local v4 = { src = "192.0.2." .. math.random(4), dst = "198.51.100." .. math.random(4) }
    local v6 = { src = "2001:db8::" .. math.random(4), dst = "2001:db8::1:" .. math.random(4) }
    local ports = { srcport = math.random(80, 83), dstport = math.random(50, 53), flags = math.random(0, 63) }
    local options = ("\1"):rep(4 * math.random(0, 2))
    local frame
    if i % 4 == 0 then frame = b.eth(b.ipv6(b.tcp("", v6, ports), v6, { next = 6 }))
    elseif i % 4 == 1 then frame = b.eth(b.arp { sip = v4.src, tip = v4.dst }, { type = 0x0806 })
    elseif i % 4 == 2 then frame = b.eth(b.ipv4(b.udp("x", v4, ports), v4, { proto = 17, options = options }))
    else
      local ip = b.ipv4(b.tcp("hello", v4, ports), v4, { proto = 6, fragment = math.random(0, 1) * 3 })
      frame = b.eth(b.vlan(ip, { id = math.random(3) }), { type = 0x8100 })
    end
    local cut = math.random(4) == 1 and math.random(0, #frame) or #frame
    list[i] = { frame:sub(1, cut), len = #frame }
  end
  return list
end

describe("a program that runs", function()
  it("does what it does in the kernel, on random bytes", function()
    local count <const> = long and 60013 or 4001
    local out = probe("spec/filter/program_probe.c", FOLDERS, "runs " .. count)
    local accepted, rejected, differ = out:match("^(%d+) accepted, (%d+) refused, (%d+) differ\n$")
    assert.equal("0", differ)
    assert.is_true(tonumber(accepted) > count and tonumber(rejected) > count)
  end)

  local expressions <const> = {
    "ip", "arp", "not arp", "tcp port 80", "udp port 53", "port 80 or 53", "host 192.0.2.1", "ip6 host 2001:db8::1",
    "tcp[tcpflags] & tcp-syn != 0", "vlan 2 and tcp", "ip[0] & 0xf > 5", "len > 60", "portrange 51-81",
    "ip[8] = 64 and not (src net 192.0.2.0/30)", "ether[len - 1] = 0x6f", "ether multicast", "ip6[6] % 4 = 2",
  }
  it("passes as many packets of a file as tcpdump lets pass", function()
    local path = os.tmpname()
    local bytes = b.pcap(mixed_packets())
    run.write(path, bytes)
    local some = 0
    for _, expression in ipairs(expressions) do
      local expected = counted(path, expression)
      some = some + expected
      assert.equal(expected, passed(compiled(path, expression), { data = bytes }), expression)
    end
    os.remove(path)
    assert.is_true(some > 1201)
  end)

  it("sees the length on the wire, and rejects when it loads past the captured bytes", function()
    local packets = { data = b.pcap { { "\1\2\3\4", len = 1000 } } }
    assert.equal(1, passed({ { 0x80, 0, 0, 0 }, { 0x15, 0, 1, 1000 }, { 6, 0, 0, 1 }, { 6, 0, 0, 0 } }, packets))
    for offset, expected in pairs { [0] = 1, [1] = 0, [0x7fffffff] = 0, [0xffdfffff] = 0 } do
      assert.equal(expected, passed({ { 0x20, 0, 0, offset }, { 6, 0, 0, 1 } }, packets))
    end
    assert.equal(1, passed({ { 0x30, 0, 0, 3 }, { 6, 0, 0, 1 } }, packets))
    assert.equal(0, passed({ { 0x30, 0, 0, 4 }, { 6, 0, 0, 1 } }, packets))
  end)

  it("rejects a division by an X of 0, and shifts modulo 32", function()
    local packets = { packets = { "x" } }
    assert.equal(0, passed({ { 0x3c, 0, 0, 0 }, { 6, 0, 0, 1 } }, packets))
    assert.equal(0, passed({ { 0x9c, 0, 0, 0 }, { 6, 0, 0, 1 } }, packets))
    -- ldx #33, ld #1, lsh x, jeq #2
    assert.equal(1, passed({ { 0x01, 0, 0, 33 }, { 0x00, 0, 0, 1 }, { 0x6c, 0, 0, 0 }, { 0x15, 0, 1, 2 },
      { 6, 0, 0, 1 }, { 6, 0, 0, 0 } }, packets))
  end)

  it("rejects a load of metadata that a file's packets lack", function()
    for name, what in pairs { direction = 4, mark = 20, cpu = 36 } do
      assert.equal(0, passed({ { 0x20, 0, 0, 0xfffff000 + what }, { 6, 0, 0, 1 } }, { packets = { "x" } }), name)
    end
    -- No tag was lifted, and that is known.
    assert.equal(1, passed({ { 0x20, 0, 0, 0xfffff000 + 48 }, { 0x15, 0, 1, 0 }, { 6, 0, 0, 1 }, { 6, 0, 0, 0 } },
      { packets = { "x" } }))
  end)
end)

describe("metadata", function()
  local it = live.it(it, pending)
  it("is what a packet socket's filter sees of frames that come in", function()
    local link <close> = live.pair()
    local count <const> = long and 20011 or 2003
    local out = probe("spec/filter/metadata_probe.c", FOLDERS, ("%s %s %d"):format(link.a, link.b, count))
    local frames, accepted, differ = out:match("^(%d+) frames, (%d+) accepted, (%d+) differ\n$")
    assert.equal("0", differ)
    assert.equal(count, tonumber(frames))
    assert.is_true(tonumber(accepted) > count // 3)
  end)
end)
