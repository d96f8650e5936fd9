-- csrc/filter/verify.c: the same verdicts as the kernel's, and a reason for each refusal.

local long = require "spec.support.long"
local probe = require "spec.base.probe"
local tap = require "moontap"

local RET <const> = { 0x06, 0, 0, 1 }

--- The message that refuses the program, or nil.
local function refusal(program)
  local ok, cap, message = pcall(tap.open, { packets = {}, filter = program })
  if not ok then return cap end
  if not cap then return (message:gsub("^filter: cannot verify filter: ", "")) end
  cap:close()
  return nil
end

--- What the kernel and verify() said of many programs: accepted, refused, differ.
local function compare(what)
  local out = probe("spec/filter/program_probe.c", { "base", "proto", "filter" }, what)
  local accepted, refused, differ = out:match("^(%d+) accepted, (%d+) refused, (%d+) differ\n$")
  return tonumber(accepted), tonumber(refused), tonumber(differ)
end

describe("a program's verdict", function()
  it("is the kernel's for every code, with operands at the edges", function()
    local accepted, refused, differ = compare "codes 40"
    assert.equal(0, differ)
    assert.is_true(accepted > 500 and refused > 65536 - 256)
  end)

  it("is the kernel's for random programs", function()
    local count <const> = long and 300007 or 20011
    local accepted, refused, differ = compare("programs " .. count)
    assert.equal(0, differ)
    assert.is_true(accepted > count // 10 and refused > count // 10)
    assert.equal(count, accepted + refused)
  end)
end)

describe("a program", function()
  local cases <const> = {
    { "with an unknown code", { { 0x0007f, 0, 0, 0 }, RET }, "instruction 0: unknown code (code 0x7f," },
    { "that does not end in a return", { RET, { 0x00, 0, 0, 0 } }, "instruction 1: the last one is no return" },
    { "that divides by 0", { { 0x34, 0, 0, 0 }, RET }, "instruction 0: division by 0" },
    { "that takes a remainder by 0", { { 0x94, 0, 0, 0 }, RET }, "instruction 0: division by 0" },
    { "that shifts by 32", { { 0x64, 0, 0, 32 }, RET }, "instruction 0: shift by more than 31 bits" },
    { "that jumps out", { RET, { 0x05, 0, 0, 1 }, RET }, "instruction 1: jump out of the program" },
    { "that jumps far out", { { 0x05, 0, 0, 0xffffffff }, RET }, "instruction 0: jump out of the program" },
    { "that branches out", { { 0x15, 1, 0, 7 }, RET }, "instruction 0: jump out of the program" },
    { "that uses cell 16", { { 0x02, 0, 0, 16 }, RET }, "instruction 0: scratch cell over 15" },
    { "that asks for unknown metadata", { { 0x20, 0, 0, 0xfffff000 + 64 }, RET }, "instruction 0: unknown metadata" },
    { "that reads a cell without a value", { { 0x60, 0, 0, 3 }, RET },
      "instruction 0: scratch cell without a value (code 0x60, jt 0, jf 0, k 3)" },
    -- jset #1 skips the store on one of two paths
    { "that reads a cell written on one path", { { 0x45, 0, 1, 1 }, { 0x02, 0, 0, 0 }, { 0x60, 0, 0, 0 }, RET },
      "instruction 2: scratch cell without a value" },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " is refused, with the instruction and the reason", function()
      local message = refusal(case[2])
      assert.is_string(message)
      assert.equal(case[3], message:sub(1, #case[3]))
    end)
  end

  it("may read a cell that every path has written", function()
    assert.is_nil(refusal { { 0x45, 0, 1, 1 }, { 0x02, 0, 0, 0 }, { 0x02, 0, 0, 0 }, { 0x60, 0, 0, 0 }, RET })
  end)

  it("may be 4096 instructions long, and no longer", function()
    local program = {}
    for i = 1, 4096 do program[i] = RET end
    assert.is_nil(refusal(program))
    program[4097] = RET
    assert.matches("4096", refusal(program))
    assert.matches("1", refusal {})
  end)
end)
