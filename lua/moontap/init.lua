--- moontap: capture packets, look at them with Lua, report. This is the module's public face;
-- loading it prints nothing, opens nothing and touches no signal.
local answers = require "moontap.answers"
local check = require "moontap.check"
local command = require "moontap.command"
local core = require "moontap.core"
local filter = require "moontap.filter"
local hex = require "moontap.hex"
local protocol = require "moontap.protocol"
local source = require "moontap.source"
local writer = require "moontap.writer"
require "moontap.capture"

local M = {}

M.capture = command.capture
M.filter = filter.compile
M.ids = core.ids
M.writer = writer.open
M.interfaces = core.interfaces
M.options = command.options
M.decode_as = protocol.decode_as
M.protocol = protocol.declare

--- Open a capture: a file's name, or a table of options.
function M.open(what)
  local options, message = source.options(what)
  if not options then error("open: " .. message, 2) end
  source.resolve(options)
  return check.blame("open", command.explain_seal(options.interface, pcall(core.open, options)))
end

--- Decode bytes.
function M.packet(bytes, options)
  local o, message = check.options(source.PACKET, options)
  if o and type(bytes) ~= "string" then message = "the bytes are not a string" end
  if message then error("packet: " .. message, 2) end
  return check.blame("packet", pcall(core.packet, bytes, o.linktype, o.time_ns, o.len))
end

--- The bytes that a hex dump shows.
function M.hex(text)
  if type(text) ~= "string" then error("hex: a text expected", 2) end
  local bytes, message = hex.bytes(text)
  if not bytes then error("hex: " .. message, 2) end
  return bytes
end

--- The value that has this number (name:id).
function M.id_value(id)
  if math.type(id) ~= "integer" then error("id_value: a number expected", 2) end
  return core.id_value(id)
end

--- The fields that fit a pattern.
function M.fields(pattern)
  if pattern ~= nil and type(pattern) ~= "string" then error("fields: a text expected", 2) end
  return answers.match_fields(pattern)
end

return M
