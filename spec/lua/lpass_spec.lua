local b = require "spec.support.build"
local tap = require "moontap"

local SECOND <const> = 1000000000

--- 'n' UDP frames, a tenth of a second apart from 'start_ns' on, with the number as source port.
local function packets(n, start_ns)
  local list = {}
  for i = 1, n do
    list[i] = { b.udp_frame { srcport = i, dstport = 53 },
      time_ns = (start_ns or SECOND) + (i - 1) * SECOND // 10 }
  end
  return list
end

for _, strict in ipairs { false, true } do
  local kind = strict and "strict" or "pooled"

  local function open(n, options)
    local o = { packets = packets(n), strict = strict }
    for key, value in pairs(options or {}) do o[key] = value end
    return assert(tap.open(o))
  end

  describe("a pass (" .. kind .. ")", function()
    it("feeds aggregates, then handlers in order, then the loop, packet by packet", function()
      local cap <close> = open(3)
      local log = {}
      local function note(text) log[#log + 1] = text end
      local talk = cap:aggregate { by = { "src" }, "n = count()" }
      cap:on({ "sport" }, function(port) note("on " .. port .. " of " .. talk:get("192.0.2.1").n) end)
      cap:each(function(p) note("each " .. p.sport) end)
      for port in cap:fields { "udp.srcport" } do note("loop " .. port) end
      assert.same({ "on 1 of 1", "each 1", "loop 1", "on 2 of 2", "each 2", "loop 2",
        "on 3 of 3", "each 3", "loop 3" }, log)
    end)

    it("gives the same with batches of 1 and of 256, ticks and stops included", function()
      local function trace(batch)
        local cap <close> = open(600, { batch = batch })
        local log = {}
        local function note(...) log[#log + 1] = table.concat({ ... }, " ") end
        cap:every("1s", function(t, d) note("tick", t, d.seen, d.delivered, cap:stats().seen) end)
        cap:each(function(p) note("each", p["frame.number"], cap:stats().delivered) end)
        for p in cap:packets() do
          note("loop", p.sport, cap:stats().seen)
          if p.sport == 555 then break end
        end
        local s = cap:stats()
        note("end", s.seen, s.delivered, s.unread)
        return log
      end
      local one = trace(1)
      assert.equal(1 + 555 * 2 + 55, #one)
      assert.same(one, trace(256))
      assert.same(one, trace(7))
    end)

    it("ends behind the packet at hand when a handler stops it", function()
      local cap <close> = open(100)
      local seen, later = 0, 0
      cap:each(function(p)
        seen = seen + 1
        if p.sport == 42 then cap:stop() end
      end)
      cap:each(function() later = later + 1 end)
      local stats = assert(cap:run())
      assert.equal(42, seen)
      assert.equal(42, later)
      assert.equal(42, stats.seen)
      assert.equal(42, stats.delivered)
      assert.equal(0, stats.unread)
    end)

    it("ends after count packets", function()
      local cap <close> = open(100)
      assert.equal(10, cap:run { count = 10 }.delivered)
      assert.equal(100, cap:run().delivered)
    end)

    it("ends when a file's duration is over, and ticks up to there", function()
      local cap <close> = open(100)
      local ticks = {}
      cap:every("1s", function(t) ticks[#ticks + 1] = t // SECOND end)
      assert.equal(25, cap:run { duration = "2500ms" }.delivered)
      assert.same({ 2, 3 }, ticks)
    end)

    it("starts again on a file", function()
      local cap <close> = open(20)
      local calls = 0
      cap:each(function() calls = calls + 1 end)
      for p in cap:packets() do
        if p.sport == 5 then break end
      end
      assert.equal(5, calls)
      local stats = cap:run()
      assert.equal(25, calls)
      assert.equal(20, stats.seen)
      assert.equal(20, stats.handlers[1].matched)
    end)

    it("skips packets without a required field and counts them", function()
      local list = packets(3)
      list[4] = { b.eth(b.arp {}, { type = 0x0806 }), time_ns = 0 }
      local cap <close> = assert(tap.open { packets = list, strict = strict })
      local calls = 0
      cap:on({ "udp.srcport", "tcp.len?" }, function(port, len)
        calls = calls + 1
        assert.equal(calls, port)
        assert.is_nil(len)
      end)
      cap:on({ "arp" }, function(is_arp) assert.is_true(is_arp) end)
      local stats = cap:run()
      assert.equal(3, calls)
      assert.same({ { matched = 3, skipped = 1 }, { matched = 1, skipped = 3 } }, stats.handlers)
      assert.equal(4, stats.delivered)
    end)

    it("refuses a second pass, registering and closing while a handler runs", function()
      local cap <close> = open(3)
      local messages = {}
      cap:each(function()
        for i, try in ipairs {
          function() cap:run() end,
          function() for _ in cap:packets() do error("looped") end end,
          function() cap:next() end,
          function() cap:close() end,
          function() cap:each(print) end,
        } do
          local ok, message = pcall(try)
          assert.is_false(ok)
          messages[i] = message
        end
      end)
      cap:run()
      assert.matches("cannot run: a function of this capture's pass is running", messages[1], 1, true)
      assert.matches("loop", messages[2])
      assert.matches("cannot read: ", messages[3], 1, true)
      assert.matches("cannot close: ", messages[4], 1, true)
      assert.matches("cannot register: ", messages[5], 1, true)
      assert.equal(3, cap:stats().delivered)
    end)

    it("refuses a second pass inside a loop, and can be closed there", function()
      local cap = open(3)
      local ok, message = pcall(function()
        for _ in cap:packets() do cap:run() end
      end)
      assert.is_false(ok)
      assert.matches("cannot run: a loop over this capture is running", message, 1, true)
      ok, message = pcall(function()
        for _ in cap:packets() do cap:close() end
      end)
      assert.is_false(ok)
      assert.matches("the capture was closed in its loop", message, 1, true)
    end)

    it("does not let a handler yield", function()
      local cap <close> = open(3)
      cap:each(coroutine.yield)
      local ok, message = coroutine.resume(coroutine.create(function() cap:run() end))
      assert.is_false(ok)
      assert.matches("attempt to yield across a C%-call boundary", message)
    end)

    it("can be driven from inside a coroutine that yields in the loop's body", function()
      local cap <close> = open(3)
      local co = coroutine.wrap(function()
        for p in cap:packets() do coroutine.yield(p.sport) end
        return "end"
      end)
      assert.same({ 1, 2, 3, "end" }, { co(), co(), co(), co() })
    end)

    for _, case in ipairs { { "first", 1 }, { "middle", 50 }, { "last", 100 } } do
      it("ends with the error of a handler in the " .. case[1] .. " packet, and can run again", function()
        local cap <close> = open(100)
        local failing = true
        cap:each(function(p)
          if failing and p.sport == case[2] then error("script failed at " .. p.sport) end
        end)
        local ok, message = pcall(cap.run, cap)
        assert.is_false(ok)
        assert.matches("lpass_spec%.lua:%d+: script failed at " .. case[2] .. "$", message)
        assert.equal(case[2], cap:stats().delivered)
        failing = false
        assert.equal(100, cap:run().delivered)
      end)

      it("ends with the error of a loop's body in the " .. case[1] .. " packet", function()
        local cap <close> = open(100)
        local ok, message = pcall(function()
          for p in cap:packets() do
            if p.sport == case[2] then error("body failed") end
          end
        end)
        assert.is_false(ok)
        assert.matches("body failed", message)
        assert.equal(case[2], cap:stats().delivered)
        assert.equal(100, cap:run().delivered)
      end)
    end

    it("goes on and counts errors when asked to", function()
      local cap <close> = open(10, { on_error = "count" })
      cap:each(function(p)
        if p.sport % 2 == 0 then error("even") end
      end)
      local stats = assert(cap:run())
      assert.equal(10, stats.delivered)
      assert.equal(5, stats.errors)
      assert.matches("even$", stats.last_error)
    end)

    it("raises a traceback that shows the script's function", function()
      local cap <close> = open(1)
      local function culprit() error("deep") end
      cap:each(function() culprit() end)
      local _, text = xpcall(cap.run, debug.traceback, cap)
      assert.matches("in upvalue 'culprit'", text)
    end)

    it("lets a handler's filter change the next packet's fate", function()
      local cap <close> = open(10)
      local none = { { 0x06, 0, 0, 0 } }
      local got = {}
      cap:each(function(p)
        got[#got + 1] = p.sport
        if p.sport == 3 then cap:set_filter(none) end
      end)
      local stats = cap:run()
      assert.same({ 1, 2, 3 }, got)
      assert.equal(7, stats.filtered)
      assert.equal(10, stats.seen)
    end)
  end)
end

describe("a packet that was lent out", function()
  local STALE <const> = "packet used after its callback returned; " ..
    "read the fields you need inside it or keep p:copy()"

  it("raises when it is used after its callback, pooled or strict", function()
    for _, strict in ipairs { false, true } do
      local cap <close> = assert(tap.open { packets = packets(300), strict = strict })
      local kept, raised = nil, 0
      cap:each(function(p)
        if kept then
          local ok, message = pcall(function() return kept.sport end)
          assert.is_false(ok)
          assert.matches(STALE, message, 1, true)
          raised = raised + 1
        end
        kept = p
      end)
      cap:run()
      assert.equal(299, raised)
      for _, use in ipairs {
        function() return kept.sport end,
        function() return kept:u8(0) end,
        function() return kept:summary() end,
        function() return kept.udp end,
        function() return kept:copy() end,
      } do
        assert.has_error(use, STALE)
      end
      assert.equal("packet (used up)", tostring(kept))
    end
  end)

  it("raises always when strict, also on its pool turn", function()
    local cap <close> = assert(tap.open { packets = packets(300), strict = true })
    local first, raised = nil, 0
    cap:each(function(p)
      if not first then
        first = p
      elseif not pcall(function() return first.sport end) then
        raised = raised + 1
      end
    end)
    cap:run()
    assert.equal(299, raised)
  end)

  it("is kept by copy, also after the capture is closed", function()
    local cap = assert(tap.open { packets = packets(3) })
    local copies = {}
    for p in cap:packets() do copies[#copies + 1] = p:copy() end
    cap:close()
    collectgarbage()
    for i, p in ipairs(copies) do
      assert.equal(i, p.sport)
      assert.equal(i, p["frame.number"])
      assert.equal(53, p.udp.dstport)
    end
  end)

  it("takes its layers' views with it", function()
    local cap <close> = assert(tap.open { packets = packets(2) })
    local view
    for p in cap:packets() do
      if not view then
        view = p.udp
        assert.equal(1, view.srcport)
      end
    end
    assert.has_error(function() return view.srcport end, STALE)
  end)
end)

describe("cap:every", function()
  it("ticks at every multiple of its period once, before packets that are not older", function()
    local cap <close> = assert(tap.open { packets = packets(31, SECOND * 3 // 2) })
    local log = {}
    cap:every("1s", function(t, d) log[#log + 1] = { t // SECOND, d.delivered } end)
    cap:run()
    assert.same({ { 2, 5 }, { 3, 10 }, { 4, 10 } }, log)
  end)

  it("keeps several ticks in order of their time", function()
    local cap <close> = assert(tap.open { packets = packets(12, 0) })
    local log = {}
    cap:every("500ms", function(t) log[#log + 1] = "a" .. t // 1000000 end)
    cap:every("250ms", function(t) log[#log + 1] = "b" .. t // 1000000 end)
    cap:run()
    assert.same({ "b250", "a500", "b500", "b750", "a1000", "b1000" }, log)
  end)

  it("does not tick backwards when time steps back", function()
    local list = packets(3, 10 * SECOND)
    list[2].time_ns = 2 * SECOND
    list[3].time_ns = 11 * SECOND + 1
    local cap <close> = assert(tap.open { packets = list })
    local log = {}
    cap:every("1s", function(t) log[#log + 1] = t // SECOND end)
    cap:run()
    assert.same({ 11 }, log)
  end)

  it("works on times before the epoch", function()
    local cap <close> = assert(tap.open { packets = packets(11, -SECOND // 2) })
    local log = {}
    cap:every("1s", function(t) log[#log + 1] = t end)
    cap:run()
    assert.same({ 0 }, log)
  end)

  it("refuses a period that is not positive", function()
    local cap <close> = assert(tap.open { packets = {} })
    assert.has_error(function() cap:every("0s", print) end)
    assert.has_error(function() cap:every("soon", print) end)
    assert.has_error(function() cap:every("1s", 7) end)
  end)
end)
