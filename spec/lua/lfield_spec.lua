local core = require "moontap.core"

describe("core.nearest", function()
  it("gives the word that is most like one, or nil", function()
    assert.equal("snaplen", core.nearest("snaplne", { "buffer", "snaplen" }))
    assert.is_nil(core.nearest("zzz", { "buffer", "snaplen" }))
    assert.is_nil(core.nearest("buffer", {}))
  end)

  it("refuses a list of a length that no list has", function()
    for _, length in ipairs { -1, math.mininteger, 1025 } do
      local list = setmetatable({}, { __len = function() return length end })
      local ok, message = pcall(core.nearest, "word", list)
      assert.is_false(ok)
      assert.matches("number of words", message)
    end
  end)
end)
