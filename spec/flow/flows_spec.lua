-- csrc/flow: the table of conversations against a plain model.

local long = require "spec.support.long"
local probe = require "spec.base.probe"
local run = require "spec.support.run"

local function ask(what)
  return probe("spec/flow/flows_probe.c", { "base", "proto" }, what .. "\n")
end

describe("a table of flows", function()
  it("holds what a plain list of conversations holds, and ends each as it does", function()
    for seed = 1, long and 100 or 7 do
      assert.equal("ok, many flows\n", ask("random 20011 " .. seed))
    end
  end)

  it("stays at its limit, and ends each flow once", function()
    -- As many as came; all but the last 1000 for lack of room; an id and a place to spare.
    assert.equal("100003 99003 1001 1001\n", ask("many 100003 1000"))
  end)

  it("evicts nobody while there is room", function()
    assert.equal("1000 0 1000 1000\n", ask("many 1000 1000"))
  end)
end)

describe("SHA-1", function()
  it("gives the digests that sha1sum gives, of every length of one block", function()
    local asked, expected = {}, {}
    for n = 1, 55 do
      local text = ("moontap"):rep(8):sub(1, n)
      asked[n] = ("sha1 %s 0"):format(text)
      expected[n] = run({ "sha1sum", stdin = text }).out:match("^%x+")
    end
    assert.equal(table.concat(expected, "\n") .. "\n", ask(table.concat(asked, "\n")))
  end)
end)
