--- What tap.writer takes, and what is checked before bytes are written.
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").writer
local source = require "moontap.source"
local units = require "moontap.units"

local M = {}

local RULES <const> = {
  file = { kind = "text" },
  format = { kind = "text", choices = { pcap = true, pcapng = true, text = "pcap, pcapng" } },
  nanoseconds = { kind = "boolean", default = true },
  flush = { kind = "boolean", default = false },
  snaplen = { kind = "size", default = 0, max = 0xffffffff, range = "32 bits" },
  rotate = { kind = "list" },
  keep = { kind = "any" },
  on_error = { kind = "text", default = "stop",
    choices = { stop = true, count = true, text = "stop, count" } },
}

local ROTATE <const> = {
  size = { kind = "size", min = 1, max = math.maxinteger, range = "1 byte and up" },
  packets = { kind = "integer", min = 1, max = math.maxinteger, range = "1 and up" },
  every = { kind = "time", min = 1, max = math.maxinteger, range = "1ns and up" },
  files = { kind = "integer", min = 1, max = 1000000, range = "1 to 1000000" },
  align = { kind = "boolean", default = false },
  letters = { kind = "boolean", default = false },
  command = { kind = "text" },
  done = { kind = "callback" },
}

--- What the core takes for 'rotate', or nil and what is wrong with it.
---@param given table
---@param file string
---@return table? rotate
---@return string? message
function M.check_rotation(given, file)
  local rotate, message = check.options(ROTATE, given)
  if not rotate then return nil, message end
  if file == "-" then return nil, "standard output is one file" end
  if not (rotate.size or rotate.packets or rotate.every) then
    return nil, "give one of size, packets, every"
  end
  if rotate.align and not rotate.every then return nil, "align goes with every" end
  return rotate
end

local PACKED <const> = { gz = true, zst = true, xz = true, lz4 = true }

--- The format that a file's name asks for.
---@param path string
---@return "pcap"|"pcapng"
function M.format_of(path)
  local stem, ending = path:match("^(.*)%.(%w+)$")
  if stem and PACKED[ending] then return M.format_of(stem) end
  return ending == "pcap" and "pcap" or "pcapng"
end

--- What a recorder may take where a time alone is given.
local MOST <const> = 1 << 30

--- A recorder for 'keep', a size or, with its unit, a time; or nil and what is wrong.
local function recorder(keep)
  local span = type(keep) == "string" and keep:find("%l$") and units.time(keep)
  if span and span > 0 then return core.recorder { size = MOST, span = span } end
  local size, message = units.size(keep)
  if size and size > 0 then return core.recorder { size = size } end
  return nil, "keep: " .. (message or "nothing would be kept")
end

--- Make a writer: a file's name, or a table of options.
function M.open(what)
  if type(what) == "string" then what = { file = what } end
  local options, message = check.options(RULES, what)
  if options and options.keep ~= nil then
    local kept
    for name in pairs(what) do
      if name ~= "keep" then message = name .. " does not go with keep" end
    end
    if not message then kept, message = recorder(options.keep) end
    if kept then return kept end
  elseif options and not options.file then
    message = "the file is missing"
  end
  local rotate
  if not message and options.rotate then
    rotate, message = M.check_rotation(options.rotate, options.file)
    message = message and "rotate: " .. message
  end
  if message then error("writer: " .. message, 3) end
  return core.writer {
    file = options.file, pcap = (options.format or M.format_of(options.file)) == "pcap",
    microseconds = not options.nanoseconds, flush = options.flush, snaplen = options.snaplen,
    goes_on = options.on_error == "count", rotate = rotate,
  }
end

local BYTES <const> = { comment = { kind = "text" } }
for name, rule in pairs(source.PACKET) do BYTES[name] = rule end
local PACKET <const> = { comment = { kind = "text" } }

--- Write a packet or bytes.
function core.writer_methods:write(packet, options)
  local o, message
  if options ~= nil then
    o, message = check.options(type(packet) == "string" and BYTES or PACKET, options)
    if message then error("write: " .. message, 2) end
  end
  return check.blame("write", pcall(raw.write, self, packet, o))
end

--- Write what a recorder keeps.
function core.writer_methods:dump(path)
  local pcap = type(path) == "string" and M.format_of(path) == "pcap"
  return check.blame("dump", pcall(raw.dump, self, path, pcap))
end

return M
