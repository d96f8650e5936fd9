--- Words of a command line.
local arguments = require "moontap.arguments"
local options = require "moontap.options"

local function parse(line, declared)
  local words = {}
  for word in line:gmatch("%S+") do words[#words + 1] = word end
  return arguments.parse(words, declared and assert(options.declare(declared)))
end

local function general(line) return assert(parse(line)).general end

local function refused(line, message, declared)
  local parsed, said = parse(line, declared)
  assert.is_nil(parsed, line)
  assert.equal(message, said)
end

describe("arguments.parse", function()
  it("reads tcpdump's ways to write options", function()
    assert.same({ numeric = true, quiet = true }, general("-nq"))
    assert.same({ numeric = true, quiet = true }, general("-n -q"))
    assert.same({ limit = 10 }, general("-c10"))
    assert.same({ limit = 10 }, general("-c 10"))
    assert.same({ numeric = true, limit = 10 }, general("-nc10"))
    assert.same({ numeric = true, limit = 10 }, general("-nc 10"))
    assert.same({ read = { "f" } }, general("--read=f"))
    assert.same({ read = { "f" } }, general("--read f"))
    assert.same({ read = { "a=b" } }, general("--read=a=b"))
    assert.same({ read = { "-" } }, general("-r -"))
    assert.same({ read = { "" } }, general("--read="))
    assert.same({ read = { "a", "b" } }, general("-r a --read=b"))
  end)

  it("reads units", function()
    assert.same({ buffer = 4096 * 1024 }, general("-B 4096"))
    assert.same({ buffer = 32 << 20 }, general("-B 32M"))
    assert.same({ snaplen = 96, duration = 90000000000 }, general("-s 96 --duration=1.5m"))
  end)

  it("takes a value once, and flags as often as they come", function()
    assert.same({ quiet = true }, general("-q -qq"))
    refused("-c 1 -c 2", "-c is given twice")
    refused("-e a -e b", "-e is given twice")
    refused("--begin=a --begin=b", "--begin is given twice")
  end)

  it("takes a value that may be left out where it is at hand", function()
    assert.same({ list_fields = "tcp" }, general("--list-fields tcp"))
    assert.same({ list_fields = "tcp" }, general("--list-fields=tcp"))
    assert.same({ list_fields = "" }, general("--list-fields"))
    assert.same({ list_fields = "", numeric = true }, general("--list-fields -n"))
  end)

  it("tells of all interfaces at once that they are not there yet", function()
    refused("-i any", "-i any is not part of this version")
    assert.same({ interface = "any0" }, general("-i any0"))
  end)

  it("refuses unknown options and names the nearest", function()
    refused("--intreface=x", "unknown option '--intreface' (did you mean '--interface'?)")
    refused("--rosw=3", "unknown option '--rosw' (did you mean '--rows'?)", { { "rows", 1 } })
    refused("-Q", "unknown option '-Q'")
    refused("-nQ", "unknown option '-Q'")
    refused("-nO", "unknown option '-O' (programs of filters are always optimised)")
    refused("-Ffile", "unknown option '-F' (write -f \"$(cat FILE)\")")
    refused("-ö", "unknown option '-ö'")
    refused("-\xff", "unknown option '-\xff'")
  end)

  it("refuses values that are missing, wrong or too many", function()
    refused("-r", "-r needs a value")
    refused("--read", "--read needs a value")
    refused("-nr", "-r needs a value")
    refused("--header=x", "--header takes no value")
    refused("-c x", "-c: 'x' is not a number of packets")
    refused("-c 0", "-c: '0' is not a number of packets")
    refused("-c 1.5", "-c: '1.5' is not a number of packets")
    refused("-B 12x", "-B: '12x' is not a size (write 64K, 32M or 1G)")
    refused("--fields=scr", "--fields: no field 'scr' (did you mean 'src'?)")
  end)

  it("refuses options that exclude or need each other", function()
    refused("-i a -r b", "give -i or -r, not both")
    refused("--header", "--header goes with --fields")
    refused("--csv", "--csv goes with --fields")
    refused("--json --fields=src", "give --fields or --json, not both")
    refused("-xx --json", "-x does not go with --json")
    refused("--fields=src --link", "--link does not go with --fields")
  end)

  it("takes words for the filter, with a blank between them", function()
    assert.same({ numeric = true, filter = "tcp port 80" }, general("-n tcp port 80"))
    assert.same({ numeric = true, filter = "tcp port 80" }, general("tcp -n port 80"))
    assert.same({ filter = "len > -1" }, general("-- len > -1"))
    assert.same({ filter = "tcp port 80" }, arguments.parse({ "tcp port", "80" }).general)
    assert.same({ filter = "udp" }, general("-f udp"))
    assert.same({}, general(""))
    refused("-f udp tcp", "give the filter by -f or in words, not both")
    refused("-f udp -f tcp", "-f is given twice")
  end)

  it("counts a flag, and lists what may come more than once", function()
    assert.same({ dump = 1 }, general("-d"))
    assert.same({ dump = 3, numeric = true }, general("-dd -nd"))
    assert.same({ sets = { { name = "a", path = "x=y" }, { name = "b-1", path = "/z" } } },
      general("--set a=x=y --set=@b-1=/z"))
    refused("--set a", "--set: 'a' is not NAME=FILE")
    refused("--set 1=x", "--set: '1=x' is not NAME=FILE")
    refused("--set a=", "--set: 'a=' is not NAME=FILE")
    refused("-d --explain", "give -d or --explain, not both")
    refused("-dddd", "-d is given too often")
    refused("--set a=x --set a=y", "--set: 'a' is given twice")
  end)

  it("gives help whatever the words", function()
    assert.is_true(general("--help tcp").help)
  end)

  it("reads a script's own options beside moontap's", function()
    local declared = { { "rows", 10 }, { "deep", false }, { "flat", true }, { "max-size", "1K", type = "size" } }
    assert.same({ rows = 10, deep = false, flat = true, max_size = 1024 }, parse("-n", declared).own)
    local parsed = parse("--rows=5 -n --deep --no-flat --max-size 2K", declared)
    assert.same({ rows = 5, deep = true, flat = false, max_size = 2048 }, parsed.own)
    assert.same({ numeric = true }, parsed.general)
    refused("--no-rows", "unknown option '--no-rows' (did you mean '--rows'?)", declared)
    refused("--no-deep", "unknown option '--no-deep' (did you mean '--deep'?)", declared)
  end)

  it("gives words to positional arguments, in order", function()
    local declared = { { "from", type = "file", positional = true }, { "rows", 1 },
      { "to", 5, positional = true } }
    assert.same({ rows = 1, to = 5 }, parse("", declared).own)
    assert.same({ rows = 2, from = "a", to = 5 }, parse("a --rows=2", declared).own)
    assert.same({ rows = 1, from = "-x", to = 7 }, parse("-- -x 7", declared).own)
    assert.same({ rows = 1, from = "-", to = 7 }, parse("- 7", declared).own)
    refused("a b", "to: 'b' is not a whole number", declared)
    refused("a 7 c", "'c': a word too many (the filter comes by -f here)", declared)
    assert.same({ filter = "tcp" }, parse("a 7 -f tcp", declared).general)
  end)

  it("leaves the words to the filter where a script declares options alone", function()
    local parsed = parse("tcp --rows=5 port 80", { { "rows", 1 } })
    assert.same({ { rows = 5 }, { filter = "tcp port 80" } }, { parsed.own, parsed.general })
  end)
end)

describe("arguments.survey", function()
  local function find(line)
    local words = {}
    for word in line:gmatch("%S+") do words[#words + 1] = word end
    local at = arguments.survey(words).first
    return at and words[at]
  end

  it("is the first word that is no option or its value", function()
    assert.equal("x.lua", find("x.lua -r f"))
    assert.equal("x.lua", find("-r f x.lua y"))
    assert.equal("x.lua", find("-nr f --duration 3s x.lua"))
    assert.equal("x.lua", find("-c3 --read=f x.lua"))
    assert.equal("top", find("-i eth0 top --by=src"))
    assert.equal("-x.lua", find("-n -- -x.lua"))
    assert.equal("-", find("- x"))
    assert.is_nil(find("-r f -n"))
  end)

  it("passes unknown options as flags", function()
    assert.equal("x.lua", find("--rows=3 -Q x.lua"))
    assert.equal("3", find("--rows 3 x.lua"))
    assert.equal("x.lua", find("-Qr f x.lua"))
  end)

  it("is none where there is code", function()
    assert.is_nil(find("-e code x.lua"))
    assert.is_nil(find("x.lua --begin code"))
    assert.is_nil(find("x.lua --end=code"))
  end)
end)
