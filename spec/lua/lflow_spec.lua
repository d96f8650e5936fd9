local b = require "spec.support.build"
local live = require "spec.support.live"
local long = require "spec.support.long"
local run = require "spec.support.run"
local tap = require "moontap"

local it_live = live.it(it, pending)

local ASAN <const> = (os.getenv("LD_PRELOAD") or ""):find("asan", 1, true) ~= nil
local SYN <const>, ACK <const>, FIN <const>, RST <const> = 2, 16, 1, 4
local SECOND <const> = 1000000000

--- A frame between two of few hosts, at a time in seconds: "udp" or "tcp" with flags.
local function packet(src, dst, sport, dport, seconds, flags, seq)
  local ends = { src = "192.0.2." .. src, dst = "192.0.2." .. dst }
  local ports = { srcport = sport, dstport = dport, flags = flags, seq = seq }
  local segment = flags and b.tcp("", ends, ports) or b.udp("x", ends, ports)
  local bytes = b.eth(b.ipv4(segment, ends, { proto = flags and 6 or 17 }))
  return { bytes, time_ns = math.floor(seconds * SECOND) }
end

--- One packet each of 'n' conversations, a second apart.
local function talks(n)
  local list = {}
  for i = 1, n do list[i] = packet(1, 2, i, 9, i) end
  return list
end

--- What a plain list of conversations says of packets, given as { src, dst, sport, dport, seconds,
--- flags, seq }: a row each of id, direction, packets, bytes, duration and state.
local function model(list)
  local live_flows, count, rows = {}, 0, {}
  for i, p in ipairs(list) do
    local src, dst, sport, dport, seconds, flags, seq = table.unpack(p, 1, 7)
    local from, to = src .. " " .. sport, dst .. " " .. dport
    local key = (from < to and from .. to or to .. from) .. (flags and "t" or "u")
    local flow = live_flows[key]
    local opens = flags and flags & (SYN | ACK | RST) == SYN
    if flow and opens and flow.state ~= "new" and flow.seq ~= seq then flow = nil end
    if not flow then
      count = count + 1
      local answers = flags and flags & (SYN | ACK) == SYN | ACK
      flow = { id = count, began = answers and to or from, first = seconds, packets = { 0, 0 }, bytes = 0,
        fins = {}, state = "new" }
      live_flows[key] = flow
    end
    local way = from == flow.began and 1 or 2
    flow.packets[way] = flow.packets[way] + 1
    flow.bytes = flow.bytes + #packet(table.unpack(p, 1, 7))[1]
    if opens and flow.seq == nil then flow.seq = seq end
    if flags and flags & FIN ~= 0 then flow.fins[way] = true end
    if flags and flags & RST ~= 0 then
      flow.state = "reset"
    elseif flow.state ~= "reset" then
      if flow.fins[1] and flow.fins[2] then
        flow.state = "closed"
      elseif flow.fins[1] or flow.fins[2] then
        flow.state = "closing"
      elseif flow.packets[1] > 0 and flow.packets[2] > 0 and not (flags and flags & SYN ~= 0) then
        flow.state = "established"
      end
    end
    rows[i] = table.concat({ flow.id, way - 1, flow.packets[1] + flow.packets[2], flow.bytes,
      math.floor(seconds * SECOND) - math.floor(flow.first * SECOND), flow.state }, " ")
  end
  return rows, count
end

--- What numbers conversations in their order: an id is used again once its flow has ended.
local function numberer()
  local count, number = 0, {}
  return function(id, packets)
    if packets == 1 then
      count = count + 1
      number[id] = count
    end
    return number[id]
  end
end

local NAMES <const> = {
  "flow.id", "flow.dir", "flow.packets", "flow.bytes", "flow.duration", "flow.state:text",
}

