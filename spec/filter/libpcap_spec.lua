--- Filters against libpcap: random ones by spec/filter/oracle.c, and a table of what it says of
--- real captures by spec/filter/rows.c.  Where there is no libpcap, or no table, this says so.

local long = require "spec.support.long"
local run = require "spec.support.run"

local build = os.getenv("MOONTAP_BUILD") or "build"

--- The program made of spec/filter/NAME.c, or nil and why.
local function program(name)
  if run { "sh", "-c", "echo '#include <pcap.h>' | cc -E - >/dev/null" }.code ~= 0 then
    return nil, "libpcap's headers are not installed"
  end
  local out = ("%s/spec/%s"):format(build, name)
  local command = ("mkdir -p %s/spec && cc -std=c11 -D_GNU_SOURCE -O1 -iquote csrc -o %s spec/filter/%s.c " ..
    "csrc/base/*.c csrc/proto/*.c csrc/filter/*.c csrc/sys/resolver.c -lpcap"):format(build, out, name)
  local made = run { "sh", "-c", command }
  assert(made.code == 0, made.err)
  return out
end

describe("filters and libpcap", function()
  it("agree on random filters and packets", function()
    local oracle, why = program "oracle"
    if not oracle then return pending(why) end
    local count = long and "20000" or "2000"
    local result = run { oracle, count, "1" }
    assert.equal(0, result.code, result.out)
    assert.matches(", 0 disagreements\n$", result.out)
    assert.is_true(tonumber(result.out:match("(%d+) verdicts")) > 900 * tonumber(count) * 0.9)
  end)
  it("agree on every row of the table", function()
    local folder = os.getenv("MOONTAP_CORPUS") or "../shared/corpus"
    if run { "test", "-r", folder .. "/filters.tsv" }.code ~= 0 then
      return pending("there is no table of filters in " .. folder)
    end
    local rows, why = program "rows"
    if not rows then return pending(why) end
    local result = run { rows, folder }
    assert.equal(0, result.code, result.out)
  end)
end)
