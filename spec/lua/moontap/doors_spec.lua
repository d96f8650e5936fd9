--- One engine, two doors: a script prints the same through lua5.4 and the host, whichever way it
-- looks at packets, and in whatever batches they are handled.
local build = require "spec.support.build"
local run = require "spec.support.run"

local SCRIPTS <const> = {
  aggregate = [[
    local tap = require "moontap"
    local cap = assert(tap.capture())
    local talk = cap:aggregate { by = { "src", "dport?" }, "packets = count()", "bytes = sum(frame.len)" }
    assert(cap:run())
    for row in talk:top(100, "bytes") do print(row.src, row["dport?"], row.packets, row.bytes) end
  ]],
  fields = [[
    local tap = require "moontap"
    local cap = assert(tap.capture())
    for src, port, number in cap:fields { "src", "dport?", "frame.number" } do print(src, port, number) end
  ]],
  packets = [[
    local tap = require "moontap"
    local cap = assert(tap.capture())
    for p in cap:packets() do print(p.time_ns, p:summary(), p.udp and p.udp.length, p.fault) end
  ]],
}

--- Traffic with holes: frames of several kinds and lengths, cut ones, and pauses.
local function traffic()
  local frames, time_ns = {}, 1700000000000000000
  for i = 1, 777 do
    local frame = build.udp_frame { src = "192.0.2." .. i % 7 + 1, dstport = i % 11 + 1, payload = ("x"):rep(i % 50) }
    if i % 10 == 0 then frame = build.eth(build.arp {}, { type = 0x0806 }) end
    if i % 13 == 0 then frame = frame:sub(1, 14 + i % 30) end
    time_ns = time_ns + (i * 7919 % 100) * 1000000 + (i % 97 == 0 and 3000000000 or 0)
    frames[i] = { frame, time_ns = time_ns }
  end
  return build.pcap(frames, { nanoseconds = true })
end

describe("a script through both doors", function()
  local path, name

  setup(function()
    path, name = os.tmpname(), os.tmpname() .. ".lua"
    run.write(path, traffic())
  end)

  teardown(function()
    os.remove(path)
    os.remove(name)
    os.remove((name:gsub("%.lua$", "")))
  end)

  for way, text in pairs(SCRIPTS) do
    it("prints the same by " .. way, function()
      run.write(name, text)
      local lua = run { run.lua, name, "-r", path }
      local host = run { run.moontap, name, "-r", path }
      assert.same({ 0, "" }, { lua.code, lua.err })
      assert.same({ 0, "moontap: 777 seen, 777 delivered, 0 filtered, 0 dropped, 0 unread\n" }, { host.code, host.err })
      assert.is_true(#lua.out > 1000)
      assert.equal(lua.out, host.out)
    end)
  end

  it("sees no batches: ticks, handlers, aggregates and loop come in the same order", function()
    local function journal(batch)
      local tap = require "moontap"
      local cap <close> = assert(tap.open { file = path, batch = batch })
      local lines = {}
      local total = cap:aggregate { "n = count()" }
      cap:every("500ms", function(now_ns, delta)
        lines[#lines + 1] = ("tick %d %d %d"):format(now_ns, delta.delivered, total:get() and total:get().n or 0)
      end)
      cap:on({ "udp.length" }, function(length) lines[#lines + 1] = "on " .. length end)
      for p in cap:packets() do lines[#lines + 1] = ("%d %d"):format(p.time_ns, total:get().n) end
      return table.concat(lines, "\n")
    end
    local one = journal(1)
    assert.matches("tick", one, 1, true)
    for _, batch in ipairs { 2, 63, 256 } do assert.equal(one, journal(batch)) end
  end)
end)
