-- make run: the demo ends with status 0 and a report of what was captured; it leaves nothing behind,
-- whatever ends it, and needs no root where users may make namespaces.

local lfs = require "lfs"
local live = require "spec.support.live"
local run = require "spec.support.run"
local wait = require "spec.support.wait"

local it = live.it(it, pending)

--- What every report of the demo says, and how many bytes of TCP it counted for.
local function assert_report(r)
  assert.equal(0, r.code, r.err)
  for _, name in ipairs {
    "10.7.0.1", "10.7.0.2", "fd07::1", "fd07::2", "arp", "icmp", "icmpv6", "udp", "tcp",
    "tcp 8080", "tcp 7777", "udp 7",
  } do
    assert.is_truthy(r.out:find("%f[%w]" .. name:gsub("%p", "%%%0") .. "%f[^%w]"), name .. " is not in:\n" .. r.out)
  end
  local seen, delivered = r.err:match("moontap: (%d+) seen, (%d+) delivered, 0 filtered, 0 dropped, 0 unread\n$")
  assert.is_truthy(seen, r.err)
  assert.equal(seen, delivered)
  assert.equal(seen, (r.out:match("^cable: ([%d,]+) packets, "):gsub(",", "")))
  return math.tointeger(tonumber(seen)), math.tointeger(tonumber(r.err:match("(%d+) bytes over TCP")))
end

--- Bytes that the report counts for a port: "tcp 8080   717  4.11 MiB".
local function bytes_at(out, port)
  local number, unit = out:match(port .. "%s+%d+%s+([%d.]+) (%a+)")
  return tonumber(number) * ({ B = 1, KiB = 1 << 10, MiB = 1 << 20 })[unit]
end

--- Ids of the processes that this run's demo started and that are still there.
local function left_over()
  local trace, list = "MOONTAP_TRACE=" .. os.getenv("MOONTAP_TRACE"), {}
  for pid in lfs.dir("/proc") do
    local environment = pid:find("^%d+$") and run.read("/proc/" .. pid .. "/environ") or ""
    if environment:find("MOONTAP_DEMO=inside", 1, true) and environment:find(trace, 1, true) then
      list[#list + 1] = pid
    end
  end
  return list
end

local function demo()
  return { "bash", "spec/support/demo.sh", run.moontap }
end

describe("make run", function()
  it("reports what two hosts said to each other, and other figures the next time", function()
    local packets, transferred = {}, {}
    for i = 1, 2 do
      local r = run(demo())
      packets[i], transferred[i] = assert_report(r)
      -- Headers and acknowledgements come on top; nothing of the transfer is missing.
      local counted = bytes_at(r.out, "tcp 8080")
      assert.is_true(counted >= transferred[i] * 0.995 and counted < transferred[i] * 1.1, r.out)
      assert.same({}, left_over())
    end
    assert.is_true(packets[1] ~= packets[2] or transferred[1] ~= transferred[2])
  end)

  it("cleans up when it is interrupted", function()
    for _, signal in ipairs { "INT", "TERM" } do
      local process <close> = run.start(demo())
      wait.until_true("the hosts talk", function() return process:err():find("they talk") end)
      assert.is_true(#left_over() > 0)
      process:kill(signal)
      assert.equal(2, process:finish().signal) -- 130, as of a shell
      wait.until_true("nothing of it runs", function() return #left_over() == 0 end)
    end
  end)

  it("fails where moontap does", function()
    local r = run { "bash", "spec/support/demo.sh", "/bin/false" }
    assert.equal(1, r.code)
    assert.matches("moontap ended before the hosts talked", r.err, 1, true)
    assert.same({}, left_over())
  end)

  it("works for an ordinary user", function()
    local folder = os.tmpname() .. ".d"
    assert(lfs.mkdir(folder))
    finally(function()
      run { "rm", "-r", folder }
      os.remove((folder:gsub("%.d$", "")))
    end)
    run { "cp", run.moontap, "spec/support/demo.sh", folder }
    run { "chmod", "-R", "a+rX", folder }
    local function as_user(...)
      return { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ... }
    end
    if run(as_user("unshare", "-Urn", "true")).code ~= 0 then
      return pending("users may not make namespaces here")
    end
    local r = run(as_user("bash", folder .. "/demo.sh", folder .. "/moontap"))
    assert_report(r)
  end)
end)
