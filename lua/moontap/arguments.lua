--- Reads the words of a command line by the rules of moontap.options: bundled letters (-nq),
-- attached values (-c10, --rows=5), options before and after words, "--" before words that
-- look like options. The host's C walks the same words the same way. Invariant: words in, values
-- or a message out.
local check = require "moontap.check"
local options = require "moontap.options"
local source = require "moontap.source"

local M = {}

--- Options by letter and by name, the script's own behind moontap's.
local function index_options(declared)
  local index = { names = {} }
  for _, list in ipairs({ options.general, declared }) do
    for _, option in ipairs(list) do
      if option.short then index["-" .. option.short] = option end
      if option.long then
        index["--" .. option.long] = option
        index.names[#index.names + 1] = "--" .. option.long
      end
    end
  end
  return index
end

---@class moontap.Arguments
---@field words string[]  of the command line
---@field at integer  the word to be read
---@field seen table[]  what was found: { option =, text =, as = how it was written }, { word = }
local Arguments = {}
Arguments.__index = Arguments

function Arguments:next_word()
  self.at = self.at + 1
  return self.words[self.at - 1]
end

--- The value of 'option': attached to it, or the next word; an optional one must not look like
--- an option.
function Arguments:value(option, attached)
  if not option.value then return true end
  if attached then return attached end
  local word = self.words[self.at]
  if option.optional and (not word or word:sub(1, 1) == "-") then return "" end
  if word then self.at = self.at + 1 end
  return word
end

function Arguments:found(option, as, text)
  if not text then return as .. " needs a value" end
  self.seen[#self.seen + 1] = { option = option, as = as, text = text }
end

--- A flag that is on by default is turned off by --no-NAME.
function Arguments:negated(name)
  local option = self.index[name:gsub("^%-%-no%-", "--")]
  if not option or option.value or option.default ~= true or not name:match("^%-%-no%-") then
    return nil
  end
  self.seen[#self.seen + 1] = { option = option, as = name, text = false }
  return true
end

--- "--name", "--name=value". Returns a message where it is wrong.
function Arguments:long(word)
  local name, attached = word:match("^([^=]*)=?(.*)$")
  if not word:find("=", 1, true) then attached = nil end
  local option = self.index[name]
  if not option then
    if self:negated(word) then return nil end
    return ("unknown option '%s'%s"):format(name, check.hint(name, self.index.names))
  end
  if attached and not option.value then return ("%s takes no value"):format(name) end
  return self:found(option, name, self:value(option, attached))
end

--- What there is instead of letters that tcpdump has.
local INSTEAD <const> = {
  F = 'write -f "$(cat FILE)"',
  N = "addresses are always printed as numbers",
  O = "programs of filters are always optimised",
  S = "sequence numbers are always absolute",
  ["#"] = "write --fields=frame.number,...",
}

--- "-n", "-nq", "-c10", "-nc10". Returns a message where it is wrong; unknown letters count as
--- flags then.
function Arguments:letters(word)
  local message
  for at, letter in word:sub(2):gmatch("()(.[\128-\191]*)") do
    local option = self.index["-" .. letter]
    if option and option.value then
      local attached = at + 1 < #word and word:sub(at + 2) or nil
      return self:found(option, "-" .. letter, self:value(option, attached)) or message
    end
    if option then
      self:found(option, "-" .. letter, true)
    else
      local hint = INSTEAD[letter] and (" (%s)"):format(INSTEAD[letter]) or ""
      message = message or ("unknown option '-%s'%s"):format(letter, hint)
    end
  end
  return message
end

--- Find the options and the words. Returns a message at the first that is wrong.
function Arguments:walk()
  local only_words = false
  while self.at <= #self.words do
    local word, message = self:next_word(), nil
    if only_words or not word:match("^%-.") then
      self.seen[#self.seen + 1] = { word = word }
    elseif word == "--" then
      only_words = true
    elseif word:sub(1, 2) == "--" then
      message = self:long(word)
    else
      message = self:letters(word)
    end
    if message then return message end
  end
end

--- The value that 'option' has with 'value' found once more: a counted flag's number, a repeated
--- one's list. Returns nil and what is wrong where it comes too often.
local function add_value(option, before, value)
  if option.counted then
    if before == option.counted then return nil, " is given too often" end
    return (before or 0) + 1
  end
  if option.repeated then
    before = before or {}
    before[#before + 1] = value
    return before
  end
  if before == nil or not option.value then return value end
  return nil, " is given twice"
end

--- Set the values of what was found: moontap's in out.general, the script's in out.own.
local function assign(seen, declared, out)
  local own, given = {}, {}
  for _, option in ipairs(declared) do own[option] = true end
  for _, one in ipairs(seen) do
    local option = one.option
    if option then
      local value, message = one.text, nil
      if option.value then value, message = options.read(option, one.text, one.as) end
      if message then return message end
      given[option], message = add_value(option, given[option], value)
      if message then return one.as .. message end
      out[own[option] and "own" or "general"][option.key] = given[option]
    else
      out.words[#out.words + 1] = one.word
    end
  end
end

--- Give the words to the positional arguments, in order.
local function assign_words(declared, out)
  local next_word, positional = 1, false
  for _, option in ipairs(declared) do
    positional = positional or option.positional
    if option.positional and out.words[next_word] then
      local value, message = options.read(option, out.words[next_word])
      if value == nil then return message end
      out.own[option.key] = value
      next_word = next_word + 1
    end
  end
  if positional and out.words[next_word] then
    return ("'%s': a word too many (the filter comes by -f here)"):format(out.words[next_word])
  end
  if positional or #out.words == 0 then return nil end
  if out.general.filter then return "give the filter by -f or in words, not both" end
  out.general.filter = table.concat(out.words, " ")
end

--- The name that two of the sets have, or nil.
local function doubled_set(general)
  local seen = {}
  for _, set in ipairs(general.sets or {}) do
    if seen[set.name] then return set.name end
    seen[set.name] = true
  end
end

--- What prints something else than lines of packets does not go with what is about them.
local function check_text(general)
  if general.header and not general.fields then return "--header goes with --fields" end
  if general.csv and not general.fields then return "--csv goes with --fields" end
  if general.json and general.fields then return "give --fields or --json, not both" end
  local other = general.fields and "--fields" or general.json and "--json"
  for _, option in ipairs(options.general) do
    if other and option.lines and general[option.key] then
      return ("%s does not go with %s"):format(options.shown(option), other)
    end
  end
end

--- What turns files needs one, and one way of doing so.
local function check_files(general)
  local turns = general.file_size and "-C" or general.file_seconds and "-G"
    or general.rotate and "--rotate"
  if not turns then return nil end
  if not general.write then return turns .. " goes with -w" end
  if general.write == "-" then return turns .. " does not go with -w -, which is one file" end
  if general.rotate and turns ~= "--rotate" then
    return ("give %s or --rotate, not both"):format(turns)
  end
end

local function check_clashes(general, seen)
  local name = doubled_set(general)
  if name then return ("--set: '%s' is given twice"):format(name) end
  if general.dump and general.explain then return "give -d or --explain, not both" end
  if general.interface == source.ANY then return source.later("-i " .. source.ANY) end
  if not general.read then return nil end
  if general.follow and #general.read > 1 then return "--follow is for one file" end
  if general.interface then return "give -i or -r, not both" end
  for _, one in ipairs(seen) do
    if one.option and one.option.live then
      return one.as .. " does not go with -r, it is for interfaces only"
    end
  end
end

--- Read the words. Those that are neither options nor the script's own are general.filter, with a
--- blank between them.
---@param words string[]
---@param declared? table  of options.declare
---@return { general: table, own: table, words: string[] }? values  by key
---@return string? message
function M.parse(words, declared)
  declared = declared or {}
  local self = setmetatable({ words = words, at = 1, seen = {} }, Arguments)
  self.index = index_options(declared)
  local out = { general = {}, own = {}, words = {} }
  for _, option in ipairs(declared) do out.own[option.key] = option.default end
  local message = self:walk() or assign(self.seen, declared, out)
  -- who asks for help gets it, whatever else is missing
  if not (message or out.general.help) then
    message = assign_words(declared, out) or check_text(out.general)
      or check_clashes(out.general, self.seen) or check_files(out.general)
  end
  if message then return nil, message end
  return out
end

local CODE <const> = { code = true, begin = true, finish = true }

--- Look over a whole command line, before it is known whose options are in it; unknown ones pass
--- as flags. The script, the tool or the filter begins with the first word, unless there is code.
---@param words string[]
---@return { first: integer?, sealed: boolean, loads: string[], rules: string[] } survey  which word
--- is the first, and what --load and --decode-as say
function M.survey(words)
  local self = setmetatable({ words = words, at = 1, seen = {} }, Arguments)
  self.index = index_options({})
  local found = { sealed = false, loads = {}, rules = {} }
  local only_words = false
  while self.at <= #words do
    local at, word = self.at, self:next_word()
    if only_words or not word:match("^%-.") then
      found.first = found.first or at
    elseif word == "--" then
      only_words = true
    elseif word:sub(1, 2) == "--" then
      self:long(word)
    else
      self:letters(word)
    end
  end
  for _, one in ipairs(self.seen) do
    if CODE[one.option.key] then found.first = nil end
    if one.option.key == "sealed" then found.sealed = true end
    local list = found[one.option.key]
    if type(list) == "table" then list[#list + 1] = one.text end
  end
  return found
end

return M
