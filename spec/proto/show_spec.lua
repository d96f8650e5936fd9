-- p:show(), p:json(), p:hex() and columns of text: by their own form, against tcpdump and tshark,
-- and, for kinds of fields that no built-in protocol has, through a small C program.

local b = require "spec.support.build"
local core = require "moontap.core"
local json = require "spec.proto.json"
local probe = require "spec.base.probe"
local run = require "spec.support.run"
local tap = require "moontap"
local tunnelled = require "spec.proto.tunnelled"

local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
local ends6 = { src = "2001:db8::1", dst = "2001:db8::2" }
local time_ns = 1700000000123456789

local function udp_frame(payload)
  local o = { srcport = 1111, dstport = 2222 }
  return b.eth(b.ipv4(b.udp(payload, ends, o), ends, { proto = 17, id = 0xbeef, fragment = 0x4000 }))
end

local function tcp_frame()
  local options = tap.hex "020405b4 0402 080a 00000001 00000000 01 030307"
  local segment = b.tcp("", ends6, { srcport = 1, dstport = 2, flags = 0x12, options = options })
  return b.eth(b.ipv6(segment, ends6, { next = 6, flow = 0xabcde, tclass = 0x2e }))
end

local frames = {
  udp = udp_frame "payload",
  tcp = tcp_frame(),
  arp = b.eth(b.arp { opcode = 2 }, { type = 0x0806 }),
  icmp = b.eth(b.ipv4(b.icmp("data", { rest = 0x10002 }), ends, { proto = 1, fragment = 0x2000 })),
  tagged = b.eth(b.vlan(b.vlan(b.arp {}, { id = 6, type = 0x0806 }), { id = 5, priority = 3, dei = 1, type = 0x8100 }),
    { type = 0x8100 }),
  llc = b.eth("\x42\x42\3bpdu", { type = 7 }),
}

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function packet(name, o)
  return tap.packet(frames[name], o or { time_ns = time_ns })
end

--- Each frame, and each beginning of it.
local function each_cut(fn)
  for name, frame in pairs(frames) do
    for n = 0, #frame do fn(tap.packet(frame:sub(1, n), { len = #frame }), name, n) end
  end
end

describe("p:show", function()
  it("tells each field at its offset, under its name", function()
    assert.equal([[
Frame, 49 bytes
        Frame Number: 1                                   frame.number
        Length on the wire: 49 bytes                      frame.len
        Captured Length: 49 bytes                         frame.cap_len
        Arrival Time: 2023-11-14T22:13:20.123456789Z      frame.time
        Protocols: eth:ethertype:ip:udp:data              frame.protocols
        Link Type: 1 (ETHERNET)                           frame.linktype
Ethernet, 14 bytes at 0
     0  Destination: 02:00:00:00:00:02                    eth.dst
     6  Source: 02:00:00:00:00:01                         eth.src
    12  Type: 0x0800 (IPv4)                               eth.type
Internet Protocol Version 4, 20 bytes at 14
    14  Version: 4                                        ip.version
    14  Header Length: 20 bytes                           ip.hdr_len
    15  Differentiated Services Field: 0x00               ip.dsfield
    15    Differentiated Services Codepoint: 0 (CS0)      ip.dsfield.dscp
    15    Explicit Congestion Notification: 0 (Not-ECT)   ip.dsfield.ecn
    16  Total Length: 35 bytes                            ip.len
    18  Identification: 0xbeef                            ip.id
    20  Flags: 0x02                                       ip.flags
    20    Reserved bit: no                                ip.flags.rb
    20    Don't fragment: yes                             ip.flags.df
    20    More fragments: no                              ip.flags.mf
]], packet("udp"):show():match("^.-ip%.flags%.mf\n"))
  end)

  it("sets values apart from names by two spaces at least", function()
    each_cut(function(p)
      for line in p:show():gmatch("[^\n]+") do
        if line:find("^ ") then assert.matches("%S  +[%w_]+%.[%w_.]+$", line) end
      end
    end)
  end)

  it("has the bytes of each field where it says", function()
    local seen = 0
    for _, name in ipairs { "udp", "tcp", "arp", "icmp" } do
      local p = packet(name)
      for offset, field in p:show():gmatch("\n +(%d+) [^\n]-(%S+)%f[\n\0]") do
        local raw = core.columns({ field }):line(p)
        local digits = hex(frames[name]:sub(offset + 1, offset + 16))
        if raw:find("^%x%x:%x%x:") then
          seen = seen + 1
          assert.equal(raw:gsub(":", ""), digits:sub(1, 12), field)
        elseif raw:find("^0x%x%x%x%x$") and field ~= "tcp.flags" then
          seen = seen + 1
          assert.equal(raw:sub(3), digits:sub(1, 4), field)
        end
      end
    end
    assert.is_true(seen > 15)
  end)

  it("tells both tags of a frame that has two", function()
    local text = packet("tagged"):show()
    assert.matches("\n    14  ID: 5 .-\n    18  ID: 6 ", text)
    assert.matches("Drop eligible: yes", text)
    assert.matches("Priority: 3 ", text)
  end)

  it("leaves names out that stand for others", function()
    local text = packet("udp"):show()
    assert.is_nil(text:find("ip.addr", 1, true))
    assert.is_nil(text:find("udp.port", 1, true))
    assert.is_nil(text:find(" src\n", 1, true))
  end)

  it("tells what lies behind the headers", function()
    assert.matches("\nPayload, 7 bytes at 42$", packet("udp"):show())
    assert.matches("\nPayload, 7 bytes at 42\nPadding, 11 bytes at 49$",
      tap.packet(frames.udp .. ("\0"):rep(11)):show())
    assert.matches("\nPayload, 3 bytes at 42\nNot captured, 4 bytes at 45$",
      tap.packet(frames.udp:sub(1, 45), { len = 49 }):show())
    assert.matches("\nPayload, 4 bytes at 0$", tap.packet("0123", { linktype = 65000 }):show())
  end)

  it("tells what is wrong", function()
    assert.matches("\nNot captured, 9 bytes at 40\nFault: udp: [^\n]+ 40$",
      tap.packet(frames.udp:sub(1, 40), { len = 49 }):show())
    assert.is_nil(packet("udp"):show():find("Fault", 1, true))
  end)
end)

