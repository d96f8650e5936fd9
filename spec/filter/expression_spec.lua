--- Filters as objects: comparisons of fields by a truth table, sets, words, messages, programs.

local core = require "moontap.core"
local run = require "spec.support.run"
require "moontap.filter"

local function hex(text)
  return (text:gsub("%s+", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- tcpdump: IP 10.0.0.1.1024 > 10.0.0.2.80: Flags [S.], ttl 64
local syn = hex [[
  020000000002 020000000001 0800
  4500 0028 0001 4000 40 06 0000 0a000001 0a000002
  0400 0050 00000001 00000000 5012 2000 0000 0000
]]

-- tcpdump: IP6 2001:db8::1.1024 > 2001:db8::2.443: Flags [.], hlim 3
local six = hex [[
  020000000002 020000000001 86dd
  60000000 0014 06 03 20010db8000000000000000000000001 20010db8000000000000000000000002
  0400 01bb 00000001 00000000 5010 2000 0000 0000
]]

-- tcpdump: ARP, Request who-has 10.0.0.2 tell 10.0.0.1
local arp = hex [[
  ffffffffffff 020000000001 0806
  0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002
]]

-- tcpdump: vlan 5, p 0, vlan 7, IP 10.0.0.1.53 > 10.0.0.2.53: UDP, "hello world"
local tagged = hex [[
  020000000002 020000000001 8100 0005 8100 0007 0800
  4500 0027 0001 0000 40 11 0000 0a000001 0a000002
  0035 0035 0013 0000 68656c6c6f20776f726c64
]]

local packets = { syn = syn, six = six, arp = arp, tagged = tagged }

local function verdicts(text, options)
  local filter, message = core.filter(text, 1, options)
  assert(filter, message)
  local list = {}
  for _, name in ipairs { "syn", "six", "arp", "tagged" } do
    if filter:matches(packets[name]) then list[#list + 1] = name end
  end
  return table.concat(list, " ")
end

describe("a comparison", function()
  local rows = {
    -- absent is false, whatever is asked of it
    { "ip.ttl == 64", "syn tagged" }, { "ip.ttl != 64", "" }, { "ip.ttl != 63", "syn tagged" },
    { "not ip.ttl == 64", "six arp" }, { "ip.ttl < 65", "syn tagged" }, { "ip.ttl <= 64", "syn tagged" },
    { "ip.ttl > 64", "" }, { "ip.ttl >= 64", "syn tagged" }, { "ipv6.hlim < 5", "six" },
    { "ipv6.hlim < 0", "" }, { "ip.ttl >= 0", "syn tagged" },
    -- words for the operators
    { "ip.ttl eq 64", "syn tagged" }, { "ip.ttl ne 64", "" }, { "ip.ttl lt 65", "syn tagged" },
    { "ip.ttl le 63", "" }, { "ip.ttl gt 63", "syn tagged" }, { "ip.ttl ge 65", "" },
    -- several occurrences: any; "not equal": none is equal
    { "ip.addr == 10.0.0.2", "syn tagged" }, { "ip.addr != 10.0.0.2", "" },
    { "ip.addr != 10.0.0.3", "syn tagged" }, { "vlan.id == 7", "tagged" }, { "vlan.id != 7", "" },
    { "vlan.id != 6", "tagged" }, { "vlan.id > 5", "tagged" }, { "vlan.id#2 == 5", "" },
    { "vlan.id#2 == 7", "tagged" },
    -- flags
    { "tcp.flags.syn == 1", "syn" }, { "tcp.flags.syn == 0", "six" }, { "tcp.flags.syn == true", "syn" },
    { "tcp.flags.syn == false", "six" }, { "tcp.flags.syn != 1", "six" }, { "tcp.flags.syn", "syn six" },
    -- addresses: networks, either family
    { "ip.src == 10.0.0.0/8", "syn tagged" }, { "ip.src == 10.0.0.0/31", "syn tagged" },
    { "ip.src != 10.0.0.0/8", "" }, { "src == 10.0.0.1", "syn tagged" }, { "dst == 2001:db8::2", "six" },
    { "src == 2001:db8::/32", "six" }, { "src in {10.0.0.1, 2001:db8::1}", "syn six arp" },
    { "src != 10.0.0.1", "six" }, { "ipv6.src in {2001:db8::1-2001:db8::9}", "six" },
    { "eth.src == 02:00:00:00:00:01", "syn six arp tagged" }, { "eth.dst == ff:ff:ff:ff:ff:ff", "arp" },
    -- family names
    { "dport == 80", "syn" }, { "dport in 80,443", "syn six" }, { "sport < 100", "tagged" },
    -- sets and names of values
    { "tcp.dstport in {80, 443, 8000-8080}", "syn six" }, { "tcp.dstport in {81-442}", "" },
    { "ip.proto in {tcp, udp}", "syn tagged" }, { "ip.proto == TCP", "syn" },
    { "vlan.id in 1,7", "tagged" }, { "vlan.id in {100-199}", "" },
    -- text and bytes
    { 'udp.payload contains "lo wo"', "tagged" }, { 'payload contains "hello"', "tagged" },
    { 'payload contains "nope"', "" }, { 'payload matches "^hel+o"', "tagged" },
    { 'payload matches "world$"', "tagged" }, { 'payload matches "^world"', "" },
    -- presence
    { "has tcp", "syn six" }, { "ipv6", "six" }, { "tcp.dstport", "syn six" }, { "not has ip", "six arp" },
    -- together with pcap-filter's primitives, in any order
    { "tcp and ip.ttl == 64", "syn" }, { "ip.ttl == 64 and tcp", "syn" }, { "arp or ip.ttl == 64", "syn arp tagged" },
    { "ip.ttl == 64 or arp", "syn arp tagged" }, { "(ip.ttl == 64 and udp) or arp", "arp" },
    { "not (ip.ttl == 64 or arp)", "six" }, { "tcp.dstport == 443 and ip6", "six" },
    { "port 80 and ip.ttl == 64 or arp", "syn arp" }, { "vlan and ip.ttl == 64", "tagged" },
    -- units
    { "len < 1k", "syn six arp tagged" }, { "len > 1k", "" }, { "less 1K and ip[2:2] < 1k", "syn" },
    { "frame.len < 1k", "syn six arp tagged" }, { "frame.len > 1k", "" },
  }
  for _, row in ipairs(rows) do
    it("gives for " .. row[1] .. " " .. (row[2] == "" and "nothing" or row[2]), function()
      assert.equal(row[2], verdicts(row[1]))
    end)
  end
end)

describe("a negative offset", function()
  it("counts back from the header, and matches nothing before the packet, as tcpdump has it", function()
    for text, wanted in pairs {
      ["ip[-1] = 0"] = "syn", ["ip[4294967295] = 0"] = "syn", ["vlan 5 and vlan 7 and ip[-1] = 0"] = "tagged",
      ["ip6[-1] = 0xdd and ip6[-2:2] = 0x86dd"] = "six", ["ip[-14] = 2 or ip6[-14] = 2"] = "syn six",
      ["tcp[-1] = 2 and tcp[-4:4] = 0x0a000002"] = "syn", ["ip[-15] = 0"] = "", ["ip[-15] != 0"] = "",
      ["ether[-1] = 0"] = "", ["ip[2147483647] = 0"] = "",
    } do
      assert.equal(wanted, verdicts(text))
      local theirs = run { "tcpdump", "-ddd", text }
      assert.equal(0, theirs.code, theirs.err)
      if wanted ~= "" then assert.equal(wanted, verdicts(theirs.out), text) end
    end
  end)
end)

describe("per-packet information", function()
  local PPI <const> = 192
  --- A header that says that 'linktype' follows, and the start of an 802.11 or Ethernet frame.
  local function ppi(linktype)
    return string.pack("<BBI2I4", 0, 0, 8, linktype) .. ("\0"):rep(40)
  end

  local function accepts(text, linktype)
    return assert(core.filter(text, PPI)):matches(ppi(linktype))
  end

  it("is asked for 802.11 by pcap-filter's primitives alone", function()
    for _, text in ipairs { "not tcp", "not (tcp or udp)", "not tcp and not udp" } do
      assert.is_true(accepts(text, 105), text)
      assert.is_false(accepts(text, 1), text)
    end
  end)

  it("keeps no field from being compared, whatever it carries", function()
    for _, linktype in ipairs { 1, 105 } do
      assert.is_true(accepts("frame.len > 0", linktype))
      assert.is_false(accepts("not frame.len > 0", linktype))
      assert.is_true(accepts("not frame.len > 1000", linktype))
      assert.is_true(accepts("tcp or frame.len > 0", linktype))
      assert.is_false(accepts("frame.len > 0 and tcp", linktype))
      assert.equal(linktype == 105, accepts("not tcp and frame.len > 0", linktype))
    end
  end)

  it("is not measured for primitives where it carries something else", function()
    local filter = assert(core.filter("frame.len == 8 or tcp", PPI))
    assert.is_true(filter:matches(string.pack("<BBI2I4", 0, 0, 8, 1)))
  end)
end)

describe("a regular expression", function()
  it("looks behind a zero byte", function()
    local zero = syn .. "a\0b"
    zero = zero:gsub("^(" .. ("."):rep(16) .. ").(.)", "%1\0\43", 1) -- three bytes longer
    assert.is_true(core.filter('payload matches "b$"'):matches(zero))
    assert.is_false(core.filter('payload matches "^b"'):matches(zero))
  end)
end)

describe("a comparison of a signed field", function()
  -- radiotap with a signal of -56 dBm, then an 802.11 acknowledgement
  local ack = hex "0000 0900 20000000 c8 d400 0000 020000000001"
  for text, wanted in pairs {
    ["== -56"] = true, ["!= -56"] = false, ["< 0"] = true, ["> 0"] = false, ["> -57"] = true, ["< -57"] = false,
    [">= -56"] = true, ["<= -56"] = true, ["== 200"] = false, ["in {-56, 10}"] = true, ["in {-55, 56}"] = false,
  } do
    it("knows what is below 0: " .. text, function()
      local filter, message = core.filter("radiotap.dbm_antsignal " .. text, 127)
      assert.is_truthy(filter, message)
      assert.equal(wanted, filter:matches(ack))
    end)
  end
end)

describe("a set", function()
  it("stands behind pcap-filter's words, with and without braces", function()
    assert.equal("syn", verdicts "tcp port in 80,81")
    assert.equal("syn six", verdicts "tcp port in {80, 443}")
    assert.equal("syn six arp", verdicts "host in {10/8, 2001:db8::/32}")
    assert.equal("syn six", verdicts "src host in {10.0.0.1, 2001:db8::1} and not arp")
    assert.equal("arp", verdicts "arp host in {10.0.0.2}")
    assert.equal("", verdicts "src host in 10.0.0.2")
    assert.equal("tagged", verdicts "vlan in {4-6}")
    assert.equal("", verdicts "vlan in {6-9}")
    assert.equal("syn six", verdicts "proto in {6, 132}")
  end)
  it("is given by name", function()
    local options = { sets = { web = { "80", 443 }, home = { "10.0.0.0/30", "2001:db8::1" } } }
    assert.equal("syn six", verdicts("tcp.dstport in @web", options))
    assert.equal("syn six", verdicts("port in @web", options))
    assert.equal("syn six arp", verdicts("host in @home", options))
    local filter, message = core.filter("host in @work", 1, options)
    assert.is_nil(filter)
    assert.matches("no set is called 'work'", message)
  end)
  it("of many ranges of IPv6 is searched behind a tunnel as well", function()
    local list, other = {}, {}
    for i = 1, 30000 do -- each begins in the 32 bits in which the one before ended
      list[i] = ("2000:%x:8000::-2000:%x:7fff::"):format(i, i + 1)
      other[i] = ("3000:%x:8000::-3000:%x:7fff::"):format(i, i + 1)
    end
    other[#other + 1] = "2000:db8:8000::"
    local function tunnel(src, dst, options)
      local inner = six:sub(1, 22) .. src .. dst .. six:sub(55)
      local header = hex(options == "" and "0000 6558 000007 00" or "0100 6558 000007 00") .. hex(options)
      local length <const> = 8 + #header + #inner
      return syn:sub(1, 14) .. string.pack(">BBI2", 0x45, 0, 20 + length)
        .. hex "0001 0000 40 11 0000 0a000001 0a000002 0400 17c1" .. string.pack(">I2I2", length, 0) .. header .. inner
    end
    local inside <const> = hex "20000db8 80000000 00000000 00000001"
    local outside <const> = hex "20000db8 7fffffff 00000000 00000001"
    local function ask(text, packet)
      return assert(core.filter(text, 1, { sets = { many = list, other = other } })):matches(packet)
    end
    for _, options in ipairs { "", "0000 01 00" } do
      local at, far = tunnel(inside, outside, options), tunnel(outside, outside, options)
      assert.is_true(ask("geneve and src host in @many", at))
      assert.is_false(ask("geneve and dst host in @many", at))
      assert.is_true(ask("geneve 7 and host in @many and tcp", at))
      assert.is_false(ask("geneve and host in @many", far))
      assert.is_false(ask("geneve and host in @other", at))
      assert.is_true(ask("geneve and not host in @other and ip6", at))
      assert.is_false(ask("host in @many", at))
    end
    assert.is_false(ask("host in @many", six))
    local cut <const> = tunnel(inside, outside, "")
    local filter <const> = assert(core.filter("geneve and src host in @many", 1, { sets = { many = list } }))
    local first <const> = #cut - #six + 14 + 8 -- where the address begins
    for n = 0, #cut do assert.equal(n >= first + 16, filter:matches(cut:sub(1, n)), n) end
  end)
  it("is refused where it is no list of texts, or one has a zero byte", function()
    local function refused(sets) return select(2, pcall(core.filter, "host in @a", 1, { sets = sets })) end
    local function of_length(n) return setmetatable({}, { __len = function() return n end }) end
    assert.matches("set 'a' is no list: its length is %-1", refused { a = of_length(-1) })
    assert.matches("set 'a' is no list: its length is ", refused { a = of_length(math.maxinteger) })
    assert.matches("'sets' has a zero byte in '10.0.0.1'", refused { a = { "10.0.0.1\0/8" } })
    assert.matches("'sets' has a zero byte in 'a'", refused { ["a\0b"] = { "10.0.0.1" } })
    assert.matches("a member of set 'a' must be text or a number, not boolean", refused { a = { true } })
    assert.matches("has names and lists", refused { a = 1 })
  end)
  it("of a hundred thousand addresses runs in user space and says so", function()
    local list = {}
    for i = 1, 100000 do list[i] = ("%d.%d.%d.1"):format(11 + i % 7, i // 256 % 256, i % 256) end
    list[#list + 1] = "10.0.0.1"
    local filter = assert(core.filter("host in @many", 1, { sets = { many = list } }))
    assert.is_true(filter:matches(syn))
    assert.is_false(filter:matches(six))
    assert.is_false(filter:exact())
    assert.matches("more than 4096 instructions", filter:explain())
  end)
end)

describe("an error", function()
  local rows = {
    { "tcp prt 80", 5, 3, "unknown word 'prt' after 'tcp'", "port" },
    { "tcp port", 9, 0, "unexpected end after 'port'" },
    { "tcp.dtsport == 3", 1, 11, "no field or protocol 'tcp.dtsport'", "tcp.dstport" },
    { "port 80 and and", 13, 3, "unexpected 'and' after 'and'" },
    { "10.0.0.1", 1, 8, "needs a word before it" },
    { "net 10.1.2.3/8", 5, 8, "bits outside its mask" },
    { "ip.ttl == fast", 11, 4, "no value of 'ip.ttl'" },
    { "tcp.flags contains \"x\"", 1, 22, "is no text" },
    { "payload matches \"(\"", 17, 3, "no regular expression" },
    { 'payload matches "a{1,255}{1,255}"', 17, 17, "its repeats written out it is longer than 1024" },
    { "tcp\0 or )))", 4, 0, "a zero byte" },
    { "\0", 1, 0, "a zero byte" },
    { "6 0 0 9\0", 8, 0, "a zero byte" },
    { "host 10.0.0.1 or dns.id", 18, 6, "unknown host 'dns.id'" },
    { "port 80 or ipv6", 12, 4, "unknown port 'ipv6'; expected a name here; for the protocol write 'has ipv6'" },
  }
  for _, row in ipairs(rows) do
    it("of '" .. row[1] .. "' says where and what", function()
      local filter, message, where = core.filter(row[1])
      assert.is_nil(filter)
      assert.matches(row[4], message, 1, true)
      assert.equal(row[2], where.position)
      assert.equal(row[5], where.suggestion)
      assert.is_true(where.position + where.length <= #row[1] + 1)
      assert.matches("^filter:1:" .. row[2] .. ": ", message)
      assert.matches("\n  %s*%^", message)
    end)
  end
end)

describe("a time", function()
  it("is compared as it is up to the last one that there is", function()
    for text, wanted in pairs {
      ["frame.time_epoch < 9223372036"] = "syn six arp tagged", ["frame.time_epoch > 9223372036"] = "",
      ["frame.time_epoch < 9223372036s"] = "syn six arp tagged", ["frame.time_epoch > 9223372036.5s"] = "",
      ["frame.time_epoch > 2562047h"] = "", ["frame.time_ns <= 9223372036854775807"] = "syn six arp tagged",
      ["frame.time_ns > -9223372036854775807"] = "syn six arp tagged",
      ["frame.time_epoch > -9223372036"] = "syn six arp tagged",
    } do
      assert.equal(wanted, verdicts(text), text)
    end
  end)
  it("is refused past it", function()
    for _, value in ipairs {
      "9223372037", "10000000000", "10000000000s", "9223372037.5s", "2562048h", "1e300", "1e300s", "-9223372037",
      "18446744073709551615",
    } do
      for _, compare in ipairs { "<", ">", "==" } do
        local filter, message, where = core.filter("frame.time_epoch " .. compare .. " " .. value)
        assert.is_nil(filter, value)
        assert.matches("this is no value of 'frame.time_epoch'", message)
        assert.equal(19 + #compare, where.position)
      end
    end
    assert.matches("expected fewer seconds", select(2, core.filter("frame.time_epoch < 10000000000")))
    local _, message = core.filter "frame.time_ns < 9223372036854775808"
    assert.matches("no value of 'frame.time_ns'; expected less", message)
  end)
end)

describe("a regular expression", function()
  local function try(pattern) return core.filter(('payload matches "%s"'):format(pattern)) end
  local repeated <const> = string.rep

  it("is refused where compiling it would take the stack or the memory", function()
    for pattern, reason in pairs {
      [repeated("(", 201) .. "a" .. repeated(")", 201)] = "nested more than 200 deep",
      [repeated("(", 500) .. "a" .. repeated(")", 500)] = "nested more than 200 deep",
      [repeated("(", 20000) .. "a" .. repeated(")", 20000)] = "longer than 1024 characters",
      [repeated("a", 1025)] = "it is longer than 1024 characters",
      ["a{1,255}{1,255}{1,255}"] = "repeats written out", ["a{1025}"] = "repeats written out",
      ["((a{32}){32}){32}"] = "repeats written out", ["[[:alpha:]]{1025}"] = "repeats written out",
      ["[]a]{2000}"] = "repeats written out", ["x{,1025}"] = "repeats written out",
      ["(x{1024,}|y)"] = "repeats written out", ["a{99999999999999999999}"] = "repeats written out",
      [repeated("(", 20) .. "a" .. repeated("+)", 20)] = "repeats written out",
      ["a" .. repeated("+", 20)] = "repeats written out",
    } do
      local filter, message, where = try(pattern)
      assert.is_nil(filter, pattern)
      assert.matches("^filter:1:17: no regular expression to be compiled: .*" .. reason, message)
      assert.equal(17, where.position)
    end
  end)
  it("is taken where it is not", function()
    for pattern, wanted in pairs {
      [repeated("(", 200) .. "h" .. repeated(")", 200)] = true, [repeated("a?", 512)] = true,
      ["hel{2}o"] = true, ["hel{3}"] = false, ["[[:alpha:]]{5} "] = true, ["[]h]ello"] = true, ["(l+o|x)+"] = true,
      [".{0,1000}world"] = true, ["[^{(]{5}"] = true, ["{2"] = "refused", ["hello["] = "refused", ["[["] = "refused",
      ["[[:a"] = "refused", ["a{1"] = "refused",
    } do
      local filter, message = try(pattern)
      if wanted == "refused" then
        assert.matches("no regular expression: ", message)
      else
        assert(filter, message)
        assert.equal(wanted, filter:matches(tagged), pattern)
      end
    end
  end)
end)

describe("a filter", function()
  it("shows its program in tcpdump's three layouts and takes them back", function()
    local filter = assert(core.filter("tcp port 80"))
    assert.matches("^%(000%) ldh      %[12%]\n%(001%) jeq      #0x86dd          jt 2\tjf 8\n", (filter:dump()))
    assert.matches("^{ 0x28, 0, 0, 0x0000000c },\n", (filter:dump "c"))
    assert.matches("^20\n40 0 0 12\n", (filter:dump "numbers"))
    local numbers = filter:dump "numbers"
    for _, text in ipairs { filter:dump "c", numbers, (numbers:gsub("\n", "\r\n")) } do
      local again = assert(core.filter(text))
      assert.is_true(again:matches(syn))
      assert.is_false(again:matches(six))
      assert.same(filter:code(), again:code())
    end
  end)
  it("refuses instructions that do not verify", function()
    local filter, message = core.filter("1\n0 0 0 0\n")
    assert.is_nil(filter)
    assert.matches("the last one is no return", message)
    assert.has_error(function() core.filter { { 0, 0, 0 } } end)
  end)
  it("tells what runs where", function()
    assert.matches("kernel: all of it", core.filter("tcp"):explain())
    local split = core.filter("tcp and ip.ttl < 5")
    assert.is_false(split:exact())
    assert.matches("kernel: a part that accepts no less", split:explain())
    assert.matches("field: ip.ttl < 5", split:explain())
    assert.is_true(#split:code() <= 14)
    assert.matches("kernel: nothing", core.filter("ip.addr == 10.0.0.1 or ipv6.addr == ::1"):explain())
  end)
  it("knows when nothing or everything matches", function()
    assert.equal("never", core.filter("tcp and udp and icmp"):verdict())
    assert.equal("always", core.filter(""):verdict())
    assert.equal("sometimes", core.filter("tcp"):verdict())
  end)
  it("warns of what surprises", function()
    assert.matches("one precedence", core.filter("udp or tcp and port 80"):warnings()[1])
    assert.matches("moved the place", core.filter("vlan or ip"):warnings()[1])
    assert.matches("IPv4 alone", core.filter("ip6 and tcp[13] & 2 != 0"):warnings()[1])
    assert.same({}, core.filter("tcp port 80 or 443"):warnings())
    local told = "filter:1:1: no packet can match this"
    assert.same({ told }, core.filter("tcp and udp and icmp"):warnings())
    assert.same({}, core.filter("tcp or udp or icmp"):warnings())
    assert.matches("^filter:1:13: 'not' takes this one alone", core.filter("port 80 and not 443"):warnings()[1])
    assert.same({}, core.filter("port 80 and not port 443"):warnings())
    for op in ("%^"):gmatch "." do
      local text = ("ip[0] %s ip[1] + 2 = 3"):format(op)
      assert.matches("^filter:1:1: '%" .. op .. "' takes all that stands to its right", core.filter(text):warnings()[1])
      assert.same({}, core.filter(("ip[0] %s 4 = 3"):format(op)):warnings())
    end
  end)
  it("warns of what stands in its later lines with their numbers", function()
    local text <const> = "udp or\n  tcp and\n  (vlan or ip)"
    local _, _, where = core.filter(text .. " prt")
    assert.same({ 3, 16 }, { where.line, where.column })
    local warnings = core.filter(text):warnings()
    assert.matches("^filter:3:12: 'vlan' before it moved", warnings[1])
    assert.matches("^filter:3:3: 'and' and 'or' have one precedence", warnings[2])
  end)
  it("warns of a flag that stands alone", function()
    assert.same({ "filter:1:9: 'tcp.flags.syn' alone asks whether the field is there; write " ..
      "'tcp.flags.syn == 1', or 'has tcp.flags.syn' if that is meant" },
      core.filter("tcp and tcp.flags.syn"):warnings())
    for _, text in ipairs { "has tcp.flags.syn", "tcp.flags.syn == 1", "tcp.dstport", "ipv6" } do
      assert.same({}, core.filter(text):warnings(), text)
    end
  end)
  it("sees a tag that the kernel lifted out as the live filter does", function()
    local filter = assert(core.filter("vlan 5 and tcp port 80", 1, { live = true }))
    assert.is_true(filter:matches(syn, { vlan_tci = 5 }))
    assert.is_false(filter:matches(syn, { vlan_tci = 6 }))
    assert.is_false(filter:matches(syn))
  end)
  it("takes no length and no tag that a frame cannot have", function()
    local filter = assert(core.filter "len = 4294967295 or greater 70000")
    assert.is_true(filter:matches(syn, { len = 0xffffffff }))
    assert.is_false(filter:matches(syn, {}))
    for message, options in pairs {
      ["len is not within 32 bits"] = { len = -5 }, ["len is not a whole number"] = { len = "x" },
      ["vlan_tci is not within 16 bits"] = { vlan_tci = 0x10000 },
      ["vlan_tpid is not within 16 bits"] = { vlan_tpid = -1 },
      ["unknown option 'vlan_tcl' (did you mean 'vlan_tci'?)"] = { vlan_tcl = 5 },
      ["the options are not a table"] = 5,
    } do
      local ok, said = pcall(function() assert(filter:matches(syn, options)) end)
      assert.is_false(ok)
      assert.matches("expression_spec.lua:%d+: matches: ", said)
      assert.equal(message, said:match("matches: (.*)"))
    end
  end)
  it("can be closed, and says so after", function()
    local filter = assert(core.filter "tcp and ip.ttl == 1")
    filter:close()
    filter:close()
    assert.has_error(function() filter:matches(syn) end, "filter is closed")
    assert.equal("filter (closed)", tostring(filter))
  end)
  it("is shown by its text", function()
    assert.equal("tcp and\n ip.ttl == 1", tostring(core.filter "tcp and\n ip.ttl == 1"))
    assert.equal("", tostring(core.filter ""))
    assert.equal("filter (2 instructions)", tostring(core.filter { { 0x28, 0, 0, 12 }, { 6, 0, 0, 1 } }))
  end)
end)
