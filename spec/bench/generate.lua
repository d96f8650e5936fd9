--- Capture files for measuring: the same arguments give the same bytes on every
--- machine.  Two kinds of traffic:
---
---   small64  frames of 64 bytes, 10 000 flows of TCP and UDP in IPv4, a few of
---            them busy and most of them quiet
---   imix     frames of mixed sizes, IPv4 and IPv6, VLAN tags, short and long
---            flows of TCP, UDP and ICMP, queries and answers of DNS
---
--- As a program: lua5.4 spec/bench/generate.lua small64 FILE [PACKETS [SEED]]

local build = require "spec.support.build"

local M = {}

---@class moontap.bench.Random
local Random = {}
Random.__index = Random

--- splitmix64: 64 bits at a time from a counter.
function Random:bits()
  self.state = self.state + 0x9e3779b97f4a7c15
  local z = self.state
  z = (z ~ z >> 30) * 0xbf58476d1ce4e5b9
  z = (z ~ z >> 27) * 0x94d049bb133111eb
  return z ~ z >> 31
end

--- An integer of 0 .. n - 1.
function Random:below(n)
  return (self:bits() >> 32) * n >> 32
end

--- A number of 0 .. 1, 1 left out.
function Random:unit()
  return (self:bits() >> 11) / (1 << 53)
end

--- An integer of 0 .. n - 1, small ones more often: half of all are below n / 4.
function Random:skewed(n)
  return math.floor(self:unit() * self:unit() * n)
end

local function random(seed)
  return setmetatable({ state = seed }, Random)
end

local tcp_ports <const> = { 80, 443, 443, 50022, 50080, 50025, 53306, 55222 }
local udp_ports <const> = { 53, 53, 50443, 50123, 50060, 51194, 50789, 50161 }
local client_mac <const>, server_mac <const> = "02:00:00:00:00:01", "02:00:00:00:00:02"

local function address4(number)
  return ("%d.%d.%d.%d"):format(number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255)
end

--- A conversation: who talks to whom, and how far they are.
local function new_flow(r, proto, sources, v6)
  local source, target = r:skewed(sources) + 1, r:below(2000)
  local client = v6 and ("2001:db8::%x"):format(source) or address4(0x0a000000 + source)
  local server = v6 and ("2001:db9::%x"):format(target + 1) or address4(0xc6326400 + target)
  local ports = proto == 6 and tcp_ports or udp_ports
  return {
    proto = proto, v6 = v6, client = client, server = server, sent = 0,
    sport = 1024 + r:below(64000), dport = ports[1 + r:below(8)], seq = r:below(1 << 32),
  }
end

--- The frame that carries 'payload' from the client, or back to it.
local function frame_of(flow, payload, back, flags, options)
  local ends = { src = flow.client, dst = flow.server }
  local ports = { srcport = flow.sport, dstport = flow.dport, flags = flags, options = options }
  local macs = { src = client_mac, dst = server_mac }
  if back then
    ends.src, ends.dst, macs.src, macs.dst = ends.dst, ends.src, macs.dst, macs.src
    ports.srcport, ports.dstport = ports.dstport, ports.srcport
  end
  ports.seq, ports.ack = flow.seq & 0xffffffff, 1
  local segment
  if flow.proto == 6 then
    segment = build.tcp(payload, ends, ports)
  elseif flow.proto == 17 then
    segment = build.udp(payload, ends, ports)
  else
    segment = build.icmp(payload, { type = flow.v6 and (back and 129 or 128) or (back and 0 or 8),
      rest = flow.sport << 16 | flow.sent & 0xffff }, flow.v6 and ends or nil)
  end
  local packet = flow.v6 and build.ipv6(segment, ends, { next = flow.proto == 1 and 58 or flow.proto })
    or build.ipv4(segment, ends, { proto = flow.proto, id = flow.sent & 0xffff, fragment = 0x4000 })
  macs.type = flow.v6 and 0x86dd or 0x0800
  if flow.vlan then
    packet = build.vlan(packet, { id = flow.vlan, type = macs.type })
    macs.type = 0x8100
  end
  flow.seq, flow.sent = flow.seq + #payload, flow.sent + 1
  return build.eth(packet, macs)
end

--- A name server's question, and its answer of one address.
local function dns(flow, name, answer)
  local labels = name:gsub("([^.]+)%.?", function(label) return string.pack("s1", label) end)
  local question = labels .. "\0" .. string.pack(">I2I2", 1, 1)
  local head = string.pack(">I2I2I2I2I2I2", flow.sent // 2 & 0xffff, answer and 0x8180 or 0x0100, 1,
    answer and 1 or 0, 0, 0)
  local record = answer and string.pack(">I2I2I2I4I2I4", 0xc00c, 1, 1, 300, 4, 0xc0000201) or ""
  return head .. question .. record
