--- make doc: writes the reference pages into a folder, as Markdown.  api.md comes
--- from the types that editors read (lua/moontap/meta.lua and its folder), fields.md from the
--- registry of fields, program.md from the program's own help.
---
--- usage: lua5.4 spec/support/doc.lua FOLDER PATH-OF-MOONTAP

local core = require "moontap.core"
local meta = require "spec.support.meta"
local run = require "spec.support.run"

--- A comment of meta.lua: its text, and what it says about parameters, results and fields.
local function read_comment(lines)
  local comment = { text = {}, tags = {} }
  for _, line in ipairs(lines) do
    local tag, rest = line:match("^@(%a+)%s*(.*)$")
    local last = comment.tags[#comment.tags]
    if tag then
      comment.tags[#comment.tags + 1] = { tag, rest }
    elseif last then
      last[2] = last[2] .. line -- a tag's words may go on in the next line
    else
      comment.text[#comment.text + 1] = line
    end
  end
  return comment
end

--- One line of a list: "name type  words" as `name type`: words.
local function item(tag, text)
  local head, words = text:match("^(.-)%s%s+(.*)$")
  return ("- %s`%s`%s"):format(tag == "return" and "returns " or "", head or text, words and ": " .. words or "")
end

local function put_section(out, title, comment)
  local text = table.concat(comment.text, "\n"):gsub("%s+$", "")
  out[#out + 1] = ("\n%s\n\n%s\n"):format(title, text)
  for _, tag in ipairs(comment.tags) do
    if tag[1] == "param" or tag[1] == "return" or tag[1] == "field" then out[#out + 1] = item(tag[1], tag[2]) end
  end
end

--- The functions and objects: each comment of meta.lua, under the class or function that it is about.
local function api()
  local out, lines = { "# moontap: functions and objects" }, {}
  for line in meta.text():gmatch("([^\n]*)\n") do
    local words = line:match("^%-%-%- ?(.*)$") or line:match("^%-%-%-(@.*)$")
    if words then
      lines[#lines + 1] = words
    else
      local comment, call = read_comment(lines), line:match("^function (.*) end$")
      local class = comment.tags[1] and comment.tags[1][1] == "class" and comment.tags[1][2]
      if call then put_section(out, "### " .. call:gsub("^M%.", "tap."), comment) end
      if class then put_section(out, "## " .. class, comment) end
      lines = {}
    end
  end
  return table.concat(out, "\n") .. "\n"
end

local function field_row(field)
  local meaning = { field.label }
  if field.unit then meaning[#meaning + 1] = "in " .. field.unit end
  if field.repeats then meaning[#meaning + 1] = "may repeat" end
  return ("| `%s` | %s | %s |"):format(field.name, field.type, table.concat(meaning, ", "))
end

--- The fields: a table for each protocol.
local function fields()
  local out, last = { "# moontap: fields" }, false
  for _, field in ipairs(core.fields()) do
    if field.protocol ~= last then
      last = field.protocol
      out[#out + 1] = ("\n## %s\n\n| name | type | meaning |\n|---|---|---|"):format(last or "of no single protocol")
    end
    out[#out + 1] = field_row(field)
  end
  return table.concat(out, "\n") .. "\n"
end

local function program(path)
  local help, tools = run { path, "--help" }, run { path, "--list" }
  assert(help.code == 0 and tools.code == 0, help.err .. tools.err)
  return ("# moontap: the program\n\n```\n%s```\n\n## Tools\n\n```\n%s```\n"):format(help.out, tools.out)
end

local folder, host = table.unpack(arg)
assert(run { "mkdir", "-p", folder }.code == 0)
for name, text in pairs { api = api(), fields = fields(), program = program(host) } do
  run.write(("%s/%s.md"):format(folder, name), text)
  print(("%s/%s.md"):format(folder, name))
end
