--- Whole files as text, and as Lua.
local M = {}

--- The bytes of a file.
---@param path string
---@return string? text
---@return string? message  "x.lua: cannot open: No such file or directory"
function M.read(path)
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, (message:gsub("^(.-): ", "%1: cannot open: ", 1)) end
  local text
  text, message = file:read("a")
  if text then return text end
  return nil, ("%s: cannot read: %s"):format(path, message)
end

--- Does a word of the command line name a file of Lua? It ends in .lua or holds a slash. A slash
--- may be a filter's, too: behind a blank ("net 10.0.0.0/8", quoted), before a number alone, beside
--- what relations and groups are made of. The name of a script that looks like that begins with ./.
---@param word string
---@return boolean
function M.is_lua(word)
  if word:match("%.lua$") then return true end
  local behind = word:match("^[^ \t\n/]*/(.*)")
  if not behind then return false end
  if word:match("^[/.]") then return true end
  return not (behind:match("^%d+$") or behind:match("^%d+ ") or word:match("[%[%]()=<>!&|]"))
end

--- Compile a file of Lua, whose first line may name its interpreter.
---@param path string
---@param text? string  what is in it, where that was read before
---@return function? chunk
---@return string? message
function M.load(path, text)
  local message, chunk
  if not text then text, message = M.read(path) end
  if not text then return nil, message end
  text = text:gsub("^#[^\n]*", "")
  chunk, message = load(text, "@" .. path, "t")
  if chunk then return chunk end
  return nil, text:byte() == 27 and path .. ": cannot load: " .. message or message
end

return M
