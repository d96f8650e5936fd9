--- The text of lua/moontap/meta.lua and, behind it, of the files of its folder in the order of
--- their names: every public name's types and words.

local run = require "spec.support.run"

local M = {}

---@return string
function M.text()
  local parts = { run.read("lua/moontap/meta.lua") }
  for path in run({ "sh", "-c", "ls lua/moontap/meta/*.lua" }).out:gmatch("[^\n]+") do
    parts[#parts + 1] = run.read(path)
  end
  return table.concat(parts, "\n")
end

return M