end

local text = ("abcdefghijklmnopqrstuvwxyz0123456789\r\n "):rep(60)

--- Some bytes of text, 'n' of them.
local function filling(r, n)
  local at = 1 + r:below(256)
  return text:sub(at, at + n - 1)
end

local function small64_frame(r, flow)
  local back = flow.sent > 0 and r:below(3) == 0
  local frame
  if flow.proto == 6 and flow.sent == 0 then
    frame = frame_of(flow, "", false, 0x002, "\2\4\5\xb4")
  elseif flow.proto == 6 then
    frame = frame_of(flow, filling(r, 10), back, 0x018)
  elseif flow.dport == 53 then
    frame = frame_of(flow, dns(flow, string.char(97 + flow.sport % 26) .. ".co"), false)
  else
    frame = frame_of(flow, filling(r, 22), back)
  end
  return frame .. ("\0"):rep(64 - #frame)
end

--- A generator of frames and microseconds to the next: 10 000 flows, chosen unevenly.
function M.small64(r)
  local flows = {}
  for i = 1, 10000 do flows[i] = new_flow(r, r:below(100) < 60 and 6 or 17, 1000, false) end
  return function()
    local flow = flows[1 + r:skewed(#flows)]
    return small64_frame(r, flow), r:below(3)
  end
end

--- One flow of the mixture: a quarter IPv6, a tenth with a VLAN tag, most of them short.
local function imix_flow(r)
  local dice = r:below(100)
  local flow = new_flow(r, dice < 55 and 6 or dice < 97 and 17 or 1, 5000, r:below(100) < 25)
  flow.vlan = r:below(100) < 10 and 10 + r:below(16) or nil
  flow.left = 6 + math.floor(4 / (1 - 0.985 * r:unit()))
  flow.name = ("host%d.example%d.com"):format(r:below(40), r:skewed(2000))
  if flow.proto == 17 and flow.dport == 53 then flow.left = 2 + 2 * r:below(3) end
  return flow
end

--- 64, 576 and 1500 bytes as 5 : 4 : 3 for TCP and 7 : 4 : 1 for UDP.
local function imix_payload(r, flow)
  if flow.proto == 1 then return filling(r, 56) end
  local small = flow.proto == 6 and 5 or 7
  local dice = r:below(12)
  local size = dice < small and 64 or dice < small + 4 and 576 or 1500
  local headers = 14 + (flow.vlan and 4 or 0) + (flow.v6 and 40 or 20) + (flow.proto == 6 and 20 or 8)
  return filling(r, math.max(size - headers, 2))
end

local function imix_frame(r, flow)
  if flow.proto == 6 and flow.sent < 3 then
    local flags = ({ [0] = 0x002, 0x012, 0x010 })[flow.sent]
    return frame_of(flow, "", flow.sent == 1, flags, flags ~= 0x010 and "\2\4\5\xb4" or nil)
  elseif flow.proto == 6 and flow.left <= 2 then
    return frame_of(flow, "", flow.left == 1, 0x011)
  elseif flow.proto == 17 and flow.dport == 53 then
    local answer = flow.sent % 2 == 1
    return frame_of(flow, dns(flow, flow.name, answer), answer)
  end
  return frame_of(flow, imix_payload(r, flow), flow.proto == 6 and r:below(10) < 7 or r:below(2) == 1)
end

function M.imix(r)
  local flows = {}
  for i = 1, 5000 do flows[i] = imix_flow(r) end
  return function()
    local i = 1 + r:below(#flows)
    local flow = flows[i]
    local frame = imix_frame(r, flow)
    flow.left = flow.left - 1
    if flow.left == 0 then flows[i] = imix_flow(r) end
    return #frame < 60 and frame .. ("\0"):rep(60 - #frame) or frame, 2 + r:below(4)
  end
end

--- Write a classic capture file of 'count' packets.
---@param kind "small64"|"imix"
---@param path string
---@param count integer
---@param seed? integer  42 unless given
function M.write(kind, path, count, seed)
  local next_frame = M[kind](random(seed or 42))
  local file <close> = assert(io.open(path, "wb"))
  local time_us = 1700000000 * 1000000
  assert(file:write(build.pcap {}))
  for _ = 1, count do
    local frame, step = next_frame()
    time_us = time_us + step
    assert(file:write(string.pack("<I4I4I4I4", time_us // 1000000, time_us % 1000000, #frame, #frame), frame))
  end
end

if arg and arg[0] and arg[0]:find("generate%.lua$") then
  M.write(arg[1], arg[2], math.tointeger(arg[3]) or 100000, math.tointeger(arg[4]))
end

return M
