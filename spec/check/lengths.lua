--- How long things may be: 9 of 10 functions within 30 lines and none over 60,
--- but for one a file that is a flat switch or table; no file over 500 lines.

local tree = require "spec.check.tree"

local SHORT <const>, LONG <const>, FILE <const>, HOST <const> = 30, 60, 500, 600

local sources = "csrc spec"

--- All C functions: { file =, name =, first =, last = }.
local function functions()
  local command = ("ctags -x --languages=C --kinds-C=f --fields=+ne --_xformat='%%{end} %%n %%F %%N' %s")
    :format(table.concat(tree.files(sources, ".c", ".h"), " "))
  local list = {}
  for _, line in ipairs(tree.lines(command)) do
    local last, first, file, name = line:match("^(%d+) (%d+) (%S+) (%S+)$")
    if last then
      list[#list + 1] = { file = file, name = name, first = math.tointeger(first), last = math.tointeger(last) }
    end
  end
  return list
end

local function lines_of(f)
  return f.last - f.first + 1
end

local function described(f)
  return ("%s:%d: %s has %d lines"):format(f.file, f.first, f.name, lines_of(f))
end

--- The text of a function, to see what it is made of.
local function text_of(f)
  local list, number = {}, 0
  for line in io.lines(f.file) do
    number = number + 1
    if number >= f.first and number <= f.last then list[#list + 1] = line end
  end
  return table.concat(list, "\n")
end

--- A switch or a table: most of its lines are cases or rows.
local function is_flat(f)
  local text, rows = text_of(f), 0
  for line in text:gmatch("[^\n]+") do
    if line:match("^%s*case ") or line:match("^%s*default:") or line:match("^%s*{.*},") then rows = rows + 1 end
  end
  return rows * 2 >= lines_of(f)
end

local function none_too_long()
  local complaints, excused = {}, {}
  for _, f in ipairs(functions()) do
    if lines_of(f) > LONG then
      if is_flat(f) and not excused[f.file] then
        excused[f.file] = true
      else
        complaints[#complaints + 1] = ("%s, over %d"):format(described(f), LONG)
      end
    end
  end
  return complaints
end

local function nine_of_ten()
  local all, longer = functions(), {}
  for _, f in ipairs(all) do
    if lines_of(f) > SHORT then longer[#longer + 1] = f end
  end
  if #all > 0 and #longer * 10 <= #all then return {} end
  table.sort(longer, function(a, b) return lines_of(a) > lines_of(b) end)
  local complaints = { ("%d of %d functions have over %d lines; the longest are"):format(#longer, #all, SHORT) }
  for i = 1, math.min(#longer, 10) do complaints[i + 1] = described(longer[i]) end
  return complaints
end

local function files()
  local complaints = {}
  for _, file in ipairs(tree.files("csrc lua spec Makefile", ".c", ".h", ".lua", ".sh", "Makefile")) do
    local n = 0
    for _ in io.lines(file) do n = n + 1 end
    if n > FILE then complaints[#complaints + 1] = ("%s: %d lines, over %d"):format(file, n, FILE) end
  end
  return complaints
end

--- The program is Lua; C does for it what has to be done before Lua is there.
local function host()
  local n = 0
  for _, file in ipairs(tree.files("csrc/host", ".c", ".h")) do
    for _ in io.lines(file) do n = n + 1 end
  end
  return n > HOST and { ("csrc/host: %d lines, over %d"):format(n, HOST) } or {}
end

return {
  { ("9 of 10 functions are within %d lines"):format(SHORT), nine_of_ten },
  { ("no function is over %d lines, but one switch or table a file"):format(LONG), none_too_long },
  { ("no file is over %d lines"):format(FILE), files },
  { ("csrc/host is within %d lines"):format(HOST), host },
}
