--- The options of the command line: moontap's own, in one table that parsing, --help and the
-- host's C share, and those that a script declares. Invariant: every option is a rule
-- { key =, long =, short =, value =, type =, default =, help = }, whoever it comes from.
local aggregate = require "moontap.aggregate"
local check = require "moontap.check"
local core = require "moontap.core"
local raw = require("moontap.raw").capture
local units = require "moontap.units"
local writer = require "moontap.writer"

local M = {}

--- moontap's own options, in the order of --help. 'value' is what --help calls the value (none:
-- a flag); an 'optional' one is taken only where it is at hand; a 'repeated' one makes a list, a
-- 'counted' flag a number up to that; 'live': of use on interfaces alone; 'lines': on lines of
-- packets. 'scope' says where an option makes sense: "source", "filter" and "run" everywhere,
-- "style" too but --help shows it for scripts that heed it alone, "text" in those scripts alone,
-- "mode" where there is no script, "host" under the host alone; "answer" ends the run with a text.
M.general = {
  { short = "i", long = "interface", value = "IF", scope = "source",
    help = "capture on this interface (the first that is up)" },
  { short = "r", long = "read", value = "FILE", repeated = true, scope = "source",
    help = "read a capture file, - is standard input; several are merged by time" },
  { short = "c", key = "limit", value = "N", type = "count", scope = "source",
    help = "end after N packets" },
  { long = "duration", value = "TIME", type = "duration", scope = "source",
    help = "end after this time (10s, 5m)" },
  { short = "s", long = "snaplen", value = "SIZE", type = "size", scope = "source", live = true,
    help = "keep this much of each packet (0: all)" },
  { short = "B", long = "buffer", value = "SIZE", type = "kilobytes", scope = "source",
    live = true, help = "size of the ring, in KiB or with a unit (32M)" },
  { short = "p", key = "no_promisc", scope = "source", live = true,
    help = "see only what is meant for this machine" },
  { long = "load", key = "loads", value = "LUA", repeated = true, scope = "source",
    help = "load a Lua file or module first, which declares protocols" },
  { long = "decode-as", key = "rules", value = "FIELD=N:NAME", repeated = true, scope = "source",
    help = "where FIELD is N or within N-M comes protocol NAME (udp.port=9000:vxlan)" },
  { short = "f", key = "filter", value = "FILTER", scope = "filter",
    help = "only packets that FILTER accepts; words say the same" },
  { long = "set", key = "sets", value = "NAME=FILE", type = "set", repeated = true,
    scope = "filter", help = "FILE has the members of @NAME, one a line" },
  { long = "no-warnings", scope = "filter", help = "do not warn of what a filter may mean" },
  { short = "e", key = "code", value = "CODE", scope = "mode",
    help = "run CODE on each packet p, and print its value" },
  { long = "begin", value = "CODE", scope = "mode", help = "run CODE before" },
  { long = "end", key = "finish", value = "CODE", scope = "mode", help = "run CODE after" },
  { long = "count", scope = "mode", help = "print how many packets there are, and none of them" },
  { long = "fields", value = "A,B,C", type = "fields", scope = "text",
    help = "print these fields, with tabs between them" },
  { long = "header", scope = "text", help = "print the names of --fields first" },
  { long = "csv", scope = "text", help = "print --fields as CSV" },
  { long = "json", scope = "text", help = "print packets as JSON, one object a line" },
  { short = "q", key = "quiet", scope = "style", help = "print shorter lines" },
  { short = "v", key = "verbose", scope = "style", help = "print all fields" },
  { short = "x", key = "hex", counted = 2, scope = "text", lines = true,
    help = "print bytes too, in hex (-xx link headers too)" },
  { short = "X", key = "hex_ascii", counted = 2, scope = "text", lines = true,
    help = "the same in hex and ASCII (-XX)" },
  { short = "A", key = "ascii", counted = 2, scope = "text", lines = true,
    help = "the same in ASCII (-AA)" },
  { long = "link", scope = "text", lines = true, help = "print link headers in lines" },
  { short = "t", key = "time", counted = 5, scope = "text", lines = true,
    help = "no time (-tt seconds, -ttt delta, -tttt date, -ttttt since the first)" },
  { short = "w", long = "write", value = "FILE", scope = "run",
    help = "save the packets to a capture file (x.pcap, x.pcapng.gz, - is standard output)" },
  { short = "C", key = "file_size", value = "SIZE", type = "millions", scope = "run",
    help = "go on in another file after SIZE million bytes (or 64M), as tcpdump does" },
  { short = "G", key = "file_seconds", value = "N", type = "natural", scope = "run",
    help = "the same after so many seconds of the clock; FILE is a form for strftime" },
  { short = "W", key = "file_count", value = "N", type = "natural", scope = "run",
    help = "let -C overwrite the first after N files, end after N of -G" },
  { short = "z", key = "file_command", value = "COMMAND", scope = "run",
    help = "run COMMAND on each file that another one follows" },
  { long = "rotate", value = "LIMITS", type = "rotation", scope = "run",
    help = "go on in other files (size=1G,every=1h,align,packets=N), keep the newest (files=5)" },
  { long = "route", key = "routes", value = "FILE=FILTER", type = "route", repeated = true,
    scope = "run", help = "save the packets that FILTER accepts to FILE, and count them" },
  { short = "U", key = "unbuffered", scope = "run", help = "write each packet out at once" },
  { long = "follow", scope = "run", help = "wait for more where a file ends" },
  { short = "l", key = "line_buffered", scope = "run", help = "write each line out at once" },
  { short = "n", key = "numeric", scope = "run", help = "print numbers, not names (always so)" },
  { short = "d", key = "dump", counted = 3, scope = "answer",
    help = "print the filter's program (-dd as C, -ddd as numbers)" },
  { long = "explain", scope = "answer", help = "tell what of the filter runs where, and why" },
  { short = "D", key = "list_interfaces", scope = "answer", help = "list the interfaces" },
  { long = "list", scope = "answer", help = "list the tools" },
  { long = "list-fields", value = "PATTERN", optional = true, scope = "answer",
    help = "list the fields (tcp, *port)" },
  { short = "Z", key = "user", value = "USER", scope = "host",
    help = "become USER once all is open" },
  { long = "sealed", scope = "host", help = "let the script open nothing more to capture from" },
  { long = "keep-privileges", scope = "host", help = "give no power away" },
  { long = "help", scope = "answer", help = "print this" },
  { long = "version", scope = "answer", help = "print the version" },
}

