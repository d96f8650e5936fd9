--- A strict reader of JSON (RFC 8259) for specs: an object is a list of its
--- pairs in order and a table by key; what comes twice, or is not exactly as
--- the grammar says, raises.

local M = {}

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local read_value

local function fail(text, at, what)
  error(("%s at byte %d: %s"):format(what, at, text:sub(at, at + 20)), 0)
end

--- The string whose quote is at 'at', and where it ends.
local function read_string(text, at)
  local out = {}
  at = at + 1
  while true do
    local plain, mark = text:match('^([^%c"\\\x7f]*)()', at)
    out[#out + 1] = plain
    local c = text:sub(mark, mark)
    if c == '"' then return table.concat(out), mark + 1 end
    if c ~= "\\" then fail(text, mark, "no such character in a string") end
    local name = text:sub(mark + 1, mark + 1)
    if name == "u" then
      local digits = text:match("^%x%x%x%x", mark + 2) or fail(text, mark, "no four digits")
      out[#out + 1] = utf8.char(tonumber(digits, 16))
      at = mark + 6
    else
      out[#out + 1] = escapes[name] or fail(text, mark, "no such escape")
      at = mark + 2
    end
  end
end

--- The items between brackets, commas between them.
local function read_items(text, at, close, read_item)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = read_item(at)
    local c = text:sub(at, at)
    at = at + 1
    if c == close then return at end
    if c ~= "," then fail(text, at - 1, "no comma") end
  end
end

local function read_array(text, at)
  local list = {}
  at = read_items(text, at + 1, "]", function(from)
    local value, after = read_value(text, from)
    list[#list + 1] = value
    return after
  end)
  return list, at
end

local function read_object(text, at)
  local object, keys = {}, {}
  at = read_items(text, at + 1, "}", function(from)
    if text:sub(from, from) ~= '"' then fail(text, from, "no key") end
    local key, after = read_string(text, from)
    if text:sub(after, after) ~= ":" then fail(text, after, "no colon") end
    if object[key] ~= nil then fail(text, from, "key comes twice") end
    object[key], after = read_value(text, after + 1)
    keys[#keys + 1] = key
    return after
  end)
  return object, at, keys
end

function read_value(text, at)
  local c = text:sub(at, at)
  if c == "{" then return read_object(text, at) end
  if c == "[" then return read_array(text, at) end
  if c == '"' then return read_string(text, at) end
  for word, value in pairs { ["true"] = true, ["false"] = false } do
    if text:sub(at, at + #word - 1) == word then return value, at + #word end
  end
  local number = text:match("^%-?%d+", at) or fail(text, at, "no value")
  if number:find("^%-?0%d") then fail(text, at, "a number begins with 0") end
  return math.tointeger(tonumber(number)), at + #number
end

--- The object that 'text' is, and the list of its keys.
---@param text string
---@return table object
---@return string[] keys
function M.object(text)
  assert(utf8.len(text), "no UTF-8")
  if text:sub(1, 1) ~= "{" then fail(text, 1, "no object") end
  local object, at, keys = read_object(text, 1)
  if at <= #text then fail(text, at, "more behind the object") end
  return object, keys
end

return M
