--- README.md is a test. Its examples run as they stand there, one shell for each block, in a folder
--- that looks like the checkout: scripts are the Lua blocks, by the name in their first line, and
--- eth0 is one end of a private cable on which frames flow. Output that is shown has to come: "…"
--- stands for anything in a line, or alone for any lines; lines of standard error are those that
--- begin with "moontap: ". What the text names (files, options, fields, functions) has to exist.
local build = require "spec.support.build"
local core = require "moontap.core"
local generate = require "spec.bench.generate"
local lfs = require "lfs"
local live = require "spec.support.live"
local options = require "moontap.options"
local run = require "spec.support.run"
local tap = require "moontap"
local tools = require "moontap.tools"

local README <const> = assert(run.read "README.md")
local HERE <const> = lfs.currentdir()
local BUILD <const> = run.build:find("^/") and run.build or HERE .. "/" .. run.build
local it_live = live.it(it, pending)

-- Sanitizers take their time, and in a user's own namespace tcpdump cannot become its user.
local is_user = not run.read("/proc/self/uid_map"):find("4294967295", 1, true)
local it_measured = (is_user or os.getenv("MOONTAP_PRELOAD")) and pending or it

--- A block's commands, each with the lines shown below it.
local function commands_of(block)
  local commands = {}
  for _, line in ipairs(block.lines) do
    local text = line:match("^%$ (.*)$")
    if text then
      commands[#commands + 1] = { text = text, shown = {} }
    else
      local last = assert(commands[#commands], ("README.md:%d: output of no command"):format(block.at))
      last.shown[#last.shown + 1] = line
    end
  end
  return commands
end

--- The fenced blocks, and the text without them. A block has its kind (the word behind the fence), the
--- line of the fence, its lines, its commands if it is "sh", and the reason why it is not run, if any.
local function read_blocks()
  local blocks, prose, block, before, number = {}, {}, nil, "", 0
  for line in README:gmatch("([^\n]*)\n") do
    number = number + 1
    local fence = line:match("^```(%a*)$")
    if fence and block then
      block.commands = block.kind == "sh" and commands_of(block) or {}
      blocks[#blocks + 1], block = block, nil
    elseif fence then
      block = { kind = fence, at = number, lines = {}, reason = before:match("^<!%-%- not run: (.+) %-%->$") }
    else
      local into = block and block.lines or prose
      into[#into + 1] = line
    end
    before = line
  end
  return blocks, table.concat(prose, "\n")
end

local blocks, prose = read_blocks()

--- What stands between backticks in the text.
local function code_words()
  local words = {}
  for word in prose:gmatch("`([^`]+)`") do words[#words + 1] = word end
  return words
end

--- All code there is, in blocks and in the text.
local function all_code()
  local parts = code_words()
  for _, block in ipairs(blocks) do parts[#parts + 1] = table.concat(block.lines, "\n") end
  return table.concat(parts, "\n")
end

--- Does 'line' fit what is shown, where "…" stands for anything?
local function line_fits(shown, line)
  local pattern = shown:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"):gsub("…", ".*")
  return line:find("^" .. pattern .. "$") ~= nil
end

local function lines_fit(shown, lines, i, j)
  i, j = i or 1, j or 1
  if not shown[i] then return not lines[j] end
  if shown[i] == "…" then
    for next_line = j, #lines + 1 do
      if lines_fit(shown, lines, i + 1, next_line) then return true end
    end
    return false
  end
  return lines[j] ~= nil and line_fits(shown[i], lines[j]) and lines_fit(shown, lines, i + 1, j + 1)
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n?") do lines[#lines + 1] = line end
  if lines[#lines] == "" then lines[#lines] = nil end
  return lines
end

--- The lines shown, by where they are written to.
local function split_shown(shown)
  local out, err = {}, {}
  for _, line in ipairs(shown) do
    local into = line:find("^moontap: ") and err or out
    into[#into + 1] = line
  end
  return out, err
end

--- A line of counts that add up, or nothing, is what may be left out.
local function only_counts(err)
  local seen, delivered, filtered, dropped, unread =
    err:match("^moontap: (%d+) seen, (%d+) delivered, (%d+) filtered, (%d+) dropped, (%d+) unread\n$")
  return err == "" or seen ~= nil and seen + 0 == delivered + filtered + dropped + unread
end

--- How this build was made, so that the examples' make finds nothing to do.
local function make_words()
  local flags = assert(run.read(run.build .. "/flags"), "nothing is built")
  local words = { "command", "make", "-s", "BUILD=" .. BUILD }
  words[#words + 1] = "CC=" .. flags:match("^(.-) %-std=c11")
  words[#words + 1] = "WERROR=" .. (flags:find(" -Werror ", 1, true) and "1" or "")
  words[#words + 1] = "CFLAGS=" .. flags:match("%-isystem %S+ +(.-)%s*$")
  return run.quote(words)
end

local folder, link, flood

--- A bash script that runs a block's commands and keeps what each of them wrote, with its status.
local function script_of(block)
  local parts = {
    "set -o pipefail", 'sudo() { "$@"; }', ('make() { %s "$@"; }'):format(make_words()), "cd " .. folder,
  }
  for i, command in ipairs(block.commands) do
    parts[#parts + 1] = ("{ %s\n} >%s/%d.out 2>%s/%d.err </dev/null; echo $? >%s/%d.rc"):format(
      command.text, folder, i, folder, i, folder, i)
  end
  return table.concat(parts, "\n")
end

local function check_command(block, i)
  local command = block.commands[i]
  local function written(suffix) return run.read(("%s/%d.%s"):format(folder, i, suffix)) or "" end
  local out, err = written "out", written "err"
  local told = ("README.md:%d: %s\nstatus: %sstdout:\n%sstderr:\n%s"):format(
    block.at, command.text, written "rc", out, err)
  assert.is_true(written "rc" == "0\n", told)
  local shown_out, shown_err = split_shown(command.shown)
  if #shown_err > 0 then
    assert.is_true(lines_fit(shown_err, lines_of(err)), told)
  elseif not command.text:find("^make ") then
    assert.is_true(only_counts(err), told)
  end
  assert.is_true(lines_fit(shown_out, lines_of(out)), told)
end

local function run_block(block)
  local r = run {
    "bash", "-c", script_of(block),
    env = {
      PATH = ("%s/bin:%s"):format(BUILD, os.getenv "PATH"),
      HOME = folder .. "/home", TZ = "UTC", LC_ALL = "C", MAKEFLAGS = false, SUDO_UID = false,
    },
  }
  assert.same({ 0, "" }, { r.code, r.err })
  for i in ipairs(block.commands) do check_command(block, i) end
end

--- The scripts by their names.
local function scripts()
  local found = {}
  for _, block in ipairs(blocks) do
    if block.kind == "lua" then
      local name = block.lines[1]:match("^%-%- ([%w_]+%.lua)$")
      assert(name, ("README.md:%d: a script without its name"):format(block.at))
      found[name] = table.concat(block.lines, "\n") .. "\n"
    end
  end
  return found
end

--- A folder with what the checkout has, the scripts, and a home.
local function make_folder()
  local base = os.tmpname()
  os.remove(base)
  folder = base .. ".d"
  assert(lfs.mkdir(folder) and lfs.mkdir(folder .. "/home"))
  for name in lfs.dir(HERE) do
    if not name:find("^%.") then assert(lfs.link(HERE .. "/" .. name, folder .. "/" .. name, true)) end
  end
  for name, text in pairs(scripts()) do run.write(folder .. "/" .. name, text) end
  -- the program reads as nobody what a script opens
  assert(run { "chmod", "-R", "a+rX", folder .. "/home", folder }.code == 0)
end

--- eth0, and frames that arrive there until the end.
local function make_traffic()
  link = live.pair { down = true }
  for _, words in ipairs { { "link", "set", link.b, "name", "eth0" }, { "link", "set", "eth0", "up" } } do
    assert(run { "ip", table.unpack(words) }.code == 0)
  end
  live.up(link.a)
  flood = live.flood(link.a, { pps = 1000 })
end

--- What the table of the text that begins with 'head' has in its columns.
local function table_rows(head)
  local rows = {}
  local body = prose:match("\n| " .. head .. " |[^\n]*\n|[-|]+\n(.-\n)\n")
  for line in assert(body, "no table of " .. head):gmatch("([^\n]+)\n") do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do cells[#cells + 1] = cell end
    rows[#rows + 1] = cells
  end
  return rows
end

--- CPU seconds of a command, the least of two runs.
local function cpu_seconds(command)
  local least = math.huge
  for _ = 1, 2 do
    local r = run {
      "bash", "-c", ("TIMEFORMAT='%%U %%S'; time %s >/dev/null 2>&1"):format(command), cwd = folder,
      env = { PATH = ("%s/bin:%s"):format(BUILD, os.getenv "PATH") },
    }
    local user, system = r.err:match("([%d.]+) ([%d.]+)\n$")
    assert(r.code == 0 and user, r.err)
    least = math.min(least, user + system)
  end
  return least
end

describe("what README.md shows", function()
  setup(function()
    make_folder()
    if live.available() then make_traffic() end
  end)

  teardown(function()
    if flood then flood:close() end
    if link then link:close() end
    run { "rm", "-r", folder }
  end)

  for _, block in ipairs(blocks) do
    local first = block.commands[1]
    if first and not block.reason then
      local is_live = first.text:find("^sudo ")
      local needs_socket = first.text:find("loop.lua", 1, true) and not package.searchpath("socket", package.path)
      local this = needs_socket and pending or is_live and it_live or it
      this("is true: " .. first.text, function() run_block(block) end)
    end
  end

  it("has a command for each script", function()
    for name in pairs(scripts()) do
      assert.is_truthy(README:find("[^`%w]" .. name:gsub("%.", "%%.") .. "[ `\n]"), name)
    end
  end)

  -- On a smaller file starting up weighs more; a third of what is claimed has to be there.
  it_measured("is faster than others by about as much, in CPU time", function()
    generate.write("imix", folder .. "/big.pcap", 30000)
    local measured, compared = {}, 0
    for i, row in ipairs(table_rows "question") do
      local ours, claimed = measured[i - 1], tonumber(row[3])
      measured[i] = { claimed = claimed, seconds = cpu_seconds(row[2]:match("`(.*)`")) }
      if row[1] == "the same" then
        local factor, wanted = measured[i].seconds / ours.seconds, claimed / ours.claimed
        assert.is_true(factor > wanted / 3, ("%s: %.1f, claimed %.1f"):format(row[2], factor, wanted))
        compared = compared + 1
      end
    end
    assert.equal(2, compared)
  end)
end)

--- The options that the program or one of 'helps' knows.
local function known_options()
  local known = {}
  local helps = { { "--help" } }
  for _, tool in ipairs(tools) do helps[#helps + 1] = { tool[1], "--help" } end
  for _, words in ipairs(helps) do
    local r = run { run.moontap, table.unpack(words) }
    assert.equal(0, r.code)
    for option in r.out:gmatch("%f[%S](%-%-?%a[%w-]*)") do known[option] = true end
  end
  return known
end

describe("README.md", function()
  it("names files that exist", function()
    local count = 0
    for _, word in ipairs(code_words()) do
      local path = word:match("^%f[%w][%w_./-]+$")
      if path and (path:find("^%l+/") or path:find("%.[ch]$")) and not path:find("^build/") then
        assert.is_truthy(lfs.attributes(path, "mode"), path)
        count = count + 1
      end
    end
    assert.is_true(count > 20)
  end)

  it("shows the tree as it is", function()
    local listed, parent = {}, ""
    for _, block in ipairs(blocks) do
      for _, line in ipairs(block.kind == "" and block.lines or {}) do
        local indent, path = line:match("^( *)(%S+)")
        if #indent == 0 then parent = path end
        path = (#indent > 0 and parent or "") .. path
        assert.is_truthy(lfs.attributes((path:gsub("/$", "")), "mode"), path)
        listed[path:gsub("/$", "")] = true
      end
    end
    for room in lfs.dir "csrc" do
      if not room:find("^%.") then assert.is_true(listed["csrc/" .. room], room) end
    end
    for name in lfs.dir "." do
      local own = name:find("^%.") or name == "build" or name == "README.md" or name == "lua"
      if not own then assert.is_true(listed[name], name) end
    end
  end)

  it("has the table of tools that --list prints", function()
    local rows, wanted = table_rows "tool", {}
    for i, tool in ipairs(tools) do wanted[i] = { "`" .. tool[1] .. "`", tool[2] } end
    assert.same(wanted, rows)
    local list = run { run.moontap, "--list" }.out
    for _, row in ipairs(rows) do assert.is_truthy(list:find(row[2], 1, true), row[2]) end
  end)

  it("has the table of options that --help prints", function()
    local wanted = {}
    for i, option in ipairs(options.general) do
      local names = { option.short and "-" .. option.short, option.long and "--" .. option.long }
      if not option.short then names = { names[2] } end
      local form = option.optional and "[=%s]" or option.long and not option.short and "=%s" or " %s"
      local value = option.value and form:format(option.value) or ""
      wanted[i] = { ("`%s%s`"):format(table.concat(names, ", "), value), option.help }
    end
    assert.same(wanted, table_rows "option")
  end)

  it("has a table of filters that compile without a warning", function()
    local rows = table_rows "filter"
    assert.is_true(#rows > 12)
    for _, row in ipairs(rows) do
      local text = row[1]:match("^`(.*)`$")
      local filter, message = tap.filter(text, 1, { sets = { lab = { "10.0.5.0/24" } } })
      assert.is_truthy(filter, message)
      assert.same({}, filter:warnings(), text)
      assert.equal("sometimes", filter:verdict(), text)
    end
  end)

  it("explains the counts in the order of the last line", function()
    local names = {}
    for i, row in ipairs(table_rows "count") do names[i] = "0 " .. row[1] end
    local r = run { run.moontap, "-r", "-", stdin = build.pcap {} }
    assert.equal("moontap: " .. table.concat(names, ", ") .. "\n", r.err)
  end)

  it("names options that there are", function()
    local known, count = known_options(), 0
    for _, word in ipairs(code_words()) do
      if word:find("^%-") or word:find("^moontap ") then
        for option in (" " .. word):gmatch("%s(%-%-?%a[%w-]*)") do
          assert.is_true(known[option], option)
          count = count + 1
        end
      end
    end
    assert.is_true(count > 10)
  end)

  it("names fields that there are", function()
    local known, protocols, count = {}, { frame = true }, 0
    for _, field in ipairs(core.fields()) do
      known[field.name] = true
      if field.protocol then protocols[field.protocol] = true end
    end
    for name in all_code():gmatch('tap%.protocol%("([%w_]+)"') do protocols[name] = nil end
    for word in all_code():gmatch("%f[%w_./][%a][%w_]*%.[%w_.]+") do
      local is_file = word:find("%.%l$") or word:find("%.lua$") or word:find("%.pcap")
      if protocols[word:match("^[^.]+")] and not is_file then
        assert.is_true(known[word], word)
        count = count + 1
      end
    end
    assert.is_true(count > 10)
  end)

  it("names functions and ways to read a packet that there are", function()
    local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
    local segment = build.tcp("", ends, { srcport = 1, dstport = 80 })
    local p = tap.packet(build.eth(build.ipv4(segment, ends, { proto = 6 })))
    local code = all_code()
    for name in code:gmatch("%f[%w]tap%.([%a_]+)") do assert.is_function(tap[name], name) end
    for name in code:gmatch("%f[%w]cap:([%a_]+)") do assert.is_function(core.capture[name], name) end
    for name in code:gmatch("%f[%w]p:([%w_]+)") do assert.is_function(p[name], name) end
    for chain in code:gmatch("%f[%w]p%.([%w_.]+)") do
      local value = p
      for name in chain:gmatch("[^.]+") do value = value and value[name] end
    end
  end)

  it("names the types that options have", function()
    local sentence, count = prose:match("\nTypes are (.-);"), 0
    for name in sentence:gmatch("`(%l+)`") do
      local ok, message = options.declare { { "x", type = name, choices = name == "choice" and { "a" } or nil } }
      assert.is_truthy(ok, message)
      count = count + 1
    end
    assert.equal(9, count)
  end)

  it("names targets that make has", function()
    local phony = run.read("Makefile"):match("\n%.PHONY: ([^\n]*)\n")
    for target in all_code():gmatch("%f[%l]make (%l[%l-]*)") do
      if target ~= "rockspec" then assert.is_truthy((" " .. phony .. " "):find(" " .. target .. " ", 1, true)) end
    end
  end)
end)
