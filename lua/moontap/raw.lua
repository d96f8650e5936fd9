--- The core's methods that Lua stands before, to check what scripts give: raw.capture.run(cap).
-- They are taken off their classes, so that objects offer scripts the checked ones alone, and kept
-- with the core, since a second load of this file finds nothing left to take.
local core = require "moontap.core"

local CAPTURE <const> = {
  "aggregate_raw", "each", "every_raw", "fields", "flows_raw", "limit_raw", "next_raw", "on",
  "packets", "run_raw", "save_raw", "set_filter_raw", "trouble_raw",
}

local function take(class, names)
  local taken = {}
  for _, name in ipairs(names) do
    taken[(name:gsub("_raw$", ""))] = assert(class[name], name)
    class[name] = nil
  end
  return taken
end

core.raw = core.raw or {
  aggregate = take(core.aggregate, { "top_raw" }),
  capture = take(core.capture, CAPTURE),
  filter = take(core.filter_methods, { "matches_raw" }),
  writer = take(core.writer_methods, { "dump_raw", "write_raw" }),
}

return core.raw
