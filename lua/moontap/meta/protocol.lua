---@meta moontap
--- Types for editors, as in moontap/meta.lua: protocols that scripts declare.

--- A declared protocol.
---@class moontap.Protocol
local Protocol = {}

--- Say where the protocol is found: behind which values of another one's field. Fields that lead
--- on are frame.linktype, eth.type, llc.dsap, ip.proto, tcp.port, udp.port and each number of a
--- declared protocol.
---
---     sensor:on("udp.port", { 9000, "9100-9199" })
---
--- With a function, it is found by its looks: behind a parent ("udp") whose payload nobody else is
--- bound to. The function is asked about each such packet, which has its layers up to the parent.
--- What it raises ends the pass.
---
---     sensor:on("udp", function(p) return p:u8(0, "payload") == 2 end)
---
---@param field string
---@param values integer|string|(integer|string)[]|fun(p: moontap.Packet): any  numbers of 16 bits
--- and ranges of them, or the function
---@return moontap.Protocol
function Protocol:on(field, values) end

--- Add a field that a function works out; it is called only when the field is asked for, and gets
--- the whole packet. nil is "not there". In a packet that has the protocol twice the outermost one
--- has the field. What it raises ends the pass, at the latest behind the packets that were read
--- with the one at hand.
---
---     sensor:extra("even", function(p) return p["sensor.id"] % 2 == 0 end, "flag")
---
---@param name string
---@param fn fun(p: moontap.Packet): any
---@param options? string|{ type: string?, label: string?, unit: string?, values: table?,
--- format: string? }  type is integer (the default; true and false are 1 and 0), flag, text, bytes
---@return moontap.Protocol
function Protocol:extra(name, fn, options) end

--- Pair replies with requests: makes the field NAME.time, nanoseconds from the request to the
--- reply at hand, which is paired with the latest request of its key that has no reply. Requests
--- are seen by each pass that reads a declared protocol's fields, in order, also those that a
--- handler's conditions leave out. What the kernel's filter keeps back cannot be seen.
---
---     sensor:pair {
---       key = { "sensor.id" }, request = "sensor.kind == 1", reply = "sensor.kind == 2",
---     }
---
---@param options { key: string[], request: string, reply: string, timeout: (number|string)?,
--- limit: integer? }  fields that are the same in both, conditions on fields, how long a reply may
--- take ("10s"), how many requests are kept at least (65536)
---@return moontap.Protocol
function Protocol:pair(options) end

--- What became of requests and replies so far.
---
---     sensor:pair { key = { "sensor.id" }, request = "sensor.kind == 1", reply = "sensor" }
---     print(sensor:pairs().matched)
---
---@return { requests: integer, matched: integer, unasked: integer, evicted: integer }  unasked:
--- replies to no request; evicted: requests that had to go while their reply could still come
function Protocol:pairs() end

--- Decode bytes that begin with the protocol's header.
---
---     print(sensor:decode("\2\0\7").id)
---
---@param bytes string
---@return table<string, any>? values  by their names without the protocol's; lists of those that
--- repeat. nil where a constant says that the bytes are not of the protocol
---@return string? fault  what is malformed or cut off
function Protocol:decode(bytes) end

return Protocol
