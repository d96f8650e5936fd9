--- The project's files, and commands that look at them, for the checks.

local M = {}

--- The output of a command line, as a list of lines; and whether it succeeded.
---@param command string
---@return string[] lines, boolean ok
function M.lines(command)
  local pipe = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  return list, pipe:close() == true
end

--- Files below 'folders' whose names end in one of 'endings', in order.
---@param folders string
---@vararg string
---@return string[]
function M.files(folders, ...)
  local names = {}
  for i, ending in ipairs { ... } do names[i] = "-name '*" .. ending .. "'" end
  return (M.lines(("find %s -type f '(' %s ')' | LC_ALL=C sort"):format(folders, table.concat(names, " -o "))))
end

return M
