--- What tap.open takes, checked and in the core's units.
local check = require "moontap.check"
local core = require "moontap.core"
local units = require "moontap.units"

local M = {}

local MS <const> = 1000000

local RULES <const> = {
  file = { kind = "files" },
  follow = { kind = "boolean" },
  data = { kind = "text" },
  packets = { kind = "list" },
  fd = { kind = "integer", min = 0, max = 0x7fffffff, range = "the descriptors" },
  interface = { kind = "interface" },
  filter = { kind = "any" },
  sets = { kind = "list" },
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

--- What is known of a packet beside its bytes.
M.PACKET = {
  linktype = { kind = "integer", default = 1, min = 0, max = 0xffff, range = "16 bits" },
  time_ns = { kind = "integer" },
  len = { kind = "integer", min = 0, max = 0xffffffff, range = "32 bits" },
}

--- An entry of 'packets': { bytes, time_ns =, linktype =, len = }. Of the bytes the core tells.
local ENTRY <const> = { [1] = { kind = "any" } }
for name, rule in pairs(M.PACKET) do ENTRY[name] = rule end

local function check_packets(list)
  for i = 1, #list do
    if type(list[i]) == "table" then
      local entry, message = check.options(ENTRY, list[i])
      if not entry then return ("packets: number %d: %s"):format(i, message) end
    end
  end
end

--- All interfaces at once.
M.ANY = "any"

--- What to say of something that there will be.
---@param what string
---@return string message
function M.later(what)
  return what .. " is not part of this version"
end

--- Options that there will be.
local LATER <const> = {
  direction = true, protocol = true, method = true, cooked = true, timestamps = true,
  fanout = true, reopen = true, netns = true,
}

--- Does 'given' ask for what this version lacks? Returns the message.
local function check_later(given)
  for name in pairs(given) do
    if LATER[name] then return M.later(name) end
  end
  if type(given.interface) == "table" then return M.later("a list for interface") end
  if given.interface == M.ANY then return M.later("interface '" .. M.ANY .. "'") end
end

local function check_follow(given)
  if not given.follow then return nil end
  if given.file == nil then return "follow is for files only" end
  if type(given.file) == "table" then return "follow is for one file only" end
end

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
  local options, message = nil, check_later(given)
  if not message then options, message = check.options(RULES, given) end
  if not options then return nil, message end
  if count_sources(options) ~= 1 then
    return nil, "give one of " .. table.concat(KINDS, ", ")
  end
  message = check_live(given) or check_follow(given) or
    options.packets and check_packets(options.packets)
  if message then return nil, message end
  options.latency_ms = units.ms(options.latency)
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

return M
