--- Random bytes behind every number that leads to a protocol: whatever they are, all fields can be
--- read and all texts made.  With sanitizers in the build this finds reads past the bytes.
local build = require "spec.support.build"
local long = require "spec.support.long"
local tap = require "moontap"

local ROUNDS <const> = long and 300 or 12

local PROTOS <const> = { 1, 2, 4, 33, 41, 43, 44, 47, 50, 51, 58, 60, 89, 97, 103, 112, 115, 132, 136, 137 }
local PORTS <const> = { 1701, 2123, 2152, 3386, 4500, 4754, 4789, 4790, 6081, 6635, 8472 }
local TYPES <const> = { 0x0800, 0x0806, 0x6558, 0x8100, 0x86dd, 0x8847 }
local V4 <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
local V6 <const> = { src = "2001:db8::1", dst = "2001:db8::2" }

--- Bytes of which some are as headers like them: small, or full of ones.
local function noise()
  local list = {}
  for i = 1, math.random(0, 120) do
    local kind = math.random(4)
    list[i] = string.char(kind == 1 and math.random(0, 8) or kind == 2 and 0x45 or math.random(0, 255))
  end
  return table.concat(list)
end

local function frames()
  local list = {}
  for _, proto in ipairs(PROTOS) do
    list[#list + 1] = build.eth(build.ipv4(noise(), V4, { proto = proto }))
    list[#list + 1] = build.eth(build.ipv6(noise(), V6, { next = proto }))
  end
  for _, port in ipairs(PORTS) do
    local segment = build.udp(noise(), V4, { srcport = 40000, dstport = port })
    list[#list + 1] = build.eth(build.ipv4(segment, V4, { proto = 17 }))
  end
  for _, type in ipairs(TYPES) do list[#list + 1] = build.eth(noise(), { type = type }) end
  return list
end

local NAMES <const> = {}
for _, field in ipairs(tap.fields()) do NAMES[#NAMES + 1] = field.name end

--- Read all there is of a frame of which all or a part was captured.
local function read(bytes)
  local cut = math.random(4) == 1 and math.random(0, #bytes) or #bytes
  local p = tap.packet(bytes:sub(1, cut), { len = #bytes })
  for _, name in ipairs(NAMES) do
    local values = p[name] ~= nil and p:all(name) or {}
    assert.is_true(#values <= 255)
  end
  assert.is_nil(p:summary():find("\n", 1, true))
  assert.matches("^Frame, ", p:show())
  assert.matches("^{.*}$", p:json())
  assert.is_true(#p:layers() <= 24)
end

describe("random bytes", function()
  it("can be read by every protocol", function()
    math.randomseed(4)
    for _ = 1, ROUNDS do
      for _, bytes in ipairs(frames()) do read(bytes) end
    end
  end)
end)
