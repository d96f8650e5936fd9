--- Unions of filters, random ones, against their members: spec/filter/union_probe.c.

local run = require "spec.support.run"

local long <const> = (os.getenv("MOONTAP_LONG") or "") ~= ""

--- The probe, built from the objects of the build at hand.
local function probe()
  local out = run.build .. "/spec/union_probe"
  local objects = {}
  for i, folder in ipairs { "base", "proto", "filter" } do
    objects[i] = ("%s/obj/%s/*.o"):format(run.build, folder)
  end
  local command = ("mkdir -p %s/spec && cc -std=c11 -D_GNU_SOURCE -g -iquote csrc -o %s " ..
    "spec/filter/union_probe.c %s"):format(run.build, out, table.concat(objects, " "))
  if run { "sh", "-c", command .. " 2>/dev/null" }.code ~= 0 then
    local made = run { "sh", "-c", command .. " -fsanitize=address,undefined" }
    assert(made.code == 0, made.err)
  end
  return out
end

describe("tap_filter_union", function()
  it("accepts what all of its members need, and no more on whole packets", function()
    local r = run { probe(), long and "20000" or "2000", env = { LD_PRELOAD = false } }
    assert.equal(0, r.code, r.out)
    assert.matches(" 0 wrong\n$", r.out)
    local silent, verdicts, size, sum =
      r.out:match("(%d+) silent, (%d+) verdicts, %d+ wider, (%d+) instructions for (%d+),")
    assert.is_true(tonumber(silent) < tonumber(verdicts) / 200)
    assert.is_true(tonumber(size) < tonumber(sum) / 2, r.out)
  end)
end)
