--- Parts of the C core as programs: a small main() beside a spec, linked with
--- the objects of the build that it is about, and fed by standard input.

local run = require "spec.support.run"

local programs = {}

--- Build the program and return its path.  Objects with sanitizers in them need these to link.
local function build(source, folders)
  local program = ("%s/spec/%s"):format(run.build, source:match("([^/]+)%.c$"))
  local words = { os.getenv("CC") or "cc", "-std=c11", "-D_GNU_SOURCE", "-g", "-Icsrc", "-o", program, source }
  for _, folder in ipairs(folders) do
    local listed = run { "sh", "-c", ("ls %s/obj/%s/*.o"):format(run.build, folder) }
    assert(listed.code == 0, listed.err)
    for object in listed.out:gmatch("%S+") do words[#words + 1] = object end
  end
  assert(run { "mkdir", "-p", run.build .. "/spec" }.code == 0)
  if run(words).code == 0 then return program end
  words[#words + 1] = "-fsanitize=address,undefined"
  local r = run(words)
  assert(r.code == 0, r.err)
  return program
end

--- What the program made of 'source' prints when it reads 'input'.
---@param source string  path of a C file
---@param folders string[]  whose objects it needs: { "base", "proto" }
---@param input string
---@return string
return function(source, folders, input)
  programs[source] = programs[source] or build(source, folders)
  local r = run { programs[source], stdin = input, env = { LD_PRELOAD = false } }
  assert(r.code == 0, r.err .. r.out)
  return r.out
end
