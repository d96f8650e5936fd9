--- Aligned tables, bars, sums and the line of counts.
local report = require "moontap.report"

describe("report.table", function()
  it("aligns texts left and numbers right", function()
    local text = report.table({ "src", "packets" }, {
      { src = "192.0.2.1", packets = 7 }, { src = "::1", packets = 1234 },
    })
    assert.equal("src        packets\n192.0.2.1        7\n::1           1234\n", text)
  end)

  it("shows what is absent as a dash, and keeps the column's side", function()
    local text = report.table({ "n", "name" }, { { n = 10 }, { name = "x" } })
    assert.equal(" n  name\n10  -\n -  x\n", text)
  end)

  it("takes labels, formats, sides and an indent", function()
    local text = report.table({
      { name = 1, label = "share", format = function(n) return n .. "%" end, right = true },
      { name = 2, label = "who" },
    }, { { 5, "a" }, { 100, "b" } }, "  ")
    assert.equal("  share  who\n     5%  a\n   100%  b\n", text)
  end)

  it("counts characters, not bytes", function()
    local text = report.table({ "a", "b" }, { { a = "→→", b = 1 }, { a = "xxx", b = 2 } })
    assert.equal("a    b\n→→   1\nxxx  2\n", text)
  end)

  it("escapes control characters and survives text that is no UTF-8", function()
    assert.equal("a\nx\\x0ay\n", report.table({ "a" }, { { a = "x\ny" } }))
    assert.equal("a\n\xff\xfe\n", report.table({ "a" }, { { a = "\xff\xfe" } }))
  end)

  it("prints the labels alone where there are no rows", function()
    assert.equal("a  b\n", report.table({ "a", "b" }, {}))
  end)
end)

describe("report.bar", function()
  it("is as long as its share", function()
    assert.equal("██████████", report.bar(10, 10, 10))
    assert.equal("█████", report.bar(5, 10, 10))
    assert.equal("▌", report.bar(1, 20, 10))
  end)

  it("shows what is not zero, and nothing for zero", function()
    assert.equal("▏", report.bar(1, 1000000, 10))
    assert.equal("", report.bar(0, 10, 10))
    assert.equal("", report.bar(0, 0, 10))
  end)
end)

describe("report.sums", function()
  it("adds rows up by name and sorts them by bytes, equal ones by age", function()
    local sums = report.sums()
    sums:add("b", { packets = 1, bytes = 10 })
    sums:add("a", { packets = 1, bytes = 10 })
    sums:add("c", { packets = 2, bytes = 30 })
    local sum = sums:add("b", { packets = 3, bytes = 0 })
    assert.same({ name = "b", packets = 4, bytes = 10 }, sum)
    local names = {}
    for i, row in ipairs(sums:largest(2)) do names[i] = row.name end
    assert.same({ "c", "b" }, names)
    assert.equal(3, #sums:largest(10))
  end)

  it("takes any name, those of its methods too", function()
    local sums = report.sums()
    sums:add("add", { packets = 1, bytes = 1 })
    assert.equal(2, sums:add("add", { packets = 1, bytes = 1 }).packets)
  end)
end)

describe("report.counts", function()
  it("names the five counts always, the others where they are not zero", function()
    local stats = { seen = 5, delivered = 1, filtered = 2, dropped = 1, unread = 1 }
    assert.equal("5 seen, 1 delivered, 2 filtered, 1 dropped, 1 unread", report.counts(stats))
    stats.frozen, stats.lost_at_stop, stats.errors = 3, 0, 4
    stats.tables = { { evicted = 5 }, { evicted = 6 } }
    assert.equal("5 seen, 1 delivered, 2 filtered, 1 dropped, 1 unread, 3 times frozen, 11 evicted, 4 errors",
      report.counts(stats))
  end)
end)

describe("report.escape", function()
  it("leaves nothing that a terminal obeys", function()
    assert.equal("\\x1b[31mä\\x0a", report.escape "\27[31mä\n")
    assert.equal("plain", report.escape "plain")
  end)
end)

describe("report.left_out", function()
  local function full(others, keys)
    return { others = function() return others end, count = function() return keys end }
  end

  it("counts what a full table has no room for", function()
    assert.equal("1 packet, 60 B of others are not shown: the table is full at 1 key\n",
      report.left_out(full({ packets = 1, bytes = 60 }, 1)))
    assert.equal("  1,200 packets, 60 B of others are not shown: the table is full at 3 keys\n",
      report.left_out(full({ packets = 1200, bytes = 60 }, 3), "  "))
    assert.equal("", report.left_out(full(nil, 3)))
  end)
end)
