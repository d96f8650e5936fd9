--- What this process holds: descriptors, and memory mapped from packet sockets.
---
---     local before = leaks.count()
---     ...
---     leaks.check(before)     -- raises with a list of what was left

local lfs = require "lfs"

local M = {}

local function descriptors()
  local list = {}
  for name in lfs.dir("/proc/self/fd") do
    local target = lfs.symlinkattributes("/proc/self/fd/" .. name, "target")
    -- The descriptor that lists the folder is gone when its entry is looked at.
    if target and not target:find("^/proc/%d+/fd$") then list[#list + 1] = target end
  end
  return list
end

local function mappings()
  local list = {}
  for line in io.lines("/proc/self/maps") do
    local name = line:match("socket:%S+")
    if name then list[#list + 1] = "mapping of " .. name end
  end
  return list
end

--- What is held now, after all garbage is gone: how often each thing, by its name.
---@return table<string, integer>
function M.count()
  collectgarbage()
  collectgarbage()
  local count = {}
  for _, list in ipairs { descriptors(), mappings() } do
    for _, name in ipairs(list) do count[name] = (count[name] or 0) + 1 end
  end
  return count
end

--- Raise when more is held than 'before'.
---@param before table<string, integer>  of count()
function M.check(before)
  local left = {}
  for name, n in pairs(M.count()) do
    if n > (before[name] or 0) then left[#left + 1] = name end
  end
  table.sort(left)
  if #left > 0 then error("left open: " .. table.concat(left, ", "), 2) end
end

return M
