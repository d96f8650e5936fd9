--- What a capture's filter and each 'where' select, from packets in memory and files.
local build = require "spec.support.build"
local tap = require "moontap"

--- 'count' packets, to port 53 each tenth, else to 80, with payloads of 1, 2, 3, ... bytes.
local function packets(count)
  local list = {}
  for i = 1, count do
    local frame = build.udp_frame { dstport = i % 10 == 0 and 53 or 80, payload = ("x"):rep(i) }
    list[i] = { frame, time_ns = i * 1000000 }
  end
  return list
end

local function open(options)
  options = options or {}
  options.packets = options.packets or packets(100)
  return assert(tap.open(options))
end

--- Delivered and filtered of a run.
local function counts(options)
  local cap <close> = open(options)
  local stats = assert(cap:run())
  assert.equal(stats.seen, stats.delivered + stats.filtered)
  return { stats.delivered, stats.filtered }
end

describe("the filter of a capture", function()
  it("is a text, a filter object, or instructions in any form", function()
    local object <close> = assert(tap.filter "dst port 53")
    for _, filter in ipairs {
      "dst port 53", "udp.dstport == 53", object, object:code(), object:dump "numbers",
      object:dump "c", assert(tap.filter(object:code())),
    } do
      assert.same({ 10, 90 }, counts { filter = filter })
    end
  end)

  it("asks bytes, fields, the frame, or a mixture", function()
    for filter, wanted in pairs {
      [""] = { 100, 0 },
      ["tcp"] = { 0, 100 },
      ["frame.len > 100"] = { 42, 58 },
      ["frame.number > 10 and frame.number <= 13"] = { 3, 97 },
      ["udp.length > 80 and dst port 53"] = { 3, 97 },
      ["greater 101 and port in {53, 54}"] = { 5, 95 },
    } do
      assert.same(wanted, counts { filter = filter }, filter)
    end
  end)

  it("stands before all that is registered, in whatever batches packets come", function()
    for _, batch in ipairs { 1, 7, 64, 256 } do
      local cap <close> = open { batch = batch, filter = "dst port 53" }
      local talk = cap:aggregate { by = "udp.dstport", "n = count()" }
      local numbers = {}
      cap:each(function(p) numbers[#numbers + 1] = p["frame.number"] end)
      assert.equal(10, assert(cap:run()).delivered)
      assert.same({ 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 }, numbers)
      assert.equal(1, talk:count())
      assert.equal(10, talk:get(53).n)
    end
  end)

  it("lets a limit of packets count those that it accepts", function()
    local cap <close> = open { filter = "dst port 53" }
    local stats = assert(cap:run { count = 3 })
    assert.same({ 30, 3, 27, 0 }, { stats.seen, stats.delivered, stats.filtered, stats.unread })
    local seen = 0
    cap:each(function() seen = seen + 1 end)
    stats = assert(cap:run { count = 4 })
    assert.same({ 40, 4, 36, 4 }, { stats.seen, stats.delivered, stats.filtered, seen })
  end)

  it("names sets that come with the capture, or with itself", function()
    assert.same({ 10, 90 }, counts { filter = "udp port in @dns", sets = { dns = { 53, "5353" } } })
    local cap <close> = open { sets = { dns = { 53 } } }
    assert(cap:set_filter "udp port in @dns")
    assert.equal(10, cap:run().delivered)
    assert(cap:set_filter("udp port in @web", { sets = { web = { "80-81" } } }))
    assert.equal(90, cap:run().delivered)
    local ok, message = cap:set_filter "udp port in @web"
    assert.is_nil(ok)
    assert.matches("^filter:1:13: ", message)
    assert.equal(90, cap:run().delivered)
    collectgarbage()
    local object = assert(tap.filter("udp port in @x", 1, { sets = { x = { 53 } } }))
    assert(cap:set_filter(object))
    object:close()
    collectgarbage()
    assert.equal(10, cap:run().delivered)
    assert.matches("filter is closed$", select(2, pcall(cap.set_filter, cap, object)))
  end)

  it("is an error where it is wrong, with the place, and no capture stays open", function()
    local cap, message, code = tap.open { packets = packets(1), filter = "udp porf 53" }
    assert.is_nil(cap)
    assert.is_nil(code)
    assert.matches("^filter:1:5: unknown word 'porf' after 'udp'.*\n  udp porf 53\n      %^%^%^%^$", message)
    cap, message = tap.open { packets = packets(1), filter = { { 5, 0, 0, 9 } } }
    assert.is_nil(cap)
    assert.matches("^filter: cannot verify filter: instruction 0: ", message)
    assert.has_error(function() tap.open { packets = packets(1), filter = true } end)
  end)

  it("takes effect from the next packet on, deeper or not, and can be taken away", function()
    for _, batch in ipairs { 1, 10, 64 } do
      local cap <close> = open { batch = batch }
      local got, ports = {}, 0
      for p in cap:packets() do
        got[#got + 1] = p["frame.number"]
        ports = ports + (p.udp.dstport == 53 and 1 or 0)
        if #got == 5 then assert(cap:set_filter "port 53") end
        if #got == 8 then assert(cap:set_filter "udp.length > 80") end
        if #got == 20 then assert(cap:set_filter(nil)) end
        if #got == 22 then assert(cap:set_filter "ip6") end
      end
      assert.same({ 1, 2, 3, 4, 5, 10, 20, 30, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86 }, got)
      assert.equal(4, ports)
      local stats = cap:stats()
      assert.same({ 100, 22, 78 }, { stats.seen, stats.delivered, stats.filtered })
    end
  end)

  it("may be changed by a tick", function()
    local cap <close> = open()
    cap:every("50ms", function(now) cap:set_filter(now < 100000000 and "port 53" or nil) end)
    assert.equal(49 + 5 + 1, cap:run().delivered)
  end)

  it("stays as it was where the new one is wrong", function()
    local cap <close> = open { filter = "port 53" }
    assert.is_nil((cap:set_filter "port"))
    assert.equal(10, cap:run().delivered)
  end)
end)

describe("the filter of a file", function()
  it("knows in which byte order BSD's loopback wrote its protocols", function()
    local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
    local ip = build.ipv4(build.udp("x", ends, { srcport = 1, dstport = 53 }), ends, { proto = 17 })
    for _, order in ipairs { "<", ">" } do
      local file = build.pcap({ string.pack(order .. "I4", 2) .. ip, string.pack(order .. "I4", 30) .. ip },
        { order = order, linktype = 0 })
      local cap <close> = assert(tap.open { data = file, filter = "ip and udp port 53" })
      assert.equal(1, cap:run().delivered)
    end
  end)

  it("has no interface's netmask", function()
    local cap, message = tap.open { packets = packets(1), filter = "ip broadcast" }
    assert.is_nil(cap)
    assert.matches("netmask", message)
    local object = assert(tap.filter("ip broadcast", 1, { netmask = 0xffffff00 }))
    assert.same({ 0, 1 }, counts { packets = packets(1), filter = object })
  end)
end)

describe("where", function()
  it("selects for handlers, aggregates and loops, and counts in neither count what it rejects", function()
    local cap <close> = open()
    local n = 0
    cap:each("port 53", function(p)
      n = n + 1
      assert.equal(53, p.udp.dstport)
    end)
    cap:on({ "udp.length", "tcp.len" }, "frame.number <= 7", function() error "it has no tcp.len" end)
    local talk = cap:aggregate { by = "udp.dstport", "n = count()", where = "udp.dstport == 80" }
    local looped = 0
    for length in cap:fields({ "udp.length" }, "frame.number > 90") do
      looped = looped + 1
      assert.is_true(length > 98)
    end
    local stats = cap:stats()
    assert.same({ 10, 10 }, { n, looped })
    assert.same({ matched = 10, skipped = 0 }, stats.handlers[1])
    assert.same({ matched = 0, skipped = 7 }, stats.handlers[2])
    assert.same({ matched = 10, skipped = 0 }, stats.loop)
    assert.equal(90, stats.tables[1].matched)
    assert.equal(0, stats.tables[1].skipped)
    assert.equal(90, talk:get(80).n)
    assert.equal(100, stats.delivered)
    looped = 0
    for p in cap:packets(assert(tap.filter "port 53")) do looped = looped + p.dport end
    assert.equal(530, looped)
  end)

  it("decodes as deep as it asks, for itself alone", function()
    local cap <close> = open()
    local talk = cap:aggregate { "n = count()", where = "udp.length > 80" }
    assert(cap:run())
    assert.equal(28, talk:get().n)
  end)

  it("asks the capture's sets", function()
    local cap <close> = open { sets = { dns = { 53 } } }
    local n = 0
    cap:each("port in @dns", function() n = n + 1 end)
    cap:run()
    assert.equal(10, n)
    assert.has_error(function() cap:each("port in @web", print) end)
  end)
end)

describe("packets of several link types", function()
  local function mixed()
    local list = packets(100)
    for i = 50, 59 do list[i] = { list[i][1]:sub(15), linktype = 101, time_ns = list[i].time_ns } end
    return list
  end

  it("are each asked in the language of their own", function()
    for _, batch in ipairs { 1, 7, 64 } do
      assert.same({ 10, 90 }, counts { packets = mixed(), filter = "port 53", batch = batch })
      local cap <close> = open { packets = mixed(), batch = batch }
      local talk = cap:aggregate { "n = count()", where = "udp.length > 80 and port 53" }
      assert(cap:run())
      assert.equal(3, talk:get().n)
    end
  end)

  it("are known too late to say that a filter is none", function()
    local cap, message, where = tap.open { packets = {}, filter = "tcp prt 80" }
    assert.is_nil(cap)
    assert.is_nil(where)
    assert.matches("^filter:1:5: unknown word 'prt' after 'tcp'.*\n  tcp prt 80\n      %^%^%^$", message)
    cap = open { packets = mixed() }
    assert.has_error(function() cap:each("udp prt 80", print) end)
    assert.has_error(function() cap:packets "ip.ttl ==" end)
    assert.has_error(function() cap:aggregate { "n = count()", where = "tcp.dtsport == 3" } end)
    assert.matches("^filter:1:10: unexpected end", select(2, cap:set_filter "ip.ttl =="))
    assert.equal(100, assert(cap:run()).delivered)
    cap:each("ether src 02:00:00:00:00:01 and udp", function() end) -- of one link type at least
    message = select(2, cap:run())
    assert.matches("^packets: cannot filter packets of link type 101: filter:1:11: ", message)
    assert.matches("\n  ether src .*\n            %^+$", message)
    cap:close()
  end)

  it("end the pass before the first one that a filter cannot be for", function()
    for _, batch in ipairs { 1, 7, 64 } do
      for _, key in ipairs { "filter", "where" } do
        local cap <close> = open { packets = mixed(), batch = batch }
        local n = 0
        local text <const> = "ether dst 02:00:00:00:00:02 and port 53"
        if key == "filter" then assert(cap:set_filter(text)) end
        cap:each(key == "where" and text or nil, function() n = n + 1 end)
        local stats, message, code = cap:run()
        assert.is_nil(stats)
        assert.matches("^packets: cannot filter packets of link type 101: .*hardware addresses", message)
        assert.equal(0, code)
        assert.equal(4, n)
        assert.equal(49, cap:stats().seen)
      end
    end
  end)
end)

describe("a filter that cannot be for a packet that comes", function()
  it("may be exchanged before that packet has its turn", function()
    local list = packets(100)
    list[50] = { list[50][1]:sub(15), linktype = 101, time_ns = list[50].time_ns }
    for _, batch in ipairs { 1, 7, 64 } do
      local cap <close> = open { packets = list, batch = batch, filter = "ether[0] = 2" }
      local n = 0
      cap:each(function(p)
        n = n + 1
        if p["frame.number"] == 45 then assert(cap:set_filter "port 53") end
      end)
      assert.equal(45 + 6, assert(cap:run()).delivered)
      assert.equal(51, n)
    end
  end)

  it("ends no later pass", function()
    local list = packets(100)
    list[50] = { list[50][1]:sub(15), linktype = 101 }
    local cap <close> = open { packets = list, filter = "ether dst 02:00:00:00:00:02" }
    assert.equal(20, assert(cap:run { count = 20 }).delivered)
    assert(cap:set_filter "port 53")
    assert.equal(10, assert(cap:run()).delivered)
    assert.equal(5, (cap:run { wait = false, count = 5 }))
  end)
end)

describe("a filter that is refused while a pass runs", function()
  local function mixed()
    local list = packets(20)
    list[10] = { list[10][1]:sub(15), linktype = 101, time_ns = list[10].time_ns }
    return list
  end
  local REFUSED <const> = "^packets: cannot filter packets of link type 101: .*hardware addresses"

  it("leaves all packets to a pass that had none", function()
    for _, batch in ipairs { 1, 7, 64 } do
      local cap <close> = open { packets = mixed(), batch = batch }
      local n = 0
      for p in cap:packets() do
        n = n + 1
        if p["frame.number"] ~= 9 then goto continue end
        local done, message = cap:set_filter "ether dst 02:00:00:00:00:02"
        if batch == 64 then assert.is_nil(done) end -- the packet that it cannot be for is at hand
        if done then
          assert(cap:set_filter(nil))
        else
          assert.matches(REFUSED, message)
        end
        ::continue::
      end
      assert.same({ 20, 20, 0 }, { n, cap:stats().delivered, cap:stats().filtered })
    end
  end)

  it("leaves the packet that the old one cannot be for, and the pass ends there", function()
    for _, batch in ipairs { 1, 7, 64 } do
      local cap <close> = open { packets = mixed(), batch = batch, filter = "ether src 02:00:00:00:00:01" }
      cap:each(function(p)
        if p["frame.number"] == 9 then cap:set_filter "ether dst 02:00:00:00:00:02" end
      end)
      for _ = 1, 2 do
        local stats, message = cap:run()
        assert.is_nil(stats)
        assert.matches("^packets: cannot filter packets of link type 101: ", message)
        assert.same({ 9, 9, 0 }, { cap:stats().seen, cap:stats().delivered, cap:stats().filtered })
        assert(cap:set_filter "ether src 02:00:00:00:00:01")
      end
    end
  end)
end)

describe("cap:explain", function()
  it("tells of the filter and of each where, where they run and why", function()
    local cap <close> = open { filter = "port 53" }
    cap:each("udp.length > 9", function() end)
    cap:aggregate { "n = count()", where = "tcp" }
    local text = cap:explain()
    for _, wanted in ipairs {
      "filter: port 53\n", "runs: here\n", "handler 1, where:\nfilter: udp.length > 9\n",
      "aggregate 1, where:\nfilter: tcp\n", "because decoded fields are compared in user space",
    } do
      assert.is_truthy(text:find(wanted, 1, true), wanted .. "\n" .. text)
    end
    assert.equal("here", cap:info().filter)
    for _ in cap:packets "udp.length > 20" do
      assert.matches("\nloop, where:\nfilter: udp%.length > 20\n", cap:explain())
      cap:stop()
    end
    assert(cap:set_filter(nil))
    assert.is_nil(cap:info().filter)
    assert.matches("^filter: none, every packet\n", cap:explain())
  end)
end)

describe("cap:warnings", function()
  it("has what filter and wheres are warned of, each once", function()
    local cap <close> = open()
    assert.same({}, cap:warnings())
    local doubtful <const> = "port 80 or 443 and host 10.0.0.1"
    local wanted = assert(tap.filter(doubtful)):warnings()
    assert.is_true(#wanted > 0)
    assert(cap:set_filter(doubtful))
    cap:each(doubtful, print)
    assert.same(wanted, cap:warnings())
  end)
end)
