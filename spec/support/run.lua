--- Programs as specs run them: to their end, or in the background.  Words are
--- passed as they are, no shell reads them.
---
---     local r = run { "moontap", "-r", file, stdin = "", env = { A = "1" } }
---     r.code, r.signal, r.out, r.err
---
---     local p <close> = run.start { "moontap", "-i", "veth0" }
---     p:kill("INT"); local r = p:finish()

local wait = require "spec.support.wait"

local M = {}

--- One word for the shell.
local function quoted(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- A list of words for the shell.
---@param words string[]
---@return string
function M.quote(words)
  local out = {}
  for i, word in ipairs(words) do out[i] = quoted(word) end
  return table.concat(out, " ")
end

--- The bytes of a file, or nil.
---@param path string
function M.read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read("a")
end

--- Make a file of these bytes.
---@param path string
---@param bytes string
function M.write(path, bytes)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(bytes))
end

--- The command for the shell, with its environment ('false' takes a variable away) and signals as a
--- terminal would give them: a shell's background jobs ignore SIGINT otherwise.
local function command_line(spec)
  local words = { "env", "--default-signal=INT,QUIT,PIPE" }
  if spec.cwd then words[#words + 1] = "--chdir=" .. spec.cwd end
  for name, value in pairs(spec.env or {}) do
    if value == false then table.move({ "-u", name }, 1, 2, #words + 1, words) end
  end
  for name, value in pairs(spec.env or {}) do
    if value then words[#words + 1] = name .. "=" .. value end
  end
  table.move(spec, 1, #spec, #words + 1, words)
  return M.quote(words)
end

local Process = {}
Process.__index = Process

--- Start a program in the background.  Without 'stdin' it reads nothing.
---@param spec table  words, and stdin = text, stdout = path, env = {}, cwd = path
function M.start(spec)
  local base = os.tmpname()
  local self = setmetatable({ base = base, name = tostring(spec[1]) }, Process)
  M.write(base .. ".in", spec.stdin or "")
  local script = ("%s <%s >%s 2>%s & echo $! >%s; wait $!; echo $? >%s.new; mv %s.new %s"):format(
    command_line(spec), base .. ".in", quoted(spec.stdout or base .. ".out"), base .. ".err",
    base .. ".pid", base .. ".rc", base .. ".rc", base .. ".rc")
  os.execute(("(%s) >/dev/null 2>&1 &"):format(script))
  self.pid = wait.until_true(self.name .. " is started", function()
    return math.tointeger(tonumber(M.read(base .. ".pid") or ""))
  end)
  return self
end

--- Send a signal by its name ("INT").  False when the program is no more.
function Process:kill(signal)
  return os.execute(("kill -%s %d 2>/dev/null"):format(signal, self.pid)) == true
end

--- What it wrote to its standard output and error so far.
function Process:out()
  return M.read(self.base .. ".out") or ""
end

function Process:err()
  return M.read(self.base .. ".err") or ""
end

function Process:ended()
  return M.read(self.base .. ".rc") ~= nil
end

local function result(code, out, err)
  local signal = code > 128 and code - 128 or nil
  return { code = not signal and code or nil, signal = signal, out = out, err = err }
end

--- Wait for its end and return { code = or signal =, out =, err = }.
---@param seconds? number  30 unless given
function Process:finish(seconds)
  local code = wait.until_true(self.name .. " ends", function()
    return math.tointeger(tonumber(M.read(self.base .. ".rc") or ""))
  end, seconds or 30)
  local done = result(code, self:out(), self:err())
  self:close()
  return done
end

--- Make sure that nothing is left of it.
function Process:close()
  if not self.base then return end
  if not self:ended() then
    self:kill("KILL")
    wait.until_true(self.name .. " is dead", function() return self:ended() end)
  end
  for _, suffix in ipairs { "", ".in", ".out", ".err", ".pid", ".rc" } do
    os.remove(self.base .. suffix)
  end
  self.base = nil
end

Process.__close = Process.close
Process.__gc = Process.close

--- Run a program to its end: { code = or signal =, out =, err = }.
---@param spec table  as for start
function M.run(spec)
  local base = os.tmpname()
  M.write(base .. ".in", spec.stdin or "")
  -- The braces keep the shell in between, so that a program killed by a signal has its status.
  local _, _, code = os.execute(("{ %s; } <%s >%s 2>%s"):format(
    command_line(spec), base .. ".in", quoted(spec.stdout or base), base .. ".err"))
  local done = result(code, M.read(base), M.read(base .. ".err"))
  for _, suffix in ipairs { "", ".in", ".err" } do os.remove(base .. suffix) end
  return done
end

--- The host binary, the interpreter, and the folder of what was built.
M.build = os.getenv("MOONTAP_BUILD") or "build"
M.moontap = M.build .. "/bin/moontap"
M.lua = "lua5.4"

return setmetatable(M, { __call = function(_, spec) return M.run(spec) end })
