--- Which source the host opens, and when the run hears that it could not.

local live = require "spec.support.live"
local run = require "spec.support.run"

local it_live = live.it(it, pending)

--- Run the host in a namespace of its own, behind shell commands that prepare it.
local function host(prepare, words)
  local all = { "unshare", "-n", "sh", "-c", prepare .. '; exec "$@"', "sh", run.moontap }
  all.stdin = words.stdin
  return run(table.move(words, 1, #words, #all + 1, all))
end

--- A script that shows the capture that it was given.
local SHOW <const> = [[
  local capture, message, code = require("moontap").capture()
  if not capture then
    print(message, code)
  else
    local info = capture:info()
    print(capture, info.buffer, info.snaplen)
  end
]]

local function shown(prepare, ...)
  local r = host(prepare, { "/dev/stdin", stdin = SHOW, ... })
  assert.equal(0, r.code, r.err)
  return (r.out:gsub("\n$", ""))
end

--- A pair of interfaces, both down, in this order.
local function pair(a, b)
  return ("; ip link add %s index %d type veth peer name %s index %d"):format(
    a, a:byte() * 10, b, a:byte() * 10 + 1)
end

local function up(name)
  return "; ip link set " .. name .. " up"
end

--- The kernel finds out about links behind our back: wait until it has.
local function known(name, state)
  return ("; timeout 10 sh -c 'until ip -o link show %s | grep -q \"state %s \"; do :; done'"):format(name, state)
end

local LO <const> = "ip link set lo up"

local function ring(name)
  return ("capture (%s, ring)\t%d\tnil"):format(name, 32 << 20)
end

describe("without -i and -r the host", function()
  it_live("captures on the first interface that is up, rather on one with a link", function()
    local one <const> = LO .. pair("b0", "a0")
    local b0_alone <const> = one .. up "b0" .. known("b0", "LOWERLAYERDOWN")
    local linked <const> = up "c0" .. up "d0" .. known("c0", "UP") .. known("d0", "UP")
    assert.equal(ring "b0", shown(one .. up "a0" .. up "b0" .. known("a0", "UP") .. known("b0", "UP")))
    assert.equal(ring "b0", shown(b0_alone))
    assert.equal(ring "a0", shown(one .. up "a0"))
    assert.equal(ring "d0", shown(b0_alone .. pair("d0", "c0") .. linked))
  end)

  it_live("takes loopback last", function()
    assert.equal(ring "lo", shown(LO))
    assert.equal(ring "lo", shown(LO .. pair("b0", "a0")))
  end)

  it_live("lets the script know where there is none", function()
    assert.equal("network: cannot find an interface that is up\t0", shown("true"))
    local r = host("true", { "/dev/stdin", stdin = "print(1)" })
    assert.same({ 0, "1\n", "" }, { r.code, r.out, r.err })
  end)
end)

describe("the source that the line names", function()
  it_live("is an interface by name or by index, with its ring and length", function()
    assert.equal(ring "lo", shown(LO, "-i", "lo"))
    assert.equal(ring "lo", shown(LO, "-i1"))
    assert.equal("capture (lo, ring)\t1048576\t96", shown(LO, "-i", "lo", "-B", "1M", "-s", "96"))
    assert.equal("capture (lo, ring)\t1048576\tnil", shown(LO, "-ilo", "-B1024"))
    -- a name is a name, whatever it looks like
    assert.equal(ring "1", shown(LO .. pair("1", "a0") .. up "1", "-i", "1"))
  end)

  it_live("is promiscuous, but for -p", function()
    local PROMISCUITY <const> = [[
      assert(require("moontap").capture())
      print((io.popen("ip -d link show b0"):read("a"):match("promiscuity (%d)")))
    ]]
    for wanted, options in pairs { ["1\n"] = {}, ["0\n"] = { "-np" } } do
      local words = { "-i", "b0", "/dev/stdin", stdin = PROMISCUITY }
      table.move(options, 1, #options, 4, words)
      assert.equal(wanted, host(LO .. pair("b0", "a0") .. up "b0", words).out)
    end
  end)

  it_live("is refused only where the script asks for it", function()
    for option, message in pairs {
      ["-inope0"] = "^nope0: cannot .*: No such device\t19$",
      ["-i99"] = "^99: cannot .*: No such device\t19$",
      ["-ilo"] = "^lo: cannot .*: Network is down\t100$",
      ["-r/nonexistent"] = "^/nonexistent: cannot open: No such file or directory\t2$",
      ["-r/"] = "^/: cannot .*: Is a directory\t21$",
    } do
      assert.matches(message, shown("true", option))
      local r = host("true", { option, "/dev/stdin", stdin = "print(1)" })
      assert.same({ 0, "1\n", "" }, { r.code, r.out, r.err }, option)
    end
  end)

  it("is not opened for a text or a list", function()
    for _, word in ipairs { "--help", "--version", "-D", "--list", "--list-fields" } do
      -- a fifo without a writer would hold up who opens it
      local fifo = os.tmpname()
      os.remove(fifo)
      assert(run { "mkfifo", fifo }.code == 0)
      local r = run { "timeout", "5", run.moontap, "-r", fifo, word }
      os.remove(fifo)
      assert.equal(0, r.code, word .. ": " .. r.err)
      assert.is_true(#r.out > 5, word)
      assert.equal("", r.err, word)
    end
  end)
end)

describe("a list's pattern", function()
  it("may look like a script", function()
    local r = run { run.moontap, "--list-fields", "no/such" }
    assert.same({ 0, "" }, { r.code, r.err })
  end)
end)

describe("a standard descriptor that is closed", function()
  it("does not become a capture's", function()
    local text <const> = [[
      local pid = io.open("/proc/self/stat"):read("n")
      for fd = 0, 1 do io.stderr:write(io.popen(("readlink /proc/%d/fd/%d"):format(pid, fd)):read("a")) end
    ]]
    local script = os.tmpname()
    run.write(script, text)
    for closed, wanted in pairs {
      ["<&-"] = "^/dev/null\n", [">&-"] = "\n/dev/null\n$", ["<&- >&-"] = "^/dev/null\n/dev/null\n$",
    } do
      local r = run { "bash", "-c", '"$@" ' .. closed, "bash", run.moontap, "--keep-privileges", "-r",
        "/dev/zero", script }
      assert.equal(0, r.code, closed .. r.err)
      assert.matches(wanted, r.err, 1, false, closed)
    end
    os.remove(script)
  end)
end)

describe("wrong usage", function()
  it("ends the run with status 2 before anything is opened", function()
    for message, words in pairs {
      ["-B 12x: not a size"] = { "-B", "12x" },
      ["-s -1: not a size"] = { "-s-1" },
      ["--keep-privileges: not with --sealed or -Z"] = { "--sealed", "--keep-privileges" },
    } do
      local r = run { run.moontap, "-r", "/nonexistent", "./nonexistent.lua", table.unpack(words) }
      assert.same({ 2, "", "moontap: " .. message .. "\n" }, { r.code, r.out, r.err })
    end
  end)
end)