describe("p:json", function()
  --- What the kind of a field makes of its Lua value.
  local function in_json(key, value)
    if key == "frame.time" then return "2023-11-14T22:13:20.123456789Z" end
    if type(value) == "string" and value:find("[^%w:.]") then
      return hex(value)
    end
    return value
  end

  it("has the packet's values under the names of the fields", function()
    for name in pairs(frames) do
      local p = packet(name)
      local object, keys = json.object(p:json())
      assert.is_true(#keys > 8)
      for key, value in pairs(object) do
        if type(value) == "table" then
          local all = p:all(key)
          assert.is_true(#value > 0, key)
          for i, one in ipairs(all) do all[i] = in_json(key, one) end
          assert.same(all, value, key)
        elseif key ~= "time" then
          assert.equal(in_json(key, p[key]), value, key)
        end
      end
    end
  end)

  it("has flags as truths, numbers as numbers, bytes as hex", function()
    local object = json.object(packet("tcp"):json())
    assert.is_true(object["tcp.flags.syn"])
    assert.is_false(object["tcp.flags.fin"])
    assert.equal(0x12, object["tcp.flags"])
    assert.equal("2001:db8::1", object["ipv6.src"])
    assert.equal("020405b40402080a000000010000000001030307", object["tcp.options"])
  end)

  it("has arrays for what may repeat, also where it does not", function()
    assert.same({ 5, 6 }, json.object(packet("tagged"):json())["vlan.id"])
    local once = tap.packet(b.eth(b.vlan(b.arp {}, { id = 7, type = 0x0806 }), { type = 0x8100 }))
    assert.same({ 7 }, json.object(once:json())["vlan.id"])
  end)

  it("has inner values under their own names", function()
    local private <const> = { src = "10.0.0.1", dst = "10.0.0.2" }
    local inner = b.ipv4(b.udp("x", private, { srcport = 1, dstport = 2 }), private, { proto = 17 })
    local p = tap.packet(b.eth(b.ipv4(b.ipv4(inner, ends, { proto = 4 }), ends, { proto = 4 })))
    local object, keys = json.object(p:json())
    assert.same({ "192.0.2.1", "192.0.2.1", "10.0.0.1" }, { object["ip.src"], object["ip.src#2"], object["ip.src#3"] })
    assert.equal(2, object["udp.dstport"])
    for _, key in ipairs { "ip.src#4", "udp.dstport#2", "frame.len#2" } do assert.is_nil(object[key], key) end
    for _, key in ipairs(keys) do
      if key ~= "time" and type(object[key]) ~= "table" then assert.equal(in_json(key, p[key]), object[key], key) end
    end
  end)

  it("has all values of a field, whatever carries them", function()
    local values = 0
    for _, bytes in ipairs(tunnelled()) do
      local p = tap.packet(bytes)
      local object = json.object(p:json())
      for key, value in pairs(object) do
        local name, nth = key:match("^(.-)#(%d+)$")
        local all = p:all(name or key ~= "time" and key ~= "fault" and key or "frame.len")
        if type(value) == "table" then assert.equal(#all, #value, key) end
        if nth then assert.is_true(#all >= tonumber(nth), key) end
        for i = 2, type(value) ~= "table" and #all or 0 do
          assert.is_not_nil(object[("%s#%d"):format(name or key, i)], key)
        end
        values = values + 1
      end
    end
    assert.is_true(values > 5000)
  end)

  it("has each name once, also of what protocols share", function()
    local discovery = tap.hex "ffffffffffff 02000000000a 8863 11 09 0000 0004 0101 0000"
    local vxlan = b.udp(tap.hex "0800 0000 000001 00" .. discovery, ends, { srcport = 1, dstport = 4789 })
    local packet_bytes = b.ipv4(vxlan, ends, { proto = 17 })
    local session = tap.hex "02000000000b 02000000000a 8864 11 00 0001" .. string.pack(">I2", #packet_bytes + 2)
    local p = tap.packet(session .. "\0\x21" .. packet_bytes)
    assert.same({ "eth", "pppoes", "ppp", "ip", "udp", "vxlan", "eth", "pppoed" }, p:layers())
    local object = json.object(p:json())
    assert.same({ 0, 9 }, { object["pppoe.code"], object["pppoe.code#2"] })
    assert.same({ 0, 9 }, p:all("pppoe.code"))
  end)

  it("tells the time in ns and in words, first of all", function()
    local object, keys = json.object(packet("udp"):json())
    assert.same({ "time_ns", "time" }, { keys[1], keys[2] })
    assert.equal(time_ns, object.time_ns)
    assert.equal("2023-11-14T22:13:20.123456789Z", object.time)
    object = json.object(tap.packet(frames.udp):json())
    assert.is_nil(object.time)
    assert.is_nil(object["frame.time"])
  end)

  it("leaves names out that stand for others", function()
    local object = json.object(packet("udp"):json())
    for _, name in ipairs { "src", "dport", "ip.addr", "udp.port", "eth.addr" } do assert.is_nil(object[name], name) end
  end)

  it("is one line of JSON for each beginning of a frame, and tells the fault", function()
    each_cut(function(p, name, n)
      local text = p:json()
      assert.is_nil(text:find("\n", 1, true))
      assert.equal(p.fault, json.object(text).fault, name .. n)
    end)
  end)
end)

describe("p:hex", function()
  it("has the rows of tcpdump -XX", function()
    local frame = frames.udp .. string.char(table.unpack((function()
      local all = {}
      for i = 0, 255 do all[i + 1] = i end
      return all
    end)()))
    local packets = {}
    for n = 14, #frame, 7 do packets[#packets + 1] = frame:sub(1, n) end
    local r = run { "tcpdump", "-Z", "root", "-nn", "-XX", "-r", "-", stdin = b.pcap(packets) }
    if r.code ~= 0 then return pending("tcpdump is not here") end
    local rows = {}
    for row in r.out:gmatch("\t(0x%x+:  [^\n]+)") do rows[#rows + 1] = row end
    local got = {}
    for _, bytes in ipairs(packets) do
      for row in tap.packet(bytes):hex():gmatch("[^\n]+") do got[#got + 1] = row end
    end
    assert.is_true(#rows > 100)
    assert.same(rows, got)
  end)

  it("can be read back", function()
    each_cut(function(p, name, n)
      if n > 0 then assert.equal(frames[name]:sub(1, n), tap.hex(p:hex())) end
    end)
    assert.equal("", tap.packet(""):hex())
  end)
end)

describe("core.columns", function()
  local names = {
    "frame.len", "frame.time_epoch", "eth.dst", "eth.src", "eth.type", "vlan.id", "vlan.dei", "arp.opcode",
    "arp.src.proto_ipv4", "ip.hdr_len", "ip.dsfield", "ip.id", "ip.flags", "ip.flags.df",
    "ip.flags.mf", "ip.frag_offset", "ip.ttl", "ip.proto", "ip.checksum", "ip.src", "ip.dst", "ipv6.src",
    "ipv6.flow", "ipv6.hlim", "tcp.srcport", "tcp.flags", "tcp.flags.syn", "tcp.flags.fin", "tcp.seq_raw",
    "tcp.window_size_value", "tcp.checksum", "tcp.options", "udp.dstport", "udp.length", "udp.checksum",
    "icmp.type", "icmp.ident", "llc.dsap", "llc.control",
  }

  it("has the text that tshark prints", function()
    local words = { "tshark", "-n", "-o", "ip.defragment:FALSE", "-r", "-", "-T", "fields", "-E", "occurrence=f" }
    for _, name in ipairs(names) do table.move({ "-e", name }, 1, 2, #words + 1, words) end
    local packets = {}
    for _, frame in pairs(frames) do packets[#packets + 1] = { frame, time_ns = time_ns } end
    words.stdin = b.pcap(packets, { nanoseconds = true })
    local r = run(words)
    if r.code ~= 0 then return pending("tshark is not here") end
    local columns, i = core.columns(names), 0
    for line in r.out:gmatch("([^\n]*)\n") do
      i = i + 1
      assert.equal(line, columns:line(tap.packet(packets[i][1], { time_ns = time_ns })))
    end
    assert.equal(#packets, i)
  end)
end)

describe("text of fields of other kinds", function()
  --- What the program shows of packets of its toy protocol: delta, big, when and text.
  local function shown(cases)
    local lines = {}
    for i, case in ipairs(cases) do
      local header = string.pack(">i2I8i8", case.delta or 0, case.big or 0, case.when or 0) .. (case.text or "")
      lines[i] = case.what .. " " .. hex(header)
    end
    local out = {}
    local printed = probe("spec/proto/show_probe.c", { "base", "proto" }, table.concat(lines, "\n") .. "\n")
    assert.is_nil(printed:find("(cut badly)", 1, true))
    for line in printed:gmatch("([^\n]*)\n") do out[#out + 1] = line end
    return out
  end

  local nasty = 'a"\\\b\t\n\r\27\127gr\u{fc}n\u{20ac}\xff\xe2\x82!\xed\xa0\x80'

  it("is valid JSON, whatever the bytes", function()
    local cases = {
      { what = "json", text = nasty }, { what = "json", delta = -32768, big = -1, when = -1, text = "x" },
    }
    for byte = 0, 255 do cases[#cases + 1] = { what = "json", text = string.char(byte) } end
    local lines = shown(cases)
    assert.equal(#cases, #lines)
    local object = json.object(lines[1])
    local replaced = 'a"\\\b\t\n\r\27\127gr\u{fc}n\u{20ac}\u{fffd}\u{fffd}!\u{fffd}\u{fffd}\u{fffd}'
    assert.equal(replaced, object["toy.text"])
    assert.equal(#nasty, #object["toy.letter"])
    assert.is_nil(object["toy.alias"])
    object = json.object(lines[2]:gsub("18446744073709551615", "-1"))
    assert.equal(-32768, object["toy.delta"])
    assert.equal(-1, object["toy.big"])
    assert.equal("1969-12-31T23:59:59.999999999Z", object["toy.when"])
    for byte = 0, 255 do
      local text = json.object(lines[byte + 3])["toy.text"]
      assert.equal(byte < 128 and string.char(byte) or "\u{fffd}", text)
    end
  end)

  it("is escaped in columns", function()
    assert.same({
      [[a"\\\x08\t\n\r\x1b\x7fgr]] .. "\u{fc}n\u{20ac}" .. [[\xff\xe2\x82!\xed\xa0\x80]],
      "-5", "18446744073709551615", "-0.000000001", "", "",
    }, shown {
      { what = "toy.text", text = nasty }, { what = "toy.delta", delta = -5 }, { what = "toy.big", big = -1 },
      { what = "toy.when", when = -1 }, { what = "toy.text" }, { what = "toy.nothing" },
    })
  end)

  it("has units, names and one row for each occurrence in a tree", function()
    local text = table.concat(shown { { what = "tree", delta = -10, big = 5, when = time_ns, text = "ab" } }, "\n")
    assert.equal([[
Toy, 20 bytes at 42
    42  Delta: -10 x 0.1 s                                toy.delta
    44  Big: 5 (five)                                     toy.big
    52  When: 2023-11-14T22:13:20.123456789Z              toy.when
    60  Text: ab                                          toy.text
    60  Letter: a                                         toy.letter
    61  Letter: b                                         toy.letter]], text:match("Toy.*"))
  end)

  it("names a protocol that has no words of its own in the line", function()
    assert.same({ "IP 192.0.2.1.9 > 192.0.2.2.9000: UDP, length 19: toy" }, shown { { what = "line", text = "x" } })
  end)

  it("tells a tag that the kernel lifted as one that is there", function()
    local line, tree = table.unpack(shown { { what = "liftedline", text = "x" }, { what = "liftedjson", text = "x" } })
    assert.equal("IP 192.0.2.1.9 > 192.0.2.2.9000: UDP, length 19: toy", line)
    local object = json.object(tree)
    assert.equal(0x8100, object["eth.type"])
    assert.same({ 5 }, object["vlan.id"])
    assert.same({ 0x0800 }, object["vlan.etype"])
    assert.equal(65, object["frame.len"])
  end)
end)
