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
      message = message or ("unknown option '-%s'"):format(letter)
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
      if option.value and given[option] then return one.as .. " is given twice" end
      given[option] = true
      out[own[option] and "own" or "general"][option.key] = value
    else
      out.words[#out.words + 1] = one.word
    end
  end
end

--- Give the words to the positional arguments, in order.
local function assign_words(declared, out)
  local next_word = 1
  for _, option in ipairs(declared) do
    if option.positional and out.words[next_word] then
      local value, message = options.read(option, out.words[next_word])
      if value == nil then return message end
      out.own[option.key] = value
      next_word = next_word + 1
    end
  end
  if out.words[next_word] then return M.no_filter(out.words[next_word]) end
end

--- What there is to say of a word that begins a filter.
---@param word string
---@return string message
function M.no_filter(word)
  return ("'%s': filters in words are not part of this version"):format(word)
end

local function check_clashes(general, seen)
  if general.header and not general.fields then return "--header goes with --fields" end
  if general.interface == source.ANY then return source.later("-i " .. source.ANY) end
  if not general.read then return nil end
  if general.interface then return "give -i or -r, not both" end
  for _, one in ipairs(seen) do
    if one.option and one.option.live then
      return one.as .. " does not go with -r, it is for interfaces only"
    end
  end
end

--- Read the words.
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
    message = assign_words(declared, out) or check_clashes(out.general, self.seen)
  end
  if message then return nil, message end
  return out
end

local CODE <const> = { code = true, begin = true, finish = true }

--- Look over a whole command line, before it is known whose options are in it; unknown ones pass
--- as flags. The script or tool is the first word, unless there is code.
---@param words string[]
---@return { script: integer?, count: integer, sealed: boolean, message: string? } survey  which
--- word is the script or tool, how many words there are, and what is wrong with moontap's options
function M.survey(words)
  local self = setmetatable({ words = words, at = 1, seen = {} }, Arguments)
  self.index = index_options({})
  local found = { count = 0, sealed = false }
  local only_words = false
  while self.at <= #words do
    local at, word, message = self.at, self:next_word(), nil
    if only_words or not word:match("^%-.") then
      found.script, found.count = found.script or at, found.count + 1
    elseif word == "--" then
      only_words = true
    elseif word:sub(1, 2) == "--" then
      message = self:long(word)
    else
      message = self:letters(word)
    end
    found.message = found.message or message
  end
  for _, one in ipairs(self.seen) do
    if CODE[one.option.key] then found.script = nil end
    if one.option.key == "sealed" then found.sealed = true end
  end
  return found
end

return M
