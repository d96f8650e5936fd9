--- Waiting for something that happens outside: ask again until it is so, or
--- until a deadline.  A spec never waits for a time alone.

local system = require "system"

local M = {}

--- Call 'ask' until it returns something that is true, and return that.
---@param what string  for the message: "the tool ends"
---@param ask fun(): any
---@param seconds? number  10 unless given
function M.until_true(what, ask, seconds)
  local deadline = system.monotime() + (seconds or 10)
  repeat
    local answer = ask()
    if answer then return answer end
    system.sleep(0.002)
  until system.monotime() > deadline
  error(("waited %g s in vain until %s"):format(seconds or 10, what), 2)
end

--- Seconds on a clock that never steps back.
M.clock = system.monotime

return M
