-- csrc/stats: keys, tables and aggregates against a plain model, with and without memory.

local long = require "spec.support.long"
local probe = require "spec.base.probe"

local function ask(what)
  return probe("spec/stats/aggregate_probe.c", { "base", "proto" }, what)
end

--- What random aggregates came to: packets, rows, evicted, wrong.
local function compare(what)
  local packets, rows, evicted, wrong = ask(what):match("^(%d+) packets, (%d+) rows, (%d+) evicted, (%d+) wrong\n$")
  return { packets = tonumber(packets), rows = tonumber(rows), evicted = tonumber(evicted), wrong = tonumber(wrong) }
end

describe("random aggregates", function()
  local rounds <const> = long and 5003 or 307

  it("hold what a plain list of rows holds, and find and rank it the same", function()
    local got = compare("random " .. rounds)
    assert.equal(0, got.wrong)
    assert.is_true(got.packets > 100 * rounds and got.rows > 10 * rounds and got.evicted > rounds)
  end)

  it("lose no count when memory is out", function()
    local got = compare("starved " .. rounds)
    assert.equal(0, got.wrong)
    assert.is_true(got.rows > rounds and got.evicted > 10 * rounds)
  end)
end)

describe("a key of one IPv4 address with two columns", function()
  it("takes 80 bytes at most, also just after the table grew", function()
    -- Three quarters of 2^17 slots, and one more.
    local keys, bytes = ask("memory 98305"):match("^(%d+) keys, (%d+) bytes a key\n$")
    assert.equal("98305", keys)
    assert.is_true(tonumber(bytes) <= 80, bytes)
  end)
end)
