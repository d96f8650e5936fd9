--- What the program moontap does once its C has opened what the command line names and has given
-- power away: find out what to run (script, tool, code, or print), run it, tell the counts. It
-- runs under plain lua5.4 too, but for what needs power.
local arguments = require "moontap.arguments"
local check = require "moontap.check"
local command = require "moontap.command"
local core = require "moontap.core"
local file = require "moontap.file"
local oneliner = require "moontap.oneliner"
local options = require "moontap.options"
local output = require "moontap.output"
local report = require "moontap.report"
local tools = require "moontap.tools"
local units = require "moontap.units"

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

--- A script as something to run, or nil and what is wrong with it.
local function load_script(path, info)
  local chunk, message = file.load(path, info.script_source)
  return chunk and { run = chunk, is_script = true }, message
end

local function tool_names()
  local names = {}
  for i, tool in ipairs(tools) do names[i] = tool[1] end
  return names
end

--- A tool as something to run: a module that runs when it is loaded. Nil where there is none.
local function find_tool(name)
  local module = "moontap.tools." .. name
  if name:match("^[%w_%-]+$")
    and (package.preload[module] or package.searchpath(module, package.path)) then
    return { run = function() require(module) end }
  end
end

--- What is wrong with a word that stands alone and is neither a tool nor a filter, or nil. Of what
--- looks like a filter, quoted, the filter's own error tells more.
local function wrong_word(word, general)
  if word ~= general.filter or word:find("[%s=<>!&|()%[%]{}/]") then return nil end
  local filter, _, fault = core.filter(word)
  if filter or fault.position > 1 or not fault.what:find("^unknown word") then return nil end
  local names = tool_names()
  names[#names + 1] = fault.suggestion
  return ("'%s' is neither a tool nor a filter%s, --list lists the tools"):format(
    word, check.hint(word, names))
end

local function run_count()
  local capture = assert(command.capture())
  assert(capture:run())
  local count = capture:stats().delivered
  print(("%d %s"):format(count, units.plural(count, "packet")))
end

--- Packets that are saved are not printed.
local function run_save()
  assert(assert(command.capture()):run())
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
  if has_code and general.count then return nil, "give code or --count, not both" end
  for _, option in ipairs(options.general) do
    if option.scope == "text" and general[option.key] and (has_code or general.count) then
      return nil, ("give %s or %s, not both"):format(has_code and "code" or "--count",
        options.shown(option))
    end
  end
  if has_code then return load_code(general) end
  if general.count then return { run = run_count } end
  if (general.write or general.routes) and not general.fields then return { run = run_save } end
  return find_tool("print")
end

--- Set 'arg' as lua5.4 would: word 'at' is number 0, the others follow.
local function set_arg(words, at)
  local rest = { [0] = at and words[at] or words[0] }
  for i, word in ipairs(words) do
    if i ~= at then rest[#rest + 1] = word end
  end
  rawset(_G, "arg", rest)
end

--- What to run where the first word names neither script nor tool: all words are the filter.
local function find_bare(word)
  local general = command.general()
  local message = word and wrong_word(word, general)
  if message then return nil, message, USAGE end
  local work, status
  work, message, status = find_mode(general)
  return work, message, status or USAGE
end

--- Find out what to run. Returns it, or nil, a message and the exit status.
local function find_work(words, info)
  local survey = arguments.survey(words)
  local word = words[survey.first]
  local is_script = word and file.is_lua(word)
  local tool = word and not is_script and find_tool(word) or nil
  set_arg(words, (is_script or tool) and survey.first)
  command.begin({
    bare = not is_script and not tool, tool = tool and word,
    host = info.prepared ~= nil, sealed = survey.sealed,
  })
  command.load(survey)
  if not is_script then
    if tool then return tool end
    return find_bare(word)
  end
  local work, message = load_script(word, info)
  return work, message, FAILED
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
  for _, unsaved in ipairs(command.close()) do
    tell(unsaved)
    if status == DONE then status = FAILED end
  end
  tell_counts()
  return status
end

return M
