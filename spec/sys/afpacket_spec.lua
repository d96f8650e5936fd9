-- Live capture: what a packet socket takes in, when, and that it can tell exactly what became of
-- every frame.  The sender's frames carry their number at offset 42 (spec/support/send.c).

local build = require "spec.support.build"
local live = require "spec.support.live"
local long = require "spec.support.long"
local run = require "spec.support.run"
local tap = require "moontap"
local wait = require "spec.support.wait"

local it = live.it(it, pending)

--- A capture on 'name'; raises where it cannot be opened.
local function open(name, options)
  options = options or {}
  options.interface = name
  return assert(tap.open(options))
end

--- Let traffic in without taking any of it.
local function let_in(cap)
  assert(cap:pollfd())
end

--- Read until nothing more came for as long as the kernel may hold a frame back, and the pass ends.
local function drain(cap, fn)
  local count = 0
  for p in function() return (cap:next("100ms")) end do
    count = count + 1
    if fn then fn(p) end
  end
  cap:stop()
  return count
end

--- Wait until another process captures here: the kernel's table of packet sockets says so.
local function wait_for_capture()
  wait.until_true("it captures", function()
    return run.read("/proc/net/packet"):find("%x+ +%d+ +3 +0003 +%d+ +1 ")
  end)
end

local function assert_exact(stats)
  assert.equal(stats.seen, stats.delivered + stats.filtered + stats.dropped + stats.unread)
  assert.equal(0, stats.lost_at_stop)
end

--- Send whole frames by tcpreplay: into the interface's peer, and seen on the interface as its own.
local function replay(name, frames)
  local path = os.tmpname()
  run.write(path, build.pcap(frames))
  local r = run { "tcpreplay", "--quiet", "--topspeed", "-i", name, path }
  os.remove(path)
  assert(r.code == 0, r.err)
end

--- Classic BPF: accept 'keep' bytes of frames whose byte at 'offset' is 'value'.
local function byte_is(offset, value, keep)
  return { { 0x30, 0, 0, offset }, { 0x15, 0, 1, value }, { 0x06, 0, 0, keep }, { 0x06, 0, 0, 0 } }
end

