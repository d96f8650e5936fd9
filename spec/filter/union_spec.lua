--- What filters ask of the kernel, against the filters themselves, on random packets: unions by
--- spec/filter/union_probe.c, comparisons of fields by spec/filter/split_probe.c,
--- tags and the like by spec/filter/live_probe.c.

local long = require "spec.support.long"
local probe = require "spec.base.probe"

local FOLDERS <const> = { "base", "proto", "filter" }

--- The numbers in what a probe prints.
local function numbers(name, rounds)
  local out = probe(("spec/filter/%s.c"):format(name), FOLDERS, long and rounds .. "0" or rounds)
  local list = {}
  for n in out:gmatch("%d+") do list[#list + 1] = tonumber(n) end
  return list, out
end

describe("tap_filter_union", function()
  it("accepts what all of its members need, and no more on whole packets", function()
    local n, out = numbers("union_probe", "2000")
    local unions, silent, verdicts, _, size, sum, wrong = table.unpack(n)
    assert.equal(0, wrong)
    assert.is_true(silent < unions / 5 and verdicts > 30 * unions, out)
    assert.is_true(size < sum / 2, out)
  end)
end)

describe("the kernel's part of a comparison of fields", function()
  it("accepts what the comparison does, in tunnels that were declared later too", function()
    local n, out = numbers("split_probe", "5000")
    local filters, programs, verdicts, matched, inner, passed, wrong = table.unpack(n)
    assert.equal(0, wrong)
    assert.is_true(programs >= filters - 4 and passed < verdicts * 0.7, out)
    assert.is_true(matched > verdicts / 10 and inner > matched / 2, out)
  end)
end)

describe("a filter for a socket", function()
  it("says the same in the kernel and here, whether a tag was lifted out or not", function()
    local n, out = numbers("live_probe", "1000")
    local filters, verdicts, accepted, wrong = table.unpack(n)
    assert.equal(0, wrong)
    assert.is_true(filters > 800 and verdicts == 60 * filters and accepted > verdicts / 10, out)
  end)
end)
