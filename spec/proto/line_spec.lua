-- p:summary() against tcpdump's lines (-nn -t -S): equal but for white space, where tcpdump is not
-- of one mind, and for the differences that are named here.

local b = require "spec.support.build"
local run = require "spec.support.run"
local tap = require "moontap"

local version = run { "tcpdump", "--version" }
local has_tcpdump = (version.out .. version.err):find("tcpdump version 4.99", 1, true) ~= nil

--- tcpdump's line for each record of a capture file's bytes.
local function tcpdump(file)
  local r = run { "tcpdump", "-Z", "root", "-nn", "-t", "-S", "-#", "-r", "-", stdin = file }
  local lines = {}
  for text in r.out:gmatch("[^\n]*") do
    local number, line = text:match("^%s*(%d+)  (.*)")
    if math.tointeger(tonumber(number)) == #lines + 1 then
      lines[#lines + 1] = line:gsub("(, ethertype .*): $", "%1") -- a dump would follow
    end
  end
  return lines
end

local function squeezed(line)
  return (line:gsub("%s+", ""))
end

--- "[|tcp]" where a line ends because the bytes do.
local function cut_mark(line)
  return line:match("%[|%w+%]")
end

local function summary(packet, linktype)
  if type(packet) == "string" then packet = { packet } end
  return tap.packet(packet[1], { linktype = linktype, len = packet.len }):summary()
end

--- Compare both programs' lines about packets (bytes, or { bytes, len = }).
local function check(packets, linktype)
  if not has_tcpdump then return pending("tcpdump 4.99 is not here") end
  local lines = tcpdump(b.pcap(packets, { linktype = linktype }))
  assert.equal(#packets, #lines)
  for i, packet in ipairs(packets) do
    assert.equal(squeezed(lines[i]), squeezed(summary(packet, linktype)), lines[i])
  end
end

local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
local ends6 = { src = "2001:db8::1", dst = "2001:db8::2" }

local function ip(payload, o)
  return b.eth(b.ipv4(payload, ends, o))
end

local function ip6(payload, o)
  return b.eth(b.ipv6(payload, ends6, o))
end

local function udp(payload, o)
  o = o or {}
  return b.udp(payload, ends, { srcport = o.srcport or 1111, dstport = o.dstport or 2222, length = o.length })
end

local function tcp(payload, o)
  o = o or {}
  return b.tcp(payload, ends, {
    srcport = 1111, dstport = 2222, seq = o.seq or 100, ack = 7, flags = o.flags or 0x10,
    window = 500, urgent = o.urgent, options = o.options,
  })
end

--- TCP options, filled up to a multiple of four bytes.
local function options(digits)
  local bytes = tap.hex(digits)
  return bytes .. ("\0"):rep(-#bytes % 4)
end

describe("p:summary of ARP", function()
  it("tells questions and answers", function()
    local list = {}
    for _, opcode in ipairs { 1, 2, 3, 4, 8, 9 } do
      list[#list + 1] = b.eth(b.arp { opcode = opcode }, { type = 0x0806 })
    end
    list[#list + 1] = b.eth(b.arp { tmac = "02:03:04:05:06:07" }, { type = 0x0806 })
    list[#list + 1] = b.eth(b.arp { sip = "0.0.0.0" } .. ("\0"):rep(18), { type = 0x0806 })
    list[#list + 1] = b.eth(b.arp { opcode = 3 }, { type = 0x8035 })
    check(list)
  end)

  it("tells an answer in these words", function()
    assert.equal("ARP, Reply 192.0.2.1 is-at 02:00:00:00:00:01, length 28",
      summary(b.eth(b.arp { opcode = 2 }, { type = 0x0806 })))
  end)

  it("names what is not IPv4 by its kinds, and unknown operations by their number", function()
    assert.equal("ARP, Ethernet (0x0001) (len 6), IPv6 (0x86dd) (len 4), length 28",
      summary(b.eth((b.arp {}):gsub("^..\x08\0", "\0\1\x86\xdd"), { type = 0x0806 })))
    assert.equal("ARP, Unknown (99), length 28", summary(b.eth(b.arp { opcode = 99 }, { type = 0x0806 })))
  end)
end)

describe("p:summary of TCP", function()
  it("tells each combination of flags", function()
    local list = {}
    for flags = 0, 0x1ff do list[#list + 1] = ip(tcp("", { flags = flags }), { proto = 6 }) end
    check(list)
  end)

  it("tells absolute sequence numbers, also over the end of their range", function()
    check {
      ip(tcp("0123456789", { flags = 0x18 }), { proto = 6 }),
      ip(tcp("0123456789", { flags = 0x18, seq = 0xfffffffe }), { proto = 6 }),
      ip(tcp("0123456789", { flags = 0x02 }), { proto = 6 }),
      ip(tcp("0123456789", { flags = 0 }), { proto = 6 }),
      ip(tcp("", { flags = 0x30, urgent = 5 }), { proto = 6 }),
      ip(tcp("") .. "", { proto = 6 }) .. ("\0"):rep(6), -- padding of a short frame
    }
    assert.equal("IP 192.0.2.1.1111 > 192.0.2.2.2222: Flags [P.], seq 100:110, ack 7, win 500, length 10",
      summary(ip(tcp("0123456789", { flags = 0x18 }), { proto = 6 })))
  end)

  it("tells options", function()
    local list = {}
    for _, digits in ipairs {
      "020405b4", "020405b4 01 030308 0101 0402", "020405b4 0402 080a 00000001 00000000 01 030307",
      "0101 080a 00000001 00000002", "0101 050a 00000001 00000002", "0101 0512 00000001000000020000000300000004",
      "030307 00", "0502", "01", "00", "0e030100", "0f02", "4c04aabb", "fd02", "1d040102", "1d10" .. ("aa"):rep(14),
      "2202", "220a0102030405060708 0101",
    } do list[#list + 1] = ip(tcp("", { flags = 2, options = options(digits) }), { proto = 6 }) end
    check(list)
  end)

  it("goes on to the length behind an option that makes no sense", function()
    for digits, words in pairs {
      ["0204 05b4 0800 0101"] = "mss 1460,[bad opt]",
      ["02"] = "[bad opt]",
      ["01 0440 01"] = "nop,[bad opt]",
    } do
      local line = summary(ip(tcp("", { flags = 2, options = options(digits) }), { proto = 6 }))
      assert.equal(", win 500, options [" .. words .. "], length 0", line:match("seq 100(.*)"))
    end
  end)

  it("says which length of a header cannot be", function()
    local short = tcp("0123456789"):gsub("^(............)\x50", "%1\x40")
    local long = tcp("0123456789"):gsub("^(............)\x50", "%1\xf0")
    local start = "IP 192.0.2.1.1111 > 192.0.2.2.2222: Flags [.] "
    assert.equal(start .. "[bad header length 16 < 20]", summary(ip(short, { proto = 6 })))
    assert.equal(start .. "[bad header length 60 > 30]", summary(ip(long, { proto = 6 })))
  end)
end)

describe("p:summary of UDP", function()
  it("tells the length that the header has", function()
    check {
      ip(udp("01234567"), { proto = 17 }), ip(udp(""), { proto = 17 }),
      ip(udp("01234567"), { proto = 17 }) .. ("\0"):rep(10),
      ip(udp("01234567", { length = 10 }), { proto = 17 }),
      ip(udp("01234567", { length = 7 }), { proto = 17 }),
      ip(udp("01234567", { length = 17 }), { proto = 17 }),
      ip(udp("01234567", { srcport = 0, dstport = 65535 }), { proto = 17 }),
      { ip(udp("01234567"), { proto = 17 }):sub(1, 44), len = 50 }, -- a snapshot
    }
  end)

  it("takes the length 0 as 'to the end' (RFC 2675)", function()
    assert.equal("IP 192.0.2.1.1111 > 192.0.2.2.2222: UDP, length 8",
      summary(ip(udp("01234567", { length = 0 }), { proto = 17 })))
  end)
end)

describe("p:summary of IPv4", function()
  it("tells fragments by their protocol, but for the first", function()
    local list = {}
    local payloads = {
      [1] = b.icmp("0123", { rest = 2 }), [6] = tcp("0123"), [17] = udp("0123", { length = 2000 }), [253] = "0123",
    }
    for proto, payload in pairs(payloads) do
      for _, fragment in ipairs { 0x2000, 0x2005, 0x0005, 0x4005 } do
        list[#list + 1] = ip(payload, { proto = proto, fragment = fragment })
      end
    end
    check(list)
  end)

  it("tells how much of the packet the frame did not hold", function()
    check {
      ip(udp("0123"), { proto = 17, length = 100 }),
      { ip(udp("0123"), { proto = 17 }):sub(1, 42), len = 44 },
      ip(tcp(""), { proto = 6, length = 41 }),
    }
  end)

  it("tells headers that lie", function()
    local list = {}
    local function begun(byte)
      local frame = ip(udp(""), { proto = 17 })
      return frame:sub(1, 14) .. string.char(byte) .. frame:sub(16)
    end
    for number = 0, 15 do
      if number ~= 4 and number ~= 6 then list[#list + 1] = begun(number << 4 | 5) end
    end
    for words = 0, 4 do list[#list + 1] = begun(0x40 | words) end
    for _, length in ipairs { 1, 10, 19 } do list[#list + 1] = ip(udp(""), { proto = 17, length = length }) end
    check(list)
  end)

  it("takes the total length 0 as 'to the end', as segmentation offload leaves it", function()
    assert.equal("IP 192.0.2.1.1111 > 192.0.2.2.2222: UDP, length 4",
      summary(ip(udp("0123"), { proto = 17, length = 0 })))
  end)

  it("names what it does not decode", function()
    check { ip("0123", { proto = 253 }), ip("", { proto = 61 }), ip("0123", { proto = 59 }) }
    assert.equal("IP 192.0.2.1 > 192.0.2.2: EGP, length 4", summary(ip("0123", { proto = 8 })))
  end)
end)

describe("p:summary of ICMP", function()
  local quoted = b.ipv4(udp("", { dstport = 53 }), { src = "198.51.100.1", dst = "198.51.100.2" }, { proto = 17 })

  it("tells messages of all types", function()
    local list = {}
    for type = 0, 44 do
      local is_error = type == 3 or type == 5 or type == 11
      if type ~= 9 and type ~= 14 then
        local body = is_error and quoted or "0123456789ab"
        list[#list + 1] = ip(b.icmp(body, { type = type, rest = 0x10002 }), { proto = 1 })
      end
    end
    local times = string.pack(">I4I4I4", 1000, 18061001, 86399999)
    list[#list + 1] = ip(b.icmp(times, { type = 14, rest = 0x10002 }), { proto = 1 })
    check(list)
  end)

  it("tells errors of all codes", function()
    local list = {}
    for _, type in ipairs { 3, 5, 11, 12 } do
      for code = 0, 17 do
        list[#list + 1] = ip(b.icmp(quoted, { type = type, code = code, rest = 0x01020304 }), { proto = 1 })
      end
    end
    check(list)
  end)

  it("tells the port of a quoted packet", function()
    local list = {}
    for _, proto in ipairs { 6, 17, 47 } do
      for _, ihl in ipairs { "", "\1\1\1\0" } do
        local inner = b.ipv4(tcp(""), { src = "198.51.100.1", dst = "198.51.100.2" }, { proto = proto, options = ihl })
        list[#list + 1] = ip(b.icmp(inner, { type = 3, code = 3 }), { proto = 1 })
      end
    end
    check(list)
  end)

  it("stops where the quoted packet was cut off", function()
    local whole = ip(b.icmp(quoted, { type = 3, code = 3 }), { proto = 1 })
    for n = 34, #whole - 5 do
      assert.equal("IP 192.0.2.1 > 192.0.2.2: ", summary({ whole:sub(1, n), len = #whole }):match("^IP [^:]*: "))
      assert.equal("[|icmp]", cut_mark(summary { whole:sub(1, n), len = #whole }), n)
    end
  end)
end)

describe("p:summary of IPv6", function()
  local datagram = b.udp("01234567", ends6, { srcport = 1111, dstport = 2222 })
  local routing = "\17\2\0\1\0\0\0\0" .. b.address("2001:db8::7")

  it("tells what is behind extension headers", function()
    check {
      ip6(datagram, { next = 17 }),
      ip6(tcp("0123"), { next = 6 }),
      ip6("\17\0\1\4\0\0\0\0" .. datagram, { next = 0 }),
      ip6("\60\0\1\4\0\0\0\0\17\0\1\4\0\0\0\0" .. datagram, { next = 0 }),
      ip6(routing .. datagram, { next = 43 }),
      ip6("\17\4\0\0" .. "\0\0\0\1\0\0\0\2" .. ("\xab"):rep(12) .. datagram, { next = 51 }),
      ip6("", { next = 59 }), ip6("0123", { next = 59 }), ip6("0123", { next = 253 }),
      ip6(datagram, { next = 17, length = 100 }),
      ip6(datagram, { next = 17 }) .. "padding",
    }
  end)

  it("tells fragments", function()
    check {
      ip6("\17\0\0\1\0\0\0\7" .. datagram, { next = 44 }),
      ip6("\17\0\0\0\0\0\0\7" .. datagram, { next = 44 }),
      ip6("\17\0\0\x29\0\0\0\7" .. "01234567", { next = 44 }),
      ip6("\17\0\0\x28\0\0\0\7" .. "0123", { next = 44 }),
      ip6("\58\0\0\1\0\0\0\7" .. b.icmp("0123", { type = 128, rest = 0x10002 }, ends6), { next = 44 }),
    }
  end)

  it("tells the wrong version", function()
    check { (ip6(datagram, { next = 17 }):gsub("\x60", "\x50", 1)) }
  end)

  it("tells messages of ICMPv6", function()
    local target, group = b.address("fe80::99"), b.address("ff02::5")
    local quoted = b.ipv6(datagram, { src = "2001:db8::9", dst = "2001:db8::8" }, { next = 17 })
    local behind = b.ipv6("\17\0\1\4\0\0\0\0" .. datagram, { src = "2001:db8::9", dst = "2001:db8::8" }, { next = 0 })
    local list = {}
    local function add(type, code, rest, body)
      list[#list + 1] = ip6(b.icmp(body, { type = type, code = code, rest = rest }, ends6), { next = 58 })
    end
    add(128, 0, 0x10002, "0123") add(129, 0, 0x10002, "")
    add(133, 0, 0, "") add(134, 0, 0x40000708, ("\0"):rep(8))
    add(135, 0, 0, target) add(136, 0, 0x60000000, target) add(137, 0, 0, target .. group)
    add(130, 0, 1000 << 16, group) add(131, 0, 0, group) add(132, 0, 0, group)
    add(130, 0, 1000 << 16, group .. "\0\0\0\1" .. target) add(130, 0, 1000 << 16, group .. "\0\0\0\0")
    add(143, 0, 2, ("\4\0\0\0" .. group):rep(2))
    for _, type in ipairs { 141, 142, 144, 145, 146, 147 } do add(type, 0, 0x12340000, target) end
    for code = 0, 4 do add(1, code, 0, quoted) end
    add(1, 4, 0, behind) add(2, 0, 1280, quoted)
    for code = 0, 3 do add(3, code, 0, quoted) end
    for code = 0, 4 do add(4, code, 40, quoted) end
    check(list)
    assert.equal("IP6 2001:db8::1 > 2001:db8::2: ICMP6, neighbor solicitation, who has fe80::99, length 24",
      summary(list[5]))
  end)
end)

describe("p:summary of link headers", function()
  local packet = b.ipv4(udp("0123"), ends, { proto = 17 })

  it("keeps silent where a protocol follows, tags included", function()
    check {
      b.eth(b.vlan(packet, { id = 5 }), { type = 0x8100 }),
      b.eth(b.vlan(b.vlan(packet, { id = 6 }), { id = 5, type = 0x8100 }), { type = 0x88a8 }),
      b.eth(b.vlan(b.vlan(packet, { id = 6 }), { id = 5, type = 0x8100 }), { type = 0x9100 }),
      b.eth(b.vlan(b.arp {}, { id = 5, type = 0x0806 }), { type = 0x8100 }),
      b.eth("\xaa\xaa\3\0\0\0\8\0" .. packet, { type = 8 + #packet }),
    }
  end)

  it("tells raw IP of either version", function()
    local packet6 = b.ipv6(udp("0123"), ends6, { next = 17 })
    for _, linktype in ipairs { 101, 228 } do check({ packet }, linktype) end
    for _, linktype in ipairs { 101, 229 } do check({ packet6 }, linktype) end
    check({ "\x10" .. packet:sub(2) }, 101)
  end)

  it("tells unknown payloads by addresses and type", function()
    check { b.eth("0123", { type = 0x1234 }), b.eth(b.vlan("0123", { id = 5, type = 0x4321 }), { type = 0x8100 }) }
    for _, case in ipairs {
      { "ethertype PTP (0x88f7), length 18", b.eth("0123", { type = 0x88f7 }) },
      { "802.3, length 18", b.eth("\xff\xff12", { type = 4 }) },
      { "LLC, dsap X.25 (0x7e), ssap X.25 (0x7e), ctrl 0x03, length 7",
        b.eth("\x7e\x7e\3" .. "0123" .. "padding", { type = 7 }) },
      { "SNAP, oui 0x00000c, pid 0x2004, length 4", b.eth("\xaa\xaa\3\0\0\x0c\x20\4" .. "0123", { type = 12 }) },
      { "SNAP, ethertype Unknown (0x1234), length 4", b.eth("\xaa\xaa\3\0\0\0\x12\x34" .. "0123", { type = 12 }) },
    } do
      assert.equal("02:00:00:00:00:01 > 02:00:00:00:00:02, " .. case[1], summary(case[2]))
    end
    assert.equal("linktype 65000, length 4", summary("0123", 65000))
  end)

  it("says so where there are more layers than a packet can hold", function()
    local inner = packet
    for id = 1, 40 do inner = b.vlan(inner, { id = id, type = id > 1 and 0x8100 or 0x0800 }) end
    assert.equal("[|too deep]", summary(b.eth(inner, { type = 0x8100 })))
  end)
end)

describe("p:summary of a frame cut short", function()
  local frames = {
    ip(udp("0123"), { proto = 17 }), ip(tcp("0123"), { proto = 6 }),
    ip(b.icmp("0123", { rest = 0x10002 }), { proto = 1 }),
    b.eth(b.arp {}, { type = 0x0806 }),
    b.eth(b.vlan(b.ipv4(udp("0123"), ends, { proto = 17 }), { id = 5 }), { type = 0x8100 }),
    ip6(tcp("0123"), { next = 6 }), ip6("\17\0\1\4\0\0\0\0" .. udp("0123"), { next = 0 }),
    ip6(b.icmp(b.address("fe80::99"), { type = 135 }, ends6), { next = 58 }),
    b.eth("\xaa\xaa\3\0\0\0\x12\x34" .. "0123", { type = 12 }),
  }

  it("stops where tcpdump stops, at every length, by snapshot and by wire", function()
    if not has_tcpdump then return pending("tcpdump 4.99 is not here") end
    for _, frame in ipairs(frames) do
      local packets = {}
      for n = 1, #frame - 1 do
        packets[#packets + 1] = { frame:sub(1, n), len = #frame }
        packets[#packets + 1] = { frame:sub(1, n), len = n }
      end
      local lines = tcpdump(b.pcap(packets))
      assert.equal(#packets, #lines)
      for i, packet in ipairs(packets) do
        local line = summary(packet)
        local wanted = cut_mark(lines[i])
        if wanted then
          assert.equal(wanted, cut_mark(line), lines[i])
        elseif not lines[i]:find("SNAP", 1, true) and not lines[i]:find("truncated-udp", 1, true) then
          assert.equal(squeezed(lines[i]), squeezed(line))
        end
      end
    end
  end)

  it("tells the options that are whole", function()
    local frame = ip(tcp("", { flags = 2, options = options "020405b4 0101 080a 00000001 00000002" }), { proto = 6 })
    local function tail(n)
      return summary({ frame:sub(1, 54 + n), len = #frame }):match("win 500(.*)")
    end
    assert.equal(", options [ [|tcp]", tail(0))
    assert.equal(", options [ [|tcp]", tail(3))
    assert.equal(", options [mss 1460, [|tcp]", tail(4))
    assert.equal(", options [mss 1460,nop,nop, [|tcp]", tail(15))
    assert.equal(", options [mss 1460,nop,nop,TS val 1 ecr 2], length 0", tail(16))
  end)
end)

describe("p:summary over the captures of the corpus", function()
  local corpus = "../shared/corpus/"

  --- Which kind of line of tcpdump's this is, or nil for what only tcpdump decodes further.
  local function kind(line)
    if line:find("^ARP, Re") then return "ARP" end
    local rest = line:gsub("^(IP6?) truncated%-ip6? %- %d+ bytes missing! ?", "%1 "):match("^IP6? %S+ > %S+: +(.*)")
    if not rest or rest:find("[|", 1, true) then return nil end
    if rest:find("^Flags %[") then return "TCP" end
    if rest:find("^UDP, ") then return "UDP" end
    if rest:find("^ICMP ") then return "ICMP" end
    if rest:find("^ICMP6, ") then return "ICMPv6" end
  end

  --- Count lines that are equal, and those whose beginning ours is (tcpdump tells applications too).
  local function count(counts, group, wanted, got)
    local c = counts[group] or { lines = 0, equal = 0, beginning = 0 }
    counts[group] = c
    c.lines = c.lines + 1
    if wanted == got then
      c.equal = c.equal + 1
    elseif wanted:sub(1, #got) == got then
      c.beginning = c.beginning + 1
    end
  end

  local function compare(path, counts)
    local lines = tcpdump(run.read(path))
    local capture <close> = assert(tap.open(path))
    capture:each(function(p)
      local theirs = lines[p["frame.number"]]
      local group = theirs and kind(theirs)
      if group then count(counts, group, squeezed(theirs), squeezed(p:summary())) end
    end)
    capture:run() -- some files end in a damaged record
  end

  it("is tcpdump's line for 97 of 100 packets of each kind", function()
    local manifest = run.read(corpus .. "MANIFEST.tsv")
    if not manifest or not has_tcpdump then return pending("the corpus or tcpdump 4.99 is not here") end
    local counts = {}
    for row in manifest:gmatch("[^\n]+") do
      local file, format, linktypes = row:match("^([^\t]*)\t[^\t]*\t([^\t]*)\t([^\t]*)")
      if format:find("^pcap usec [LB]E") and linktypes == "1" and not file:find("^moontap%-[dbhec]") then
        compare(corpus .. "pcap/" .. file, counts)
      end
    end
    for _, group in ipairs { "ARP", "TCP", "UDP", "ICMP", "ICMPv6" } do
      local c = assert.is_table(counts[group], group) and counts[group]
      print(("%-7s %6d lines, %6d equal, %5d the beginning of tcpdump's"):format(group, c.lines, c.equal, c.beginning))
      assert.is_true((c.equal + c.beginning) / c.lines >= 0.97, group)
    end
  end)
end)