describe("a live capture", function()
  local link

  before_each(function() link = live.pair() end)
  after_each(function() link:close() end)

  it("delivers 100,003 frames of all sizes, as many as the interface counted", function()
    local cap <close> = open(link.b, { buffer = "64M" })
    local bytes = cap:aggregate { by = {}, "packets = count()", "bytes = sum(frame.len)" }
    let_in(cap)
    local flood <close> = live.flood(link.a, { count = 100003 })
    wait.until_true("all frames have come", function()
      while select(2, cap:run { wait = false, count = 1000000 }) == "more" do end
      return cap:stats().delivered + cap:stats().dropped >= 100003
    end)
    cap:stop()
    assert.equal(100003, flood:stop())
    local stats, counters = cap:stats(), live.counters(link.b)
    assert.equal(100003, stats.seen)
    assert.equal(100003, stats.delivered)
    assert.equal(100003, counters.rx_packets)
    for row in bytes:rows() do assert.equal(counters.rx_bytes, row.bytes) end
    assert_exact(stats)
  end)

  it("takes nothing before its first pass, and nothing after its last", function()
    local cap <close> = open(link.b)
    live.send(link.a, { count = 100, size = 60 })
    assert(cap:run { duration = "30ms" })
    assert.equal(0, cap:stats().seen)
    live.send(link.a, { count = 100, size = 60 })
    local stats = assert(cap:run { duration = "30ms" })
    assert.equal(0, stats.seen)
    assert.equal(200, live.counters(link.b).rx_packets)
  end)

  it("loses frames when the ring is tiny and the script slow, and counts each of them", function()
    local cap <close> = open(link.b, { buffer = "64K" })
    let_in(cap)
    local flood <close> = live.flood(link.a, { count = 20011 })
    local slow = 0
    cap:each(function() for i = 1, 2000 do slow = slow + i end end)
    wait.until_true("the sender is done", function()
      cap:run { wait = false, count = 50 }
      return flood.process:ended()
    end)
    local late = drain(cap)
    local stats = cap:stats()
    assert.equal(20011, flood:stop())
    assert.equal(20011, stats.seen)
    assert.is_true(stats.dropped > 0)
    assert.is_true(stats.delivered >= late)
    assert.equal(0, stats.unread)
    assert_exact(stats)
  end)

  it("names what it did not read when it is stopped under a flood", function()
    local flood <close> = live.flood(link.a, { size = 60 })
    for _, buffer in ipairs { "32M", "192K", "8K" } do
      local cap <close> = open(link.b, { buffer = buffer })
      local stats = assert(cap:run { count = 1000, duration = "20s" })
      assert.equal(1000, stats.delivered)
      assert.is_true(stats.unread > 0)
      assert_exact(stats)
    end
    flood:stop()
  end)

  it("counts exactly at every stop, at any moment of a flood", function()
    local flood <close> = live.flood(link.a, { size = 60 })
    math.randomseed(7)
    for stop = 1, long and 300 or 40 do
      local cap <close> = open(link.b, { buffer = stop % 2 == 0 and "192K" or "8M", latency = "5ms" })
      local last, gaps
      cap:each(function(p)
        local n = p:u32(42)
        if last and n ~= last + 1 then gaps = true end
        last = n
      end)
      local stats = assert(cap:run { duration = math.random(1, 20) .. "ms" })
      assert.equal(0, stats.unread)
      assert_exact(stats)
      assert.is_true(stats.dropped > 0 or not gaps, "frames are missing that nobody counted")
    end
    flood:stop()
  end)

  it("goes on in a second pass where the first one stopped", function()
    local cap <close> = open(link.b)
    let_in(cap)
    live.send(link.a, { count = 1000, size = 60 })
    local numbers = {}
    local handler = function(p) numbers[#numbers + 1] = p:u32(42) end
    cap:each(handler)
    local first = assert(cap:run { count = 300, duration = "20s" })
    assert.equal(700, first.unread)
    live.send(link.a, { count = 50, size = 60 }) -- while no pass runs: not for this capture
    local second = assert(cap:run { duration = "50ms" })
    assert.equal(1000, #numbers)
    for i, n in ipairs(numbers) do assert.equal(i - 1, n) end
    assert.equal(1000, second.seen)
    assert.equal(1000, second.delivered)
    assert_exact(second)
  end)

  it("takes in again what comes in its second pass", function()
    local cap <close> = open(link.b)
    for pass = 1, 3 do
      let_in(cap)
      live.send(link.a, { count = 200, size = 60 })
      assert.equal(200, drain(cap))
      assert.equal(pass * 200, cap:stats().seen)
      assert_exact(cap:stats())
    end
  end)

  it("shows each packet on loopback once", function()
    local cap <close> = open("lo")
    let_in(cap)
    assert.equal(0, run { "ping", "-c", "3", "-i", "0.05", "-q", "127.0.0.1" }.code)
    local types = {}
    drain(cap, function(p) if p.icmp then types[#types + 1] = p["icmp.type"] end end)
    assert.same({ 8, 0, 8, 0, 8, 0 }, types)
  end)

  it("has the kernel's hash of a packet where that was asked for", function()
    for _, asked in ipairs { true, false } do
      local cap <close> = open(link.b, { rxhash = asked })
      let_in(cap)
      replay(link.a, { build.udp_frame { dstport = 1 } })
      local hashes = {}
      drain(cap, function(p) hashes[#hashes + 1] = p["frame.rxhash"] or "none" end)
      assert.equal(1, #hashes)
      assert.equal(asked and "integer" or nil, math.type(hashes[1]))
    end
  end)

  it("tells the directions apart, and a frame's interface and link type", function()
    local cap <close> = open(link.b)
    let_in(cap)
    replay(link.a, { build.udp_frame { dstport = 1 } })
    replay(link.b, { build.udp_frame { dstport = 2 } })
    local seen = {}
    drain(cap, function(p)
      seen[p.dport] = { p["frame.direction"], p["frame.interface_id"], p["frame.linktype"] }
    end)
    local index
    for _, interface in ipairs(tap.interfaces()) do
      if interface.name == link.b then index = interface.index end
    end
    assert.same({ { 1, index, 1 }, { 2, index, 1 } }, seen)
  end)

  it("shows the VLAN tag that the kernel lifts out of a frame, tag 0 as well", function()
    local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
    local inner = build.ipv4(build.udp(("x"):rep(40), ends, { srcport = 1, dstport = 9 }), ends, { proto = 17 })
    local frames = {
      build.eth(build.vlan(inner, { id = 100, priority = 5 }), { type = 0x8100 }),
      build.eth(build.vlan(inner, { id = 0 }), { type = 0x8100 }),
      build.eth(build.vlan(build.vlan(inner, { id = 7 }), { id = 200, type = 0x8100 }), { type = 0x88a8 }),
    }
    local cap <close> = open(link.b)
    let_in(cap)
    replay(link.a, frames)
    local tags, bytes, wire = {}, {}, {}
    drain(cap, function(p)
      tags[#tags + 1] = { p["ieee8021ad.id"] or false, p["vlan.id"] }
      bytes[#bytes + 1] = p:bytes()
      wire[#wire + 1] = p.len
    end)
    assert.same({ { false, 100 }, { false, 0 }, { 200, 7 } }, tags)
    assert.same(frames, bytes)
    assert.same({ #frames[1], #frames[2], #frames[3] }, wire)
  end)

  it("stamps frames with the time of their coming", function()
    local cap <close> = open(link.b)
    let_in(cap)
    local before = os.time()
    live.send(link.a, { count = 100, size = 60 })
    local after, last = os.time(), 0
    drain(cap, function(p)
      assert.is_true(p.time_ns >= last)
      last = p.time_ns
      assert.is_true(last // 1000000000 >= before and last // 1000000000 <= after)
    end)
    assert.is_true(last > 0)
  end)

  it("keeps no more of a frame than the snapshot length, by a filter or without one", function()
    for _, filter in ipairs { false, byte_is(12, 8, 1500) } do
      local cap <close> = open(link.b, { snaplen = 64, filter = filter or nil })
      let_in(cap)
      live.send(link.a, { count = 10, size = 1000 })
      local sizes = {}
      assert.equal(10, drain(cap, function(p)
        sizes[p["frame.cap_len"]] = true
        assert.equal(1000, p["frame.len"])
      end))
      assert.same({ [64] = true }, sizes)
    end
  end)

  it("filters in the kernel: what is rejected is not even seen", function()
    local cap <close> = open(link.b, { filter = byte_is(45, 3, 0xffffffff) })
    let_in(cap)
    live.send(link.a, { count = 1024, size = 60 })
    assert.equal(4, drain(cap, function(p) assert.equal(3, p:u32(42) & 0xff) end))
    assert.equal(4, cap:stats().seen)
  end)

  it("takes a new filter while it runs, and accepts all when that is taken away", function()
    local cap <close> = open(link.b, { filter = byte_is(45, 3, 1000) })
    local expected = {
      { byte_is(45, 3, 1000), 1 }, { byte_is(45, 4, 1000), 1 }, { false, 256 }, { byte_is(12, 9, 1), 0 },
    }
    let_in(cap)
    for _, case in ipairs(expected) do
      assert(cap:set_filter(case[1] or nil))
      live.send(link.a, { count = 256, size = 60 })
      local count = 0
      while cap:next("100ms") do count = count + 1 end
      assert.equal(case[2], count)
    end
  end)

  it("asks for frames that are for others, unless told not to", function()
    assert.equal(0, live.promiscuity(link.b))
    do
      local cap <close> = open(link.b)
      local second <close> = open(link.b)
      assert.equal(2, live.promiscuity(link.b))
      cap:close()
      assert.equal(1, live.promiscuity(link.b))
      local quiet <close> = open(link.b, { promisc = false })
      assert.equal(1, live.promiscuity(link.b))
      assert(quiet:info() and second:info())
    end
    assert.equal(0, live.promiscuity(link.b))
  end)

  it("leaves no promiscuity behind when it is killed", function()
    local script <close> = run.start { run.lua, "-e", ([[
      require "moontap".open { interface = "%s" }:run()]]):format(link.b) }
    wait_for_capture()
    assert.equal(1, live.promiscuity(link.b))
    script:kill("KILL")
    assert.equal(9, script:finish().signal)
    assert.equal(0, live.promiscuity(link.b))
  end)
end)

describe("a live capture's interface", function()
  it("has to be up", function()
    local link <close> = live.pair { down = true }
    local cap, message, code = tap.open { interface = link.b }
    assert.is_nil(cap)
    assert.equal(link.b .. ": cannot capture: Network is down", message)
    assert.equal(100, code)
  end)

  it("has to be up still when the pass begins", function()
    local link <close> = live.pair()
    local cap <close> = open(link.b)
    live.down(link.b)
    local stats, message, code = cap:run { duration = "1s" }
    assert.is_nil(stats)
    assert.equal(link.b .. ": cannot capture: Network is down", message)
    assert.equal(100, code)
    live.up(link.a)
    live.up(link.b)
    live.send(link.a, { count = 7, size = 60 }) -- no pass runs: not for this capture
    let_in(cap)
    live.send(link.a, { count = 3, size = 60 })
    assert.equal(3, drain(cap))
    assert.equal(3, cap:stats().seen)
  end)

  it("may go down and up while the capture runs", function()
    local link <close> = live.pair()
    local script <close> = run.start { run.lua, "-e", ([[
      io.stdout:setvbuf("line")
      local cap = assert(require "moontap".open { interface = "%s" })
      cap:on({ "frame.len" }, function(len)
        print(len)
        if len == 77 then cap:stop() end
      end)
      print(cap:run())
    ]]):format(link.b) }
    local function cpu_ticks()
      local user, system = run.read("/proc/" .. script.pid .. "/stat")
        :match("%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+)")
      return user + system
    end
    wait_for_capture()
    live.send(link.a, { count = 1, size = 60 })
    wait.until_true("a frame comes through", function() return script:out() == "60\n" end)
    live.down(link.b)
    -- Something that must not happen shows only over time.
    local began, ticks = wait.clock(), cpu_ticks()
    wait.until_true("half a second went by", function() return wait.clock() - began > 0.5 end)
    assert.is_true(cpu_ticks() - ticks < 20, "it spins while the interface is down")
    assert.is_false(script:ended())
    live.up(link.b)
    live.send(link.a, { count = 1, size = 77 })
    local r = script:finish()
    assert.equal("", r.err)
    assert.matches("^60\n77\ntable", r.out)
  end)

  it("ends the pass with an error when it is deleted, up or down", function()
    for _, down in ipairs { false, true } do
      local link <close> = live.pair()
      local name = link.b
      local script <close> = run.start { run.lua, "-e", ([[
        local cap = assert(require "moontap".open { interface = "%s" })
        print(cap:run())
      ]]):format(name) }
      wait_for_capture()
      if down then live.down(name) end
      link:close()
      local r = script:finish(5)
      assert.equal("", r.err)
      assert.matches("^nil\t" .. name .. ": cannot .*No such device\t19\n$", r.out)
    end
  end)

  it("ends a pass in an event loop with that error, and what came is counted", function()
    local link <close> = live.pair()
    local cap <close> = open(link.b)
    let_in(cap)
    live.send(link.a, { count = 7, size = 60 })
    run { "ip", "link", "del", link.b }
    local handled, message, code
    wait.until_true("the pass ends", function()
      handled, message, code = cap:run { wait = false }
      return message ~= "idle"
    end)
    assert.is_nil(handled)
    assert.matches("the interface is gone: No such device$", message)
    assert.equal(19, code)
    local stats = cap:stats()
    assert.equal(7, stats.seen)
    assert_exact(stats)
  end)

  it("is refused to those without the right, and they are told which", function()
    local r = run { "setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw",
      run.lua, "-e", [[print(require "moontap".open { interface = "lo" })]] }
    assert.equal("", r.err)
    assert.matches("^nil\tlo: cannot open a packet socket .*CAP_NET_RAW.*: Operation not permitted\t1\n$", r.out)
  end)
end)
