--- What the objects say: the pure folders, linked into one, need nothing but
--- memory, strings and numbers and keep no state of their own; the core never
--- prints or exits; the module shows one symbol to the world.

local tree = require "spec.check.tree"

local build = os.getenv("BUILD") or "build"

local function set(words)
  local found = {}
  for word in words:gmatch("%S+") do found[word] = true end
  return found
end

local pure_may_use = set [[
  malloc calloc realloc free
  memcpy memmove memset memcmp memchr memrchr memmem
  strlen strnlen strcmp strncmp strcasecmp strncasecmp strchr strrchr strstr strspn strcspn strpbrk
  snprintf vsnprintf strtol strtoul strtoll strtoull strtod
  qsort bsearch
  regcomp regexec regfree regerror
  ceil floor fmod frexp ldexp log log2 log10 exp2 pow round sqrt
  __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_
]]

local core_never_uses = set [[
  printf vprintf puts putchar fputs fputc fwrite fprintf vfprintf perror stdout stderr
  exit _exit quick_exit abort
]]

--- The object files of these folders.
local function objects(folders)
  local list = {}
  for folder in folders:gmatch("%S+") do
    for _, file in ipairs(tree.files("csrc", ".c")) do
      local name = file:match("^csrc/(" .. folder .. "/.*)%.c$")
      if name then list[#list + 1] = ("%s/obj/%s.o"):format(build, name) end
    end
  end
  return list
end

local pure_folders = "base proto filter stats flow pcap"

--- Link the objects of 'folders' into one and return its path.
local function linked(folders, name)
  local out = build .. "/" .. name
  local _, ok = tree.lines(("ld -r -o %s %s"):format(out, table.concat(objects(folders), " ")))
  assert(ok, "cannot link the objects of " .. folders)
  return out
end

--- The name of a library's function without what compilers and libraries put around it.
local function plain(symbol)
  return symbol:match("^__(.+)_chk$") or symbol:match("^__isoc%d+_(.+)$") or symbol
end

--- Which source files of 'folders' use a symbol.
local function users(folders, symbol)
  local list = {}
  for _, object in ipairs(objects(folders)) do
    for _, line in ipairs(tree.lines("nm -u " .. object)) do
      if line:match("(%S+)$") == symbol then
        list[#list + 1] = (object:gsub("^.*/obj/", "csrc/"):gsub("o$", "c"))
      end
    end
  end
  return table.concat(list, ", ")
end

local function undefined(folders, name, is_wrong, why)
  local complaints = {}
  for _, line in ipairs(tree.lines("nm -u " .. linked(folders, name))) do
    local symbol = line:match("(%S+)$")
    if is_wrong(plain(symbol)) then
      complaints[#complaints + 1] = ("%s: uses %s, %s"):format(users(folders, symbol), symbol, why)
    end
  end
  return complaints
end

local function pure()
  return undefined(pure_folders, "pure.o", function(symbol) return not pure_may_use[symbol] end,
    "which is not on the list of what pure code may use")
end

local function silent()
  return undefined(pure_folders .. " sys", "silent.o", function(symbol) return core_never_uses[symbol] end,
    "but the core never prints or exits")
end

--- Tables of constants that hold addresses lie in .data.rel.ro: they are no state.
local function stateless()
  local complaints = {}
  for _, object in ipairs(objects(pure_folders)) do
    for _, line in ipairs(tree.lines("objdump -t " .. object)) do
      local section, symbol = line:match(" O (%S+)%s+%x+%s+(.*)$")
      if section and (section == "*COM*" or section:match("^%.t?bss") or
          section:match("^%.t?data") and not section:match("^%.data%.rel%.ro")) then
        complaints[#complaints + 1] = ("%s: %s is state of the file (%s)"):format(object, symbol, section)
      end
    end
  end
  return complaints
end

local function exported()
  local complaints = {}
  local module = build .. "/lua/moontap/core.so"
  local expected = { luaopen_moontap_core = true }
  for _, line in ipairs(tree.lines("nm -D --defined-only " .. module)) do
    local symbol = line:match("(%S+)$")
    if not expected[symbol] then complaints[#complaints + 1] = module .. ": exports " .. symbol end
    expected[symbol] = nil
  end
  if next(expected) then complaints[#complaints + 1] = module .. ": does not export " .. next(expected) end
  return complaints
end

return {
  { "the pure folders use memory, strings and numbers alone", pure },
  { "the pure folders keep no state", stateless },
  { "the core below csrc/lua never prints or exits", silent },
  { "the module exports its opening function alone", exported },
}
