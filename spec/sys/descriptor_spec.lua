-- Where standard descriptors are closed, nothing that is opened may take their place: what a script
-- prints would go out as frames, or into a file.

local b = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"

local it_live = live.it(it, pending)

--- What a script finds that opens 'what' and writes while the capture is there, with its own
--- standard descriptors closed: for each the error number of using it. A wrong one may well block.
local function codes(what, extra)
  local report, script = os.tmpname(), os.tmpname()
  run.write(script, ([[
    local cap = assert(require "moontap".open %s)
    local codes = {}
    local function try()
      io.stdout:setvbuf("no")
      for i, result in ipairs {
        table.pack(io.stdin:read("a")), table.pack(io.stdout:write("x")), table.pack(io.stderr:write("x")),
      } do codes[i] = tostring(result[3]) end
    end
    try()
    %s
    local list = table.concat(codes, " ")
    assert(io.open(%q, "w")):write(list)
  ]]):format(what, extra or "", report))
  local r = run { "bash", "-c", '"$@" <&- >&- 2>&-', "bash", "timeout", "10", run.lua, script }
  local found = run.read(report)
  os.remove(report)
  os.remove(script)
  assert.equal(0, r.code)
  return found
end

local CLOSED <const> = "9 9 9" -- EBADF

describe("with standard descriptors closed", function()
  it_live("a packet socket does not become one of them", function()
    assert.equal(CLOSED, codes '{ interface = "lo" }')
  end)

  it_live("nor do a pass's descriptor for signals and the one to poll", function()
    assert.equal(CLOSED, codes('{ interface = "lo", signals = true }', "assert(cap:pollfd()); try()"))
    assert.equal(CLOSED, codes('{ packets = {} }', "assert(cap:pollfd()); try()"))
  end)

  it("nor does a capture file, which reads as ever", function()
    local path = os.tmpname()
    run.write(path, b.pcap { b.udp_frame(), b.udp_frame() })
    assert.equal(CLOSED, codes(("{ file = %q }"):format(path), "assert(cap:run().delivered == 2); try()"))
    os.remove(path)
  end)

  it("standard input is no file then", function()
    local r = run { "bash", "-c", '"$@" <&-', "bash", run.lua, "-e", 'print(require "moontap".open "-")' }
    assert.same({ 0, "nil\t-: cannot open: Bad file descriptor\t9\n" }, { r.code, r.out })
  end)
end)
