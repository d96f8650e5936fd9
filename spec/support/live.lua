--- Live links for specs: pairs of virtual Ethernet devices in the private
--- network namespace of the run (helper.lua makes it), senders of frames, and
--- the kernel's own counters to compare with.
---
---     local link <close> = live.pair()         -- link.a and link.b are names of interfaces
---     live.send(link.a, { count = 1000 })      -- arrives at link.b

local run = require "spec.support.run"
local wait = require "spec.support.wait"

local M = {}

local pairs_made = 0

--- True where live specs can run.
function M.available()
  return os.getenv("MOONTAP_ISOLATED") == "yes"
end

--- What 'it' is in a live spec: it goes pending only where the system refuses a private namespace,
--- which the project's own check run does not accept.
---@param it function  busted's
---@param pending function  busted's
function M.it(it, pending)
  if M.available() then return it end
  assert(not os.getenv("MOONTAP_CI"), "live specs have to run here, but unshare was refused")
  return pending
end

local function sh(words)
  local r = run(words)
  if r.code ~= 0 then error(table.concat(words, " ") .. ": " .. r.err, 3) end
  return r.out
end

local Link = {}
Link.__index = Link

function Link:close()
  if not self.a then return end
  -- Deleting one end deletes both.  It is gone already where a spec took it away.
  run { "ip", "link", "del", self.a }
  self.a, self.b = nil, nil
end

Link.__close = Link.close
Link.__gc = Link.close

--- A pair of connected interfaces that are up and silent: IPv6 is off before they come up, since
--- the kernel would send packets of its own.
---@param options? table  { mtu = bytes, down = true: leave both down }
function M.pair(options)
  options = options or {}
  pairs_made = pairs_made + 1
  local link = setmetatable({ a = "mt" .. pairs_made .. "a", b = "mt" .. pairs_made .. "b" }, Link)
  sh { "ip", "link", "add", link.a, "type", "veth", "peer", "name", link.b }
  for _, name in ipairs { link.a, link.b } do
    run.write("/proc/sys/net/ipv6/conf/" .. name .. "/disable_ipv6", "1")
    if options.mtu then sh { "ip", "link", "set", name, "mtu", options.mtu } end
    if not options.down then M.up(name) end
  end
  return link
end

--- Bring an interface up, and wait until it carries frames.
---@param name string
function M.up(name)
  sh { "ip", "link", "set", name, "up" }
end

---@param name string
function M.down(name)
  sh { "ip", "link", "set", name, "down" }
end

--- The kernel's counters of an interface: rx_ and tx_ bytes, packets, dropped.
---@param name string
---@return table<string, integer>
function M.counters(name)
  for line in io.lines("/proc/net/dev") do
    local found, rest = line:match("^%s*(%S+):%s*(.*)$")
    if found == name then
      local n = {}
      for number in rest:gmatch("%d+") do n[#n + 1] = math.tointeger(tonumber(number)) end
      return {
        rx_bytes = n[1], rx_packets = n[2], rx_dropped = n[4],
        tx_bytes = n[9], tx_packets = n[10], tx_dropped = n[12],
      }
    end
  end
  error("no interface " .. name, 2)
end

--- How many ask for all frames of an interface, packet sockets included.
---@param name string
---@return integer
function M.promiscuity(name)
  return math.tointeger(tonumber(sh { "ip", "-d", "link", "show", "dev", name }:match("promiscuity (%d+)")))
end

--- The sender, made when it is not there.
local function sender()
  local path = run.build .. "/spec/send"
  if not M.sender_made then
    sh { "make", "-s", "BUILD=" .. run.build, path, env = { LD_PRELOAD = false, MAKEFLAGS = false } }
    M.sender_made = true
  end
  return path
end

local function sender_words(interface, options)
  local words = { sender(), interface, env = { LD_PRELOAD = false } }
  for _, name in ipairs { "count", "ms", "size", "pps", "taps" } do
    if options[name] then words[#words + 1] = name .. "=" .. options[name] end
  end
  return words
end

--- Send frames (spec/support/send.c says which) and return how many the kernel took.
---@param interface string
---@param options table  { count =, ms =, size =, pps =, taps = 1: captures on 'interface' see them too }
---@return integer
function M.send(interface, options)
  return math.tointeger(tonumber(sh(sender_words(interface, options))))
end

local Flood = {}
Flood.__index = Flood

--- End the flood and return how many frames the kernel took.
---@return integer
function Flood:stop()
  self.process:kill("TERM")
  local r = self.process:finish()
  assert(r.code == 0, r.err)
  return math.tointeger(tonumber(r.out))
end

function Flood:close()
  self.process:close()
end

Flood.__close = Flood.close

--- Send at full speed in the background, until stop() or for a minute.
---@param interface string
---@param options? table  { size =, pps =, ms =, count = }
function M.flood(interface, options)
  options = options or {}
  local words = sender_words(interface, {
    size = options.size, pps = options.pps, count = options.count, ms = options.ms or 60000,
  })
  local before = M.counters(interface).tx_packets
  local flood = setmetatable({ process = run.start(words) }, Flood)
  wait.until_true("frames flow on " .. interface, function()
    return M.counters(interface).tx_packets > before or flood.process:ended()
  end)
  return flood
end

return M
