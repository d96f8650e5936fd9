--- What Lua adds to the core's filter objects: options are checked, and misuse blames the line that
-- misused. The core compiles them and tells their verdicts.
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").filter

local M = {}

local Filter = core.filter_methods

local OPTIONS <const> = {
  live = { kind = "boolean", default = false },
  cooked = { kind = "boolean", default = false },
  swapped = { kind = "boolean", default = false },
  snaplen = { kind = "size", default = 0, max = 0xffffffff, range = "32 bits" },
  netmask = { kind = "integer", min = 0, max = 0xffffffff, range = "32 bits" },
  sets = { kind = "list" },
}

--- What is known of a frame beside its bytes.
local FRAME <const> = {
  len = { kind = "integer", min = 0, max = 0xffffffff, range = "32 bits" },
  vlan_tci = { kind = "integer", min = 0, max = 0xffff, range = "16 bits" },
  vlan_tpid = { kind = "integer", min = 0, max = 0xffff, range = "16 bits" },
}

--- Compile a filter.
function M.compile(filter, linktype, options)
  local o, message = check.options(OPTIONS, options)
  if type(filter) ~= "string" and type(filter) ~= "table" then
    message = "a text or a list of instructions expected"
  end
  if message then error("filter: " .. message, 2) end
  return check.blame("filter", pcall(core.filter, filter, linktype, o))
end

--- Does the filter accept a frame?
function Filter:matches(bytes, options)
  local o, message = check.options(FRAME, options)
  if not o then error("matches: " .. message, 2) end
  return check.blame("matches", pcall(raw.matches, self, bytes, o))
end

return M
