---@meta moontap
--- Types for editors, as in moontap/meta.lua: writers of capture files.

---@class moontap.Writer
local Writer = {}

--- Write a packet, or bytes and what is known of them.
---
---     local out <close> = assert(tap.writer "/dev/null")
---     assert(out:write(p, { comment = "the first" }))
---     assert(out:write("bytes", { time_ns = 1700000000000000000, linktype = 1 }))
---
---@param packet moontap.Packet|string
---@param options? { comment: string?, time_ns: integer?, linktype: integer?, len: integer? }  of a
--- packet a comment alone, which takes the place of its own
---@return boolean? ok
---@return string? message
---@return integer? errno
function Writer:write(packet, options) end

--- Write what a writer with 'keep' has in memory to a capture file, and go on keeping it.
---
---     local last <close> = assert(tap.writer { keep = "64M" })
---     cap:save(last)
---     cap:run()
---     print(assert(last:dump "/dev/null"))
---
---@param path string
---@return integer? packets  that were written
---@return string? message
---@return integer? errno
function Writer:dump(path) end

--- Write what waits in the buffer. A pass does so when it ends.
---
---     local out <close> = assert(tap.writer "/dev/null")
---     assert(out:flush())
---
---@return boolean? ok
---@return string? message
---@return integer? errno
function Writer:flush() end

--- Begin another file with the next packet. Raises where the writer has no 'rotate'.
---
---     local out <close> = assert(tap.writer { file = os.tmpname(), rotate = { size = "1M" } })
---     out:turn()
---
function Writer:turn() end

--- Write what is left and close the file.
---
---     assert(assert(tap.writer "/dev/null"):close())
---
---@return boolean? ok
---@return string? message
---@return integer? errno
function Writer:close() end

--- What was written, and what was not.
---
---     print(assert(tap.writer "/dev/null"):stats().packets)
---
---@return { packets: integer, bytes: integer, unsaved: integer }  unsaved: lost to an error
function Writer:stats() end