describe("the fields of flows", function()
  local list, packets = {}, {}

  setup(function()
    math.randomseed(20011)
    for i = 1, 1500 do
      local src = math.random(3)
      local flags = math.random(3) > 1 and
        ({ SYN, SYN | ACK, ACK, ACK, ACK, ACK | FIN, RST })[math.random(7)] or nil
      local dst, ports = src % 3 + 1, { math.random(4), 4 }
      local turn = math.random(2)
      list[i] = { turn == 1 and src or dst, turn == 1 and dst or src, ports[turn], ports[3 - turn],
        i / 8, flags, math.random(2) }
      packets[i] = packet(table.unpack(list[i], 1, 7))
    end
  end)

  it("are what a plain list of conversations gives, whatever the batch", function()
    local expected, count = model(list)
    for _, batch in ipairs { 1, 2, 3, 64, 255, 256 } do
      for _, source in ipairs { { packets = packets }, { data = b.pcap(packets, { nanoseconds = true }) } } do
        source.batch = batch
        local cap <close> = assert(tap.open(source))
        cap:flows { idle = "1h" }
        local got, number = {}, numberer()
        for id, dir, n, bytes, duration, state in cap:fields(NAMES) do
          got[#got + 1] = table.concat({ number(id, n), dir, n, bytes, duration, state }, " ")
        end
        assert.same(expected, got)
        assert.same({ live = 0, total = count, evicted = 0 }, cap:stats().flows)
      end
    end
  end)

  it("are the same to handlers, aggregates, packets and in a second pass", function()
    local expected = model(list)
    local cap <close> = assert(tap.open { packets = packets })
    cap:flows { idle = "1h" }
    local by_id = cap:aggregate { by = { "flow.id", "flow.state:text" }, "n = count()" }
    local got, ids, counts, handled, number = {}, {}, {}, {}, numberer()
    cap:on({ "flow.id" }, function(id) handled[#handled + 1] = id end)
    for p in cap:packets() do
      local values = {}
      for i, name in ipairs(NAMES) do values[i] = p[name] end
      ids[#ids + 1] = values[1]
      local key = values[1] .. values[6]
      counts[key] = (counts[key] or 0) + 1
      values[1] = number(values[1], values[3])
      got[#got + 1] = table.concat(values, " ")
    end
    assert.same(expected, got)
    assert.same(ids, handled)
    for row in by_id:rows() do
      local key = row["flow.id"] .. row["flow.state:text"]
      assert.equal(counts[key], row.n, key)
      counts[key] = nil
    end
    assert.is_nil(next(counts))
    got = {}
    for id in cap:fields { "flow.id" } do got[#got + 1] = id end
    assert.same(ids, got)
  end)

  it("select packets in a 'where', and are absent from what has no network layer", function()
    local rows, wanted = model(list), 0
    for _, row in ipairs(rows) do
      if tonumber(row:match "^%d+ %d+ (%d+)") > 10 then wanted = wanted + 1 end
    end
    local arp = b.eth(b.arp {}, { type = 0x0806 })
    local all = table.move(packets, 1, #packets, 2, { arp })
    all[#all + 1] = arp
    local cap <close> = assert(tap.open { packets = all })
    cap:flows { idle = "1h" }
    local a = cap:aggregate { "n = count()", where = "flow.packets > 10" }
    local none = cap:aggregate { "n = count()", where = "not has flow.id" }
    local _ = cap:run()
    assert.equal(wanted, a:rows()().n)
    assert.equal(2, none:rows()().n)
    assert.equal(wanted, (function()
      local n = 0
      for _ in cap:fields({ "flow.id" }, "flow.packets > 10") do n = n + 1 end
      return n
    end)())
  end)
end)

describe("a pass", function()
  it("tracks flows where a name or cap:flows asks, and not else", function()
    local cap <close> = assert(tap.open { packets = talks(3) })
    local function ids()
      local got = {}
      for p in cap:packets() do got[#got + 1] = p.flow_id or "none" end
      return got
    end
    assert.same({ "none", "none", "none" }, ids())
    assert.equal(0, cap:stats().flows.total)
    cap:on({ "frame.len", "flow.id?" }, function() end)
    assert.same({ 1, 2, 3 }, ids())
    local other <close> = assert(tap.open { packets = talks(2) })
    other:aggregate { "n = count()", where = "flow.dir == 0" }
    assert(other:run())
    assert.equal(2, other:stats().flows.total)
    local sums <close> = assert(tap.open { packets = talks(2) })
    local a = sums:aggregate { "n = sum(flow.packets)" }
    assert(sums:run())
    assert.equal(2, a:rows()().n)
    assert.is_nil(tap.packet(talks(1)[1][1])["flow.id"])
  end)

  it("makes flows of what its filter lets through, so that this cannot ask for them", function()
    local cap <close> = assert(tap.open { packets = talks(3), filter = "udp src port 2" })
    for id, port in cap:fields { "flow.id", "sport" } do assert.same({ 1, 2 }, { id, port }) end
    assert.equal(1, cap:stats().flows.total)
    local ok, message = cap:set_filter("udp and flow.packets > 2")
    assert.is_nil(ok)
    assert.matches("a capture's filter cannot ask for 'flow.packets'", message, 1, true)
    assert.matches("'where'", message, 1, true)
    local none, why = tap.open { packets = talks(1), filter = "has flow.id" }
    assert.is_nil(none)
    assert.matches("cannot ask for 'flow.id'", why, 1, true)
    assert.is_false(assert(tap.filter "flow.id == 1"):matches(talks(1)[1][1]))
  end)

  it("lets copies keep their flow as it stood", function()
    local packets = { packet(1, 2, 3, 4, 1), packet(2, 1, 4, 3, 3) }
    local cap <close> = assert(tap.open { packets = packets })
    cap:flows()
    local copies = {}
    for p in cap:packets() do copies[#copies + 1] = p:copy() end
    cap:close()
    assert.same({ 1, 0, 1, "new" },
      { copies[1].flow_id, copies[1].flow_dir, copies[1].flow_packets, copies[1]["flow.state:text"] })
    assert.same({ 1, 1, 2, "established" },
      { copies[2].flow_id, copies[2].flow_dir, copies[2].flow_packets, copies[2]["flow.state:text"] })
    assert.equal(2 * SECOND, copies[2].flow_duration)
    assert.equal(copies[1].flow_community_id, copies[2]:copy().flow_community_id)
    assert.is_nil(copies[1]:json():find("flow", 1, true))
    assert.is_nil(copies[1]:show():find("flow.id", 1, true))
  end)
end)

describe("cap:flows", function()
  --- The flows that ended in a run, in their order, and the capture's stats.
  local function ended(packets, options)
    local cap <close> = assert(tap.open { packets = packets })
    local list = {}
    options = options or {}
    options.ended = function(flow) list[#list + 1] = flow end
    cap:flows(options)
    return list, assert(cap:run())
  end

  it("tells all of a flow", function()
    local list = ended {
      packet(1, 2, 4000, 80, 1, SYN, 7), packet(2, 1, 80, 4000, 2, SYN | ACK), packet(1, 2, 4000, 80, 4, ACK),
    }
    local size = #packet(1, 2, 4000, 80, 1, SYN)[1]
    assert.same({
      {
        id = 1, src = "192.0.2.1", dst = "192.0.2.2", sport = 4000, dport = 80, proto = 6, packets = 3,
        packets_out = 2, packets_in = 1, bytes = 3 * size, bytes_out = 2 * size, bytes_in = size,
        first_ns = SECOND, last_ns = 4 * SECOND, duration = 3 * SECOND, state = "established",
        reason = "stopped", community_id = list[1].community_id,
      },
    }, list)
    assert.matches("^1:", list[1].community_id)
  end)

  it("gives a ping no ports, and both families their addresses", function()
    local ends = { src = "2001:db8::7", dst = "2001:db8::1" }
    local ping = b.eth(b.ipv6(b.icmp("", { type = 128, rest = 5 << 16 }, ends), ends, { next = 58 }))
    local list = ended { ping }
    assert.same({ "2001:db8::7", "2001:db8::1", 58 }, { list[1].src, list[1].dst, list[1].proto })
    assert.is_nil(list[1].sport)
    assert.is_nil(list[1].dport)
    assert.matches("^1:", list[1].community_id)
  end)

  it("tells why each ended", function()
    local list = ended({
      packet(1, 2, 1, 9, 1), -- idle at 12
      packet(1, 2, 2, 9, 12, SYN, 1), packet(2, 1, 9, 2, 12, RST), packet(1, 2, 2, 9, 13, SYN, 2), -- reused
      packet(1, 2, 3, 9, 14), packet(1, 2, 4, 9, 15), -- 2 is evicted
    }, { idle = "10s", limit = 2 })
    local told = {}
    for i, flow in ipairs(list) do told[i] = flow.reason .. " " .. flow.sport .. " " .. flow.state end
    assert.same({ "idle 1 new", "reused 2 reset", "evicted 2 new", "stopped 3 new", "stopped 4 new" }, told)
  end)

  it("gives an id again only after its flow's end was told", function()
    math.randomseed(31)
    local packets = {}
    for i = 1, 3000 do packets[i] = packet(math.random(9), 10, math.random(9), 9, i / 4) end
    local cap <close> = assert(tap.open { packets = packets })
    local holds, ends, sum = {}, 0, 0
    cap:flows { idle = "7s", limit = 20, ended = function(flow)
      assert.equal(flow.src .. flow.sport, holds[flow.id])
      holds[flow.id] = nil
      ends, sum = ends + 1, sum + flow.packets
    end }
    for id, src, port, n in cap:fields { "flow.id", "src", "sport", "flow.packets" } do
      if n > 1 then assert.equal(src .. port, holds[id]) else assert.is_nil(holds[id]) end
      holds[id] = src .. port
      assert.is_true(id <= 21)
    end
    assert.is_nil(next(holds))
    local flows = cap:stats().flows
    assert.equal(3000, sum)
    assert.equal(ends, flows.total)
    assert.is_true(flows.evicted > 0 and flows.evicted < ends)
    assert.equal(0, flows.live)
  end)

  it("ends idle flows before the tick that comes after", function()
    local cap <close> = assert(tap.open { packets = { packet(1, 2, 1, 9, 1), packet(1, 2, 2, 9, 20) } })
    local told = {}
    cap:flows { idle = "5s", ended = function(flow) told[#told + 1] = flow.sport end }
    cap:every("4s", function(now) told[#told + 1] = now // SECOND .. "s" end)
    assert(cap:run())
    assert.same({ "4s", 1, "8s", "12s", "16s", "20s", 2 }, told)
  end)

  it("tells of the rest before a run returns, a loop is left, or stop returns", function()
    local cap <close> = assert(tap.open { packets = talks(5) })
    local n = 0
    cap:flows { ended = function() n = n + 1 end }
    assert(cap:run { count = 4 })
    assert.equal(4, n)
    for p in cap:packets() do
      if p.sport == 1 then break end
    end
    assert.equal(5, n)
    assert(cap:next())
    assert(cap:next())
    assert.equal(5, n)
    assert.same({ live = 2, total = 2, evicted = 0 }, cap:stats().flows)
    cap:stop()
    assert.equal(7, n)
    assert(cap:next())
    cap:close()
    assert.equal(7, n)
    assert.same({ live = 0, total = 1, evicted = 0 }, cap:stats().flows)
  end)

  it("tells nothing after an error, and begins anew", function()
    local cap <close> = assert(tap.open { packets = talks(5) })
    local n = 0
    cap:flows { ended = function() n = n + 1 end }
    assert.has_error(function()
      for _ in cap:packets() do error("in the loop") end
    end)
    assert.equal(0, n)
    assert(cap:run())
    assert.equal(5, n)
  end)

  it("lets its function stop the pass, but not change it", function()
    local cap <close> = assert(tap.open { packets = talks(9) })
    local n, refused = 0, {}
    cap:flows { limit = 1, ended = function()
      n = n + 1
      cap:stop()
      for _, name in ipairs { "flows", "run", "next", "close" } do
        local ok, message = pcall(cap[name], cap)
        refused[name] = not ok and message
      end
    end }
    local stats = assert(cap:run())
    assert.equal(2, stats.delivered)
    assert.equal(2, n)
    for _, name in ipairs { "flows", "run", "next", "close" } do
      assert.matches("a function of this capture's pass is running", refused[name], 1, true)
    end
  end)

  it("passes an error of its function on, or counts it", function()
    local cap <close> = assert(tap.open { packets = talks(3) })
    local n = 0
    cap:flows { ended = function() n = n + 1 error("told " .. n) end }
    local ok, message = pcall(cap.run, cap)
    assert.is_false(ok)
    assert.matches("told 1", message, 1, true)
    assert.has_error(function()
      for p in cap:packets() do
        if p.sport == 1 then break end
      end
    end)
    assert(cap:next())
    assert.has_error(function() cap:stop() end)
    assert.equal(3, n)
    assert.equal(0, cap:stats().flows.live)
    local counting <close> = assert(tap.open { packets = talks(3), on_error = "count" })
    counting:flows { ended = function() error("told") end }
    assert.equal(3, assert(counting:run()).errors)
  end)

  it("refuses wrong options, and a call while a pass is open", function()
    local cap <close> = assert(tap.open { packets = talks(3) })
    local function refusal(options) return select(2, pcall(cap.flows, cap, options)) end
    assert.matches("flows: unknown option 'idel' %(did you mean 'idle'%?%)", refusal { idel = 1 })
    assert.matches("flows: limit is not within 1 to 2^28", refusal { limit = 0 }, 1, true)
    assert.matches("flows: limit is not within 1 to 2^28", refusal { limit = (1 << 28) + 1 }, 1, true)
    assert.matches("flows: idle is not within 1ns and up", refusal { idle = 0 }, 1, true)
    assert.matches("flows: ended is not a function", refusal { ended = 1 }, 1, true)
    assert.is_nil(cap:next().flow_id)
    cap:stop()
    assert(cap:next())
    assert.matches("cannot register: a pass is open", refusal {}, 1, true)
    cap:stop()
    cap:flows()
    cap:close()
    assert.matches("closed", refusal {})
  end)

  it("fails where there is no memory for so many", function()
    local script = [[
      local tap = require "moontap"
      local cap = assert(tap.open { packets = { ("\0"):rep(60) } })
      cap:flows { limit = 1 << 28 }
      print(cap:run())
    ]]
    if ASAN then return end -- which takes more than the limit for itself
    local r = run { "sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh", run.lua, "-e", script }
    assert.matches("^nil\t[^\n]*: cannot track flows: out of memory\t0\n", r.out)
  end)
end)

describe("many flows", function()
  --- Kilobytes of memory that this process has in RAM.
  local function resident()
    return tonumber(run.read("/proc/self/status"):match "RssAnon:%s*(%d+)")
  end

  it("take no more memory than the limit allows, and each end is told once", function()
    local total, limit = long and 1000000 or 100000, long and 100000 or 10000
    local parts, header = {}, b.pcap {}
    local bytes = packet(1, 2, 1, 9, 1)[1]
    for i = 1, total do
      local source = string.pack(">I1I3", 10, i)
      parts[i] = string.pack("<I4I4I4I4", i // 1000, i % 1000 * 1000, #bytes, #bytes) ..
        bytes:sub(1, 26) .. source .. bytes:sub(31)
    end
    local path <const> = os.tmpname()
    run.write(path, header .. table.concat(parts))
    parts = nil
    collectgarbage()
    local cap <close> = assert(tap.open(path))
    local told, reasons, most, early = 0, {}, 0, nil
    cap:flows { idle = "1d", limit = limit, ended = function(flow)
      told = told + 1
      reasons[flow.reason] = (reasons[flow.reason] or 0) + 1
      if flow.id > most then most = flow.id end
      if told % (limit // 20) == 0 then collectgarbage() end -- the tables told are no flows
      if told == limit then early = resident() end
    end }
    assert(cap:run())
    local growth = resident() - early
    os.remove(path)
    assert.equal(total, told)
    assert.same({ evicted = total - limit, stopped = limit }, reasons)
    assert.same({ live = 0, total = total, evicted = total - limit }, cap:stats().flows)
    assert.equal(limit + 1, most)
    -- a sanitizer keeps what is given back
    if not ASAN then assert.is_true(growth < 4096, growth .. " KiB more") end
    assert.is_nil(parts)
  end)
end)

describe("the flows of a live capture", function()
  it_live("are made of all packets, though every 'where' rejects some", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local a = cap:aggregate { "n = sum(flow.packets)", where = "udp src port 40003 and flow.packets == 7" }
    local all = cap:aggregate { by = { "flow.id" }, "n = count()", where = "udp src port 40003" }
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
    live.send(link.a, { count = 640, size = 60 }) -- of 64 ports
    local stats = assert(cap:run { duration = "50ms" })
    assert.equal(640, stats.seen)
    assert.equal(0, stats.unread)
    assert.equal(64, stats.flows.total)
    assert.equal(7, a:rows()().n)
    assert.equal(10, all:rows()().n)
    assert.matches("the kernel lets all packets through", cap:explain(), 1, true)
  end)

  it_live("end on a quiet link when they are idle", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local reason
    cap:flows { idle = "20ms", ended = function(flow)
      reason = flow.reason .. " " .. flow.packets
      cap:stop()
    end }
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
    live.send(link.a, { count = 1, size = 60 })
    local stats = assert(cap:run { duration = "10s" })
    assert.equal("idle 1", reason)
    assert.same({ live = 0, total = 1, evicted = 0 }, stats.flows)
  end)

  it_live("go on counting in the next pass, which begins with none", function()
    local link <close> = live.pair()
    local cap <close> = assert(tap.open { interface = link.b })
    local ports = {}
    cap:flows { ended = function(flow) ports[#ports + 1] = flow.sport end }
    assert.same({ 0, "idle" }, { cap:run { wait = false } })
    live.send(link.a, { count = 66, size = 60 }) -- the last two are of the first two ports
    assert.equal(64, assert(cap:run { count = 64 }).flows.total)
    assert.equal(66, assert(cap:run { count = 2 }).flows.total)
    assert.equal(66, #ports)
    assert.same({ 40000, 40001, 40000, 40001 }, { ports[1], ports[2], ports[65], ports[66] })
  end)
end)
