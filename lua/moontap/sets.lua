--- The sets of --set NAME=FILE, that filters call @NAME: each line of the file has one member, an
-- address, a network, a range or a number; '#' begins a comment. What the members mean is for the
-- filter to say, so that a wrong one is found by asking the compiler, and is told with its line.
local core = require "moontap.core"
local file = require "moontap.file"
local report = require "moontap.report"

local M = {}

---@class moontap.SetFile
---@field path string
---@field members string[]
---@field lines integer[]  on which line each of them is

--- What one line holds, or nil and what is wrong with it.
local function read_line(line)
  local member, rest = line:match("^%s*([^%s#]*)%s*([^#]*)")
  if rest ~= "" then
    return nil, ("'%s' follows '%s', a line has one member"):format(report.escape(rest),
      report.escape(member))
  end
  if member:find("[^%w%.:/_%-]") then
    return nil, ("'%s' is no address, network, range or number"):format(report.escape(member))
  end
  return member
end

--- The members that a file's text lists.
---@param text string
---@param path string
---@return moontap.SetFile?
---@return string? message
local function read_text(text, path)
  local set, number = { path = path, members = {}, lines = {} }, 0
  for line in text:gmatch("[^\n]*") do
    number = number + 1
    local member, message = read_line(line)
    if not member then return nil, ("%s:%d: %s"):format(path, number, message) end
    if member ~= "" then
      set.members[#set.members + 1], set.lines[#set.lines + 1] = member, number
    end
  end
  return set
end

--- Read a file.
---@param path string
---@return moontap.SetFile?
---@return string? message
function M.read(path)
  local text, message = file.read(path)
  if not text then return nil, message end
  return read_text(text, path)
end

--- Read all that the command line names.
---@param given { name: string, path: string }[]
---@return table<string, moontap.SetFile>? files  by the set's name
---@return string? message
function M.load(given)
  local files = {}
  for _, one in ipairs(given) do
    local message
    files[one.name], message = M.read(one.path)
    if message then return nil, message end
  end
  return files
end

--- The members alone, as filters take them.
---@param files table<string, moontap.SetFile>
---@return table<string, string[]>
function M.members(files)
  local sets = {}
  for name, set in pairs(files) do sets[name] = set.members end
  return sets
end

--- Does the filter compile with set 'name' cut down to its first 'count' members, all others empty?
local function compiles(text, linktype, files, name, count)
  local sets = {}
  for other in pairs(files) do sets[other] = {} end
  if name then sets[name] = table.move(files[name].members, 1, count, 1, {}) end
  return core.filter(text, linktype, { sets = sets, live = true }) ~= nil
end

--- Where the member stands for which a filter does not compile: "FILE:LINE: 'MEMBER': ", or ""
--- where none of them is at fault.
---@param text string
---@param linktype integer
---@param files table<string, moontap.SetFile>
---@return string
function M.blame(text, linktype, files)
  if not compiles(text, linktype, files) then return "" end
  for name, set in pairs(files) do
    local good, bad = 0, #set.members
    if not compiles(text, linktype, files, name, bad) then
      while bad - good > 1 do
        local middle = (good + bad) // 2
        if compiles(text, linktype, files, name, middle) then good = middle else bad = middle end
      end
      return ("%s:%d: '%s': "):format(set.path, set.lines[bad], set.members[bad])
    end
  end
  return ""
end

return M
