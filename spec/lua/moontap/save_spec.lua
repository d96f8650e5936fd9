--- The command line's options about capture files, through both doors.
local build = require "spec.support.build"
local run = require "spec.support.run"
local wait = require "spec.support.wait"

local COUNTS <const> = "moontap: %d seen, %d delivered, 0 filtered, 0 dropped, 0 unread\n"

local function counts(n) return COUNTS:format(n, n) end

local path, main, scripts = nil, nil, {}

setup(function()
  path, main = os.tmpname(), os.tmpname()
  local frames = {}
  for i = 1, 12 do
    frames[i] = { build.udp_frame { src = "192.0.2." .. (i % 3 + 1), dstport = i }, time_ns = 1700000000123456789 + i }
  end
  run.write(path, build.pcap(frames, { nanoseconds = true }))
  run.write(main, 'os.exit(require("moontap.cli").main(arg), true)')
end)

teardown(function()
  os.remove(path)
  os.remove(main)
  for _, script in ipairs(scripts) do os.remove(script) end
end)

local function script(text)
  local name = os.tmpname()
  os.remove(name)
  name = name .. ".lua"
  run.write(name, text)
  scripts[#scripts + 1] = name
  return name
end

local DOORS <const> = {
  host = function(words) return run { run.moontap, table.unpack(words) } end,
  lua = function(words) return run { run.lua, main, table.unpack(words) } end,
}

--- Run a line through both doors and expect the same of both.
local function both(words, wanted)
  for door, start in pairs(DOORS) do
    local r = start(words)
    assert.same(wanted, { code = r.code, out = r.out, err = r.err }, door .. ": " .. table.concat(words, " "))
  end
end

--- The same, with patterns for what is printed.
local function both_match(words, code, out, err)
  for door, start in pairs(DOORS) do
    local r = start(words)
    local line = door .. ": " .. table.concat(words, " ")
    assert.equal(code, r.code, line .. ": " .. r.err)
    assert.matches(out, r.out, 1, false, line)
    assert.matches(err, r.err, 1, false, line)
  end
end

describe("-w", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(run { "install", "-d", "-m", "777", folder }.code == 0)
  end)

  after_each(function() run { "rm", "-r", folder } end)

  it("saves all packets instead of printing them", function()
    for _, name in ipairs { "x.pcap", "x.pcapng", "x.pcap.gz" } do
      local file = folder .. "/" .. name
      run.write(file, "")
      assert(run { "chmod", "666", file }.code == 0) -- each door is another user
      both({ "-r", path, "-w", file, "-c", "7" }, { code = 0, out = "", err = counts(7) })
      both({ "-r", file, "--count" }, { code = 0, out = "7 packets\n", err = counts(7) })
    end
  end)

  it("saves beside a script, a tool and code", function()
    local file = folder .. "/x.pcap"
    local count <const> = script [[
      local cap, n = assert(require("moontap").capture()), 0
      for _ in cap:packets() do n = n + 1 end
      print(n)
    ]]
    run.write(file, "")
    assert(run { "chmod", "666", file }.code == 0)
    for _, words in ipairs { { count }, { "-e", "p.len" }, { "--count" }, { "top" }, { "--fields", "src" } } do
      both_match(table.move({ "-r", path, "-w", file }, 1, 3 + 1, #words + 1, words), 0, "%d", "12 seen")
      assert.equal(12, assert(require("moontap").open(file):run()).delivered)
    end
  end)

  it("writes to standard output", function()
    for door, start in pairs(DOORS) do
      local r = start { "-r", path, "-w", "-" }
      assert.equal(0, r.code, r.err)
      local cap <close> = assert(require("moontap").open { data = r.out })
      assert.equal(12, cap:run().delivered, door)
    end
  end)

  it("ends cleanly when nobody reads standard output any more", function()
    local big = folder .. "/big.pcap"
    local frames = {}
    for i = 1, 9000 do frames[i] = { ("x"):rep(100), time_ns = i } end
    run.write(big, build.pcap(frames))
    for door, words in pairs { host = { run.moontap }, lua = { run.lua, main } } do
      local line = run.quote(table.move({ "-r", big, "-w", "-" }, 1, 4, #words + 1, words))
      local r = run { "bash", "-c", ("%s | head -c 1000 | wc -c; echo ${PIPESTATUS[0]}"):format(line) }
      assert.equal("1000\n0\n", r.out, door .. r.err)
      assert.matches("^moontap: %d+ seen, %d+ delivered, 0 filtered, 0 dropped, 0 unread\n$", r.err)
    end
  end)

  it("names the file that cannot be written, and counts what is lost", function()
    local why <const> = "moontap: %s/no/x: cannot open for writing: No such file or directory\n"
    both({ "-r", path, "-w", folder .. "/no/x" }, { code = 1, out = "", err = why:format(folder) })
    both_match({ "-r", path, "-w", "/dev/full" }, 1, "^$",
      "moontap: [^\n]*: cannot save to /dev/full: write: No space left on device\n" ..
      "moontap: /dev/full: cannot write: No space left on device, 12 packets not saved\nmoontap: 12 seen")
  end)

  it("waits for more where --follow is given", function()
    local file = folder .. "/grows.pcap"
    local frames = build.pcap { "one", "two" }
    run.write(file, frames:sub(1, -20))
    for door, words in pairs { host = { run.moontap }, lua = { run.lua, main } } do
      run.write(file, frames:sub(1, -20))
      local p <close> = run.start(table.move({ "-r", file, "--follow", "--fields", "frame.len", "-l" }, 1, 6,
        #words + 1, words))
      wait.until_true("the first packet is printed", function() return p:out() == "3\n" end)
      local out <close> = assert(io.open(file, "ab"))
      out:write(frames:sub(-19))
      out:close()
      wait.until_true("the second packet is printed", function() return p:out() == "3\n3\n" end)
      p:kill("INT")
      local r = p:finish()
      assert.equal(0, r.code, door .. r.err)
      assert.matches("2 seen", r.err)
    end
  end)
end)

describe("-r given several times", function()
  local other

  before_each(function()
    other = os.tmpname()
    run.write(other, build.pcap({ { "early", time_ns = 1 }, { "late", time_ns = 1800000000 * 1000000000 } }))
  end)

  after_each(function() os.remove(other) end)

  it("merges files by time", function()
    both({ "-r", other, "-r", path, "--count" }, { code = 0, out = "14 packets\n", err = counts(14) })
    local wanted = "5\n" .. ("42\n"):rep(12) .. "4\n"
    both({ "-r", path, "--read=" .. other, "--fields", "frame.len" }, { code = 0, out = wanted, err = counts(14) })
  end)

  it("names the file that cannot be read, and waits for none", function()
    both({ "-r", path, "-r", "/nope.pcap" },
      { code = 1, out = "", err = "moontap: 2 files: cannot read /nope.pcap: open: No such file or directory\n" })
    both({ "-r", path, "-r", other, "--follow" }, { code = 2, out = "", err = "moontap: --follow is for one file\n" })
  end)
end)

describe("--route", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(run { "install", "-d", "-m", "777", folder }.code == 0)
  end)

  after_each(function() run { "rm", "-r", folder } end)

  it("saves to each file what its filter accepts, and counts it", function()
    local one, two = folder .. "/one.pcap", folder .. "/two.pcapng"
    for _, file in ipairs { one, two } do
      run.write(file, "")
      assert(run { "chmod", "666", file }.code == 0) -- each door is another user
    end
    both({ "-r", path, "--route", one .. "=src 192.0.2.1", "--route=" .. two .. "=udp.dstport >= 6" },
      { code = 0, out = "", err = ("moontap: %s: 4 packets\nmoontap: %s: 7 packets\n"):format(one, two) .. counts(12) })
    assert.equal(4, assert(require("moontap").open(one):run()).delivered)
    assert.equal(7, assert(require("moontap").open(two):run()).delivered)
  end)

  it("leaves a file alone whose filter is wrong", function()
    local one = folder .. "/one.pcap"
    run.write(one, "precious")
    both_match({ "-r", path, "--route", one .. "=txcp" }, 2, "^$",
      "^moontap: %-%-route " .. one .. ": filter:1:1: unknown word 'txcp'")
    assert.equal("precious", run.read(one))
    both({ "-r", path, "--route", "one" }, { code = 2, out = "", err = "moontap: --route: 'one' is not FILE=FILTER\n" })
  end)
end)
