--- Aggregates: their declaration, and rows and texts of real ones.
local aggregate = require "moontap.aggregate"
local build = require "spec.support.build"
local tap = require "moontap"

describe("aggregate.plan", function()
  it("reads columns with names and without", function()
    local plan = aggregate.plan { by = { "src", "dport?" }, "packets = count()", "sum(frame.len)",
      " bytes=sum( ip.len ) ", limit = 7 }
    assert.same({
      by = { "src", "dport?" }, limit = 7,
      columns = {
        { name = "packets", kind = "count" },
        { name = "sum(frame.len)", kind = "sum", field = "frame.len" },
        { name = "bytes", kind = "sum", field = "ip.len" },
      },
    }, plan)
  end)

  it("takes one key as a text, and none", function()
    assert.same({ "src" }, aggregate.plan({ by = "src", "count()" }).by)
    assert.same({}, aggregate.plan({ "count()" }).by)
  end)

  it("refuses what it cannot do", function()
    local wanted = {
      { "x", "a table expected" },
      { {}, "no column (write 'packets = count()')" },
      { { 1 }, "a column is not a text" },
      { { "bytes" }, "column 'bytes' is not like 'name = count()' or 'name = sum(field)'" },
      { { "1x = count()" }, "column '1x = count()' is not like 'name = count()' or 'name = sum(field)'" },
      { { "n = cuont()" }, "column 'n = cuont()': no function 'cuont' (did you mean 'count'?)" },
      { { "n = count(src)" }, "column 'n = count(src)': count takes no field, sum takes one" },
      { { "n = sum()" }, "column 'n = sum()': count takes no field, sum takes one" },
      { { "count()", "count()" }, "two columns are called 'count()'" },
      { { by = { "src" }, "src = count()" }, "two columns are called 'src'" },
      { { by = { "src", "src" }, "count()" }, "by: 'src' comes twice" },
      { { by = { 1 }, "count()" }, "by: a field's name is not a text" },
      { { bye = {}, "count()" }, "unknown option 'bye' (did you mean 'by'?)" },
      { { limit = 0, "count()" }, "limit is not within 1 to 2^31" },
    }
    for _, w in ipairs(wanted) do
      local plan, message = aggregate.plan(w[1])
      assert.is_nil(plan)
      assert.equal(w[2], message)
    end
  end)
end)

describe("an aggregate", function()
  local frames = {}
  for i = 1, 30 do
    frames[i] = build.udp_frame { src = "192.0.2." .. (i % 3 + 1), dstport = 50 + i % 2, payload = ("x"):rep(i) }
  end

  local function filled(options)
    local cap <close> = assert(tap.open { packets = frames })
    local table_ = cap:aggregate(options)
    assert(cap:run())
    return table_
  end

  it("has the rows with the most of a column first", function()
    local talk = filled { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" }
    local rows = {}
    for row in talk:top(2, "bytes") do rows[#rows + 1] = row end
    -- 30 frames of 42 bytes and 1 to 30 more: sources 1, 2, 3 get 3+6+..., 1+4+..., 2+5+...
    assert.same({
      { src = "192.0.2.1", packets = 10, bytes = 420 + 165 },
      { src = "192.0.2.3", packets = 10, bytes = 420 + 155 },
    }, rows)
  end)

  it("takes ten rows and the first column unless told", function()
    local count = 0
    for _ in filled({ by = { "frame.len" }, "n = count()" }):top() do count = count + 1 end
    assert.equal(10, count)
  end)

  it("raises for a wrong column or number, at the caller", function()
    local talk = filled { by = { "src" }, "packets = count()" }
    local line <const> = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() talk:top(3, "pakets") end)
    assert.matches("aggregate_spec.lua:" .. line .. ": top: no column 'pakets' %(did you mean 'packets'%?%)$", message)
    _, message = pcall(function() talk:top(-1) end)
    assert.matches("top: how many rows%?$", message)
    _, message = pcall(function() talk:top(3, {}) end)
    assert.matches("top: no column 'table: ", message)
  end)

  it("is a table as text", function()
    local talk = filled { by = { "src", "dport" }, "packets = count()" }
    assert.equal("src        dport  packets\n" ..
      "192.0.2.2     51        5\n192.0.2.3     50        5\n192.0.2.1     51        5\n" ..
      "192.0.2.2     50        5\n192.0.2.3     51        5\n192.0.2.1     50        5", tostring(talk))
  end)

  it("tells of rows that its text leaves out, and of packets beyond the limit", function()
    local text = tostring(filled { by = { "frame.len" }, "n = count()", "bytes = sum(frame.len)", limit = 25 })
    assert.matches("\n... 5 more\nothers: n 5, bytes " .. 5 * 42 + 26 + 27 + 28 + 29 + 30 .. "$", text)
  end)

  it("has one row without keys", function()
    local total = filled { "n = count()" }
    assert.equal(30, total:get().n)
    assert.equal(" n\n30", tostring(total))
  end)

  it("blames the caller for an unknown field", function()
    local cap <close> = assert(tap.open { packets = frames })
    local line <const> = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() cap:aggregate { by = { "scr" }, "count()" } end)
    assert.matches("aggregate_spec.lua:" .. line .. ": .*no field 'scr' %(did you mean 'src'%?%)$", message)
  end)
end)
