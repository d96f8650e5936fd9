--- Parts of the C core as programs: a small main() beside a spec, built with the
--- pure sources that it is about and fed by standard input.

local run = require "spec.support.run"

local built = {}

--- Build the program once and return its path.  Sanitizers are used where the compiler has them.
local function build(source, folders)
  local name = source:match("([^/]+)%.c$")
  local program = ("%s/spec/%s"):format(run.build, name)
  local words = { os.getenv("CC") or "cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Icsrc", "-o", program, source }
  local listed = run { "sh", "-c", "ls csrc/" .. table.concat(folders, "/*.c csrc/") .. "/*.c" }
  for file in listed.out:gmatch("%S+") do words[#words + 1] = file end
  assert(run { "mkdir", "-p", run.build .. "/spec" }.code == 0)
  local plain = #words
  words[plain + 1] = "-fsanitize=address,undefined"
  words[plain + 2] = "-fno-sanitize-recover=all"
  if run(words).code ~= 0 then
    words[plain + 1], words[plain + 2] = nil, nil
    local r = run(words)
    assert(r.code == 0, r.err)
  end
  return program
end

--- What the program made of 'source' prints when it reads 'input'.
---@param source string  path of a C file
---@param folders string[]  whose sources it needs: { "base", "proto" }
---@param input string
---@return string
return function(source, folders, input)
  built[source] = built[source] or build(source, folders)
  local r = run { built[source], stdin = input, env = { LD_PRELOAD = false } }
  assert(r.code == 0, r.err)
  return r.out
end
