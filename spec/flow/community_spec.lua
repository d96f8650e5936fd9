--- Community IDs, held against tshark's.
local b = require "spec.support.build"
local corpus = require "spec.proto.corpus"
local long = require "spec.support.long"
local run = require "spec.support.run"
local tap = require "moontap"

local SCTP <const> = #tap.fields("sctp.srcport") > 0

local function turned(ends)
  return { src = ends.dst, dst = ends.src }
end

--- Frames of every kind that has an ID of its own way, in both directions; first those that may be
--- told here to have none.
local function frames()
  local list = {}
  local function add(...)
    for _, packet in ipairs { ... } do list[#list + 1] = b.eth(packet) end
  end
  local v4 = { src = "192.0.2.200", dst = "192.0.2.7" }
  local v6 = { src = "2001:db8::7", dst = "2001:db8::1" }
  local function both(proto, make)
    for _, ends in ipairs { v4, turned(v4) } do add(b.ipv4(make(ends, ends == v4), ends, { proto = proto })) end
    for _, ends in ipairs { v6, turned(v6) } do add(b.ipv6(make(ends, ends == v6), ends, { next = proto })) end
  end
  local function ports(forward)
    return { srcport = forward and 40000 or 443, dstport = forward and 443 or 40000 }
  end
  both(6, function(ends, forward) return b.tcp("hi", ends, ports(forward)) end)
  both(17, function(ends, forward) return b.udp("hi", ends, ports(forward)) end)
  both(17, function(ends) return b.udp("same", ends, { srcport = 5353, dstport = 5353 }) end)
  if SCTP then
    both(132, function(_, forward)
      local o = ports(forward)
      return string.pack(">I2I2I4I4", o.srcport, o.dstport, 1, 0) .. string.pack(">I1I1I2I4", 11, 0, 8, 0)
    end)
  end
  for type = 0, 18 do
    for _, ends in ipairs { v4, turned(v4) } do
      local rest = type == 3 and b.ipv4(b.udp("x", ends, ports(true)), ends, { proto = 17 }) or ("\1"):rep(24)
      add(b.ipv4(b.icmp(rest, { type = type, code = 1 }), ends, { proto = 1 }))
    end
  end
  for _, type in ipairs { 128, 129, 130, 131, 133, 134, 135, 136, 144, 145, 200 } do
    for _, ends in ipairs { v6, turned(v6) } do
      add(b.ipv6(b.icmp(("\0"):rep(16), { type = type, code = 0 }, ends), ends, { next = 58 }))
    end
  end
  add(b.ipv4(("\0"):rep(24), v4, { proto = 50 }), b.ipv4(("\0"):rep(24), turned(v4), { proto = 253 }))
  add(b.ipv4(b.udp(("x"):rep(8), v4, ports(true)), v4, { proto = 17, fragment = 0x2000 }))
  add(b.ipv4(("x"):rep(8), v4, { proto = 17, fragment = 2 }), b.ipv4(("x"):rep(8), v4, { proto = 1, fragment = 2 }))
  return list
end

--- What tshark and we say of each packet of a file.
local function read(path)
  local theirs = run { "tshark", "-r", path, "--enable-protocol", "communityid", "-o", "ip.defragment:FALSE",
    "-o", "ipv6.defragment:FALSE", "-T", "fields", "-E", "occurrence=f", "-e", "communityid", "-e", "frame.protocols" }
  local list = {}
  for id, protocols in theirs.out:gmatch("([^\t\n]*)\t([^\n]*)\n") do
    list[#list + 1] = { id = id ~= "" and id or nil, protocols = protocols }
  end
  return list
end

describe("flow.community_id", function()
  it("is tshark's for each kind of packet", function()
    local path <const> = os.tmpname()
    local list = frames()
    run.write(path, b.pcap(list))
    local theirs, ours = read(path), {}
    for n, id in assert(tap.open(path)):fields { "frame.number", "flow.community_id?" } do ours[n] = id end
    os.remove(path)
    assert.equal(#list, #theirs)
    for i, row in ipairs(theirs) do assert.equal(row.id, ours[i], i .. " " .. row.protocols) end
  end)

  it("is the same in both directions, and one for each ping and its answers", function()
    local ids = {}
    for id in assert(tap.open { packets = frames() }):fields { "flow.community_id" } do ids[#ids + 1] = id end
    assert.equal(ids[1], ids[2])
    assert.equal(ids[3], ids[4])
    assert.not_equal(ids[1], ids[3])
    assert.matches("^1:[%w+/]+=$", ids[1])
    assert.equal(30, #ids[1])
  end)

  it("is absent where there is no network layer, or half of one", function()
    local packets = { b.udp_frame():sub(1, 30), b.eth(b.arp {}, { type = 0x0806 }) }
    for n, id in assert(tap.open { packets = packets }):fields { "frame.number", "flow.community_id?" } do
      assert.is_nil(id, n)
    end
  end)

  it("is one of addresses and protocol alone where ports or a message are cut off", function()
    local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
    local ports = { srcport = 1, dstport = 2 }
    for proto, segment in pairs { [1] = b.icmp(("\0"):rep(8), {}), [17] = b.udp("", ends, ports) } do
      local ids, whole = {}, b.eth(b.ipv4(segment, ends, { proto = proto }))
      local packets = {}
      for n = 34, #whole do packets[#packets + 1] = whole:sub(1, n) end
      for id in assert(tap.open { packets = packets }):fields { "flow.community_id" } do
        if id ~= ids[#ids] then ids[#ids + 1] = id end
      end
      assert.equal(2, #ids, proto)
    end
  end)

  it("is tshark's throughout the corpus, where one network layer is there whole", function()
    local seen = 0
    local files = corpus.files(function(row)
      local clean = row.tshark_exit == "0" and row.tshark_says == "" and row.linktypes == "1"
      for _, word in ipairs { "damaged", "cut", "fuzz", "badversion" } do clean = clean and not row.file:find(word) end
      if not clean or tonumber(row.packets) > 3000 then return false end
      seen = seen + 1
      return long or seen % 8 == 0
    end)
    if not files then return pending("no corpus here") end
    local equal, excused, wrong = 0, 0, {}
    local function judge(p, row, file)
      local id, _, networks = p["flow.community_id"], (":" .. row.protocols .. ":"):gsub(":ipv?6?%f[:]", "")
      -- Of tunnels tshark has the inner packet's, of IPv6 without ports none, and of nothing behind IP;
      -- a UDP length of 0 hides ports from it.
      local silent = not row.id and (p.ipv6 or row.protocols:find("ip$"))
      if row.id == id then
        equal = equal + (id and 1 or 0)
      elseif networks ~= 1 or not p.src or p.fault or silent or p.udp_length == 0 or
        row.protocols:find "capwap" or row.protocols:find "sctp" and not SCTP then
        excused = excused + 1
      elseif #wrong < 20 then
        wrong[#wrong + 1] = ("%s %d: %s, not %s"):format(file, p.frame_number, id, row.id)
      end
    end
    for _, file in ipairs(files) do
      local cap <close> = assert(tap.open(file.path), file.path)
      local theirs = read(file.path)
      cap:flows()
      for p in cap:packets() do judge(p, theirs[p.frame_number], file.file) end
    end
    print(("\nCommunity IDs: %d equal, %d excused"):format(equal, excused))
    assert.same({}, wrong)
    assert.is_true(equal > (long and 10000 or 500), equal)
  end)
end)
