--- What Lua adds to the core's captures: options are checked, units are read, and misuse blames
-- the line that misused. The core's own methods do the work.
local aggregate = require "moontap.aggregate"
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").capture
local units = require "moontap.units"

local M = {}

local Capture = core.capture

local RUN <const> = {
  count = { kind = "integer", min = 1, range = "1 and up" },
  duration = { kind = "time", min = 1, range = "1ns and up" },
  wait = { kind = "boolean", default = true },
}

--- Register 'fn' for packets that have all of 'names': cap:on(names, where, fn).
function Capture:on(names, where, fn)
  if fn == nil then where, fn = nil, where end
  return check.blame("on", pcall(raw.on, self, names, fn, where))
end

--- Register 'fn' for packet objects: cap:each(where, fn).
function Capture:each(where, fn)
  if fn == nil then where, fn = nil, where end
  return check.blame("each", pcall(raw.each, self, fn, where))
end

--- What is to be called before the first pass, by capture.
local before <const> = setmetatable({}, { __mode = "k" })

--- Call 'fn' before the first pass of 'cap', with the 'where' of the loop that makes it.
---@param cap moontap.Capture
---@param fn fun(where: any)
function M.before_pass(cap, fn)
  before[cap] = fn
end

local function announce(cap, where)
  local fn = before[cap]
  before[cap] = nil
  if fn then fn(where) end
end

--- Loop over packet objects: for p in cap:packets(where) do.
function Capture:packets(where)
  announce(self, where)
  return check.blame("packets", pcall(raw.packets, self, where))
end

--- Loop over values: for src, len in cap:fields({ "src", "len" }, where) do.
function Capture:fields(names, where)
  announce(self, where)
  return check.blame("fields", pcall(raw.fields, self, names, where))
end

--- Count packets by keys, in C.
function Capture:aggregate(options)
  local plan, message = aggregate.plan(options)
  if not plan then error("aggregate: " .. message, 2) end
  local ok, result = pcall(raw.aggregate, self, plan)
  if ok then return aggregate.dress(result) end
  return check.blame("aggregate", ok, result)
end

--- Save packets to a writer, in C: cap:save(writer, "tcp").
function Capture:save(writer, where)
  return check.blame("save", pcall(raw.save, self, writer, where))
end

--- Call 'fn' at every multiple of 'period'.
function Capture:every(period, fn)
  local ns, message = units.time(period)
  if ns == 0 then message = "a period cannot be 0" end
  if message then error("every: " .. message, 2) end
  return check.blame("every", pcall(raw.every, self, ns, fn))
end

local FLOWS <const> = {
  idle = { kind = "time", min = 1, range = "1ns and up" },
  limit = { kind = "integer", min = 1, max = 1 << 28, range = "1 to 2^28" },
  ended = { kind = "callback" },
}

--- Track conversations, and say when one ends.
function Capture:flows(options)
  local o, message = check.options(FLOWS, options)
  if not o then error("flows: " .. message, 2) end
  return check.blame("flows", pcall(raw.flows, self, o.idle, o.limit, o.ended))
end

--- What the command line says of each pass, by capture. It may only shorten what a script asks.
local limits <const> = setmetatable({}, { __mode = "k" })

--- Let each pass of 'cap' end after so many packets and so much time (nil: no end).
---@param cap moontap.Capture
---@param count? integer
---@param duration_ns? integer
function M.limit(cap, count, duration_ns)
  limits[cap] = { count = count, duration_ns = duration_ns }
  raw.limit(cap, count, duration_ns)
end

local function smaller(a, b)
  return a and b and math.min(a, b) or a or b
end

--- Raise, at the line of the script, what stands against a pass now.
local function check_idle(cap, what)
  local message = raw.trouble(cap, what)
  if message then error(message, 3) end
end

--- Make the pass. No protected call stands round it, so that a traceback shows where a script's
--- function failed.
function Capture:run(options)
  local o, message = check.options(RUN, options)
  if message then error("run: " .. message, 2) end
  check_idle(self, "run")
  announce(self)
  local limit = limits[self] or {}
  local count = smaller(o.count, limit.count)
  return raw.run(self, count, smaller(o.duration, limit.duration_ns), o.wait)
end

--- The next packet, or nil and "timeout", or nil at the end.
function Capture:next(timeout)
  check_idle(self, "read")
  announce(self)
  if timeout == nil then return raw.next(self) end
  local ns, message = units.time(timeout)
  if not ns then error("next: " .. message, 2) end
  return raw.next(self, units.ms(ns))
end

local SET_FILTER <const> = { sets = { kind = "list" } }

--- Exchange the filter, or take it away.
function Capture:set_filter(filter, options)
  local o, message = check.options(SET_FILTER, options)
  if not o then error("set_filter: " .. message, 2) end
  return check.blame("set_filter", pcall(raw.set_filter, self, filter, o.sets))
end

return M
