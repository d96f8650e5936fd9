--- Frames and capture files made from parts, with lengths and checksums right,
--- for specs that need to know what they feed in.  Everything is a string of
--- bytes; a header is put before its payload:
---
---     local b = require "spec.support.build"
---     local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
---     local frame = b.eth(b.ipv4(b.udp("hi", ends, { srcport = 1, dstport = 53 }), ends, { proto = 17 }))
---     local file = b.pcap { frame, { frame, time_ns = 5, len = 1500 } }

local M = {}

--- Bytes of a MAC address, "02:00:00:00:00:01".
function M.mac(text)
  return (text:gsub("(%x%x):?", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Bytes of an IPv4 address.
local function address4(text)
  return (text:gsub("(%d+)%.?", function(number) return string.char(tonumber(number)) end))
end

--- The 16-bit groups of one side of "::", as bytes.
local function groups(text)
  return (text:gsub("(%x+):?", function(digits) return string.pack(">I2", tonumber(digits, 16)) end))
end

--- Bytes of an IPv4 or IPv6 address.
function M.address(text)
  if not text:find(":", 1, true) then return address4(text) end
  local left, right = text:match("^(.-)::(.*)$")
  if not left then return groups(text) end
  left, right = groups(left), groups(right)
  return left .. ("\0"):rep(16 - #left - #right) .. right
end

--- The Internet checksum (RFC 1071).
---@param bytes string
---@return integer
function M.checksum(bytes)
  if #bytes % 2 == 1 then bytes = bytes .. "\0" end
  local sum = 0
  for i = 1, #bytes, 2 do sum = sum + string.unpack(">I2", bytes, i) end
  while sum > 0xffff do sum = (sum & 0xffff) + (sum >> 16) end
  return ~sum & 0xffff
end

--- 'segment' with the checksum over itself and its pseudo-header put at 'offset' (from 0).
local function sealed(segment, ends, proto, offset)
  local pseudo = ""
  if ends then
    pseudo = M.address(ends.src) .. M.address(ends.dst) .. string.pack(">I4I4", #segment, proto)
  end
  local sum = M.checksum(pseudo .. segment)
  if proto == 17 and sum == 0 then sum = 0xffff end
  return segment:sub(1, offset) .. string.pack(">I2", sum) .. segment:sub(offset + 3)
end

--- Ethernet II; 'type' is 0x0800 unless given, or 0x86dd for an IPv6 payload.
---@param payload string
---@param o? table  { dst =, src =, type = }
function M.eth(payload, o)
  o = o or {}
  local version = payload:byte(1)
  local guess = version and version >> 4 == 6 and 0x86dd or 0x0800
  return M.mac(o.dst or "02:00:00:00:00:02") .. M.mac(o.src or "02:00:00:00:00:01") ..
    string.pack(">I2", o.type or guess) .. payload
end

--- A VLAN tag without its own EtherType, which the header before it has.
---@param o table  { id =, priority =, dei = 0|1, type = of the payload }
function M.vlan(payload, o)
  local tci = (o.priority or 0) << 13 | (o.dei or 0) << 12 | o.id
  return string.pack(">I2I2", tci, o.type or 0x0800) .. payload
end

---@param o table  { opcode =, smac =, sip =, tmac =, tip = }
function M.arp(o)
  return string.pack(">I2I2I1I1I2", 1, 0x0800, 6, 4, o.opcode or 1) ..
    M.mac(o.smac or "02:00:00:00:00:01") .. address4(o.sip or "192.0.2.1") ..
    M.mac(o.tmac or "00:00:00:00:00:00") .. address4(o.tip or "192.0.2.2")
end

--- IPv4.  'fragment' is the flags and offset field; 'options' a multiple of four bytes.
---@param ends { src: string, dst: string }
---@param o table  { proto =, ttl =, id =, tos =, fragment =, options =, length = }
function M.ipv4(payload, ends, o)
  local options = o.options or ""
  local header = string.pack(">I1I1I2I2I2I1I1I2", 0x45 + #options // 4, o.tos or 0,
    o.length or 20 + #options + #payload, o.id or 0, o.fragment or 0, o.ttl or 64, o.proto, 0) ..
    address4(ends.src) .. address4(ends.dst) .. options
  return sealed(header, nil, 0, 10) .. payload
end

---@param o table  { next =, hlim =, tclass =, flow =, length = }
function M.ipv6(payload, ends, o)
  local first = 6 << 28 | (o.tclass or 0) << 20 | (o.flow or 0)
  return string.pack(">I4I2I1I1", first, o.length or #payload, o.next, o.hlim or 64) ..
    M.address(ends.src) .. M.address(ends.dst) .. payload
end

---@param o table  { srcport =, dstport =, length = }
function M.udp(payload, ends, o)
  local header = string.pack(">I2I2I2I2", o.srcport, o.dstport, o.length or 8 + #payload, 0)
  return sealed(header .. payload, ends, 17, 6)
end

--- TCP; 'flags' is the number of the low 12 bits.
---@param o table  { srcport =, dstport =, seq =, ack =, flags =, window =, urgent =, options = }
function M.tcp(payload, ends, o)
  local options = o.options or ""
  local header = string.pack(">I2I2I4I4I2I2I2I2", o.srcport, o.dstport, o.seq or 0, o.ack or 0,
    (5 + #options // 4) << 12 | (o.flags or 0x018), o.window or 65535, 0, o.urgent or 0)
  return sealed(header .. options .. payload, ends, 6, 16)
end

--- ICMP, or ICMPv6 when 'ends' is given; 'rest' is the second word of the header.
---@param o table  { type =, code =, rest = }
function M.icmp(payload, o, ends)
  local header = string.pack(">I1I1I2I4", o.type or 8, o.code or 0, 0, o.rest or 0)
  return sealed(header .. payload, ends, 58, 2)
end

--- A whole frame of UDP in IPv4, for specs that only need some packet.
---@param o? table  { src =, dst =, srcport =, dstport =, payload = }
function M.udp_frame(o)
  o = o or {}
  local ends = { src = o.src or "192.0.2.1", dst = o.dst or "192.0.2.2" }
  local segment = M.udp(o.payload or "", ends, { srcport = o.srcport or 40000, dstport = o.dstport or 9 })
  return M.eth(M.ipv4(segment, ends, { proto = 17 }))
end

--- A classic capture file.  Packets are bytes, or { bytes, time_ns =, len = on the wire,
--- caplen = as the record claims }; without a time they are a millisecond apart.
---@param packets (string|table)[]
---@param o? table  { order = ">" or "<", nanoseconds = true, linktype =, snaplen =, version = }
function M.pcap(packets, o)
  o = o or {}
  local order = o.order or "<"
  local unit = o.nanoseconds and 1 or 1000
  local magic = o.nanoseconds and 0xa1b23c4d or 0xa1b2c3d4
  local parts = { string.pack(order .. "I4I2I2i4I4I4I4", magic, 2, o.version or 4, 0, 0,
    o.snaplen or 262144, o.linktype or 1) }
  for i, packet in ipairs(packets) do
    if type(packet) == "string" then packet = { packet } end
    local bytes = packet[1]
    local time_ns = packet.time_ns or 1700000000000000000 + i * 1000000
    parts[#parts + 1] = string.pack(order .. "I4I4I4I4", time_ns // 1000000000,
      time_ns % 1000000000 // unit, packet.caplen or #bytes, packet.len or #bytes)
    parts[#parts + 1] = bytes
  end
  return table.concat(parts)
end

return M
