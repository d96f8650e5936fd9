--- The command line of this process: read once, and the one capture that it asks for. It reads
-- the same words under the host and under plain lua5.4, from the global 'arg'. What is wrong
-- with them is told on standard error and ends the process with status 2.
local answers = require "moontap.answers"
local arguments = require "moontap.arguments"
local capture = require "moontap.capture"
local core = require "moontap.core"
local file = require "moontap.file"
local options = require "moontap.options"
local output = require "moontap.output"
local protocol = require "moontap.protocol"
local sets = require "moontap.sets"
local source = require "moontap.source"
local units = require "moontap.units"
local writer = require "moontap.writer"

local M = {}

local EPERM <const>, EPIPE <const>, ETHERNET <const> = 1, 32, 1
local VERSION <const> = "scm"

local PART <const> = "this program accepts no less than the filter; what is left is tested here,"
  .. " see --explain"

--- What is known so far. 'bare': no script runs, the words are the host's alone; 'tool': its name,
--- where one runs; 'host': the host runs us, and has given power away; 'sealed': all of it.
local state = {}

---@param given { bare: boolean?, tool: string?, host: boolean?, sealed: boolean? }
function M.begin(given)
  state = given
end

--- Pass on what pcall(core.open, ...) returned, and say so where the seal is why an interface
--- cannot be opened.
---@param interface? string
---@param ok boolean
function M.explain_seal(interface, ok, cap, ...)
  local _, code = ...
  if not (state.sealed and interface and ok and code == EPERM) then return ok, cap, ... end
  return ok, nil, interface .. ": cannot open: the run is sealed (--sealed), only what the command"
    .. " line names can be used", code
end

local function tell(message)
  io.stderr:write("moontap: ", message, "\n")
end

--- End the process: for wrong usage, or with another status.
local function refuse(message, status)
  tell(message)
  os.exit(status or 2, true)
end

--- Load what --load names, files of Lua or modules, before anything is read that may ask for what
--- they declare, and heed the rules of --decode-as.
---@param survey { loads: string[], rules: string[] }
function M.load(survey)
  state.loaded = true
  for _, name in ipairs(survey.loads) do
    local chunk, message = require, nil
    if file.is_lua(name) then chunk, message = file.load(name) end
    if not chunk then refuse(message, 1) end
    local ok, failure = pcall(chunk, name)
    if not ok then refuse(tostring(failure), 1) end
  end
  for _, rule in ipairs(survey.rules) do
    local ok, message = protocol.force(rule)
    if not ok then refuse("--decode-as: " .. message) end
  end
end

--- End the process where --decode-as names what nobody has declared.
local function check_rules()
  local message = protocol.undeclared()
  if message then refuse("--decode-as: " .. message) end
end

local function script_name()
  if state.tool then return "moontap " .. state.tool end
  local name = arg and arg[0] or "script"
  return name:match("[^/]+$") or name
end

--- What is wrong with moontap's own options for a script that declared 'declared', or nil.
local function wrong_scope(general, declared)
  for _, option in ipairs(options.general) do
    if general[option.key] then
      local shown = options.shown(option)
      if option.scope == "host" and not state.host then
        return shown .. " needs the program moontap, plain Lua has no such power"
      end
      local useless = option.scope == "mode"
        or option.scope == "text" and not declared.heeds[option.key]
      if useless and not state.bare then return shown .. " does not go with a script" end
    end
  end
end

--- What tap.open takes for the interface that the options name, or for the first that is up.
local function live_options(general)
  local name, message, code = general.interface, nil, nil
  if not name then name, message, code = core.first_interface() end
  if not name then return nil, message, code end
  return {
    interface = math.tointeger(name:match("^%d+$") and tonumber(name)) or name,
    promisc = not general.no_promisc,
    snaplen = general.snaplen,
    buffer = general.buffer,
    signals = true,
  }
end

