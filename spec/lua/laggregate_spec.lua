local b = require "spec.support.build"
local tap = require "moontap"

local function frame(src, srcport, payload)
  return b.udp_frame { src = src, srcport = srcport, payload = payload or "" }
end

local function run(packets, plan)
  local cap <close> = assert(tap.open { packets = packets })
  local a = cap:aggregate(plan)
  local stats = assert(cap:run())
  return a, stats
end

local function rows(a)
  local list = {}
  for row in a:rows() do list[#list + 1] = row end
  return list
end

describe("an aggregate", function()
  it("counts and sums by a key, in order of first packets", function()
    local a = run({ frame("192.0.2.1", 1, "a"), frame("192.0.2.9", 2), frame("192.0.2.1", 3) },
      { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" })
    assert.same({
      { src = "192.0.2.1", packets = 2, bytes = 42 + 1 + 42 },
      { src = "192.0.2.9", packets = 1, bytes = 42 },
    }, rows(a))
    assert.equal(2, a:count())
  end)

  it("equals a computation in Lua over random packets and keys", function()
    math.randomseed(7)
    local packets, expected = {}, {}
    for i = 1, 5000 do
      local src, port = "192.0.2." .. math.random(20), math.random(30)
      local payload = ("x"):rep(math.random(0, 50))
      packets[i] = frame(src, port, payload)
      local key = src .. " " .. port
      local row = expected[key] or { n = 0, bytes = 0 }
      row.n, row.bytes = row.n + 1, row.bytes + 42 + #payload
      expected[key] = row
    end
    local a = run(packets, { by = { "src", "sport" }, "n = count()", "bytes = sum(frame.len)" })
    local found = 0
    for row in a:rows() do
      local want = expected[row.src .. " " .. row.sport]
      assert.equal(want.n, row.n)
      assert.equal(want.bytes, row.bytes)
      found = found + 1
    end
    local keys = 0
    for _ in pairs(expected) do keys = keys + 1 end
    assert.equal(keys, found)
  end)

  it("gives the largest rows of a column, and one row by its key", function()
    local packets = {}
    for port = 1, 20 do
      for _ = 1, port do packets[#packets + 1] = frame("192.0.2.1", port) end
    end
    local a = run(packets, { by = { "sport" }, "n = count()", "sum(frame.len)" })
    local top = {}
    for row in a:top(3, "n") do top[#top + 1] = row.sport end
    assert.same({ 20, 19, 18 }, top)
    assert.same({ sport = 7, n = 7, ["sum(frame.len)"] = 7 * 42 }, a:get(7))
    assert.is_nil(a:get(99))
    assert.has_error(function() a:top(3, "m") end)
    assert.has_error(function() a:get({}) end)
  end)

  it("keeps every kind of key", function()
    local v6 = { src = "2001:db8::1", dst = "2001:db8::2" }
    local six = b.eth(b.ipv6(b.udp("", v6, { srcport = 1, dstport = 2 }), v6, { next = 17 }),
      { type = 0x86dd, src = "02:00:00:00:00:07" })
    local a = run({ frame("192.0.2.1", 1), six, six },
      { by = { "src", "eth.src", "ip?", "frame.len" }, "n = count()" })
    local list = rows(a)
    assert.equal("192.0.2.1", list[1].src)
    assert.is_true(list[1]["ip?"] or list[1].ip)
    assert.equal("2001:db8::1", list[2].src)
    assert.equal("02:00:00:00:00:07", list[2]["eth.src"])
    assert.is_nil(list[2]["ip?"])
    assert.equal(2, a:get("2001:db8::1", "02:00:00:00:00:07", nil, #six).n)
  end)

  it("finds rows by what they show, in whatever form", function()
    local v6 = { src = "2001:db8::1", dst = "2001:db8::2" }
    local six = b.eth(b.ipv6(b.udp("", v6, { srcport = 1, dstport = 2 }), v6, { next = 17 }), { type = 0x86dd })
    local packets = { frame("192.0.2.1", 1), frame("192.0.2.1", 258), frame("192.0.2.9", 258, "x"), six }
    for _, by in ipairs {
      { "udp.srcport:raw" }, { "src:raw" }, { "eth.src:raw" }, { "ip.proto:text?" }, { "eth.type:text", "src" },
      { "udp.srcport:text", "frame.len", "src" }, { "src", "ip.src:text?", "udp.srcport:raw" }, { "ip.ttl:text?" },
    } do
      local a = run(packets, { by = by, "n = count()" })
      for row in a:rows() do
        local key = {}
        for i, name in ipairs(by) do key[i] = row[name] or row[name:gsub("%?", "")] end
        assert.same(row, a:get(table.unpack(key, 1, #by)), table.concat(by, " "))
      end
    end
    local a = run(packets, { by = { "udp.srcport:raw" }, "n = count()" })
    assert.equal(2, a:get("\1\2").n)
    assert.is_nil(a:get("\2\1"))
  end)

  it("finds a row by other texts of its address, beside a form", function()
    local v6 = { src = "2001:db8::1", dst = "2001:db8::2" }
    local six = b.eth(b.ipv6(b.udp("", v6, { srcport = 1, dstport = 2 }), v6, { next = 17 }), { type = 0x86dd })
    local a = run({ six }, { by = { "src", "udp.srcport:text" }, "n = count()" })
    assert.equal(1, a:get("2001:DB8:0::1", "1").n)
  end)

  it("names the key that cannot be one of its field", function()
    local a = run({ frame("192.0.2.1", 1) }, { by = { "src", "udp.srcport:raw" }, "n = count()" })
    local function fails(pattern, ...)
      local ok, e = pcall(a.get, a, ...)
      assert.is_false(ok)
      assert.matches(pattern, e)
    end
    fails("get: 17 is no value of 'src'$", 17, "\0\1")
    fails("get: nowhere is no value of 'src'$", "nowhere", "\0\1")
    fails("get: 1 is no value of 'udp.srcport:raw'$", "192.0.2.1", 1)
  end)

  it("skips packets without a required key, and counts them", function()
    local a, stats = run({ frame("192.0.2.1", 1), b.eth(b.arp {}, { type = 0x0806 }) },
      { by = { "src" }, "n = count()" })
    assert.equal(1, a:count())
    assert.equal(1, stats.tables[1].matched)
    assert.equal(1, stats.tables[1].skipped)
  end)

  it("holds no more keys than its limit, and sums the rest exactly", function()
    local packets = {}
    for port = 1, 100 do packets[port] = frame("192.0.2.1", port) end
    packets[101] = frame("192.0.2.1", 1)
    local a, stats = run(packets, { by = { "sport" }, "n = count()", "bytes = sum(frame.len)", limit = 10 })
    assert.equal(10, a:count())
    assert.equal(90, a:evicted())
    assert.equal(90, stats.tables[1].evicted)
    assert.same({ n = 90, bytes = 90 * 42 }, a:others())
    assert.equal(2, a:get(1).n)
    assert.matches("others", tostring(a))
  end)

  it("without a key is one row", function()
    local a = run({ frame("192.0.2.1", 5), frame("192.0.2.2", 6) }, { by = {}, "n = count()", "s = sum(sport)" })
    assert.same({ { n = 2, s = 11 } }, rows(a))
  end)

  it("prints as an aligned table", function()
    local a = run({ frame("192.0.2.1", 5), frame("192.0.2.200", 6) }, { by = { "src" }, "packets = count()" })
    assert.equal("src          packets\n192.0.2.1          1\n192.0.2.200        1",
      (tostring(a):gsub("[ \n]+$", "")))
  end)

  it("refuses what it cannot count", function()
    local cap <close> = assert(tap.open { packets = {} })
    for message, plan in pairs {
      ["no field 'scr' %(did you mean 'src'%?%)"] = { by = { "scr" }, "count()" },
      ["sum%(src%): the field is no number"] = { by = { "src" }, "sum(src)" },
      ["no column"] = { by = { "src" } },
      ["frobnicate"] = { by = { "src" }, "n = frobnicate()" },
      ["limit"] = { by = { "src" }, "count()", limit = 0 },
    } do
      local ok, e = pcall(cap.aggregate, cap, plan)
      assert.is_false(ok)
      assert.matches(message, e)
    end
  end)
end)
