--- What tap.open takes, checked and in the core's units.
local check = require "moontap.check"
local core = require "moontap.core"

local M = {}

local MS <const> = 1000000

local RULES <const> = {
  file = { kind = "text" },
  data = { kind = "text" },
  packets = { kind = "list" },
  fd = { kind = "integer", min = 0, range = "the descriptors" },
  interface = { kind = "interface" },
  filter = { kind = "program" },
  promisc = { kind = "boolean", default = true },
  rxhash = { kind = "boolean", default = false },
  snaplen = { kind = "size", default = 0, max = 0xffffffff, range = "32 bits" },
  buffer = { kind = "size", default = 32 << 20, min = 1, range = "what a ring can have" },
  block = { kind = "size", default = 256 << 10, min = 1, range = "what a block can have" },
  latency = { kind = "time", default = 10 * MS, min = MS, max = 10000 * MS, range = "1ms to 10s" },
  signals = { kind = "boolean", default = false },
  strict = { kind = "boolean", default = false },
  on_error = { kind = "text", default = "raise",
    choices = { raise = true, count = true, text = "raise, count" } },
  wait = { kind = "callback" },
  batch = { kind = "integer", min = 1, max = 256, range = "1 to 256" },
}

local KINDS <const> = { "file", "data", "packets", "fd", "interface" }

--- What means something on an interface alone.
local LIVE <const> = { "snaplen", "promisc", "buffer", "block", "latency", "rxhash" }

local function check_live(given)
  if given.interface ~= nil then return nil end
  for _, name in ipairs(LIVE) do
    if given[name] ~= nil then return name .. " is for interfaces only" end
  end
end

local function count_sources(options)
  local count = 0
  for _, kind in ipairs(KINDS) do
    if options[kind] ~= nil then count = count + 1 end
  end
  return count
end

--- The options for core.open, or nil and what is wrong with what was given.
---@param given string|table  a file's name, or options
---@return table? options
---@return string? message
function M.options(given)
  if type(given) == "string" then given = { file = given } end
  if type(given) ~= "table" then return nil, "a file's name or a table of options expected" end
  local options, message = check.options(RULES, given)
  if not options then return nil, message end
  if count_sources(options) ~= 1 then
    return nil, "give one of " .. table.concat(KINDS, ", ")
  end
  message = check_live(given)
  if message then return nil, message end
  options.latency_ms = (options.latency + MS - 1) // MS
  options.latency = nil
  return options
end

--- The name of the interface with this index. The core knows names alone, and says what is wrong
--- with one that is none.
local function name_of(index)
  for _, interface in ipairs(core.interfaces() or {}) do
    if interface.index == index then return interface.name end
  end
  return tostring(index)
end

--- Make checked options ready for the core: an interface's index becomes its name.
---@param options table
---@return table options  the same
function M.resolve(options)
  if math.type(options.interface) == "integer" then
    options.interface = name_of(options.interface)
  end
  return options
end

--- The interface to capture on where none was named: the first that is up, loopback last. The
--- host chooses the same way.
---@return string? name
---@return string? message
---@return integer? errno
function M.first_interface()
  local list, message, code = core.interfaces()
  if not list then return nil, message, code end
  local best, best_rank = nil, 0
  for _, interface in ipairs(list) do
    local flags = {}
    for _, flag in ipairs(interface.flags) do flags[flag] = true end
    local rank = not flags.up and 0 or flags.loopback and 1 or flags.running and 3 or 2
    if rank > best_rank then best, best_rank = interface.name, rank end
  end
  if best then return best end
  return nil, "network: cannot find an interface that is up", 0
end

return M
