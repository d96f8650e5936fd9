--- Frames made at random, but of well-formed parts: each header may have any
--- values, options, lengths and neighbours.  The same seed makes the same frames.

local build = require "spec.support.build"

local M = {}

local V4 <const> = { src = "192.0.2.1", dst = "198.51.100.2" }
local V6 <const> = { src = "2001:db8::1", dst = "fe80::2" }

local random = math.random

local function pick(list) return list[random(#list)] end

local function bytes(n)
  local list = {}
  for i = 1, n do list[i] = string.char(random(0, 255)) end
  return table.concat(list)
end

--- One of 'n' times something else.
local function seldom(n) return random(n) == 1 end

--- Some of the options that 'makers' make, up to 'room' bytes.
local function options(makers, room)
  local list, size = {}, 0
  for _ = 1, random(0, 5) do
    local option = pick(makers)()
    if size + #option > room then break end
    list[#list + 1], size = option, size + #option
  end
  return table.concat(list)
end

--- An option of a kind and its data; one in ten has a wrong length.
local function tlv(kind, data)
  return string.char(kind, seldom(10) and random(0, 12) or #data + 2) .. data
end

--- One of IPv6, whose length is of the data alone.  It is always right: past the end of its header
--- tshark reads on.
local function tlv6(kind, data) return string.char(kind, #data) .. data end

local IP_OPTIONS <const> = {
  function() return "\1" end,
  function() return tlv(148, bytes(2)) end,
  function() return tlv(136, bytes(2)) end,
  function() return tlv(11, bytes(2)) end,
  function() return tlv(7, string.char(4 * random(1, 3)) .. bytes(8)) end,
  function() return string.char(68, 12, 5 + 4 * random(0, 2), random(0, 15) << 4) .. bytes(8) end,
  function() return string.char(68, 20, 13, random(0, 15) << 4 | 1) .. bytes(16) end,
}

local TCP_OPTIONS <const> = {
  function() return "\1" end,
  function() return tlv(2, bytes(2)) end,
  function() return tlv(3, string.char(random(0, 20))) end,
  function() return tlv(4, "") end,
  function() return tlv(5, bytes(8 * random(1, 2))) end,
  function() return tlv(8, bytes(8)) end,
  function() return tlv(28, bytes(2)) end,
  function() return tlv(19, bytes(16)) end,
  function() return tlv(34, bytes(8)) end,
  function() return tlv(30, string.char(random(2, 8) << 4) .. bytes(9)) end,
}

local IPV6_OPTIONS <const> = {
  function() return "\0" end,
  function() return tlv6(1, ("\0"):rep(random(1, 4))) end,
  function() return tlv6(5, bytes(2)) end,
  function() return tlv6(4, bytes(1)) end,
  function() return tlv6(0x3e, bytes(3)) end,
}

local ND_OPTIONS <const> = {
  function() return "\1\1" .. bytes(6) end,
  function() return "\2\1" .. bytes(6) end,
  function() return "\5\1\0\0" .. bytes(4) end,
  function() return "\14\1" .. bytes(6) end,
  function() return "\3\4" .. bytes(30) end,
  function() return "\25\3\0\0" .. bytes(20) end,
}

local function ports()
  return { srcport = random(61000, 61900), dstport = random(61000, 61900) }
end

local function tcp(ends)
  local o = ports()
  o.options = options(TCP_OPTIONS, 40)
  o.options = o.options .. ("\1"):rep(-#o.options % 4)
  o.seq, o.ack, o.flags = random(0, 0xffffffff), random(0, 0xffffffff), random(0, 0xfff) & ~4
  o.window, o.urgent = random(0, 0xffff), random(0, 0xffff)
  local segment = build.tcp(bytes(random(0, 12)), ends, o)
  if seldom(20) then segment = segment:sub(1, 12) .. string.char(random(0, 255)) .. segment:sub(14) end
  return segment, 6
end

local function udp(ends)
  local o = ports()
  if seldom(20) then o.length = random(0, 40) end
  return build.udp(bytes(random(0, 12)), ends, o), 17
end

local function icmp()
  local type = pick { 0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 40, 42, 43, random(0, 255) }
  local rest = random(0, 0xffffffff)
  if type == 9 then rest = random(0, 3) << 24 | 2 << 16 | random(0, 0xffff) end
  return build.icmp(bytes(type == 9 and 16 or random(0, 16)), { type = type, code = random(0, 5), rest = rest }), 1
end

local ICMPV6_BODIES <const> = {
  [133] = function() return bytes(4) .. options(ND_OPTIONS, 100) end,
  [134] = function() return bytes(12) .. options(ND_OPTIONS, 100) end,
  [135] = function() return bytes(20) .. options(ND_OPTIONS, 100) end,
  [136] = function() return bytes(20) .. options(ND_OPTIONS, 100) end,
  [137] = function() return bytes(36) .. options(ND_OPTIONS, 100) end,
  [130] = function() return bytes(20) end,
  [131] = function() return bytes(20) end,
  [132] = function() return bytes(20) end,
  [143] = function() return "\0\0\0\2\4\0\0\0" .. bytes(16) .. "\3\0\0\1" .. bytes(32) end,
  [2] = function() return bytes(4) end,
  [4] = function() return bytes(4) end,
}

local function icmpv6(ends)
  local type = pick { 1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 143, 160, 161 }
  local body = ICMPV6_BODIES[type] and ICMPV6_BODIES[type]() or bytes(random(4, 12))
  local rest = string.unpack(">I4", body)
  return build.icmp(body:sub(5), { type = type, code = random(0, 5), rest = rest }, ends), 58
end

--- An extension header before 'payload', whose protocol is 'following'.
local EXTENSIONS <const> = {
  [0] = function(following)
    local list = options(IPV6_OPTIONS, 60)
    list = list .. ("\0"):rep((6 - #list) % 8)
    return string.char(following, (#list + 2) // 8 - 1) .. list
  end,
  [43] = function(following)
    local addresses = random(0, 2)
    return string.char(following, 2 * addresses, 0, random(0, 2)) .. ("\0"):rep(4) .. bytes(16 * addresses)
  end,
  [44] = function(following)
    local offset = seldom(3) and random(0, 8191) or 0
    return string.pack(">I1I1I2I4", following, random(0, 255), offset << 3 | random(0, 7), random(0, 0xffffffff))
  end,
  [51] = function(following)
    local icv = bytes(4 * random(1, 4))
    return string.char(following, #icv // 4 + 1) .. bytes(2) .. bytes(8) .. icv
  end,
}
EXTENSIONS[60] = EXTENSIONS[0]

local function ipv6()
  local payload, following = pick { tcp, udp, icmpv6, udp } (V6)
  for _ = 1, seldom(2) and random(3) or 0 do
    local kind = pick { 0, 43, 44, 51, 60 }
    payload, following = EXTENSIONS[kind](following) .. payload, kind
  end
  local o = { next = following, hlim = random(0, 255), tclass = random(0, 255), flow = random(0, 0xfffff) }
  if seldom(20) then o.length = random(1, #payload + 8) end
  return build.ipv6(payload, V6, o), 0x86dd
end

local function ipv4()
  local payload, proto = pick { tcp, udp, icmp } (V4)
  local o = { proto = proto, ttl = random(0, 255), id = random(0, 0xffff), tos = random(0, 255) }
  if seldom(2) then o.options = options(IP_OPTIONS, 40) end
  if o.options then o.options = o.options .. ("\1"):rep(-#o.options % 4) end
  if seldom(4) then o.fragment = pick { 0x8000, 0x4000, 0x2000, 0x2001, 0x1fff, 0x0010 } end
  if seldom(20) then o.length = random(0, 60 + #payload) end
  return build.ipv4(payload, V4, o), 0x0800
end

local function arp()
  local hw, proto = pick { 1, 1, 6, 7 }, pick { 0x0800, 0x0800, 0x1234 }
  local one, two = bytes(4), bytes(4)
  local sender = pick { one, one, "\0\0\0\0" }
  return string.pack(">I2I2I1I1I2", hw, proto, 6, 4, pick { 0, 1, 1, 2, 3, 8, 11 }) .. bytes(6) .. sender ..
    pick { bytes(6), ("\0"):rep(6) } .. pick { two, one }, pick { 0x0806, 0x0806, 0x8035 }
end

--- The payload behind an LLC header, and its length in place of a type.
local function llc()
  local payload, type = ipv4()
  local header = pick {
    "\xaa\xaa\3\0\0\0" .. string.pack(">I2", type), "\xaa\xaa\3\0\0\xf8" .. string.pack(">I2", type),
    "\6\6\3", "\xf0\xf1" .. bytes(2), "\x08\x08" .. bytes(2),
  }
  return header .. payload, #header + #payload
end

--- A frame, and how long it was before the capture cut it.
---@return string bytes, integer len
function M.frame()
  local payload, type = pick { ipv4, ipv4, ipv6, ipv6, arp, llc } ()
  for _ = 1, seldom(5) and random(2) or 0 do
    local tag = { id = random(0, 4095), priority = random(0, 7), dei = random(0, 1), type = type }
    payload, type = build.vlan(payload, tag), pick { 0x8100, 0x8100, 0x9100 }
  end
  if seldom(10) and type ~= 0x88a8 and type > 1500 then
    payload, type = build.vlan(payload, { id = random(0, 4095), type = type }), 0x88a8
  end
  local frame = build.eth(payload, { type = type })
  if seldom(3) then frame = frame .. ("\0"):rep(60 - #frame) end
  return seldom(8) and frame:sub(1, random(0, #frame)) or frame, #frame
end

function M.seed(number) math.randomseed(number) end

return M
