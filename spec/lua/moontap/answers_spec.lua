--- What --help says of a script or a tool, through both doors.
local run = require "spec.support.run"

local DOORS <const> = {
  host = function(words) return run { run.moontap, table.unpack(words) } end,
  lua = function(words)
    local code = 'os.exit(require("moontap.cli").main(arg), true)'
    local all = { run.lua, "-e", "arg[0] = 'moontap'", "/dev/stdin", stdin = code }
    return run(table.move(words, 1, #words, #all + 1, all))
  end,
}

local name

setup(function()
  name = os.tmpname()
end)

teardown(function()
  os.remove(name)
end)

local function script(text)
  run.write(name, text)
  return name
end

describe("the help of a script or tool", function()
  it("shows defaults as they were written, and how to turn a flag off", function()
    local path = script [[
      require "moontap".options {
        { "keep", "1K", "bytes to keep", type = "size" }, { "each", "5s", "period", type = "time" },
        { "by", "src,dst", "keys", type = "keys" }, { "factor", 1.5, "factor" },
        { "colour", true, "use colours" }, { "wide", false, "use all columns" },
      }
    ]]
    for _, start in pairs(DOORS) do
      local own = start({ path, "--help" }).out:match("\nIts own:\n(.-)\n\n")
      assert.equal("      --keep=SIZE         bytes to keep (1K)\n      --each=TIME         period (5s)\n" ..
        "      --by=A,B,C          keys (src,dst)\n      --factor=N          factor (1.5)\n" ..
        "      --colour, --no-colour\n                          use colours (on)\n" ..
        "      --wide              use all columns", own)
    end
  end)

  it("calls a tool as it is called, and lists what it heeds", function()
    for _, start in pairs(DOORS) do
      local top, print_help = start({ "top", "--help" }).out, start({ "print", "--help" }).out
      assert.matches("^usage: moontap top %[options%] %[FILTER%]\n", top)
      assert.matches("^usage: moontap print %[options%] %[FILTER%]\n", print_help)
      for _, option in ipairs { "\n  %-q ", "\n  %-v ", "%-%-fields=", "%-%-header " } do
        assert.is_nil(top:match(option))
        assert.matches(option, print_help)
      end
      for _, option in ipairs { "\n  %-c N", "\n  %-l ", "%-%-sealed", "%-%-help" } do
        assert.matches(option, top)
      end
      assert.is_nil(top:match("%-%-count"))
    end
  end)
end)
