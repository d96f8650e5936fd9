--- What the program moontap does once its C has opened what the command line names and has given
-- power away: find out what to run (script, tool, code, or print), run it, tell the counts. It
-- runs under plain lua5.4 too, but for what needs power.
local arguments = require "moontap.arguments"
local check = require "moontap.check"
local command = require "moontap.command"
local core = require "moontap.core"
local oneliner = require "moontap.oneliner"
local output = require "moontap.output"
local report = require "moontap.report"
local tools = require "moontap.tools"

local M = {}

local DONE <const>, FAILED <const>, USAGE <const> = 0, 1, 2

local function tell(text)
  io.stderr:write("moontap: ", text, "\n")
end

--- "script.lua:3: ", where the Lua at work is, seen from a message handler's function.
local function position()
  local level = 3
  while debug.getinfo(level, "S") do
    local at = debug.getinfo(level, "Sl")
    if at.currentline > 0 then return ("%s:%d: "):format(at.short_src, at.currentline) end
    level = level + 1
  end
  return ""
end

--- A failure in words, and where it was.
local function describe(err)
  if err == output.CLOSED then return err end
  local class = debug.getmetatable(err)
  local is_text = type(err) == "string"
  local speaks = is_text or type(class) == "table" and class.__tostring
  local text = speaks and tostring(err)
    or ("%sthe error raised is no text but a %s value"):format(position(), type(err))
  local trace = debug.traceback("", 2):gsub("^(.*)\n%s*%[C%]: in function 'xpcall'.*$", "%1")
  return { text = text, trace = trace, is_text = is_text }
end

--- The counts, last of all: after what a script printed, whichever way it ends.
local told = false
local function tell_counts()
  local capture = command.opened()
  if told or not capture then return end
  told = true
  tell(report.counts(capture:stats()))
end

--- A script that ends the process leaves the counts behind, too.
local function watch_exit()
  local exit <const> = os.exit
  rawset(os, "exit", function(...)
    io.stdout:flush()
    tell_counts()
    exit(...)
  end)
end

--- The text of a script, where the host has not read it.
local function read_script(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, (message:gsub("^(.-): ", "%1: cannot open: ", 1)) end
  local text
  text, message = file:read("a")
  file:close()
  if not text then return nil, ("%s: cannot read: %s"):format(path, message) end
  return (text:gsub("^#[^\n]*", ""))
end

--- A script as something to run, or nil and what is wrong with it.
local function load_script(path, info)
  local text, message = info.script_source, nil
  if not text then text, message = read_script(path) end
  if not text then return nil, message end
  local chunk
  chunk, message = load(text, "@" .. path, "t")
  if not chunk then
    return nil, text:byte() == 27 and path .. ": cannot load: " .. message or message
  end
  return { run = chunk, is_script = true }
end

local function tool_names()
  local names = {}
  for i, tool in ipairs(tools) do names[i] = tool[1] end
  return names
end

--- A tool as something to run: a module that runs when it is loaded.
local function find_tool(name)
  local module = "moontap.tools." .. name
  if name:match("^[%w_%-]+$")
    and (package.preload[module] or package.searchpath(module, package.path)) then
    return { run = function() require(module) end }
  end
  return nil, ("no tool '%s'%s, --list lists them"):format(name, check.hint(name, tool_names()))
end

--- Words that begin a filter, beside the names of protocols and fields.
local FILTER_WORDS <const> = {}
for word in ([[
  ah atalk broadcast carp decnet dst esp ether fddi gateway geneve greater gre host
  icmp6 igmp igrp inbound ip6 ipx iso lat len less link llc moprc mopdl mpls multicast net netbeui
  not outbound pim port portrange ppp pppoed pppoes proto protochain radio rarp sctp slip src stp
  tr type vrrp vxlan wlan
]]):gmatch("%S+") do FILTER_WORDS[word] = true end

local function begins_filter(word)
  if FILTER_WORDS[word] or not word:match("^[%a_][%w_%-]*$") then return true end
  for _, field in ipairs(core.fields()) do
    if word == field.name or word == field.protocol then return true end
  end
  return false
end

--- What is wrong with a line whose first word is neither script nor tool, whose words and options
--- were surveyed.
local function explain_word(word, survey, message)
  if survey.message then return survey.message end
  if survey.count > 1 or begins_filter(word) then return arguments.no_filter(word) end
  return message
end

local function run_count()
  local capture = assert(command.capture())
  assert(capture:run())
  print(("%d packets"):format(capture:stats().delivered))
end

local function load_code(general)
  local program, message = oneliner.compile(general)
  if not program then return nil, message, FAILED end
  local function run()
    oneliner.run(program, require("moontap"), assert(command.capture()))
  end
  return { run = run }
end

--- What to run where the line names neither script nor tool.
local function find_mode(general)
  local has_code = general.code or general.begin or general.finish
  if has_code and general.fields then return nil, "give code or --fields, not both" end
  if general.count and (has_code or general.fields) then
    return nil, "--count goes with neither code nor --fields"
  end
  if has_code then return load_code(general) end
  if general.count then return { run = run_count } end
  return find_tool("print")
end

local function looks_like_script(word)
  return word:find("/", 1, true) ~= nil or word:match("%.lua$") ~= nil
end

--- Set 'arg' as lua5.4 would: word 'at' is number 0, the others follow.
local function set_arg(words, at)
  local rest = { [0] = at and words[at] or words[0] }
  for i, word in ipairs(words) do
    if i ~= at then rest[#rest + 1] = word end
  end
  rawset(_G, "arg", rest)
end

--- Find out what to run. Returns it, or nil, a message and the exit status.
local function find_work(words, info)
  local survey = arguments.survey(words)
  local at, word = survey.script, words[survey.script]
  local is_script = word and looks_like_script(word)
  set_arg(words, at)
  command.begin({
    bare = not word, tool = not is_script and word or nil,
    host = info.prepared ~= nil, sealed = survey.sealed,
  })
  if not word then
    local work, message, status = find_mode(command.general())
    return work, message, status or USAGE
  end
  if is_script then
    local work, message = load_script(word, info)
    return work, message, FAILED
  end
  local work, message = find_tool(word)
  return work, not work and explain_word(word, survey, message), USAGE
end

--- Report how the work failed. Where a tool asserts that something opened, or a file ends in the
-- middle of a record, the message alone says it all; a script's author is shown where it was.
local function report_failure(failure, work)
  local asserted = failure.trace:match("^\nstack traceback:\n\t%[C%]: in function 'assert'\n")
  local positioned = failure.text:match("^[^\n:]+:%d+: ")
  if work.is_script or not failure.is_text or positioned and not asserted then
    return tell(failure.text .. failure.trace)
  end
  tell((failure.text:gsub("^%S+%.lua:%d+: ", "")))
end

--- Run the work and flush what it printed. Returns the exit status.
local function run_work(work)
  local ok, failure = xpcall(work.run, describe, table.unpack(arg))
  local unwritten = output.flush()
  if not ok and failure ~= output.CLOSED then
    report_failure(failure, work)
    return FAILED
  end
  if not unwritten then return DONE end
  tell(unwritten)
  return FAILED
end

--- Do what a command line says.
---@param words table  the words behind the program's name, which is words[0]
---@param info? { prepared: boolean?, script_source: string? }  from the host
---@return integer status  0 done, 1 failed, 2 wrong usage
function M.main(words, info)
  output.watch()
  watch_exit()
  local work, message, status = find_work(words, info or {})
  if not work then
    tell(message)
    return status
  end
  status = run_work(work)
  tell_counts()
  return status
end

return M
