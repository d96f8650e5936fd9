--- The host's C reads the command line before Lua does; both must find the same words.

local arguments = require "moontap.arguments"
local file = require "moontap.file"
local options = require "moontap.options"
local run = require "spec.support.run"
local units = require "moontap.units"

--- A program around csrc/host/options.c: words apart by 0x1f, a line each, in; what was read out.
local PROBE <const> = [[
#include "host/options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const char *name, const char *value) {
  if (value != NULL) printf("%s=%s\x1f", name, value);
}

static void put_number(const char *name, unsigned long long value) {
  printf("%s=%llu\x1f", name, value);
}

static void probe(char *line) {
  char *argv[64] = { "moontap" };
  int argc = 1;
  struct host_options o;
  for (char *at = line; at != NULL && argc < 63; argc++) argv[argc] = strsep(&at, "\x1f");
  host_options_parse(&o, argc, argv);
  put("interface", o.given['i']);
  for (int i = 0; i < o.file_count; i++) put("file", o.files[i]);
  put("user", o.given['Z']);
  put("no_promisc", o.given['p'] ? "yes" : NULL);
  put("answer", o.given['D'] ? "yes" : NULL);
  put("text", o.given['d'] ? "yes" : NULL);
  put("code", o.given['e'] ? "yes" : NULL);
  put("sealed", o.given[HOST_SEALED] ? "yes" : NULL);
  put("keep", o.given[HOST_KEEP_PRIVILEGES] ? "yes" : NULL);
  put("error", o.error[0] ? o.error : NULL);
  if (o.file_count > 0) put_number("files", (unsigned long long)o.file_count);
  put_number("buffer", o.buffer);
  put_number("snaplen", o.snaplen);
  put_number("script", (unsigned long long)o.script);
  printf("\n");
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
    line[n - 1] = '\0';
    probe(line);
  }
  free(line);
  return 0;
}
]]

local program

