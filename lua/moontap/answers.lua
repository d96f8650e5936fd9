--- The texts that end a run: --help, -d, -D, --list, --list-fields.
local core = require "moontap.core"
local options = require "moontap.options"
local report = require "moontap.report"
local tools = require "moontap.tools"
local units = require "moontap.units"

local M = {}

local GROUPS <const> = {
  { "Packets", source = true },
  { "Filter", filter = true },
  { "Output", mode = true, text = true, style = true, run = true },
  { "Power", host = true },
  { "Instead of a run", answer = true },
}

--- "  -i, --interface IF  ".
local function left_side(option)
  local names = {}
  if option.short then names[1] = "-" .. option.short end
  if option.long then names[#names + 1] = "--" .. option.long end
  local text = table.concat(names, ", ")
  if not option.short then text = "    " .. text end
  if not option.value then return text end
  if option.optional then return ("%s[=%s]"):format(text, option.value) end
  return text .. (option.short and " " or "=") .. option.value
end

--- Two columns, the left one 'width' wide or on a line of its own.
local function put_rows(out, rows, width)
  for _, row in ipairs(rows) do
    local left = "  " .. row[1]
    if #left > width then
      out[#out + 1] = left
      left = ""
    end
    out[#out + 1] = (left .. (" "):rep(width + 2 - #left) .. row[2]):gsub("%s+$", "")
  end
end

--- " (10)": a default as the script wrote it; a number that stands for a time gets a unit.
local function default_text(option)
  local default = option.written
  if default == nil or default == false or default == "" then return "" end
  if default == true then default = "on" end
  if type(default) == "table" then default = table.concat(default, ",") end
  if option.type == "time" and math.type(default) == "integer" then
    default = units.time_text(default)
  end
  return (" (%s)"):format(default)
end

local function own_row(option)
  local left = option.positional and "    " .. option.key:upper() or left_side(option)
  if option.default == true then left = left .. ", --no-" .. option.long end
  local help = option.help
  if option.choices then help = help .. ": " .. table.concat(option.choices, ", ") end
  return { left, help .. default_text(option) }
end

local function put_own(out, declared)
  local rows = {}
  for i, option in ipairs(declared) do rows[i] = own_row(option) end
  if #rows == 0 then return end
  out[#out + 1] = "Its own:"
  put_rows(out, rows, 24)
  out[#out + 1] = ""
end

--- Is this option of any use to who is asking? declared nil: no script.
local function is_of_use(option, declared)
  if not declared then return true end
  if option.scope == "text" or option.scope == "style" then return declared.heeds[option.key] end
  return option.scope ~= "mode"
end

local function put_general(out, declared)
  for _, group in ipairs(GROUPS) do
    local rows = {}
    for _, option in ipairs(options.general) do
      if group[option.scope] and is_of_use(option, declared) then
        rows[#rows + 1] = { left_side(option), option.help }
      end
    end
    out[#out + 1] = group[1] .. ":"
    put_rows(out, rows, 24)
    out[#out + 1] = ""
  end
end

local function usage_of_script(name, declared)
  local words = { "usage:", name, "[options]" }
  for _, option in ipairs(declared) do
    if option.positional then words[#words + 1] = "[" .. option.key:upper() .. "]" end
  end
  if #words == 3 then words[4] = "[FILTER]" end
  return table.concat(words, " ")
end

local INTRODUCTION <const> = {
  "usage: moontap [SCRIPT | TOOL | -e CODE] [options] [FILTER]",
  "",
  "Captures packets and looks at them with Lua. Without SCRIPT, TOOL and CODE it prints them.",
  "",
  "  SCRIPT  a Lua file: its name holds a slash or ends in .lua",
  "  TOOL    one of those that --list lists",
  "  CODE    Lua; p is the packet, cap the capture, tap the module",
  "  FILTER  tcpdump's language and fields: tcp port 80 and ip.ttl < 5",
  "",
}

--- What --help prints.
---@param name? string  how the script or tool is called; nil: there is none
---@param declared? table  of options.declare
---@return string
function M.help(name, declared)
  local out = {}
  if name then
    out = { usage_of_script(name, declared), "" }
    if declared.about then out[3], out[4] = declared.about, "" end
    put_own(out, declared)
  else
    table.move(INTRODUCTION, 1, #INTRODUCTION, 1, out)
  end
  put_general(out, name and declared)
  out[#out] = nil
  return table.concat(out, "\n") .. "\n"
end

--- What --list prints.
function M.list()
  local out = {}
  put_rows(out, tools, 12)
  return table.concat(out, "\n") .. "\n"
end

local FORMS <const> = { "text", "c", "numbers" }

--- What -d, -dd and -ddd print: the program that the kernel gets, or for a file the one that says
--- all of the filter.
---@param filter moontap.Filter
---@param times integer  how often there was a d
---@param live boolean
---@return string? text
---@return string? message
function M.program(filter, times, live)
  return filter:dump(FORMS[math.min(times, #FORMS)], live and "kernel" or "file")
end

--- What -D prints.
---@return string? text
---@return string? message
function M.interfaces()
  local list, message = core.interfaces()
  if not list then return nil, message end
  local rows = {}
  for i, interface in ipairs(list) do
    rows[i] = {
      interface.index, interface.name, table.concat(interface.flags, " "),
      table.concat(interface.addresses, " "),
    }
  end
  local columns = {
    { name = 1, label = "index" }, { name = 2, label = "name" },
    { name = 3, label = "flags" }, { name = 4, label = "addresses" },
  }
  return report.table(columns, rows)
end

--- Which fields fit: '*' stands for anything in a whole name, other text is looked for in names
--- and labels. Large and small letters are one.
---@param pattern? string
---@return table[] fields  as core.fields() has them
function M.match_fields(pattern)
  local text = (pattern or ""):lower()
  local glob
  if text:find("*", 1, true) then
    glob = "^" .. text:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*") .. "$"
  end
  local found = {}
  for _, field in ipairs(core.fields()) do
    local name, label = field.name:lower(), (field.label or ""):lower()
    local fits = glob and name:find(glob)
      or not glob and (name:find(text, 1, true) or label:find(text, 1, true))
    if fits then found[#found + 1] = field end
  end
  return found
end

--- What --list-fields prints.
---@param pattern? string
---@return string
function M.fields(pattern)
  return report.table({ "name", "type", "unit", "label" }, M.match_fields(pattern))
end

return M
