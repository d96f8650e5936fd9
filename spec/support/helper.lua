--- What every run of busted does first: it moves into a network namespace of
--- its own, where nothing but loopback exists, and points require at what was
--- built.  So plain "busted" works too, and no spec can touch the machine's
--- interfaces.  Where the system refuses a namespace, live specs go pending.
--- It also watches that no spec leaves a descriptor or a ring behind.

local busted = require "busted"
local leaks = require "spec.support.leaks"
local long = require "spec.support.long"
local run = require "spec.support.run"

--- The arguments of this process, as they were given.
local function own_command()
  local file <close> = assert(io.open("/proc/self/cmdline", "rb"))
  local words = {}
  for word in file:read("a"):gmatch("([^\0]*)\0") do words[#words + 1] = word end
  return words
end

--- The words that start a command in a new network namespace, or nil where the system refuses.
local function isolation()
  for _, flags in ipairs { "-n", "-Urn" } do
    if run { "unshare", flags, "true" }.code == 0 then return { "unshare", flags, "--" } end
  end
  return nil
end

--- A run that hangs is ended, and says where it was.
local limit_s = long and 3600 or 540

--- Start this command again, isolated, with the paths of what was built; then leave with its status.
local function restart()
  local build = os.getenv("MOONTAP_BUILD") or "build"
  local here = run { "pwd", "-P" }.out:gsub("\n$", "")
  local words = isolation()
  local trace = os.tmpname()
  local environment = {
    MOONTAP_ISOLATED = words and "yes" or "no",
    MOONTAP_BUILD = build,
    MOONTAP_TRACE = trace,
    LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;;"):format(here, here, here),
    LUA_CPATH = ("%s/lua/?.so;;"):format(build:find("^/") and build or here .. "/" .. build),
    LD_PRELOAD = os.getenv("MOONTAP_PRELOAD"),
  }
  local prepare = words and "ip link set lo up; sysctl -qw net.ipv6.conf.default.disable_ipv6=1; " or ""
  words = words or {}
  table.move({ "sh", "-c", prepare .. 'exec "$@"', "sh" }, 1, 4, #words + 1, words)
  table.move({ "timeout", "--foreground", "-k", 5, limit_s, "env" }, 1, 6, #words + 1, words)
  for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. value end
  local own = own_command()
  table.move(own, 1, #own, #words + 1, words)
  local ok, _, status = os.execute(run.quote(words))
  if status == 124 then print(("\nended after %d s in: %s"):format(limit_s, run.read(trace))) end
  os.remove(trace)
  os.exit(ok and 0 or status, false)
end

if not os.getenv("MOONTAP_ISOLATED") then restart() end

busted.subscribe({ "test", "start" }, function(test, parent)
  run.write(os.getenv("MOONTAP_TRACE"), ("%s: %s %s"):format(test.trace.short_src, parent.name, test.name))
  return nil, true
end)

-- What a describe block opened, its teardown has to have closed.
local open = {}

busted.subscribe({ "describe", "start" }, function()
  open[#open + 1] = leaks.count()
  return nil, true
end)

busted.subscribe({ "describe", "end" }, function()
  leaks.check(table.remove(open))
  return nil, true
end)