--- What the C makes of each of these command lines (lists of words).
local function probe(lines)
  local text = {}
  for i, words in ipairs(lines) do text[i] = table.concat(words, "\x1f") .. "\n" end
  local r = run { program, stdin = table.concat(text) }
  assert(r.code == 0, r.err)
  local out = {}
  for line in r.out:gmatch("([^\n]*)\n") do
    local read = {}
    for name, value in line:gmatch("([%w_]+)=([^\x1f]*)\x1f") do read[name] = value end
    out[#out + 1] = read
  end
  assert.equal(#lines, #out)
  return out
end

setup(function()
  program = os.tmpname()
  run.write(program .. ".c", PROBE)
  local r = run { "cc", "-std=c11", "-D_GNU_SOURCE", "-Icsrc", "-o", program, program .. ".c",
    "csrc/host/options.c", env = { LD_PRELOAD = false } }
  os.remove(program .. ".c")
  assert(r.code == 0, r.err)
end)

teardown(function()
  os.remove(program)
end)

--- The rows of the table in csrc/host/options.c: { letter =, long =, value = }.
local function c_table()
  local rows = {}
  local text = run.read("csrc/host/options.c"):match("static const struct option table%[%] = (%b{})")
  for letter, long, value in text:gmatch('{ ([^ ,]+), "([^"]*)", (%l+) }') do
    rows[#rows + 1] = { letter = letter:match("^'(.)'$"), long = long, value = value == "true" }
  end
  return rows
end

--- moontap's own options by letter and by name, as Lua knows them.
local function lua_table()
  local by = {}
  for _, option in ipairs(options.general) do
    if option.short then by[option.short] = option end
    if option.long then by[option.long] = option end
  end
  return by
end

describe("the host's table of options", function()
  it("has rows that Lua knows, and says the same of their values", function()
    local rows, known = c_table(), lua_table()
    assert.is_true(#rows >= 15)
    for _, row in ipairs(rows) do
      for _, name in ipairs { row.letter or row.long, row.long ~= "" and row.long or row.letter } do
        local option = assert(known[name], "Lua does not know the option " .. name)
        assert.equal(option.value ~= nil and not option.optional, row.value, name)
      end
    end
  end)

  it("has every option that takes a value, gives an answer, or means something to the host", function()
    local rows = {}
    for _, row in ipairs(c_table()) do
      if row.letter then rows[row.letter] = true end
      rows[row.long] = true
    end
    for _, option in ipairs(options.general) do
      local needed = option.value or option.scope == "answer" or option.scope == "host"
        or option.scope == "source"
      if needed then
        assert.is_true(not option.short or rows[option.short], option.short)
        assert.is_true(not option.long or rows[option.long], option.long)
      end
    end
  end)
end)

--- Words that lines are made of: options of all kinds, their values, and what looks like them.
local WORDS <const> = {
  "-", "--", "", "-n", "-nq", "-µ", "-i", "-ieth0", "-nqi", "-i=", "-r", "-pr", "-c", "-c10", "-pc",
  "-s", "-s0", "-B", "-Z", "-pZ", "-p", "-D", "-pD", "-Dp", "-e", "-es", "-ne", "-nep", "-xyz",
  "--interface", "--interface=lo", "--interf", "--read", "--read=", "--read=x/y", "--begin",
  "--begin=1", "--end", "--end=x", "--en", "--fields", "--header", "--count", "--duration",
  "--snaplen", "--buffer", "--sealed", "--sealed=1", "--keep-privileges", "--list", "--help",
  "--version", "--rows=5", "--rows", "--list-fields=x", "x.lua", "./x", "a/b", ".lua", "top", "net",
  "lo", "10", "-f", "-ftcp", "-nd", "-dd", "--explain", "--set=a=b", "--set", "a=b", "net 10/8",
  "a b.lua", "./a b", "ether[0]/2 = 1", "len/2 > 50", "len/2", "10.0.0.0/8", "10/8 and tcp", "10/8x",
  "a/b c", "a=b/c", "a=b/c.lua", "./a[1]", "/a(1)", "/", "1/",
}

local function random_lines(n)
  local lines = {}
  for i = 1, n do
    lines[i] = {}
    for k = 1, math.random(6) do lines[i][k] = WORDS[math.random(#WORDS)] end
  end
  return lines
end

--- Which word Lua takes for the script, as the C writes it.
local function lua_script(words)
  local at = arguments.survey(words).first
  local is_script = at and file.is_lua(words[at])
  return tostring(is_script and at or 0)
end

--- What Lua reads out of a line, as the C writes it; nil where it refuses the line.
local function lua_values(words)
  local positional = {}
  for i = 1, 6 do positional[i] = { key = "w" .. i, positional = true, type = "text" } end
  local parsed = arguments.parse(words, positional)
  if not parsed then return nil end
  local g = parsed.general
  local answer = g.help or g.version or g.list or g.list_fields or g.list_interfaces
  return {
    file = g.read and g.read[#g.read], files = g.read and tostring(#g.read),
    interface = g.interface, user = g.user, answer = answer and "yes",
    no_promisc = g.no_promisc and "yes", sealed = g.sealed and "yes",
    keep = g.keep_privileges and "yes", text = (g.dump or g.explain) and "yes",
    code = (g.code or g.begin or g.finish) and "yes",
  }
end

describe("host_options_parse", function()
  it("finds the script and the values that Lua finds, in any line", function()
    local lines = random_lines(3000)
    local accepted = 0
    for i, c in ipairs(probe(lines)) do
      local line = table.concat(lines[i], " ")
      local wanted = lua_values(lines[i])
      assert.equal(lua_script(lines[i]), c.script, line)
      c.script, c.error, c.buffer, c.snaplen = nil, nil, nil, nil
      if wanted then
        accepted = accepted + 1
        assert.same(wanted, c, line)
      end
    end
    assert.is_true(accepted > 300)
  end)

  it("takes only the first word for a script, and none beside code", function()
    local read = probe {
      { "x.lua" }, { "-c", "1", "./x" }, { "net", "10.0.0.0/8" }, { "top", "x.lua" },
      { "-e", "x.lua" }, { "-e", "1", "x.lua" }, { "x.lua", "--end=1" }, { "--", "-x.lua" },
      { "-x.lua" }, { "net 10.0.0.0/8" }, { "./a b" }, { "ether[0]/2 = 1" }, { "len/2 > 50" },
      { "10.0.0.0/8" }, { "fe80::/10 and tcp" }, { "./len/2" }, { "/len[2]/2" }, { "a(1)/x.lua" }, { "a/2b" },
    }
    local found = {}
    for i, one in ipairs(read) do found[i] = one.script end
    assert.same({ "1", "3", "0", "0", "0", "0", "0", "2", "0", "0", "1", "0", "0", "0", "0", "1", "1", "1",
      "1" }, found)
  end)

  it("has defaults", function()
    assert.same({ script = "0", buffer = tostring(32 << 20), snaplen = "0" }, probe({ { "-n" } })[1])
  end)

  it("reads sizes as moontap.units does", function()
    local texts = { "1", "64", "64K", "64k", "32M", "2G", "1T", "1KiB", "3mib", "1.5M", "1.7K" }
    local lines = {}
    for i, text in ipairs(texts) do lines[i] = { "-B", text, "-s" .. text } end
    for i, c in ipairs(probe(lines)) do
      assert.equal(tostring(units.size(texts[i], 1024)), c.buffer, texts[i])
      if units.size(texts[i]) <= 0xffffffff then
        assert.is_nil(c.error)
        assert.equal(tostring(units.size(texts[i])), c.snaplen, texts[i])
      end
    end
  end)

  it("refuses what is no size, as moontap.units does", function()
    local texts = { "", "x", "12x", "K", "-1", "+1", "0x10", "1e3", "inf", "nan", "1KK", "1Kb", "1.2.3",
      "12 x" }
    local lines = {}
    for i, text in ipairs(texts) do lines[i] = { "--buffer=" .. text } end
    for i, c in ipairs(probe(lines)) do
      assert.is_nil(units.size(texts[i]), texts[i])
      assert.equal(("-B %s: not a size"):format(texts[i]), c.error)
    end
    local read = probe { { "-s", "4G" }, { "-s", "4194303K" }, { "-B0" }, { "-B", "9000000T" },
      { "-s", ("9"):rep(500) } }
    assert.equal("-s 4G: not a size", read[1].error)
    assert.is_nil(read[2].error)
    assert.equal("-B 0: not a size", read[3].error)
    assert.equal("-B 9000000T: not a size", read[4].error)
    assert.equal(("-s %s: not a size"):format(("9"):rep(99)), read[5].error)
  end)

  it("refuses to keep privileges and to give them away", function()
    local read = probe { { "--keep-privileges", "--sealed" }, { "-Z", "u", "--keep-privileges" },
      { "--sealed", "-Z", "u" }, { "--keep-privileges" } }
    local message <const> = "--keep-privileges: not with --sealed or -Z"
    assert.same({ message, message }, { read[1].error, read[2].error })
    assert.is_nil(read[3].error)
    assert.is_nil(read[4].error)
  end)
end)
