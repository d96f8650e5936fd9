--- The protocol that specs of declared ones declare: sensors, in UDP to port 9000.
local build = require "spec.support.build"
local core = require "moontap.core"
local tap = require "moontap"

local M = {}

function M.fields()
  return {
    title = "Sensor",
    { "version", "u8" }, { "kind", "u8", values = { [1] = "request", [2] = "reply" } }, { "id", "u16" },
    { "alarm", "bit" }, { "mode", "bits:7" }, { "temp", "i16", label = "temperature", unit = "0.1 °C" },
    { "namelen", "u8" }, { "name", "text", size = "namelen" },
    { "opt", "tlv", type = "u8", length = "u8", other = "bytes",
      cases = { [1] = { "unit", "text" }, [2] = { "seq", "u32" } } },
  }
end

--- A sensor's message in UDP, to a port.
function M.message(kind, id, temp, port)
  local payload = string.pack(">BBI2Bi2s1", 2, kind, id, 0x83, temp, "room") .. "\1\1C\2\4\0\0\1\0"
  local ends <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
  local udp = build.udp(payload, ends, { srcport = 40000, dstport = port or 9000 })
  return build.eth(build.ipv4(udp, ends, { proto = 17 }))
end

--- Declare it.
function M.declare()
  return tap.protocol("sensor", M.fields()):on("udp.port", 9000)
end

--- Take from all that specs have declared what it has, so that it is nowhere in other specs; what
--- is built in refuses.
function M.forget()
  for _, field in ipairs(core.fields()) do
    if field.type == "presence" then core.declare(field.name, field.name, {}, {}, {}) end
  end
end

--- A capture of five messages and one that is none.
function M.capture()
  local packets = {}
  for i, m in ipairs { { 1, 7, 90 }, { 2, 7, 150 }, { 1, 8, 101 }, { 2, 8, -20 }, { 1, 7, 100 } } do
    packets[i] = { M.message(table.unpack(m)), time_ns = i }
  end
  packets[6] = { M.message(1, 7, 500, 9001), time_ns = 6 }
  return tap.open { packets = packets }
end

return M