--- Open what the options name, as the host does before any script runs, or take what it opened.
local function open(general)
  local cap, message, code = core.prepared(general.follow)
  if cap or message then return cap, message, code end
  local files = general.read
  local given = { file = files and #files == 1 and files[1] or files, signals = true }
  if files then given.follow = general.follow end
  if not general.read then given, message, code = live_options(general) end
  if not given then return nil, message, code end
  local checked
  checked, message = source.options(given)
  if not checked then refuse(message) end
  return core.open(source.resolve(checked))
end

--- The files of --set, read; they are there or the process ends.
local function load_sets(general)
  local files, message = sets.load(general.sets or {})
  if not files then refuse(message, 1) end
  return files
end

--- End the process for a filter that does not compile.
local function refuse_filter(message, general, linktype, files)
  refuse(sets.blame(general.filter, linktype, files) .. message)
end

local function warn(general, warnings)
  if general.no_warnings then return end
  for _, text in ipairs(warnings) do tell("warning: " .. text) end
end

--- The filter that the options ask for, compiled for the source that they name, or for Ethernet
--- where they name none.
---@return moontap.Filter
---@return boolean live  whether it is an interface's
local function compile(general)
  local info = { live = true }
  if general.read or general.interface then
    local cap, message = open(general)
    if not cap then refuse(message, 1) end
    info = cap:info()
  end
  local files, linktype = load_sets(general), info.linktype or ETHERNET
  local filter, message = core.filter(general.filter or "", linktype, {
    live = info.live, snaplen = general.snaplen, netmask = info.netmask, swapped = info.swapped,
    sets = sets.members(files),
  })
  if not filter then refuse_filter(message, general, linktype, files) end
  warn(general, filter:warnings())
  return filter, info.live
end

--- What -d and --explain print.
local function describe_filter(general)
  local filter, live = compile(general)
  if general.explain then return filter:explain() end
  local text, message = answers.program(filter, general.dump, live)
  if not text then refuse(message, 1) end
  if live and not filter:exact() then warn(general, { PART }) end
  return text
end

--- The text that is asked for instead of a run, or nil.
local function answer(general, declared)
  local name = not state.bare and script_name() or nil
  if general.help then return answers.help(name, declared) end
  if general.version then return "moontap " .. VERSION .. "\n" end
  if general.list then return answers.list() end
  if general.list_fields then return answers.fields(general.list_fields) end
  if general.list_interfaces then return answers.interfaces() end
  local is_print = state.bare and not (general.code or general.begin or general.finish)
  if general.dump or general.explain and is_print then return describe_filter(general) end
end

--- Read the command line.
---@param declared table  of options.declare
---@return table parsed  { own =, general = }
local function parse(declared)
  if not state.loaded then M.load(arguments.survey(arg or {})) end
  local parsed, message = arguments.parse(arg or {}, declared)
  if not parsed then refuse(message) end
  local text
  text, message = answer(parsed.general, declared)
  message = message or not text and wrong_scope(parsed.general, declared)
  if message then refuse(message) end
  if text then output.finish(text) end
  return parsed
end

local function parse_once(declared)
  if not state.parsed then
    state.parsed = parse(declared or { heeds = {} })
    if state.parsed.general.line_buffered then output.each_line() end
  end
  return state.parsed
end

--- moontap's own options, for the host. A script may still declare options after that.
---@return table general
function M.general()
  return parse({ heeds = {} }).general
end

--- tap.options: what the script declares, read from the command line.
---@param given table
---@return table own  values by name
---@return table general  values of moontap's own options
function M.options(given)
  if type(given) ~= "table" then error("options: a table of declarations expected", 2) end
  if state.parsed then
    error("options: the command line was read already, declare before tap.capture", 2)
  end
  local declared, message = options.declare(given)
  if not declared then error("options: " .. message, 2) end
  local parsed = parse_once(declared)
  return parsed.own, parsed.general
end

--- Let 'cap' deliver what the options' filter accepts.
local function set_filter(cap, general, files)
  if not general.filter and not next(files) then return end
  local ok, message = cap:set_filter(general.filter, { sets = sets.members(files) })
  if not ok then refuse_filter(message, general, cap:info().linktype or ETHERNET, files) end
end

--- Before the first pass of 'cap', when all that it feeds is known: warn of what filters may mean,
--- or tell what runs where if that was asked for.
local function announce(cap, general, files)
  capture.before_pass(cap, function(where)
    check_rules()
    local info, warnings, text = cap:info(), cap:warnings(), cap:explain()
    -- What is wrong with 'where', the loop itself will raise.
    local compiled, loop = pcall(core.filter, where or "", info.linktype or ETHERNET, {
      live = info.live, netmask = info.netmask, swapped = info.swapped, sets = sets.members(files),
    })
    if where and compiled and loop then
      table.move(loop:warnings(), 1, #loop:warnings(), #warnings + 1, warnings)
      text = text .. "\nloop, where:\n" .. loop:explain()
    end
    warn(general, warnings)
    if general.explain then
      state.capture = nil -- there is nothing to count
      output.finish(text)
    end
  end)
end

--- How the command line turns files: what tap.writer takes for it, or nil.
local function rotation(general)
  local rotate = general.rotate
  if general.file_size or general.file_seconds then
    rotate = {
      size = general.file_size, every = general.file_seconds, files = general.file_count,
      letters = true,
    }
  end
  if rotate then rotate.command = general.file_command end
  return rotate
end

--- Let 'cap' save what 'where' accepts (nil: all). True, or nil and why not.
local function save(cap, given, where)
  local out, message, code = writer.open(given)
  if not out then return nil, message, code end
  cap:save(out, where)
  state.writers[#state.writers + 1] = { file = given.file, out = out, where = where }
  return true
end

--- End the process for a route's filter that does not compile, before its file is emptied.
local function check_route(cap, route, files)
  local info = cap:info()
  local filter, message = core.filter(route.where, info.linktype or ETHERNET,
    { live = info.live, sets = sets.members(files) })
  if not filter then refuse(("--route %s: %s"):format(route.path, message)) end
end

--- Let what the command line says save packets: -w all, and each --route its own.
local function save_all(cap, general, files)
  state.writers = {}
  if general.write then
    local ok, message, code = save(cap, {
      file = general.write, flush = general.unbuffered, rotate = rotation(general),
    })
    if not ok then return nil, message, code end
  end
  for _, route in ipairs(general.routes or {}) do
    check_route(cap, route, files)
    local given = { file = route.path, flush = general.unbuffered }
    local ok, message, code = save(cap, given, route.where)
    if not ok then return nil, message, code end
  end
  return true
end

--- tap.capture: the capture that the command line asks for, the same at each call.
---@return moontap.Capture?
---@return string? message
---@return integer? errno
function M.capture()
  if state.capture then return state.capture end
  local general = parse_once().general
  local cap, message, code = open(general)
  if not cap then return nil, message, code end
  capture.limit(cap, general.limit, general.duration)
  local files = load_sets(general)
  set_filter(cap, general, files)
  announce(cap, general, files)
  local saved
  saved, message, code = save_all(cap, general, files)
  if not saved then return nil, message, code end
  state.capture = cap
  return cap
end

--- Close a file. Returns what is wrong with it.
local function close(out, path)
  local ok, message, code = out:close()
  if code == EPIPE and path == "-" then return nil end -- whoever read it has seen enough
  local lost = out:stats().unsaved
  if lost > 0 then
    local noun = units.plural(lost, "packet")
    message = ("%s, %d %s not saved"):format(message or "writing", lost, noun)
  end
  return not ok and message or nil
end

--- Close the files that the command line asked for, and tell what is in those of --route.
---@return string[] messages  what is wrong with them
function M.close()
  local messages = {}
  for _, one in ipairs(state.writers or {}) do
    messages[#messages + 1] = close(one.out, one.file)
    if one.where then tell(("%s: %d packets"):format(one.file, one.out:stats().packets)) end
  end
  state.writers = nil
  return messages
end

--- The capture, if anybody asked for it.
---@return moontap.Capture?
function M.opened()
  return state.capture
end

return M
