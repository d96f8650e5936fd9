--- Which file may include which: a folder of csrc uses itself and what stands
--- before it in the chain, and nothing below csrc/lua knows Lua.

local tree = require "spec.check.tree"

-- Folders on one step don't know each other.
local step = { base = 1, proto = 2, filter = 3, stats = 3, flow = 3, pcap = 3, sys = 4, lua = 5, host = 6 }

local function folder_of(path)
  return path:match("^csrc/([^/]+)/")
end

local function allowed(from, to)
  return from == to or step[from] and step[to] and step[to] < step[from]
end

--- Call 'judge' with each file, line number and what the line includes.
local function each_include(judge)
  for _, file in ipairs(tree.files("csrc", ".c", ".h")) do
    local number = 0
    for line in io.lines(file) do
      number = number + 1
      local opening, name = line:match('^%s*#%s*include%s*([<"])([^>"]+)')
      if name then judge(file, number, name, opening == '"') end
    end
  end
end

local function layers()
  local complaints = {}
  each_include(function(file, number, name, own)
    local from, to = folder_of(file), name:match("^([^/]+)/")
    if own and not allowed(from, to) then
      complaints[#complaints + 1] = ("%s:%d: %s may not include %s"):format(file, number, from or "csrc", name)
    end
  end)
  return complaints
end

local function lua_headers()
  local complaints = {}
  each_include(function(file, number, name, own)
    local lua = name:match("^lua[%w.]*%.h") or name == "lauxlib.h"
    if not own and lua and (step[folder_of(file)] or 0) < step.lua then
      complaints[#complaints + 1] = ("%s:%d: %s is known from csrc/lua on only"):format(file, number, name)
    end
  end)
  return complaints
end

local function folders()
  local complaints = {}
  for _, file in ipairs(tree.files("csrc", ".c", ".h")) do
    if not step[folder_of(file) or ""] then complaints[#complaints + 1] = file .. ": not in a folder of the chain" end
  end
  return complaints
end

return {
  { "every file of csrc has its place in the chain", folders },
  { "each folder includes only folders before it", layers },
  { "nothing below csrc/lua includes a header of Lua", lua_headers },
}
