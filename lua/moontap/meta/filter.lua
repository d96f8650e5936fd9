---@meta moontap
--- Types for editors, as in moontap/meta.lua: filters.

--- tostring tells the text that it was made of, or how many instructions it has.
---@class moontap.Filter
local Filter = {}

--- Does the filter accept a frame?
---
---     print(web:matches(p:bytes()))
---
---@param bytes string
---@param options? { len: integer?, vlan_tci: integer?, vlan_tpid: integer? }  length on the wire,
---- and a tag that the kernel lifted out
---@return boolean
function Filter:matches(bytes, options) end

--- What runs in the kernel, what after decoding, and why.
---
---     print(web:explain())
---
---@return string
function Filter:explain() end

--- The program as tcpdump -d, -dd and -ddd print it.
---
---     print(web:dump("text"))
---
---@param form? "text"|"c"|"numbers"
---@param program? "kernel"|"file"  for a socket, or for whole frames
---@return string? text
---@return string? message  why there is no such program
function Filter:dump(form, program) end

--- The program's instructions: { {code, jt, jf, k}, ... }.
---
---     print(#web:code())
---
---@param program? "kernel"|"file"
---@return integer[][]? code
---@return string? message
function Filter:code(program) end

--- What the text may not mean as it was meant.
---
---     for _, text in ipairs(web:warnings()) do print(text) end
---
---@return string[]
function Filter:warnings() end

--- Does the kernel's program say all of the filter?
---
---     print(web:exact())
---
---@return boolean
function Filter:exact() end

--- Does it accept every frame, none, or some?
---
---     print(web:verdict())
---
---@return "always"|"never"|"sometimes"
function Filter:verdict() end

--- Free the filter. Collecting it does the same.
---
---     web:close()
function Filter:close() end

return Filter
