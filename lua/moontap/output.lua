--- Standard output under the host. A reader that went away (moontap ... | head) ends the run, as
-- does an output that was closed from the start, and a full disk fails it; plain Lua would go on
-- and write nothing. Invariant: once a write failed, M.failure is set, and M.CLOSED or a message
-- was raised where the script wrote.
local M = {}

--- The errors of a write that nobody waits for.
local GONE <const> = { [32] = "EPIPE", [9] = "EBADF" }

--- What is raised when the reader went away. It is no failure.
M.CLOSED = setmetatable({}, {
  __tostring = function() return "standard output was closed" end,
})

--- Pass a write's results on, or raise what went wrong.
local function checked(file, message, code)
  if file then return file end
  M.failure = GONE[code] and M.CLOSED
    or ("standard output: cannot write: %s"):format(message)
  error(M.failure, 0)
end

--- A print that looks at what became of its line.
local function checked_print(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  checked(io.stdout:write(table.concat(parts, "\t"), "\n"))
end

--- Write each line out at once. A stream that is line-buffered by the C library hides the failure
-- of the write behind a line's end, so where output is watched each write is flushed.
function M.each_line()
  if M.watched then M.flushes = true else io.stdout:setvbuf("line") end
end

--- Watch print, io.write and io.stdout's own write.
function M.watch()
  M.watched = true
  local methods <const> = getmetatable(io.stdout).__index
  local raw_write <const>, stdout <const> = methods.write, io.stdout
  local function write(file, ...)
    if file == stdout then
      checked(raw_write(file, ...))
      if M.flushes then checked(file:flush()) end
      return file
    end
    return raw_write(file, ...)
  end
  rawset(methods, "write", write)
  rawset(io, "write", function(...) return write(io.output(), ...) end)
  rawset(_G, "print", checked_print)
end

--- Write out what is buffered. Returns a message where that fails, but not for a reader that
-- went away.
---@return string? message
function M.flush()
  local ok, message, code = io.stdout:flush()
  if M.failure == M.CLOSED or (not M.failure and (ok or GONE[code])) then return nil end
  return M.failure or ("standard output: cannot write: %s"):format(message)
end

--- Print a text and end the process, with status 0 if that could be done.
---@param text string
function M.finish(text)
  pcall(io.stdout.write, io.stdout, text)
  local message = M.flush()
  if message then io.stderr:write("moontap: ", message, "\n") end
  os.exit(message and 1 or 0, true)
end

return M
