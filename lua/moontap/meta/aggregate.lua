---@meta moontap
--- Types for editors, as in moontap/meta.lua: tables of results.

--- A table of results, filled by its capture's passes. tostring makes a text of it.
---@class moontap.Aggregate
local Aggregate = {}

--- The rows with the most in a column.
---
---     for row in talk:top(10, "bytes") do print(row.src, row.bytes) end
---
---@param n? integer  rows, at most (10)
---@param column? string  the first one unless given
---@return fun(): table?  rows: values by the names of keys, as written, and of columns
function Aggregate:top(n, column) end

--- All rows, in order of their first packet.
---
---     for row in talk:rows() do print(row.src, row.packets) end
---
---@return fun(): table?
function Aggregate:rows() end

--- One row.
---
---     local row = talk:get("192.0.2.1")
---
---@param ... any  a value for each key; nil: absent
---@return table? row
function Aggregate:get(...) end

--- How many rows there are.
---
---     print(talk:count())
---
---@return integer
function Aggregate:count() end

--- The names of keys and columns.
---
---     print(table.concat(talk:columns().by, ", "))
---
---@return { by: string[], columns: string[] }
function Aggregate:columns() end

--- What packets with keys beyond the limit added up to.
---
---     local others = talk:others()
---
---@return table? row  the columns alone
function Aggregate:others() end

--- How many packets had keys beyond the limit.
---
---     print(talk:evicted())
---
---@return integer
function Aggregate:evicted() end

return Aggregate
