--- Form: clang-format and luacheck agree with every file, and each C file
--- begins with its licence.

local tree = require "spec.check.tree"

local function clang_format()
  local files = table.concat(tree.files("csrc spec", ".c", ".h"), " ")
  local complaints, told = {}, {}
  for _, line in ipairs(tree.lines("clang-format --dry-run -Werror " .. files .. " 2>&1")) do
    local file, number = line:match("^(%S+):(%d+):%d+: error")
    if file and not told[file] then
      told[file] = true
      complaints[#complaints + 1] = ("%s:%s: not as clang-format would write it"):format(file, number)
    end
  end
  return complaints
end

local function luacheck()
  local lines, ok = tree.lines("luacheck --no-color --codes --formatter plain lua spec 2>&1")
  return ok and {} or lines
end

local function licences()
  local complaints = {}
  for _, name in ipairs(tree.files("csrc spec", ".c", ".h")) do
    local file <close> = assert(io.open(name))
    if not file:read("l"):match("^/%* SPDX%-License%-Identifier: MIT") then
      complaints[#complaints + 1] = name .. ": the first line is not the licence"
    end
  end
  return complaints
end

local function leftovers()
  local marks = { "TO" .. "DO", "FIX" .. "ME", "X" .. "XX" }
  local command = ("grep -nwE '%s' -r csrc lua spec Makefile"):format(table.concat(marks, "|"))
  return (tree.lines(command))
end

return {
  { "C is formatted", clang_format },
  { "Lua passes luacheck", luacheck },
  { "each C file begins with its licence", licences },
  { "nothing is left to do", leftovers },
}
