--- What tap.writer takes, and what is checked before bytes are written.
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").writer
local source = require "moontap.source"

local M = {}

local RULES <const> = {
  file = { kind = "text" },
  format = { kind = "text", choices = { pcap = true, pcapng = true, text = "pcap, pcapng" } },
  nanoseconds = { kind = "boolean", default = true },
  flush = { kind = "boolean", default = false },
  snaplen = { kind = "size", default = 0, max = 0xffffffff, range = "32 bits" },
  on_error = { kind = "text", default = "stop",
    choices = { stop = true, count = true, text = "stop, count" } },
}

local PACKED <const> = { gz = true, zst = true, xz = true, lz4 = true }

--- The format that a file's name asks for.
---@param path string
---@return "pcap"|"pcapng"
function M.format_of(path)
  local stem, ending = path:match("^(.*)%.(%w+)$")
  if stem and PACKED[ending] then return M.format_of(stem) end
  return ending == "pcap" and "pcap" or "pcapng"
end

--- Make a writer: a file's name, or a table of options.
function M.open(what)
  if type(what) == "string" then what = { file = what } end
  local options, message = check.options(RULES, what)
  if options and not options.file then message = "the file is missing" end
  if message then error("writer: " .. message, 3) end
  return core.writer {
    file = options.file, pcap = (options.format or M.format_of(options.file)) == "pcap",
    microseconds = not options.nanoseconds, flush = options.flush, snaplen = options.snaplen,
    goes_on = options.on_error == "count",
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

return M
