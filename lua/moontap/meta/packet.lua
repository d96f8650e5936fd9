---@meta moontap
--- Types for editors, as in moontap/meta.lua: packets and views of their layers.

--- A packet. p["tcp.dstport"] and p.tcp_dstport read a field, p.tcp is a view of a layer; what
--- the packet does not have is nil, an unknown name raises. A packet that was lent to a function is
--- valid until that function returns; p:copy() is valid for ever.
---
--- The number readers take an offset in bytes (0 unless given) from the start of 'base': a
--- protocol's header, "payload" (what follows the last header), or the frame. They return nil
--- where the packet ends before. Those in ...le read the low byte first, the others the high one:
---
---     local id = p:u16(0, "payload")
---
---@class moontap.Packet
---@field src? string  network address, of whatever family
---@field dst? string
---@field sport? integer
---@field dport? integer
---@field len integer  bytes on the wire
---@field time_ns? integer  since the epoch
---@field fault? string  what is malformed or cut off: "tcp: header cut short at byte 44"
---@field u8 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u16 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u16le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u32 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u32le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u64 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u64le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i8 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i16 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i16le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i32 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i32le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i64 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i64le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field [string] any  fields by name, and layers
local Packet = {}

--- The view of one layer: p.tcp.dstport, p.tcp["flags.syn"], p.tcp.flags_syn. It lives as long as
--- its packet.
---@class moontap.Layer
---@field [string] any  the protocol's fields

--- Bytes as they are in the packet.
---
---     local magic = p:bytes(0, 4, "payload")
---
---@param offset? integer  bytes from the start of base (0)
---@param n? integer  how many; nil: all that follow
---@param base? string  as for the number readers
---@return string?
function Packet:bytes(offset, n, base) end

--- What follows the last header that was decoded.
---
---     print(#(p:payload() or ""))
---
---@return string?
function Packet:payload() end

--- The names of the packet's protocols, outermost first.  Where an error message (ICMP, ICMPv6)
--- quotes a packet, that one's layers follow, and 'quoted' is the place of the first of them.
---
---     print(table.concat(p:layers(), " "))
---
---@return string[]
function Packet:layers() end

--- Every occurrence of a field, outermost first.
---
---     for _, id in ipairs(p:all("vlan.id")) do print(id) end
---
---@param name string
---@return any[]
function Packet:all(name) end

--- The packet in one line.
---
---     print(p:summary())
---
---@return string
function Packet:summary() end

--- All its layers and fields, a line each.
---
---     print(p:show())
---
---@return string
function Packet:show() end

--- A hex dump.
---
---     print(p:hex())
---
---@return string
function Packet:hex() end

--- One JSON object in one line: every value by its name, the second one of a field in a tunnel as
--- "ip.src#2". What is made to repeat (Field.repeats) is an array.
---
---     print(p:json())
---
---@return string
function Packet:json() end

--- A packet of its own with the same bytes, valid for ever.
---
---     kept[#kept + 1] = p:copy()
---
---@return moontap.Packet
function Packet:copy() end

return Packet