for _, option in ipairs(M.general) do
  option.key = option.key or option.long:gsub("%-", "_")
  option.type = option.type or option.value and "text" or "flag"
end

--- Find out whether all of 'names' are fields. A list begins with one that every packet has.
---@param names string[]
---@return boolean? ok
---@return string? message
local function check_fields(names)
  local ok, message = pcall(core.columns, { "frame.len", table.unpack(names) })
  if ok then return true end
  return nil, (tostring(message):gsub("^bad argument #%d+ to '[^']*' %((.*)%)$", "%1"))
end

local function split_list(text)
  local list = {}
  for word in (text .. ","):gmatch("%s*(.-)%s*,") do list[#list + 1] = word end
  return list
end

local function whole(text)
  return math.tointeger(text:match("^%-?%d+$") and tonumber(text))
end

--- How a value's text is read, by type: the value, or nil and what is wrong with it.
local READ <const> = {
  text = function(text) return text end,
  file = function(text) return text end,
  size = function(text) return units.size(text) end,
  kilobytes = function(text) return units.size(text, 1024) end,
  time = function(text) return units.time(text) end,
}

function READ.number(text, option)
  local integer = math.type(option.default) == "integer"
  local number = integer and whole(text) or not integer and tonumber(text)
  if not number then
    return nil, ("'%s' is not a %snumber"):format(text, integer and "whole " or "")
  end
  if option.min and number < option.min then
    return nil, ("%s is less than %s"):format(text, option.min)
  end
  return number
end

function READ.duration(text)
  local ns, message = units.time(text)
  if ns == 0 then return nil, "a duration cannot be 0" end
  return ns, message
end

function READ.count(text)
  local number = whole(text)
  if number and number > 0 then return number end
  return nil, ("'%s' is not a number of packets"):format(text)
end

function READ.natural(text)
  local number = whole(text)
  if number and number > 0 then return number end
  return nil, ("'%s' is not a whole number above 0"):format(text)
end

function READ.route(text)
  local path, where = text:match("^([^=]+)=(.+)$")
  if path then return { path = path, where = where } end
  return nil, ("'%s' is not FILE=FILTER"):format(text)
end

--- tcpdump's size of files: in millions of bytes, but for one with a unit.
function READ.millions(text)
  local bytes, message = units.size(text, 1000000)
  if bytes == 0 then return nil, "a file of size 0 has no packets" end
  return bytes, message
end

--- "size=100M,align": what tap.writer takes for 'rotate'.
function READ.rotation(text)
  local rotate = {}
  for _, word in ipairs(split_list(text)) do
    local name, value = word:match("^(%a+)=(.+)$")
    if name then rotate[name] = whole(value) or value else rotate[word] = true end
  end
  return writer.check_rotation(rotate, "")
end

function READ.set(text)
  local name, path = text:match("^@?([%a_][%w_%-]*)=(.+)$")
  if name then return { name = name, path = path } end
  return nil, ("'%s' is not NAME=FILE"):format(text)
end

function READ.choice(text, option)
  for _, choice in ipairs(option.choices) do
    if choice == text then return text end
  end
  return nil, ("'%s' is none of %s"):format(text, table.concat(option.choices, ", "))
end

function READ.field(text)
  local ok, message = check_fields({ text })
  return ok and text, message
end

function READ.fields(text)
  local list = split_list(text)
  local ok, message = check_fields(list)
  return ok and list, message
end

--- Fields to group by: whether they make a key is for an aggregate to say.
function READ.keys(text)
  local list, message = READ.fields(text)
  if not list then return nil, message end
  local plan, ok
  plan, message = aggregate.plan({ by = list, "count()" })
  if plan then
    ok, message = pcall(raw.aggregate, core.open({ packets = {} }), plan)
    if ok then return list end
  end
  return nil, (message:gsub("^by: ", ""))
end

--- How an option is called in messages: "--rows", "-i", or a positional argument's name.
---@param option table
---@return string
function M.shown(option)
  if option.positional then return option.key end
  return option.long and "--" .. option.long or "-" .. option.short
end

--- Read an option's value.
---@param option table
---@param text string
---@param as? string  how the option was written
---@return any value  nil where it is wrong
---@return string? message
function M.read(option, text, as)
  local value, message = READ[option.type](text, option)
  if value then return value end
  return nil, ("%s: %s"):format(as or M.shown(option), message)
end

local TYPES <const> = {
  number = "N", size = "SIZE", time = "TIME", field = "FIELD", fields = "A,B,C", keys = "A,B,C",
  file = "FILE", choice = "CHOICE", text = "TEXT", flag = false,
}

local ENTRY <const> = {
  [1] = { kind = "text" },
  [2] = { kind = "any" },
  [3] = { kind = "text" },
  type = { kind = "text" },
  positional = { kind = "boolean" },
  min = { kind = "number" },
  choices = { kind = "list" },
}

local function infer_type(entry)
  if entry.type then return entry.type end
  if entry.choices then return "choice" end
  local default <const> = entry[2]
  if type(default) == "number" then return "number" end
  return type(default) == "boolean" and "flag" or "text"
end

--- A default as a value: texts of sizes and times are read, a flag that is not given is false.
local function read_default(option)
  local default = option.default
  if option.type == "flag" then return default or false end
  if type(default) ~= "string" or option.type == "text" then return default end
  return M.read(option, default)
end

local function is_general(long)
  for _, option in ipairs(M.general) do
    if long and option.long == long then return true end
  end
  return false
end

--- One declaration { name, default, text, type =, min =, positional =, choices = } as a rule.
--- 'written' keeps the default as the script wrote it.
local function declare_one(entry)
  local e, message = check.options(ENTRY, entry)
  if not e then return nil, message end
  local name = e[1]
  if not name or not name:match("^%a[%w_%-]*$") then return nil, "an option has no name" end
  local option = {
    key = name:gsub("%-", "_"),
    long = not e.positional and name:gsub("_", "-") or nil,
    default = e[2], written = e[2], help = e[3] or "", type = infer_type(e), choices = e.choices,
    min = e.min, positional = e.positional or false,
  }
  if TYPES[option.type] == nil then
    return nil, ("option '%s': no type '%s'"):format(name, option.type)
  end
  if is_general(option.long) then
    return nil, ("option '%s' is moontap's own"):format(name)
  end
  option.value = TYPES[option.type] or nil
  option.default, message = read_default(option)
  if message then return nil, message end
  return option
end

local DECLARATION <const> = { about = { kind = "text" }, heeds = { kind = "list" } }

--- What a script declares, as rules in order.
---@param given table  entries in order; about = what the script does; heeds = names of moontap's
--- options for text ("fields", "header") that it acts on
---@return table? declared  { about =, heeds = set, rules in order }
---@return string? message
function M.declare(given)
  local named, declared, seen = {}, {}, {}
  for key, value in pairs(given) do
    if math.type(key) ~= "integer" then named[key] = value end
  end
  local checked, message = check.options(DECLARATION, named)
  if not checked then return nil, message end
  for i, entry in ipairs(given) do
    declared[i], message = declare_one(entry)
    if not declared[i] then return nil, message end
    if seen[declared[i].key] then return nil, ("option '%s' comes twice"):format(entry[1]) end
    seen[declared[i].key] = true
  end
  declared.about, declared.heeds = checked.about, {}
  for _, name in ipairs(checked.heeds or {}) do declared.heeds[name] = true end
  return declared
end

return M
